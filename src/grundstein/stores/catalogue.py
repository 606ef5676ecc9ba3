"""Room stores. In: Iceberg's catalogue in one SQLite file -> Out: its tables, read again only where they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import IcebergTables


class Catalogue(SqlCatalog):
    """PyIceberg's SQL catalogue; a table's metadata is parsed once for each place that the catalogue names.

    Metadata files are never changed once they are written, so what was read of one holds for ever.
    """

    def __init__(self, name: str, **properties: Any) -> None:
        self._known: dict[str, Table] = {}
        super().__init__(name, **properties)

    def _convert_orm_to_iceberg(self, orm_table: IcebergTables) -> Table:
        known = self._known.get(orm_table.table_name)
        if known is None or known.metadata_location != orm_table.metadata_location:
            known = self._known[orm_table.table_name] = super()._convert_orm_to_iceberg(orm_table)
        return Table(known.name(), known.metadata, known.metadata_location, known.io, self)
