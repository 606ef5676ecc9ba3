"""A text becomes a number only where a pattern says that it is one, and its value is never changed."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.lake.reading.numbers import Style, currencies, read_decimals, read_integers, read_numbers, styles_of

ENGLISH, GERMAN, PLAIN = Style(".", ","), Style(",", "."), Style()
STYLES = [PLAIN, Style(","), ENGLISH, GERMAN, Style(".", "'"), Style(",", " ")]


def written(value: Decimal, style: Style) -> str:
    text = f"{value:,.2f}" if style.thousands else f"{value:.2f}"
    return text.translate(str.maketrans({",": style.thousands or "", ".": style.decimal}))


@given(st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=9), st.sampled_from(STYLES))
@settings(max_examples=100, deadline=None)
def test_amounts_written_in_any_style_are_read_exactly(values, style):
    texts = pa.array([written(value, style) for value in values])
    assert read_decimals(texts, style, 2).to_pylist() == values
    assert read_numbers(texts, style).to_pylist() == [float(value) for value in values]


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1), min_size=1))
@settings(max_examples=50, deadline=None)
def test_whole_numbers_are_read_exactly(values):
    assert read_integers(pa.array(map(str, values)), PLAIN).to_pylist() == values


@pytest.mark.parametrize(
    "text", ["1e3", "0x10", "1_000", "1.5", "abc", "", "1 2", "1,5", "nan", "٣", "12345678901234567890"]
)
def test_what_is_no_whole_number_is_not_made_one(text):
    assert read_integers(pa.array([text]), PLAIN).to_pylist() == [None]


@pytest.mark.parametrize(
    "text", ["1e3", "0x10", "1_000", "nan", "--5", "-5-", "(-5)", "(5", "()", "-", "1.2.3", "5 %", "€ 5"]
)
def test_what_is_no_number_is_not_made_one(text):
    assert read_numbers(pa.array([text]), PLAIN).to_pylist() == [None]


def test_numbers_that_programs_write_are_read():
    texts = pa.array(["1e-05", "1.5e+20", ".5", "-.5", " 7 ", "12.50-", "(3.5)", "+2", "−4", "inf", "-Infinity"])
    expected = [1e-05, 1.5e20, 0.5, -0.5, 7.0, -12.5, -3.5, 2.0, -4.0, float("inf"), float("-inf")]
    assert read_numbers(texts, PLAIN).to_pylist() == expected


def test_thousands_must_stand_in_groups_of_three():
    texts = pa.array(["1.234", "1.234,5", "12.34", "1.2345", "1234,5", "1.234.567"])
    assert read_numbers(texts, GERMAN).to_pylist() == [1234.0, 1234.5, None, None, 1234.5, 1234567.0]


def test_signs_of_currencies_and_per_cent_are_read_around_the_number():
    texts = pa.array(["€ 1.234,50", "1.234,50 €", "EUR -12", "-12,00 €", "12,50 EUR-", "5 USD", "12 %", "x €"])
    amounts = read_decimals(texts, Style(",", ".", "money"), 2).to_pylist()
    assert [str(a) for a in amounts] == ["1234.50", "1234.50", "-12.00", "-12.00", "-12.50", "5.00", "None", "None"]
    assert set(currencies(texts)) == {"€", "EUR", "USD"}
    assert read_numbers(pa.array(["12 %", "12,5%", "7"]), Style(",", "", "%")).to_pylist() == [12.0, 12.5, None]


def test_an_amount_with_more_decimals_than_its_scale_is_not_rounded():
    assert read_decimals(pa.array(["1.230", "1.234", "1" * 17]), PLAIN, 2).to_pylist() == [Decimal("1.23"), None, None]


@pytest.mark.parametrize(
    ("texts", "decimal", "count"),
    [
        (["1.5", "2.25"], {"."}, 2),
        (["12,5", "3"], {","}, 2),
        (["1.234,5"], {","}, 1),
        (["1,234.5"], {"."}, 1),
        (["1.234", "5.678"], {".", ","}, 2),
        (["1,234"], {".", ","}, 1),
        (["1", "2"], {"."}, 2),
    ],
)
def test_the_decimal_sign_is_found_or_left_open(texts, decimal, count):
    styles, most = styles_of(pa.array(texts), "")
    assert {style.decimal for style in styles} == decimal
    assert most == count
