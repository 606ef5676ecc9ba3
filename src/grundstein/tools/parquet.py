"""Room tools. In: an Arrow table -> Out: Parquet files with field ids, the same bytes for the same rows.

Field ids are 1 to n in the order of the columns: engines that find columns by id, as Iceberg's do, read nulls without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

ROWS_A_FILE = 4_000_000
ROWS_A_GROUP = 122_880


def write_parquet(table: pa.Table, folder: Path, rows_a_file: int = ROWS_A_FILE) -> list[Path]:
    """Write the rows in order to `folder/00000.parquet` and following; an empty table gives one file without rows."""
    fields = [with_id(field, number) for number, field in enumerate(table.schema, start=1)]
    numbered = pa.Table.from_arrays(table.columns, schema=pa.schema(fields))
    paths = []
    for number, start in enumerate(range(0, max(table.num_rows, 1), rows_a_file)):
        paths.append(folder / f"{number:05d}.parquet")
        pq.write_table(
            numbered.slice(start, rows_a_file),
            paths[-1],
            compression="zstd",
            row_group_size=ROWS_A_GROUP,
            store_decimal_as_integer=True,
        )
    return paths


def with_id(field: pa.Field, number: int) -> pa.Field:
    """Return the field with its Parquet field id."""
    return field.with_metadata({b"PARQUET:field_id": str(number).encode()})


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema without metadata, as tables cross a border."""
    return pa.schema([field.remove_metadata() for field in schema])


def field_ids(schema: pa.Schema) -> list[int | None]:
    """Return the field id of each column of a Parquet file's schema, None where it has none."""
    ids = [(field.metadata or {}).get(b"PARQUET:field_id") for field in schema]
    return [None if i is None or int(i) < 0 else int(i) for i in ids]
