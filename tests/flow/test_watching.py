"""Watching a live release: what was signed beside what is measured, once, whoever ticks and whatever breaks off."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from journals import asked as journal_line
from journals import journaled
from watched import NAME, asked, codes, observed, receiver, rows, seen, told, written

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.flow import signing, watching
from grundstein.flow.worth import changes_outcome, worth
from grundstein.production.telling import Told
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.ports import Entry
    from grundstein.flow.grounds import Ground


@pytest.fixture
def project(live_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(live_root, tmp_path / "live")
    return open_project(tmp_path / "live")


@pytest.fixture
def later(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The same, whose case says that truth is known after 30 days."""
    real = watching.ground

    def ground(folder: Folder, entry: Entry) -> Ground:
        found = real(folder, entry)
        return replace(found, case=replace(found.case, horizon_days=30.0))

    monkeypatch.setattr(watching, "ground", ground)
    return project


def test_what_was_signed_stands_beside_what_was_measured_on_those_who_were_held_back(project):
    some = rows(600, 11)
    answers = asked(project, some)
    told(project, some)
    [done] = flow.tick(project, NAME)
    said = seen(project)
    assert done.observation is not None
    assert done.fresh
    assert said.answers == 600
    assert said.truths == sum(bool(one["held_back"]) for one in answers)
    assert said.measured is not None
    assert said.measured.low < said.signed.mean
    assert said.lost is not None
    assert "GST-W30" in codes(project, "passed")


def test_the_truth_of_those_who_were_called_does_not_count(project):
    some = rows(600, 12)
    answers = asked(project, some)
    told(project, some)
    flow.tick(project, NAME)
    before = seen(project).measured
    called = {str(one["person"]) for one in answers if float(one["act"]) > 0}
    told(project, [{**row, "leaves": "No"} for row in some if row["person"] in called], "saved")
    flow.tick(project, NAME)
    assert seen(project).measured == before


def test_a_model_that_lost_its_worth_is_an_issue_that_says_so_in_money(project):
    some = rows(900, 13, signal=-2.5)
    asked(project, some)
    told(project, some)
    [done] = flow.tick(project, NAME)
    assert codes(project, "issue") & {"GST-W31", "GST-W32"}
    assert seen(project).lost
    texts = [line["text"] for line in done.told]
    assert any("EUR" in text for text in texts)


def test_ticking_again_without_anything_new_makes_no_record_and_tells_nothing(project):
    some = rows(300, 14)
    asked(project, some)
    told(project, some)
    flow.tick(project)
    [again] = flow.tick(project)
    assert observed(project) == 1
    assert not again.fresh
    assert again.told == ()


def test_truth_that_comes_late_and_in_parts_counts_as_it_comes(project):
    some = rows(600, 15)
    answers = asked(project, some)
    flow.tick(project)
    assert "GST-W33" in codes(project, "skipped")
    counts = []
    for part in (some[:300], some[300:500]):
        told(project, part)
        flow.tick(project)
        counts.append(seen(project).truths)
    held = {str(one["person"]) for one in answers if one["held_back"]}
    assert counts == [sum(row["person"] in held for row in some[:n]) for n in (300, 500)]
    assert "GST-W36" in codes(project, "tip")


def test_new_rows_of_the_cases_own_table_are_truths_too(project):
    some = rows(300, 16)
    answers = asked(project, some)
    flow.ingest(project, written(project, "own.csv", some, (*some[0],)), "people")
    flow.tick(project)
    assert seen(project).truths == sum(bool(one["held_back"]) for one in answers)


def test_a_truth_that_is_corrected_counts_as_it_was_told_last(project):
    some = rows(300, 17)
    asked(project, some)
    told(project, some)
    flow.tick(project)
    first = seen(project)
    turned = {"Yes": "No", "No": "Yes"}
    told(project, [{**row, "leaves": turned[row["leaves"]]} for row in some], "corrected")
    flow.tick(project)
    assert seen(project).truths == first.truths
    assert seen(project).measured != first.measured


def test_nothing_counts_before_its_time_is_over_however_soon_the_truth_came(later, monkeypatch):
    some = rows(300, 18)
    answers = asked(later, some)
    told(later, some)
    flow.tick(later)
    assert seen(later).truths == 0
    monkeypatch.setattr("grundstein.flow.worth.now", lambda _: datetime.now(UTC) + timedelta(days=31))
    flow.tick(later)
    assert seen(later).truths == sum(bool(one["held_back"]) for one in answers)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("GST-W04", lambda row: {**row, "tenure": str(100 * int(row["tenure"]))}),
        ("GST-W01", lambda row: {**row, "tenure": str(min(71, int(row["tenure"]) + 25))}),
        ("GST-W06", lambda row: {**row, "plan": "trial" if int(row["tenure"]) % 4 == 0 else row["plan"]}),
    ],
)
def test_a_change_in_what_is_asked_is_found_and_told(project, code, change):
    asked(project, rows(400, 19), change)
    [done] = flow.tick(project)
    assert code in {line["code"] for line in done.told}
    assert code in codes(project)


def test_quiet_questions_raise_nothing_and_say_that_they_were_looked_at(project):
    for seed in (20, 21, 22):
        asked(project, rows(150, seed))
        flow.tick(project)
    assert seen(project).looks == 3
    assert "GST-W08" in codes(project, "passed")
    assert not codes(project, "issue")


def test_the_webhook_gets_what_is_new_once_and_a_refusal_fails_no_tick(project):
    with receiver(status=500) as (address, came, answer):
        with (project.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
            file.write(f"watch: {{webhook: '{address}?key=${{env:HOOK_KEY}}', timeout: 5}}\n")
        os.environ["HOOK_KEY"] = "k"
        hooked = open_project(project.root)
        asked(hooked, rows(400, 23), lambda row: {**row, "tenure": str(100 * int(row["tenure"]))})
        [done] = flow.tick(hooked)
        assert done.unsent == "it answered 500"
        assert not done.refused
        answer["status"] = 204
        flow.tick(hooked)
        flow.tick(hooked)
    assert len(came) == 2
    assert {line["code"] for line in came[-1]["findings"]} >= {"GST-W04"}


def test_a_webhook_that_nobody_answers_or_whose_secret_is_not_set_fails_no_tick(project):
    with (project.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("watch: {webhook: 'http://127.0.0.1:9/${env:NO_SUCH_SECRET}', timeout: 1}\n")
    hooked = open_project(project.root)
    asked(hooked, rows(400, 24), lambda row: {**row, "tenure": str(100 * int(row["tenure"]))})
    [done] = flow.tick(hooked)
    assert "NO_SUCH_SECRET" in done.unsent
    assert done.observation


def killed_before_telling(root: Path) -> None:
    watching._told = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    flow.tick(open_project(root))


def test_a_tick_that_was_killed_between_record_and_telling_tells_once_when_it_is_run_again(project):
    asked(project, rows(400, 25), lambda row: {**row, "tenure": str(100 * int(row["tenure"]))})
    child = multiprocessing.get_context("spawn").Process(target=killed_before_telling, args=(project.root,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert observed(project) == 1
    [done] = flow.tick(project)
    assert observed(project) == 1
    assert "GST-W04" in {line["code"] for line in done.told}
    lines = Told(project.root / "watch" / f"{NAME}.jsonl").lines()
    assert len(lines) == len({(line["code"], line["subject"]) for line in lines})


def ticked(root: Path, answers: multiprocessing.Queue[int]) -> None:
    answers.put(sum(one.fresh for one in flow.tick(open_project(root))))


def test_two_ticks_at_once_make_one_record(project):
    some = rows(300, 26)
    asked(project, some)
    told(project, some)
    context = multiprocessing.get_context("spawn")
    made: multiprocessing.Queue[int] = context.Queue()
    both = [context.Process(target=ticked, args=(project.root, made)) for _ in range(2)]
    for child in both:
        child.start()
    assert sorted(made.get(timeout=60) for _ in both) == [0, 1]
    for child in both:
        child.join()
    assert observed(project) == 1


def test_a_clock_that_goes_back_changes_nothing(project, monkeypatch):
    some = rows(300, 27)
    asked(project, some)
    told(project, some)
    flow.tick(project)
    first = seen(project)

    class Early(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=400)

    monkeypatch.setattr(signing, "datetime", Early)
    flow.tick(project)
    assert seen(project) == first


def test_a_signature_that_ends_soon_is_told_by_its_day(project, monkeypatch):
    monkeypatch.setattr(watching, "now", lambda _: datetime.now(UTC) + timedelta(days=350))
    [done] = flow.tick(project)
    assert {line["code"] for line in done.told} == {"GST-W40"}
    monkeypatch.setattr(watching, "now", lambda _: datetime.now(UTC) + timedelta(days=380))
    [done] = flow.tick(project)
    assert {(line["code"], line["section"]) for line in done.told} >= {("GST-W41", "issue"), ("GST-W40", "over")}


def test_nothing_is_ticked_before_a_release_and_the_case_is_named(evaluated):
    assert flow.tick(evaluated) == []
    with pytest.raises(Refused, match="Nothing of leaving is released"):
        flow.tick(evaluated, NAME)


def test_one_case_that_is_refused_keeps_no_other_from_its_turn(project, monkeypatch):
    real = watching.observe

    def broken(folder, name):
        raise Refused("Broken.", "Whole.", "Mend it")

    monkeypatch.setattr(watching, "observe", broken)
    [done] = flow.tick(project)
    assert done.refused == "Broken. Whole. Mend it"
    monkeypatch.setattr(watching, "observe", real)
    assert flow.tick(project)[0].observation


def test_watching_ticks_again_after_each_pause(project):
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(flow.watch(project, NAME, 60, pause))
    assert pauses == [60, 60]


def test_where_nobody_is_held_back_the_observation_says_that_value_cannot_be_measured(project):
    found = watching.ground(project, signing.current(project, NAME))
    nobody = replace(found, case=replace(found.case, holdback=0.0))
    assert changes_outcome(nobody)
    said = worth(project, nobody, None)
    assert [one.code for one in said.findings] == ["GST-W34"]


def test_a_line_of_the_file_is_a_document(project):
    asked(project, rows(400, 28), lambda row: {**row, "tenure": str(100 * int(row["tenure"]))})
    flow.tick(project)
    text = (project.root / "watch" / f"{NAME}.jsonl").read_text(encoding="utf-8")
    assert all({"at", "case", "code", "section", "text"} <= set(json.loads(line)) for line in text.splitlines())


def test_how_long_answers_took_one_by_one_is_told_and_held_against_a_limit(project: Folder) -> None:
    live = flow.current(project, NAME)
    assert live is not None
    flow.tick(project, NAME)
    assert not codes(project) & {"GST-W45", "GST-W46"}
    journaled(project, [journal_line(n, release=live.id, took_ms=1.0 + 49.0 * (n > 90)) for n in range(100)])
    flow.tick(project, NAME)
    assert "GST-W45" in codes(project, "passed")
    settings = project.root / "grundstein.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "watch: {slow_ms: 20}\n", encoding="utf-8")
    flow.tick(open_project(project.root), NAME)
    assert "GST-W46" in codes(project, "issue")


def test_a_standard_that_changes_after_the_release_is_told_and_stops_nothing(project: Folder) -> None:
    flow.tick(project, NAME)
    assert "GST-W47" not in codes(project)
    standard = project.root / "standard.yaml"
    standard.write_text("required: [decision]\n", encoding="utf-8")
    [done] = flow.tick(open_project(project.root), NAME)
    [line] = [one for one in done.told if one["code"] == "GST-W47"]
    assert "required: – → decision" in line["text"]
    assert f"grundstein sign {NAME}" in line["text"]
    assert asked(open_project(project.root), rows(20, 34))
    standard.unlink()
    [done] = flow.tick(open_project(project.root), NAME)
    assert [one["section"] for one in done.told if one["code"] == "GST-W47"] == ["over"]
