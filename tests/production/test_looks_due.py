"""Where one looks depends on the rows, not on how often somebody asks; no arrival is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.production.looking import STEP, WINDOWS, looks

SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=30)


def arrivals(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


@given(SIZES)
@settings(max_examples=100, deadline=None)
def test_windows_begin_and_end_with_an_arrival_and_hold_what_they_promise(sizes):
    arrival = arrivals(sizes)
    row = np.arange(len(arrival))
    edges = {0, *np.cumsum(sizes).tolist()}
    for look in looks(row, arrival, -1):
        assert {look.end, *look.starts} <= edges
        assert all(start < look.end for start in look.starts)
        assert len(look.starts) <= len(WINDOWS)


@given(SIZES, st.data())
@settings(max_examples=100, deadline=None)
def test_asking_often_looks_where_asking_once_does(sizes, data):
    arrival = arrivals(sizes)
    row = np.arange(len(arrival))
    stops = sorted(data.draw(st.lists(st.sampled_from(np.cumsum(sizes).tolist()), max_size=5)))
    until, often = -1, []
    for stop in (*stops, len(row)):
        for look in looks(row[:stop], arrival[:stop], until):
            often.append(look)
            until = look.end - 1
    once = looks(row, arrival, -1)
    assert (len(row) - sizes[-1] > 50 * STEP) or often == once


def test_less_than_a_hundred_new_rows_wait():
    assert looks(np.arange(99), np.arange(99), -1) == []
    assert [look.end for look in looks(np.arange(250), np.arange(250), -1)] == [100, 200]
    assert looks(np.arange(250), np.arange(250), 199) == []


def test_a_large_file_before_does_not_drown_the_newest_rows():
    arrival = np.repeat([0, 1], [5_000, 120])
    [look] = looks(np.arange(5_120), arrival, 4_999)
    assert look.starts == (5_000,)


def test_a_stream_of_a_million_rows_at_once_is_looked_at_fifty_times():
    many = np.arange(1_000_000)
    assert len(looks(many, many, -1)) == 50


def test_no_rows_no_look():
    assert looks(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), -1) == []
