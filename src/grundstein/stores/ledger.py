"""Room stores. In: records -> Out: an append-only, hash-chained ledger in one SQLite file.

A row's hash covers its sequence, id, kind, content, what stands around it and the hash of the row before, so a changed,
removed or inserted row breaks the chain at that place. Two processes may append at once: the write lock is taken before
the last row is read.
"""

from __future__ import annotations

import getpass
import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from grundstein.core.canonical import canonical, digest, record_id, restore
from grundstein.core.errors import Refused
from grundstein.core.ports import Entry, Head
from grundstein.core.records import KINDS, Foundation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from grundstein.core.records import Record

START = "0" * 64
ROWS = sa.Table(
    "ledger",
    sa.MetaData(),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False, index=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("around", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False, unique=True),
    sa.Column("hash", sa.Text, nullable=False),
)
GUARDS = (
    "CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END",
)


class SqliteLedger:
    """The ledger of an embedded project; `birth` is written as the first row of a new file."""

    def __init__(self, path: Path, birth: Foundation) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})
        sa.event.listen(self._engine, "connect", _settle)
        sa.event.listen(self._engine, "begin", _take_the_lock)
        with self._engine.begin() as connection:
            ROWS.metadata.create_all(connection)
            for guard in GUARDS:
                connection.execute(sa.text(guard))
            if self._last(connection) is None:
                self._insert(connection, birth, {})

    def append(self, record: Record, seconds: Mapping[str, float] | None = None) -> Entry:
        """Append a row, whatever came before."""
        with self._engine.begin() as connection:
            return self._insert(connection, record, seconds or {})

    def once(self, record: Record, seconds: Mapping[str, float] | None = None) -> Entry:
        """Append a row unless its id is there already."""
        with self._engine.begin() as connection:
            found = self._find(connection, record_id(record))
            return found or self._insert(connection, record, seconds or {})

    def get(self, record_id: str) -> Entry:
        """Return the newest row of an id; Refused where there is none."""
        with self._engine.connect() as connection:
            found = self._find(connection, record_id)
        if found is None:
            raise Refused(
                f"The ledger has no record {record_id[:12]}.", "An id that `audit` lists.", "grundstein audit"
            )
        return found

    def entries(self, kind: type[Record] | None = None) -> Iterator[Entry]:
        """Rows in order, of one kind or all."""
        query = sa.select(ROWS).order_by(ROWS.c.sequence)
        if kind is not None:
            query = query.where(ROWS.c.kind == kind.__name__)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        yield from (_entry(row) for row in rows)

    def head(self) -> Head:
        """The chain's last row and the day it began."""
        with self._engine.connect() as connection:
            last = connection.execute(sa.select(ROWS).order_by(ROWS.c.sequence.desc()).limit(1)).one()
            first = connection.execute(sa.select(ROWS).order_by(ROWS.c.sequence).limit(1)).one()
        return Head(last.sequence, last.hash, json.loads(first.around)["at"], json.loads(last.around)["at"])

    def verify(self) -> list[str]:
        """Walk the chain; one sentence a break."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(ROWS).order_by(ROWS.c.sequence)).all()
        return [sentence for before, row in zip([None, *rows], rows, strict=False) if (sentence := _break(before, row))]

    def _insert(self, connection: sa.Connection, record: Record, seconds: Mapping[str, float]) -> Entry:
        last = self._last(connection)
        around: dict[str, object] = {
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "host": socket.gethostname(),
        }
        around |= {"person": _person(), "seconds": dict(seconds)}
        values = {
            "sequence": last.sequence + 1 if last else 1,
            "id": record_id(record),
            "kind": type(record).__name__,
            "content": canonical(record),
            "around": canonical(around),
            "previous": last.hash if last else START,
        }
        values["hash"] = digest(canonical(values))
        connection.execute(sa.insert(ROWS).values(values))
        return _entry(values)

    @staticmethod
    def _last(connection: sa.Connection) -> Any:
        return connection.execute(sa.select(ROWS).order_by(ROWS.c.sequence.desc()).limit(1)).first()

    @staticmethod
    def _find(connection: sa.Connection, wanted: str) -> Entry | None:
        query = sa.select(ROWS).where(ROWS.c.id == wanted).order_by(ROWS.c.sequence.desc()).limit(1)
        row = connection.execute(query).first()
        return _entry(row) if row else None


def _settle(connection: Any, _: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _take_the_lock(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _entry(row: Any) -> Entry:
    value = row if isinstance(row, dict) else dict(zip(ROWS.c.keys(), row, strict=True))
    around = json.loads(value["around"])
    record = restore(KINDS[value["kind"]], json.loads(value["content"]))
    return Entry(
        value["sequence"],
        value["id"],
        record,
        around["at"],
        around["person"],
        around["host"],
        value["previous"],
        value["hash"],
        around["seconds"],
    )


def _break(before: Any, row: Any) -> str:
    values = {name: getattr(row, name) for name in ("sequence", "id", "kind", "content", "around", "previous")}
    if row.previous != (before.hash if before else START) or row.sequence != (before.sequence + 1 if before else 1):
        return f"row {row.sequence} does not follow the row before it"
    if row.id != digest(f"{row.kind}:{row.content}") or row.hash != digest(canonical(values)):
        return f"row {row.sequence} ({row.kind}) was changed after it was written"
    return ""


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
