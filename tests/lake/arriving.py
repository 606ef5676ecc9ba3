"""What the tests of ingest share: a project in a folder, sources, the state of a table, a process that dies in time."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.core.contract import Column, Contract
from grundstein.core.records import Batch
from grundstein.lake.ingest import ingest
from grundstein.project.folder import Folder, create_project, open_project
from grundstein.stores import tables

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

CHANGES = ("rename", "replace", "unlink", "open", "write", "close", "mkdir", "rmdir", "execute", "commit", "flock")
EVENTS = frozenset(CHANGES)
WRITERS = (str(Path(tables.__file__).parent), str(ingest.__code__.co_filename))
CONTRACT = Contract(
    table="people",
    columns=(
        Column("id", "integer", required=True),
        Column("age", "integer", minimum=0, maximum=120),
        Column("town", "text", allowed=("Bonn", "Köln")),
    ),
    key=("id",),
)


@dataclass(frozen=True)
class State:
    """All that a reader can see of a table: its rows, those put aside, and the ledger's batches."""

    rows: tuple[tuple[Any, ...], ...]
    aside: tuple[tuple[Any, ...], ...]
    batches: tuple[str, ...]


def project(root: Path, contract: Contract | None = CONTRACT) -> Folder:
    """Make a project, with a contract of the table `people` unless told otherwise."""
    made = create_project(root, salt="test")
    if contract:
        made.write_contract(contract)
    return made


def write(path: Path, *lines: str, header: str = "id,age,town") -> str:
    """Write a CSV file; returns its path as a person would type it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def rows(made: Folder, table: str = "people") -> tuple[tuple[Any, ...], ...]:
    """The rows of a table without the batch; empty where there is no such table."""
    if table not in made.tables.names():
        return ()
    found = made.tables.read(table).drop_columns(["_batch"])
    return tuple(tuple(row.values()) for row in found.to_pylist())


def state(root: Path) -> State:
    """Look at the table `people` with fresh eyes."""
    made = open_project(root)
    batches = tuple(str(e.record.content) for e in made.ledger.entries(Batch) if isinstance(e.record, Batch))
    assert made.ledger.verify() == []
    for name in made.tables.names():
        info = made.tables.info(name)
        table = made.tables.read(name)
        assert info.rows == table.num_rows
        assert table["_row"].to_pylist() == list(range(table.num_rows))
    return State(rows(made), rows(made, "people__rejected"), batches)


def child(target: Any, *arguments: Any) -> Any:
    """Start a process that has the libraries loaded already and no thread of this one."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["grundstein.lake.arrival", "grundstein.stores.rooted", "pyiceberg.catalog.sql"])
    process = context.Process(target=target, args=arguments)
    process.start()
    return process


def ingest_in_child(root: Path, source: str, start: Barrier | None = None) -> None:
    """Ingest, all processes at once where there is a barrier."""
    made = open_project(root)
    if start is not None:
        start.wait()
    ingest(made, source, "people")


def die_at(root: Path, source: str, event: int, sign: int, log: Path) -> None:
    """Ingest, and send this process `sign` before the numbered event; how many there were is written to `log`.

    An event is a call that changes or locks files or databases, or the start of a function that writes.
    """
    made, seen = open_project(root), 0

    def watch(frame: Any, kind: str, argument: Any) -> None:
        nonlocal seen
        ours = kind == "call" and frame.f_code.co_filename.startswith(WRITERS)
        if ours or (kind == "c_call" and getattr(argument, "__name__", "") in EVENTS):
            seen += 1
            if seen == event:
                os.kill(os.getpid(), sign) if sign == signal.SIGKILL else signal.raise_signal(sign)

    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        ingest(made, source, "people")
    except KeyboardInterrupt:
        sys.setprofile(None)
        assert made.tables.lease("people").held is False
        assert not (root / "lake" / "staging" / "people").exists()
    sys.setprofile(None)
    log.write_text(str(seen), encoding="utf-8")
