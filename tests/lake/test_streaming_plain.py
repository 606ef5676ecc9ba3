"""The fast way to read a column gives what the slow one gives, for every text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.contract import TYPES, Column
from grundstein.lake.contracts.casting import is_missing, read_column
from grundstein.lake.streaming.plain import Reader

TRAPS = (
    *("1", "-1", "1.5", "1e3", "0x10", "1_000", " 12", "12 ", "+3", "nan", "inf", "", "  ", "n/a", "0", "-0", "00012"),
    *("1234567890123456789", "123456789012345678", "1,234.50", "1.234,50", "1.234", "12.5", "12.555", "12.50000", "5."),
    *("12,5 €", "5%", "2024-02-29", "2023-02-29", "31.12.2023", "03/04/2024", "20240101", "2024-03-31 02:30:00"),
    *("2024-10-27 02:30:00", "2024-03-31T12:30:00Z", "2024-01-01 12:00:00.123456", "0999-01-01 00:00:00", "true"),
    *("TRUE", "ja", "Köln", " a", "\u00a0", "\u00a0x", "-9,5", "(5)", "1.234.567.890.123,5", "999", "\u2003"),
)
TEXTS = st.lists(st.one_of(st.sampled_from(TRAPS), st.text("0123456789.,-+e %€:T ", max_size=9)), max_size=40)
SOURCES: tuple[dict[str, str], ...] = (
    *({}, {"decimal": ","}, {"decimal": ",", "thousands": "."}, {"thousands": "'"}, {"unit": "%"}, {"currency": "EUR"}),
    *({"missing": "n/a\n0\n999"}, {"dates": "dmy"}, {"dates": "ymd"}, {"true": "ja", "false": "0"}),
)


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin"])
@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, found=st.sampled_from(TYPES), source=st.sampled_from(SOURCES), scale=st.sampled_from([0, 2, 4]))
def test_the_fast_and_the_slow_way_agree_on_values_and_on_what_does_not_fit(
    timezone: str, texts: list[str], found: str, source: dict[str, str], scale: int
) -> None:
    column = Column("c", found, scale=scale, source=source)  # type: ignore[arg-type]
    values, reader = pa.array(texts, pa.string()), Reader(column, timezone)
    wanted = read_column(values, column, timezone)
    wrong = np.flatnonzero(np.asarray(wanted.is_null()) & ~is_missing(values, column))
    for _ in range(2):
        got, bad = reader.read(values)
        assert got.equals(wanted)
        assert bad.tolist() == wrong.tolist()


PLAIN = {
    "number": st.from_regex(r"-?[0-9]{1,9}([.,][0-9]{1,5})?|[.,][0-9]|[0-9][.,]|1[.,]2[.,]3|999|n/a|", fullmatch=True),
    "instant": st.from_regex(
        r"(2024|2023|0999)-(02-29|03-31|10-27|12-01)[ T](02|23|24):30:(00|59|60)|1900-01-01 00:00:00|", fullmatch=True
    ),
}
MARKED = (*SOURCES[:3], {"missing": "999\nn/a"}, {"missing": "1900-01-01 00:00:00"}, {"decimal": "٫"})


@settings(max_examples=120, deadline=None)
@given(
    data=st.data(), found=st.sampled_from(["number", "integer", "decimal", "instant"]), scale=st.sampled_from([0, 2])
)
def test_columns_of_plain_texts_with_few_others_are_read_as_the_slow_way_does(
    data: st.DataObject, found: str, scale: int
) -> None:
    kind = PLAIN["instant" if found == "instant" else "number"]
    usual = "2024-01-01 10:00:00" if found == "instant" else "12"
    texts = data.draw(st.lists(kind, min_size=1, max_size=4)) + [usual] * data.draw(st.sampled_from([0, 40]))
    column = Column("c", found, scale=scale, source=data.draw(st.sampled_from(MARKED)))  # type: ignore[arg-type]
    values = pa.array(texts, pa.string())
    wanted = read_column(values, column, "Europe/Berlin")
    got, bad = Reader(column, "Europe/Berlin").read(values)
    assert got.equals(wanted)
    assert bad.tolist() == np.flatnonzero(np.asarray(wanted.is_null()) & ~is_missing(values, column)).tolist()


def test_no_engine_reads_a_number_into_what_is_none() -> None:
    texts = pa.array(["1.5", "1e3", "0x10", "1_000", "nan", "7"])
    values, bad = Reader(Column("c", "integer"), "UTC").read(texts)
    assert values.to_pylist() == [None, None, None, None, None, 7]
    assert bad.tolist() == [0, 1, 2, 3, 4]
