"""A JSON question becomes typed values or all its errors, by the same rules as a row of a file."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.contract import TYPES, Column, Contract
from grundstein.production.feedback import feedback
from grundstein.production.questions import compiled
from grundstein.tools.typed import one_row, schema_of

COLUMNS = tuple(Column(kind, kind) for kind in TYPES)
CONTRACT = Contract("t", COLUMNS)
READ = compiled(CONTRACT, "Europe/Berlin")
NOTHING = dict.fromkeys(TYPES)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-01-31", "1.5", ""])
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*TYPES, "other"]), JSON))
def test_whatever_is_sent_is_read_into_the_types_of_the_contract_or_refused(sent):
    values, wrong = READ.read(sent)
    assert set(values) == set(TYPES)
    assert all(finding.text() for finding in wrong)
    if not wrong:
        assert one_row(values, schema_of(CONTRACT)).num_rows == 1
    for name, value in values.items():
        if isinstance(value, float):
            assert math.isfinite(value)
        if value is not None and name != "text":
            assert not isinstance(sent.get(name), (list, dict))


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "integer": st.integers(-(2**63), 2**63 - 1),
            "number": st.floats(allow_nan=False, allow_infinity=False),
            "decimal": st.decimals(-(10**15), 10**15, places=2),
            "text": st.text(min_size=1).filter(lambda text: text.strip() and "\x00" not in text),
            "boolean": st.booleans(),
            "date": st.dates(),
            "instant": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        }
    )
)
def test_what_was_typed_comes_back_from_json_as_it_was(typed):
    plain = {name: value if isinstance(value, (int, float, str)) else str(value) for name, value in typed.items()}
    values, wrong = READ.read(json.loads(json.dumps(plain)))
    assert not wrong
    assert values == typed
    assert all(type(values[name]) is type(typed[name]) for name in typed)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("integer", 3.0, 3),
        ("integer", -9.3e18, None),
        ("integer", 1e15, 10**15),
        ("number", 3, 3.0),
        ("decimal", 1.25, Decimal("1.25")),
        ("decimal", "1.5", Decimal("1.50")),
        ("decimal", 1.255, None),
        ("decimal", 1e16, None),
        ("decimal", 1e300, None),
        ("decimal", "1e3", None),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "20240229", None),
        ("date", "٢٠٢٤-٠٢-٢٩", None),
        ("instant", "2026-07-01T12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("instant", "2026-07-01 12:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("instant", "2026-03-29T02:30:00", None),
        ("instant", "0001-01-01T00:00:00+14:00", None),
        ("boolean", "true", None),
        ("boolean", 1, None),
        ("text", 1, None),
        ("text", "a\x00b", None),
    ],
)
def test_a_value_is_taken_as_the_contract_says_and_never_changed_to_fit(kind, value, read):
    values, wrong = READ.read(NOTHING | {kind: value})
    assert [finding.code for finding in wrong] == ([] if read is not None else ["GST-Q04"])
    if read is not None:
        assert values[kind] == read
        assert type(values[kind]) is type(read)


def test_blank_texts_and_those_that_the_source_uses_for_nothing_are_empty():
    columns = (Column("a", "text", source={"missing": "n/a\n-"}), Column("b", "text", required=True))
    read = compiled(Contract("t", columns), "UTC").read
    for blank in ("", "  ", "n/a", " - "):
        values, wrong = read({"a": blank, "b": "x"})
        assert (values["a"], wrong) == (None, [])
    assert [finding.code for finding in read({"a": "x", "b": " "})[1]] == ["GST-Q03"]


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        (Column("x", "integer", minimum=1, maximum=3), 3, 4),
        (Column("x", "number", minimum=0.5), 0.5, 0.4),
        (Column("x", "decimal", maximum=2), "2.00", "2.01"),
        (Column("x", "text", allowed=("a", "b")), "a", "A"),
        (Column("x", "integer", allowed=("1", "2")), 2, 3),
        (Column("x", "number", allowed=("1", "2.5")), 2.5, 2.6),
        (Column("x", "boolean", allowed=("true",)), True, False),
        (Column("x", "date", allowed=("2026-01-31",)), "2026-01-31", "2026-02-01"),
    ],
)
def test_ranges_and_lists_hold(column, good, bad):
    read = compiled(Contract("t", (column,)), "UTC").read
    assert not read({"x": good})[1]
    assert [finding.code for finding in read({"x": bad})[1]] in (["GST-Q05"], ["GST-Q06"])
    assert not read({"x": None})[1]


def test_a_field_may_lack_only_where_it_may():
    read = compiled(Contract("t", (Column("a", "text"), Column("b", "text"))), "UTC", ("a",)).read
    assert not read({"b": None})[1]
    assert [finding.code for finding in read({"a": None})[1]] == ["GST-Q02"]


def test_a_truth_is_about_an_answer_or_a_whole_key():
    columns = (Column("id", "integer"), Column("part", "text"), Column("left", "boolean"))
    told = feedback(Contract("t", columns, key=("id", "part")), "left", "UTC")
    assert told is not None
    assert told.read({"answer_id": "abc-1", "truth": True}).wrong == []
    assert told.read({"key": {"id": 1, "part": "x"}, "truth": False}).key == {"id": 1, "part": "x"}
    for wrong in (
        {"key": {"id": 1}, "truth": True},
        {"key": {"id": None, "part": "x"}, "truth": True},
        {"key": [], "truth": True},
        {"answer_id": "a b", "truth": True},
        {"answer_id": 5, "truth": True},
        {"answer_id": "a", "truth": "yes"},
        {"answer_id": "a", "truth": True, "more": 1},
        [],
        None,
    ):
        assert told.read(wrong).wrong
    assert feedback(Contract("t", columns), "elsewhere", "UTC") is None
