"""What `logs` promises beyond what every task does: whole sessions, a ceiling, what is new, why installations fail."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from example_seals import seal_for
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein import flow
from grundstein.core.case import Case, Money
from grundstein.core.errors import GrundsteinError, Refused
from grundstein.core.records import Experiment, Verdict
from grundstein.project.folder import create_project
from grundstein.tasks.logs import TASK
from grundstein.tasks.logs.ceiling import ceiling, counted, ordered
from grundstein.tasks.logs.comparing import difference
from grundstein.tasks.logs.early import by_lines
from grundstein.tasks.logs.installers import explained
from grundstein.tasks.logs.options import EVEN, plan_of
from grundstein.tools.logfiles import texts_in

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.task import Split

FAILED = {"Commit-Custom-Action/doc/logs/install-with-error.log": "WixFailWhenDeferred"}
FAILED |= {f"Planned-Failure/doc/logs/{name}-with-error.log": "WixFailWhenDeferred" for name in ("install", "repair")}
FAILED |= {"Major-Upgrade/doc/logs/04-downgrade-to-1.0.0.0-error.log": "LaunchConditions"}


def case(**options: Any) -> Case:
    named = {"outcome": "outcome", "positive": "bad", **options}
    return Case("runs", "Which fails?", "logs", {"lines": "lines"}, named, metric="accuracy", entity="session")


def lines_of(sessions: dict[str, list[str]], outcomes: dict[str, str]) -> pa.Table:
    rows = [(name, text, outcomes.get(name)) for name, texts in sessions.items() for text in texts]
    names, texts, ends = (list(column) for column in zip(*rows, strict=True))
    return pa.table({"session": names, "text": texts, "outcome": pa.array(ends, pa.string()), "_row": range(len(rows))})


def sealed(one: Case, data: dict[str, pa.Table]) -> Split:
    return TASK.seal(data, one, seal_for(one, data, TASK))


def runs(count: int = 80) -> pa.Table:
    """Runs that fail where a disk was full; the word comes third."""
    rng = np.random.default_rng(5)
    bad = rng.random(count) < 0.4
    sessions = {
        f"run-{n}": ["Begin of run", f"Step {n} done", "Disk is FULL" if bad[n] else "Disk is fine", "End"]
        for n in range(count)
    }
    return lines_of(sessions, {f"run-{n}": "bad" if bad[n] else "good" for n in range(count)})


@pytest.mark.parametrize("wanted", ["linear", "trees"])
def test_what_comes_before_failures_is_learnt_and_never_the_name_of_a_session(wanted: str) -> None:
    split = sealed(case(), {"lines": runs(300)})
    [solution] = [one for one in TASK.candidates(case(), 2) if one.name == wanted]
    answers = solution.fit(split.development, 1).answer(split.questions, {})
    assert TASK.metrics(case(), split, answers)["f1"] == 1.0


@pytest.mark.parametrize("place", [0, 1])
def test_one_session_is_answered_as_in_a_table_and_names_the_lines_that_moved_it(place: int) -> None:
    split = sealed(case(), {"lines": runs(300)})
    fitted = list(TASK.candidates(case(), 2))[place].fit(split.development, 1)
    told = fitted.answer(split.questions, {}).to_pylist()
    for question, answer in zip(split.questions.to_pylist()[:8], told, strict=False):
        assert fitted.row(question) == answer
        reasons = fitted.reasons(question, 2)
        assert all("Disk is" in one.column for one in reasons)
        assert reasons[0].effect > 0 if answer["answer"] == "bad" else reasons[0].effect < 0


def test_an_early_answer_looks_at_no_later_line() -> None:
    early = case(early=2)
    split = sealed(early, {"lines": runs(300)})
    assert all(text.count("\n") == 1 for text in split.questions["text"].to_pylist())
    answers = TASK.candidates(early, 1)
    [solution] = list(answers)
    told = solution.fit(split.development, 1).answer(split.questions, {})
    assert TASK.metrics(early, split, told)["roc_auc"] < 0.8


def test_a_session_in_the_words_of_its_log_is_answered_as_its_lines_are() -> None:
    split = sealed(case(), {"lines": runs(300)})
    [solution] = list(TASK.candidates(case(), 1))
    fitted = solution.fit(split.development, 1)
    written = [text.replace("\t", "") for text in split.questions["text"].to_pylist()]
    asked = split.questions.select(["session"]).append_column("text", pa.array(written))
    assert fitted.answer(asked, {}).equals(fitted.answer(split.questions, {}))


@given(st.lists(st.integers(0, 6), min_size=30, max_size=90), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_no_session_is_ever_cut_apart(order: list[int], cut: int) -> None:
    names = [f"s{one}" for one in order]
    table = pa.table({"session": names, "text": ["x"] * len(names), "_row": range(len(names))})
    one = replace(case(outcome="", positive=None), time="_row", entity="")
    seal = replace(seal_for(one, {"lines": table}, TASK), cut=str(cut))
    split = TASK.seal({"lines": table}, one, seal)
    known, asked = set(split.development["lines"]["session"].to_pylist()), set(split.questions["session"].to_pylist())
    assert not known & asked
    for name in known | asked:
        rows = [row for row, own in enumerate(names) if own == name]
        assert all(row <= cut for row in rows) if name in known else all(row > cut for row in rows)


@pytest.mark.parametrize("rule", ["gap:5", r"of block (blk_\d+)"])
def test_a_session_may_be_made_of_the_lines_by_a_rule_of_the_case(rule: str) -> None:
    minute = 60_000_000
    texts = [
        f"{word} of block blk_{n}" for n in range(60) for word in ("Begin", "FULL" if n % 3 == 0 else "Fine", "End")
    ]
    times = [n * 10 * minute + step * minute for n in range(60) for step in range(3)]
    table = pa.table(
        {
            "text": [*texts, "no block at all"],
            "time": pa.array([*times, times[-1]], pa.timestamp("us", "UTC")),
            "outcome": ["bad" if n % 3 == 0 else "good" for n in range(60) for _ in range(3)] + ["good"],
            "_row": range(181),
        }
    )
    one = replace(case(session=rule), entity="", time="time")
    split = sealed(one, {"lines": table})
    assert split.questions.num_rows == 15
    assert len(set(split.development["lines"]["session"].to_pylist())) == 45
    answers = [each.fit(split.development, 1).answer(split.questions, {}) for each in TASK.candidates(one, 1)]
    assert TASK.metrics(one, split, answers[0])["f1"] == 1.0
    assert [fold.questions.num_rows for fold in TASK.folds(split.development, one, 1)]


def test_a_seal_that_goes_through_sessions_is_refused_with_what_to_name() -> None:
    loose = replace(case(), entity="")
    with pytest.raises(Refused) as refused:
        sealed(loose, {"lines": runs()})
    assert "entity: session" in refused.value.next_step


def test_outcomes_may_stand_in_a_table_of_their_own_and_sealed_ones_are_kept_back() -> None:
    table = runs(120)
    firsts = table.take(list(range(0, table.num_rows, 4)))
    data = {"lines": table.drop_columns(["outcome"]), "outcomes": firsts.select(["session", "outcome"])}
    one = replace(case(), data={"lines": "lines", "outcomes": "ends"})
    split, other = sealed(one, data), sealed(case(), {"lines": table})
    assert split.truth["lines"].equals(other.truth["lines"])
    learned = set(split.development["lines"]["session"].to_pylist())
    assert set(split.development["outcomes"]["session"].to_pylist()) == learned


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"early": -1}, "early"),
        ({"masks": ["("]}, "mask"),
        ({"rules": ["/(/"]}, "rule"),
        ({"outcomes": "x"}, "outcomes"),
    ],
)
def test_a_field_that_cannot_be_is_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(Refused, match=word):
        TASK.contract(case(**options))


@pytest.mark.parametrize(
    "changed", [{"baseline": "a = 1"}, {"money": Money("ranking", {"hit": 1.0})}, {"metric": "mae"}]
)
def test_what_belongs_to_other_tasks_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        TASK.contract(replace(case(), **changed))


def test_the_outcome_that_counts_is_the_word_for_failure_else_the_rarer() -> None:
    plain = case(positive=None)
    for labels, expected in ((["ok", "failed", "failed"], "failed"), (["a", "a", "b"], "b")):
        table = lines_of({f"s{n}": ["x"] for n in range(len(labels))}, {f"s{n}": one for n, one in enumerate(labels)})
        assert TASK.settle(plain, {"lines": table}).options["positive"] == expected
    for labels in (["a", "a"], ["a", "b", "c"]):
        table = lines_of({f"s{n}": ["x"] for n in range(len(labels))}, {f"s{n}": one for n, one in enumerate(labels)})
        with pytest.raises(Refused):
            TASK.settle(plain, {"lines": table})


def test_the_cases_own_words_come_in_place_of_the_usual_ones() -> None:
    table = lines_of({"a": ["It failed"], "b": ["quota hit"], "c": ["Fine"]}, {"a": "bad", "b": "good", "c": "good"})
    questions = TASK.settle(case(), {"lines": table})
    for rules, expected in (([], ["bad", "good", "good"]), (["/quo.a/"], ["good", "bad", "good"])):
        solution = TASK.baseline(replace(questions, options={**questions.options, "rules": rules}))
        asked = pa.table({"session": ["a", "b", "c"], "text": ["It failed", "quota hit", "Fine"]})
        assert solution.fit({"lines": table}, 1).answer(asked, {})["answer"].to_pylist() == expected


LOOKS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=60)


@given(LOOKS, st.lists(st.booleans(), min_size=6, max_size=6))
@settings(max_examples=80, deadline=None)
def test_no_decision_by_look_is_better_than_the_ceiling(rows: list[tuple[int, bool]], say: list[bool]) -> None:
    best = ceiling([look for look, _ in rows], [yes for _, yes in rows], EVEN)
    right = np.mean([say[look] == yes for look, yes in rows])
    hits = sum(say[look] and yes for look, yes in rows)
    asked, positives = sum(say[look] for look, _ in rows), sum(yes for _, yes in rows)
    value = np.mean([(1.0 if yes else -1.0) * say[look] for look, yes in rows])
    assert right <= best.accuracy + 1e-12
    assert value <= best.value + 1e-12
    assert 2 * hits / max(asked + positives, 1) <= best.most_f1 + 1e-12
    assert best.f1 <= best.most_f1 + 1e-12
    assert best.alike >= 2 * bool(best.lost)


def test_the_ceiling_is_told_and_order_can_raise_it() -> None:
    events = [[1, 2], [2, 1], [1, 2], [2, 1]]
    yes = [True, False, True, False]
    assert ceiling(counted(events), yes, EVEN).accuracy == 0.5
    assert ceiling(ordered(events), yes, EVEN).accuracy == 1.0
    table = runs(120)
    flipped = pc.if_else(pc.equal(table["session"], "run-3"), "bad", table["outcome"])
    mixed = table.set_column(2, "outcome", pc.if_else(pc.equal(table["session"], "run-4"), "good", flipped))
    split = sealed(case(), {"lines": mixed})
    told = {one.code: one for one in TASK.findings(case(), {"lines": mixed}, [split])}
    assert told["GST-G03"].facts["alike"]
    assert told["GST-G05"].facts["lines"] == 3
    names = {one.name: one for one in TASK.figures(case(), split, TASK.perfect(case(), split))}
    assert names["speaking_lines"].columns["line"][0] == "Disk is FULL"
    assert max(names["value_by_lines"].columns["lines"]) == 4


def test_how_early_it_is_known_is_the_line_that_tells_it() -> None:
    after = by_lines(plan_of(case()), sealed(case(), {"lines": runs(300)}))
    assert [one.lines for one in after] == [1, 2, 3, 4]
    assert [one.f1 == 1.0 for one in after] == [False, False, True, True]
    assert all(one.ceiling.accuracy >= one.value for one in after)


def test_two_runs_are_compared_by_what_is_new_gone_and_clearly_more() -> None:
    before = ["Start", *["Poll done"] * 50, "Old goodbye"]
    after = ["Start", *["Poll done"] * 52, *["Retry now"] * 40, "New trouble 5"]
    found = difference([*before, *["Retry now"] * 2], after)
    assert [one.template for one in found.new] == ["New trouble <*>"]
    assert [one.template for one in found.gone] == ["Old goodbye"]
    assert {one.template for one in found.changed} == {"Retry now", "Poll done"}
    assert not difference(before, before).changed


@given(st.lists(st.sampled_from(["A one", "B two", "C three"]), max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_run_differs_in_nothing_from_itself(texts: list[str]) -> None:
    found = difference(texts, texts)
    assert (found.new, found.gone, found.changed) == ((), (), ())


def test_every_installers_log_is_read_and_each_failure_named_with_action_and_cause(shared_data: Path) -> None:
    folder = shared_data / "logs" / "msi_installer_logs"
    with (folder / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    assert len(known) == 49
    for row in known:
        found = explained(texts_in(folder / row["path"]))
        assert found.code == (row["engine_return_code"] or row["status_line"] or row["bundle_exit_code"]), row["path"]
        assert (found.failure is None) == (row["path"] not in FAILED), row["path"]
        assert found.succeeded == (found.failure is None)
        if found.failure:
            assert found.failure.action == FAILED[row["path"]]
            assert found.failure.cause


def test_an_installers_own_words_are_the_cause_and_name_the_action() -> None:
    numbered = "Product: Tool -- Error 1722. There is a problem. Action RunSetup, location: C:\\x.exe, command: /q"
    found = explained(["Action start: INSTALL.", numbered, "Action ended: InstallFinalize. Return value 3."])
    assert found.code == "1603"
    assert found.failure is not None
    assert (found.failure.action, found.failure.inside) == ("RunSetup", "InstallFinalize")
    assert found.failure.cause.startswith("Error 1722")
    assert explained(["MainEngineThread is returning 1618"]).meaning == "another installation was running"


def test_a_folder_of_logs_is_decided_and_without_outcomes_only_what_is_new_is_told(tmp_path: Path) -> None:
    table, folder = TASK.example(3, signal=True)[1]["lines"].slice(0, 600), tmp_path / "builds"
    folder.mkdir()
    ends = {}
    for row in table.to_pylist():
        ends[f"{row['session']}.log"] = row["outcome"]
        with (folder / f"{row['session']}.log").open("a", encoding="utf-8") as file:
            file.write(f"{row['time']:%Y-%m-%d %H:%M:%S},000 {row['level']} [main] ci: {row['text']}\n")
    written = "\n".join(["session,outcome", *(f"{name},{end}" for name, end in ends.items())])
    (tmp_path / "ends.csv").write_text(written, encoding="utf-8")
    project = create_project(tmp_path / "p", salt="test", languages=["en"])
    assert flow.ingest(project, str(folder), "lines", {"session": "file"}).rows == table.num_rows
    flow.ingest(project, str(tmp_path / "ends.csv"), "ends")
    head = "question: Which fails?\ndecision: Look\ntask: logs\nmetric: accuracy\n"
    cases = project.root / "cases"
    (cases / "b.yaml").write_text(head + "data: {lines: lines, outcomes: ends}\noutcome: outcome\n", encoding="utf-8")
    (cases / "n.yaml").write_text(head + "data: {lines: lines}\n", encoding="utf-8")
    told = flow.evaluate(project, "b").record
    assert isinstance(told, Experiment)
    assert told.winner
    assert {"GST-G03", "GST-G04"} & {one.code for one in told.findings}
    verdict = flow.decide(project, "n").record
    assert isinstance(verdict, Verdict)
    assert verdict.verdict == "not_applicable"
    first, second = list(ends)[:2]
    assert flow.do(project, "b", "diff", [first, second]).said["templates"] > 0
    assert flow.do(project, "b", "masks", []).said["masks"]
    listed = flow.do(project, "b", "templates", []).said["templates"]
    assert sum(one["lines"] for one in listed) == table.num_rows
    made = flow.do(project, "b", "sessions", [])
    assert project.tables.read(made.said["table"]).num_rows == len(ends)
    with pytest.raises(GrundsteinError):
        flow.do(project, "b", "explain", [])
    with pytest.raises(GrundsteinError):
        flow.do(project, "b", "diff", [first, "nowhere"])
