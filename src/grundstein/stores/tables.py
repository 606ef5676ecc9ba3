"""Room stores. In: Parquet files and their batch -> Out: governed, versioned tables on Iceberg in one local folder.

A data file is named `FIRSTROW-SHA256.parquet`: the order of arrival and the digest of a version follow from the names,
nothing is read again for them, and `changed` can show at any time that the bytes are still those.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from grundstein.core.errors import Refused, nearest
from grundstein.core.ports import REJECTED, Commit, TableInfo
from grundstein.stores.lease import FileLease
from grundstein.stores.warehouse import BATCH, DIGEST, NEXT_ROW, NOTE, Warehouse, fact, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

NAME = re.compile(r"[^\W\d]\w{0,100}")
WAIT = 120.0


class Arrival(NamedTuple):
    """A file on its way in: where it is, its first `_row`, its rows, its sha256."""

    path: Path
    first: int
    rows: int
    sha256: str

    @property
    def name(self) -> str:
        """The name in the table's data folder."""
        return f"{self.first:012d}-{self.sha256}.parquet"


class IcebergTables:
    """The tables of one lake folder, `root`; a second writer of a table waits up to `wait` seconds."""

    def __init__(self, root: Path, wait: float = WAIT) -> None:
        self._lake, self._wait = root, wait
        self._warehouse = Warehouse(root, wait)
        self._leases: dict[str, FileLease] = {}

    def names(self) -> Sequence[str]:
        """Tables in order of name, rejected ones included."""
        return [name for name in self._warehouse.names() if not name.endswith(REJECTED) or self._head(name)]

    def info(self, name: str, version: str = "") -> TableInfo:
        """Facts of a version (the newest where empty); Refused where there is no such table or version."""
        table, snapshot = self._at(name, version)
        appends = [fact(s, BATCH) for s in history(table, snapshot) if fact(s, BATCH)]
        return TableInfo(
            name=name,
            version=str(snapshot.snapshot_id),
            rows=int(fact(snapshot, "total-records")),
            changed_at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds"),
            digest=fact(snapshot, DIGEST),
            batches=tuple(reversed(appends)),
        )

    def schema(self, name: str, version: str = "") -> pa.Schema:
        """The Arrow schema."""
        import pyarrow.parquet as pq

        from grundstein.tools.parquet import plain_schema

        return plain_schema(pq.read_schema(self.files(name, version)[0]))

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

        from grundstein.tools.parquet import plain_schema

        files = self.files(name, version)
        schema = plain_schema(pq.read_schema(files[0]))

        def batches() -> Iterator[pa.RecordBatch]:
            for path in files:
                with pq.ParquetFile(path) as file:
                    for batch in file.iter_batches():
                        yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def commits(self, name: str) -> Sequence[Commit]:
        """The appends in order; none where there is no such table."""
        table, head = self._warehouse.table(name), self._head(name)
        if table is None:
            return []
        found = [Commit(str(s.snapshot_id), fact(s, BATCH), fact(s, NOTE)) for s in history(table, head)]
        return [commit for commit in reversed(found) if commit.batch]

    def append(self, name: str, files: Sequence[Path], batch: str, note: str = "") -> TableInfo:
        """Move Parquet files into the table (made if new) as one commit that carries the batch's content hash.

        The files carry field ids and a `_row` that goes on from `next_row`. Inside the lease only. A batch that is
        there already is not added again. Refused where the columns are not those of the table.
        """
        self._inside(name)
        if name.endswith(REJECTED):
            self._undo(name)
        table = self._warehouse.table(name)
        done = next((commit.version for commit in self.commits(name) if commit.batch == batch), "")
        if done:
            return self.info(name, done)
        there = self._warehouse.paths(table, table.current_snapshot() if table else None)
        arrivals = _arrivals(files, self.next_row(name))
        _check_columns(name, [*there[:1], *(str(arrival.path) for arrival in arrivals)])
        self._move(name, arrivals)
        digests = [_named_sha256(file) for file in there] + [arrival.sha256 for arrival in arrivals]
        rows = self.next_row(name) + sum(arrival.rows for arrival in arrivals)
        summary = {BATCH: batch, NOTE: note, DIGEST: digest_of(digests), NEXT_ROW: str(rows)}
        return self.info(name, self._warehouse.commit(name, table, [arrival.name for arrival in arrivals], summary))

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
                self._lake / "locks" / f"{main}.lock",
                self._wait,
                begin=lambda: self._recover(main),
                end=lambda: shutil.rmtree(self._staging(main), ignore_errors=True),
            )
        return self._leases[main]

    def staging(self, name: str) -> Path:
        """A fresh folder for files on their way into the table; inside the lease only, gone when it ends."""
        self._inside(name)
        folder = self._staging(name) / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def changed(self, name: str, version: str = "") -> list[str]:
        """Read every file of a version again; returns the names of those whose bytes are not as they were at commit."""
        return [Path(f).name for f in self.files(name, version) if _sha256(Path(f)) != _named_sha256(f)]

    def close(self) -> None:
        """Give the catalogue's connections back."""
        self._warehouse.close()

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
        arrived = {fact(s, BATCH) for s in history(main, main.current_snapshot())} if main else set()
        return next((s for s in history(table, head) if fact(s, BATCH) in arrived), None)

    def _move(self, name: str, arrivals: Sequence[Arrival]) -> None:
        data = self._data(name)
        data.mkdir(parents=True, exist_ok=True)
        for arrival in arrivals:
            shutil.move(arrival.path, data / arrival.name)

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

    def _recover(self, main: str) -> None:
        """Undo half a batch and delete files that no commit names; whoever wrote them has lost the lease."""
        shutil.rmtree(self._staging(main), ignore_errors=True)
        self._undo(main + REJECTED)
        for name in (main, main + REJECTED):
            end = self.next_row(name)
            late = [file for file in self._data(name).glob("*.parquet") if int(file.name.split("-")[0]) >= end]
            table = self._warehouse.table(name) if late else None
            named = set(self._warehouse.paths(table, table.current_snapshot() if table else None))
            for file in late:
                if str(file.absolute()) not in named:
                    file.unlink()

    def _undo(self, rejected: str) -> None:
        table, head = self._warehouse.table(rejected), self._head(rejected)
        current = table.current_snapshot() if table else None
        if table and current and (head is None or head.snapshot_id != current.snapshot_id):
            self._warehouse.step_back(table)

    def _data(self, name: str) -> Path:
        return self._lake / "data" / name / "data"

    def _staging(self, name: str) -> Path:
        return self._lake / "staging" / name.removesuffix(REJECTED)


def digest_of(digests: Sequence[str]) -> str:
    """The digest of a version: sha256 over the sha256 of its files in order of arrival."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _checked(name: str) -> str:
    if NAME.fullmatch(name):
        return name
    proposal = re.sub(r"\W+", "_", name).strip("_") or "table"
    raise Refused(
        f'"{name}" cannot be the name of a table.',
        "A letter first, then letters, digits and underscores; at most 101 of them.",
        f"For example --table {proposal if NAME.fullmatch(proposal) else f't_{proposal}'[:100]}",
    )


def _arrivals(files: Sequence[Path], next_row: int) -> list[Arrival]:
    """Look at staged files; their `_row` must go on where the table ends."""
    import pyarrow.parquet as pq

    arrivals: list[Arrival] = []
    for path in files:
        metadata = pq.read_metadata(path)
        first = next_row + sum(arrival.rows for arrival in arrivals)
        rows = pq.read_table(path, columns=["_row"])["_row"].to_numpy()
        if len(rows) and (rows[0] != first or rows[-1] != first + len(rows) - 1):
            raise ValueError(f"_row of {path.name} must go on from {first}")
        arrivals.append(Arrival(path, first, metadata.num_rows, _sha256(path)))
    return arrivals


def _check_columns(name: str, files: Sequence[str]) -> None:
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(file) for file in files]
    for schema in schemas[1:] or schemas:
        _same_columns(name, schemas[0], schema)


def _same_columns(name: str, there: pa.Schema, arriving: pa.Schema) -> None:
    from grundstein.tools.parquet import field_ids

    if None in field_ids(arriving):
        raise ValueError(f"the files for {name} carry no field ids; write them with tools.parquet")
    if there.equals(arriving) and field_ids(there) == field_ids(arriving):
        return
    before, now = ({field.name: str(field.type) for field in schema} for schema in (there, arriving))
    strange = [n for n in now if n not in before]
    missing = [n for n in before if n not in now]
    other = [f"{n} ({now[n]}, was {before[n]})" for n in now if before.get(n, now[n]) != now[n]]
    parts = [("new", strange), ("missing", missing), ("of another type", other)]
    raise Refused(
        f'The rows do not fit the table "{name}": '
        + ("; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names) or "the columns' order changed")
        + ".",
        f"The columns of the table: {', '.join(n for n in before if not n.startswith('_'))}",
        nearest(strange[0], missing) if strange and missing else "Use another --table, or bring the columns back.",
    )


def _in_order(rows: pa.ChunkedArray) -> bool:
    import numpy as np

    return bool(np.all(np.diff(rows.to_numpy()) > 0))


def _named_sha256(file: str) -> str:
    return Path(file).stem.split("-")[1]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
