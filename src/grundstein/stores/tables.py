"""Room stores. In: Parquet files and their batch -> Out: governed, versioned tables on Iceberg in one local folder.

A data file is named `FIRSTROW-SHA256.parquet`: the order of arrival and the digest of a version follow from the names,
nothing is read again for them, and `changed` can show at any time that the bytes are still those.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.core.ports import REJECTED, Commit, TableInfo, Tidied
from grundstein.stores import compacting, history
from grundstein.stores.datafiles import (
    arrival,
    arrivals,
    check_columns,
    digest_of,
    first_row,
    intact,
    named_sha256,
)
from grundstein.stores.history import ADDED, BATCH, DIGEST, NEXT_ROW, NOTE, UNCHANGED, UPDATED, fact, number
from grundstein.stores.lease import FileLease
from grundstein.stores.placing import Folders
from grundstein.stores.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from grundstein.stores.datafiles import Arrival
    from grundstein.stores.warehouse import Kept

NAME = re.compile(r"[^\W\d]\w{0,100}")
WAIT = 120.0


class IcebergTables:
    """The tables of one lake folder, `root`; a second writer of a table waits up to `wait` seconds."""

    def __init__(self, root: Path, wait: float = WAIT) -> None:
        self._wait = wait
        self._folders = Folders(root)
        self._warehouse = Warehouse(root, wait)
        self._leases: dict[str, FileLease] = {}
        self._pins: FileLease | None = None

    def names(self) -> Sequence[str]:
        """Tables in order of name, rejected ones included."""
        return [name for name in self._warehouse.names() if not name.endswith(REJECTED) or self._head(name)]

    def info(self, name: str, version: str = "") -> TableInfo:
        """Facts of a version (the newest where empty); Refused where there is no such table or version."""
        table, snapshot = self._at(name, version)
        return TableInfo(
            name=name,
            version=str(snapshot.snapshot_id),
            rows=int(fact(snapshot, "total-records")),
            changed_at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds"),
            digest=fact(snapshot, DIGEST),
            batches=tuple(step.batch for step in history.steps(table, snapshot)),
            updated=number(snapshot, UPDATED),
            added=number(snapshot, ADDED),
            unchanged=number(snapshot, UNCHANGED),
        )

    def schema(self, name: str, version: str = "") -> pa.Schema:
        """The Arrow schema."""
        return self._schema(self.files(name, version)[0])

    def files(self, name: str, version: str = "") -> Sequence[str]:
        """The Parquet files of a version, in order of arrival; at least one."""
        return self._warehouse.paths(*self._at(name, version))

    def read(self, name: str, version: str = "") -> pa.Table:
        """The whole table ordered by `_row`."""
        import pyarrow as pa

        with self.stream(name, version) as reader:
            table = pa.Table.from_batches(reader, schema=reader.schema)
        return table if _in_order(table["_row"]) else table.sort_by("_row")

    def stream(self, name: str, version: str = "") -> pa.RecordBatchReader:
        """The table as batches, file after file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        files = self.files(name, version)
        schema = self._schema(files[0])

        def batches() -> Iterator[pa.RecordBatch]:
            for path in files:
                with pq.ParquetFile(path) as file:
                    for batch in file.iter_batches():
                        yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def commits(self, name: str) -> Sequence[Commit]:
        """The batches in order, those of expired versions without their notes; none where there is no such table."""
        found = history.steps(self._warehouse.table(name), self._head(name))
        return [Commit(step.version, step.batch, step.note) for step in found]

    def append(self, name: str, files: Sequence[Path], batch: str, note: str = "") -> TableInfo:
        """Move Parquet files into the table (made if new) as one commit that carries the batch's content hash.

        The files carry field ids and a `_row` that goes on from `next_row`. Inside the lease only. A batch that is
        there already is not added again. Refused where the columns are not those of the table.
        """
        table, there, coming = self._arriving(name, files)
        if done := self._done(name, batch):
            return done
        arriving = [one for one in coming if one.rows] or ([] if there else coming[:1])
        added = sum(one.rows for one in coming)
        facts = {BATCH: batch, NOTE: note, ADDED: str(added), NEXT_ROW: str(self.next_row(name) + added)}
        return self._commit(name, table, there, arriving, facts)

    def upsert(self, name: str, files: Sequence[Path], key: Sequence[str], batch: str, note: str = "") -> TableInfo:
        """As `append`, but a row whose key is in the table replaces the row there and keeps its `_row`.

        Rows that are equal in all columns stay as they are; new keys get the next `_row` without a gap. Refused where
        a key is missing, arrives twice or stands twice in the table. How many rows were which is in the TableInfo.
        """
        from grundstein.stores import upserting

        table, there, coming = self._arriving(name, files)
        if done := self._done(name, batch):
            return done
        upserting.check_key(name, key, self._schema(str(files[0])))
        targets = [upserting.Target(Path(kept.path), first_row(kept.path), kept.rows) for kept in there]
        found = upserting.upserted(name, key, targets, coming, self.staging(name))
        first, gone = self.next_row(name), [there[place] for place in found.rewritten]
        arriving = [arrival(path, targets[place].first) for place, path in found.rewritten.items()]
        arriving += arrivals(found.added, first) or ([] if there else coming[:1])
        facts = {BATCH: batch, NOTE: note, NEXT_ROW: str(first + found.new)}
        facts |= {UPDATED: str(found.updated), ADDED: str(found.new), UNCHANGED: str(found.unchanged)}
        return self._commit(name, table, there, arriving, facts, gone if table else None)

    def widen(self, name: str, columns: pa.Schema) -> int:
        """Add those of the columns that the table lacks, empty in its rows, as a new version; returns how many.

        Its files are written again, so that all files of a version have the same columns. Inside the lease only.
        Refused where the table holds lists, whose parts Iceberg numbers behind all columns.
        """
        from grundstein.stores import widening

        self._inside(name)
        table = self._warehouse.table(name)
        there = self._warehouse.kept(table, table.current_snapshot() if table else None)
        if table is None or not there:
            return 0
        schema, new = widening.wider(name, there[0].path, columns)
        if len(new):
            arriving = widening.written(there, schema, self.staging(name))
            facts = {NEXT_ROW: str(self.next_row(name))}
            self._commit(name, table, there, arriving, facts, there, new)
        return len(new)

    def compact(self, name: str) -> int:
        """Join small files as a new version of the same rows; returns how many files were joined. Inside the lease."""
        from grundstein.stores import rewriting

        self._inside(name)
        table = self._warehouse.table(name)
        head = table.current_snapshot() if table else None
        there = self._warehouse.kept(table, head)
        gone: list[Kept] = []
        arriving: list[Arrival] = []
        for run in compacting.neighbours(there):
            target = self.staging(name) / "joined.parquet"
            rewriting.joined([Path(kept.path) for kept in run], target)
            one = arrival(target, first_row(run[0].path))
            if one.name not in {Path(kept.path).name for kept in run}:
                arriving.append(one)
                gone += run
        if head is not None and gone:
            self._commit(name, table, there, arriving, {NEXT_ROW: fact(head, NEXT_ROW)}, gone)
        return len(gone)

    def tidy(self, name: str, keep: Collection[str], age: float) -> Tidied:
        """Forget versions that are neither in `keep` nor recent, delete files that nobody needs.

        A file is deleted once no version has named it for `age` seconds: whoever has its path may still be reading.
        The files of versions in `keep` are never touched. Inside the lease only, and inside `pinning` from looking up
        what to keep.
        """
        self._inside(name)
        table = self._warehouse.table(name)
        named: Collection[str] = ()
        going: Sequence[Snapshot] = ()
        if table is not None:
            going = compacting.dispensable(table, keep)
            if going or history.untidied(table):
                before = self._warehouse.named(table, table.metadata.snapshots)
                staying = [snapshot for snapshot in table.metadata.snapshots if snapshot not in going]
                compacting.touch(before - self._warehouse.named(table, staying))
                self._warehouse.expire(table, going)
                table = self._warehouse.table(name) or table
            named = self._warehouse.named(table, table.metadata.snapshots)
        freed = list(compacting.sweep((self._folders.data(name), self._folders.metadata(name)), named, age))
        return Tidied(expired=len(going), deleted=len(freed), freed=sum(freed))

    def untidied(self, name: str) -> int:
        """The number of commits since the table was last tidied."""
        table = self._warehouse.table(name)
        return history.untidied(table) if table else 0

    def next_row(self, name: str) -> int:
        """The `_row` of the next arrival."""
        table = self._warehouse.table(name)
        head = table.current_snapshot() if table else None
        return int(fact(head, NEXT_ROW)) if head else 0

    def lease(self, name: str) -> FileLease:
        """The one writer's lease of a table and its companion of rejected rows.

        Taking it undoes what a writer that died in the middle has left behind.
        """
        main = _checked(name).removesuffix(REJECTED)
        if main not in self._leases:
            self._check_case(main)
            self._leases[main] = FileLease(
                self._folders.lock(main), self._wait, begin=lambda: self._recover(main), end=lambda: self._leave(main)
            )
        return self._leases[main]

    def pinning(self) -> FileLease:
        """Inside it no version expires: hold it from looking a version up until its record is in the ledger."""
        if self._pins is None:
            self._pins = FileLease(self._folders.house_lock("pins"), self._wait)
        return self._pins

    def staging(self, name: str) -> Path:
        """A fresh folder for files on their way into the table; inside the lease only, gone when it ends."""
        self._inside(name)
        folder = self._folders.staging(name) / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def changed(self, name: str, *versions: str) -> list[str]:
        """Read every file of these versions again, each once; returns the names of those not as they were at commit."""
        files = dict.fromkeys(file for version in versions or ("",) for file in self.files(name, version))
        return [Path(file).name for file in files if not intact(Path(file))]

    def close(self) -> None:
        """Give the catalogue's connections back."""
        self._warehouse.close()

    @staticmethod
    def _schema(file: str) -> pa.Schema:
        import pyarrow.parquet as pq

        from grundstein.tools.parquet import plain_schema

        return plain_schema(pq.read_schema(file))

    def _at(self, name: str, version: str) -> tuple[Table, Snapshot]:
        table = self._warehouse.table(name)
        snapshot = self._head(name) if not version else None
        if table is not None and version.isdigit():
            snapshot = table.snapshot_by_id(int(version))
        if table is not None and snapshot is not None:
            return table, snapshot
        if table is None or not version:
            raise Refused(
                f'There is no table "{name}".',
                f"A table of the lake: {nearest(name, self.names())}",
                f"Look at them with `grundstein tables`, or make it with `grundstein ingest FILE --table {name}`.",
            )
        known = [commit.version for commit in self.commits(name)]
        raise Refused(
            f'"{name}" has no version {version}.',
            f"One of its {len(known)} versions: {', '.join(known[-3:])}",
            f"Look at the newest one with `grundstein show {name}`.",
        )

    def _head(self, name: str) -> Snapshot | None:
        """The newest snapshot that shows; of rejected rows those whose batch is in the main table."""
        table = self._warehouse.table(name)
        head = table.current_snapshot() if table else None
        if table is None or not name.endswith(REJECTED):
            return head
        main = self._warehouse.table(name.removesuffix(REJECTED))
        arrived = {step.batch for step in history.steps(main, main.current_snapshot())} if main else set()
        settled = {"", *arrived}
        return next((s for s in reversed(history.living(table, head)) if fact(s, BATCH) in settled), None)

    def _check_case(self, name: str) -> None:
        other = next((n for n in self._warehouse.names() if n != name and n.lower() == name.lower()), None)
        if other:
            raise Refused(
                f'"{name}" differs from the table "{other}" in capitals only.',
                "Names that can be told apart when spoken.",
                f"Use --table {other}, or another name.",
            )

    def _inside(self, name: str) -> None:
        if not self.lease(name).held:
            raise RuntimeError(f"write {name} inside `with tables.lease({name!r})`")

    def _arriving(self, name: str, files: Sequence[Path]) -> tuple[Table | None, list[Kept], list[Arrival]]:
        self._inside(name)
        if name.endswith(REJECTED):
            self._undo(name)
        table = self._warehouse.table(name)
        there = self._warehouse.kept(table, table.current_snapshot() if table else None)
        check_columns(name, [*(kept.path for kept in there[:1]), *map(str, files)])
        return table, there, arrivals(files, self.next_row(name))

    def _done(self, name: str, batch: str) -> TableInfo | None:
        """The version in which a batch arrived, the newest one where that has expired; None where it is new."""
        found = next((commit.version for commit in self.commits(name) if commit.batch == batch), "")
        if not found:
            return None
        table = self._warehouse.table(name)
        return self.info(name, found if table and table.snapshot_by_id(int(found)) else "")

    def _commit(
        self,
        name: str,
        table: Table | None,
        there: Sequence[Kept],
        arriving: Sequence[Arrival],
        facts: Mapping[str, str],
        gone: Sequence[Kept] | None = None,
        wider: pa.Schema | None = None,
    ) -> TableInfo:
        """Move files in and commit them; the digest is that of the files which are in the table then."""
        left = {kept.path for kept in gone or ()}
        names = [Path(kept.path).name for kept in there if kept.path not in left] + [one.name for one in arriving]
        summary = {**facts, DIGEST: digest_of([named_sha256(file) for file in sorted(names)])}
        self._folders.place(name, arriving)
        version = self._warehouse.commit(name, table, [one.name for one in arriving], summary, gone, wider)
        self._folders.placed(name)
        return self.info(name, version)

    def _recover(self, main: str) -> None:
        """Undo half a batch and delete files that no commit names; whoever wrote them has lost the lease."""
        self._undo(main + REJECTED)
        for name in (main, main + REJECTED):
            self._drop_strays(name)
        self._folders.leave(main)

    def _leave(self, main: str) -> None:
        """Leave nothing behind of a commit that failed."""
        for name in (main, main + REJECTED):
            if self._folders.unfinished(name):
                self._drop_strays(name)
        self._folders.leave(main)

    def _drop_strays(self, name: str) -> None:
        def named() -> Collection[str]:
            table = self._warehouse.table(name)
            return self._warehouse.named(table, table.metadata.snapshots) if table else ()

        self._folders.drop_strays(name, self.next_row(name), named)

    def _undo(self, rejected: str) -> None:
        table, head = self._warehouse.table(rejected), self._head(rejected)
        current = table.current_snapshot() if table else None
        if table and current and (head is None or head.snapshot_id != current.snapshot_id):
            self._warehouse.step_back(table)


def _checked(name: str) -> str:
    if NAME.fullmatch(name):
        return name
    proposal = re.sub(r"\W+", "_", name).strip("_") or "table"
    raise Refused(
        f'"{name}" cannot be the name of a table.',
        "A letter first, then letters, digits and underscores; at most 101 of them.",
        f"For example --table {proposal if NAME.fullmatch(proposal) else f't_{proposal}'[:100]}",
    )


def _in_order(rows: pa.ChunkedArray) -> bool:
    import numpy as np

    return bool(np.all(np.diff(rows.to_numpy()) > 0))
