"""Room lake. In: physical lines and their dialect -> Out: Records, those that fit the columns and those that do not.

A record that spans lines is one record; a stray quotation mark is read only where one reading alone fits the columns.
"""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grundstein.lake.reading.dialect import Dialect, Scan
from grundstein.lake.reading.raw import SURROGATE, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 1 << 20
TRIES = 40


@dataclass
class Records:
    """Records of a text. `lines` count from 1; `repaired`: lines with a stray quotation mark that one reading fits.

    `ragged`: records with more or fewer fields than most, as (line from 0, fields, text); `settle` decides on them.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    ragged: list[tuple[int, list[str], str]] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    blank: int = 0

    def keep(self, row: list[str], begin: int, text: str) -> None:
        """Add a record that fits."""
        self.rows.append(row)
        self.lines.append(begin + 1)
        self.texts.append(text)

    def put_aside(self, begin: int, reason: str, text: str) -> None:
        """Add a record that does not."""
        self.broken.append((begin + 1, reason, printable(text)))


@contextmanager
def long_fields() -> Iterator[None]:
    """Allow fields of up to a million characters, which also bounds what one stray quotation mark can swallow."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def read_records(lines: Sequence[str], dialect: Dialect, start: int, width: int, header: Sequence[str]) -> Records:
    """Return every record from line `start` (from 0) on; `header` is the record of names, put aside when repeated."""
    found, scan = Records(), Scan(lines, dialect, start)
    suspicious = any("\0" in line or not line.isascii() for line in lines) and _suspicious(lines)
    names = list(header)
    for begin, end, fields in scan:
        if fields == []:
            found.blank += 1
        elif fields is None or len(fields) != width:
            _unfit(found, scan, lines, dialect, (begin, end, fields), width)
        else:
            text = (lines[begin] if end == begin + 1 else "".join(lines[begin:end])).rstrip("\r\n")
            reason = _refused(fields, text, names, suspicious)
            if reason:
                found.put_aside(begin, reason, text)
            else:
                found.keep(fields, begin, text)
    return found


def _suspicious(lines: Sequence[str]) -> bool:
    return any("\0" in line or SURROGATE.search(line) for line in lines)


def _refused(fields: list[str], text: str, names: list[str], suspicious: bool) -> str:
    """Say why a record with the right number of fields is put aside, "" where it is not."""
    if suspicious and "\0" in text:
        return "holds a NUL byte"
    if suspicious and SURROGATE.search(text):
        return "holds bytes that are not in the file's encoding"
    if fields == names:
        return "repeats the line of names"
    if len(fields) > 1 and not fields[0].strip() and not any(map(str.strip, fields)):
        return "holds no value"
    return ""


def _unfit(
    found: Records,
    scan: Scan,
    lines: Sequence[str],
    dialect: Dialect,
    record: tuple[int, int, list[str] | None],
    width: int,
) -> None:
    """Put aside one record, or its first line alone where a stray quotation mark swallowed good lines after it."""
    begin, end, fields = record
    alone = lines[begin].rstrip("\r\n")
    repaired = None if "\0" in alone or SURROGATE.search(alone) else one_reading(alone, dialect, width)
    if repaired is not None and (fields is None or end > begin + 1):
        found.keep(repaired, begin, alone)
        found.repaired.append(begin + 1)
        scan.again(begin + 1)
    elif fields is None:
        found.put_aside(begin, "quotation marks do not close", alone)
    elif end > begin + 1 and _swallowed(lines[begin + 1 : end], dialect, width):
        found.put_aside(begin, "quotation marks do not close", alone)
        scan.again(begin + 1)
    else:
        text = "".join(lines[begin:end]).rstrip("\r\n")
        found.ragged.append((begin, fields, text))


def settle(found: Records, width: int, named: int) -> int:
    """Keep ragged records that differ in empty fields at the end alone, put the others aside; returns how many stay.

    `named` columns have a name or a value, `width` fields most records. Fields beyond the named ones may be missing,
    or be more, if they are empty and the last named column is never so: then no delimiter can have shifted a value.
    """
    filled = bool(found.rows) and all(row[named - 1].strip() for row in found.rows)
    ends = 0
    for begin, fields, text in found.ragged:
        longer = filled and len(fields) > named and fields[named - 1].strip() and not _filled(fields[named:])
        if "\0" in text or SURROGATE.search(text):
            found.put_aside(begin, "holds bytes that are no text", text)
        elif (len(fields) == named or longer) and _filled(fields):
            found.keep((fields[:named] + [""] * width)[:width], begin, text)
            ends += 1
        else:
            many = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            found.put_aside(begin, f"{many} where {named} are expected", text)
    order = sorted(range(len(found.lines)), key=found.lines.__getitem__) if ends else ()
    if order:
        found.rows = [found.rows[at] for at in order]
        found.texts = [found.texts[at] for at in order]
        found.lines.sort()
    return ends


def _filled(fields: Sequence[str]) -> bool:
    return any(map(str.strip, fields))


def _swallowed(lines: Sequence[str], dialect: Dialect, width: int) -> bool:
    for line in lines[:TRIES]:
        fields = next(Scan([line], dialect), (0, 0, None))[2]
        if fields is not None and len(fields) == width and width > 1:
            return True
    return False


def one_reading(line: str, dialect: Dialect, width: int) -> list[str] | None:
    """Return the fields of a line with stray quotation marks if exactly one way to read it gives `width` fields.

    First the natural way: a quotation mark closes a field only where a delimiter or the end follows. Then each
    opening mark in turn is taken as a plain character; two ways that both fit and differ are no reading.
    """
    if dialect.quote not in line or len(line) > LONGEST:
        return None
    natural = _lenient(line, dialect, -1)
    if natural is not None and len(natural) == width:
        return natural
    readings = {tuple(r) for n in range(TRIES) if (r := _lenient(line, dialect, n)) is not None and len(r) == width}
    return list(readings.pop()) if len(readings) == 1 else None


def _lenient(line: str, dialect: Dialect, plain: int) -> list[str] | None:
    """Split a line; the opening quotation mark number `plain` (from 0) is a plain character. None: one stays open."""
    mark, quote, at, opened = dialect.delimiter, dialect.quote, 0, 0
    fields: list[str] = []
    while True:
        while dialect.spaced and line[at : at + 1] == " ":
            at += 1
        if line[at : at + 1] == quote:
            opened += 1
            if opened - 1 != plain:
                value, at = _quoted(line, at + 1, dialect)
                if at < 0:
                    return None
                fields.append(value)
                if at >= len(line):
                    return fields
                at += 1
                continue
        stop = line.find(mark, at)
        fields.append(line[at:] if stop < 0 else line[at:stop])
        if stop < 0:
            return fields
        at = stop + 1


def _quoted(line: str, at: int, dialect: Dialect) -> tuple[str, int]:
    """Return a quoted field that starts at `at`, and where the delimiter after it stands; -1 where it stays open."""
    quote, value = dialect.quote, []
    while at < len(line):
        character, following = line[at], line[at + 1 : at + 2]
        if dialect.escape and character == dialect.escape and following:
            value.append(following)
            at += 2
        elif character == quote and following == quote:
            value.append(quote)
            at += 2
        elif character == quote and following in ("", dialect.delimiter):
            return "".join(value), at + 1
        else:
            value.append(character)
            at += 1
    return "", -1
