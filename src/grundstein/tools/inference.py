"""Room tools. In: differences per unit between two solutions -> Out: the range of their mean, and what data can show.

The judge's statistics, pure functions of arrays. Every level is one-sided; every range is of the mean per unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LEVEL = 0.025
POWER = 0.90
MIN_CLUSTERS = 30
MIN_PERIODS = 10
RARE = 10
LARGE = 10.0
DEVELOPMENT_WEIGHT = 0.75
MOST_UNITS = 10**9


@dataclass(frozen=True)
class Sample:
    """Differences of one part in the order of its units; clusters and periods are numbered from 0."""

    difference: NDArray[np.float64]
    cluster: NDArray[np.int64]
    clusters: int
    period: NDArray[np.int64] | None = None
    periods: int = 0

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.difference)

    @property
    def mean(self) -> float:
        """The mean difference per unit."""
        return float(self.difference.mean())


@dataclass(frozen=True)
class Range:
    """The mean difference and its one-sided limits.

    `rare`: changes for the worse that are large or few counted at their limit. `bounded`: False where they should
    have, but nobody knows the largest loss; `low` then speaks of what was seen only, and must not carry a verdict.
    """

    mean: float
    low: float
    high: float
    rare: bool = False
    bounded: bool = True


def sample(
    difference: NDArray[np.float64], cluster: NDArray[np.int64], period: NDArray[np.int64] | None = None
) -> Sample:
    """Number clusters and periods; arrays of one length, at least one unit."""
    clusters, numbered = np.unique(cluster, return_inverse=True)
    if period is None:
        return Sample(difference, numbered, len(clusters))
    periods, when = np.unique(period, return_inverse=True)
    return Sample(difference, numbered, len(clusters), when, len(periods))


def opening_level(count: int, shown: bool) -> float:
    """Return the one-sided level of the `count`-th opening of the same units; over all openings 2.5 % in sum.

    2.5 % / (k(k+1)) while nobody has seen sealed figures of these units, 2.5 % / 2^k once somebody has.
    """
    return LEVEL / 2.0**count if shown else LEVEL / (count * (count + 1))


def interval(test: Sample, development: Sample | None, level: float, worst: float | None) -> Range:
    """Range of the mean difference at `level` on each side; `worst` bounds what one unit can lose or gain.

    A loss that the sample holds too rarely (`rare_below`) is taken out of the mean and counted at the Clopper-Pearson
    limit of its clusters times `worst`, at half the level; the rest of the mean takes the other half (Bonferroni).
    No resampling can do this: what is missing from a sample is missing from its bootstrap. Gains are treated alike
    for `high`, where their bound is known.
    """
    development = development if development is not None and development.units > 1 else None
    loss = _at_least_seen(worst, test, development)
    rare = rare_below(test, loss) is not None
    other, otherwise = _mirrored(test), None if development is None else _mirrored(development)
    low = test.mean - _depth(test, development, level, loss)
    high = test.mean + _depth(other, otherwise, level, _at_least_seen(worst, other, otherwise))
    return Range(test.mean, low, high, rare, not rare or worst is not None)


def _at_least_seen(worst: float | None, *parts: Sample | None) -> float | None:
    """A bound of loss, raised to the largest loss that was seen: nobody can state it smaller than it is."""
    return None if worst is None else max([worst, *(-float(one.difference.min()) for one in parts if one is not None)])


def rare_below(test: Sample, worst: float | None) -> float | None:
    """Return the difference under which losses are too rare for a mean; None where the mean can speak for all.

    Losses seen in fewer than 10 clusters are all rare; else those over 10 x the median loss, where `worst` allows
    them and they were seen in fewer than 10 clusters (not seeing any says little).
    """
    if _struck(test, 0.0) < RARE:
        return 0.0
    large = _large(test)
    return large if _possible(large, worst) and _struck(test, large) < RARE else None


def clopper_pearson(seen: float, of: float, level: float) -> float:
    """Return the exact upper limit of a share seen `seen` times among `of` (Clopper and Pearson, 1934)."""
    return 1.0 if seen >= of else float(betaincinv(seen + 1, of - seen, 1 - level))


def pooled_sd(test: Sample, development: Sample | None) -> float:
    """Return the larger of the test's sd and the sd pooled with development.

    The pooled variance weighs development 3 and the test 1, as a quarter sealed would by numbers. It is fixed: by
    numbers a sealed share of 40 % would take weight from the part that is likelier to have seen a rare loss.
    """
    return math.sqrt(_pooled(_sd(test) ** 2, None if development is None else _sd(development) ** 2))


def pooled_effect(test: Sample, development: Sample | None) -> float:
    """Return the factor, at least 1, by which units of one cluster move together and widen the error of the mean.

    The larger of the test's and the one pooled 3:1 with development, brought to the test's sizes of clusters: a rare
    loss that the test has not seen, it has not seen in clusters either.
    """
    seen, size = design_effect(test) ** 2, _cluster_size(test)
    if development is None:
        return math.sqrt(seen)
    known, knew = design_effect(development) ** 2, _cluster_size(development)
    within = min((known - 1) / (knew - 1), 1.0) if knew > 1 else 0.0
    return math.sqrt(_pooled(seen, 1 + within * (size - 1)))


def mean_error(part: Sample) -> float:
    """Return the error of one part's mean: of its clusters or of its periods where there are enough, the larger."""
    error = _error(part.difference, part.cluster, part.clusters)
    if part.period is None or part.periods < MIN_PERIODS:
        return error
    return max(error, _error(part.difference, part.period, part.periods))


def design_effect(part: Sample) -> float:
    """Return clustered over simple error of one part's mean, at least 1."""
    single = _sd(part) / math.sqrt(part.units)
    return max(1.0, _error(part.difference, part.cluster, part.clusters) / single) if 0 < single < math.inf else 1.0


def detectable(development: Sample, units: int, level: float, worst: float | None) -> float | None:
    """Return the gain above the margin that `units` sealed units would show in 90 % of cases.

    (z of the level + z of 90 %) x sd x design effect / sqrt(units). Where losses may turn out too rare to be averaged,
    it is what they then cost at their limit, if that is more; None where that has no bound.
    """
    below = _rare_foretold(development, units, worst)
    if (worst is None and below != [None]) or development.clusters < 2:
        return None
    return max(_foretold_depth(development, units, level, one, worst or 0.0) for one in below)


def units_needed(development: Sample, margin: float, level: float, worst: float | None) -> int | None:
    """Return how many sealed units would show the gain seen in development; None where there is none to show."""
    gain = development.mean - margin
    found = _within(lambda units: detectable(development, units, level, worst), gain)
    few = math.ceil(MIN_CLUSTERS * development.units / development.clusters)
    return None if gain <= 0 or found is None else max(found, few)


def _within(reach: Callable[[int], float | None], gain: float) -> int | None:
    """Bisect for the fewest units, to half a percent, whose reach is at most `gain`."""
    low, high = 1, 2
    while (at := reach(high)) is None or at > gain:
        low, high = high, high * 2
        if high > MOST_UNITS:
            return None
    while high - low > max(1, high // 200):
        middle = (low + high) // 2
        at = reach(middle)
        low, high = (middle, high) if at is None or at > gain else (low, middle)
    return high


def _reach(test: Sample, development: Sample | None, level: float) -> float:
    """t x error, of the clusters or of the periods where there are enough, whichever is more; each by its own t.

    Ten periods say little about how much periods differ: with the t of many clusters their error would hold at the
    first opening and fail at the levels of later ones.
    """
    error = pooled_sd(test, development) * pooled_effect(test, development) / math.sqrt(test.units)
    reach = _t(level, test.clusters) * error
    if test.period is None or test.periods < MIN_PERIODS:
        return reach
    return max(reach, _t(level, test.periods) * _error(test.difference, test.period, test.periods))


def _depth(test: Sample, development: Sample | None, level: float, worst: float | None) -> float:
    """How far below the mean its lower limit lies."""
    below = rare_below(test, worst)
    if below is None or worst is None:
        return _reach(test, development, level)
    rest, known = _without(test, below), None if development is None else _without(development, below)
    ceiling = _ceiling(test, _struck(test, below), test.clusters, level / 2) * worst
    return test.mean - rest.mean + _reach(rest, known, level / 2) + ceiling


def _rare_foretold(development: Sample, units: int, worst: float | None) -> list[float | None]:
    """What `rare_below` may say of `units` sealed units: one answer, or several where it is on the edge."""
    least, most = _struck_foretold(development, 0.0, units)
    below: list[float | None] = [0.0] if least < RARE else []
    if most < RARE:
        return below
    large = _large(development)
    least, most = _struck_foretold(development, large, units)
    possible = _possible(large, worst)
    return below + ([large] if possible and least < RARE else []) + ([None] if not possible or most >= RARE else [])


def _foretold_depth(development: Sample, units: int, level: float, below: float | None, worst: float) -> float:
    if below is None:
        return _foretold_reach(development, units, level)
    rest, scale = _without(development, below), units / development.units
    seen = min(_struck_foretold(development, below, units)[1], RARE - 1)
    ceiling = _ceiling(development, seen, scale * development.clusters, level / 2) * worst
    return development.mean - rest.mean + _foretold_reach(rest, units, level / 2) + ceiling


def _foretold_reach(development: Sample, units: int, level: float) -> float:
    """(quantile of the level + z of 90 %) x error; as many periods, with as many units each, as in development."""
    z, single = float(ndtri(POWER)), _sd(development) / math.sqrt(units)
    reach = (float(ndtri(1 - level)) + z) * single * design_effect(development)
    if development.period is None or development.periods < MIN_PERIODS:
        return reach
    together = design_effect(replace(development, cluster=development.period, clusters=development.periods))
    return max(reach, (_t(level, development.periods) + z) * single * together)


def _struck_foretold(development: Sample, below: float, units: int) -> tuple[float, float]:
    """Least and most clusters struck among `units`, each with 90 %: Poisson error of what was seen and what comes."""
    scale, seen = units / development.units, _struck(development, below)
    error = float(ndtri(POWER)) * math.sqrt(scale * (1 + scale) * (seen + 1))
    return max(scale * seen - error, 0.0), scale * seen + error


def _ceiling(part: Sample, struck: float, clusters: float, level: float) -> float:
    """Limit of the share of units struck: of clusters, times how much likelier than its share a large one is struck."""
    uneven = _cluster_size(part) * part.clusters / part.units
    return min(1.0, clopper_pearson(struck, clusters, level) * uneven)


def _cluster_size(part: Sample) -> float:
    """Mean size of the cluster that a unit is in."""
    sizes = np.bincount(part.cluster, minlength=part.clusters).astype(np.float64)
    return float(sizes @ sizes) / part.units


def _pooled(seen: float, known: float | None) -> float:
    return seen if known is None else max(seen, DEVELOPMENT_WEIGHT * known + (1 - DEVELOPMENT_WEIGHT) * seen)


def _large(part: Sample) -> float:
    """Return the difference under which a loss is large: 10 x the median loss; minus infinity where none was seen."""
    losses = part.difference[part.difference < 0]
    return LARGE * float(np.median(losses)) if len(losses) else -math.inf


def _possible(large: float, worst: float | None) -> bool:
    return worst is None or worst > -large


def _mirrored(part: Sample) -> Sample:
    return replace(part, difference=-part.difference)


def _struck(part: Sample, below: float) -> int:
    """Count the clusters that hold a loss under `below`."""
    return len(np.unique(part.cluster[part.difference < below]))


def _without(part: Sample, below: float) -> Sample:
    return replace(part, difference=np.where(part.difference < below, 0.0, part.difference))


def _error(difference: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> float:
    """Error of the mean where groups are drawn: their sums of residuals, an estimator of a ratio (linearised)."""
    if groups < 2:
        return math.inf
    sums = np.bincount(group, weights=difference - difference.mean(), minlength=groups)
    return math.sqrt(groups / (groups - 1) * float(sums @ sums)) / len(difference)


def _sd(part: Sample) -> float:
    return float(part.difference.std(ddof=1)) if part.units > 1 else math.inf


def _t(level: float, groups: int) -> float:
    return float(stdtrit(max(groups - 1, 1), 1 - level))
