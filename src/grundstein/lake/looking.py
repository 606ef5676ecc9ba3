"""Room lake. In: a project -> Out: its tables, what is in one of them, and the rows of a person's SELECT."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.core.ports import REJECTED
from grundstein.core.records import Batch
from grundstein.lake.checks import freshness
from grundstein.lake.profile import Histogram, Profile, Value, house_type, profiles
from grundstein.lake.writing import write_out
from grundstein.tools.sealing import HOUSE_COLUMNS
from grundstein.tools.select import Limits, select

if TYPE_CHECKING:
    from grundstein.core.contract import Contract, Type
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project, TableStore

__all__ = ["Arrived", "ColumnShown", "Histogram", "Shown", "show", "sql", "tables", "write_out"]


@dataclass(frozen=True)
class ColumnShown:
    """One column: what its contract says, and what it holds (see `profile.Profile`)."""

    name: str
    type: Type
    required: bool
    description: str
    known_at: str
    personal: bool
    missing: float
    distinct: int
    estimated: bool
    minimum: Value
    maximum: Value
    mean: Value
    frequent: tuple[tuple[Value, int], ...]
    histogram: Histogram | None


@dataclass(frozen=True)
class Arrived:
    """One batch as the ledger has it."""

    source: str
    rows: int
    rejected: int
    at: str
    person: str


@dataclass(frozen=True)
class Shown:
    """A table at its newest version. `newest` is the latest value of the contract's time column (ISO, UTC)."""

    table: str
    description: str
    owner: str
    rows: int
    rejected: int
    version: str
    changed_at: str
    newest: str
    key: tuple[str, ...]
    entity: str
    time: str
    findings: tuple[Finding, ...]
    batches: tuple[Arrived, ...]
    columns: tuple[ColumnShown, ...]


def tables(project: Project) -> pa.Table:
    """List the governed tables: name, rows, columns, owner, changed_at (UTC), rejected (rows put aside)."""
    store = project.tables
    names = store.names()
    mains = [name for name in names if not name.endswith(REJECTED)]
    infos = [store.info(name) for name in mains]
    contracts = [project.contract(name) for name in mains]
    columns = [len(_columns(store.schema(name))) for name in mains]
    rejected = [_rejected(store, name, names) for name in mains]
    return pa.table(
        {
            "name": pa.array(mains, pa.string()),
            "rows": pa.array([info.rows for info in infos], pa.int64()),
            "columns": pa.array(columns, pa.int64()),
            "owner": pa.array([contract.owner if contract else "" for contract in contracts], pa.string()),
            "changed_at": pa.array([info.changed_at for info in infos], pa.string()),
            "rejected": pa.array(rejected, pa.int64()),
        }
    )


def show(project: Project, table: str, now: datetime | None = None) -> Shown:
    """Describe a table's newest version and profile its columns; Refused with the nearest name where there is none.

    `now` is what freshness is measured against, the clock where it is left out.
    """
    store = project.tables
    name = _named(table, store)
    info, contract, schema = store.info(name), project.contract(name), store.schema(name)
    found = profiles(store.files(name, info.version), schema, _columns(schema), info.rows)
    newest = str(found[contract.time].maximum or "") if contract and contract.time in found else ""
    return Shown(
        table=name,
        description=contract.description if contract else "",
        owner=contract.owner if contract else "",
        rows=info.rows,
        rejected=_rejected(store, name, store.names()),
        version=info.version,
        changed_at=info.changed_at,
        newest=newest,
        key=contract.key if contract else (),
        entity=contract.entity if contract else "",
        time=contract.time if contract else "",
        findings=_freshness(contract, newest or info.changed_at, now),
        batches=_batches(project, name),
        columns=tuple(_column(schema.field(column), profile, contract) for column, profile in found.items()),
    )


def sql(project: Project, text: str, rows: int = 1_000_000, seconds: float = 60.0, memory_mb: int = 1_024) -> pa.Table:
    """Run one SELECT over the newest versions of the governed tables, in a child process with hard limits.

    Refused: anything but one SELECT, a name that is no table (with the nearest one), an answer of more than `rows`.
    """
    threads = max(1, min(4, (os.cpu_count() or 1)))
    limits = Limits(rows=rows, seconds=seconds, memory_mb=memory_mb, threads=threads)
    return select(text, _Files(project.tables), limits)


class _Files(Mapping[str, Sequence[str]]):
    """The files of every governed table, looked up only for those that a SELECT names."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._names = store.names()

    def __getitem__(self, name: str) -> Sequence[str]:
        return self._store.files(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _named(table: str, store: TableStore) -> str:
    names = {name.casefold(): name for name in store.names()}
    if table.casefold() in names:
        return names[table.casefold()]
    raise Refused(
        f'There is no table "{table}".',
        f"A governed table: {nearest(table, names.values())}",
        f"Look at them with `grundstein tables`, or make it with `grundstein ingest FILE --table {table}`.",
    )


def _columns(schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if name not in HOUSE_COLUMNS]


def _rejected(store: TableStore, name: str, names: Sequence[str]) -> int:
    aside = name + REJECTED
    return store.info(aside).rows if aside in names else 0


def _freshness(contract: Contract | None, newest: str, now: datetime | None) -> tuple[Finding, ...]:
    if contract is None:
        return ()
    latest = datetime.fromisoformat(newest)
    latest = latest if latest.tzinfo else latest.replace(tzinfo=UTC)
    found = freshness(contract, latest, now or datetime.now(UTC))
    return (found,) if found else ()


def _batches(project: Project, table: str) -> tuple[Arrived, ...]:
    """The table's batches in the order of the ledger."""
    return tuple(
        Arrived(entry.record.source, entry.record.rows, entry.record.rejected, entry.at, entry.person)
        for entry in project.ledger.entries(Batch)
        if isinstance(entry.record, Batch) and entry.record.table == table
    )


def _column(field: pa.Field, found: Profile, contract: Contract | None) -> ColumnShown:
    said = next((one for one in contract.columns if one.name == field.name), None) if contract else None
    return ColumnShown(
        name=field.name,
        type=said.type if said else house_type(field.type),
        required=said.required if said else False,
        description=said.description if said else "",
        known_at=said.known_at if said else "",
        personal=said.personal if said else False,
        missing=found.missing,
        distinct=found.distinct,
        estimated=found.estimated,
        minimum=found.minimum,
        maximum=found.maximum,
        mean=found.mean,
        frequent=found.frequent,
        histogram=found.histogram,
    )
