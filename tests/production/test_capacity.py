"""No more is acted on in a calendar period than the case has room for, whatever the clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from grundstein.production.capacity import Capacity, limited, limited_row, period_begin

AT = datetime(2026, 3, 30, 10, tzinfo=UTC)
ACTS = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=40)


def room(limit: float, period: str = "month", acted: float = 0.0) -> Capacity:
    return Capacity(limit, period, "Europe/Berlin", period_begin(AT, period, "Europe/Berlin"), acted)


def test_acts_beyond_the_capacity_become_nothing():
    one = room(2.5, acted=1.0)
    assert [one.allow(act, AT) for act in (1.0, 1.0, 0.5, 0.5, 0.0)] == [1.0, 0.0, 0.5, 0.0, 0.0]
    assert one.acted == 2.5


def test_a_new_period_begins_anew_at_midnight_of_the_projects_time_zone():
    one = room(1, "day")
    assert one.allow(1.0, datetime(2026, 3, 30, 21, 59, tzinfo=UTC)) == 1.0
    assert one.allow(1.0, datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC)) == 0.0
    assert one.allow(1.0, datetime(2026, 3, 30, 22, 0, tzinfo=UTC)) == 1.0


def test_a_clock_that_goes_back_revives_nothing():
    one = room(1)
    assert one.allow(1.0, AT) == 1.0
    for days in (1, 40, 400):
        assert one.allow(1.0, AT - timedelta(days=days)) == 0.0
    assert one.allow(1.0, AT) == 0.0


def test_periods_begin_where_the_calendar_begins_them():
    begins = {
        "year": datetime(2025, 12, 31, 23, tzinfo=UTC),
        "quarter": datetime(2025, 12, 31, 23, tzinfo=UTC),
        "month": datetime(2026, 2, 28, 23, tzinfo=UTC),
        "week": datetime(2026, 3, 29, 22, tzinfo=UTC),
        "day": datetime(2026, 3, 29, 22, tzinfo=UTC),
    }
    assert {period: period_begin(AT, period, "Europe/Berlin") for period in begins} == begins


@given(ACTS, st.sampled_from([0.0, 0.25, 1.0, 3.5, 100.0]))
def test_a_batch_is_allowed_what_its_rows_are_one_after_the_other_and_never_more_than_there_is_room(acts, limit):
    many, one = room(limit), room(limit)
    allowed = many.allow_all(np.array(acts, dtype=float), AT)
    assert allowed.tolist() == [one.allow(act, AT) for act in acts]
    assert many.acted == one.acted == allowed.sum() <= limit


def test_answers_say_which_acts_there_was_no_room_for():
    answers = pa.table({"answer": ["Yes", "Yes", "No"], "act": [1.0, 1.0, 0.0]})
    table = limited(answers, room(1), AT)
    assert table.to_pydict() == {
        "answer": ["Yes", "Yes", "No"], "act": [1.0, 0.0, 0.0],
        "held_back": [False] * 3, "beyond_capacity": [False, True, False],
    }  # fmt: skip
    one = room(1)
    assert [limited_row(row, one, AT) for row in answers.to_pylist()] == table.to_pylist()


def test_a_case_without_capacity_has_room_for_all_and_an_answer_without_an_act_has_no_flags():
    assert limited(pa.table({"act": [1.0, 1.0]}), None, AT)["act"].to_pylist() == [1.0, 1.0]
    assert limited(pa.table({"answer": [3.5]}), None, AT).column_names == ["answer"]
    assert limited_row({"answer": 3.5}, room(0), AT) == {"answer": 3.5}


def test_what_was_not_told_to_anybody_is_given_back():
    one = room(1)
    one.give_back(one.allow(1.0, AT))
    assert one.allow(1.0, AT) == 1.0
