"""Room demo. In: columns -> Out: files as a company's programs write them: German CSV, JSON lines, a workbook."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Columns = Mapping[str, NDArray[Any]]

WRITTEN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)


def german_number(value: float, places: int = 2) -> str:
    """Write 1234.5 as 1.234,50.

    >>> german_number(1234.5)
    '1.234,50'
    """
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def german_date(day: np.datetime64) -> str:
    """Write a day as 31.12.2025."""
    year, month, number = str(day)[:10].split("-")
    return f"{number}.{month}.{year}"


def written(columns: Columns, shapes: Mapping[str, Callable[[Any], str]]) -> list[list[str]]:
    """Return rows of texts; `shapes` says how a column is written where it is not as it stands."""
    texts = []
    for name, values in columns.items():
        shape = shapes.get(name) or (german_date if values.dtype.kind == "M" else str)
        texts.append([shape(value) for value in values])
    return [list(row) for row in zip(*texts, strict=True)]


def write_german_csv(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], extra: Mapping[int, str]
) -> None:
    """Write semicolons and Windows-1252; `extra` puts whole lines, as they are, before the row of that number."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    for number, row in enumerate(rows):
        if number in extra:
            text.write(extra[number] + "\r\n")
        writer.writerow(row)
    path.write_bytes(text.getvalue().encode("cp1252"))


def write_english_csv(path: Path, columns: Columns) -> None:
    """Write commas, UTF-8 and instants without a zone: the clock on the wall."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        zip(*([str(value).replace("T", " ") for value in column] for column in columns.values()), strict=True)
    )
    path.write_bytes(text.getvalue().encode())


def write_monthly_json(folder: Path, stem: str, columns: Columns, time: str) -> int:
    """Write a file of JSON lines a month, instants in UTC; returns how many."""
    months = columns[time].astype("datetime64[M]")
    for month in np.unique(months):
        rows = np.flatnonzero(months == month)
        lines = [
            json.dumps({name: _plain(values[row]) for name, values in columns.items()}, ensure_ascii=False)
            for row in rows
        ]
        (folder / f"{stem}_{month}.jsonl").write_bytes(("\n".join(lines) + "\n").encode())
    return len(np.unique(months))


def write_workbook(path: Path, sheet: str, columns: Columns, note: str) -> None:
    """Write a sheet of records, behind a sheet that only explains it."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": WRITTEN.replace(tzinfo=None)})
        book.add_worksheet("Hinweise").write(0, 0, note)
        page, days = book.add_worksheet(sheet), book.add_format({"num_format": "dd.mm.yyyy"})
        for place, (name, values) in enumerate(columns.items()):
            page.write(0, place, name)
            for row, value in enumerate(values, start=1):
                if values.dtype.kind == "M":
                    page.write_datetime(row, place, value.astype("datetime64[s]").item(), days)
                else:
                    page.write(row, place, _plain(value))


def _plain(value: Any) -> str | int | float:
    if isinstance(value, np.datetime64):
        return f"{value}Z"
    return value.item() if isinstance(value, np.generic) else value
