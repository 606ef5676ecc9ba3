"""Room lake. In: an Excel or OpenDocument file -> Out: Raw, one sheet's cells as text, `line` its rows."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.lake.reading.header import TOP, find_header
from grundstein.lake.reading.naming import clean_names
from grundstein.lake.reading.raw import Raw, broken_table, misfits, text_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract

Row = list[str | None]


def read_spreadsheet(data: bytes, source: str, settings: Mapping[str, str], hints: Contract | None) -> Raw:
    """Return the records of one sheet; Refused where several sheets hold data and none is chosen."""
    sheet, cells, first = _sheet(data, source, settings)
    rows, numbers = [], []
    for number, cell_row in enumerate(cells, start=first):
        row = [_text(cell) for cell in cell_row]
        if any(row):
            rows.append(row)
            numbers.append(number)
    if not rows:
        raise Refused(f'sheet "{sheet}" of {source} is empty', "names and a record", "choose another --sheet")
    width = len(rows[0])
    header = find_header(rows[: TOP + 1], numbers[: TOP + 1], width, settings, hints)
    if header.first >= len(rows):
        raise Refused(f'sheet "{sheet}" of {source} has names and no record', "at least one record", "export it again")
    names, body = list(header.names), range(header.first, len(rows))
    filled = [at for at in range(width) if names[at] or any(rows[place][at] for place in body)]
    clean, findings = clean_names([names[at] for at in filled])
    repeated = [at for at in body if header.at >= 0 and rows[at] == rows[header.at]]
    kept = [at for at in body if at not in repeated]
    broken = [(numbers[at], "repeats the line of names", _line(rows[at])) for at in repeated]
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


def _sheet(data: bytes, source: str, settings: Mapping[str, str]) -> tuple[str, list[list[Any]], int]:
    """The chosen sheet's name, its cells and the number of their first row."""
    import python_calamine as calamine

    try:
        with calamine.load_workbook(io.BytesIO(data)) as book:
            name = _choice(book, source, settings.get("sheet", ""))
            sheet = book.get_sheet_by_name(name)
            return name, sheet.to_python(skip_empty_area=True), (sheet.start or (0, 0))[0] + 1
    except calamine.PasswordError:
        raise Refused(f"{source} is locked by a password", "a file that opens", "save a copy without it") from None
    except BaseException as error:
        # A damaged file makes calamine panic, with an exception of Rust that no module exports.
        if isinstance(error, calamine.CalamineError) or type(error).__name__ == "PanicException":
            raise Refused(f"{source} is no whole workbook", "an .xlsx, .xls or .ods file", "save it again") from None
        raise


def _choice(book: Any, source: str, asked: str) -> str:
    if asked:
        if asked not in book.sheet_names:
            raise Refused(f'{source} has no sheet "{asked}"', nearest(asked, book.sheet_names), "--sheet NAME")
        return asked
    shown = [about.name for about in book.sheets_metadata if str(about.visible).endswith("Visible")] or book.sheet_names
    full = [name for name in shown if book.get_sheet_by_name(name).end]
    if not full:
        raise Refused(f"{source} has no sheet with a value", "a sheet with names and records", "export it again")
    if len(full) > 1:
        raise Refused(
            f"{source} has {len(full)} sheets with data", f"one of: {', '.join(full)}", f'--sheet "{full[0]}"'
        )
    return full[0]


def _text(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without ".0", dates and times in ISO, None where it is empty."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


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
