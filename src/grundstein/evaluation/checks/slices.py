"""Room evaluation. In: out-of-fold values and their rows -> Out: where the winner is weakest (GST-M01 to M03)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import people, rows
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.evaluation.checks.sensitive import sensitive

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

FEWEST, MOST_CATEGORIES, ERROR = 50, 30, 0.05
SHOWN = 5
TITLE = {"en": "Where the new answer gains least", "de": "Wo die neue Antwort am wenigsten bringt"}
LABELS = {
    "slice": {"en": "group", "de": "Gruppe"},
    "gain": {"en": "gain per unit", "de": "Gewinn je Fall"},
}


@dataclass(frozen=True)
class Slice:
    """The winner's mean gain over the baseline in one group of units, and its range (Bonferroni over all groups)."""

    column: str
    value: str
    units: int
    gain: float
    low: float
    high: float
    below: bool


def check(look: Look) -> Checked:
    """Find the group where the winner loses against the baseline, or gains clearly less than elsewhere."""
    if look.judged is None or not {look.baseline, look.winner} <= set(look.values) or look.baseline == look.winner:
        return Checked()
    found = slices(look)
    if not found:
        return Checked()
    losing = [s for s in found if s.high < 0]
    weak = sorted(losing or [s for s in found if s.below], key=lambda s: s.gain * (s.units if losing else 1))
    if not weak:
        return Checked((Finding("GST-M03", "passed", {"slices": len(found)}),), (_figure(found),))
    facts = _facts(look, weak[0])
    finding = Finding("GST-M01", "issue", facts) if losing else Finding("GST-M02", "tip", facts)
    return Checked((finding,), (_figure(found),))


def slices(look: Look) -> list[Slice]:
    """Return every group of at least 50 units by a category or a quarter of a number, least gain first.

    Ranges are Welch's on sums by cluster, at 5 % over all groups together (Bonferroni); `below` compares the group with
    all units outside it.
    """
    from scipy.stats import t

    winner, baseline = look.values[look.winner], look.values[look.baseline]
    gain, cluster = winner.value - baseline.value, np.unique(winner.cluster, return_inverse=True)[1]
    groups = [g for g in _groups(look) if FEWEST <= int(g[2].sum()) <= len(gain) - FEWEST]
    found = []
    for column, value, inside in groups:
        mean, error, effective = mean_of(gain, cluster, inside)
        rest, rest_error, _ = mean_of(gain, cluster, ~inside)
        wide = float(t.ppf(1 - ERROR / (2 * len(groups)), max(effective - 1, 1)))
        below = mean + wide * float(np.hypot(error, rest_error)) < rest
        found.append(Slice(column, value, int(inside.sum()), mean, mean - wide * error, mean + wide * error, below))
    return sorted(found, key=lambda s: s.gain)


def mean_of(
    gain: NDArray[np.float64], cluster: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[float, float, int]:
    """Return the mean of a group, its standard error by clusters, and the number of clusters."""
    mine, of = gain[inside], cluster[inside]
    mean = float(mine.mean())
    sums = np.bincount(of, weights=mine - mean)
    count = len(np.unique(of))
    return mean, float(np.sqrt((sums**2).sum() * count / max(count - 1, 1))) / len(mine), count


def _groups(look: Look) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Groups by each feature, and by what tells of people even where the case ignores it."""
    told = sensitive(look) if people.touched(look.case) is not False else []
    for name in dict.fromkeys((*look.features, *told)):
        column = look.judged_column(name)
        if column is not None and not rows.numbers_rows(column, name):
            yield from ((name, value, inside) for value, inside in groups_of(column, MOST_CATEGORIES))


def groups_of(column: pa.ChunkedArray, most: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the groups of a column and who is in them: up to `most` categories, or quarters of a number."""
    if rows.is_number(column) and rows.distinct(column) > 10:
        yield from _quarters(column)
    elif not rows.is_time(column) and rows.distinct(column) <= most:
        code, names = rows.codes(column)
        yield from ((value, code == k) for k, value in enumerate(["–", *names]))


def _quarters(column: pa.ChunkedArray) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    values = rows.numbers(column)
    here = np.isfinite(values)
    yield "–", ~here
    edges = np.unique(np.quantile(values[here], (0, 0.25, 0.5, 0.75, 1)))
    for place, (low, high) in enumerate(pairwise(edges)):
        inside = here & (values <= high) & ((values > low) if place else (values >= low))
        yield f"{low:g}–{high:g}", inside


def _facts(look: Look, weakest: Slice) -> dict[str, Fact]:
    mean = float((look.values[look.winner].value - look.values[look.baseline].value).mean())
    return {
        "column": weakest.column,
        "value": weakest.value,
        "units": weakest.units,
        "gain": round(weakest.gain, 4),
        "low": round(weakest.low, 4),
        "high": round(weakest.high, 4),
        "mean": round(mean, 4),
        "winner": look.winner,
        "baseline": look.baseline,
    }


def _figure(found: list[Slice]) -> Figure:
    shown = found[:SHOWN]
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "slice": tuple(f"{s.column}: {s.value}" for s in shown),
        "gain": tuple(round(s.gain, 4) for s in shown),
        "low": tuple(round(s.low, 4) for s in shown),
        "high": tuple(round(s.high, 4) for s in shown),
        "units": tuple(s.units for s in shown),
    }
    return Figure("weakest_slices", "interval", TITLE, columns, x="slice", y="gain", labels=LABELS)
