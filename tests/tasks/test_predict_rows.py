"""One question by itself: bit for bit the answer that its row in a table gets, and what moved it."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from predicting import CHURN, case_of, people

from grundstein.core.errors import Refused
from grundstein.core.task import Reason
from grundstein.tasks.predict import TASK

if TYPE_CHECKING:
    from grundstein.core.case import Case

YES = {"positive": "yes"}
CASES: dict[str, Case] = {
    "two": case_of(money=CHURN, acted="nobody", options=YES),
    "many": case_of("plan", metric="log_loss"),
    "number": case_of("fee", metric="absolute_error"),
}
SCHEMA = pa.schema(
    {
        "months": pa.int64(),
        "plan": pa.string(),
        "fee": pa.float64(),
        "paid": pa.decimal128(18, 2),
        "active": pa.bool_(),
        "since": pa.date32(),
        "seen": pa.timestamp("us", "UTC"),
        "note": pa.string(),
        "left": pa.string(),
    }
)
CENTS = st.decimals(-(10**9), 10**9, places=2, allow_nan=False, allow_infinity=False)
QUESTION = st.fixed_dictionaries(
    {
        "months": st.none() | st.integers(-(2**63), 2**63 - 1),
        "plan": st.none() | st.sampled_from(["basic", "plus", "pro", "new", ""]),
        "fee": st.none() | st.floats(),
        "paid": st.none() | CENTS,
        "active": st.none() | st.booleans(),
        "since": st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)),
        "seen": st.none() | st.datetimes(dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
        "left": st.sampled_from(["yes", "no", None]),
        "note": st.none() | st.text(max_size=40) | st.just("zahlt spät wegen der rechnung"),
    }
)


def table(rows: int = 320) -> pa.Table:
    rng = np.random.default_rng(3)
    made = people(rows)
    notes = ["zahlt spät wegen der rechnung", "ruft oft an", "ist zufrieden mit allem", "möchte kündigen, zu teuer"]
    fees = rng.normal(9, 3, rows)
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    columns: dict[str, Any] = {
        "months": made["months"],
        "plan": made["plan"],
        "fee": fees,
        "paid": [None if n % 9 == 0 else Decimal(int(fee * 1000)).scaleb(-2) for n, fee in enumerate(fees)],
        "active": [None if n % 7 == 0 else n % 3 == 0 for n in range(rows)],
        "since": [dt.date(2020, 1, 1) + dt.timedelta(days=int(day)) for day in rng.integers(0, 900, rows)],
        "seen": [start + dt.timedelta(hours=int(hours)) for hours in rng.integers(0, 9_000, rows)],
        "note": [f"{notes[n % 4]} {n}" for n in range(rows)],
        "left": made["left"],
    }
    return pa.table(columns).cast(SCHEMA)


ROWS = table()
FITTED: dict[str, Any] = {}


def solutions(kind: str) -> list[Any]:
    if kind not in FITTED:
        case = CASES[kind]
        rule = {"two": "months < 12", "many": "case when fee < 5 then 'basic' end", "number": "months * 0.5"}[kind]
        ruled = case_of(case.options["target"], metric=case.metric, money=case.money, acted=case.acted, baseline=rule)
        every = [*TASK.trivial(case), TASK.baseline(case), TASK.baseline(ruled), *TASK.candidates(case, 9)]
        FITTED[kind] = [solution.fit({"rows": ROWS}, 3) for solution in every]
    return FITTED[kind]


def asked(kind: str, question: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in question.items() if name != CASES[kind].options["target"]}


@pytest.mark.parametrize("kind", sorted(CASES))
@settings(max_examples=25, deadline=None)
@given(question=QUESTION)
def test_one_question_is_answered_bit_for_bit_as_its_row_in_a_table(kind: str, question: dict[str, Any]) -> None:
    typed = asked(kind, question)
    schema = pa.schema([SCHEMA.field(name) for name in typed])
    alone = pa.Table.from_pylist([typed], schema=schema)
    batch = pa.concat_tables([ROWS.select(list(typed)).slice(0, 9), alone])
    for solution in solutions(kind):
        told = solution.row(typed)
        assert [told] == solution.answer(alone, {}).to_pylist(), solution.name
        assert told == solution.answer(batch, {}).slice(9).to_pylist()[0], solution.name


@pytest.mark.parametrize("kind", sorted(CASES))
def test_reasons_are_columns_of_the_question_the_strongest_first_and_always_the_same(kind: str) -> None:
    for question in ROWS.drop_columns([CASES[kind].options["target"]]).slice(0, 4).to_pylist():
        for solution in solutions(kind):
            found = solution.reasons(question, 3)
            assert len(found) <= 3
            assert {reason.column for reason in found} <= set(question)
            sizes = [abs(reason.effect) for reason in found if not math.isnan(reason.effect)]
            assert sizes == sorted(sizes, reverse=True)
            assert repr(found) == repr(solution.reasons(question, 3))


@pytest.mark.parametrize("kind", ["two", "number"])
@settings(max_examples=15, deadline=None)
@given(question=QUESTION)
def test_what_columns_add_to_a_linear_score_adds_up_to_its_distance_from_the_mean(
    kind: str, question: dict[str, Any]
) -> None:
    linear = next(solution for solution in solutions(kind) if solution.name == "linear")
    known = linear.fitted
    raw = known.encoder.reader.question(asked(kind, question))
    [score] = known.models[0].explained(known.encoder, raw, known.means)
    whole = known.models[0].offsets + known.models[0].weights @ known.encoder.layout.row(raw)[0]
    assert np.allclose(score.base + score.parts.sum(axis=1), whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["linear", "trees", "mean"])
@pytest.mark.parametrize("kind", ["two", "many", "number"])
def test_all_effects_add_up_to_what_moved_the_answer_from_the_average_row(kind: str, name: str) -> None:
    solution = next(each for each in solutions(kind) if each.name == name)
    questions = ROWS.drop_columns([CASES[kind].options["target"]]).slice(0, 5).to_pylist()
    value = "answer" if kind == "number" else "probability"
    first, *others = [
        (solution.row(one)[value] - sum(r.effect for r in solution.reasons(one, 99)), solution.row(one)["answer"])
        for one in questions
    ]
    same = [before for before, label in others if kind != "many" or label == first[1]]
    assert np.allclose(same, first[0], rtol=1e-3, atol=1e-3)


def test_the_strongest_reason_is_the_column_that_decides() -> None:
    linear = next(solution for solution in solutions("two") if solution.name == "linear")
    question = ROWS.drop_columns(["left"]).slice(0, 1).to_pylist()[0] | {"months": 1}
    first = linear.reasons(question, 1)[0]
    assert (first.column, first.value) == ("months", "1")
    assert first.effect > 0.1


def test_a_rule_names_the_columns_that_it_looks_at_without_an_effect() -> None:
    rule = next(solution for solution in solutions("two") if solution.name == "rule")
    [reason] = rule.reasons(ROWS.slice(0, 1).to_pylist()[0], 3)
    assert (reason.column, math.isnan(reason.effect)) == ("months", True)
    assert isinstance(reason, Reason)


@pytest.mark.parametrize("name", ["rule", "default", "linear", "trees"])
def test_a_question_without_a_column_that_was_learnt_is_refused_by_its_name(name: str) -> None:
    solution = next(each for each in solutions("two") if each.name == name)
    with pytest.raises(Refused, match="months"):
        solution.row({name: value for name, value in ROWS.slice(0, 1).to_pylist()[0].items() if name != "months"})
