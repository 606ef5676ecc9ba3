"""Room flow. In: a pinned case -> Out: Refused where its SELECT leaks, and what was seen of its rows before.

Both need the lake: the SELECT is run over other rows, the tables of earlier experiments are read as they are now.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Opening, Seal, Snapshot, Verdict
from grundstein.flow.released import rounds_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grundstein.core.ports import Entry, Project
    from grundstein.evaluation.decide import Known
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.seen import Use, Used

Openings = dict[str, list[str]]


def refuse_leaks(entry: Entry, project: Project, pinned: Pinned) -> None:
    """Refuse a SELECT through which sealed rows or their truth reach what a solution learns from or is asked."""
    from grundstein.evaluation import crossing, sealing, timely
    from grundstein.lake import snapshots
    from grundstein.tools.sealing import sealed_rows

    snapshot, table = cast("Snapshot", entry.record), pinned.seal.table
    role = pinned.task.roles[0].name
    selects = {name: sql for name, sql in pinned.case.data.items() if snapshots.is_select(sql)}
    if pinned.seal.how == "given" or not selects:
        return
    base = project.tables.read(table, snapshot.versions[table])

    def over(sql: str, rows: pa.Table) -> pa.Table:
        return _over(project, snapshot, sql, table, rows)

    def known(rows: pa.Table) -> pa.Table:
        return timely.as_known(pinned.case, rows, pinned.seal, snapshot.known_at)[1]

    for name, sql in selects.items():
        if name != role and table.casefold() in map(str.casefold, snapshots.named_tables(sql)):
            outside = base.filter(pa.array(~sealed_rows(base, pinned.seal)))
            crossing.refuse_other_role(pinned.case.name, name, over(sql, base), over(sql, outside))
    if role not in selects:
        return
    sql, target = selects[role], str(pinned.case.options.get("target", ""))
    columns = pinned.contract.columns if pinned.contract else ()
    before = [column.name for column in columns if column.known_at == "before"]
    crossing.refuse_leaks(
        crossing.Probe(
            case=pinned.case.name,
            base=base,
            full=pinned.data[role],
            run=lambda rows: known(sealing.selected(over(sql, rows), base, pinned.seal, pinned.case)),
            seal=pinned.seal,
            target=target,
            sources=crossing.sources_of(sql, base, target, pinned.seal) if target else (),
            before=before,
            free=pinned.case.ignore,
            horizon_days=pinned.case.horizon_days,
        )
    )


def _over(project: Project, snapshot: Snapshot, sql: str, table: str, rows: pa.Table) -> pa.Table:
    """Run a SELECT with other rows in place of a table's; every other table as it was pinned."""
    import pyarrow.parquet as pq

    from grundstein.lake import snapshots
    from grundstein.tools.select import select

    names = snapshots.named_tables(sql)
    with tempfile.TemporaryDirectory(prefix="grundstein-") as folder:
        path = Path(folder, "rows.parquet")
        pq.write_table(rows, path)
        files = {name: project.tables.files(name, snapshot.versions[name]) for name in names if name != table}
        return select(sql, {**files, table: [str(path)]}, snapshots.LIMITS)


def known_before(pinned: Pinned, project: Project, earlier: dict[str, Opening]) -> Known:
    """Return what the ledger and the lake know of a sealed part before it is opened."""
    from grundstein.evaluation.decide import Known
    from grundstein.evaluation.seen import seen_before

    verdicts = [cast("Verdict", row.record) for row in project.ledger.entries(Verdict)]
    learned = [cast("Experiment", row.record).learned for row in project.ledger.entries(Experiment)]
    snapshot = cast("Snapshot", project.ledger.get(pinned.snapshot).record)
    role, table = pinned.task.roles[0].name, pinned.seal.table
    plain = pinned.case.data[role] == table or pinned.seal.how == "given"
    base = pinned.data[role] if plain else project.tables.read(table, snapshot.versions[table])
    rounds = rounds_since(project, pinned.case.name, earlier)
    return Known(verdicts, learned, seen_before(pinned, base, list(_used(project, earlier))), rounds)


def _used(project: Project, earlier: dict[str, Opening]) -> Iterator[Used]:
    """Every table that an experiment used, with its newest rows; one that is gone is known by sketches alone."""
    from grundstein.evaluation.seen import Used

    for table, uses in _uses(project, earlier).items():
        try:
            rows = project.tables.read(table)
        except Refused:
            continue
        yield Used(table, rows, tuple(uses))


def _uses(project: Project, earlier: dict[str, Opening]) -> dict[str, list[Use]]:
    """The ways in which each table was used: by seal and by the last row that was there, with the openings of it."""
    from grundstein.evaluation.seen import Use
    from grundstein.lake.snapshots import named_tables

    opened: Openings = {}
    for name, opening in earlier.items():
        opened.setdefault(opening.experiment, []).append(name)
    found: dict[tuple[str, str, int, bool], list[str]] = {}
    seals: dict[str, Seal] = {}
    for entry in project.ledger.entries(Experiment):
        experiment = cast("Experiment", entry.record)
        snapshot = cast("Snapshot", project.ledger.get(experiment.snapshot).record)
        seal = seals.setdefault(experiment.seal, cast("Seal", project.ledger.get(experiment.seal).record))
        tests = [(name, True) for source in snapshot.test.values() for name in named_tables(source)]
        for table, given in ((seal.table, False), *tests):
            place = found.setdefault((table, experiment.seal, snapshot.rows[table], given), [])
            place += opened.get(entry.id, [])
    uses: dict[str, list[Use]] = {}
    for (table, seal_id, last, given), names in found.items():
        uses.setdefault(table, []).append(Use(seals[seal_id], last, tuple(dict.fromkeys(names)), given))
    return uses
