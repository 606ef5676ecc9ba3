"""Room lake. In: an Excel or OpenDocument file -> Out: Raw, one sheet's cells as text, `line` its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.findings import Finding
from grundstein.lake.reading.below import BELOW, notes_below
from grundstein.lake.reading.header import TOP, find_header
from grundstein.lake.reading.naming import clean_names
from grundstein.lake.reading.raw import Empty, Raw, broken_table, misfits, text_table
from grundstein.lake.reading.workbook import read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract


def read_spreadsheet(data: bytes, source: str, settings: Mapping[str, str], hints: Contract | None) -> Raw:
    """Return the records of one sheet; Refused where several sheets hold data and none is chosen."""
    book = read_sheet(data, source, settings.get("sheet", ""))
    sheet = book.name
    numbered = [(number, row) for number, row in enumerate(book.rows, start=book.first) if any(row)]
    rows, numbers = [row for _, row in numbered], [number for number, _ in numbered]
    blank = set(range(book.first, book.first + len(book.rows))) - set(numbers)
    if not rows:
        raise Empty(f'sheet "{sheet}" of {source} is empty', "names and a record", "choose another --sheet")
    width = len(rows[0])
    header = find_header(rows[: TOP + 1], numbers[: TOP + 1], width, settings, hints)
    if header.first >= len(rows):
        what = f'sheet "{sheet}" of {source} has names and no record'
        raise Empty(what, "at least one record", "export it again", header.names)
    names, body = list(header.names), range(header.first, len(rows))
    filled = [at for at in range(width) if names[at] or any(rows[place][at] for place in body)]
    clean, findings = clean_names([names[at] for at in filled])
    repeated = [at for at in body if header.at >= 0 and rows[at] == rows[header.at]]
    kept = [at for at in body if at not in repeated]
    broken = [(numbers[at], "repeats the line of names", _line(rows[at])) for at in repeated]
    notes = notes_below([rows[at] for at in kept], [numbers[at] for at in kept], width, blank)
    broken += [(numbers[at], BELOW, _line(rows[at])) for at in kept[len(kept) - notes :]]
    kept = kept[: len(kept) - notes]
    above = (numbers[header.at] if header.at >= 0 else numbers[header.first]) - 1
    told = _told(sheet, above, header.at, len(filled), width - len(filled), broken, len(kept))
    return Raw(
        text_table(clean, [[rows[at][column] for column in filled] for at in kept]),
        pa.array([numbers[at] for at in kept], pa.int64()),
        pa.array([_line(rows[at]) for at in kept], pa.string()),
        broken_table(broken),
        (*told, *findings),
        None,
        {"format": "sheet", "sheet": sheet},
    )


def _line(row: Sequence[str | None]) -> str:
    return "\t".join(cell or "" for cell in row).rstrip("\t")


def _told(
    sheet: str, above: int, at: int, width: int, dropped: int, broken: Sequence[tuple[int, str, str]], rows: int
) -> list[Finding]:
    findings = [Finding("GST-D41", "passed", {"sheet": sheet})]
    if above and at != 0:
        findings.append(Finding("GST-D33", "tip", {"lines": above}))
    if at < 0:
        findings.append(Finding("GST-D34", "tip", {"columns": width}))
    if dropped:
        findings.append(Finding("GST-D36", "tip", {"count": dropped}))
    return [*findings, *misfits(broken, rows)]
