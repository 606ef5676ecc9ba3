"""Room stores. In: an Iceberg table and one of its snapshots -> Out: the batches it holds, expired versions included.

What a commit says of its batch stands in its snapshot's summary, atomic with the data. When a version expires, its
place, its name and its batch move into one property of the table, in the commit that expires it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

BATCH, NOTE, DIGEST, NEXT_ROW = "grundstein.batch", "grundstein.note", "grundstein.digest", "grundstein.next-row"
UPDATED, ADDED, UNCHANGED = "grundstein.updated", "grundstein.added", "grundstein.unchanged"
EXPIRED, TIDIED = "grundstein.expired", "grundstein.tidied"


class Step(NamedTuple):
    """One commit of a batch; the note of an expired one is gone."""

    sequence: int
    version: str
    batch: str
    note: str


def fact(snapshot: Snapshot, name: str) -> str:
    """Read one property of a commit's summary; empty where it has none."""
    return (snapshot.summary.get(name) if snapshot.summary else None) or ""


def number(snapshot: Snapshot, name: str) -> int:
    """Read a property that counts; 0 where there is none."""
    return int(fact(snapshot, name) or 0)


def living(table: Table, upto: Snapshot | None) -> list[Snapshot]:
    """The snapshot and those before it that have not expired, oldest first."""
    if upto is None:
        return []
    last = _sequence(upto)
    return sorted((s for s in table.metadata.snapshots if _sequence(s) <= last), key=_sequence)


def steps(table: Table | None, upto: Snapshot | None) -> list[Step]:
    """The commits of batches that a version is made of, in order."""
    if table is None or upto is None:
        return []
    alive = [Step(_sequence(s), str(s.snapshot_id), fact(s, BATCH), fact(s, NOTE)) for s in living(table, upto)]
    last = _sequence(upto)
    return sorted([*(step for step in _gone(table) if step.sequence <= last), *(step for step in alive if step.batch)])


def expired(table: Table, snapshots: Collection[Snapshot]) -> dict[str, str]:
    """The properties that a table has once these snapshots have expired."""
    going = [Step(_sequence(s), str(s.snapshot_id), fact(s, BATCH), "") for s in snapshots if fact(s, BATCH)]
    lines = (f"{step.sequence} {step.version} {step.batch}" for step in sorted([*_gone(table), *going]))
    return {EXPIRED: "\n".join(lines), TIDIED: str(_last(table))}


def untidied(table: Table) -> int:
    """The number of commits since the table was last tidied."""
    return _last(table) - int(table.properties.get(TIDIED, "0"))


def _gone(table: Table) -> list[Step]:
    lines = (line.split(" ", 2) for line in table.properties.get(EXPIRED, "").splitlines())
    return [Step(int(sequence), version, batch, "") for sequence, version, batch in lines]


def _last(table: Table) -> int:
    return max((_sequence(snapshot) for snapshot in table.metadata.snapshots), default=0)


def _sequence(snapshot: Snapshot) -> int:
    return snapshot.sequence_number or 0
