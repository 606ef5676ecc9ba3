"""What may be true beside an answer: sets of labels and ranges of numbers that hold the truth nine times of ten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case, Money
from grundstein.tasks.predict import TASK
from grundstein.tools import conformal
from grundstein.tools.keeping import restored
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.task import Solution

ROWS, NEW = 3_000, 3_000


def asked(kind: str, rows: int, seed: int) -> pa.Table:
    """One number that tells the target with noise, as a number, as yes and no, or as three groups."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    number = 10 * x + draw.normal(scale=5, size=rows)
    if kind == "number":
        target = pa.array(number)
    elif kind == "two":
        target = pa.array(np.where(number > 6, "Yes", "No").tolist())
    else:
        target = pa.array(np.select([number < -5, number < 5], ["low", "middle"], "high").tolist())
    return pa.table({"_row": pa.array(range(rows), pa.int64()), "x": x, "target": target})


def case_of(kind: str) -> Case:
    metric = "absolute_error" if kind == "number" else "log_loss"
    options: dict[str, Any] = {"target": "target", "kind": kind} | ({"positive": "Yes"} if kind == "two" else {})
    return Case(
        name="sets", question="?", decision="?", task="predict", data={"rows": "t"}, metric=metric, options=options
    )


def fitted(case: Case, rows: pa.Table) -> Solution:
    return next(iter(TASK.candidates(case, 1))).fit({"rows": rows}, 7)


@pytest.mark.parametrize("kind", ["two", "many"])
def test_nine_of_ten_sets_of_labels_hold_the_truth(kind: str) -> None:
    new = asked(kind, NEW, 2)
    answers = fitted(case_of(kind), asked(kind, ROWS, 1)).answer(new.drop_columns(["target"]), {})
    sets = [text.split(" | ") for text in answers["answer: set"].to_pylist()]
    held = np.mean([truth in inside for truth, inside in zip(new["target"].to_pylist(), sets, strict=True)])
    assert 0.87 <= held <= 0.93


def test_nine_of_ten_ranges_hold_the_number() -> None:
    new = asked("number", NEW, 2)
    answers = fitted(case_of("number"), asked("number", ROWS, 1)).answer(new.drop_columns(["target"]), {})
    low, high, truth = (
        np.asarray(column) for column in (answers["answer: low"], answers["answer: high"], new["target"])
    )
    assert 0.87 <= ((truth >= low) & (truth <= high)).mean() <= 0.93


@pytest.mark.parametrize("kind", ["two", "many", "number"])
def test_a_kept_model_tells_the_same_sets_row_by_row(kind: str, tmp_path: Path) -> None:
    case = case_of(kind)
    made = fitted(case, asked(kind, 400, 1))
    made.save(tmp_path)
    back: Any = TASK.load("Learned", tmp_path)
    questions = asked(kind, 30, 3).drop_columns(["target"])
    table = back.answer(questions, {})
    assert table.equals(made.answer(questions, {}))
    assert [back.row(question) for question in questions.drop_columns(["_row"]).to_pylist()] == table.to_pylist()


def test_few_rows_promise_nothing() -> None:
    answers = fitted(case_of("two"), asked("two", 120, 1)).answer(asked("two", 5, 3).drop_columns(["target"]), {})
    assert "answer: set" not in answers.column_names


def test_a_model_that_was_kept_before_there_were_sets_answers_without_them() -> None:
    from grundstein.tasks.predict.answers import Finish

    assert restored(Finish, {"calibration": None, "policy": None, "shift": 1.0}, policy=Policy) == Finish(shift=1.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=20, max_size=300), st.sampled_from([0.05, 0.1, 0.2]))
def test_at_most_the_promised_share_of_scores_lies_above_the_threshold(scores: list[float], miss: float) -> None:
    values = np.array(scores)
    assert (values > conformal.quantile(values, miss)).mean() <= miss


def test_sets_of_more_labels_than_a_byte_holds_are_written_out() -> None:
    from grundstein.tasks.predict.answers import Finish, answer_row, answer_table
    from grundstein.tasks.predict.plan import Problem

    problem = Problem("many", tuple(f"g{number:02}" for number in range(11)))
    raw = np.random.default_rng(1).dirichlet(np.ones(11) / 3, 50)
    finishing = Finish(sets=(0.7,) * 11)
    told = answer_table(problem, finishing, raw).to_pylist()
    assert told == [answer_row(problem, finishing, one[None]) for one in raw]
    for one, row in zip(raw, told, strict=True):
        assert row["answer: set"].split(" | ") == [g for g, p in zip(problem.labels, one, strict=True) if p >= 0.3] or [
            ""
        ]


def test_money_and_sets_stand_side_by_side() -> None:
    money = Money("cells", {"act_on_yes": 10.0, "act_on_no": -2.0})
    case = replace(case_of("two"), money=money, metric="")
    answers = fitted(case, asked("two", ROWS, 1)).answer(asked("two", 50, 3).drop_columns(["target"]), {})
    assert {"act", "answer: set"} <= set(answers.column_names)
