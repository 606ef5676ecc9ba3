"""Room lake. In: the bytes of a CSV or TSV file -> Out: Raw, with encoding, dialect and names found and told."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.dialect import Dialect, Scan, find_dialect, width_of
from grundstein.lake.reading.encoding import Decoded, decode
from grundstein.lake.reading.fitting import MARKS, split
from grundstein.lake.reading.header import TOP, Header, find_header
from grundstein.lake.reading.naming import clean_names, listed
from grundstein.lake.reading.raw import Empty, Raw, broken_table, misfits, text_table
from grundstein.lake.reading.records import Records, long_fields, one_reading, read_records, settle, uncollected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract

SPOKEN = {"\t": "TAB", " ": "BLANK"}


@dataclass(frozen=True)
class Layout:
    """Where everything stands in the text: `body` is the line (from 0) of the first record, `width` its fields.

    `odd`: the delimiter of the line of names where it is another one.
    """

    lines: Sequence[str]
    dialect: Dialect
    header: Header
    numbers: Sequence[int]
    top: Sequence[Sequence[str]]
    width: int
    odd: str

    @property
    def body(self) -> int:
        """The line of the first record, from 0; after the last line where there is none."""
        return self.numbers[self.header.first] - 1 if self.header.first < len(self.numbers) else len(self.lines)


def read_delimited(data: bytes, source: str, settings: Mapping[str, str], hints: Contract | None) -> Raw:
    """Return the records of a CSV or TSV file; Refused where it is empty, has names only, or is no table."""
    with uncollected():
        return _read(data, source, settings, hints)


def _read(data: bytes, source: str, settings: Mapping[str, str], hints: Contract | None) -> Raw:
    decoded = decode(data, settings.get("encoding", ""))
    lines = list(io.StringIO(decoded.text, newline=""))
    with long_fields():
        layout = _layout(lines, source, settings, hints)
        names = _columns(layout)
        written = layout.top[layout.header.at] if layout.header.at >= 0 else ()
        found = read_records(lines, layout.dialect, layout.body, layout.width, written)
    hollow = [at for at, name in enumerate(names) if not name and not any(row[at].strip() for row in found.rows)]
    settle(found, layout.width, layout.dialect)
    _check(found, layout, source)
    table, findings = _table(names, hollow, found, layout)
    known = hints is not None and set(hints.names) == set(table.column_names)
    told = (*_told(decoded, layout, known), *findings, *_records_told(found))
    how = {"format": "delimited", "encoding": decoded.encoding, "delimiter": layout.dialect.delimiter}
    lines_read, texts = pa.array(found.lines, pa.int64()), pa.array(found.texts, pa.string())
    return Raw(table, lines_read, texts, broken_table(found.broken), told, None, how)


def _layout(lines: Sequence[str], source: str, settings: Mapping[str, str], hints: Contract | None) -> Layout:
    start, settings = _announced(lines, settings)
    if not any(line.strip("\r\n\0 \t") for line in lines[start:]):
        raise Empty(f"{source} is empty", "a line of names and at least one record", "export the file again")
    dialect = find_dialect(lines[start:], settings)
    width = width_of(lines, dialect, start)
    top, numbers = [], []
    for begin, _, fields in Scan(lines, dialect, start):
        if fields != []:
            top.append(_readable(lines[begin].rstrip("\r\n"), fields, dialect, width))
            numbers.append(begin + 1)
        if len(top) > TOP:
            break
    odd = ""
    try:
        header = find_header(top, numbers, width, settings, hints)
    except Refused:
        top[0], odd = _by_another_mark(lines[numbers[0] - 1].rstrip("\r\n"), dialect, width) or (top[0], "")
        if not odd:
            raise
        header = find_header(top, numbers, width, settings, hints)
    if header.first >= len(top):
        raise Empty(
            f"{source} has names of columns and no record",
            "at least one record",
            "export the file again with its rows",
            header.names,
        )
    return Layout(lines, dialect, header, numbers, top, width, odd)


def _readable(line: str, fields: list[str] | None, dialect: Dialect, width: int) -> list[str]:
    """The fields of a record near the top, also where its quotation marks do not close."""
    return fields or one_reading(line, dialect, width) or next(csv.reader([line], delimiter=dialect.delimiter), [line])


def _by_another_mark(line: str, dialect: Dialect, width: int) -> tuple[list[str], str] | None:
    """The names of a line that one other delimiter alone splits into as many names as records have fields."""
    marks = [mark for mark in MARKS if mark != dialect.delimiter]
    found = [(split(line, replace(dialect, delimiter=mark, spaced=False)), mark) for mark in marks]
    found = [(names, mark) for names, mark in found if len(names) == width > 1 and all(map(str.strip, names))]
    return found[0] if len(found) == 1 and len(set(found[0][0])) == width else None


def _announced(lines: Sequence[str], settings: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    """A first line such as `sep=;` is Excel's way to name the delimiter."""
    match = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None
    return (1, {"delimiter": match[1], **settings}) if match else (0, settings)


def _columns(layout: Layout) -> list[str]:
    """The names as written, one a field; one empty name too many is left out. Refused where a name has no field."""
    names = list(layout.header.names)
    while len(names) > layout.width and not names[-1]:
        names.pop()
    if len(names) == layout.width + 1 and names.count("") == 1:
        names.remove("")
    if len(names) > layout.width:
        raise Refused(
            f"line {_line(layout)} names {len(names)} columns, most records have {layout.width} fields",
            "as many fields as names",
            "correct the line of names, or name the delimiter with --delimiter",
        )
    return names


def _line(layout: Layout) -> int:
    """The line of the names."""
    return layout.numbers[layout.header.at]


def _check(found: Records, layout: Layout, source: str) -> None:
    unfit = len(found.broken) - found.apart
    total = len(found.rows) + unfit
    if unfit * 2 > total:
        line, reason, _ = min(found.broken)
        raise Refused(
            f"{unfit} of {total} records of {source} do not fit {layout.width} columns (line {line}: {reason})",
            "one table with the same columns in every record",
            "name what was not found right: --delimiter, --encoding, --header or --quote",
        )
    if not found.rows:
        raise Empty(f"{source} holds no record", "a line of names and at least one record", "export the file again")


def _table(
    names: Sequence[str], hollow: Sequence[int], found: Records, layout: Layout
) -> tuple[pa.Table, list[Finding]]:
    """The table under clean names; `hollow` columns, without a name and without any value, are left out."""
    table = text_table([str(at) for at in range(len(names))], found.rows)
    kept = [at for at in range(len(names)) if at not in hollow]
    given = len(layout.top[layout.header.at]) if layout.header.at >= 0 else len(names)
    beyond = [at for at in kept if at >= given]
    if beyond:
        raise Refused(
            f"line {_line(layout)} names {given} columns, most records have {layout.width} fields",
            "as many names as fields",
            "add the missing name to that line, or name the delimiter with --delimiter",
        )
    clean, findings = clean_names([names[at] for at in kept])
    if hollow:
        findings = (*findings, Finding("GST-D36", "tip", {"count": len(hollow)}))
    return table.select(kept).rename_columns(list(clean)), list(findings)


def _told(decoded: Decoded, layout: Layout, known: bool) -> list[Finding]:
    """How the file was read; `known`: its names are those of the contract."""
    dialect, header = layout.dialect, layout.header
    mark = SPOKEN.get(dialect.delimiter, dialect.delimiter)
    findings = [Finding("GST-D30", "passed", {"encoding": decoded.encoding, "delimiter": mark})]
    if not decoded.sure:
        findings.append(Finding("GST-D31", "tip", {"encoding": decoded.encoding}))
    above = layout.numbers[header.at] - 1 if header.at >= 0 else layout.body
    if above and header.at != 0:
        findings.append(Finding("GST-D33", "tip", {"lines": above}))
    if header.at < 0:
        findings.append(Finding("GST-D34", "tip", {"columns": layout.width}))
    if layout.header.at >= 0 and not known and (layout.odd or _uneven(layout)):
        findings.append(Finding("GST-D47", "issue", {"line": _line(layout), "columns": listed(_columns(layout))}))
    odd = [dialect.quote] * (dialect.quote != '"') + [dialect.escape] * bool(dialect.escape)
    odd += [f"{dialect.delimiter} "] * dialect.spaced
    if odd:
        findings.append(Finding("GST-D40", "tip", {"marks": "  ".join(f'"{mark}"' for mark in odd)}))
    return findings


def _uneven(layout: Layout) -> bool:
    """Whether the line of names has another number of fields than the records, empty ones at its end apart."""
    names = layout.top[layout.header.at]
    return len(names) < layout.width or any(map(str.strip, names[layout.width :]))


def _records_told(found: Records) -> list[Finding]:
    """What did not fit, what was read in the one way that fits, and blank lines."""
    findings = list(misfits(found.broken, len(found.rows)))
    if found.ends:
        findings.append(Finding("GST-D32", "tip", {"count": found.ends}))
    if found.other:
        findings.append(Finding("GST-D46", "issue", {"count": found.apart, "line": found.other}))
    ways = {"GST-D38": found.repaired, "GST-D45": found.surplus, "GST-D48": found.marked}
    findings += [Finding(c, "tip", {"count": len(at), "line": min(at)}) for c, at in ways.items() if at]
    if found.blank:
        findings.append(Finding("GST-D39", "passed", {"count": found.blank}))
    return findings
