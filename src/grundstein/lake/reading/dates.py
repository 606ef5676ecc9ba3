"""Room lake. In: texts that may be dates or instants -> Out: the dates, null where a text is none; and their order.

ISO (2024-03-31) and year first are always read; 31.03.2024 is always day first; 03/04/2024 is read only where the
order is known. Month names are English or German. Days that no calendar has are no dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.lake.reading.cells import MONTH, MONTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOCK = (
    r"(?:(?:[Tt]|,?\s+(?:um\s+)?)(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<half>[aApP]\.?[mM]\.?)?(?:\s*Uhr)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?"
)
WEEKDAY = r"(?:(?:mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]*\s+)?"
SHAPES: dict[str, str] = {
    "year first": r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
    "dots": r"(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})",
    "slashes": r"(?P<a>\d{1,2})\s?/\s?(?P<b>\d{1,2})\s?/\s?(?P<y>\d{4}|\d{2})",
    "dashes": r"(?P<a>\d{1,2})-(?P<b>\d{1,2})-(?P<y>\d{4})",
    "day and name": rf"(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)?[\s-]*(?P<name>{MONTH})\.?,?[\s-]*(?P<y>\d{{4}}|\d{{2}})",
    "name and day": rf"(?P<name>{MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})",
    "compact": r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})",
}
OPEN_ORDER = ("slashes", "dashes")
DAY = 86_400_000_000


@dataclass(frozen=True)
class Parts:
    """Dates taken apart, arrays of one length; `shaped`: written like a date, `valid`: and a day of the calendar.

    `day`: days since 1970; `clock`: microseconds since midnight, -1 without a time of day; `offset`: minutes east of
    UTC, `zoned` where the text names it. `short`: the year has two digits.
    """

    shaped: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    day: NDArray[np.int64]
    clock: NDArray[np.int64]
    offset: NDArray[np.int64]
    zoned: NDArray[np.bool_]
    short: NDArray[np.bool_]


def read_dates(texts: pa.Array, order: str) -> pa.Array:
    """Return date32; a time of day other than midnight makes it no date."""
    parts = take_apart(texts, order)
    fits = parts.valid & (parts.clock <= 0) & ~parts.zoned
    return _masked(pa.array(parts.day.astype("datetime64[D]")), fits)


def read_instants(texts: pa.Array, order: str, timezone: str) -> pa.Array:
    """Return UTC microseconds; without a zone in the text the time is that of `timezone`.

    An hour that the clocks repeat in autumn is the earlier one; an hour that they skip in spring never was: null.
    """
    parts = take_apart(texts, order)
    local = parts.day * DAY + np.maximum(parts.clock, 0)
    zoned = _masked(pa.array(local - parts.offset * 60_000_000), parts.valid & parts.zoned)
    naive = _masked(pa.array(local), parts.valid & ~parts.zoned)
    there = in_zone(naive.cast(pa.timestamp("us")), timezone)
    return pc.coalesce(zoned.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC")), there)


def in_zone(naive: pa.Array, timezone: str) -> pa.Array:
    """Return naive timestamps as UTC, null where the clocks of the zone skip that time."""
    first = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="earliest")
    last = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="latest")
    exists = pc.equal(first, last)
    kept = pc.if_else(pc.fill_null(exists, False), first, pa.scalar(None, first.type))
    return kept.cast(pa.timestamp("us", "UTC"))


def repeated_hours(texts: pa.Array, order: str, timezone: str) -> int:
    """Return how many instants without a zone fall into the hour that the clocks repeat in autumn."""
    parts = take_apart(texts, order)
    naive = _masked(pa.array(parts.day * DAY + np.maximum(parts.clock, 0)), parts.valid & ~parts.zoned)
    naive = naive.cast(pa.timestamp("us"))
    early = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="earliest")
    late = pc.assume_timezone(naive, timezone, ambiguous="latest", nonexistent="earliest")
    return pc.sum(pc.cast(pc.not_equal(early, late), pa.int64())).as_py() or 0


def take_apart(texts: pa.Array, order: str) -> Parts:
    """Return the parts of each text by the first shape that it has; `order`: "dmy", "mdy", "ymd" or "" (not known).

    "ymd" also reads eight digits without separators.
    """
    trimmed = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
    found = _nothing(len(texts))
    for name in SHAPES:
        if (name in OPEN_ORDER and order not in ("dmy", "mdy")) or (name == "compact" and order != "ymd"):
            continue
        left = ~found.shaped
        if not left.any():
            break
        parts = pc.extract_regex(trimmed, _pattern(name))
        hit = np.asarray(pc.is_valid(parts)) & left
        if hit.any():
            rows = np.flatnonzero(hit)
            _fill(found, rows, parts.take(pa.array(rows)), month_first=order == "mdy" and name != "dots")
    return found


def orders(texts: pa.Array) -> dict[str, tuple[int, int, int]]:
    """Return for slashes and dashes: how many texts have that shape, as a day first, and as a month first."""
    trimmed = pc.utf8_trim_whitespace(texts)
    counts = {}
    for name in OPEN_ORDER:
        parts = pc.extract_regex(trimmed, _pattern(name))
        a, b, year = (_whole(parts, field) for field in "aby")
        here = np.asarray(pc.is_valid(parts))
        if here.any():
            day, month = (_day(_century(year), *pair)[1] & here for pair in ((b, a), (a, b)))
            counts[name] = (int(here.sum()), int(day.sum()), int(month.sum()))
    return counts


def _pattern(shape: str) -> str:
    return f"(?i)^{WEEKDAY}{SHAPES[shape]}{CLOCK}$"


def _nothing(length: int) -> Parts:
    no, zero = np.zeros(length, bool), np.zeros(length, np.int64)
    return Parts(no, no.copy(), zero, zero.copy(), zero.copy(), no.copy(), no.copy())


def _fill(found: Parts, rows: NDArray[np.int64], parts: pa.Array, month_first: bool) -> None:
    year = _whole(parts, "y")
    names = {field.name for field in parts.type}
    if "name" in names:
        day, month = _whole(parts, "d"), _months(pc.struct_field(parts, "name"))
    elif "m" in names:
        day, month = _whole(parts, "d"), _whole(parts, "m")
    else:
        first, second = _whole(parts, "a"), _whole(parts, "b")
        day, month = (second, first) if month_first else (first, second)
    found.shaped[rows] = True
    found.short[rows] = year < 100
    found.day[rows], valid = _day(_century(year), month, day)
    found.clock[rows], on_time = _clock(parts)
    found.zoned[rows], found.offset[rows] = _zone(pc.struct_field(parts, "zone"))
    found.valid[rows] = valid & on_time


def _century(year: NDArray[np.int64]) -> NDArray[np.int64]:
    """Two digits: 69 to 99 are 19.., 00 to 68 are 20.., as POSIX has it."""
    return np.where(year >= 100, year, np.where(year >= 69, 1900 + year, 2000 + year))


def _day(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Days since 1970, and whether the calendar has that day."""
    possible = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1000)
    months = np.where(possible, (year - 1970) * 12 + month - 1, 0)
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (np.where(possible, day, 1) - 1)
    return days.astype(np.int64), possible & (days.astype("datetime64[M]").astype(np.int64) == months)


def _clock(parts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Microseconds since midnight, -1 where there is no time of day; and whether a clock shows that time."""
    hour, minute, second = (_whole(parts, field) for field in "HMS")
    half = pc.utf8_lower(pc.utf8_slice_codeunits(pc.struct_field(parts, "half"), 0, 1))
    morning, evening = np.asarray(pc.equal(half, "a")), np.asarray(pc.equal(half, "p"))
    valid = (hour < 24) & (minute < 60) & (second < 60)
    valid &= ~(morning | evening) | ((hour >= 1) & (hour <= 12))
    hour = np.where(morning | evening, hour % 12 + 12 * evening, hour)
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(parts, "f"), 6, "0"), 0, 6)
    micro = np.asarray(pc.cast(fraction, pa.int64()))
    clock = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro
    return np.where(np.asarray(pc.equal(pc.struct_field(parts, "H"), "")), -1, clock), valid


def _zone(zone: pa.Array) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether the text names its zone, and minutes east of UTC."""
    named = np.asarray(pc.not_equal(zone, ""))
    parts = pc.extract_regex(zone, r"^(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?$")
    minutes = _whole(parts, "hours") * 60 + _whole(parts, "minutes")
    east = np.asarray(pc.fill_null(pc.equal(pc.struct_field(parts, "sign"), "+"), True))
    return named, np.where(east, minutes, -minutes)


def _months(names: pa.Array) -> NDArray[np.int64]:
    found = names.dictionary_encode()
    numbers = np.array([MONTHS[name.casefold()] for name in found.dictionary.to_pylist()], dtype=np.int64)
    return numbers[np.asarray(found.indices)]


def _whole(parts: pa.Array, field: str) -> NDArray[np.int64]:
    digits = pc.struct_field(parts, field)
    filled = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    return np.asarray(pc.cast(filled, pa.int64()))


def _masked(values: pa.Array, fits: NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(fits), values, pa.scalar(None, values.type))
