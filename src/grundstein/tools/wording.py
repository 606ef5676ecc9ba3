"""Room tools. In: a number, an amount, a date -> Out: how a person writes it, in English or German.

Amounts and ranges are rounded to digits that mean something; the exact figures stand in the records.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

LANGUAGES = ("en", "de")
NOTHING = "–"
MINUS = "−"
SMALLEST, LARGEST = 1e-200, 1e200
GAP = "\u00a0"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
}
_SWAP = str.maketrans(",.", ".,")


def step_of(value: float, digits: int = 3) -> float:
    """Return the power of ten that leaves `digits` meaningful digits of a value; 1 for 0 and what is not finite.

    >>> step_of(38412.7), step_of(0.0312)
    (100.0, 0.0001)
    """
    if not math.isfinite(value) or abs(value) < SMALLEST:
        return 1.0
    return 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)


def sayable(value: float | None) -> TypeGuard[float]:
    """Return whether a value is a number that can be written out."""
    return value is not None and abs(value) < LARGEST


def number(value: float | None, language: str = "en", *, step: float | None = None, signed: bool = False) -> str:
    """Write a number rounded to `step` (a power of ten; three meaningful digits where None).

    >>> number(38412.7), number(38412.7, "de"), number(0.03124, "de"), number(-5, signed=True)
    ('38,400', '38.400', '0,0312', '−5')
    """
    if not sayable(value):
        return NOTHING
    power = round(math.log10(step_of(value) if step is None else step))
    decimals = max(0, -power)
    text = f"{abs(round(value, -power)):,.{decimals}f}"
    if step is None and decimals:
        text = text.rstrip("0").rstrip(".")
    return _sign(value, text, signed) + _local(text, language)


def count(value: float | None, language: str = "en") -> str:
    """Write a whole number with all its digits.

    >>> count(7043), count(7043, "de")
    ('7,043', '7.043')
    """
    return number(value, language, step=1.0)


def exact(value: float | None, language: str = "en", decimals: int = 4) -> str:
    """Write a number with its decimals, without trailing zeros: for the pages that give the rule itself.

    >>> exact(1234.5), exact(1234.5, "de"), exact(0.0125)
    ('1,234.5', '1.234,5', '0.0125')
    """
    if not sayable(value):
        return NOTHING
    if value and abs(value) < 10.0**-decimals:
        return number(value, language)
    text = f"{abs(value):,.{decimals}f}".rstrip("0").rstrip(".")
    return _sign(value, text, signed=False) + _local(text, language)


def percent(share: float | None, language: str = "en", *, decimals: int = 1) -> str:
    """Write a share as a percentage.

    >>> percent(0.3), percent(0.265, "de")
    ('30%', '26,5\\xa0%')
    """
    if not sayable(share):
        return NOTHING
    return exact(share * 100, language, decimals) + (f"{GAP}%" if language == "de" else "%")


def money(
    value: float | None, currency: str, language: str = "en", *, step: float | None = None, signed: bool = False
) -> str:
    """Write an amount with its currency: the sign of the currency where it has one, else its code.

    >>> money(38412.7, "EUR", signed=True), money(-1234.5, "EUR", "de"), money(12, "CHF")
    ('+€38,400', '−1.230\\xa0€', 'CHF\\xa012')
    """
    if not sayable(value):
        return NOTHING
    written = number(value, language, step=step, signed=signed)
    sign = written[0] if written[0] in f"+{MINUS}" else ""
    bare, symbol = written.removeprefix(sign), SYMBOLS.get(currency, currency)
    if language == "de":
        return f"{sign}{bare}{GAP}{symbol}"
    return f"{sign}{symbol}{'' if currency in SYMBOLS else GAP}{bare}"


def price(value: float | None, currency: str, language: str = "en") -> str:
    """Write a stated amount in full: cents only where there are any.

    >>> price(600, "EUR"), price(1234.5, "EUR", "de")
    ('€600', '1.234,50\\xa0€')
    """
    whole = sayable(value) and float(value).is_integer()
    tiny = sayable(value) and 0 < abs(value) < 0.01
    return money(value, currency, language, step=None if tiny else 1.0 if whole else 0.01)


def span(low: str, high: str, language: str = "en") -> str:
    """Join two written ends of a range; what both ends share at their end is written once.

    >>> span("€12,100", "€64,700"), span("12.100\\xa0€", "64.700\\xa0€", "de")
    ('€12,100 to €64,700', '12.100 bis 64.700\\xa0€')
    """
    tail = low[low.rfind(GAP) :] if language == "de" and GAP in low else ""
    head = low.removesuffix(tail) if tail and high.endswith(tail) else low
    return f"{head} {'bis' if language == 'de' else 'to'} {high}"


def day(iso: str, language: str = "en") -> str:
    """Write the date of an ISO date or instant; an unreadable one stays as it is.

    >>> day("2027-03-12T10:00:00Z"), day("2027-03-12", "de")
    ('12 March 2027', '12. März 2027')
    """
    found = read_day(iso)
    if found is None:
        return iso
    return f"{found.day}{'.' if language == 'de' else ''} {MONTHS[language][found.month - 1]} {found.year}"


def instant(iso: str, language: str = "en") -> str:
    """Write the day of an ISO instant, with its time (UTC) unless that is midnight; what is no date stays as it is.

    >>> instant("2025-07-03T00:00:00.000000Z"), instant("2025-07-03T08:30:00Z", "de")
    ('3 July 2025', '3. Juli 2025, 08:30 UTC')
    """
    time = iso[11:16]
    return day(iso, language) + (f", {time} UTC" if time not in ("", "00:00") and read_day(iso) else "")


def month(iso: str, language: str = "en") -> str:
    """Write month and year of an ISO date; an unreadable one stays as it is.

    >>> month("2027-03-12", "de")
    'März 2027'
    """
    found = read_day(iso)
    return f"{MONTHS[language][found.month - 1]} {found.year}" if found else iso


def read_day(iso: str) -> date | None:
    """Read the first ten letters of an ISO date or instant; None where they are no date."""
    try:
        return date.fromisoformat(iso[:10])
    except ValueError:
        return None


def later(iso: str, days: int) -> str:
    """Return the ISO date some days after an ISO date; empty where it is no date."""
    found = read_day(iso)
    try:
        return (found + timedelta(days=days)).isoformat() if found else ""
    except OverflowError:
        return ""


def listing(parts: Sequence[str], language: str = "en") -> str:
    """Join words as a person does.

    >>> listing(["a", "b", "c"]), listing(["a", "b"], "de")
    ('a, b and c', 'a und b')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {'und' if language == 'de' else 'and'} {parts[-1]}"


def shortened(text: str, words: int, letters: int) -> str:
    """Cut a text after so many words (with a letter or digit) or letters, with an ellipsis where something is left out.

    >>> shortened("one two three", 2, 80), shortened("> 55 – 72", 2, 80)
    ('one two …', '> 55 – 72')
    """
    kept: list[str] = []
    for part in text.split():
        words -= any(letter.isalnum() for letter in part)
        if words < 0:
            break
        kept.append(part)
    cut = " ".join(kept)
    if len(cut) > letters:
        return cut[: letters - 1].rstrip() + "…"
    return cut + (" …" if words < 0 else "")


def _sign(value: float, text: str, signed: bool) -> str:
    if not any(letter in "123456789" for letter in text):
        return ""
    return MINUS if value < 0 else "+" if signed else ""


def _local(text: str, language: str) -> str:
    return text.translate(_SWAP) if language == "de" else text
