"""What the contract says of when values are known decides what a solution may see of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.evaluation.timely import as_known
from grundstein.tools.sealing import unit_hash

START = datetime(2026, 1, 1, tzinfo=UTC)
KEYED = Seal("calls", "random", ("id",), "", "", 0.25, "", "salt")
KEYLESS = Seal("calls", "random", (), "", "", 0.25, "", "salt")


def case(**more: object) -> Case:
    return Case("calling", "?", "predict", {"rows": "calls"}, {"target": "sold"}, **{"time": "called", **more})


def calls(late: list[int | None]) -> pa.Table:
    """Calls of which the score was written so many hours after the call; None: nobody knows when."""
    instant = pa.timestamp("us", "UTC")
    n = len(late)
    called = [START + timedelta(days=k) for k in range(n)]
    written = [None if h is None else c + timedelta(hours=h) for c, h in zip(called, late, strict=True)]
    return pa.table(
        {
            "id": [f"k{k}" for k in range(n)],
            "called": pa.array(called, instant),
            "scored": pa.array(written, instant),
            "score": list(range(n)),
            "seconds": [60 + k for k in range(n)],
            "sold": ["yes", "no"] * (n // 2) + ["no"] * (n % 2),
        }
    )


def codes(findings: object) -> list[tuple[str, str]]:
    return [(one.code, one.section) for one in findings]


def test_a_column_known_afterwards_is_left_out_and_the_report_says_so():
    seen, rows, told = as_known(case(), calls([0, 0]), KEYED, {"seconds": "after"})
    assert seen.ignore == ("seconds",)
    assert codes(told) == [("GST-K12", "tip")]
    assert rows.equals(calls([0, 0]))


def test_nothing_said_or_before_changes_nothing():
    given_case, table = case(ignore=("score",)), calls([0, 5])
    seen, rows, told = as_known(given_case, table, KEYED, {"seconds": "before"})
    assert (seen, told) == (given_case, ())
    assert rows is table


def test_the_target_the_key_and_the_time_keep_their_roles_whatever_the_contract_says():
    seen, _, told = as_known(case(), calls([0, 0]), KEYED, {"sold": "after", "id": "after", "called": "after"})
    assert seen.ignore == ()
    assert not told


def test_values_written_later_than_their_row_or_nobody_knows_when_are_hidden_and_counted():
    _, rows, told = as_known(case(), calls([-2, 0, 1, None]), KEYED, {"score": "scored"})
    assert rows["score"].to_pylist() == [0, 1, None, None]
    assert rows["scored"].null_count == 2
    assert codes(told) == [("GST-K13", "tip")]
    assert (told[0].facts["rows"], told[0].facts["filled"]) == (2, 4)


def test_values_all_written_in_time_pass():
    _, rows, told = as_known(case(), calls([-1, -1]), KEYED, {"score": "scored"})
    assert rows["score"].null_count == 0
    assert codes(told) == [("GST-K13", "passed")]


def test_a_bare_date_of_writing_counts_at_its_end():
    table = calls([0, 0])
    days = pa.array([date(2026, 1, 1), date(2026, 1, 1)])
    table = table.set_column(table.column_names.index("scored"), "scored", days)
    _, rows, _ = as_known(case(), table, KEYED, {"score": "scored"})
    assert rows["score"].to_pylist() == [None, 1]
    of_days = table.set_column(table.column_names.index("called"), "called", days)
    _, rows, _ = as_known(case(), of_days, KEYED, {"score": "scored"})
    assert rows["score"].to_pylist() == [0, 1]


def test_without_a_time_of_the_row_the_column_is_left_out():
    for time in ("", "_row"):
        seen, rows, told = as_known(case(time=time), calls([0, 3]), KEYED, {"score": "scored"})
        assert seen.ignore == ("score",)
        assert codes(told) == [("GST-K14", "tip")]
        assert rows["score"].null_count == 0


def test_what_two_versions_have_shown_is_left_out_without_a_second_finding():
    seen, _, told = as_known(case(), calls([0, 0]), KEYED, {}, ["seconds"])
    assert seen.ignore == ("seconds",)
    assert not told


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-48, 48)), min_size=1, max_size=20))
def test_a_row_without_a_key_stays_the_unit_that_it_was_and_hiding_twice_is_hiding_once(late):
    table = calls(late)
    once = as_known(case(), table, KEYLESS, {"score": "scored"})[1]
    assert np.array_equal(unit_hash(once, (), "salt"), unit_hash(table, (), "salt"))
    again = as_known(case(), once, KEYLESS, {"score": "scored"})[1]
    assert again.equals(once)
