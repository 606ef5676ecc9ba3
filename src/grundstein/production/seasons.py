"""Room production. In: rows of earlier months and days of the week, what changed now -> Out: what is of the season.

A column that differs from all earlier rows may be as it is each December, or each Saturday. It is of the season where
the earlier rows of that time differ from all by more than chance, and the new ones no more than by chance from these.
Only what is called changed is asked about, so no quiet release is called changed oftener.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.production import drifting
from grundstein.production.drifting import FEWEST, Change, Reference
from grundstein.tools.sealing import DAY, instants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Names = np.ndarray[Any, np.dtype[np.str_]]
    References = Mapping[str, Reference]
    Months = Mapping[str, References]

WEEK, WEEKS = "week", 4
MOST, FEW, LEAST_SHARE, COVERED = 2_000, 20, 0.05, 0.8
NEARER, PROVEN, STRAYED = 0.75, 0.01, 0.001
THURSDAY = 3


@dataclass(frozen=True)
class Season:
    """The columns as they were at the same time of earlier periods; `when`: those months, or "week"."""

    when: str
    columns: References


def times_of(rows: pa.Table, name: str) -> Whole:
    """UTC microseconds of the rows that have a time; none where the column is none of dates or instants."""
    if name not in rows.column_names:
        return np.zeros(0, dtype=np.int64)
    column = rows[name]
    if not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        return np.zeros(0, dtype=np.int64)
    return instants(column.drop_null())


def kept(rows: pa.Table, time: str, known: References) -> dict[str, dict[str, Reference]]:
    """Describe columns by calendar month ("2025-12") and by day of the week ("0" is Monday), where rows are enough."""
    if not len(times_of(rows, time)):
        return {}
    dated = rows.filter(rows[time].is_valid())
    moments = instants(dated[time])
    parts = _parts(_months(moments))
    if int(moments.max() - moments.min()) >= WEEKS * 7 * DAY:
        parts |= _parts(_days(moments))
    return {name: _described(dated, place, known) for name, place in parts.items() if len(place) >= FEW}


def alike(found: Iterable[Change], known: References, window: pa.Table, seasons: Sequence[Season]) -> list[Change]:
    """Say of each change of a window in which season it is as it was; those of none stay as they are."""
    return [_placed(one, known, window, seasons) for one in found]


def seasons(months: Months, moments: Whole) -> list[Season]:
    """The same days of earlier weeks, the same months of earlier years, each as often as among these moments."""
    if not len(moments) or not months:
        return []
    found = [Season(WEEK, _blend(months, {name: [name] for name in months if name.isdigit()}, _days(moments)))]
    now = _months(moments)
    each = {str(month) for month in now}
    before = {month: [name for name in months if name[4:] == month[4:] and name < month] for month in each}
    years = sorted({name for names in before.values() for name in names})
    found.append(Season(", ".join(years), _blend(months, before, now)))
    return [one for one in found if one.columns]


def _placed(one: Change, known: References, window: pa.Table, seasons: Sequence[Season]) -> Change:
    fits = (season for season in seasons if not one.other and _as_then(one, known, window, season.columns))
    season = next(fits, None)
    return one if season is None else replace(one, season=season.when)


def _as_then(one: Change, known: References, window: pa.Table, seasons: References) -> bool:
    """Whether the same time of earlier periods differed too, and the window from it no more than by chance.

    Never where too few rows of that time are filled: what cannot be compared excuses nothing.
    """
    then = seasons.get(one.column)
    empty = one.what == "empty"
    if then is None or (not empty and then.rows - then.empty < FEWEST):
        return False
    before = [part for part in drifting.between(known[one.column], then) if (part.what == "empty") == empty]
    now = drifting.aspects(then, window)
    near = [part.moved < NEARER * one.moved for part in now if (part.what == "empty") == empty]
    proven = any(part.chance <= PROVEN for part in before)
    return proven and any(near) and all(part.chance > STRAYED for part in now)


def _parts(names: Names) -> dict[str, Whole]:
    """The places of each name."""
    each, codes = np.unique(names, return_inverse=True)
    return {str(name): np.flatnonzero(codes == place) for place, name in enumerate(each)}


def _described(dated: pa.Table, place: Whole, known: References) -> dict[str, Reference]:
    """Columns of some rows, each of the kind that it is as a whole."""
    most = min(len(place), MOST)
    rows = dated.take(pa.array(place[np.linspace(0, len(place) - 1, most).astype(np.int64)]))
    return {name: drifting.described(name, rows[name], one.kind, one.veil) for name, one in known.items()}


def _blend(months: Months, parts: Mapping[str, Sequence[str]], now: Names) -> dict[str, Reference]:
    """Columns of earlier parts as often as their names stand in `now`; none where a fifth of `now` has no such part."""
    names, counts = np.unique(now, return_counts=True)
    shares = {str(name): count / len(now) for name, count in zip(names, counts, strict=True)}
    there = {name: share for name, share in shares.items() if share >= LEAST_SHARE and parts.get(name)}
    if sum(there.values()) < COVERED:
        return {}
    weights = {part: share / len(parts[name]) for name, share in there.items() for part in parts[name]}
    columns = set.intersection(*(set(months[part]) for part in weights))
    return {name: _mixed([(months[part][name], share) for part, share in weights.items()]) for name in sorted(columns)}


def _mixed(parts: Sequence[tuple[Reference, float]]) -> Reference:
    """One reference of which each part makes its share; parts that are too large give evenly spread values."""
    most = min(one.rows / share for one, share in parts)
    rates = [share * most / one.rows for one, share in parts]
    first = parts[0][0]
    numbers = np.sort(np.concatenate([_spread(one.numbers, r) for (one, _), r in zip(parts, rates, strict=True)]))
    sizes: dict[str, float] = {}
    for (one, _), rate in zip(parts, rates, strict=True):
        for label, count in zip(one.labels.to_pylist(), one.counts.tolist(), strict=True):
            sizes[label] = sizes.get(label, 0.0) + rate * count
    pairs = sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
    rows, empty = (
        round(sum(rate * getattr(one, what) for (one, _), rate in zip(parts, rates, strict=True)))
        for what in ("rows", "empty")
    )
    labels = pa.array([label for label, _ in pairs], pa.string())
    counts = np.array([count for _, count in pairs], dtype=np.float64)
    untied = drifting.untied(numbers)
    return Reference(first.name, first.kind, rows, empty, numbers, labels, counts, untied, first.veil)


def _spread(numbers: drifting.Floats, rate: float) -> drifting.Floats:
    """So many of sorted numbers, evenly spread."""
    count = round(rate * len(numbers))
    return numbers[((np.arange(count) + 0.5) * len(numbers) / max(count, 1)).astype(np.int64)]


def _months(moments: Whole) -> Names:
    return moments.view("datetime64[us]").astype("datetime64[M]").astype(np.str_)


def _days(moments: Whole) -> Names:
    return ((moments // DAY + THURSDAY) % 7).astype(np.str_)
