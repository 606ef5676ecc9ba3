"""Room lake. In: a table -> Out: one file for those who work in a spreadsheet (.xlsx, .csv, .parquet), never half."""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    Put = Callable[[int, int, Any], int | None]

EXCEL_ROWS = 1_048_575
EXCEL_COLUMNS = 16_384
EXCEL_TEXT = 32_767
EXCEL_DIGITS = 15
EXCEL_BEGIN = date(1900, 3, 1)
WIDTHS = (8, 60)
LOOKED_AT = 500
PARQUET_ROWS = 122_880


def write_out(table: pa.Table, path: Path) -> None:
    """Write a table to `path` by its ending; the file is there whole, or as it was before.

    .xlsx: bold, frozen header; dates and instants (UTC, said in the header) as Excel's own; numbers of more than 15
    digits as text, because Excel would round them; text always as text, never as a formula.
    .csv: UTF-8 with a byte order mark (without it Excel misreads umlauts), commas, points in numbers, ISO dates; values
    as they are, so a program that runs formulas out of a CSV file is better given the .xlsx.
    .parquet: every type as it is.
    """
    write_parts(table.to_batches(), table.schema, table.num_rows, path)


def write_parts(parts: Iterable[pa.RecordBatch], schema: pa.Schema, rows: int, path: Path) -> None:
    """Write `rows` rows that come part by part as `write_out` writes a table.

    .csv and .parquet hold one part in memory at a time; a sheet of Excel is held whole, for it is never longer than
    1,048,575 rows (more are refused before one is read).
    """
    writers = {".xlsx": _write_excel, ".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix.lower() not in writers:
        raise Refused(
            f'"{path.name}" has no ending that says how to write it.',
            "FILE.xlsx, FILE.csv or FILE.parquet.",
            f"--to {path.with_suffix('.xlsx').name}",
        )
    if not path.parent.is_dir():
        raise Refused(f"There is no folder {path.parent}.", "A folder that exists.", f"Make it: mkdir -p {path.parent}")
    if path.suffix.lower() == ".xlsx":
        _fits_sheet(rows, len(schema))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        writers[path.suffix.lower()](parts, schema, part)
        part.replace(path)
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror or error}.",
            "A place that may be written.",
            "Close the file where it is open, or name another one.",
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _write_parquet(parts: Iterable[pa.RecordBatch], schema: pa.Schema, part: Path) -> None:
    with pq.ParquetWriter(part, schema, compression="zstd") as file:
        for one in joined(parts, PARQUET_ROWS):
            file.write_table(one, row_group_size=PARQUET_ROWS)


def joined(parts: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Join small parts, so that each but the last holds at least so many rows."""
    held: list[pa.RecordBatch] = []
    for one in parts:
        held.append(one)
        if sum(each.num_rows for each in held) >= rows:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _write_csv(parts: Iterable[pa.RecordBatch], schema: pa.Schema, part: Path) -> None:
    plain = pa.schema([(field.name, pa.string() if _strange(field.type) else field.type) for field in schema])
    with part.open("wb") as file:
        file.write("\ufeff".encode())
        with pa.csv.CSVWriter(file, plain) as writer:
            for one in parts:
                table = pa.Table.from_batches([one])
                columns = [_text(column) if _strange(column.type) else column for column in table.columns]
                writer.write_table(pa.Table.from_arrays(columns, schema=plain))


def _write_excel(parts: Iterable[pa.RecordBatch], schema: pa.Schema, part: Path) -> None:
    import xlsxwriter

    table = pa.Table.from_batches(list(parts), schema)
    _fits_cells(table)
    book = xlsxwriter.Workbook(
        str(part),
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False},
    )
    # A fixed day, so that the same rows give the same bytes.
    book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    try:
        _fill(book, table)
    finally:
        _close(book)


def _close(book: Any) -> None:
    from xlsxwriter.exceptions import FileCreateError

    try:
        book.close()
    except FileCreateError as error:
        raise OSError(str(error)) from None


def _fill(book: Any, table: pa.Table) -> None:
    sheet = book.add_worksheet("rows")
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(1, 0)
    heads = [_head(name, column.type) for name, column in zip(table.column_names, table.columns, strict=True)]
    for place, (head, column) in enumerate(zip(heads, table.columns, strict=True)):
        sheet.set_column(place, place, _width(head, column))
        sheet.write_string(0, place, head, bold)
    puts = [_put(book, sheet, column) for column in table.columns]
    line = 0
    for batch in table.to_batches(max_chunksize=10_000):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            line += 1
            for place, value in enumerate(values):
                if value is not None:
                    puts[place](line, place, value)
    if table.num_columns:
        sheet.autofilter(0, 0, max(line, 1), table.num_columns - 1)


def _put(book: Any, sheet: Any, column: pa.ChunkedArray) -> Put:
    """Return how a cell of this column is written."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return sheet.write_boolean
    if pa.types.is_date(kind):
        return _dated(sheet, book.add_format({"num_format": "yyyy-mm-dd"}))
    if pa.types.is_timestamp(kind):
        return _dated(sheet, book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
    if _is_number(kind) and not _too_many_digits(column):
        shape = book.add_format({"num_format": "#,##0." + "0" * kind.scale}) if _has_scale(kind) else None
        return lambda row, place, value: (
            sheet.write_number(row, place, float(value), shape) if math.isfinite(value) else None
        )
    return lambda row, place, value: sheet.write_string(row, place, _said(value))


def _dated(sheet: Any, shape: Any) -> Put:
    """Excel's days begin in 1900 and know no zone; what lies before is written as text."""

    def put(row: int, place: int, value: date | datetime) -> int | None:
        naive = value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value
        naive = naive.replace(tzinfo=None) if isinstance(naive, datetime) else naive
        if (naive.date() if isinstance(naive, datetime) else naive) < EXCEL_BEGIN:
            return sheet.write_string(row, place, naive.isoformat())
        return sheet.write_datetime(row, place, naive, shape)

    return put


def _fits_sheet(rows: int, columns: int) -> None:
    if rows > EXCEL_ROWS or columns > EXCEL_COLUMNS:
        raise Refused(
            f"{rows:,} rows and {columns:,} columns do not fit on a sheet.",
            f"At most {EXCEL_ROWS:,} rows and {EXCEL_COLUMNS:,} columns.",
            "Write .csv or .parquet, or aggregate first.",
        )


def _fits_cells(table: pa.Table) -> None:
    for name, column in zip(table.column_names, table.columns, strict=True):
        longest = _longest(column)
        if longest > EXCEL_TEXT:
            raise Refused(
                f'A text in "{name}" has {longest:,} characters.',
                f"At most {EXCEL_TEXT:,} in a cell of Excel.",
                f'Write .csv or .parquet, or cut it: left("{name}", 30000).',
            )


def _longest(column: pa.ChunkedArray) -> int:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return int(pa.compute.max(pa.compute.utf8_length(column)).as_py() or 0)
    return int(pa.compute.max(pa.compute.utf8_length(_text(column))).as_py() or 0) if _strange(column.type) else 0


def _head(name: str, kind: pa.DataType) -> str:
    return f"{name} (UTC)" if pa.types.is_timestamp(kind) and kind.tz else name


def _width(head: str, column: pa.ChunkedArray) -> int:
    shown = [len(_said(value)) for value in column.slice(0, LOOKED_AT).to_pylist() if value is not None]
    low, high = WIDTHS
    return min(max([low, len(head) + 3, *(length + 1 for length in shown)]), high)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _has_scale(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) and kind.scale > 0)


def _too_many_digits(column: pa.ChunkedArray) -> bool:
    """Tell whether a whole number or decimal of the column needs more digits than Excel keeps."""
    kind = column.type
    if pa.types.is_floating(kind):
        return False
    span = pa.compute.min_max(column).as_py()
    scale = kind.scale if pa.types.is_decimal(kind) else 0
    ends = [Decimal(value) for value in span.values() if value is not None]
    return any(abs(value).scaleb(max(scale, 0)) >= Decimal(10) ** EXCEL_DIGITS for value in ends)


def _strange(kind: pa.DataType) -> bool:
    """Tell whether a type has no place of its own in a spreadsheet: lists, structs, maps, bytes."""
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([None if v is None else _said(v) for v in column.to_pylist()], pa.string())])


def _said(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
