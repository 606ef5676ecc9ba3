"""Room lake. In: texts that may be numbers -> Out: the numbers, null where a text is none; and a column's style.

A text becomes a number only where a pattern says that it is one: "1e3", "0x10" and "1_000" are none, "1.5" is no
integer. Arrays in, arrays of the same length out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

CURRENCIES: dict[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "£": ("GBP",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "US$": ("USD",),
    "¥": ("JPY", "CNY"),
    "Fr.": ("CHF",),
    "zł": ("PLN",),
    "Kč": ("CZK",),
    "kr": ("SEK", "NOK", "DKK"),
    "kr.": ("SEK", "NOK", "DKK"),
    "₹": ("INR",),
    "₺": ("TRY",),
}
CODES = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "JPY",
    "CNY",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "CAD",
    "AUD",
    "NZD",
    "SGD",
    "HKD",
    "INR",
    "TRY",
    "BRL",
    "ZAR",
    "MXN",
    "RON",
    "BGN",
]
SIGN = "|".join(re.escape(word) for word in sorted([*CURRENCIES, *CODES], key=len, reverse=True))
BLANK = "[ \u00a0\u202f\u2009]*"
BLANKS = "\u00a0\u202f\u2009"
DIGITS = 18
PLAIN = r"^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]\d{1,3})?$"


@dataclass(frozen=True)
class Style:
    """How a column writes numbers. `thousands`: ".", ",", "'" or " ", "" for none; `unit`: "", "%" or "money"."""

    decimal: str = "."
    thousands: str = ""
    unit: str = ""


STYLES = tuple(
    Style(d, t)
    for d, t in ((".", ""), (",", ""), (".", ","), (",", "."), (".", "'"), (",", " "), (".", " "), (",", "'"))
)


def numbers_as_written(texts: pa.Array, style: Style) -> pa.Array:
    """Return each number as plain text (-1234.5), null where a text is not a number in this style."""
    trimmed = pc.utf8_trim_whitespace(texts)
    if style == Style():
        plain = pc.match_substring_regex(trimmed, PLAIN)
        if pc.all(plain).as_py():
            return trimmed
    parts = pc.extract_regex(_even(trimmed), _pattern(style))
    part = {name: pc.struct_field(parts, name) for name in ("open", "sign", "whole", "part", "power", "tail", "close")}
    opened = pc.equal(part["open"], "(")
    minus = [pc.cast(mark, pa.int8()) for mark in (opened, pc.equal(part["sign"], "-"), pc.equal(part["tail"], "-"))]
    signs = pc.add(pc.add(minus[0], minus[1]), minus[2])
    digits = pc.not_equal(pc.binary_join_element_wise(part["whole"], part["part"], ""), "")
    paired = pc.equal(opened, pc.equal(part["close"], ")"))
    fits = pc.and_(pc.and_(digits, paired), pc.less_equal(signs, 1))
    whole = pc.replace_substring(part["whole"], style.thousands, "") if style.thousands else part["whole"]
    dotted = pc.if_else(pc.equal(part["part"], ""), "", pc.binary_join_element_wise(".", part["part"], ""))
    sign = pc.if_else(pc.equal(signs, 1), "-", "")
    return _keep(pc.binary_join_element_wise(sign, whole, dotted, part["power"], ""), fits)


def read_numbers(texts: pa.Array, style: Style) -> pa.Array:
    """Return float64; infinities written as such are kept, for a check to put aside."""
    written = numbers_as_written(texts, style)
    numbers = pc.cast(written, pa.float64())
    endless = pc.match_substring_regex(pc.utf8_trim_whitespace(texts), "(?i)^[+-]?inf(?:inity)?$")
    if not pc.any(endless).as_py():
        return numbers
    sign = pc.if_else(pc.starts_with(pc.utf8_trim_whitespace(texts), "-"), float("-inf"), float("inf"))
    return pc.if_else(pc.fill_null(endless, False), sign, numbers)


def read_integers(texts: pa.Array, style: Style) -> pa.Array:
    """Return int64; a fraction other than zeros, an exponent or more than 18 digits is no integer."""
    written = numbers_as_written(texts, style)
    fits = pc.match_substring_regex(written, rf"^-?\d{{1,{DIGITS}}}(?:\.0+)?$")
    return pc.cast(pc.replace_substring_regex(_keep(written, fits), r"\.0+$", ""), pa.int64())


def read_decimals(texts: pa.Array, style: Style, scale: int) -> pa.Array:
    """Return decimal(18, scale); more decimals than the scale, or too many digits, is no amount."""
    written = numbers_as_written(texts, style)
    fits = pc.match_substring_regex(written, rf"^-?\d{{0,{DIGITS - scale}}}(?:\.\d{{1,{scale}}}0*)?$")
    short = pc.replace_substring_regex(_keep(written, fits), rf"(\.\d{{{scale}}})0+$", r"\1")
    return pc.cast(short, pa.decimal128(DIGITS, scale))


def currencies(texts: pa.Array) -> dict[str, tuple[str, ...]]:
    """Return the currency signs and codes that stand before or after numbers, each with the currencies it may mean."""
    if not pc.any(pc.match_substring_regex(texts, SIGN)).as_py():
        return {}
    around = pc.extract_regex(
        _even(pc.utf8_trim_whitespace(texts)), rf"^[(+-]?{BLANK}(?P<a>{SIGN})?.*?(?P<b>{SIGN})?[-)]?$"
    )
    found: set[str] = set()
    for name in ("a", "b"):
        found |= set(pc.unique(pc.struct_field(around, name)).to_pylist())
    return {sign: CURRENCIES.get(sign, (sign,)) for sign in sorted(found - {None, ""})}


def decimals(written: pa.Array) -> int:
    """Return the most decimals that any number has, trailing zeros included."""
    parts = pc.struct_field(pc.extract_regex(written, r"\.(?P<part>\d+)"), "part")
    return pc.max(pc.utf8_length(parts)).as_py() or 0


def styles_of(texts: pa.Array, unit: str) -> tuple[list[Style], int]:
    """Return the styles in which most of the texts are numbers, simplest first, and in how many of them they are."""
    counts: dict[Style, int] = {}
    for plain in STYLES:
        style = Style(plain.decimal, plain.thousands, unit)
        counts[style] = len(texts) - numbers_as_written(texts, style).null_count
        if counts[style] == len(texts) and not pc.any(pc.match_substring_regex(texts, r"[.,]\d{3}(?:\D|$)")).as_py():
            return [style], len(texts)
    most = max(counts.values(), default=0)
    return [style for style, count in counts.items() if count == most], most


def _pattern(style: Style) -> str:
    money = f"(?:{SIGN})?" if style.unit == "money" else ""
    percent = f"%{BLANK}" if style.unit == "%" else ""
    mark, point = re.escape(style.thousands), re.escape(style.decimal)
    whole = rf"\d{{1,3}}(?:{mark}\d{{3}})+|\d+" if mark else r"\d+"
    number = rf"(?P<whole>{whole}|)(?:{point}(?P<part>\d+))?(?P<power>[eE][+-]\d{{1,3}})?"
    return (
        rf"^(?P<open>\(?){BLANK}{money}{BLANK}(?P<sign>[+-]?){BLANK}{money}{BLANK}{number}"
        rf"{BLANK}{money}{BLANK}{percent}(?P<tail>-?){BLANK}{money}(?P<close>\)?)$"
    )


def _even(texts: pa.Array) -> pa.Array:
    """Write blanks, apostrophes and minus signs in one way."""
    for odd, plain in (*((blank, " ") for blank in BLANKS), ("’", "'"), ("−", "-")):
        texts = pc.replace_substring(texts, odd, plain)
    return texts


def _keep(texts: pa.Array, fits: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(fits, False), texts, pa.scalar(None, pa.string()))
