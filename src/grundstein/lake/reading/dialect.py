"""Room lake. In: the first lines of a delimited text -> Out: Dialect, how it separates, quotes and escapes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grundstein.core.errors import Refused, nearest
from grundstein.lake.reading.cells import column_kinds, kind

DELIMITERS = (",", ";", "\t", "|")
NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
SAMPLE = 400
MANY = 100_000
CELLS = 6000
TYPED = ("number", "date", "time")
BLANK_QUOTED = re.compile(r'(?:^| )"[^"\n]*"(?: |$)', re.MULTILINE)


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is written. `escape`: "" where quotes inside are doubled; `spaced`: ", " separates."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    spaced: bool = False

    @property
    def options(self) -> Mapping[str, Any]:
        """The same as arguments of `csv.reader`."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "escapechar": self.escape or None,
            "skipinitialspace": self.spaced,
            "doublequote": True,
            "strict": True,
        }


class Scan(Iterator[tuple[int, int, "list[str] | None"]]):
    """Records of a text as (first line, line after the last, fields); fields are None where quotes do not close.

    Lines are counted from 0. After a record that cannot be read, or `again(line)`, reading goes on at a line's start.
    """

    def __init__(self, lines: Sequence[str], dialect: Dialect, start: int = 0) -> None:
        self._lines, self._dialect = lines, dialect
        self.again(start)

    def again(self, line: int) -> None:
        """Go on reading at the start of a line."""
        self._at = line
        self._reader = csv.reader(self._feed(), **self._dialect.options)

    def _feed(self) -> Iterator[str]:
        lines, end = self._lines, len(self._lines)
        while self._at < end:
            self._at += 1
            yield lines[self._at - 1]

    def __next__(self) -> tuple[int, int, list[str] | None]:
        begin = self._at
        try:
            fields = next(self._reader)
        except csv.Error:
            self.again(begin + 1)
            return begin, begin + 1, None
        return begin, self._at, fields


def asked_delimiter(settings: Mapping[str, str]) -> str:
    """Return the delimiter that a person asked for, "" where nobody did; Refused if it is not one character."""
    asked = settings.get("delimiter", "")
    delimiter = NAMES.get(asked.lower(), asked)
    if len(delimiter) > 1:
        raise Refused(
            f'"{asked}" cannot separate fields', f"one character, or a word ({nearest(asked, NAMES)})", "--delimiter ;"
        )
    return delimiter


def find_dialect(lines: Sequence[str], settings: Mapping[str, str]) -> Dialect:
    """Return the dialect whose records agree best in number of fields and whose cells look most like values."""
    sample = lines[:SAMPLE]
    asked = asked_delimiter(settings)
    quotes = [settings["quote"]] if settings.get("quote") else _quotes(sample)
    candidates = [Dialect(d, q) for q in quotes for d in ([asked] if asked else DELIMITERS)]
    candidates += [replace(c, spaced=True) for c in candidates if c.delimiter != " " and _spaced(sample, c)]
    best = max(candidates, key=lambda candidate: _score(sample, candidate))
    if not asked and width_of(sample, best) < 2 and _blanks_separate(sample):
        best = Dialect(" ")
    escape = settings.get("escape", "\\" if _escapes(lines, best) else "")
    return replace(best, escape=escape)


def width_of(lines: Sequence[str], dialect: Dialect, start: int = 0) -> int:
    """Return the number of fields that most records of the first lines have."""
    counts = _counts(lines[start : start + SAMPLE], dialect)
    return max(counts, key=lambda count: (counts[count], count)) if counts else 0


def _counts(lines: Sequence[str], dialect: Dialect) -> Counter[int]:
    return Counter(len(fields) for _, _, fields in Scan(lines, dialect) if fields)


def _quotes(sample: Sequence[str]) -> list[str]:
    """Apostrophes may quote only where they stand around a field."""
    around = re.search(r"(?:^|[,;\t|])\s?'[^\n]*?'(?=[,;\t|\r\n])", "".join(sample), re.MULTILINE)
    return ['"', "'"] if around else ['"']


def _spaced(sample: Sequence[str], dialect: Dialect) -> bool:
    mark = dialect.delimiter
    marks, spaced = sum(line.count(mark) for line in sample), sum(line.count(f"{mark} ") for line in sample)
    first = next((line for line in sample if mark in line), "")
    return spaced > 0.5 * marks > 0 and first.count(f"{mark} ") == first.count(mark)


def _blanks_separate(sample: Sequence[str]) -> bool:
    """Whether blanks stand around quoted fields, or between values most of which are numbers or dates."""
    full = [line for line in sample if line.strip()]
    if len(full) < 2:
        return False
    if sum(bool(BLANK_QUOTED.search(line)) for line in full) > 0.8 * len(full):
        return True
    rows = [line.split() for line in full]
    width, count = Counter(map(len, rows)).most_common(1)[0]
    found = column_kinds([row for row in rows[1:] if len(row) == width], width)
    return width > 2 and count > 0.95 * len(full) and 2 * sum(one in TYPED for one in found) >= width


def _score(sample: Sequence[str], dialect: Dialect) -> tuple[float, bool]:
    records = [fields for _, _, fields in Scan(sample, dialect) if fields != []]
    counts = Counter(len(fields) for fields in records if fields)
    if not counts:
        return 0.0, False
    width = max(counts, key=lambda count: (counts[count], count))
    cells = [cell for fields in records if fields and len(fields) == width for cell in fields]
    cells = cells[:: 1 + len(cells) // CELLS]
    known = sum(map(_known, cells)) / len(cells)
    share = counts[width] / len(records)
    return share**2 * known * (1 - 0.6 / width), dialect.spaced


def _known(cell: str) -> float:
    """How much a cell looks like one value: another delimiter inside, not followed by a blank, speaks against it."""
    found = kind(cell)
    if found != "text":
        return 0.9 if found == "number" and " " in cell.strip() else 1.0
    if not any(mark in cell for mark in DELIMITERS):
        return 0.8 if cell == cell.strip() else 0.7
    return 0.1 if re.search(r"[,;|]\S|\t", cell) else 0.5


def _escapes(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether a backslash before a quotation mark makes it plain: fewer records then miss the usual width."""
    if not any(f"\\{dialect.quote}" in line for line in lines):
        return False
    width = width_of(lines, dialect)
    plain = _misfits(lines, dialect, width)
    return plain > 0 and _misfits(lines, replace(dialect, escape="\\"), width) < plain


def _misfits(lines: Sequence[str], dialect: Dialect, width: int) -> int:
    scan = Scan(lines[:MANY], dialect)
    return sum(fields != [] and (fields is None or len(fields) != width) for _, _, fields in scan)
