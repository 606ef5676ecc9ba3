"""What a server wrote into its journal comes back with the same types and values, and in the tables' columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.contract import Column, Contract
from grundstein.production.entries import Entries, Rules, answers_of, rows_of, spelled
from grundstein.production.questions import compiled

ASKED = Contract(
    "c__questions",
    (
        Column("id", "text", required=True),
        Column("count", "integer"),
        Column("share", "number"),
        Column("price", "decimal", scale=2),
        Column("rate", "decimal", scale=9),
        Column("paid", "boolean"),
        Column("born", "date"),
        Column("seen", "instant"),
    ),
)
TOLD = Contract("c__feedback", (Column("answer_id", "text"), Column("left", "text", required=True)))
RULES = Rules(ASKED, TOLD, ("id",), "left", "Europe/Berlin")


def decimals(scale: int) -> st.SearchStrategy[Decimal]:
    return st.integers(-(10**17) + 1, 10**17 - 1).map(lambda n: Decimal(n).scaleb(-scale))


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=20)
VALUES = st.fixed_dictionaries(
    {
        "id": TEXT.filter(lambda text: text.strip()),
        "count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "price": st.none() | decimals(2),
        "rate": st.none() | decimals(9),
        "paid": st.none() | st.booleans(),
        "born": st.none() | st.dates(date(1, 1, 1)),
        "seen": st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001  (the zone is beside it)
    }
)


def collected(line: bytes) -> Entries:
    found = Entries()
    found.add(line, compiled(ASKED, RULES.timezone, ASKED.names), compiled(TOLD, RULES.timezone, ASKED.names), RULES)
    return found


def written(values: dict[str, object]) -> bytes:
    """As the server writes it."""
    answer = {"answer": "Yes", "probability": 0.1 + 0.2, "act": 1.0, "held_back": False, "beyond_capacity": False}
    line = {"kind": "answer", "id": "a", "at": datetime(2026, 1, 1, tzinfo=UTC), "release": "r", "mode": "live"}
    return orjson.dumps({**line, "question": values, "answer": answer}, default=spelled)


@settings(max_examples=300)
@given(VALUES)
def test_every_typed_value_comes_back_as_it_was(values):
    (row,) = rows_of(collected(written(values)).questions, ASKED).to_pylist()
    assert row == values
    assert all(type(row[name]) is type(values[name]) for name in row)


def test_answers_keep_their_floats_bit_for_bit_and_their_columns_in_the_order_of_the_table():
    found = collected(written({"id": "x"}))
    keys = pa.schema([("id", pa.string())])
    table = answers_of(found.answers, keys, 70, None)
    assert table.column_names == [
        "id", "question", "answer_id", "answered_at", "answer", "probability", "act", "held_back", "beyond_capacity",
        "release", "mode",
    ]  # fmt: skip
    assert table["probability"].to_pylist() == [0.1 + 0.2]
    assert table["question"].to_pylist() == [70]
    assert answers_of(found.answers, keys, 70, table.schema).schema == table.schema


def test_a_table_that_has_another_column_gets_nulls_there_and_what_it_lacks_stands_behind():
    found = collected(written({"id": "x"}))
    there = pa.schema([("id", pa.string()), ("question", pa.int64()), ("more", pa.float64())])
    made = answers_of(found.answers, pa.schema([("id", pa.string())]), 0, there)
    assert made.column_names[:3] == there.names
    assert made.select(there.names).to_pylist() == [{"id": "x", "question": 0, "more": None}]
    assert {"answer", "probability", "release"} <= set(made.column_names)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"id": 7}, "no id"),
        ({"at": "2026-01-01T00:00:00"}, "zone"),
        ({"question": [1]}, "items"),
        ({"answer": None}, "NoneType"),
        ({"question": {"id": "x", "count": 1.5}}, "count"),
        ({"question": {"id": "x", "stranger": 1}}, "stranger"),
        ({"kind": "else"}, "neither an answer nor feedback"),
    ],
)
def test_a_line_that_has_no_place_says_why(changed, why):
    line = json.dumps({**json.loads(written({"id": "x"})), **changed}).encode()
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError), match=why):
        collected(line)
