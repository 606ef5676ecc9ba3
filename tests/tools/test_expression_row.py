"""A rule about one question answers what it answers for the row of a table, whoever works it out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.tools import expression_row
from grundstein.tools.expression import evaluate
from grundstein.tools.expression_row import evaluate_row

SCHEMA = pa.schema(
    {
        "n": pa.int64(),
        "x": pa.float64(),
        "paid": pa.decimal128(18, 2),
        "c": pa.string(),
        "Flag": pa.bool_(),
        "day": pa.date32(),
    }
)
NUMBERS = ["0", "1", "-1", "12", "2.5", "-0.10", "0.1", "100000000000000000", "1e3"]
TEXTS = ["'a'", "'b'", "''", "'Zürich'", "'zz'"]
OPERATORS = ["=", "<>", "<", "<=", ">", ">=", "is distinct from"]
COLUMNS = {"number": (["n", "x", "paid"], NUMBERS), "text": (["c", "C"], TEXTS)}
QUESTION = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-3, 15) | st.integers(-(2**63), 2**63 - 1),
        "x": st.none() | st.sampled_from([0.1, 2.5, 12.0, -0.0, 1e17]) | st.floats(),
        "paid": st.none() | st.decimals(-20, 20, places=2) | st.just(Decimal("2.50")),
        "c": st.none() | st.sampled_from(["a", "b", "", "Zürich", "zz"]) | st.text(max_size=5),
        "Flag": st.none() | st.booleans(),
        "day": st.none() | st.dates(),
    }
)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth and draw(st.booleans()):
        word = draw(st.sampled_from(["and", "or", "not"]))
        one = draw(conditions(depth - 1))
        return f"not ({one})" if word == "not" else f"({one}) {word} ({draw(conditions(depth - 1))})"
    columns, constants = COLUMNS[draw(st.sampled_from(sorted(COLUMNS)))]
    left, operands = draw(st.sampled_from(columns)), [*columns, *constants, "null"]
    form = draw(st.sampled_from(["compare", "in", "not in", "between", "null", "flag", "day"]))
    some = draw(st.lists(st.sampled_from(operands), min_size=2, max_size=2))
    return {
        "compare": f"{left} {draw(st.sampled_from(OPERATORS))} {some[0]}",
        "in": f"{left} in ({', '.join(some)})",
        "not in": f"{left} not in ({', '.join(some)})",
        "between": f"{left} between {some[0]} and {some[1]}",
        "null": f"{left} is {draw(st.sampled_from(['', 'not ']))}null",
        "flag": "flag",
        "day": "day < date '2024-02-29'",
    }[form]


def both(rule: str, question: dict[str, Any]) -> None:
    table = pa.Table.from_pylist([question], schema=SCHEMA)
    try:
        wanted = evaluate(rule, table)[0].as_py()
    except Refused:
        with pytest.raises(Refused):
            evaluate_row(rule, question)
        return
    assert repr(evaluate_row(rule, question)) == repr(wanted)


@settings(max_examples=100, deadline=None)
@given(rule=conditions(), question=QUESTION)
@example(rule="x = 0.1", question=dict.fromkeys(SCHEMA.names) | {"x": 0.1})
@example(rule="x = n", question=dict.fromkeys(SCHEMA.names) | {"x": float(2**53), "n": 2**53 + 1})
@example(rule="c < 'Z'", question=dict.fromkeys(SCHEMA.names) | {"c": "\U0001f600"})
def test_a_condition_says_of_one_question_what_it_says_of_its_row(rule: str, question: dict[str, Any]) -> None:
    both(rule, question)


@pytest.mark.parametrize(
    "rule",
    [
        "case when n < 3 then 'few' when c = 'a' then null else 'many' end",
        "case when flag then 1.10 else 2 end",
        "n * 2 + paid",
        "lower(c) = 'a' and n < 12",
        "x",
        "c",
        "flag",
        "1 / n",
        "coalesce(c, 'none') = 'none'",
        "'always'",
    ],
)
@settings(max_examples=12, deadline=None)
@given(question=QUESTION)
def test_a_rule_of_any_form_says_of_one_question_what_it_says_of_its_row(rule: str, question: dict[str, Any]) -> None:
    both(rule, question)


def test_common_rules_are_answered_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expression_row, "one_row", lambda *_: pytest.fail("asked DuckDB"))
    question = {"n": 3, "x": 1.5, "Contract": "Month-to-month", "left out": dt.date(2024, 1, 1)}
    assert evaluate_row("contract = 'Month-to-month' and n < 12 and x >= 1.25", question) is True
    assert evaluate_row("n between 4 and 5 or x is null", question) is False
    assert evaluate_row("case when n in (1, 3) then 'a' else 'b' end", question) == "a"


def test_a_rule_that_names_what_a_question_has_not_is_refused() -> None:
    with pytest.raises(Refused, match="tenure"):
        evaluate_row("tenure < 12", {"n": 3})
