"""Which truth belongs to which answer: late, partial, told twice, contradicting itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from grundstein.production.truths import corrected, matched

INSTANT = pa.timestamp("us", "UTC")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return BEGIN + timedelta(days=number)


def given(*answers: tuple[str, str | None, float]) -> pa.Table:
    """Answers as (id, person, day)."""
    ids, persons, days = zip(*answers, strict=True)
    at = pa.array([day(one) for one in days], INSTANT)
    return pa.table({"answer_id": ids, "person": pa.array(persons, pa.string()), "answered_at": at})


def told(*truths: tuple[str | None, str | None, Any, float]) -> pa.Table:
    """Truths as (id, person, truth, day)."""
    ids, persons, said, days = zip(*truths, strict=True)
    return pa.table({
        "answer_id": pa.array(ids, pa.string()), "person": pa.array(persons, pa.string()), "left": said,
        "told_at": pa.array([day(one) for one in days], INSTANT),
    })  # fmt: skip


def known(answers: pa.Table, truths: pa.Table) -> list[Any]:
    said = truths["left"].to_pylist()
    return [said[place] if place >= 0 else None for place in matched(answers, truths, ("person",))]


def test_a_truth_comes_late_and_to_a_part_of_the_answers_only():
    answers = given(("a", "x", 0), ("b", "y", 0), ("c", "z", 0))
    assert known(answers, told((None, "x", "Yes", 90), ("c", None, "No", 400))) == ["Yes", None, "No"]


def test_of_truths_that_contradict_each_other_the_newest_counts_in_whatever_order_they_came():
    answers = given(("a", "x", 0), ("b", "y", 0), ("c", "z", 0))
    truths = told(
        ("a", None, "No", 30), ("a", None, "Yes", 10), (None, "y", "Yes", 5), (None, "y", "Yes", 6),
        ("c", None, "No", 7),
    )  # fmt: skip
    assert known(answers, truths) == ["No", "Yes", "No"]
    assert corrected(answers, truths, ("person",), "left") == 1


def test_a_truth_told_twice_is_no_correction():
    answers = given(("a", "x", 0))
    truths = told(("a", None, "No", 1), ("a", None, "No", 1), (None, "x", "No", 2))
    assert known(answers, truths) == ["No"]
    assert corrected(answers, truths, ("person",), "left") == 0


def test_a_truth_about_a_unit_belongs_to_the_last_answer_that_was_given_before_it():
    answers = given(("a", "x", 0), ("b", "x", 30), ("c", "x", 60))
    assert known(answers, told((None, "x", "No", 20), (None, "x", "Yes", 50))) == ["No", "Yes", None]


def test_what_was_told_before_the_first_answer_is_no_truth_about_it():
    assert known(given(("a", "x", 10)), told((None, "x", "Yes", 5))) == [None]


def test_a_truth_about_an_answer_that_nobody_gave_belongs_to_none():
    answers = given(("a", "x", 0), ("b", None, 0))
    truths = told(("zz", None, "Yes", 5), (None, None, "Yes", 6), (None, "nobody", "Yes", 7))
    assert known(answers, truths) == [None, None]
    assert corrected(answers, truths, ("person",), "left") == 0


def test_numbers_are_truths_too():
    answers = given(("a", "x", 0), ("b", "y", 0))
    truths = told(("a", None, 1.5, 1), ("a", None, 2.5, 2), ("b", None, 1.5, 1))
    assert known(answers, truths) == [2.5, 1.5]
    assert corrected(answers, truths, ("person",), "left") == 1
