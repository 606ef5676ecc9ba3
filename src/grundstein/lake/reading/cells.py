"""Room lake. In: one cell as text -> Out: what it looks like; used on samples to find dialect, header and types."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["", "number", "date", "time", "text"]

MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jän jänner",
            "february feb februar feber",
            "march mar märz mär mrz maerz",
            "april apr",
            "may mai",
            "june jun juni",
            "july jul juli",
            "august aug",
            "september sep sept",
            "october oct oktober okt",
            "november nov",
            "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))

MARKERS = frozenset(
    [
        "n/a",
        "na",
        "n.a.",
        "#n/a",
        "#na",
        "#nv",
        "#n/v",
        "null",
        "none",
        "nan",
        "nil",
        "(null)",
        "<null>",
        "\\n",
        "k.a.",
        "k.a",
        "k/a",
        "keine",
        "angabe",
        "#div/0!",
        "#wert!",
        "#value!",
        "#ref!",
        "#bezug!",
        "#name?",
        "#null!",
        "#num!",
        "#zahl!",
    ]
) | {"keine angabe", "k. a.", "not available", "nicht vorhanden"}
SIGNS = r"^[-–—*.?_]{1,9}$"
NO_DATE = frozenset(("0000-00-00", "00.00.0000", "00000000", "0000-00-00 00:00:00", "00/00/0000"))

NUMBER = re.compile(
    r"\(?\s*(?:[€$£¥]|[A-Z]{3}|US\$|Fr\.|%)?\s*[+\-−]?\s*(?:[€$£¥]\s*)?"
    r"(?:\d[\d.,'’\u00a0\u202f ]*\d|\d|[.,]\d+)"
    r"(?:[eE][+-]?\d{1,3})?\s*(?:[€$£¥%]|[A-Z]{3}|zł|Kč|kr\.?|Fr\.)?\s*[-−]?\)?|[+-]?inf(?:inity)?",
    re.IGNORECASE,
)
CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:\s*[ap]m|\s*Uhr)?(?:\s*(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
DATE = re.compile(
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?(?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}(?:\.|st|nd|rd|th)?[\s-]*(?:{MONTH})\.?,?[\s-]*(?:\d{{4}}|\d{{2}})"
    rf"|(?:{MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}})"
    rf"(?:(?:T|,?\s+(?:um\s+)?){CLOCK})?",
    re.IGNORECASE,
)
SIGN = re.compile(SIGNS)
TIME = re.compile(CLOCK, re.IGNORECASE)


def kind(cell: str | None) -> Kind:
    """Return what a cell looks like; "" where it is empty or a usual sign for a missing value."""
    text = (cell or "").strip()
    if not text or text.casefold() in MARKERS or SIGN.match(text):
        return ""
    if DATE.fullmatch(text):
        return "date"
    if TIME.fullmatch(text):
        return "time"
    return "number" if NUMBER.fullmatch(text) else "text"


def column_kinds(rows: Sequence[Sequence[str | None]], width: int) -> list[Kind]:
    """Return the kind of each column: one that at least 9 of 10 cells with a value share, else "text"."""
    return [_common(kind(row[at]) for row in rows) for at in range(width)]


def _common(kinds: Iterable[Kind]) -> Kind:
    counts = Counter(k for k in kinds if k)
    if not counts:
        return ""
    best, count = counts.most_common(1)[0]
    return best if count >= 0.9 * counts.total() else "text"
