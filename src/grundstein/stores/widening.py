"""Room stores. In: a table's data files and columns that they lack -> Out: the same rows in files that have them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.stores import rewriting
from grundstein.stores.datafiles import arrival, first_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from grundstein.stores.datafiles import Arrival
    from grundstein.stores.warehouse import Kept


def wider(name: str, file: str, columns: pa.Schema) -> tuple[pa.Schema, pa.Schema]:
    """Return the columns of a table's files with the new ones behind them, and the new ones alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from grundstein.tools.parquet import with_ids

    there = pq.read_schema(file)
    new = pa.schema([field.remove_metadata() for field in columns if field.name not in there.names])
    if len(new) and any(pa.types.is_nested(field.type) for field in (*there, *new)):
        raise Refused(
            f'The table "{name}" cannot get another column: {", ".join(new.names)}.',
            "A table without lists.",
            "Use another --table, or leave the column out",
        )
    return with_ids(pa.schema([*there, *new])), new


def written(there: Sequence[Kept], schema: pa.Schema, folder: Path) -> list[Arrival]:
    """Write each file again with the columns of `schema`, in order."""
    found: list[Arrival] = []
    for kept in there:
        target = folder / f"{len(found):05d}.parquet"
        rewriting.widened(Path(kept.path), target, schema)
        found.append(arrival(target, first_row(kept.path)))
    return found
