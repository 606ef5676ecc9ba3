"""Later files are read as the contract says; what does not fit is not kept, and nothing is changed to make it fit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.contract import Column, Contract
from grundstein.lake.contracts import cast
from grundstein.lake.contracts.casting import schema
from grundstein.lake.reading.raw import BROKEN, Raw

ZONE = "Europe/Berlin"


def raw_of(**columns):
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    lines = pa.array(range(2, table.num_rows + 2), pa.int64())
    return Raw(table, lines, pa.array([""] * table.num_rows, pa.string()), BROKEN.empty_table(), ())


def one(values, kind, **options):
    column = Column("x", kind, **options)
    return cast(raw_of(x=values), Contract("t", (column,)), ZONE)


@given(st.lists(st.none() | st.text("0123456789.,-eE+ x%€/:", max_size=8), min_size=1, max_size=20))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", ["integer", "number", "decimal", "boolean", "date", "instant", "text"])
def test_every_record_is_kept_or_has_a_reason(kind, values):
    done = one(values, kind)
    assert done.table.schema == schema(Contract("t", (Column("x", kind),)))
    assert [row for row, kept in enumerate(done.keep) if not kept] == list(done.reasons)
    assert done.table.num_rows == int(done.keep.sum())
    blank = [value is None or not value.strip() for value in values]
    assert done.table.column("x").null_count == sum(blank)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=10))
@settings(max_examples=50, deadline=None)
def test_texts_are_kept_as_written(values):
    done = one(values, "text")
    assert done.table.column("x").to_pylist() == [value if value.strip() else None for value in values]


def test_columns_are_taken_by_name_in_the_order_of_the_contract():
    contract = Contract("t", (Column("b", "integer"), Column("a", "text")))
    done = cast(raw_of(a=["x", "y", "z"], b=["1", "zwei", "3"]), contract, ZONE)
    assert done.table.to_pylist() == [{"b": 1, "a": "x"}, {"b": 3, "a": "z"}]
    assert dict(done.reasons) == {1: 'b "zwei" is not a whole number'}


def test_a_record_names_every_column_that_does_not_fit():
    contract = Contract("t", (Column("a", "date"), Column("b", "number")))
    done = cast(raw_of(a=["morgen"], b=["viel"]), contract, ZONE)
    assert done.reasons[0] == 'a "morgen" is not a date; b "viel" is not a number'


def test_the_source_says_how_numbers_are_written_and_what_is_missing():
    source = {"decimal": ",", "thousands": ".", "missing": "k.A.\n-"}
    done = one(["1.234,5", "12,5", "1234.5", "k.A.", " - ", "", None], "number", source=source)
    assert done.table.column("x").to_pylist() == [1234.5, 12.5, None, None, None, None]
    assert dict(done.reasons) == {2: 'x "1234.5" is not a number'}


def test_a_person_may_make_words_a_boolean_and_list_what_is_missing_in_texts():
    done = one(["Yes", "no", "maybe", ""], "boolean", source={"true": "Yes", "false": "No"})
    assert done.table.column("x").to_pylist() == [True, False, None]
    assert dict(done.reasons) == {2: 'x "maybe" is not true or false'}
    assert one(["?", "Bau"], "text", source={"missing": "?"}).table.column("x").to_pylist() == [None, "Bau"]


def test_reasons_tell_an_impossible_day_from_no_date_and_from_a_time_of_day():
    done = one(["31.02.2024", "bald", "2024-01-01 12:00", "03/04/2024", "1.2.2024"], "date")
    assert list(done.reasons.values()) == [
        'x "31.02.2024" is no day of the calendar',
        'x "bald" is not a date',
        'x "2024-01-01 12:00" has a time of day',
        'x "03/04/2024" may be day or month first',
    ]
    skipped = one(["2024-03-31 02:30"], "instant")
    assert skipped.reasons[0] == 'x "2024-03-31 02:30" is skipped by the clocks in spring'


def test_long_values_are_cut_in_reasons():
    assert len(one(["x" * 500], "number").reasons[0]) < 100


def typed(column, values, kind, **options):
    table = pa.table({"x": pa.array(values, column)})
    lines = pa.array(range(1, len(values) + 1), pa.int64())
    raw = Raw(None, lines, pa.array([""] * len(values)), BROKEN.empty_table(), (), table)
    return cast(raw, Contract("t", (Column("x", kind, **options),)), ZONE)


@pytest.mark.parametrize(
    ("column", "values", "kind", "expected", "bad"),
    [
        (pa.int64(), [1, None], "number", [1.0, None], []),
        (pa.float64(), [1.0, 1.5, None], "integer", [1, None], [1]),
        (pa.int64(), [1, 2], "text", ["1", "2"], []),
        (pa.int64(), [5], "decimal", [Decimal("5.00")], []),
        (pa.float64(), [1.25, 1.255], "decimal", [Decimal("1.25")], [1]),
        (pa.string(), ["1", "zwei", ""], "integer", [1, None], [1]),
        (pa.bool_(), [True, None], "boolean", [True, None], []),
        (pa.bool_(), [True], "text", ["true"], []),
        (pa.date32(), [dt.date(2024, 1, 2)], "date", [dt.date(2024, 1, 2)], []),
        (pa.timestamp("us"), [dt.datetime(2024, 1, 2)], "date", [dt.date(2024, 1, 2)], []),  # noqa: DTZ001 no zone
        (pa.decimal128(10, 3), [Decimal("1.250")], "number", [1.25], []),
        (pa.string(), ["", "a"], "text", ["", "a"], []),
    ],
)
def test_a_typed_source_is_cast_without_changing_a_value(column, values, kind, expected, bad):
    done = typed(column, values, kind)
    assert done.table.column("x").to_pylist() == expected
    assert list(done.reasons) == bad


def test_naive_times_of_a_typed_source_are_those_of_the_project():
    naive = [dt.datetime(2024, 7, 1, 12), dt.datetime(2024, 3, 31, 2, 30)]  # noqa: DTZ001 no zone is the case tested
    done = typed(pa.timestamp("us"), naive, "instant")
    assert done.table.column("x").to_pylist() == [dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)]
    assert list(done.reasons) == [1]


def test_a_table_survives_the_way_through_parquet(tmp_path):
    contract = Contract("t", (Column("a", "decimal", scale=3), Column("b", "instant")))
    done = cast(raw_of(a=["1.5", ""], b=["2024-01-01 00:00", "2024-01-01T00:00Z"]), contract, ZONE)
    pq.write_table(done.table, tmp_path / "f.parquet")
    assert pq.read_table(tmp_path / "f.parquet").equals(done.table)
