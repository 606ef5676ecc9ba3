"""Room stores. In: the lake's folder -> Out: its Iceberg catalogue, and commits that name their batch.

This file and those it opens (`producing`, `rooted`) speak PyIceberg, imported where it is first needed (a second).
A snapshot's id is drawn from what it holds and what it follows, so the same appends give the same versions anywhere.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from grundstein.stores.history import BATCH, DIGEST, expired
from grundstein.stores.lease import FileLease

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.manifest import DataFile, ManifestFile
    from pyiceberg.table import Table, Transaction
    from pyiceberg.table.snapshots import Snapshot

NAMESPACE = "lake"
PROPERTIES = {
    "commit.retry.num-retries": "0",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.metadata.metrics.default": "none",
}


class Kept(NamedTuple):
    """A data file of a snapshot: where it lies now, its rows, its bytes, and what Iceberg knows of it."""

    path: str
    rows: int
    bytes: int
    entry: DataFile


class Warehouse:
    """The catalogue of one lake folder. `PROPERTIES` turn retries off, so that a commit is a fence, and column bounds
    off, so that no value of a row stands in the metadata."""

    def __init__(self, lake: Path, seconds: float) -> None:
        self._lake, self._seconds = lake.absolute(), seconds
        self._database = self._lake / "catalog.sqlite"
        self._opened: SqlCatalog | None = None

    def names(self) -> list[str]:
        """Every table that has a commit."""
        if not self._database.exists():
            return []
        return sorted(identifier[-1] for identifier in self._catalog().list_tables(NAMESPACE))

    def table(self, name: str) -> Table | None:
        """Load a table as it is now; None where there is none."""
        if not self._database.exists():
            return None
        from pyiceberg.exceptions import NoSuchTableError

        try:
            return self._catalog().load_table((NAMESPACE, name))
        except NoSuchTableError:
            return None

    def drop(self, name: str) -> None:
        """Forget a table; its files stay."""
        self._catalog().drop_table((NAMESPACE, name))

    def commit(
        self,
        name: str,
        table: Table | None,
        files: Sequence[str],
        summary: Mapping[str, str],
        gone: Collection[Kept] | None = None,
        wider: pa.Schema | None = None,
    ) -> str:
        """Add files (names in the table's data folder) as one commit, making the table if `table` is None.

        `gone` are files that leave the table with it, maybe none; None for a plain append. `wider`: columns that the
        table gets with it. Returns the new version. The data and the `summary` arrive together or not at all.
        """
        from pyiceberg.io.pyarrow import parquet_file_to_data_file

        from grundstein.stores.producing import Once, overwrite

        transaction = Once(table) if table else self._creation(name, files[0])
        with transaction as tx:
            if wider is not None:
                with tx.update_schema() as update:
                    update.union_by_name(wider)
            if gone is None:
                change: Any = tx.update_snapshot(snapshot_properties=dict(summary)).merge_append()
            else:
                change = overwrite(tx, self._io(), summary)
            version = _version(name, table, summary)
            change._snapshot_id = version  # noqa: SLF001  (drawn at random otherwise, and versions stand in records)
            with change:
                for kept in gone or ():
                    change.delete_data_file(kept.entry)
                for file in files:
                    location = f"{tx.table_metadata.location}/data/{file}"
                    change.append_data_file(parquet_file_to_data_file(self._io(), tx.table_metadata, location))
        return str(version)

    def step_back(self, table: Table) -> None:
        """Undo the newest commit: its parent is current again, the snapshot is forgotten; the files stay."""
        head = table.current_snapshot()
        if head is None or head.parent_snapshot_id is None:
            return self.drop(table.name()[-1])
        from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

        with table.transaction() as tx:
            ManageSnapshots(tx).set_current_snapshot(head.parent_snapshot_id).commit()
            ExpireSnapshots(tx).by_id(head.snapshot_id).commit()
        return None

    def kept(self, table: Table | None, snapshot: Snapshot | None) -> list[Kept]:
        """The data files of a snapshot, in order of arrival: a name begins with its first row."""
        if table is None or snapshot is None:
            return []
        manifests = snapshot.manifests(table.io)
        files = [entry.data_file for manifest in manifests for entry in manifest.fetch_manifest_entry(table.io)]
        found = [Kept(self._io().path(f.file_path), f.record_count, f.file_size_in_bytes, f) for f in files]
        return sorted(found, key=lambda kept: kept.path)

    def paths(self, table: Table | None, snapshot: Snapshot | None) -> list[str]:
        """Where the data files of a snapshot lie now, in order of arrival."""
        return [kept.path for kept in self.kept(table, snapshot)]

    def expire(self, table: Table, snapshots: Collection[Snapshot]) -> None:
        """Forget versions, and remember their batches and how far the table is tidied, in one commit."""
        from pyiceberg.table.update.snapshot import ExpireSnapshots

        from grundstein.stores.producing import Once

        with Once(table) as tx:
            tx.set_properties(expired(table, snapshots))
            if snapshots:
                ExpireSnapshots(tx).by_ids([snapshot.snapshot_id for snapshot in snapshots]).commit()

    def named(self, table: Table, snapshots: Iterable[Snapshot]) -> set[str]:
        """Every file that these snapshots need: data, manifests and their lists; and the table's own metadata."""
        manifests: dict[str, ManifestFile] = {}
        found = {table.metadata_location, *(log.metadata_file for log in table.metadata.metadata_log)}
        for snapshot in snapshots:
            found.add(snapshot.manifest_list)
            manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}
        for location, manifest in manifests.items():
            found.add(location)
            found |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
        return {self._io().path(location) for location in found}

    def close(self) -> None:
        """Give the catalogue's connections back."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _creation(self, name: str, file: str) -> Transaction:
        import pyarrow.parquet as pq
        from pyiceberg.io.pyarrow import pyarrow_to_schema

        catalog = self._catalog()
        location = f"{self._origin(catalog)}/data/{name}"
        schema = pyarrow_to_schema(pq.read_schema(self._io().path(f"{location}/data/{file}")))
        return catalog.create_table_transaction((NAMESPACE, name), schema, location=location, properties=PROPERTIES)

    def _io(self) -> Any:
        from grundstein.stores.rooted import RootedFiles

        return RootedFiles(self._catalog().properties)

    def _catalog(self) -> SqlCatalog:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> SqlCatalog:
        """Open the catalogue; two processes that meet an empty folder make it once."""
        from grundstein.stores.catalogue import Catalogue

        with FileLease(self._lake / "locks" / ".catalogue.lock", self._seconds):
            catalog = Catalogue(
                "grundstein",
                uri=f"sqlite:///{self._database}?timeout=60",
                **{"py-io-impl": "grundstein.stores.rooted.RootedFiles"},
            )
            catalog.create_namespace_if_not_exists(NAMESPACE, {"origin": str(self._lake)})
        catalog.properties.update({"grundstein.origin": self._origin(catalog), "grundstein.root": str(self._lake)})
        return catalog

    @staticmethod
    def _origin(catalog: SqlCatalog) -> str:
        return catalog.load_namespace_properties(NAMESPACE)["origin"]


def _version(name: str, table: Table | None, summary: Mapping[str, str]) -> int:
    head = table.current_snapshot() if table else None
    words = (name, str(head.snapshot_id if head else 0), summary.get(BATCH, ""), summary[DIGEST])
    return int.from_bytes(hashlib.sha256("\n".join(words).encode()).digest()[:8], "big") >> 1
