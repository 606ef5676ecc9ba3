"""Room tasks. In: earlier and later events, or judgements -> Out: whom or what is asked about, and what was wanted.

What was wanted is a list for each one who would see the answer: of a user the one user, of an item each of its readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.recommend.events import require, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.recommend.events import Events
    from grundstein.tasks.recommend.options import Reading

MOST_READERS = 200
MOST_LATER = 50

Places = tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """Whom or what is asked about, by number, in order; when each was first seen; and what each who sees it wanted."""

    units: NDArray[np.int64]
    first: NDArray[np.int64]
    wanted: tuple[tuple[Places, ...], ...]

    def taken(self, chosen: NDArray[np.int64]) -> Asked:
        """Return some of the questions."""
        return Asked(self.units[chosen], self.first[chosen], tuple(self.wanted[place] for place in chosen))


def asked_later(earlier: Events, later: Events, read: Reading) -> Asked:
    """Return the questions that later events answer."""
    return _of_items(earlier, later, read) if read.asked == "item" else _of_users(earlier, later, read)


def _of_users(earlier: Events, later: Events, read: Reading) -> Asked:
    """A user wants what it chose later and had not met before (repeats do not count but where the case says so)."""
    units, first = _firsts(later.users, later.times)
    fresh = _fresh(earlier, later, read)
    width = max(len(later.item_ids), 1)
    pairs = np.unique(later.users[fresh] * width + later.items[fresh])
    starts, ends = np.searchsorted(pairs, units * width), np.searchsorted(pairs, (units + 1) * width)
    wanted = tuple((tuple((pairs[s:e] % width).tolist()),) for s, e in zip(starts, ends, strict=True))
    return Asked(units, first, wanted)


def _of_items(earlier: Events, later: Events, read: Reading) -> Asked:
    """Each reader of an item, the first 200, wants what it chose after it for the first time, the next 50 items."""
    order = np.lexsort((later.items, later.times, later.users))
    width = max(len(later.item_ids), 1)
    _, once = np.unique((later.users * width + later.items)[order], return_index=True)
    order = order[np.sort(once)]
    fresh = _fresh(earlier, later, read)[order]
    users, items, times = later.users[order], later.items[order], later.times[order]
    readers: dict[int, list[tuple[int, Places]]] = {}
    for start, end in _runs(users):
        row = items[start:end].tolist()
        for place, item in enumerate(row):
            after = np.flatnonzero((times[start:end] > times[start + place]) & fresh[start:end])[:MOST_LATER]
            wanted = tuple(sorted(row[other] for other in after))
            readers.setdefault(item, []).append((int(times[start + place]), wanted))
    units = np.array(sorted(readers), dtype=np.int64)
    seen = [sorted(readers[item], key=lambda one: one[0])[:MOST_READERS] for item in units.tolist()]
    first = np.array([rows[0][0] for rows in seen], dtype=np.int64)
    return Asked(units, first, tuple(tuple(wanted for _, wanted in rows) for rows in seen))


def judged(table: pa.Table, read: Reading, ids: Sequence[str]) -> Asked:
    """Return the items that people, or links, have given others to; items that nobody knows are left out."""
    for name in (read.item, read.related):
        require(table, name, "judgements")
    place = {item: number for number, item in enumerate(ids)}
    found: dict[int, set[int]] = {}
    for item, other in zip(*(texts(table[name]).to_pylist() for name in (read.item, read.related)), strict=True):
        if item in place and other in place and item != other:
            found.setdefault(place[item], set()).add(place[other])
    units = np.array(sorted(found), dtype=np.int64)
    wanted = tuple((tuple(sorted(found[item])),) for item in units.tolist())
    return Asked(units, np.zeros(len(units), dtype=np.int64), wanted)


def _fresh(earlier: Events, later: Events, read: Reading) -> NDArray[np.bool_]:
    wanted = later.weights > 0
    if read.repeat:
        return wanted
    width = max(len(later.item_ids), 1)
    met = np.isin(later.users * width + later.items, earlier.users * width + earlier.items)
    return np.asarray(wanted & ~met)


def _firsts(units: NDArray[np.int64], times: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    found, place = np.unique(units, return_inverse=True)
    first = np.full(len(found), np.iinfo(np.int64).max)
    np.minimum.at(first, place, times)
    return found, first


def _runs(users: NDArray[np.int64]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(users)) + 1
    return list(zip([0, *edges.tolist()], [*edges.tolist(), len(users)], strict=True)) if len(users) else []
