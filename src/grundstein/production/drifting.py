"""Room production. In: rows that a release rests on, rows that came since -> Out: which columns changed, and how.

A column has changed where chance does not explain it and enough rows would have to move to undo it. Numbers: the tests
of Kolmogorov and Smirnov, and of Mann and Whitney; categories: chi-squared over all and Fisher's exact test of each;
what is empty: Fisher's. Of two tests the surer one counts, at twice its chance.
The k-th look at a release may err with `LIFE` / (k (k + 1)), shared by its columns: over all looks, however many, a
quiet release is called changed with at most `LIFE`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
NAMED, UNNAMED = 5, "…"


@dataclass(frozen=True)
class Reference:
    """One column as it was: sorted numbers (lengths of free text), or how often each category; `empty` of `rows`.

    `untied` is what equal numbers leave of the spread of their places: 1 less the sum of their cubed shares. A column
    with a `veil` tells nobody's value: labels are hashed with it, numbers have three digits; so are those they meet.
    """

    name: str
    kind: str
    rows: int
    empty: int
    numbers: Floats
    labels: pa.StringArray
    counts: Floats
    untied: float = 1.0
    veil: str = ""


@dataclass(frozen=True)
class Change:
    """How far a column differs: the share of rows that would have to move, and how likely chance does as much.

    `what`: "number", "length", "category", "strange" (values never seen) or "empty"; `before` and `after` are shares of
    `value`, or for numbers the means. `other`: the column it was swapped with; `factor`: its new unit; `season`: the
    earlier months, or "week", that were alike.
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
    season: str = ""


def level(look: int, life: float = LIFE) -> float:
    """Return what the k-th look may err, counted from 1; over all looks `life` in sum."""
    return life / (look * (look + 1))


def references(table: pa.Table, names: Iterable[str], veils: Mapping[str, str] | None = None) -> dict[str, Reference]:
    """Describe columns as they were; those that hold nothing that can be compared are left out.

    `veils`: the salt of each column whose values nobody may read.
    """
    columns = {name: _sampled(column_of(table, name)) for name in names}
    plain = {name: column for name, column in columns.items() if not _nested(column.type)}
    return {name: described(name, one, _kind(one), (veils or {}).get(name, "")) for name, one in plain.items()}


def described(name: str, column: pa.ChunkedArray, kind: str, veil: str = "") -> Reference:
    """Describe a column as being of this kind."""
    rows = len(column)
    if kind != "category":
        numbers = np.sort(_numbers(column, kind, veil))
        kept = np.zeros(0) if kind == "moment" else numbers
        return Reference(name, kind, rows, rows - len(numbers), kept, _texts(), np.zeros(0), untied(numbers), veil)
    texts = _labels(name, column, veil)
    counted = pc.value_counts(texts.combine_chunks())
    pairs = sorted(counted.to_pylist(), key=lambda one: (-one["counts"], one["values"]))
    labels, sizes = _texts([one["values"] for one in pairs]), np.array([float(one["counts"]) for one in pairs])
    return Reference(name, kind, rows, rows - len(texts), np.zeros(0), labels, sizes, veil=veil)


def looked(look: int, windows: int, *parts: tuple[Mapping[str, Reference], pa.Table]) -> list[list[Change]]:
    """Compare one window of the k-th look, part by part; its windows and all columns share the level."""
    columns = sum(len(known) for known, _ in parts)
    return [changed(known, window, level(look) / max(columns * windows, 1)) for known, window in parts]


def changed(known: Mapping[str, Reference], window: pa.Table, chance: float) -> list[Change]:
    """Compare each column of a window with what it was, each at `chance`; the most changed first."""
    if window.num_rows < FEWEST:
        return []
    shared = [one for name, one in known.items() if name in window.column_names]
    found = [one for each in shared if (one := compared(each, window)).chance <= chance]
    told = [_in_another_unit(one, known, window) for one in found if one.moved >= _least(one)]
    return sorted(_swapped(told, known, window), key=lambda one: (-one.moved, one.column))


def compared(known: Reference, window: pa.Table) -> Change:
    """Compare one column: whether it is filled, and with what; the surer change of the two, at twice its chance.

    What is too small to be told is not tested: its chance is 1.
    Where nothing is empty in either part that test could not have spoken, and costs nothing (Tarone, 1990). Of a
    moment only whether it is filled: later rows have later dates.
    """
    empty, *found = aspects(known, window)
    first = min((empty, *found), key=lambda one: (one.chance, -one.moved))
    return replace(first, chance=min(1.0, (2 if empty.before or empty.after else 1) * first.chance))


def aspects(known: Reference, window: pa.Table) -> list[Change]:
    """How far it differs in being empty, and, where enough is filled, in its values."""
    values = _values(known, window)
    enough = known.kind != "moment" and len(values) >= FEWEST and known.rows - known.empty >= FEWEST
    found = [(_sorted if known.kind == "category" else _graded)(known, values)] if enough else []
    return [_emptiness(known, window[known.name]), *found]


def between(known: Reference, later: Reference) -> list[Change]:
    """As `aspects`, of rows that are themselves described; what is small is tested too."""
    before, after = known.empty / known.rows, later.empty / later.rows
    chance = fisher(np.array([float(later.empty)]), later.rows, np.array([float(known.empty)]), known.rows)[0]
    found = [Change(known.name, "empty", abs(after - before), float(chance), before, after)]
    if known.kind == "category":
        often = np.repeat(np.arange(len(later.counts)), np.round(later.counts).astype(np.int64))
        found.append(_sorted(known, pa.chunked_array([later.labels.take(pa.array(often))]), 0.0))
    elif known.kind != "moment":
        found.append(_graded(known, later.numbers, 0.0))
    return found


def surest(found: Iterable[Change]) -> list[Change]:
    """Of several windows the surest change of each column, one of no season before; the most changed first."""
    best: dict[str, Change] = {}
    for one in found:
        before = best.setdefault(one.column, one)
        if (bool(one.season), one.chance) < (bool(before.season), before.chance):
            best[one.column] = one
    return sorted(best.values(), key=lambda one: (-one.moved, one.column))


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
    from scipy.special import gammaln

    return np.asarray(gammaln(np.add(n, 1)) - gammaln(k + 1) - gammaln(np.subtract(n, k) + 1), dtype=np.float64)


def _texts(labels: Sequence[str] = ()) -> pa.StringArray:
    return pa.array(labels, pa.string())


def _sampled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """At most 20,000 rows, evenly spread: the same rows give the same sample."""
    if len(column) <= MOST:
        return column
    return column.take(pa.array(np.linspace(0, len(column) - 1, MOST).astype(np.int64)))


def _kind(column: pa.ChunkedArray) -> str:
    if pa.types.is_temporal(column.type):
        return "moment"
    filled = len(column) - column.null_count
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if any(is_kind(column.type) for is_kind in NUMERIC) and not pa.types.is_boolean(column.type):
        return "number" if distinct > FEW_VALUES else "category"
    return "length" if distinct > max(FREE_TEXT * filled, MOST_CATEGORIES) else "category"


def _numbers(column: pa.ChunkedArray, kind: str, veil: str = "") -> Floats:
    """The values as finite numbers, with a veil of three digits; days since 1970, characters of a text."""
    if kind == "length":
        column = pc.utf8_length(pc.cast(column, pa.string()))
    if kind == "moment":
        column = pc.cast(pc.cast(column, pa.timestamp("us", getattr(column.type, "tz", None))), pa.int64())
    found = as_numbers(pa.table({"_": column}), "_")
    found = found[~np.isnan(found)] / (86_400e6 if kind == "moment" else 1.0)
    return _coarse(found) if veil else found


def _coarse(numbers: Floats) -> Floats:
    """Numbers of three digits."""
    size = np.floor(np.log10(np.abs(numbers), where=numbers != 0, out=np.zeros(len(numbers))))
    return np.asarray(np.round(numbers / 10 ** (size - 2)) * 10 ** (size - 2))


def _labels(name: str, column: pa.ChunkedArray, veil: str) -> pa.ChunkedArray:
    """The filled values as texts, hashed where there is a veil."""
    text = pa.types.is_string(column.type)
    found = column.drop_null() if text else as_texts(pa.table({name: column}), name).drop_null()
    if not veil:
        return found
    coded = found.combine_chunks().dictionary_encode()
    hashed = [hashlib.blake2b(f"{veil}\x1f{one}".encode(), digest_size=12).hexdigest() for one in coded.dictionary]
    return pa.chunked_array([_texts(hashed).take(coded.indices)])


def _nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_time(kind))


def _values(known: Reference, window: pa.Table) -> Floats | pa.ChunkedArray:
    column = _sampled(window[known.name])
    if known.kind != "category":
        return _numbers(column, known.kind, known.veil)
    return _labels(known.name, column, known.veil)


def _emptiness(known: Reference, column: pa.ChunkedArray) -> Change:
    empty, rows = _empty(column), len(column)
    before, after = known.empty / known.rows, empty / rows
    if abs(after - before) < STRANGE:
        return Change(known.name, "empty", abs(after - before), 1.0, before, after)
    chance = fisher(np.array([float(empty)]), rows, np.array([float(known.empty)]), known.rows)[0]
    return Change(known.name, "empty", abs(after - before), float(chance), before, after)


def _empty(column: pa.ChunkedArray) -> int:
    """Nothing stands there, or no finite number."""
    filled = column.drop_null()
    strange = pc.sum(pc.invert(pc.is_finite(filled))).as_py() or 0 if pa.types.is_floating(filled.type) else 0
    return int(column.null_count + strange)


def _graded(known: Reference, values: Floats, least: float = MOVED) -> Change:
    """Whether the distribution is another, or lies elsewhere as a whole; `moved` is the distance of the first test.

    The second is Mann and Whitney's: how far the mean place among the earlier values is off the middle.
    """
    from scipy.special import kolmogorov, ndtr

    before, after = known.numbers, np.sort(values)
    places, moved = _places(before, after)
    many = len(before) * len(after) / (len(before) + len(after))
    off = abs(places - 0.5) / math.sqrt(known.untied / 12 / many)
    chance = 2 * min(float(kolmogorov(moved * math.sqrt(many))), float(2 * ndtr(-off))) if moved >= least else 1.0
    return Change(known.name, known.kind, moved, min(1.0, chance), float(before.mean()), float(after.mean()))


def _places(before: Floats, after: Floats) -> tuple[float, float]:
    """The mean place of later values among the earlier ones, 0 to 1, and the widest gap of the distributions."""
    sides: tuple[Literal["left", "right"], ...] = ("left", "right")
    known = [np.searchsorted(before, after, side) / len(before) for side in sides]
    own = [np.searchsorted(after, after, side) / len(after) for side in sides]
    gap = max(float(np.abs(one - other).max()) for one, other in zip(known, own, strict=True))
    return float(known[0].mean() + known[1].mean()) / 2, gap


def untied(numbers: Floats) -> float:
    """1 less the sum of the cubed shares of equal numbers."""
    starts = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1], [True]]))
    return max(1 - float(((np.diff(starts) / max(len(numbers), 1)) ** 3).sum()), 1e-12)


def _sorted(known: Reference, values: pa.ChunkedArray, least: float = MOVED) -> Change:
    """Chi-squared over the commonest categories, Fisher's test of each, whichever is surer.

    The commonest are those of both parts together, so that neither part is favoured. `moved` is total variation less
    what chance makes of it. Values never seen are named where more came than rare values let one expect.
    """
    labels, before, after, strange = _counts(known, values)
    rows, seen = before.sum(), after.sum()
    shares, pooled = np.stack([before / rows, after / seen]), (before + after) / (rows + seen)
    gaps = np.abs(shares[1] - shares[0])
    luck = np.sqrt(2 / math.pi * pooled * (1 - pooled) * (1 / rows + 1 / seen))
    moved, widest = max(0.0, float((gaps - luck).sum() / 2)), int(np.argmax(gaps))
    chance = 1.0
    if moved >= least or strange >= STRANGE:
        each = float(fisher(after, seen, before, rows).min()) * len(after)
        chance = min(1.0, 2 * min(each, _by_chance(np.stack([before, after]))))
    if strange >= STRANGE:
        return Change(known.name, "strange", moved, chance, 0.0, strange, _strangest(known, values))
    return Change(
        known.name, "category", moved, chance, float(shares[0, widest]), float(shares[1, widest]), labels[widest]
    )


def _counts(known: Reference, values: pa.ChunkedArray) -> tuple[tuple[str, ...], Floats, Floats, float]:
    """Labels, how often each was and is, the rarer ones as one; and the share of values never seen, less the expected.

    A category that came once among n leads to others that never came, in a share of about as many ones among n (Good
    and Turing, 1953).
    """
    place = np.asarray(pc.fill_null(pc.index_in(values, value_set=known.labels), -1))
    new = pc.value_counts(values.filter(pa.array(place < 0)).combine_chunks()).to_pylist() if (place < 0).any() else []
    before = np.concatenate([known.counts, np.zeros(len(new))])
    own = np.bincount(place[place >= 0], minlength=len(known.labels))
    after = np.concatenate([own, [one["counts"] for one in new]]).astype(np.float64)
    expected = float((known.counts == 1).sum()) / max(known.counts.sum(), 1.0)
    strange = float(after[len(known.labels) :].sum() / after.sum()) - expected
    order = np.argsort(-(before + after), kind="stable")
    kept, rest = order[:MOST_CATEGORIES], order[MOST_CATEGORIES:]
    labels = tuple(_label(known, new, int(k)) for k in kept)
    if not len(rest):
        return labels, before[kept], after[kept], strange
    sums = [np.append(part[kept], part[rest].sum()) for part in (before, after)]
    return (*labels, UNNAMED), sums[0], sums[1], strange


def _label(known: Reference, new: Sequence[Mapping[str, str]], place: int) -> str:
    there = len(known.labels)
    return str(known.labels[place].as_py() if place < there else new[place - there]["values"])


def _strangest(known: Reference, values: pa.ChunkedArray) -> str:
    strange = values.filter(pc.invert(pc.is_in(values, value_set=known.labels)))
    counted = pc.value_counts(strange.combine_chunks()).to_pylist()
    most = max(counted, key=lambda one: (one["counts"], one["values"]), default={"counts": 0})
    return str(most["values"]) if most["counts"] >= NAMED else UNNAMED


def _by_chance(table: Floats) -> float:
    """Chi-squared test that two rows of counts are alike; what is expected under ten times is put together."""
    from scipy.special import chdtrc

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
    before, after = known[one.column].numbers, np.sort(_values(known[one.column], window))
    gaps = {factor: _places(before, after / factor)[1] for each in FACTORS for factor in (each, 1 / each)}
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
