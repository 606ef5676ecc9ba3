"""Room lake. In: physical lines and their dialect -> Out: Records, those that fit the columns and those that do not.

A record that spans lines is one record; a damaged one is read only where one reading alone fits the columns.
"""

from __future__ import annotations

import csv
import gc
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grundstein.lake.reading.below import BELOW, notes_below
from grundstein.lake.reading.dialect import Dialect, Scan
from grundstein.lake.reading.fitting import Profile, by_another_mark, profile_of, with_blanks, without_surplus
from grundstein.lake.reading.raw import SURROGATE, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 1 << 20
TRIES = 40
STEP = 1000
NO_VALUE = "holds no value"


@dataclass
class Records:
    """Records of a text; `lines` count from 1. `ragged`: (line from 0, fields, text), on which `settle` decides.

    Lines read in the one way that fits: `repaired` (a stray quotation mark), `surplus` (a delimiter too many), `marked`
    (another delimiter). `other`: the line of names of a second table, 0 where there is none; `apart`: its records.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    ragged: list[tuple[int, list[str], str]] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)
    blank: int = 0
    ends: int = 0
    other: int = 0
    apart: int = 0

    def keep(self, row: list[str], begin: int, text: str) -> None:
        """Add a record that fits."""
        self.rows.append(row)
        self.lines.append(begin + 1)
        self.texts.append(text)

    def put_aside(self, begin: int, reason: str, text: str) -> None:
        """Add a record that does not."""
        self.broken.append((begin + 1, reason, printable(text)))


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python look for no cycles while millions of rows are made, none of which has any: a fifth less time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def long_fields() -> Iterator[None]:
    """Allow fields of up to a million characters, which also bounds what one stray quotation mark can swallow."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def read_records(lines: Sequence[str], dialect: Dialect, start: int, width: int, header: Sequence[str]) -> Records:
    """Return every record from line `start` (from 0) on; `header` is the record of names, put aside when repeated.

    Where most of its names come again among others, another table begins: all from there on is put aside.
    """
    found, names, at = Records(), list(header), start
    suspicious = any("\0" in line or not line.isascii() for line in lines) and _suspicious(lines)
    while at < len(lines) and not found.other:
        some = lines[at : at + STEP]
        rows = None if suspicious else _plain(some, dialect, width, names)
        if rows is None:
            at = _one_by_one(found, lines, dialect, (at, at + len(some)), width, names, suspicious)
        else:
            found.rows += rows
            found.lines += range(at + 1, at + len(some) + 1)
            found.texts += [line.rstrip("\r\n") for line in some]
            at += len(some)
    return found


def _plain(lines: Sequence[str], dialect: Dialect, width: int, names: list[str]) -> list[list[str]] | None:
    """The records of lines where each is one of `width` fields, not empty and not the names; None elsewhere."""
    try:
        rows = list(csv.reader(lines, **dialect.options))
    except csv.Error:
        return None
    if len(rows) != len(lines) or any(len(row) != width for row in rows):
        return None
    named = bool(names) and names[0] in [row[0] for row in rows]
    empty = width > 1 and any(not row[0].strip() and not _filled(row) for row in rows)
    return None if named or empty else rows


def _one_by_one(
    found: Records,
    lines: Sequence[str],
    dialect: Dialect,
    span: tuple[int, int],
    width: int,
    names: list[str],
    suspicious: bool,
) -> int:
    """Read the records that begin in a span of lines; returns the line after them."""
    scan, first = Scan(lines, dialect, span[0]), names[0] if names else None
    for begin, end, fields in scan:
        if begin >= span[1]:
            return begin
        if fields == []:
            found.blank += 1
        elif fields and fields[0] == first and fields != names and _named_again(fields, names):
            _rest(found, lines, dialect, begin)
            break
        elif fields is None or len(fields) != width:
            _unfit(found, scan, lines, dialect, (begin, end, fields), width)
        else:
            text = (lines[begin] if end == begin + 1 else "".join(lines[begin:end])).rstrip("\r\n")
            reason = _refused(fields, text, names, suspicious)
            if reason:
                found.put_aside(begin, reason, text)
            else:
                found.keep(fields, begin, text)
    return len(lines)


def _named_again(fields: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a record holds most names of the columns: it names those of another table."""
    shared = {name for name in names if name.strip()} & set(fields)
    return len(shared) >= 2 and len(shared) >= 0.6 * len(names)


def _rest(found: Records, lines: Sequence[str], dialect: Dialect, start: int) -> None:
    found.other = start + 1
    for begin, end, fields in Scan(lines, dialect, start):
        if fields == []:
            found.blank += 1
        else:
            found.apart += 1
            text = "".join(lines[begin:end]).rstrip("\r\n")
            found.put_aside(begin, f"belongs to another table, which begins in line {start + 1}", text)


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
        return NO_VALUE
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


def settle(found: Records, width: int, dialect: Dialect) -> None:
    """Keep records with more or fewer fields than most where one reading alone fits, put the others aside.

    Kept as they are: those that differ in empty fields at the end, where no column beyond ever has a value and the one
    before always has: then no delimiter can have shifted a value. For other readings see `fitting`.
    """
    odd = _odd(found, dialect)
    profile = profile_of(found.rows, width) if odd or found.ragged else None
    _unlikely(found, dialect, profile, odd)
    named = next((at + 1 for at in reversed(range(width)) if any(row[at].strip() for row in found.rows)), 0)
    always = bool(named and found.ragged) and all(row[named - 1].strip() for row in found.rows)
    before = len(found.rows)
    for begin, fields, text in found.ragged:
        if "\0" in text or SURROGATE.search(text):
            found.put_aside(begin, "holds bytes that are no text", text)
        elif always and len(fields) >= named and fields[named - 1].strip() and not _filled(fields[named:]):
            found.keep((fields[:named] + [""] * width)[:width], begin, text)
            found.ends += 1
        elif profile is None or not _reread(found, begin, fields, text, dialect, profile):
            many = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            found.put_aside(begin, f"{many} where {width} are expected", text)
    if len(found.rows) > before:
        _sort(found)
    blank = {line for line, reason, _ in found.broken[-TRIES:] if reason == NO_VALUE}
    for _ in range(notes_below(found.rows, found.lines, width, blank)):
        found.rows.pop()
        found.put_aside(found.lines.pop() - 1, BELOW, found.texts.pop())


def _reread(found: Records, begin: int, fields: list[str], text: str, dialect: Dialect, profile: Profile) -> bool:
    """Keep a record in the only way to read it that fits the columns; False where there is none."""
    row, told = without_surplus(fields, text, dialect.delimiter, profile), found.surplus
    if row is None:
        row, told = with_blanks(fields, text, profile) if dialect.delimiter == " " else None, found.marked
    if row is None and "\n" not in text:
        row = by_another_mark(text, dialect, profile)
    if row is None:
        return False
    found.keep(row, begin, text)
    told.append(begin + 1)
    return True


def _odd(found: Records, dialect: Dialect) -> list[int]:
    """The records that fit in number, but with a quotation mark elsewhere than around a field or doubled in it."""
    if dialect.escape:
        return []
    quote, mark, sign = dialect.quote, re.escape(dialect.quote), re.escape(dialect.delimiter)
    field = re.compile(f" *{mark}(?:[^{mark}]|{mark}{mark})*+{mark}(?:{sign}|$)|[^{mark}{sign}]*+(?:{sign}|$)")
    quoted = [at for at, text in enumerate(found.texts) if quote in text]
    return [at for at in quoted if quote in "".join(found.rows[at]) and _stray(found.texts[at], field)]


def _unlikely(found: Records, dialect: Dialect, profile: Profile | None, odd: Sequence[int]) -> None:
    """Put aside those of the odd records whose values do not fit their columns, or whose marks span fields."""
    if profile is None:
        return
    quote = dialect.quote
    plain = {at: [cell.replace(quote, "") for cell in found.rows[at]] for at in odd}
    gone = {at for at in odd if _across(found.rows[at], quote) or profile.contradicts(plain[at])}
    for at in sorted(gone):
        reason = "a quotation mark stands inside a value, and values do not fit"
        found.put_aside(found.lines[at] - 1, reason, found.texts[at])
    if gone:
        left = [at for at in range(len(found.rows)) if at not in gone]
        found.rows = [found.rows[at] for at in left]
        found.lines = [found.lines[at] for at in left]
        found.texts = [found.texts[at] for at in left]


def _across(row: Sequence[str], quote: str) -> bool:
    """Whether a quotation mark seems to open inside one field and to close at the end of a later one."""
    open_ = [cell for cell in row if cell.count(quote) % 2]
    return len(open_) > 1 and not open_[0].rstrip().endswith(quote) and open_[-1].rstrip().endswith(quote)


def _stray(text: str, field: re.Pattern[str]) -> bool:
    """Whether a quotation mark stands anywhere but around a field or doubled inside."""
    at = 0
    while at < len(text):
        match = field.match(text, at)
        if match is None:
            return True
        at = match.end()
    return False


def _sort(found: Records) -> None:
    order = sorted(range(len(found.lines)), key=found.lines.__getitem__)
    found.rows = [found.rows[at] for at in order]
    found.texts = [found.texts[at] for at in order]
    found.lines.sort()


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
