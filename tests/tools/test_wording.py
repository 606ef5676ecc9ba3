"""Rules of how numbers, amounts and dates are written in English and German."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grundstein.tools import wording
from grundstein.tools.wording import (
    NOTHING,
    count,
    day,
    exact,
    later,
    listing,
    money,
    month,
    number,
    percent,
    price,
    shortened,
    span,
    step_of,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(wording).failed == 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (number(38412.7), "38,400"),
        (number(38412.7, "de"), "38.400"),
        (number(0.00123456, "de"), "0,00123"),
        (number(1.5), "1.5"),
        (number(-0.0001, step=0.01), "0.00"),
        (number(2.0, step=0.1, signed=True), "+2.0"),
        (count(1234567, "de"), "1.234.567"),
        (exact(1234.5, "de"), "1.234,5"),
        (exact(3e-7), "0.0000003"),
        (percent(0.0125, decimals=2), "1.25%"),
        (percent(0.3, "de"), "30\u00a0%"),
        (money(0.4, "EUR"), "€0.4"),
        (money(-38412.7, "EUR"), "−€38,400"),
        (money(38412.7, "CHF", "de", signed=True), "+38.400\u00a0CHF"),
        (money(41000, "EUR", step=10.0, signed=True), "+€41,000"),
        (price(0.03, "EUR", "de"), "0,03\u00a0€"),
        (price(60, "EUR", "de"), "60\u00a0€"),
        (span("CHF\u00a012", "CHF\u00a015"), "CHF\u00a012 to CHF\u00a015"),
        (span("1\u00a0%", "3\u00a0%", "de"), "1 bis 3\u00a0%"),
        (day("2027-03-01T23:59:00+00:00"), "1 March 2027"),
        (day("2027-03-01", "de"), "1. März 2027"),
        (month("2027-03-01"), "March 2027"),
        (later("2027-02-15", 28), "2027-03-15"),
        (listing(["x"]), "x"),
        (listing([]), ""),
        (shortened("a b c", 5, 10), "a b c"),
        (shortened("abcdefghijkl", 5, 6), "abcde…"),
    ],
)
def test_numbers_amounts_and_dates_are_written_as_people_write_them(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize("odd", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_written_as_a_dash(odd: float | None) -> None:
    for written in (number(odd), count(odd), exact(odd), percent(odd), money(odd, "EUR"), price(odd, "EUR")):
        assert written == NOTHING


@pytest.mark.parametrize("odd", ["", "soon", "2027-13-45", "<b>"])
def test_an_unreadable_date_stays_as_it_is(odd: str) -> None:
    assert day(odd) == odd
    assert later(odd, 28) == ""
    assert later("9999-12-31", 28) == ""


def read(text: str, language: str) -> float:
    plain = text.replace(wording.MINUS, "-").replace("+", "")
    plain = plain.replace(".", "").replace(",", ".") if language == "de" else plain.replace(",", "")
    return float(plain)


@given(NUMBERS, st.sampled_from(["en", "de"]))
def test_a_written_number_reads_back_within_half_a_step(value: float, language: str) -> None:
    assert abs(read(number(value, language), language) - value) <= step_of(value) * 0.5000001 + 1e-12


@given(NUMBERS, NUMBERS, st.sampled_from(["en", "de"]))
def test_amounts_keep_sign_and_order(one: float, other: float, language: str) -> None:
    step = step_of(max(abs(one), abs(other), 1e-6))
    low, high = sorted([one, other])
    assert read(number(low, language, step=step), language) <= read(number(high, language, step=step), language)


@given(st.text(max_size=200), st.integers(1, 12), st.integers(2, 60))
def test_a_shortened_text_keeps_to_words_and_letters(text: str, words: int, letters: int) -> None:
    short = shortened(text, words, letters)
    assert len(short) <= letters + 2
    assert len([part for part in short.split() if any(letter.isalnum() for letter in part)]) <= words
