"""Room evaluation. In: out-of-fold probabilities -> Out: whether they mean what they say (GST-T50 to T53).

A score test of Cox's (1958) calibration line, slope 1 and intercept 0, with errors by cluster; and how far the groups
of the reliability picture lie from it once the chance in them is taken off (Kumar, Liang and Ma 2019). Both must speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks.answered import Answered, answered
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEVEL, FAR, VERY_FAR = 0.01, 0.03, 0.06
FEWEST, LEAST_OF_EACH = 100, 20
BINS, FLOOR, WIDE = 10, 0.001, 1.96
TITLE = {"en": "Does it happen as often as foretold?", "de": "Tritt es so oft ein wie vorhergesagt?"}
LABELS = {
    "foretold": {"en": "foretold share", "de": "vorhergesagter Anteil"},
    "happened": {"en": "share that happened", "de": "eingetretener Anteil"},
    "low": {"en": "low", "de": "von"},
    "high": {"en": "high", "de": "bis"},
    "units": {"en": "units", "de": "Fälle"},
}


@dataclass(frozen=True)
class Bins:
    """Groups of equal size by what was foretold: its mean, the share that happened with its 95 % range, the units."""

    told: Floats
    came: Floats
    low: Floats
    high: Floats
    units: Floats


def check(look: Look) -> Checked:
    """Say whether the winner's probabilities happen as often as it says."""
    new = answered(look, look.winner)
    if new is None or new.kind == "number":
        return Checked()
    told, came = probabilities(new)
    if len(told) < FEWEST or min(came.sum(), (1 - came).sum()) < LEAST_OF_EACH:
        return Checked((Finding("GST-T53", "skipped", {"units": len(told)}),))
    bins = binned(told, came)
    far, chance = distance(bins), by_chance(told, came, new.cluster)
    facts: dict[str, Fact] = {"units": len(told), "ece": round(expected_error(bins), 4), "far": round(far, 4)}
    if chance >= LEVEL or far < FAR:
        return Checked((Finding("GST-T52", "passed", facts),), (_figure(bins),))
    worst = int(np.argmax(np.abs(bins.told - bins.came)))
    facts |= {"told": round(float(bins.told[worst]), 4), "came": round(float(bins.came[worst]), 4)}
    code = "GST-T50" if new.kind == "two" else "GST-T51"
    return Checked((Finding(code, "issue" if far >= VERY_FAR else "tip", facts),), (_figure(bins),))


def probabilities(new: Answered) -> tuple[Floats, Floats]:
    """What was foretold and whether it came: of yes, or of the likeliest class where there are many."""
    if new.kind == "two":
        return new.told[:, 1], new.truth
    return new.named, (new.told.argmax(axis=1) == new.truth).astype(np.float64)


def binned(told: Floats, came: Floats) -> Bins:
    """Ten groups of equal size, in the order of what was foretold; ranges by Wilson (1927)."""
    parts = [part for part in np.array_split(np.argsort(told, kind="stable"), BINS) if len(part)]
    units = np.array([len(part) for part in parts], dtype=np.float64)
    share = np.array([came[part].mean() for part in parts])
    middle = (share + WIDE**2 / (2 * units)) / (1 + WIDE**2 / units)
    reach = WIDE * np.sqrt(share * (1 - share) / units + WIDE**2 / (4 * units**2)) / (1 + WIDE**2 / units)
    return Bins(np.array([told[part].mean() for part in parts]), share, middle - reach, middle + reach, units)


def expected_error(bins: Bins) -> float:
    """Return the mean distance between foretold and happened over the groups."""
    return float(np.average(np.abs(bins.told - bins.came), weights=bins.units))


def distance(bins: Bins) -> float:
    """Return the root of the mean squared distance over the groups, less what chance alone makes of it."""
    by_luck = bins.came * (1 - bins.came) / np.maximum(bins.units - 1, 1)
    square = float(np.average((bins.told - bins.came) ** 2 - by_luck, weights=bins.units))
    return float(np.sqrt(max(square, 0.0)))


def by_chance(told: Floats, came: Floats, cluster: NDArray[np.int64]) -> float:
    """Probability under calibration of a score this far from slope 1 and intercept 0 (chi-squared, 2 degrees)."""
    inside = np.clip(told, FLOOR, 1 - FLOOR)
    odds = np.log(inside / (1 - inside))
    each = (came - told)[:, None] * np.stack([np.ones_like(odds), odds], axis=1)
    number = np.unique(cluster, return_inverse=True)[1]
    sums = np.stack([np.bincount(number, weights=column) for column in each.T], axis=1)
    total, spread = sums.sum(axis=0), sums.T @ sums
    if np.linalg.matrix_rank(spread) < 2:
        return 1.0
    return float(np.exp(-0.5 * total @ np.linalg.solve(spread, total)))


def _figure(bins: Bins) -> Figure:
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "foretold": _rounded(bins.told),
        "happened": _rounded(bins.came),
        "low": _rounded(bins.low),
        "high": _rounded(bins.high),
        "units": tuple(int(n) for n in bins.units),
    }
    return Figure("calibration", "diagonal", TITLE, columns, x="foretold", y="happened", labels=LABELS)


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(v), 4) for v in values)
