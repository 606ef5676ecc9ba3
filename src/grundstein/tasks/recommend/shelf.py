"""Room tasks. In: the table of items and the business's rules -> Out: Shelf, the one place that says what is shown.

Every list that a recommend case answers with, its baseline's and somebody else's too, is picked by `Shelf.picked`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.tasks.recommend.events import numbered, require, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import LiveTable
    from grundstein.tasks.recommend.options import Reading


@dataclass(frozen=True, eq=False)
class Shelf:
    """Items by place, whether each may be shown, and groups of which only so many may stand on one list.

    The items of a model come first, in its order; what was added since stands behind them. `table` has a row an item
    in this order (rows of nulls for items that the table of items lacks); None where the case names no such table.
    `groups` holds for each cap its limit and the group of each item, -1 for none.
    """

    ids: tuple[str, ...]
    allowed: NDArray[np.bool_]
    groups: tuple[tuple[int, NDArray[np.int64]], ...] = ()
    table: pa.Table | None = field(default=None, repr=False)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each item stands."""
        return {item: place for place, item in enumerate(self.ids)}

    @cached_property
    def hidden(self) -> NDArray[np.float32]:
        """What is added to scores so that nothing is ranked which may not be shown: 0, or minus infinity."""
        return np.where(self.allowed, 0.0, -np.inf).astype(np.float32)

    def picked(self, places: Iterable[int], depth: int) -> list[int]:
        """Return the first items of a ranking that may be shown together, at most `depth`, none twice."""
        counts: list[dict[int, int]] = [{} for _ in self.groups]
        found: dict[int, None] = {}
        for place in places:
            if place in found or not self.allowed[place]:
                continue
            mine = [int(codes[place]) for _, codes in self.groups]
            if any(
                code >= 0 and count.get(code, 0) >= most
                for code, count, (most, _) in zip(mine, counts, self.groups, strict=True)
            ):
                continue
            for code, count in zip(mine, counts, strict=True):
                count[code] = count.get(code, 0) + 1
            found[place] = None
            if len(found) == depth:
                break
        return list(found)

    def named(self, items: Iterable[str], depth: int) -> list[str]:
        """Return the first of named items that may be shown together; names that are no items are left out."""
        places = (self.places[item] for item in items if item in self.places)
        return [self.ids[place] for place in self.picked(places, depth)]


@dataclass
class Shelves:
    """Keeps the shelf derived from the last version of the live items that was seen."""

    version: str | None = None
    kept: Shelf | None = field(default=None, repr=False)

    def read(self, live: Mapping[str, LiveTable], read: Reading, known: Sequence[str]) -> Shelf:
        """Return what may be shown now; derived once a version. Refused where there are rules and no items."""
        table = live.get("items")
        version = table.version if table is not None else ""
        if self.kept is None or version != self.version:
            self.kept = shelf_of(table.table() if table is not None else None, read, known)
            self.version = version
        return self.kept


def shelf_of(table: pa.Table | None, read: Reading, known: Sequence[str]) -> Shelf:
    """Put the items of a model, and those of the table of items, on a shelf under the case's rules.

    Of an item that the table holds twice the later row counts.
    """
    if table is None:
        if read.ruled:
            raise Refused("there is no table of items", "one, for the case has rules on it", "name it under `data:`")
        return Shelf(tuple(known), np.ones(len(known), dtype=bool))
    for name in (read.item, *read.text, *read.properties, *(name for name, _ in read.at_most)):
        require(table, name, "items")
    listed = texts(table[read.item]).to_pylist()
    row = {item: number for number, item in enumerate(listed) if item is not None}
    first = set(known)
    ids = (*known, *sorted(item for item in row if item not in first))
    rows = np.array([row.get(item, -1) for item in ids], dtype=np.int64)
    aligned = table.take(pa.array(rows, mask=rows < 0))
    return Shelf(ids, (rows >= 0) & _permitted(aligned, read), _groups(aligned, read), aligned)


def _permitted(table: pa.Table, read: Reading) -> NDArray[np.bool_]:
    """Apply `only` and `never`: what is unknown is not shown under `only`, and shown under `never`."""
    permitted = np.ones(table.num_rows, dtype=bool)
    if read.only:
        permitted &= _holds(read.only, "only", table)
    if read.never:
        permitted &= ~_holds(read.never, "never", table)
    return permitted


def _holds(rule: str, name: str, table: pa.Table) -> NDArray[np.bool_]:
    from grundstein.tools.expression import evaluate

    found = evaluate(rule, table)
    if not pa.types.is_boolean(found.type):
        raise Refused(f"`{name}` is no condition: {rule}", "a comparison over columns of the items", f"mend `{name}`")
    return np.asarray(found.fill_null(False), dtype=bool)


def _groups(table: pa.Table, read: Reading) -> tuple[tuple[int, NDArray[np.int64]], ...]:
    found = []
    for name, most in read.at_most:
        there = np.asarray(table[name].is_valid())
        codes = np.full(table.num_rows, -1, dtype=np.int64)
        codes[there] = numbered(table[name].filter(pa.array(there)))[0]
        found.append((most, codes))
    return tuple(found)
