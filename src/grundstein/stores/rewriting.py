"""Room stores. In: data files of a table -> Out: new files with other rows or other borders, the same bytes each time.

Files are read and written one row group at a time, so memory does not grow with them. Rows stay in order of `_row`.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from grundstein.tools.parquet import ROWS_A_GROUP, few_different, writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class Changes:
    """Rows that replace others, as a stream ordered by the `_row` that each replaces."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self._reader = reader
        self._waiting = reader.schema.empty_table()

    def upto(self, last: int) -> pa.Table:
        """Take the rows whose `_row` is at most `last`, all of them."""
        parts = [self._waiting]
        while not parts[-1].num_rows or parts[-1]["_row"][-1].as_py() <= last:
            batch = next(self._reader, None)
            if batch is None:
                break
            parts.append(pa.Table.from_batches([batch]))
        rows = pa.concat_tables(parts)
        many = int(np.searchsorted(rows["_row"].to_numpy(), last, side="right"))
        self._waiting = rows.slice(many)
        return rows.slice(0, many)


def replaced(path: Path, target: Path, changes: Changes) -> int:
    """Write a file again with `changes` in the place of the rows of the same `_row`; returns how many rows differ.

    A row that differs in nothing but its batch stays as it was.
    """
    differ = 0
    with writer(target, pq.read_schema(path), _dictionaries(path)) as file:
        for group in _groups([path]):
            rows = group["_row"].to_numpy()
            new, at = _differing(group, rows, changes.upto(int(rows[-1]) if len(rows) else -1))
            file.write_table(_with(group, at, new) if len(at) else group)
            differ += len(at)
    return differ


def kept(path: Path, target: Path, keep: NDArray[np.bool_], first: int) -> int:
    """Write the rows of a file whose place is true in `keep`, numbered from `first`; returns how many."""
    done = start = 0
    with writer(target, pq.read_schema(path), _dictionaries(path)) as file:
        for group in _groups([path]):
            part = group.filter(pa.array(keep[start : start + group.num_rows]))
            start += group.num_rows
            if part.num_rows:
                numbers = np.arange(first + done, first + done + part.num_rows, dtype=np.int64)
                place = part.schema.get_field_index("_row")
                file.write_table(part.set_column(place, part.schema.field(place), pa.array(numbers)))
            done += part.num_rows
    return done


def joined(paths: Sequence[Path], target: Path) -> None:
    """Write several files as one, in full row groups."""
    full = _full(paths)
    first = next(full)
    with writer(target, first.schema, few_different(first)) as file:
        for rows in chain([first], full):
            if rows.num_rows:
                file.write_table(rows, row_group_size=ROWS_A_GROUP)


def widened(path: Path, target: Path, schema: pa.Schema) -> None:
    """Write a file again with the columns of `schema`; those that it lacks are empty."""
    with writer(target, schema, _dictionaries(path)) as file:
        for group in _groups([path]):
            there = {name: group[name] for name in group.column_names}
            columns = [there.get(field.name, pa.nulls(group.num_rows, field.type)) for field in schema]
            file.write_table(pa.Table.from_arrays(columns, schema=schema))


def _differing(group: pa.Table, rows: NDArray[np.int64], new: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    """The rows of `new` that say something else than those in their places, in the group's types, and these places."""
    at = np.searchsorted(rows, new["_row"].to_numpy())
    names = [name for name in new.column_names if name != "_row"]
    new = pa.table({name: new[name].cast(group.schema.field(name).type) for name in names})
    old = group.select(names).take(pa.array(at))
    differ = np.zeros(len(at), dtype=bool)
    for name in names:
        if name != "_batch":
            one, other = old[name], new[name]
            one_is_empty = pc.xor(one.is_null(), other.is_null())
            differ |= pc.coalesce(pc.not_equal(one, other), one_is_empty).to_numpy()
    return new.filter(pa.array(differ)), at[differ]


def _with(group: pa.Table, at: NDArray[np.int64], new: pa.Table) -> pa.Table:
    mask = np.zeros(group.num_rows, dtype=bool)
    mask[at] = True
    columns = [
        pc.replace_with_mask(group[name].combine_chunks(), pa.array(mask), new[name].combine_chunks())
        if name in new.column_names
        else group[name]
        for name in group.column_names
    ]
    return pa.Table.from_arrays(columns, schema=group.schema)


def _groups(paths: Sequence[Path]) -> Iterator[pa.Table]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number)


def _full(paths: Sequence[Path]) -> Iterator[pa.Table]:
    """The rows of several files in full row groups; the last part holds what is left, or nothing."""
    waiting: list[pa.Table] = [pq.read_schema(paths[0]).empty_table()]
    for group in _groups(paths):
        waiting.append(group)
        if sum(part.num_rows for part in waiting) >= ROWS_A_GROUP:
            rows = pa.concat_tables(waiting)
            full = rows.num_rows - rows.num_rows % ROWS_A_GROUP
            yield rows.slice(0, full)
            waiting = [rows.slice(full)]
    yield pa.concat_tables(waiting)


def _dictionaries(path: Path) -> list[str]:
    """The columns that a file writes with a dictionary."""
    footer = pq.read_metadata(path)
    columns = [footer.row_group(0).column(at) for at in range(footer.num_columns)] if footer.num_row_groups else []
    return [column.path_in_schema for column in columns if column.has_dictionary_page]
