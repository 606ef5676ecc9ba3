"""Room tasks. In: a table of events -> Out: events as numbered users and items, and the weights a user gave items."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from grundstein.core.errors import Refused, nearest
from grundstein.tools.sealing import instants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import LiveTable
    from grundstein.tasks.recommend.options import Reading


@dataclass(frozen=True)
class Events:
    """Events as arrays of one length, in the table's order; ids are texts in order, `users` and `items` number them."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    weights: NDArray[np.float64]
    times: NDArray[np.int64]
    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]

    def taken(self, keep: NDArray[np.bool_]) -> Events:
        """Return some of the events; the numbering stays."""
        return Events(
            self.users[keep],
            self.items[keep],
            self.weights[keep],
            self.times[keep],
            self.user_ids,
            self.item_ids,
        )

    def over(self, ids: Sequence[str]) -> Events:
        """Return the events on these items, numbered by them; the others are left out."""
        position = {item: place for place, item in enumerate(ids)}
        place = np.array([position.get(item, -1) for item in self.item_ids], dtype=np.int64)
        items = place[self.items] if len(self.items) else self.items
        kept = replace(self, items=items, item_ids=tuple(ids))
        return kept if (place >= 0).all() else kept.taken(items >= 0)

    def matrix(self) -> sp.csr_matrix:
        """Return users x items: log2(1 + the weights' sum), 1 for one event; seen but not wanted is a stored 0."""
        shape = (len(self.user_ids), len(self.item_ids))
        return interest(self.users, self.items, self.weights, shape)


def events_of(table: pa.Table, read: Reading) -> Events:
    """Number users and items; events without a user or an item say nothing and are left out."""
    for name in filter(None, (read.user, read.item, read.weight)):
        require(table, name, "events")
    time = time_column(table, read)
    whole = table.filter(pc.and_(pc.is_valid(table[read.user]), pc.is_valid(table[read.item])))
    users, user_ids = numbered(whole[read.user])
    items, item_ids = numbered(whole[read.item])
    weights = np.ones(whole.num_rows)
    if read.weight:
        given = pc.fill_null(pc.cast(whole[read.weight], pa.float64()), 0.0)
        weights = np.nan_to_num(np.asarray(given, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return Events(users, items, weights, instants(whole[time]), user_ids, item_ids)


def interest(
    users: NDArray[np.int64], items: NDArray[np.int64], weights: NDArray[np.float64], shape: tuple[int, int]
) -> sp.csr_matrix:
    """Sum weights by user and item and damp the sum by log2(1 + x), so that a habit does not drown a taste."""
    matrix = sp.coo_matrix((weights, (users, items)), shape=shape).tocsr()
    matrix.data = np.log2(1.0 + np.maximum(matrix.data, 0.0))
    matrix.sort_indices()
    return matrix


def texts(column: pa.ChunkedArray) -> pa.Array:
    """Return ids as texts, whatever type the table gives them."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    return pc.cast(whole, pa.string())


def numbered(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the values of a column by their order as texts; returns numbers and values."""
    coded = texts(column).dictionary_encode()
    order = np.asarray(pc.sort_indices(coded.dictionary), dtype=np.int64)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    numbers = rank[np.asarray(coded.indices, dtype=np.int64)] if len(coded) else np.empty(0, dtype=np.int64)
    return numbers, tuple(coded.dictionary.take(pa.array(order)).to_pylist())


def require(table: pa.Table, name: str, role: str) -> None:
    """Refuse a column that a table does not have."""
    if name not in table.column_names:
        raise Refused(
            f'`{role}` has no column "{name}"',
            f"expected a column of the table; {nearest(name, table.column_names)}",
            "correct the name in the case file",
        )


def time_column(table: pa.Table, read: Reading) -> str:
    """Return the column of time: the case's, else the only one that holds dates or instants."""
    if read.time:
        require(table, read.time, "events")
        return read.time
    found = [f.name for f in table.schema if pa.types.is_date(f.type) or pa.types.is_timestamp(f.type)]
    if len(found) == 1:
        return found[0]
    raise Refused(
        "the case does not say when an event happened",
        f"expected `time:` with one of: {', '.join(found) or 'no column holds a date'}",
        "add `time: COLUMN` to the case file, or `time: _row` where the file is in order",
    )


@dataclass(frozen=True)
class History:
    """What each user did with the items of a shelf: a row a user, and an empty last row for everybody else."""

    rows: dict[str, int]
    interest: sp.csr_matrix

    def of(self, users: Sequence[str | None]) -> sp.csr_matrix:
        """Return a row a user asked for, empty for users without history."""
        nobody = self.interest.shape[0] - 1
        return self.interest[[self.rows.get(user, nobody) if user is not None else nobody for user in users]]


@dataclass
class Histories:
    """Keeps the history derived from the last version of the live table that was seen."""

    version: str = ""
    ids: tuple[str, ...] = ()
    kept: History | None = field(default=None, repr=False)

    def read(self, live: LiveTable, read: Reading, items: tuple[str, ...]) -> History:
        """Return the history of a live table over these items, derived once a version."""
        version = live.version
        if self.kept is None or version != self.version or items is not self.ids:
            self.kept = history(events_of(live.table(), read).over(items))
            self.version, self.ids = version, items
        return self.kept


def history(events: Events) -> History:
    """Return what users did."""
    shape = (len(events.user_ids) + 1, len(events.item_ids))
    matrix = interest(events.users, events.items, events.weights, shape)
    return History({user: row for row, user in enumerate(events.user_ids)}, matrix)


def single(items: Sequence[str | None], ids: Sequence[str]) -> sp.csr_matrix:
    """Return a row an item asked for: as if somebody had chosen it and nothing else; empty for unknown items."""
    place = {item: number for number, item in enumerate(ids)}
    found = [(row, place[item]) for row, item in enumerate(items) if item in place]
    rows, columns = zip(*found, strict=True) if found else ((), ())
    return sp.csr_matrix((np.ones(len(found)), (rows, columns)), shape=(len(items), len(ids)))
