"""Room flow. In: somebody else's answers -> Out: their Deposit in the ledger, and what the lake knew at that moment.

What the lake knew is kept with the answers, as hashes of units: tables may forget their old versions.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.ports import REJECTED
from grundstein.core.records import Deposit
from grundstein.tools.matching import MATCHED
from grundstein.tools.sealing import unit_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from grundstein.core.ports import Entry, FileStore, Project
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.prospective import Laid, Then

    Hashes = NDArray[np.int64]

ANSWERS, STATE = "answers.arrow", "state.arrow"
NOBODY: Hashes = np.empty(0, dtype=np.int64)


def deposit(
    project: Project, pinned: Pinned, name: str, kind: str, source: str, given: pa.Table, key: Sequence[str]
) -> tuple[Entry, bool]:
    """Append the deposit of these answers unless they were put down before; returns it and whether it is new.

    The answers are kept before the ledger names them. The earliest deposit of the same answers holds: of a file under
    whatever name, of the others under theirs.
    """
    kept = _keep(_ordered(given, key), ANSWERS, project.files)
    table, target = pinned.seal.table, str(pinned.case.options.get("target", ""))
    for entry in project.ledger.entries(Deposit):
        known = cast("Deposit", entry.record)
        same = (known.answers, known.table, known.key, known.target) == (kept, table, tuple(key), target)
        if same and kind == known.kind and (kind == "file" or (known.case, known.name) == (pinned.case.name, name)):
            return entry, False
    units, state = unit_hash(given, key, "", MATCHED), _state(project, table, key, target)
    known_now = np.asarray(state["unit"])[np.asarray(state["known"])]
    made = Deposit(
        case=pinned.case.name,
        name=name,
        kind=kind,  # type: ignore[arg-type]
        question=pinned.question,
        snapshot=pinned.snapshot,
        table=table,
        key=tuple(key),
        target=target,
        answers=kept,
        state=_keep(state, STATE, project.files),
        units=len(np.unique(units)),
        open=len(np.setdiff1d(units, known_now)),
        rows=project.tables.info(table).rows,
        source=source,
    )
    return project.ledger.once(made), True


def laid(project: Project, pinned: Pinned, entries: Sequence[Entry]) -> list[Laid]:
    """Return deposits with their answers and what the lake knew when each was appended, the earliest first.

    One whose files are gone or were changed is left out: it cannot be judged.
    """
    from grundstein.evaluation.prospective import Laid

    found = []
    for entry in sorted(entries, key=lambda one: one.sequence):
        one = cast("Deposit", entry.record)
        given, state = _kept(one.answers, ANSWERS, project.files), _kept(one.state, STATE, project.files)
        if given is not None and state is not None:
            found.append(Laid(entry.id, given, one.key, _then(project, pinned, entry, state)))
    return found


def _then(project: Project, pinned: Pinned, entry: Entry, state: pa.Table) -> Then:
    from grundstein.evaluation.prospective import Then

    one, unit, strict = cast("Deposit", entry.record), np.asarray(state["unit"]), _strict(pinned)
    return Then(
        known=unit[np.asarray(state["anywhere" if strict else "known"])],
        there=unit[np.asarray(state["anywhere" if strict else "there"])],
        at=int(datetime.fromisoformat(entry.at).timestamp() * 1_000_000),
        rows=one.rows,
        strict=strict,
        closed=_closed(project, pinned, one),
    )


def _closed(project: Project, pinned: Pinned, one: Deposit) -> str:
    """Why nothing can be judged by a deposit, whatever has come since."""
    from grundstein.lake import snapshots

    target = str(pinned.case.options.get("target", ""))
    if (one.table, one.target) != (pinned.seal.table, target):
        return f"they were put down as answers to {one.target or one.table}, the case now asks for something else"
    if not _strict(pinned):
        return ""
    named = snapshots.named_tables(pinned.case.data[pinned.task.roles[0].name])
    lacking = [name for name in named if not set(one.key) <= set(project.tables.schema(name).names)]
    if lacking:
        return (
            f"the SELECT of the case reads {lacking[0]}, which lacks {', '.join(one.key)}: nobody can tell what it knew"
        )
    return ""


def _strict(pinned: Pinned) -> bool:
    """Of a SELECT nobody can tell where its truth comes from: a unit that any table held is taken as known."""
    from grundstein.lake import snapshots

    return snapshots.is_select(pinned.case.data[pinned.task.roles[0].name])


def _state(project: Project, table: str, key: Sequence[str], target: str) -> pa.Table:
    """Every unit that the lake holds: whether its truth is known, whether it is in the case's table, or anywhere."""
    names = [name for name in project.tables.names() if not name.endswith(REJECTED)]
    columns = {name: set(project.tables.schema(name).names) for name in names}
    named = [name for name in names if set(key) <= columns[name]]
    telling = [name for name in named if target and target in columns[name]]
    known = _joined([_of_table(project, name, key, target) for name in telling])
    there = _of_table(project, table, key, "") if table in named else NOBODY
    unit = _joined([_of_table(project, name, key, "") for name in named])
    flags = {"known": np.isin(unit, known), "there": np.isin(unit, there), "anywhere": np.ones(len(unit), np.bool_)}
    return pa.table({"unit": pa.array(unit), **{name: pa.array(flag) for name, flag in flags.items()}})


def _of_table(project: Project, table: str, key: Sequence[str], target: str) -> Hashes:
    """Units of a table in every version of it; with a target only those with a truth."""
    from grundstein.evaluation.prospective import truth_known

    found = []
    for part in _parts(project, table, [*key, *([target] if target else [])]):
        rows = part.filter(pa.array(truth_known(part[target]))) if target else part
        found.append(unit_hash(rows, key, "", MATCHED))
    return _joined(found)


def _parts(project: Project, table: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The columns of every file that is or was in a table and is still there, each file once.

    A file that a correction has replaced may hold a truth that the newest one hides.
    """
    import pyarrow.parquet as pq

    seen: set[str] = set()
    for version in dict.fromkeys(["", *(commit.version for commit in project.tables.commits(table))]):
        try:
            files = project.tables.files(table, version)
        except Refused:
            continue
        for path in (file.removeprefix("file://") for file in files):
            if path not in seen and Path(path).exists():
                seen.add(path)
                yield pq.read_table(path, columns=list(dict.fromkeys(columns)), memory_map=False)


def _joined(parts: Sequence[Hashes]) -> Hashes:
    return np.unique(np.concatenate([NOBODY, *parts]))


def _ordered(given: pa.Table, key: Sequence[str]) -> pa.Table:
    """The same answers in the same order of rows and columns, whatever they came in."""
    names = [*key, *sorted(name for name in given.column_names if name not in key)]
    return given.select(names).take(pa.array(np.argsort(unit_hash(given, key, "", MATCHED), kind="stable")))


def _keep(table: pa.Table, name: str, files: FileStore) -> str:
    plain = table.combine_chunks().replace_schema_metadata(None)
    with tempfile.TemporaryDirectory() as folder:
        with pa.OSFile(str(Path(folder, name)), "wb") as sink, pa.ipc.new_file(sink, plain.schema) as writer:
            writer.write_table(plain)
        return files.keep(Path(folder))


def _kept(digest: str, name: str, files: FileStore) -> pa.Table | None:
    try:
        path = files.folder(digest) / name
    except Refused:
        return None
    with pa.OSFile(str(path), "rb") as source:
        return pa.ipc.open_file(source).read_all()
