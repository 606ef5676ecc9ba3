"""Room flow. In: a call's batch in `CASE__answers` -> Out: its answers part by part, counted, or written to a file.

A table of answers grows with every call. Row groups whose statistics say that they hold none of a batch are not read,
and those that hold nothing else are taken whole, so memory grows neither with the table nor with the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from grundstein.core.ports import Project

BATCH = "_batch"
HOUSE = ("_row", BATCH)


def given(project: Project, table: str, batch: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield these columns of a call's answers, in order."""
    import pyarrow.parquet as pq

    for path in project.tables.files(table):
        with pq.ParquetFile(path) as file:
            place = file.schema_arrow.names.index(BATCH)
            for group in range(file.num_row_groups):
                yield from _mine(file, group, _ends(file.metadata.row_group(group).column(place)), batch, columns)


def counted(project: Project, table: str, batch: str) -> tuple[int, int]:
    """Return how many answers a call gave, and how many of them act."""
    names = project.tables.schema(table).names
    rows, acted = 0, 0.0
    for part in given(project, table, batch, ["act" if "act" in names else "_row"]):
        rows += part.num_rows
        acted += (pc.sum(part["act"]).as_py() or 0.0) if "act" in names else 0.0
    return rows, int(acted)


def columns_of(project: Project, table: str) -> list[str]:
    """The columns of answers without the house's own."""
    return [name for name in project.tables.schema(table).names if name not in HOUSE]


def read(project: Project, table: str, batch: str) -> pa.Table:
    """Return the answers of a call, without the house's columns."""
    names = columns_of(project, table)
    known = project.tables.schema(table)
    schema = pa.schema([pa.field(name, known.field(name).type) for name in names])
    return pa.Table.from_batches([one.cast(schema) for one in given(project, table, batch, names)], schema)


def write(project: Project, table: str, batch: str, path: Path) -> None:
    """Write the answers of a call to .xlsx, .csv or .parquet, part by part; Refused where they do not fit."""
    from grundstein.lake.writing import write_parts

    names, known = columns_of(project, table), project.tables.schema(table)
    schema = pa.schema([pa.field(name, known.field(name).type) for name in names])
    rows, _ = counted(project, table, batch)
    write_parts((one.cast(schema) for one in given(project, table, batch, names)), schema, rows, path)


def _mine(
    file: Any, group: int, ends: tuple[str, str] | None, batch: str, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    if ends and not ends[0] <= batch <= ends[1]:
        return
    if ends == (batch, batch):
        yield from file.iter_batches(row_groups=[group], columns=list(columns))
        return
    for part in file.iter_batches(row_groups=[group], columns=[*dict.fromkeys((*columns, BATCH))]):
        mine = part.filter(pc.equal(part[BATCH], batch))
        if mine.num_rows:
            yield mine.select(list(columns))


def _ends(column: Any) -> tuple[str, str] | None:
    """The least and greatest batch of a row group; None where nobody wrote them down."""
    told = column.statistics
    return (str(told.min), str(told.max)) if told is not None and told.has_min_max else None
