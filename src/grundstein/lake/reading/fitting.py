"""Room lake. In: records that fit their columns -> Out: Profile, to hold other readings of a damaged record against.

A reading is taken only where every other one contradicts the columns: a text among numbers, a code of another shape,
a value where there is never one. Where two readings are left, or none, the record stays aside.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grundstein.lake.reading.cells import Kind, column_kinds, kind

if TYPE_CHECKING:
    from grundstein.lake.reading.dialect import Dialect

MARKS = (",", ";", "\t", "|", " ")
TYPED = ("number", "date", "time")
LEAST = 20
SAMPLE = 2000
SHAPES = 4
WORDS = re.compile(r"[^\W\d_]+")
DIGITS = re.compile(r"\d+")

Row = Sequence[str]


@dataclass(frozen=True)
class Profile:
    """What the columns hold: kinds, which are always or never filled, and the shapes of codes (`AB-12` is `a-9`)."""

    kinds: tuple[Kind, ...]
    filled: frozenset[int]
    empty: frozenset[int]
    shapes: Mapping[int, frozenset[str]]

    def contradicts(self, row: Row) -> bool:
        """Whether a row has another number of fields, or a value that its column never has."""
        return len(row) != len(self.kinds) or any(self._contradicts(at, cell) for at, cell in enumerate(row))

    def _contradicts(self, at: int, cell: str) -> bool:
        if not cell.strip():
            return at in self.filled
        if at in self.empty or (at in self.shapes and _shape(cell) not in self.shapes[at]):
            return True
        return self.kinds[at] in TYPED and kind(cell) not in ("", self.kinds[at])


def profile_of(rows: Sequence[Row], width: int) -> Profile | None:
    """Return what the columns hold by a sample of the rows that fit; None where there are too few to say."""
    sample = rows[:: 1 + len(rows) // SAMPLE]
    if len(sample) < LEAST:
        return None
    columns = [[row[at] for row in sample] for at in range(width)]
    full = [[cell for cell in column if cell.strip()] for column in columns]
    shapes = {at: frozenset(map(_shape, cells)) for at, cells in enumerate(full) if len(cells) >= LEAST}
    return Profile(
        tuple(column_kinds(sample, width)),
        frozenset(at for at, cells in enumerate(full) if len(cells) == len(sample)),
        frozenset(at for at, cells in enumerate(full) if not cells),
        {at: found for at, found in shapes.items() if len(found) <= SHAPES and all("9" in one for one in found)},
    )


def _shape(cell: str) -> str:
    return DIGITS.sub("9", WORDS.sub("a", cell.strip()))


def without_surplus(fields: Row, text: str, delimiter: str, profile: Profile) -> list[str] | None:
    """Return a record with one field too many without an empty one, where that reading alone fits the columns.

    The other readings: another empty field is the one too many, or a value holds the delimiter unquoted.
    """
    if len(fields) != len(profile.kinds) + 1:
        return None
    dropped = {(*fields[:at], *fields[at + 1 :]) for at, cell in enumerate(fields) if not cell.strip()}
    found = _only([*dropped, *_merged(fields, text, delimiter, len(profile.kinds))] if dropped else [], profile)
    return found if found is not None and tuple(found) in dropped else None


def by_another_mark(line: str, dialect: Dialect, profile: Profile) -> list[str] | None:
    """Return the fields of a line that one other delimiter alone splits so that every value fits its column."""
    width = len(profile.kinds)
    readings: list[Row] = []
    for mark in MARKS:
        fields = split(line, replace(dialect, delimiter=mark, spaced=False)) if mark != dialect.delimiter else []
        readings += [fields] if len(fields) == width else _merged(fields, line, mark, width) if mark == " " else []
    return _only(readings, profile) if _anchored(profile) else None


def with_blanks(fields: Row, text: str, profile: Profile) -> list[str] | None:
    """Return a record separated by blanks whose one value holds blanks itself, where one place alone fits."""
    return _only(_merged(fields, text, " ", len(profile.kinds)), profile) if _anchored(profile) else None


def split(line: str, dialect: Dialect) -> list[str]:
    """Return the fields of one line, none where it cannot be read."""
    try:
        return next(csv.reader([line], **dialect.options), [])
    except csv.Error:
        return []


def _anchored(profile: Profile) -> bool:
    return len(profile.shapes.keys() | {at for at, found in enumerate(profile.kinds) if found in TYPED}) >= 2


def _merged(fields: Row, text: str, mark: str, width: int) -> list[Row]:
    """Every way to take neighbours without quotes as one value that holds the delimiter: `width` fields are left."""
    size = len(fields) - width + 1
    values = [(at, mark.join(fields[at : at + size])) for at in range(width)] if size > 1 else []
    return [(*fields[:at], value, *fields[at + size :]) for at, value in values if value in text]


def _only(readings: Iterable[Row], profile: Profile) -> list[str] | None:
    fits = {tuple(reading) for reading in readings if not profile.contradicts(reading)}
    return list(fits.pop()) if len(fits) == 1 else None
