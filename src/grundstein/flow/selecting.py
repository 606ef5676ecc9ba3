"""Room flow. In: a file's rows, governed as the table that a case's SELECT reads -> Out: that SELECT's rows of them.

The rows stand in `CASE__selected`, so that whoever reads answers later finds the questions as they were asked. Columns
of the table that nobody knows when the answer is needed are empty. A SELECT's answer is held in memory whole.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.contract import Contract
from grundstein.core.errors import Refused
from grundstein.core.records import Batch
from grundstein.tools.typed import arrow_type, columns_of

if TYPE_CHECKING:
    from grundstein.core.ports import Project

SELECTED = "__selected"


def source_table(name: str, source: str) -> str:
    """Return the table that a case's rows come from; Refused for a SELECT over several: a file stands for one."""
    from grundstein.lake.snapshots import named_tables

    tables = tuple(dict.fromkeys(named_tables(source)))
    if len(tables) == 1:
        return tables[0]
    raise Refused(
        f"The rows of {name} come from a SELECT over {len(tables)} tables, so a file cannot be asked.",
        "A governed table with the columns of that SELECT.",
        f"grundstein answer {name} --rows TABLE",
    )


def selected(project: Project, name: str, source: str, main: Contract, batch: Batch) -> Batch:
    """Bring the SELECT's rows of a batch of questions into `CASE__selected`; the same batch again adds nothing."""
    from grundstein.lake.snapshots import LIMITS
    from grundstein.tools.parquet import ParquetFiles
    from grundstein.tools.select import select

    target = name + SELECTED
    with project.tables.lease(target), tempfile.TemporaryDirectory() as folder:
        if not any(commit.batch == batch.content for commit in project.tables.commits(target)):
            files = ParquetFiles(Path(folder), _schema(project, main, batch.table))
            for part in project.tables.stream(batch.table, batch.version):
                files.write(_whole(part, main, batch))
            rows = select(source, {main.table: [str(path) for path in files.close()]}, LIMITS)
            _append(project, target, name, main, batch, rows)
    version = next(one.version for one in project.tables.commits(target) if one.batch == batch.content)
    return Batch(target, batch.source, batch.content, batch.rows, batch.rejected, version)


def _append(project: Project, target: str, name: str, main: Contract, batch: Batch, rows: pa.Table) -> None:
    from grundstein.tools.parquet import ParquetFiles

    if not rows.num_rows:
        raise Refused(
            f"The SELECT of {name} leaves none of the rows to answer.",
            "A SELECT that does not filter by what is known only later.",
            f"Look at `data:` in cases/{name}.yaml",
        )
    plain = rows.drop_columns([one for one in rows.column_names if one in ("_row", "_batch")])
    if project.contract(target) is None:
        told = f"Rows of {main.table} as the SELECT of {name} makes them, to be answered."
        project.write_contract(Contract(target, columns_of(plain.schema), description=told))
    first = project.tables.next_row(target)
    numbers = pa.array(np.arange(first, first + plain.num_rows, dtype=np.int64))
    marked = plain.append_column("_row", numbers).append_column("_batch", pa.repeat(batch.content, plain.num_rows))
    files = ParquetFiles(project.tables.staging(target), marked.schema)
    files.write(marked)
    project.tables.append(target, files.close(), batch.content, batch.table)


def _schema(project: Project, main: Contract, table: str) -> pa.Schema:
    there = project.tables.schema(table)
    known = {field.name: field.type for field in there}
    fields = [(column.name, known.get(column.name, arrow_type(column))) for column in main.columns]
    return pa.schema([*fields, ("_row", pa.int64()), ("_batch", pa.string())])


def _whole(part: pa.RecordBatch, main: Contract, batch: Batch) -> pa.Table:
    """The rows of a batch with every column of the table that the SELECT reads."""
    table = pa.Table.from_batches([part]).filter(pa.compute.equal(part["_batch"], batch.content))
    columns = {
        column.name: table[column.name]
        if column.name in table.column_names
        else pa.nulls(table.num_rows, arrow_type(column))
        for column in main.columns
    }
    return pa.table({**columns, "_row": table["_row"], "_batch": table["_batch"]})
