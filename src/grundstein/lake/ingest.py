"""Room lake. In: a file, folder or glob -> Out: a Batch in the ledger, its rows in the table, bad rows put aside.

Order of the writes, each of which may be the last before a crash: the contract (new tables only), the rows put aside
(which show only once their batch is in the table), the rows with the batch's digest and its record in one commit, the
ledger. A crash before the commit leaves nothing; after it, the next ingest writes the ledger's row from the commit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, record_id, restore
from grundstein.core.errors import Misused, Refused, nearest
from grundstein.core.findings import Finding
from grundstein.core.ports import REJECTED
from grundstein.core.records import Batch
from grundstein.lake.sources import content_of, find_files, label
from grundstein.tools.parquet import write_parquet
from grundstein.tools.typed import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grundstein.core.contract import Contract
    from grundstein.core.ports import Project, TableStore
    from grundstein.lake.sources import SourceFile

NOTHING: Mapping[str, str] = {}
RECORD = '{"record":'
ALL_THERE, SOME_THERE, BY_KEY = "GST-D01", "GST-D12", "GST-D18"


class Known(NamedTuple):
    """The files of a source that the table does not hold yet, and how many it does."""

    new: tuple[SourceFile, ...]
    there: int


@dataclass(frozen=True)
class Ready:
    """Files on their way into the table and its companion (none where no row is put aside), under this contract."""

    contract: Contract
    files: Sequence[Path]
    aside: Sequence[Path]
    rows: int
    rejected: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Filled:
    """The contract of a table of which a source brings a part only, and one value each for the other columns."""

    contract: Contract
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Errand:
    """What is to be brought into which table, and how: `key` where rows replace those of their key.

    `before` is the contract that the source is held against; `filled` says what completes its rows.
    """

    project: Project
    table: str
    source: str
    known: Known
    settings: Mapping[str, str]
    key: tuple[str, ...]
    before: Contract | None
    filled: Filled | None = None

    @property
    def batch(self) -> str:
        """The digest of what arrives."""
        return content_of(self.known.new)

    @property
    def tables(self) -> TableStore:
        """The project's tables."""
        return self.project.tables


def ingest(
    project: Project, source: str, table: str, settings: Mapping[str, str] = NOTHING, key: Sequence[str] = ()
) -> Batch:
    """Bring a source into a table and return what arrived; Refused where its columns are not the table's.

    Files whose content the table holds already, under whatever name, are left out; where nothing is left the Batch
    returned says so, has no rows, and is not written to the ledger. Rows that break the contract go to
    `TABLE__rejected`. `settings` are the reading options of `lake.reading`. With `key` (the contract's) a row whose
    key is in the table replaces the row there; Refused where the contract has another.
    """
    if table.endswith(REJECTED):
        main = table.removesuffix(REJECTED)
        raise Misused(f"{table} holds the rows that {main} put aside.", f"--table {main}", "Ingest into that table.")
    files = find_files(source, settings)
    with project.tables.lease(table):
        arrived = _reconciled(project, table)[0]
        known = _unknown(arrived, files)
        if not known.new:
            return _nothing_new(project.tables, table, source, files)
        before = project.contract(table)
        _check_key(key, before)
        return _bring(Errand(project, table, label(source), known, settings, tuple(key), before))


def ingest_part(project: Project, source: str, part: Contract, whole: Filled, settings: Mapping[str, str]) -> Batch:
    """Bring a source into the table of `whole` that has the columns of `part` only; the others are filled.

    As `ingest` else. The table's contract must be written already.
    """
    files = find_files(source, settings)
    with project.tables.lease(part.table):
        known = _unknown(_reconciled(project, part.table)[0], files)
        if not known.new:
            return _nothing_new(project.tables, part.table, source, files)
        return _bring(Errand(project, part.table, label(source), known, settings, (), part, whole))


def reconcile(project: Project, table: str) -> int:
    """Write the ledger's rows that a crash has kept from being written; returns how many there were."""
    return _reconciled(project, table)[1]


def _reconciled(project: Project, table: str) -> tuple[set[str], int]:
    """The digests of all files that ever arrived, by ledger and commits; and how many rows the ledger lacked."""
    entries = [(entry.id, entry.record) for entry in project.ledger.entries(Batch)]
    arrived = {c for _, one in entries if isinstance(one, Batch) and one.table == table for c in _contents(one)}
    known = {entry_id for entry_id, _ in entries}
    missing = 0
    for commit in project.tables.commits(table):
        if not commit.note.startswith(RECORD):
            arrived.add(commit.batch)
            continue
        record = restore(Batch, json.loads(commit.note)["record"])
        arrived.update(_contents(record))
        record = _finished(project.tables, record, commit.version)
        if record_id(record) not in known:
            project.ledger.once(record)
            missing += 1
    return arrived, missing


def _finished(tables: TableStore, record: Batch, version: str) -> Batch:
    """The record of a commit: what only the commit knew is added."""
    if not any(finding.code == BY_KEY for finding in record.findings):
        return replace(record, version=version)
    info = tables.info(record.table, version)
    return replace(record, version=version, updated=info.updated, unchanged=info.unchanged)


def _contents(batch: Batch) -> Sequence[str]:
    return batch.contents or (batch.content,)


def _bring(errand: Errand) -> Batch:
    errand.project.progress.step(f"reading {errand.source}")
    ready = _streamed(errand) if _large(errand) else _at_once(errand)
    findings = ready.findings
    if errand.known.there:
        findings += (Finding(SOME_THERE, "skipped", {"files": errand.known.there, "table": errand.table}),)
    if errand.key:
        findings += (Finding(BY_KEY, "passed", {"key": ", ".join(errand.key), "rows": ready.rows}),)
    batch = Batch(
        table=errand.table,
        source=errand.source,
        content=errand.batch,
        rows=ready.rows,
        rejected=ready.rejected,
        version="",
        findings=findings,
        contents=tuple(sorted(file.content for file in errand.known.new)),
    )
    return _commit(errand, ready, batch)


def _commit(errand: Errand, ready: Ready, batch: Batch) -> Batch:
    project, table, tables = errand.project, errand.table, errand.tables
    project.progress.step(f"writing {batch.rows:,} rows")
    note = canonical({"record": asdict(batch)})
    if errand.before is None:
        project.write_contract(ready.contract)
    if ready.aside:
        tables.append(table + REJECTED, ready.aside, batch.content)
    if errand.key:
        info = tables.upsert(table, ready.files, errand.key, batch.content, note)
    else:
        info = tables.append(table, ready.files, batch.content, note)
    batch = _finished(tables, batch, info.version)
    project.ledger.once(batch)
    return batch


def _large(errand: Errand) -> bool:
    """Whether the source is brought in part by part: where it is large, and where rows come by key."""
    from grundstein.lake.streaming.pouring import LARGE, large

    sizes = [file.path.stat().st_size for file in errand.known.new]
    if errand.filled:
        return False
    return bool(errand.key) or sum(sizes) >= LARGE or any(large(file.path) for file in errand.known.new)


def _at_once(errand: Errand) -> Ready:
    from grundstein.lake.arrival import proposed, read_pile, sorted_out

    project, table, tables = errand.project, errand.table, errand.tables
    pile = read_pile(errand.known.new, errand.settings, errand.before)
    settings = {**errand.settings, "currency": project.currency}
    contract, findings = (errand.before, ()) if errand.before else proposed(table, pile, settings, project.timezone)
    project.progress.step(f"checking {pile.raw.rows:,} rows")
    arrival = sorted_out(pile, contract, project.timezone, _keys(tables, table, contract))
    rows, aside = _completed(arrival.rows, errand.filled), arrival.aside
    return Ready(
        contract,
        _staged(tables, table, rows, errand.batch),
        _staged(tables, table + REJECTED, aside, errand.batch) if aside.num_rows else [],
        rows.num_rows,
        aside.num_rows,
        (*findings, *arrival.findings),
    )


def _completed(rows: pa.Table, whole: Filled | None) -> pa.Table:
    """The rows with all columns of the table; a filled one has its value where the source has none."""
    if whole is None:
        return rows
    schema, columns = schema_of(whole.contract), []
    for one in schema:
        value = pa.scalar(whole.values.get(one.name), one.type)
        lacks = one.name not in rows.column_names
        columns.append(pa.repeat(value, rows.num_rows) if lacks else rows[one.name].fill_null(value))
    return pa.table(columns, schema=schema)


def _streamed(errand: Errand) -> Ready:
    from grundstein.lake.streaming.arriving import Home, streamed

    project, table, tables = errand.project, errand.table, errand.tables
    folders = [tables.staging(table) for _ in range(2)]
    aside = tables.staging(table + REJECTED)
    there = tables.files(table) if tables.commits(table) else ()
    home = Home(errand.batch, tables.next_row(table), tables.next_row(table + REJECTED))
    settings = {**errand.settings, "currency": project.currency}
    contract, arrived = streamed(
        table,
        errand.known.new,
        settings,
        errand.before,
        errand.key,
        there,
        project,
        (folders[0], folders[1], aside),
        home,
    )
    return Ready(contract, arrived.files, arrived.aside, arrived.rows, arrived.rejected, arrived.findings)


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


def _check_key(key: Sequence[str], contract: Contract | None) -> None:
    if not key or contract is None or sorted(key) == sorted(contract.key):
        return
    said = f"the key {', '.join(contract.key)}" if contract.key else "no key"
    strange = next((name for name in key if name not in contract.names), "")
    raise Refused(
        f"--key {','.join(key)} is not the key of {contract.table}: its contract has {said}.",
        nearest(strange, contract.names) if strange else "The key that the contract names.",
        f"Use --key {','.join(contract.key)}, or change `key` in contracts/{contract.table}.yaml if that is meant."
        if contract.key
        else f"Write `key` in contracts/{contract.table}.yaml if these columns name each row.",
    )


def _unknown(arrived: set[str], files: Sequence[SourceFile]) -> Known:
    first: dict[str, SourceFile] = {}
    for file in files:
        if file.content not in arrived:
            first.setdefault(file.content, file)
    return Known(tuple(first.values()), len(files) - len(first))


def _nothing_new(tables: TableStore, table: str, source: str, files: Sequence[SourceFile]) -> Batch:
    finding = Finding(ALL_THERE, "skipped", {"source": label(source), "table": table, "files": len(files)})
    return Batch(table, label(source), content_of(files), 0, 0, tables.info(table).version, (finding,))
