"""Room evaluation. In: rows of two tables -> Out: which rows are the same ones, whatever table, key or columns say.

Columns are paired by the values they hold, rows by the cells of the paired columns. How often rows match by chance is
measured on the table itself: where its own rows cannot be told apart, nothing is claimed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.columns import NUMERIC, floats
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Cells = Mapping[str, NDArray[np.uint64]]

ALIKE = 0.5
CHANCE = 0.05
SAME = 0.05
FEWEST = 5
ERRORS = 4.0
TWINS, UNLIKELY = 0.05, 5.0
MOST_ROWS = 200_000
MISSING = 0


@dataclass(frozen=True)
class Kin:
    """Where each new row stands among the old ones (-1: nowhere), and how many would match by chance."""

    place: NDArray[np.int64]
    chance: float

    @property
    def share(self) -> float:
        """The share of new rows that are old ones, chance taken off."""
        return max(float((self.place >= 0).mean()) - self.chance, 0.0) if len(self.place) else 0.0


def same_rows(new: pa.Table, own: pa.Table, old: pa.Table) -> Kin:
    """Find the rows of `new` in `old`. `own`: other rows of the new table, which tell how often rows match by chance.

    Columns may be renamed, turned round, dropped or added, keys rewritten. Rows of which every cell was changed are
    other rows.
    """
    cells, others, before = (_cells(table.slice(0, MOST_ROWS)) for table in (new, own, old))
    nothing = Kin(np.full(new.num_rows, -1, dtype=np.int64), 0.0)
    for pairs in _choices(_paired(cells, before), before):
        found = _found(_rows(cells, [a for a, _ in pairs]), _rows(before, [b for _, b in pairs]))
        kin = Kin(found, _chance(cells, others, [a for a, _ in pairs], old.num_rows))
        if kin.chance <= CHANCE and kin.share >= SAME + ERRORS * _error(kin) and (found >= 0).sum() >= FEWEST:
            place = np.full(new.num_rows, -1, dtype=np.int64)
            place[: len(found)] = found
            return Kin(place, kin.chance)
    return nothing


def twins(asked: pa.Table, known: pa.Table, names: Sequence[str]) -> float:
    """Return the share of asked rows that equal a known one in `names`, where chance does not explain it; else 0.

    Chance: were the columns independent, so often would their values meet.
    """
    a, b = _cells(asked.select(list(names))), _cells(known.select(list(names)))
    if not a or not asked.num_rows or not known.num_rows:
        return 0.0
    seen = float((_found(_rows(a, list(a)), _rows(b, list(a))) >= 0).mean())
    rate = np.ones(asked.num_rows)
    for name, column in a.items():
        values, counts = np.unique(b[name], return_counts=True)
        place = np.minimum(np.searchsorted(values, column), len(values) - 1)
        rate *= np.where(values[place] == column, counts[place] / known.num_rows, 0.0)
    expected = float(-np.expm1(known.num_rows * np.log1p(-np.minimum(rate, 1 - 1e-12))).mean())
    return seen if seen >= TWINS and seen > UNLIKELY * expected else 0.0


def _cells(table: pa.Table) -> dict[str, NDArray[np.uint64]]:
    """A hash for each cell; numbers and dates are the same however they are written."""
    names = [name for name in table.column_names if name not in HOUSE_COLUMNS]
    kinds = {name: table.schema.field(name).type for name in names}
    plain = [name for name, kind in kinds.items() if not (pa.types.is_nested(kind) or pa.types.is_null(kind))]
    return {name: _hashed(table[name]) for name in plain}


def _hashed(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    if any(is_kind(column.type) for is_kind in NUMERIC):
        return _mixed(floats(pc.cast(column, pa.float64(), safe=False)))
    encoded = column.combine_chunks().dictionary_encode()
    hashes = np.array([_word(str(value)) for value in encoded.dictionary.to_pylist()] + [MISSING], dtype=np.uint64)
    return hashes[np.asarray(pc.fill_null(pc.cast(encoded.indices, pa.int64()), len(hashes) - 1))]


def _word(text: str) -> int:
    """A hash that a number has also where it is written as text, and an instant at midnight where it is a date."""
    text = text.strip().casefold().removesuffix(" 00:00:00")
    try:
        return int(_mixed(np.array([float(text)]))[0])
    except ValueError:
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _mixed(numbers: NDArray[np.float64]) -> NDArray[np.uint64]:
    bits = (numbers + 0.0).view(np.uint64)
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.where(np.isnan(numbers), np.uint64(MISSING), bits ^ (bits >> np.uint64(31)))


def _paired(new: Cells, old: Cells) -> list[tuple[str, str]]:
    """Pair columns that hold the same values: those of one name first, the others by what they share most."""
    pairs = [(name, name) for name in new if name in old and _shared(new[name], old[name]) >= ALIKE]
    left = [name for name in new if (name, name) not in pairs]
    free = [name for name in old if (name, name) not in pairs]
    shared = sorted(((_shared(new[a], old[b]), a, b) for a in left for b in free), reverse=True)
    taken: set[str] = set()
    for share, a, b in shared:
        if share >= ALIKE and f"new {a}" not in taken and f"old {b}" not in taken:
            pairs.append((a, b))
            taken |= {f"new {a}", f"old {b}"}
    return pairs


def _shared(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    """How much of the smaller column's cells the other one holds as well, each value as often as both have it."""
    one, ones = np.unique(a, return_counts=True)
    two, twos = np.unique(b, return_counts=True)
    _, left, right = np.intersect1d(one, two, assume_unique=True, return_indices=True)
    return float(np.minimum(ones[left], twos[right]).sum()) / max(min(len(a), len(b)), 1)


def _choices(pairs: Sequence[tuple[str, str]], old: Cells) -> Iterator[list[tuple[str, str]]]:
    """All pairs; those of one name; the three, two, one with the most different values: one wrong pair spoils a row."""
    rich = sorted(pairs, key=lambda pair: (-len(np.unique(old[pair[1]])), pair))
    tried: list[list[tuple[str, str]]] = []
    for some in (list(pairs), [pair for pair in pairs if pair[0] == pair[1]], rich[:3], rich[:2], rich[:1]):
        if some and sorted(some) not in tried:
            tried.append(sorted(some))
            yield sorted(some)


def _rows(cells: Cells, names: Sequence[str]) -> NDArray[np.uint64]:
    """A hash for each row over its cells in this order."""
    found = np.zeros(len(cells[names[0]]), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in names:
            found = (found ^ cells[name]) * np.uint64(0x9E3779B97F4A7C15)
            found ^= found >> np.uint64(29)
    return found


def _found(new: NDArray[np.uint64], old: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The first place of each new row among the old ones, -1 where it is none."""
    values, first = np.unique(old, return_index=True)
    if not len(values):
        return np.full(len(new), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(values, new), len(values) - 1)
    return np.where(values[place] == new, first[place], -1).astype(np.int64)


def _chance(new: Cells, own: Cells, names: Sequence[str], old_rows: int) -> float:
    """The share of new rows that match other rows of their own table, as if it had as many as the old one."""
    if any(name not in own for name in names) or not len(own[names[0]]):
        return 1.0
    share = float((_found(_rows(new, names), _rows(own, names)) >= 0).mean())
    return float(1 - (1 - share) ** max(old_rows / len(own[names[0]]), 1.0))


def _error(kin: Kin) -> float:
    return float(np.sqrt(max(kin.chance, 1e-4) * 2 / max(len(kin.place), 1)))
