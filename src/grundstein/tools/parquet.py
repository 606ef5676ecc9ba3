"""Room tools. In: an Arrow table -> Out: Parquet files with field ids, the same bytes for the same rows.

Field ids are 1 to n in the order of the columns: engines that find columns by id, as Iceberg's do, read nulls without.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROWS_A_FILE = 4_000_000
ROWS_A_GROUP = 122_880
BYTES_A_FILE = 128 << 20


def write_parquet(table: pa.Table, folder: Path, rows_a_file: int = ROWS_A_FILE) -> list[Path]:
    """Write the rows in order to `folder/00000.parquet` and following; an empty table gives one file without rows."""
    files = ParquetFiles(folder, table.schema, rows_a_file)
    files.write(table)
    return files.close()


class ParquetFiles:
    """Parquet files that are written part by part in one folder; the same rows give the same bytes in any parts.

    A file ends after `rows_a_file` rows, or about 128 MB.
    """

    def __init__(self, folder: Path, schema: pa.Schema, rows_a_file: int = ROWS_A_FILE) -> None:
        self._folder, self._most = folder, rows_a_file
        self._schema = with_ids(schema)
        self._held: list[pa.Table] = []
        self._waiting = self._written = 0
        self._paths: list[Path] = []
        self._sink: Any = None
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        self._held.append(pa.Table.from_arrays(table.columns, schema=self._schema))
        self._waiting += table.num_rows
        while self._waiting >= ROWS_A_GROUP:
            self._group(ROWS_A_GROUP)

    def close(self) -> list[Path]:
        """Write what is left and return the files; one without rows where there are none."""
        if self._waiting or not self._paths:
            self._group(self._waiting)
        self._end()
        return self._paths

    def _group(self, most: int) -> None:
        """Write one row group, or the part of it that the file still takes."""
        held = pa.concat_tables(self._held or [self._schema.empty_table()])
        group = held.slice(0, min(most, self._most - self._written if self._writer else self._most))
        rest = held.slice(group.num_rows)
        self._held, self._waiting = [rest] if rest.num_rows else [], rest.num_rows
        if self._writer is None:
            self._begin(group)
        self._writer.write_table(group.combine_chunks(), row_group_size=ROWS_A_GROUP)
        self._written += group.num_rows
        if self._written >= self._most or self._sink.tell() >= BYTES_A_FILE:
            self._end()
        if self._waiting and most < ROWS_A_GROUP:
            self._group(self._waiting)

    def _begin(self, group: pa.Table) -> None:
        self._paths.append(self._folder / f"{len(self._paths):05d}.parquet")
        self._sink, self._written = pa.OSFile(str(self._paths[-1]), "wb"), 0
        self._writer = writer(self._sink, self._schema, few_different(group))

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._sink.close()
        self._writer = self._sink = None


def writer(target: Path | pa.NativeFile, schema: pa.Schema, dictionaries: Sequence[str]) -> pq.ParquetWriter:
    """Open a file of the lake; `dictionaries` are the columns that are written with one."""
    return pq.ParquetWriter(
        target, schema, compression="zstd", store_decimal_as_integer=True, use_dictionary=list(dictionaries)
    )


def few_different(group: pa.Table) -> list[str]:
    """The columns in whose first rows a value comes at least twice on average: only there a dictionary saves."""
    enough = max(1, group.num_rows // 2)
    plain = [field.name for field in group.schema if not pa.types.is_nested(field.type)]
    return [name for name in plain if pc.count_distinct(group[name]).as_py() <= enough]


def with_ids(schema: pa.Schema) -> pa.Schema:
    """Return the schema with Parquet field ids: columns 1 to n in their order, then what lists hold."""
    inner = count(len(schema) + 1)
    return pa.schema([_with_id(field, number, inner) for number, field in enumerate(schema, start=1)])


def _with_id(field: pa.Field, number: int, inner: Iterator[int]) -> pa.Field:
    if pa.types.is_list(field.type):
        field = field.with_type(pa.list_(_with_id(field.type.value_field, next(inner), inner)))
    return field.with_metadata({b"PARQUET:field_id": str(number).encode()})


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema without metadata, as tables cross a border."""
    return pa.schema([_plain(field) for field in schema])


def _plain(field: pa.Field) -> pa.Field:
    if pa.types.is_list(field.type):
        field = field.with_type(pa.list_(_plain(field.type.value_field)))
    return field.remove_metadata()


def field_ids(schema: pa.Schema) -> list[int | None]:
    """Return the field id of each column of a Parquet file's schema, None where it has none."""
    ids = [(field.metadata or {}).get(b"PARQUET:field_id") for field in schema]
    return [None if i is None or int(i) < 0 else int(i) for i in ids]
