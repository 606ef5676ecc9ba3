"""Bench. In: a seed -> Out: rows that a release rests on, a month of rows after it, and what is planted in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from grundstein.production import drifting, looking, seasons

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]
Column = NDArray[Any]
Columns = dict[str, Column]
TICKS = 30
ANSWERS, TIME = ("answer", "probability"), "asked_at"


@dataclass(frozen=True)
class Stream:
    """Rows that were learnt from and judged, the rows of a month in ticks, the answers to both, maybe their times."""

    known: pa.Table
    rows: pa.Table
    tick: NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """One look: the rows that had come by then, the columns that it called changed, and those of the season."""

    rows: int
    columns: frozenset[str]
    of_season: frozenset[str] = frozenset()


def stream(rng: np.random.Generator, least: int = 40, most: int = 300) -> Stream:
    """Draw one project: 500 to 8,000 rows before, 40 to 300 rows a tick after, 10 to 20 columns of mixed kinds."""
    before, a_tick = int(np.exp(rng.uniform(np.log(500), np.log(8_000)))), rng.uniform(least, most)
    sizes = np.maximum(rng.poisson(a_tick, TICKS), 1)
    drawn = columns(rng, before + int(sizes.sum()))
    table = pa.table({name: _arrow(values) for name, values in drawn.items()})
    return Stream(table.slice(0, before), table.slice(before), np.repeat(np.arange(TICKS), sizes))


def followed(one: Stream, first: int = 0, last: int = 1 << 60) -> list[Found]:
    """Look at a stream as the product does, tick by tick; every look counts, those that end from `first` on are made.

    Stops behind row `last`.
    """
    rows = one.rows
    names = [name for name in one.known.column_names if name != TIME]
    asked, said = (
        drifting.references(one.known, [n for n in names if (n in ANSWERS) == answers]) for answers in (False, True)
    )
    months = seasons.kept(one.known, TIME, asked)
    number, until, looks, found = np.arange(rows.num_rows), -1, 0, []
    for tick in range(TICKS):
        come = int((one.tick <= tick).sum())
        for look in looking.looks(number[:come], one.tick[:come], until):
            looks += 1
            until = look.end - 1
            if not first < look.end <= last:
                continue
            changes = []
            for start in look.starts:
                window = rows.slice(start, look.end - start)
                questions, answers = drifting.looked(looks, len(look.starts), (asked, window), (said, window))
                then = seasons.seasons(months, seasons.times_of(window, TIME)) if questions else []
                changes += [*seasons.alike(questions, asked, window, then), *answers]
            sure = drifting.surest(changes)
            told = {name for each in sure if not each.season for name in (each.column, each.other) if name}
            found.append(Found(look.end, frozenset(told), frozenset(each.column for each in sure if each.season)))
    return found


def columns(rng: np.random.Generator, rows: int) -> Columns:
    """Columns that hang together by one hidden number; the answers are one more of them."""
    hidden, count = rng.standard_normal(rows), int(rng.integers(8, 19))
    kinds = [KINDS[k] for k in rng.integers(0, len(KINDS), count)]
    columns = {f"c{k}": kind(rng, _near(rng, hidden)) for k, kind in enumerate(kinds)}
    told = 1 / (1 + np.exp(-(hidden - 1)))
    return columns | {"probability": told, "answer": np.where(told > 0.5, "Yes", "No")}


def _near(rng: np.random.Generator, hidden: Floats) -> Floats:
    share = rng.uniform(0, 0.9)
    return share * hidden + np.sqrt(1 - share**2) * rng.standard_normal(len(hidden))


def _normal(_: np.random.Generator, near: Floats) -> Floats:
    return 50 + 10 * near


def _skewed(_: np.random.Generator, near: Floats) -> Floats:
    return np.round(np.exp(3 + near), 2)


def _mostly_nothing(_: np.random.Generator, near: Floats) -> Floats:
    return np.exp(near) * (near > 0.5)


def _whole(_: np.random.Generator, near: Floats) -> Floats:
    return np.asarray(np.floor(36 + 12 * near).clip(0, 72), dtype=np.float64)


def _few(_: np.random.Generator, near: Floats) -> Floats:
    return np.asarray(np.floor(2 + near).clip(0, 5), dtype=np.float64)


def _gaps(rng: np.random.Generator, near: Floats) -> Floats:
    return np.where(rng.random(len(near)) < rng.uniform(0.01, 0.5), np.nan, 100 * near)


def _labels(rng: np.random.Generator, near: Floats) -> NDArray[np.str_]:
    """2 to 60 labels, the later the rarer."""
    labels = int(rng.integers(2, 60))
    weights = 1 / np.arange(1, labels + 1)
    cuts = np.quantile(near, np.cumsum(weights / weights.sum())[:-1])
    return np.array([f"label {k}" for k in range(labels)])[np.searchsorted(cuts, near)]


def _yes_no(rng: np.random.Generator, near: Floats) -> NDArray[np.bool_]:
    return near > rng.uniform(-1, 2)


KINDS: tuple[Callable[[np.random.Generator, Floats], Column], ...] = (
    *(_normal, _skewed, _mostly_nothing, _whole, _few, _gaps, _labels, _labels, _yes_no),
)


def _arrow(values: Column) -> pa.Array:
    return pa.array(values, from_pandas=True)


def planted(rng: np.random.Generator, what: str, size: float) -> tuple[Stream, int]:
    """A stream whose column `planted` (and `beside`, where they are swapped) changes from a random row on; that row."""
    one = stream(rng, 40, 250)
    onset = int(rng.integers(100, max(one.rows.num_rows - 700, 101)))
    makers = {"mean": _normal, "mix": mixing, "missing": _normal, "unit": _skewed, "swapped": _normal}
    rows = one.known.num_rows + one.rows.num_rows
    own = makers[what](rng, rng.standard_normal(rows))
    other = _skewed(rng, rng.standard_normal(rows)) if what == "swapped" else own
    late = np.arange(rows) >= one.known.num_rows + onset
    changed = _planted(rng, what, size, own, other, late)
    more = {"planted": changed}
    if what == "swapped":
        more["beside"] = np.where(late, own, other)
    table = pa.table({name: _arrow(values) for name, values in more.items()})
    known, after = (
        _with(part, table.slice(start, part.num_rows))
        for part, start in ((one.known, 0), (one.rows, one.known.num_rows))
    )
    return Stream(known, after, one.tick), onset


def _planted(
    rng: np.random.Generator, what: str, size: float, own: Column, other: Column, late: NDArray[np.bool_]
) -> Column:
    if what == "mean":
        return np.asarray(own + 10 * size * late)
    if what == "mix":
        return remixed(rng, own, late, size)
    if what == "missing":
        return np.where(late & (rng.random(len(own)) < size), np.nan, own)
    return np.where(late, other if what == "swapped" else own * size, own)


def _with(part: pa.Table, more: pa.Table) -> pa.Table:
    for name in more.column_names:
        part = part.append_column(name, more[name])
    return part


def mixing(rng: np.random.Generator, near: Floats) -> NDArray[np.str_]:
    """Five labels, each a fifth of the rows."""
    return np.array([f"label {k}" for k in range(5)])[rng.integers(0, 5, len(near))]


def remixed(rng: np.random.Generator, own: Column, late: NDArray[np.bool_], size: float) -> Column:
    """A share of the late rows takes the first label, so that nearly `size` of all rows lie elsewhere."""
    return np.where(late & (rng.random(len(own)) < size / 0.8), "label 0", own)
