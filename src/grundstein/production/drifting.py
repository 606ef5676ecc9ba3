"""Room production. In: rows that a release rests on, rows that came since -> Out: which columns changed, and how.

A column has changed where chance does not explain it and enough rows would have to move to undo it. Numbers: the test
of Kolmogorov and Smirnov; categories: chi-squared over all and Fisher's exact test of each; what is empty: Fisher's.
The k-th look at a release may err with `LIFE` / (k (k + 1)), shared by its columns: over all looks, however many, a
quiet release is called changed with at most `LIFE`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import chdtrc, gammaln, kolmogorov

from grundstein.tools.columns import NUMERIC, as_numbers, as_texts, column_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LIFE = 0.05
MOVED, STRANGE = 0.1, 0.05
FEWEST, MOST = 50, 20_000
FEW_VALUES, MOST_CATEGORIES, EXPECTED = 10, 30, 10
FREE_TEXT = 0.25
FACTORS = (10.0, 100.0, 1000.0, 1e6, 12.0, 60.0, 24.0, 7.0)
UNDONE = 0.3


@dataclass(frozen=True)
class Reference:
    """One column as it was: sorted numbers (lengths of free text), or how often each category; `empty` of `rows`."""

    name: str
    kind: str
    rows: int
    empty: int
    numbers: Floats
    labels: tuple[str, ...]
    counts: Floats


@dataclass(frozen=True)
class Change:
    """How far a column differs: the share of rows that would have to move, and how likely chance does as much.

    `what`: "number", "moment", "length", "category", "strange" (values never seen) or "empty"; `before` and `after`
    are shares of `value`, or for numbers the means. `other`: the column it was swapped with; `factor`: its new unit.
    """

    column: str
    what: str
    moved: float
    chance: float
    before: float
    after: float
    value: str = ""
    other: str = ""
    factor: float = 0.0


def level(look: int, life: float = LIFE) -> float:
    """Return what the k-th look may err, counted from 1; over all looks `life` in sum."""
    return life / (look * (look + 1))


def references(table: pa.Table, names: Iterable[str]) -> dict[str, Reference]:
    """Describe columns as they were; those that hold nothing that can be compared are left out."""
    found = (_reference(name, column_of(table, name)) for name in names)
    return {one.name: one for one in found if one is not None}


def looked(look: int, *parts: tuple[Mapping[str, Reference], pa.Table]) -> list[list[Change]]:
    """Compare what came with what was, part by part, at the level of the k-th look; it is shared by all columns."""
    columns = sum(len(known) for known, _ in parts)
    return [changed(known, window, level(look) / max(columns, 1)) for known, window in parts]


def changed(known: Mapping[str, Reference], window: pa.Table, chance: float) -> list[Change]:
    """Compare each column of a window with what it was, each at `chance`; the most changed first."""
    if window.num_rows < FEWEST:
        return []
    shared = [one for name, one in known.items() if name in window.column_names]
    found = [one for each in shared if (one := compared(each, window)).chance <= chance]
    told = [_in_another_unit(one, known, window) for one in found if one.moved >= _least(one)]
    return sorted(_swapped(told, known, window), key=lambda one: (-one.moved, one.column))


def compared(known: Reference, window: pa.Table) -> Change:
    """Compare one column: whether it is filled, and with what; the surer change of the two, at twice its chance."""
    column = window[known.name]
    empty = _emptiness(known, column)
    values = _values(known, window)
    enough = len(values) >= FEWEST and known.rows - known.empty >= FEWEST
    found = [(_sorted if known.kind == "category" else _graded)(known, values)] if enough else []
    first = min((empty, *found), key=lambda one: (one.chance, -one.moved))
    return replace(first, chance=min(1.0, 2 * first.chance))


def fisher(seen: Floats, of: float, known: Floats, among: float) -> Floats:
    """Bound the two-sided chance of `seen` among `of` rows where `known` among `among` were; arrays of one length.

    Twice the tail of the hypergeometric distribution; the tail by its first term and the ratio of the next to it,
    which is no smaller than any later one, so the bound holds and is close where it matters.
    """
    total, all_rows = seen + known, of + among
    upper = seen / of >= known / among
    hit = np.where(upper, seen, of - seen)
    pool = np.where(upper, total, all_rows - total)
    rest = all_rows - pool
    first = _choose(pool, hit) + _choose(rest, of - hit) - _choose(all_rows, np.full_like(hit, of))
    ratio = (pool - hit) * (of - hit) / ((hit + 1) * np.maximum(rest - of + hit + 1, 1e-300))
    tail = np.where(ratio < 1, np.exp(first) / np.maximum(1 - ratio, 1e-300), 1.0)
    return np.minimum(1.0, 2 * tail)


def _choose(n: Floats | float, k: Floats) -> Floats:
    return np.asarray(gammaln(np.add(n, 1)) - gammaln(k + 1) - gammaln(np.subtract(n, k) + 1), dtype=np.float64)


def _reference(name: str, column: pa.ChunkedArray) -> Reference | None:
    column = _sampled(column)
    if _nested(column.type):
        return None
    kind, rows = _kind(column), len(column)
    if kind != "category":
        numbers = np.sort(_numbers(column, kind))
        return Reference(name, kind, rows, rows - len(numbers), numbers, (), np.zeros(0))
    texts = as_texts(pa.table({name: column}), name).drop_null()
    counted = pc.value_counts(texts.combine_chunks())
    pairs = sorted(counted.to_pylist(), key=lambda one: (-one["counts"], one["values"]))
    labels, counts = [one["values"] for one in pairs], [one["counts"] for one in pairs]
    sizes = np.array(counts, dtype=np.float64)
    return Reference(name, kind, rows, rows - len(texts), np.zeros(0), tuple(labels), sizes)


def _sampled(column: pa.ChunkedArray, most: int = MOST) -> pa.ChunkedArray:
    """At most so many rows, evenly spread: the same rows give the same sample."""
    if len(column) <= most:
        return column
    return column.take(pa.array(np.linspace(0, len(column) - 1, most).astype(np.int64)))


def _kind(column: pa.ChunkedArray) -> str:
    if pa.types.is_temporal(column.type):
        return "moment"
    filled = len(column) - column.null_count
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if any(is_kind(column.type) for is_kind in NUMERIC) and not pa.types.is_boolean(column.type):
        return "number" if distinct > FEW_VALUES else "category"
    return "length" if distinct > max(FREE_TEXT * filled, MOST_CATEGORIES) else "category"


def _numbers(column: pa.ChunkedArray, kind: str) -> Floats:
    """The values as finite numbers; days since 1970, characters of a text."""
    if kind == "length":
        column = pc.utf8_length(pc.cast(column, pa.string()))
    if kind == "moment":
        column = pc.cast(pc.cast(column, pa.timestamp("us", getattr(column.type, "tz", None))), pa.int64())
    found = as_numbers(pa.table({"_": column}), "_")
    return found[~np.isnan(found)] / (86_400e6 if kind == "moment" else 1.0)


def _nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_time(kind))


def _values(known: Reference, window: pa.Table) -> Floats | pa.ChunkedArray:
    column = _sampled(window[known.name])
    if known.kind != "category":
        return _numbers(column, known.kind)
    return as_texts(pa.table({known.name: column}), known.name).drop_null()


def _emptiness(known: Reference, column: pa.ChunkedArray) -> Change:
    empty, rows = _empty(column), len(column)
    before, after = known.empty / known.rows, empty / rows
    chance = fisher(np.array([float(empty)]), rows, np.array([float(known.empty)]), known.rows)[0]
    return Change(known.name, "empty", abs(after - before), float(chance), before, after)


def _empty(column: pa.ChunkedArray) -> int:
    """Nothing stands there, or no finite number."""
    filled = column.drop_null()
    strange = pc.sum(pc.invert(pc.is_finite(filled))).as_py() or 0 if pa.types.is_floating(filled.type) else 0
    return int(column.null_count + strange)


def _graded(known: Reference, values: Floats) -> Change:
    """Two-sample test of Kolmogorov and Smirnov; its distance is the share of rows that lie elsewhere."""
    before, after = known.numbers, np.sort(values)
    moved = distance(before, after)
    chance = float(kolmogorov(moved * math.sqrt(len(before) * len(after) / (len(before) + len(after)))))
    return Change(known.name, known.kind, moved, chance, float(before.mean()), float(after.mean()))


def distance(before: Floats, after: Floats) -> float:
    """Return the widest gap between two distributions; both sorted."""
    steps = np.unique(after)
    gaps = [
        np.abs(np.searchsorted(before, steps, side) / len(before) - np.searchsorted(after, steps, side) / len(after))
        for side in ("left", "right")
    ]
    return float(max(gap.max() for gap in gaps))


def _sorted(known: Reference, values: pa.ChunkedArray) -> Change:
    """Chi-squared over all categories, Fisher's test of each, whichever is surer; what was never seen counts as one."""
    before, after = _counts(known, values)
    rows, seen = before.sum(), after.sum()
    shares = np.stack([before / rows, after / seen])
    moved, widest = float(np.abs(shares[1] - shares[0]).sum() / 2), int(np.argmax(np.abs(shares[1] - shares[0])))
    each = float(fisher(after, seen, before, rows).min()) * len(after)
    chance = min(1.0, 2 * min(each, _by_chance(np.stack([before, after]))))
    labels = (*known.labels[:MOST_CATEGORIES], "…", _strangest(known, values))
    strange = before[-1] == 0 and shares[1, -1] >= STRANGE
    told = len(labels) - 1 if strange else widest
    what = "strange" if strange else "category"
    return Change(known.name, what, moved, chance, float(shares[0, told]), float(shares[1, told]), labels[told])


def _counts(known: Reference, values: pa.ChunkedArray) -> tuple[Floats, Floats]:
    """How often each category was and is: the commonest by themselves, the rarer as one, the never seen as one."""
    place = np.asarray(pc.fill_null(pc.index_in(values, value_set=pa.array(known.labels, pa.string())), -1))
    own = np.bincount(place[place >= 0], minlength=len(known.labels)).astype(np.float64)
    kept = min(len(known.labels), MOST_CATEGORIES)
    before = np.concatenate([known.counts[:kept], [known.counts[kept:].sum(), 0.0]])
    return before, np.concatenate([own[:kept], [own[kept:].sum(), float((place < 0).sum())]])


def _strangest(known: Reference, values: pa.ChunkedArray) -> str:
    strange = values.filter(pc.invert(pc.is_in(values, value_set=pa.array(known.labels, pa.string()))))
    counted = pc.value_counts(strange.combine_chunks()).to_pylist()
    return str(max(counted, key=lambda one: (one["counts"], one["values"]))["values"]) if counted else ""


def _by_chance(table: Floats) -> float:
    """Chi-squared test that two rows of counts are alike; what is expected under ten times is put together."""
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < EXPECTED
    table = np.concatenate([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)], axis=1)
    wanted = table.sum(axis=0) * table.sum(axis=1, keepdims=True) / table.sum()
    kept = wanted.min(axis=0) >= EXPECTED
    if kept.sum() < 2:
        return 1.0
    return float(chdtrc(kept.sum() - 1, ((table - wanted)[:, kept] ** 2 / wanted[:, kept]).sum()))


def _least(one: Change) -> float:
    """The smallest change worth telling: values that never were and gaps where none were count sooner."""
    return STRANGE if one.what == "strange" or (one.what == "empty" and one.before == 0) else MOVED


def _in_another_unit(one: Change, known: Mapping[str, Reference], window: pa.Table) -> Change:
    """Name the factor that undoes the change of a number, where there is one that a change of unit would explain."""
    if one.what != "number":
        return one
    before, after = known[one.column].numbers, np.sort(_numbers(_sampled(window[one.column]), "number"))
    gaps = {factor: distance(before, after / factor) for each in FACTORS for factor in (each, 1 / each)}
    best = min(gaps, key=lambda factor: gaps[factor])
    return replace(one, factor=best) if gaps[best] < one.moved * UNDONE else one


def _swapped(told: Sequence[Change], known: Mapping[str, Reference], window: pa.Table) -> list[Change]:
    """Name the other column where two of them changed and each looks as the other did."""
    found = list(told)
    for here, one in enumerate(found):
        for there in range(here + 1, len(found)):
            other = found[there]
            if one.other or other.other or known[one.column].kind != known[other.column].kind:
                continue
            if _alike(known, window, one, other) and _alike(known, window, other, one):
                found[here], found[there] = replace(one, other=other.column), replace(other, other=one.column)
                break
    return found


def _alike(known: Mapping[str, Reference], window: pa.Table, one: Change, other: Change) -> bool:
    """Whether a column now looks as the other one did."""
    as_was = replace(known[other.column], name=one.column)
    return compared(as_was, window).moved < one.moved * UNDONE
