"""Room lake. In: a table that many batches have come to -> Out: the same rows in few files, without what nobody needs.

What a Snapshot of the ledger pins stays byte for byte. The ledger's missing rows are written before a version goes, for
its commit is what they are written from. A file that no version names any more is kept for `AGE` seconds: a query or an
evaluation that began on it may still be reading, and none is allowed to take a day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grundstein.core.ports import REJECTED, Tidied
from grundstein.core.records import Snapshot
from grundstein.lake.ingest import reconcile

if TYPE_CHECKING:
    from grundstein.core.ports import Project

AGE = 86_400.0
MANY = 40


def tidy(project: Project, table: str, age: float = AGE) -> Tidied:
    """Tidy a table and its companion of rejected rows; returns what was done to both.

    Refused where there is no such table. A version pinned at the same moment is not lost: pinning waits.
    """
    main = table.removesuffix(REJECTED)
    project.tables.info(main)
    done = Tidied()
    with project.tables.lease(main):
        reconcile(project, main)
        for name in (main, main + REJECTED):
            project.progress.step(f"tidying {name}")
            joined = project.tables.compact(name)
            with project.tables.pinning():
                one = project.tables.tidy(name, pinned(project, name), age)
            done = _sum(done, replace(one, joined=joined))
    return done


def tidy_if_due(project: Project, table: str) -> None:
    """Tidy a table that has gathered `MANY` commits since it was last tidied."""
    if project.tables.untidied(table) >= MANY:
        tidy(project, table)


def pinned(project: Project, table: str) -> set[str]:
    """The versions of a table that the ledger's Snapshots name, given test tables among them."""
    records = (entry.record for entry in project.ledger.entries(Snapshot))
    versions = (record.versions.get(table, "") for record in records if isinstance(record, Snapshot))
    return {version for version in versions if version}


def _sum(one: Tidied, other: Tidied) -> Tidied:
    return Tidied(
        one.joined + other.joined,
        one.expired + other.expired,
        one.deleted + other.deleted,
        one.freed + other.freed,
    )
