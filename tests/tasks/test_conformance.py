"""What every task promises, held for each one that an entry point names."""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from example_seals import files_of, given_for, live_of, loaded, seal_for, with_rows

from grundstein.core.errors import Refused
from grundstein.core.task import Split
from grundstein.tools.sealing import instants, known_rows, sealed_rows

if TYPE_CHECKING:
    from grundstein.core.case import Case
    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Solution, Task, Values

TASKS = {point.name: point for point in entry_points(group="grundstein.tasks")}
SEALS = ("own", "file order", "given")
PLAIN = {"baseline": "", "money": None, "metric": "", "acted": ""}
MORE = {
    ("predict", "number"): {**PLAIN, "options": {"target": "fee"}},
    ("predict", "many classes"): {**PLAIN, "options": {"target": "contract"}},
}
SHAPES = [*((name, seal) for name in sorted(TASKS) for seal in SEALS), *MORE]
BUDGET = 6
SEED = 7
SIGNIFICANT = 2.24  # the judge's t at its first opening, one-sided 1.25 %


@dataclass(frozen=True)
class Bench:
    """An example of a task, sealed, with its solutions fitted and its questions answered."""

    task: Task
    case: Case
    data: Data
    seal: Seal
    given: bool
    split: Split
    fitted: dict[str, Solution]
    answers: dict[str, pa.Table]
    standing: dict[str, str]

    @property
    def main(self) -> str:
        return self.task.roles[0].name

    def value(self, answers: pa.Table) -> Values:
        return self.task.value(self.case, self.split, answers)

    def of(self, standing: str) -> list[str]:
        return [name for name, what in self.standing.items() if what == standing]


@cache
def bench(name: str, shape: str = "own", signal: bool = True, seed: int = SEED) -> Bench:
    task: Task = TASKS[name].load()
    case, plain = task.example(seed, signal)
    data = with_rows(plain, task)
    case = replace(case, **MORE.get((name, shape), {}))
    case = replace(case, time="_row") if shape == "file order" else case
    case = task.settle(case, data) if hasattr(task, "settle") else case
    seal = given_for(case, data, task) if shape == "given" else seal_for(case, data, task)
    split = task.seal(data, case, seal)
    listed = [("baseline", task.baseline(case))]
    listed += [("trivial", solution) for solution in task.trivial(case)]
    listed += [("candidate", solution) for solution in task.candidates(case, BUDGET)]
    fitted = {f"{what} {solution.name}": solution.fit(split.development, SEED) for what, solution in listed}
    live = live_of(task, split.development)
    answers = {name: solution.answer(split.questions, live) for name, solution in fitted.items()}
    standing = {f"{what} {solution.name}": what for what, solution in listed}
    return Bench(task, case, data, seal, shape == "given", split, fitted, answers, standing)


@pytest.fixture(params=SHAPES, ids=" ".join)
def found(request: pytest.FixtureRequest) -> Bench:
    """Each task's example sealed in its own way, in file order and by given rows; and its other shapes."""
    return bench(*request.param)


@pytest.fixture(params=sorted(TASKS))
def own(request: pytest.FixtureRequest) -> Bench:
    return bench(request.param, "own")


def part(split: Split, rows: list[int]) -> Split:
    """Return the split as if only these questions had been asked."""
    truth = {role: table.take(rows) for role, table in split.truth.items()}
    return Split(split.development, split.questions.take(rows), truth, split.how)


def same(one: pa.Table, other: pa.Table) -> bool:
    return one.combine_chunks().equals(other.combine_chunks())


def test_both_tasks_of_the_house_are_registered() -> None:
    assert {"predict", "recommend"} <= set(TASKS)


def test_questions_and_truth_have_one_row_a_unit(found: Bench) -> None:
    assert found.split.questions.num_rows > 0
    for table in found.split.truth.values():
        assert table.num_rows == found.split.questions.num_rows


def test_a_units_value_never_depends_on_the_other_questions(found: Bench) -> None:
    rng = np.random.default_rng(0)
    count = found.split.questions.num_rows
    for answers in [*found.answers.values(), found.task.perfect(found.case, found.split)]:
        whole = found.value(answers).value
        for size in (1, 3, count // 2):
            rows = rng.permutation(count)[:size].tolist()
            alone = found.task.value(found.case, part(found.split, rows), answers.take(rows)).value
            assert alone.tolist() == whole[rows].tolist()


def test_a_row_and_a_batch_are_answered_alike(found: Bench) -> None:
    live = live_of(found.task, found.split.development)
    rows = np.random.default_rng(1).permutation(found.split.questions.num_rows)[:12].tolist()
    for name, solution in found.fitted.items():
        one_by_one = [solution.answer(found.split.questions.slice(row, 1), live) for row in rows]
        assert same(pa.concat_tables(one_by_one), found.answers[name].take(rows)), name


def test_no_question_is_answered_with_no_row(found: Bench) -> None:
    live = live_of(found.task, found.split.development)
    for solution in found.fitted.values():
        assert solution.answer(found.split.questions.slice(0, 0), live).num_rows == 0


def test_a_saved_solution_answers_as_before_and_writes_the_same_bytes(found: Bench) -> None:
    live = live_of(found.task, found.split.development)
    for name, solution in found.fitted.items():
        files = files_of(solution)
        again = loaded(found.task, type(solution).__name__, files)
        assert again.name == solution.name
        assert same(again.answer(found.split.questions, live), found.answers[name]), name
        assert files_of(again) == files, name


def test_files_of_a_solution_hold_no_pickle(found: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a pickle was read")

    for solution in found.fitted.values():
        files = files_of(solution)
        for name, content in files.items():
            assert not any(pickled(piece) for piece in pieces(content)), name
        with monkeypatch.context() as patched:
            for word in ("load", "loads", "Unpickler"):
                patched.setattr(pickle, word, refuse)
            loaded(found.task, type(solution).__name__, files)


def pieces(content: bytes) -> list[bytes]:
    """Return a file's bytes, and those of what it holds where it is a zip."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return [content]
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        return [content, *(whole.read(name) for name in whole.namelist())]


def pickled(content: bytes) -> bool:
    if content[:6] == b"\x93NUMPY":
        return np.lib.format.read_array_header_1_0(io.BytesIO(content[8:]))[2].hasobject
    return content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def test_a_fit_is_decided_by_its_rows_and_its_seed(found: Bench) -> None:
    again = {f"candidate {s.name}": s for s in found.task.candidates(found.case, BUDGET)}
    again[found.of("baseline")[0]] = found.task.baseline(found.case)
    for name, solution in again.items():
        assert files_of(solution.fit(found.split.development, SEED)) == files_of(found.fitted[name]), name


def test_development_holds_no_sealed_row(found: Bench) -> None:
    table = found.data[found.main]
    sealed = set(table["_row"].to_numpy()[sealed_rows(table, found.seal)].tolist())
    known = set(table["_row"].to_numpy()[known_rows(table, found.seal, found.case.horizon_days)].tolist())
    held = set(found.split.development[found.main]["_row"].to_pylist())
    assert sealed
    assert held <= known
    assert not held & sealed


def test_sealed_truth_reaches_no_solution(found: Bench) -> None:
    """Whatever the sealed rows say beyond their questions: questions, development and answers stay as they are."""
    table = found.data[found.main]
    sealed = np.flatnonzero(sealed_rows(table, found.seal))
    mixed = np.arange(table.num_rows)
    mixed[sealed] = np.random.default_rng(2).permutation(sealed)
    asked = {*found.split.questions.column_names, found.seal.time, "_row"}
    other = table
    hidden = [name for name in table.column_names if name not in asked]
    for name in hidden:
        other = other.set_column(other.column_names.index(name), name, table[name].take(mixed))
    assert hidden
    split = found.task.seal({**found.data, found.main: other}, found.case, found.seal)
    assert same(split.questions, found.split.questions)
    for role, rows in found.split.development.items():
        assert same(split.development[role], rows)
    assert any(not same(split.truth[role], rows) for role, rows in found.split.truth.items())


def test_folds_have_the_shape_of_the_seal(found: Bench) -> None:
    folds = list(found.task.folds(found.split.development, found.case, SEED))
    assert len(folds) >= 2
    development = found.split.development[found.main]
    every = set(development["_row"].to_pylist())
    for fold in folds:
        assert found.given or fold.how == found.split.how
        assert fold.questions.schema.equals(found.split.questions.schema)
        assert {role: t.schema for role, t in fold.truth.items()} == {r: t.schema for r, t in found.split.truth.items()}
        assert fold.questions.num_rows > 0
        learned = fold.development[found.main]
        assert set(learned["_row"].to_pylist()) < every
        if fold.how == "time":
            assert_earlier(learned, fold, found.case.time)
        elif found.case.entity:
            assert not set(learned[found.case.entity].to_pylist()) & set(fold.questions[found.case.entity].to_pylist())


def assert_earlier(learned: pa.Table, fold: Split, time: str) -> None:
    first = [instants(t[name]) for t in fold.truth.values() for name in ("_time", time) if name in t.column_names]
    first += [instants(fold.questions[time])] if time in fold.questions.column_names else []
    assert first, "neither the questions nor the truth say when"
    assert instants(learned[time]).max() <= min(times.min() for times in first)


def test_folds_are_decided_by_their_seed(found: Bench) -> None:
    one, two = (list(found.task.folds(found.split.development, found.case, SEED)) for _ in range(2))
    for left, right in zip(one, two, strict=True):
        assert same(left.questions, right.questions)
        assert all(same(left.truth[role], right.truth[role]) for role in left.truth)
        assert all(same(left.development[role], right.development[role]) for role in left.development)


def test_perfect_answers_are_worth_at_least_as_much_as_any_solutions(found: Bench) -> None:
    best = found.value(found.task.perfect(found.case, found.split)).value.sum()
    for name, answers in found.answers.items():
        assert found.value(answers).value.sum() <= best + 1e-9, name


def test_no_two_solutions_of_a_case_share_a_name(found: Bench) -> None:
    names = [solution.name for solution in found.fitted.values()]
    assert len(set(names)) == len(names)


def test_there_is_one_baseline_and_candidates_keep_to_a_budget_of_one(found: Bench) -> None:
    assert len(found.of("baseline")) == 1
    for solution in found.task.candidates(found.case, 1):
        assert solution.name


def test_answers_have_the_columns_that_the_task_declares(found: Bench) -> None:
    """A declared column may be spelled out behind all others, as `NAME: PART`: one probability a class."""
    declared = found.task.answers(found.case)
    for name, answers in [*found.answers.items(), ("perfect", found.task.perfect(found.case, found.split))]:
        named, parts = answers.column_names[: len(declared.names)], answers.column_names[len(declared.names) :]
        assert tuple(named) == declared.names, name
        assert {part.partition(": ")[0] for part in parts} <= set(declared.names), name
        assert answers.num_rows == found.split.questions.num_rows
        for column in declared.columns:
            kind = answers[column.name].type
            kind = kind.value_type if pa.types.is_list(kind) else kind
            assert fits(kind, column.type), f"{name}: {column.name} is {kind}, declared {column.type}"
            assert not (column.required and answers[column.name].null_count), f"{name}: {column.name}"


def fits(kind: pa.DataType, declared: str) -> bool:
    numeric = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    return {
        "text": pa.types.is_string(kind),
        "number": numeric,
        "integer": pa.types.is_integer(kind),
        "boolean": pa.types.is_boolean(kind),
        "date": pa.types.is_date(kind),
        "instant": pa.types.is_timestamp(kind),
        "decimal": pa.types.is_decimal(kind),
    }[declared]


def test_values_are_finite_and_of_one_length(found: Bench) -> None:
    count = found.split.questions.num_rows
    for answers in found.answers.values():
        values = found.value(answers)
        assert len(values.unit) == len(values.cluster) == len(values.value) == count
        assert values.unit.dtype == values.cluster.dtype == np.int64
        assert np.isfinite(values.value).all()
        assert (values.period is not None) == (found.split.how == "time")
        assert values.period is None or len(values.period) == count


def test_units_and_clusters_are_the_same_whatever_the_answers(found: Bench) -> None:
    first, *others = (found.value(answers) for answers in found.answers.values())
    for other in others:
        assert first.unit.tolist() == other.unit.tolist()
        assert first.cluster.tolist() == other.cluster.tolist()
        assert first.worst == other.worst


def test_no_answer_loses_more_than_the_bound_of_loss(found: Bench) -> None:
    every = [found.value(a) for a in [*found.answers.values(), found.task.perfect(found.case, found.split)]]
    if every[0].worst is None:
        pytest.skip("the task knows no bound for this measure")
    for one in every:
        for other in every:
            assert float(np.max(one.value - other.value)) <= every[0].worst + 1e-9


def test_metrics_are_numbers_and_figures_have_columns_of_one_length(found: Bench) -> None:
    for answers in found.answers.values():
        metrics = found.task.metrics(found.case, found.split, answers)
        assert metrics
        assert all(isinstance(name, str) and isinstance(v, float) for name, v in metrics.items())
        assert not any(math.isinf(v) for v in metrics.values())
        for figure in found.task.figures(found.case, found.split, answers):
            assert len({len(column) for column in figure.columns.values()}) == 1
            assert set(figure.title) == {"en", "de"}
            assert {figure.x, figure.y, figure.series} - {""} <= set(figure.columns)


def test_the_contract_names_columns_that_the_example_has(found: Bench) -> None:
    required = {role.name for role in found.task.roles if role.required}
    contracts = found.task.contract(found.case)
    assert required <= set(contracts)
    for role, contract in contracts.items():
        assert set(contract.names) <= set(found.data[role].column_names)


def test_an_unknown_field_is_refused_in_three_lines(own: Bench) -> None:
    wrong = replace(own.case, options={**own.case.options, "tragte": "x"})
    with pytest.raises(Refused, match="tragte") as refused:
        own.task.contract(wrong)
    assert all((refused.value.what, refused.value.expected, refused.value.next_step))


def test_a_solution_of_an_unknown_kind_is_refused(own: Bench, tmp_path: object) -> None:
    with pytest.raises(Refused):
        own.task.load("Oracle", tmp_path)  # type: ignore[arg-type]


def t_of(found: Bench, name: str) -> float:
    """Return the t of a candidate's gain over the baseline, by cluster."""
    baseline = found.value(found.answers[found.of("baseline")[0]])
    gain = found.value(found.answers[name]).value - baseline.value
    _, cluster = np.unique(baseline.cluster, return_inverse=True)
    sums = np.bincount(cluster, gain)
    spread = sums.std(ddof=1) / math.sqrt(len(sums))
    return float(sums.mean() / spread) if spread > 0 else 0.0


def test_a_candidate_finds_what_an_example_holds(own: Bench) -> None:
    if not own.of("candidate"):
        pytest.skip("the task has no candidate: it shows and decides nothing")
    assert max(t_of(own, name) for name in own.of("candidate")) > SIGNIFICANT


@pytest.mark.parametrize("name", sorted(TASKS))
@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_no_candidate_gains_where_there_is_nothing_to_find(name: str, seed: int) -> None:
    empty = bench(name, signal=False, seed=seed)
    for candidate in empty.of("candidate"):
        assert t_of(empty, candidate) < SIGNIFICANT, candidate
