"""Room flow. In: a file's rows, governed as the table that a case's SELECT reads -> Out: that SELECT's rows of them.

The rows stand in `CASE__selected`, so that whoever reads answers later finds the questions as they were asked; so do
single questions, which bring the columns of the SELECT's result. Columns of the table that nobody knows when the answer
is needed are empty. A SELECT's answer is held in memory whole.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.contract import Contract
from grundstein.core.errors import Refused
from grundstein.core.records import Batch
from grundstein.flow.widening import in_its_columns, widen
from grundstein.tools.typed import arrow_type, columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case
    from grundstein.core.contract import Column
    from grundstein.core.ports import Project

SELECTED = "__selected"
MADE = ("description", "personal", "known_at")


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


def result_of(sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Run a SELECT over tables that are held in memory, in the process that runs it later."""
    import pyarrow.parquet as pq

    from grundstein.tools.select import Limits, select

    with tempfile.TemporaryDirectory(prefix="grundstein-") as folder:
        files = {name: [str(Path(folder, f"{number}.parquet"))] for number, name in enumerate(tables)}
        for name, table in tables.items():
            pq.write_table(table, files[name][0])
        return select(sql, files, Limits(seconds=30))


def rows_contract(project: Project, case: Case, versions: Mapping[str, str] | None = None) -> Contract | None:
    """Return the contract of a case's rows: that of its table, of a SELECT what `CASE__selected` is asked by.

    With `versions`, those of a snapshot, it is made of the SELECT's columns and types and written, keeping what a
    person added. Refused where that says another type. None where a table has no contract.
    """
    from grundstein.lake.snapshots import is_select, named_tables

    source = case.data[project.task(case.task).roles[0].name]
    if not is_select(source):
        return project.contract(source)
    first = project.contract(named_tables(source)[0])
    known = project.contract(case.name + SELECTED)
    if known is None or versions is not None:
        known = _resulting(project, case, source, versions or {}, known)
    own = case.key or (first.key if first else ())
    key = own if set(own) <= set(known.names) else ()
    return replace(known, key=key, entity=case.entity, time=case.time)


def _resulting(
    project: Project, case: Case, source: str, versions: Mapping[str, str], known: Contract | None
) -> Contract:
    """The columns of a SELECT's result, found over empty tables; what a person wrote of one of them holds."""
    from grundstein.lake.snapshots import named_tables

    names = named_tables(source)
    empty = {name: project.tables.schema(name, versions.get(name, "")).empty_table() for name in names}
    schema = result_of(source, empty).schema
    told = {one.name: one for name in reversed(names) if (its := project.contract(name)) for one in its.columns}
    written = {one.name: one for one in known.columns} if known else {}
    columns = [_column(one, told, written, case) for one in columns_of(schema) if one.name not in ("_row", "_batch")]
    others = [one for name, one in written.items() if name not in schema.names]
    made = Contract(case.name + SELECTED, (*columns, *others), description=known.description if known else "")
    if known is None or made.names != known.names:
        said = f"Rows as the SELECT of {case.name} makes them, to be answered."
        project.write_contract(replace(made, description=made.description or said))
    return replace(made, columns=tuple(columns))


def _column(one: Column, told: Mapping[str, Column], written: Mapping[str, Column], case: Case) -> Column:
    mine, its = written.get(one.name), told.get(one.name)
    if mine is None:
        return one if its is None else replace(one, **{word: getattr(its, word) for word in MADE})
    if mine.type != one.type:
        raise Refused(
            f'The SELECT of {case.name} gives "{one.name}" as {one.type}, its contract says {mine.type}.',
            "One type.",
            f"Correct contracts/{case.name}{SELECTED}.yaml, or cast the column in cases/{case.name}.yaml",
        )
    return mine


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
    schema = widen(project, target, plain.schema)
    first = project.tables.next_row(target)
    numbers = pa.array(np.arange(first, first + plain.num_rows, dtype=np.int64))
    marked = plain.append_column("_row", numbers).append_column("_batch", pa.repeat(batch.content, plain.num_rows))
    marked = in_its_columns(schema, marked)
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
