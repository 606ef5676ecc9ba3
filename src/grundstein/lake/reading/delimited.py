"""Room lake. In: the bytes of a CSV or TSV file -> Out: Raw, with encoding, dialect and names found and told."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.dialect import Dialect, Scan, find_dialect, width_of
from grundstein.lake.reading.encoding import Decoded, decode
from grundstein.lake.reading.header import TOP, Header, find_header
from grundstein.lake.reading.naming import clean_names
from grundstein.lake.reading.raw import Raw, broken_table, misfits, text_table
from grundstein.lake.reading.records import Records, long_fields, one_reading, read_records, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract

SPOKEN = {"\t": "TAB", " ": "BLANK"}


@dataclass(frozen=True)
class Layout:
    """Where everything stands in the text: `body` is the line (from 0) of the first record, `width` its fields."""

    lines: Sequence[str]
    dialect: Dialect
    header: Header
    numbers: Sequence[int]
    top: Sequence[Sequence[str]]
    width: int

    @property
    def body(self) -> int:
        """The line of the first record, from 0; after the last line where there is none."""
        return self.numbers[self.header.first] - 1 if self.header.first < len(self.numbers) else len(self.lines)


def read_delimited(data: bytes, source: str, settings: Mapping[str, str], hints: Contract | None) -> Raw:
    """Return the records of a CSV or TSV file; Refused where it is empty, has names only, or is no table."""
    decoded = decode(data, settings.get("encoding", ""))
    lines = list(io.StringIO(decoded.text, newline=""))
    with long_fields():
        layout = _layout(lines, source, settings, hints)
        names = _columns(layout)
        written = layout.top[layout.header.at] if layout.header.at >= 0 else ()
        found = read_records(lines, layout.dialect, layout.body, layout.width, written)
    hollow = [at for at, name in enumerate(names) if not name and not any(row[at].strip() for row in found.rows)]
    ends = settle(found, layout.width, _named(names, hollow))
    _check(found, layout, source)
    table, findings = _table(names, hollow, found, layout)
    told = (*_told(decoded, layout), *findings, *_records_told(found, ends))
    how = {"format": "delimited", "encoding": decoded.encoding, "delimiter": layout.dialect.delimiter}
    lines_read, texts = pa.array(found.lines, pa.int64()), pa.array(found.texts, pa.string())
    return Raw(table, lines_read, texts, broken_table(found.broken), told, None, how)


def _layout(lines: Sequence[str], source: str, settings: Mapping[str, str], hints: Contract | None) -> Layout:
    start, settings = _announced(lines, settings)
    if not any(line.strip("\r\n\0 \t") for line in lines[start:]):
        raise Refused(f"{source} is empty", "a line of names and at least one record", "export the file again")
    dialect = find_dialect(lines[start:], settings)
    width = width_of(lines, dialect, start)
    top, numbers = [], []
    for begin, _, fields in Scan(lines, dialect, start):
        if fields != []:
            top.append(fields or one_reading(lines[begin].rstrip("\r\n"), dialect, width) or [lines[begin]])
            numbers.append(begin + 1)
        if len(top) > TOP:
            break
    header = find_header(top, numbers, width, settings, hints)
    if header.first >= len(top):
        raise Refused(
            f"{source} has names of columns and no record", "at least one record", "export the file again with its rows"
        )
    return Layout(lines, dialect, header, numbers, top, width)


def _announced(lines: Sequence[str], settings: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    """A first line such as `sep=;` is Excel's way to name the delimiter."""
    match = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None
    return (1, {"delimiter": match[1], **settings}) if match else (0, settings)


def _columns(layout: Layout) -> list[str]:
    """The names as written, one a field; Refused where a name has no field."""
    names = list(layout.header.names)
    while len(names) > layout.width and not names[-1]:
        names.pop()
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
    total = len(found.rows) + len(found.broken)
    if len(found.broken) * 2 > total:
        line, reason, _ = min(found.broken)
        raise Refused(
            f"{len(found.broken)} of {total} records of {source} do not fit {layout.width} columns "
            f"(line {line}: {reason})",
            "one table with the same columns in every record",
            "name what was not found right: --delimiter, --encoding, --header or --quote",
        )
    if not found.rows:
        raise Refused(f"{source} holds no record", "a line of names and at least one record", "export the file again")


def _named(names: Sequence[str], hollow: Sequence[int]) -> int:
    """The number of columns up to the last that has a name or a value."""
    return max((at + 1 for at in range(len(names)) if at not in hollow), default=len(names))


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


def _told(decoded: Decoded, layout: Layout) -> list[Finding]:
    """How the file was read."""
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
    odd = [dialect.quote] * (dialect.quote != '"') + [dialect.escape] * bool(dialect.escape)
    odd += [f"{dialect.delimiter} "] * dialect.spaced
    if odd:
        findings.append(Finding("GST-D40", "tip", {"marks": "  ".join(f'"{mark}"' for mark in odd)}))
    return findings


def _records_told(found: Records, ends: int) -> list[Finding]:
    """What did not fit, what was read in the one way that fits, and blank lines."""
    findings = list(misfits(found.broken, len(found.rows)))
    if ends:
        findings.append(Finding("GST-D32", "tip", {"count": ends}))
    if found.repaired:
        findings.append(Finding("GST-D38", "tip", {"count": len(found.repaired), "line": found.repaired[0]}))
    if found.blank:
        findings.append(Finding("GST-D39", "passed", {"count": found.blank}))
    return findings
