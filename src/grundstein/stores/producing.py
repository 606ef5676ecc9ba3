"""Room stores. In: data files that come and go -> Out: one Iceberg snapshot of both, with few manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyiceberg.table import Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _MergeAppendFiles, _OverwriteFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyiceberg.io import FileIO
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.update import TableUpdate


class Once(Transaction):
    """PyIceberg's transaction, which copies all metadata at each look; this one only where something was staged since.

    With a hundred versions that copying was four fifths of a small append.
    """

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._seen: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The table's metadata with what is staged."""
        base, updates = self._table.metadata, self._updates
        if self._seen is None or self._seen[0] is not base or self._seen[1] is not updates:
            self._seen = (base, updates, super().table_metadata)
        return self._seen[2]


class Overwrite(_OverwriteFiles, _MergeAppendFiles):
    """PyIceberg's overwrite with the append's care: manifests are merged, and those that only say what went are left.

    Without it every overwrite adds two manifests for ever, and a thousand of them are read at every commit.
    """

    def _existing_manifests(self) -> list[ManifestFile]:
        return [one for one in super()._existing_manifests() if one.has_added_files() or one.has_existing_files()]


def overwrite(transaction: Transaction, io: FileIO, summary: Mapping[str, str]) -> Overwrite:
    """Begin a snapshot that takes files away and adds others."""
    return Overwrite(Operation.OVERWRITE, transaction, io, snapshot_properties=dict(summary))
