"""Where a project stands, stage by stage: a record proves a row, a person's word does not, the score is the paper's."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arriving_people import people

from grundstein import flow
from grundstein.approval.assessing import Assessment
from grundstein.approval.assessing import assess as held
from grundstein.approval.proving import CHECKS
from grundstein.core.assessing import SCORED, Declared, standard
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Gain, Observation
from grundstein.flow.assessing import assess, write_assessment
from grundstein.flow.watching import tick
from grundstein.project.assessing import read_declared
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path

ROAD = ["data", "compare", "decide", "sign", "release", "answer", "watch", "measure", "again"]
Stages = dict[str, Assessment]


@pytest.fixture(scope="module")
def stages(evaluated_root: Path, made: Path, tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """One project after each step of the road."""
    found = {"data": told(open_project(made)), "compare": told(open_project(evaluated_root))}
    root = tmp_path_factory.mktemp("assessed") / "project"
    shutil.copytree(evaluated_root, root)
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    with (root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("signed_by: [service]\n")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    found["decide"] = told(project)
    flow.sign(project, "leaving", flow.add_person(project, "somebody"), "approve", "", solution="rule")
    found["sign"] = told(project)
    released = flow.release(project, "leaving")
    found["release"] = told(project)
    rows = root / "rows.csv"
    rows.write_text(people(50, 9, 2.5), encoding="utf-8")
    flow.answer(project, "leaving", str(rows))
    found["answer"] = told(project)
    [ticked] = tick(project, "leaving")
    assert ticked.observation is not None
    seen = ticked.observation.record
    assert isinstance(seen, Observation)
    assert seen.release == released.id
    found["watch"] = told(project)
    project.ledger.append(replace(seen, truths=40, measured=Gain(1, -1, 3)))
    found["measure"] = told(project)
    more = root / "more.csv"
    more.write_text(people(60, 21, 2.5).replace("p0", "q0"), encoding="utf-8")
    flow.ingest(project, str(more), "people")
    flow.evaluate(project, "leaving")
    found["again"] = told(project)
    return found


def told(project: Folder) -> Assessment:
    return assess(project.name, project, read_declared(project.root))


def states(told: Assessment) -> dict[str, str]:
    return {one.row.name: one.state for one in told.rows}


def proven(told: Assessment) -> list[str]:
    return [one.step.name for one in told.steps if one.proof]


def test_in_an_empty_folder_nothing_is_proven_and_the_first_step_takes_one_file() -> None:
    told = assess("empty", None)
    assert (told.score, proven(told)) == (0, [])
    assert set(states(told).values()) == {"not_yet", "not_recorded"}
    assert [one.name for one in told.next] == ["data", "compare", "decide"]


@pytest.mark.parametrize("place", range(len(ROAD)))
def test_each_step_is_proven_once_it_was_done_and_not_before(stages: Stages, place: int) -> None:
    assert proven(stages[ROAD[place]]) == ROAD[: place + 1]


@pytest.mark.parametrize(
    ("stage", "row", "state", "level"),
    [
        ("data", "Data1", "proven", "manual"),
        ("again", "Data1", "proven", "automated"),
        ("data", "P7", "not_yet", ""),
        ("compare", "P7", "proven", "automated"),
        ("compare", "Model5", "proven", "automated"),
        ("compare", "Infra1", "not_yet", ""),
        ("compare", "P2", "not_yet", ""),
        ("decide", "P2", "proven", "automated"),
        ("decide", "Infra4", "proven", "manual"),
        ("release", "Infra4", "proven", "automated"),
        ("sign", "Model1", "proven", "manual"),
        ("release", "Model1", "proven", "automated"),
        ("release", "C8", "not_yet", ""),
        ("answer", "C8", "proven", "automated"),
        ("answer", "Monitor7", "not_yet", ""),
        ("watch", "Monitor7", "not_yet", ""),
        ("measure", "Monitor7", "proven", "manual"),
        ("answer", "Monitor2", "proven", "manual"),
        ("release", "Monitor4", "proven", "manual"),
        ("measure", "Monitor4", "proven", "automated"),
        ("measure", "P6", "not_yet", ""),
        ("again", "P6", "proven", "automated"),
        ("again", "Infra6", "not_yet", ""),
        ("again", "Data7", "not_recorded", ""),
    ],
)
def test_a_row_is_proven_from_the_record_on_that_shows_it(
    stages: Stages, stage: str, row: str, state: str, level: str
) -> None:
    one = next(one for one in stages[stage].rows if one.row.name == row)
    assert (one.state, one.level) == (state, level)
    assert bool(one.proof) == (state == "proven")


def test_a_proof_names_the_newest_record_and_says_why_in_both_languages(stages: Stages) -> None:
    one = next(one for one in stages["again"].rows if one.row.name == "Data1")
    assert one.proof is not None
    assert one.why("en").startswith("60 rows were held against the contract that people had already")
    assert one.why("de").startswith("60 Zeilen wurden am vorhandenen Vertrag von people")
    assert all(row.why("en") and row.why("de") for row in stages["again"].rows if row.proof)


def test_the_score_is_the_smallest_of_the_four_sums_of_halves_and_ones(stages: Stages) -> None:
    for told in stages.values():
        sums = [sum({"": 0, "manual": 0.5, "automated": 1}[one.level] for one in told.group(name)) for name in SCORED]
        assert told.score == min(sums)
        assert all(0 <= total <= 7 for total in sums)
    assert stages["again"].sums["model"] > stages["again"].score


def test_after_the_road_what_the_weakest_group_lacks_comes_next(stages: Stages) -> None:
    told = stages["again"]
    assert min(told.sums, key=lambda group: told.sums[group]) == "data"
    assert [one.name for one in told.next][:2] == ["Data4", "Data6"]
    assert len(told.next) == 3
    assert stages["measure"].next[0].name == "again"


def test_the_standard_has_the_nine_the_nine_and_four_times_seven() -> None:
    counted = [sum(row.of == group for row in standard().rows) for group in ("principles", "components", *SCORED)]
    assert counted == [9, 9, 7, 7, 7, 7]


def test_every_check_that_a_row_names_is_there_with_its_sentences_and_none_is_idle() -> None:
    named = {check for one in (*standard().rows, *standard().steps) for _, check in one.proof}
    assert named == set(CHECKS) == set(standard().reasons)
    assert all(level in ("manual", "automated") for row in standard().rows for level, _ in row.proof)
    assert all(row.lacks for row in standard().rows if not row.proof)
    assert all(row.command or row.lacks for row in standard().rows)
    assert {name for one in standard().advice for name in one.needs} <= {step.name for step in standard().steps}
    assert {name for one in standard().advice for name in one.rows} <= {row.name for row in standard().rows}


def test_every_command_that_is_named_is_one_of_the_program() -> None:
    from grundstein.cli.main import COMMANDS

    named = {one.command.split()[1] for one in (*standard().rows, *standard().steps) if one.command}
    assert named <= set(COMMANDS)


def test_what_is_declared_is_shown_and_never_counts() -> None:
    said = [Declared(row.name, "it is there", "Somebody", "2026-05-04") for row in standard().rows]
    told = held("all", [], said)
    assert set(states(told).values()) == {"declared"}
    assert (told.score, set(told.sums.values())) == (0, {0})


def test_a_row_that_is_proven_is_not_only_declared(stages: Stages, evaluated_root: Path) -> None:
    said = [Declared("P7", "we have a wiki", "Somebody", "2026-05-04")]
    entries = list(open_project(evaluated_root).ledger.entries())
    assert states(held("p", entries, said))["P7"] == "proven"


def test_a_ledger_that_was_changed_proves_nothing(evaluated: Folder) -> None:
    with sqlite3.connect(evaluated.root / "ledger.sqlite") as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute("UPDATE ledger SET kind = 'Observation' WHERE kind = 'Batch'")
    with pytest.raises(Refused, match="not as it was written: row 2"):
        told(open_project(evaluated.root))


def test_the_same_experiment_twice_in_the_ledger_proves_that_it_repeats(evaluated: Folder) -> None:
    entry = next(iter(evaluated.ledger.entries(Experiment)))
    evaluated.ledger.append(entry.record)
    assert states(told(evaluated))["Infra1"] == "proven"


def test_a_release_that_was_refused_over_another_library_proves_that_it_is_noticed(
    evaluated: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.advance(flow.decide(evaluated, "leaving"), evaluated)
    with (evaluated.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    with (evaluated.root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("signed_by: [service]\n")
    project = open_project(evaluated.root)
    token = flow.add_person(project, "somebody")
    assert states(told(project))["Monitor1"] == "not_yet"
    project.__dict__["lock"] = "another"
    with pytest.raises(Refused, match="another version"):
        flow.sign(project, "leaving", token, "approve", "", solution="rule")
    assert states(told(project))["Monitor1"] == "proven"


def test_automation_is_advised_against_while_a_step_below_it_is_missing(stages: Stages) -> None:
    def lacking(stage: str) -> dict[str, list[str]]:
        return {one.advice.name: [step.name for step in one.lacking] for one in stages[stage].advice}

    assert lacking("decide")["serve"] == ["sign", "release"]
    assert lacking("release")["serve"] == []
    assert lacking("answer")["retrain"] == ["watch", "measure"]
    assert lacking("again")["retrain"] == []


def test_automation_that_is_declared_without_what_it_stands_on_is_named() -> None:
    told = held("bold", [], [Declared("P6", "it retrains every night", "Somebody", "2026-05-04")])
    one = next(one for one in told.advice if one.advice.name == "retrain")
    assert one.there
    assert "watch" in [step.name for step in one.lacking]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("P7:\n  statement: a\n  person: b\n  date: 2026-05-04\nModle5:\n  statement: a\n", "line 5: `Modle5`"),
        ("P7: yes we can\n", "line 1: `P7` holds no fields"),
        ("P7:\n  statement: a\n  person: b\n  date: 2026-05-04\n  by: c\n", "line 5: `by` is no field"),
        ("P7:\n  statement: a\n  person: b\n", "`date` is missing"),
        ("P7:\n  statement: a\n  person: b\n  date: yesterday\n", "`date` is 'yesterday'"),
        ("P7:\n  statement: ''\n  person: b\n  date: 2026-05-04\n", "`statement`"),
        ("- P7\n", "holds no fields"),
    ],
)
def test_a_declaration_that_cannot_be_understood_is_refused_with_its_line(
    tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "assess.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_declared(tmp_path)
    assert said in refused.value.what


def test_a_misspelt_row_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "assess.yaml").write_text("Modle5: {statement: a, person: b, date: 2026-05-04}\n", encoding="utf-8")
    with pytest.raises(Refused, match='"Model5"'):
        read_declared(tmp_path)


def test_the_pages_speak_both_languages_fetch_nothing_and_hide_no_markup(stages: Stages, tmp_path: Path) -> None:
    said = [Declared("C2", "<script>alert(1)</script>", "A & B", "2026-05-04")]
    pages = write_assessment(held("<b>", [], said), tmp_path / "new")
    english, german = (path.read_text(encoding="utf-8") for path in pages)
    assert "Where are you now?" in english
    assert "Wo stehen Sie?" in german
    for page in (english, german):
        assert "<script>" not in page
        assert "http" not in page.replace('http-equiv="Content', "")
        assert "&lt;script&gt;alert(1)" in page


def test_the_page_says_what_can_be_done_and_what_comes_next(stages: Stages, tmp_path: Path) -> None:
    page = write_assessment(stages["sign"], tmp_path)[0].read_text(encoding="utf-8")
    assert "4 of 9 steps are proven" in page
    assert "grundstein release CASE" in page
    assert "not yet. First needed: 5 Put it to work" in page


def test_at_the_command_line_an_empty_folder_is_assessed_and_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from grundstein.cli.main import run

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRUNDSTEIN_PROJECT", raising=False)
    assert run(["assess", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["score"]["total"] == 0
    assert len(document["rows"]) == 46
    assert run(["assess"]) == 0
    assert "grundstein ingest FILE" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
