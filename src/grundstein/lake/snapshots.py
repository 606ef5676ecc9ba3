"""Room lake. In: a case -> Out: the Snapshot that pins the tables it reads, and those tables by role."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from grundstein.core.canonical import canonical, digest
from grundstein.core.records import Snapshot
from grundstein.tools.select import Limits, pinned_tables, select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyarrow import Table

    from grundstein.core.case import Case
    from grundstein.core.ports import TableStore
    from grundstein.core.task import Data

LIMITS = Limits(rows=50_000_000, seconds=600, memory_mb=8192)


def pin(tables: TableStore, case: Case, question: str, more: Mapping[str, str] | None = None) -> Snapshot:
    """Pin the newest version of every table that the case names; `more` are given test tables by role."""
    named = sorted({name for source in (*case.data.values(), *(more or {}).values()) for name in named_tables(source)})
    infos = {name: tables.info(name) for name in named}
    content = {name: info.digest for name, info in infos.items()}
    return Snapshot(
        question=question,
        case=case.name,
        versions={name: info.version for name, info in infos.items()},
        rows={name: info.rows for name, info in infos.items()},
        digest=digest(canonical({"tables": content, "data": dict(case.data), "test": dict(more or {})})),
        test=dict(more or {}),
    )


def read(tables: TableStore, sources: Mapping[str, str], snapshot: Snapshot, key: Sequence[str]) -> Data:
    """Return the tables of each role as they were pinned; a SELECT is ordered by `_row`, else the case's key."""
    return {role: _read(tables, source, snapshot, key) for role, source in sources.items()}


@lru_cache(maxsize=256)
def named_tables(source: str) -> tuple[str, ...]:
    """Return the tables that a table name or a SELECT reads, the first one first.

    Kept, for reading them out of a SELECT takes a process of its own.
    """
    return tuple(pinned_tables(source)) if is_select(source) else (source,)


def is_select(source: str) -> bool:
    """Tell a SELECT from the name of a table."""
    return source.strip().lower().startswith(("select ", "select\n", "with ", "with\n", "from ", "from\n", "("))


def _read(tables: TableStore, source: str, snapshot: Snapshot, key: Sequence[str]) -> Table:
    if not is_select(source):
        return tables.read(source, snapshot.versions[source])
    files = {name: tables.files(name, snapshot.versions[name]) for name in named_tables(source)}
    return select(source, files, LIMITS, key)
