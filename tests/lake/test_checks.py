"""What a contract's rules say of a typed table, and of its age."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.lake.checks import broken, findings_of, freshness, repeated

KEY = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=12)


def one(column: Column, values: pa.Array) -> list[tuple[int, str]]:
    return [(b.row, b.code) for b in broken(pa.table({column.name: values}), Contract("t", (column,)))]


def keys(rows: list[tuple[int, str]]) -> pa.Table:
    return pa.table({"n": pa.array([n for n, _ in rows], pa.int64()), "s": pa.array([s for _, s in rows], pa.string())})


def test_a_column_without_rules_breaks_none() -> None:
    assert one(Column("x", "text"), pa.array([None, "", "a"])) == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("integer", pa.array([-1, 0, 10, 11, None], pa.int64())),
        ("number", pa.array([-0.1, 0.0, 10.0, 10.1, None])),
        (
            "decimal",
            pa.array([Decimal("-0.01"), Decimal(0), Decimal(10), Decimal("10.01"), None], pa.decimal128(18, 2)),
        ),
    ],
)
def test_limits_are_themselves_allowed_and_empty_values_have_none(kind: str, values: pa.Array) -> None:
    column = replace(Column("x", "number", minimum=0, maximum=10), type=kind)
    assert one(column, values) == [(0, "GST-D06"), (3, "GST-D06")]


def test_infinite_numbers_break_a_rule_of_their_own() -> None:
    values = pa.array([float("inf"), float("-inf"), 1.0])
    assert one(Column("x", "number", maximum=5), values) == [(0, "GST-D08"), (1, "GST-D08")]


def test_allowed_values_are_compared_as_they_are_written() -> None:
    assert one(Column("x", "text", allowed=("a", "b")), pa.array(["a", "A", None, "b "])) == [
        (1, "GST-D07"),
        (3, "GST-D07"),
    ]
    assert one(Column("x", "integer", allowed=("1", "2")), pa.array([1, 3])) == [(1, "GST-D07")]
    assert one(Column("x", "boolean", allowed=("true",)), pa.array([True, False])) == [(1, "GST-D07")]


def test_a_row_may_break_several_rules_and_each_is_counted_once_a_column() -> None:
    table = pa.table({"x": pa.array([None, -1, -2], pa.int64()), "y": pa.array(["q", "q", "a"])})
    contract = Contract("t", (Column("x", "integer", required=True, minimum=0), Column("y", "text", allowed=("a",))))
    found = findings_of(broken(table, contract))
    assert [(f.code, f.facts["column"], f.facts["rows"]) for f in found] == [
        ("GST-D05", "x", 1),
        ("GST-D06", "x", 2),
        ("GST-D07", "y", 2),
    ]


def test_a_long_value_is_shortened_in_the_reason() -> None:
    [found] = broken(pa.table({"x": ["z" * 500]}), Contract("t", (Column("x", "text", allowed=("a",)),)))
    assert len(found.reason) < 120


@given(before=KEY, now=KEY)
def test_exactly_the_rows_whose_key_came_earlier_are_repeated(
    before: list[tuple[int, str]], now: list[tuple[int, str]]
) -> None:
    contract = Contract("t", (Column("n", "integer"), Column("s", "text")), key=("n", "s"))
    found = {b.row for b in repeated(keys(now), contract, keys(before))}
    assert found == {i for i, key in enumerate(now) if key in before or key in now[:i]}


def test_a_key_of_another_type_than_the_tables_is_refused() -> None:
    contract = Contract("t", (Column("n", "text"),), key=("n",))
    with pytest.raises(Refused, match="n is string, the table holds int64"):
        repeated(pa.table({"n": ["1"]}), contract, pa.table({"n": [1]}))


def test_a_table_without_a_key_repeats_nothing() -> None:
    assert repeated(pa.table({"n": [1, 1]}), Contract("t", (Column("n", "integer"),)), None) == []


def test_age_is_compared_with_what_the_contract_allows() -> None:
    now = datetime(2024, 6, 10, tzinfo=UTC)
    contract = Contract("sales", (), freshness_days=2)
    late = freshness(contract, now - timedelta(days=2, hours=12), now)
    fresh = freshness(contract, now - timedelta(days=2), now)
    assert late is not None
    assert fresh is not None
    assert (late.code, late.section, fresh.code, fresh.section) == ("GST-D13", "issue", "GST-D14", "passed")
    assert late.text("en") == "the newest row of sales is 2.5 days old, the contract allows 2"
    assert freshness(replace(contract, freshness_days=None), now, now) is None
    assert freshness(contract, None, now) is None
