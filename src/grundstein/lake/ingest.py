"""Room lake. In: a file, folder or glob -> Out: a Batch in the ledger, its rows in the table, bad rows put aside.

Order of the writes, each of which may be the last before a crash: the contract (new tables only), the rows put aside
(which show only once their batch is in the table), the rows with the batch's digest and its record in one commit, the
ledger. A crash before the commit leaves nothing; after it, the next ingest writes the ledger's row from the commit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, record_id, restore
from grundstein.core.errors import Misused
from grundstein.core.findings import Finding
from grundstein.core.ports import REJECTED
from grundstein.core.records import Batch
from grundstein.lake.sources import content_of, find_files, label
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grundstein.core.contract import Contract
    from grundstein.core.ports import Project, TableStore
    from grundstein.lake.arrival import Arrival
    from grundstein.lake.sources import SourceFile

NOTHING: Mapping[str, str] = {}
ALL_THERE, SOME_THERE = "GST-D01", "GST-D12"


class Known(NamedTuple):
    """The files of a source that the table does not hold yet, and how many it does."""

    new: tuple[SourceFile, ...]
    there: int


def ingest(project: Project, source: str, table: str, settings: Mapping[str, str] = NOTHING) -> Batch:
    """Bring a source into a table and return what arrived; Refused where its columns are not the table's.

    Files whose content the table holds already, under whatever name, are left out; where nothing is left the Batch
    returned says so, has no rows, and is not written to the ledger. Rows that break the contract go to
    `TABLE__rejected`. `settings` are the reading options of `lake.reading`.
    """
    if table.endswith(REJECTED):
        main = table.removesuffix(REJECTED)
        raise Misused(f"{table} holds the rows that {main} put aside.", f"--table {main}", "Ingest into that table.")
    files = find_files(source, settings)
    with project.tables.lease(table):
        reconcile(project, table)
        known = _unknown(project.tables, table, files)
        if not known.new:
            return _nothing_new(project.tables, table, source, files)
        return _bring(project, label(source), table, known, settings)


def reconcile(project: Project, table: str) -> int:
    """Write the ledger's rows that a crash has kept from being written; returns how many there were."""
    commits = [commit for commit in project.tables.commits(table) if commit.note]
    records = [_record(commit.note, commit.version) for commit in commits]
    there = {entry.id for entry in project.ledger.entries(Batch)} if records else set()
    missing = [record for record in records if record_id(record) not in there]
    for record in missing:
        project.ledger.once(record)
    return len(missing)


def _bring(project: Project, source: str, table: str, known: Known, settings: Mapping[str, str]) -> Batch:
    from grundstein.lake.arrival import proposed, read_pile, sorted_out

    project.progress.step(f"reading {source}")
    before = project.contract(table)
    pile = read_pile(known.new, settings, before)
    contract, findings = (
        (before, ()) if before else proposed(table, pile, {**settings, "currency": project.currency}, project.timezone)
    )
    project.progress.step(f"checking {pile.raw.rows:,} rows")
    arrival = sorted_out(pile, contract, project.timezone, _keys(project.tables, table, contract))
    if known.there:
        findings = (*findings, Finding(SOME_THERE, "skipped", {"files": known.there, "table": table}))
    batch = Batch(
        table=table,
        source=source,
        content=content_of(known.new),
        rows=arrival.rows.num_rows,
        rejected=arrival.aside.num_rows,
        version="",
        findings=(*findings, *arrival.findings),
    )
    project.progress.step(f"writing {batch.rows:,} rows")
    note = canonical({"record": asdict(batch), "contents": [file.content for file in known.new]})
    rows = _staged(project.tables, table, arrival.rows, batch.content)
    if before is None:
        project.write_contract(contract)
    _put_aside(project.tables, table, arrival, batch.content)
    info = project.tables.append(table, rows, batch.content, note)
    batch = replace(batch, version=info.version)
    project.ledger.once(batch)
    return batch


def _put_aside(tables: TableStore, table: str, arrival: Arrival, content: str) -> None:
    if arrival.aside.num_rows:
        tables.append(table + REJECTED, _staged(tables, table + REJECTED, arrival.aside, content), content)


def _staged(tables: TableStore, name: str, rows: pa.Table, content: str) -> Sequence[Path]:
    """Write rows with their `_row` and `_batch` to files on their way into a table."""
    first = tables.next_row(name)
    numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
    batch = pa.array([content], pa.string()).take(pa.array(np.zeros(rows.num_rows, dtype=np.int64)))
    return write_parquet(rows.append_column("_row", numbers).append_column("_batch", batch), tables.staging(name))


def _keys(tables: TableStore, table: str, contract: Contract) -> pa.Table | None:
    """The key's columns of every row that the table holds; None where it has no key or no rows."""
    if not contract.key or not tables.commits(table):
        return None
    import pyarrow.parquet as pq

    parts = [pq.read_table(file, columns=list(contract.key)) for file in tables.files(table)]
    return pa.concat_tables(parts)


def _unknown(tables: TableStore, table: str, files: Sequence[SourceFile]) -> Known:
    there = {content for commit in tables.commits(table) for content in _contents(commit.note, commit.batch)}
    first: dict[str, SourceFile] = {}
    for file in files:
        if file.content not in there:
            first.setdefault(file.content, file)
    return Known(tuple(first.values()), len(files) - len(first))


def _nothing_new(tables: TableStore, table: str, source: str, files: Sequence[SourceFile]) -> Batch:
    finding = Finding(ALL_THERE, "skipped", {"source": label(source), "table": table, "files": len(files)})
    return Batch(table, label(source), content_of(files), 0, 0, tables.info(table).version, (finding,))


def _contents(note: str, batch: str) -> list[str]:
    return json.loads(note)["contents"] if note else [batch]


def _record(note: str, version: str) -> Batch:
    return replace(restore(Batch, json.loads(note)["record"]), version=version)
