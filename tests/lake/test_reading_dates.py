"""Dates and instants in German and English; a day that no calendar has is no date."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.lake.reading.dates import orders, read_dates, read_instants, repeated_hours, take_apart

GERMAN = ["Januar", "Februar", "März", "April", "Mai", "Juni"]
GERMAN += ["Juli", "August", "September", "Oktober", "November", "Dezember"]
ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WRITERS = {
    "iso": lambda d: d.isoformat(),
    "dots": lambda d: f"{d.day}.{d.month:02d}.{d.year}",
    "german": lambda d: f"{d.day}. {GERMAN[d.month - 1]} {d.year}",
    "english": lambda d: f"{ENGLISH[d.month - 1]} {d.day}, {d.year}",
    "dashed": lambda d: f"{d.day:02d}-{ENGLISH[d.month - 1]}-{d.year}",
    "year first": lambda d: f"{d.year}/{d.month}/{d.day}",
}
days = st.dates(dt.date(1000, 1, 1))


@given(st.lists(days, min_size=1, max_size=9), st.sampled_from(sorted(WRITERS)))
@settings(max_examples=100, deadline=None)
def test_a_date_in_any_plain_writing_is_read_without_help(values, writer):
    assert read_dates(pa.array([WRITERS[writer](day) for day in values]), "").to_pylist() == values


@given(st.lists(days, min_size=1, max_size=9), st.sampled_from(["dmy", "mdy"]), st.sampled_from("/-"))
@settings(max_examples=50, deadline=None)
def test_slashes_and_dashes_are_read_in_the_order_that_is_known(values, order, mark):
    parts = {"dmy": "{0.day}{1}{0.month}{1}{0.year}", "mdy": "{0.month}{1}{0.day}{1}{0.year}"}[order]
    texts = pa.array([parts.format(day, mark) for day in values])
    assert read_dates(texts, order).to_pylist() == values
    assert read_dates(texts, "").null_count == len(values)


@pytest.mark.parametrize("text", ["31.02.2024", "29.02.2023", "2024-13-01", "2024-02-30", "0000-00-00", "00.00.0000"])
def test_a_day_that_no_calendar_has_is_written_like_a_date_and_is_none(text):
    parts = take_apart(pa.array([text]), "")
    assert parts.shaped.tolist() == [True]
    assert parts.valid.tolist() == [False]
    assert read_dates(pa.array([text]), "").to_pylist() == [None]


def test_points_stand_between_day_and_month_whatever_the_order_of_slashes():
    assert read_dates(pa.array(["31.03.2024"]), "mdy").to_pylist() == [dt.date(2024, 3, 31)]


def test_two_digits_of_a_year_are_split_at_69_and_eight_digits_are_read_on_request():
    assert read_dates(pa.array(["1.1.68", "1.1.69"]), "").to_pylist() == [dt.date(2068, 1, 1), dt.date(1969, 1, 1)]
    assert read_dates(pa.array(["20240131"]), "").to_pylist() == [None]
    assert read_dates(pa.array(["20240131", "20240132"]), "ymd").to_pylist() == [dt.date(2024, 1, 31), None]


def test_a_time_of_day_makes_an_instant_and_midnight_a_date():
    texts = pa.array(["2024-01-05 00:00:00", "2024-01-05 00:01"])
    assert read_dates(texts, "").to_pylist() == [dt.date(2024, 1, 5), None]


def test_times_without_a_zone_are_those_of_the_project():
    texts = pa.array(
        [
            "2024-07-01 12:00",
            "01.07.2024 12:00 Uhr",
            "7/1/2024 12:00 PM",
            "2024-07-01T12:00:00+02:00",
            "2024-07-01T10:00:00.000Z",
            "Mo., 01.07.2024, 12:00:00",
        ]
    )
    noon = dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)
    assert read_instants(texts, "mdy", "Europe/Berlin").to_pylist() == [noon] * 6


def test_the_hour_that_clocks_skip_never_was_and_the_repeated_one_is_the_earlier():
    texts = pa.array(["2024-03-31 02:30", "2024-10-27 02:30", "2024-10-27 02:30+01:00"])
    first, second, third = read_instants(texts, "", "Europe/Berlin").to_pylist()
    assert first is None
    assert second == dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)
    assert third == dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC)
    assert repeated_hours(texts, "", "Europe/Berlin") == 1


@pytest.mark.parametrize("text", ["2024-01-05 24:00", "2024-01-05 12:60", "2024-01-05 13:00 PM", "12:00"])
def test_a_time_that_no_clock_shows_is_none(text):
    assert read_instants(pa.array([text]), "", "UTC").to_pylist() == [None]


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1, max_size=5))  # noqa: DTZ001 UTC is meant
@settings(max_examples=50, deadline=None)
def test_microseconds_are_kept(values):
    texts = pa.array([value.isoformat(sep=" ") for value in values])
    assert read_instants(texts, "", "UTC").to_pylist() == [value.replace(tzinfo=dt.UTC) for value in values]


def test_orders_count_what_each_reading_allows():
    texts = pa.array(["31/12/2024", "01/02/2024", "12/31/2024", "1.2.2024", "45-45-2024"])
    assert orders(texts) == {"slashes": (3, 2, 2), "dashes": (1, 0, 0)}
