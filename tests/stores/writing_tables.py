"""What the tests of the table store share: rows with a key on their way in, and a plain model of what must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.stores.tables import IcebergTables
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grundstein.core.ports import TableInfo, TableStore

Row = tuple[str | None, int | None]


def opened(folder: Path, wait: float = 5) -> IcebergTables:
    """The store in a folder."""
    return IcebergTables(folder / "lake", wait)


def staged(store: TableStore, name: str, rows: Sequence[Row], batch: str, rows_a_file: int = 1000) -> Sequence[Path]:
    """Files with the columns key, value, _row, _batch."""
    first = store.next_row(name)
    table = pa.table(
        {
            "key": pa.array([key for key, _ in rows], pa.string()),
            "value": pa.array([value for _, value in rows], pa.int64()),
            "_row": pa.array(range(first, first + len(rows)), pa.int64()),
            "_batch": pa.array([batch] * len(rows), pa.string()),
        }
    )
    return write_parquet(table, store.staging(name), rows_a_file)


def append(store: TableStore, name: str, rows: Sequence[Row], batch: str, rows_a_file: int = 1000) -> TableInfo:
    """Append rows as one batch."""
    with store.lease(name):
        return store.append(name, staged(store, name, rows, batch, rows_a_file), batch, f"note of {batch}")


def upsert(store: TableStore, name: str, rows: Sequence[Row], batch: str, rows_a_file: int = 1000) -> TableInfo:
    """Upsert rows by `key` as one batch."""
    with store.lease(name):
        return store.upsert(name, staged(store, name, rows, batch, rows_a_file), ["key"], batch, f"note of {batch}")


def content(store: TableStore, name: str, version: str = "") -> list[tuple[object, ...]]:
    """Rows in order: key, value, _row, _batch."""
    return [tuple(row.values()) for row in store.read(name, version).to_pylist()]


def changed_model(
    model: Mapping[str, tuple[int | None, str]], rows: Sequence[Row], batch: str
) -> dict[str, tuple[int | None, str]]:
    """What a table by key is after an upsert: a dictionary keeps the order of first arrival."""
    after = dict(model)
    for key, value in rows:
        assert key is not None
        if key not in after or after[key][0] != value:
            after[key] = (value, batch)
    return after
