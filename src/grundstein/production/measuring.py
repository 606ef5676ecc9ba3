"""Room production. In: differences of units whose truth has come, what was signed -> Out: the gain so far, its range.

A release is looked at again and again, so its range must hold at all looks at once. It is the judge's own range
(`tools.inference.interval`) at the level that a time-uniform bound names: the normal mixture of Robbins (1970), for
means of any distribution in the long run (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import ndtr, ndtri

from grundstein.core.records import Gain
from grundstein.tools import inference

if TYPE_CHECKING:
    from grundstein.tools.inference import Sample

ERROR = 0.05
TUNED = 200
FIRST_TRUTHS, GROWTH = 100, 1.5


def reach(clusters: int) -> float:
    """How many standard errors of the mean the range goes at so many clusters; 95 % at all sizes at once.

    Narrowest at 200 clusters (3.0), 3.5 at 30 and 3.4 at 5,000; a range for one look alone would take 1.96.
    """
    tuned = (1 - 2 * math.log(ERROR) + math.log(1 - 2 * math.log(ERROR))) / TUNED
    mixed = clusters * tuned
    return math.sqrt((1 + 1 / mixed) * math.log((mixed + 1) / ERROR**2))


def measured(sample: Sample, development: Sample | None, worst: float | None) -> Gain | None:
    """Return the mean difference per unit and its range at all looks; None below 30 independent units."""
    if sample.clusters < inference.MIN_CLUSTERS:
        return None
    found = inference.interval(sample, development, level(sample.clusters), worst)
    return Gain(found.mean, found.low, found.high)


def level(clusters: int) -> float:
    """The one-sided level of a single look that reaches as far as the bound for all looks."""
    return float(ndtr(-reach(clusters)))


def expected(signed: Gain, signed_level: float, now: Gain, clusters: int) -> float:
    """Return the gain per unit to be expected from here on: signed and measured, each weighed by its certainty.

    With little truth it is close to what was signed, with much of it close to what was measured.
    """
    before = _error(signed, float(-ndtri(signed_level)))
    after = _error(now, reach(clusters))
    if after == 0 or not math.isfinite(before):
        return now.mean
    weight = before**2 / (before**2 + after**2)
    return signed.mean + weight * (now.mean - signed.mean)


def _error(gain: Gain, widths: float) -> float:
    return (gain.high - gain.low) / (2 * widths)


def calibration_look(truths: int) -> int:
    """The number of the newest look at calibration, 0 before the first: at 100 truths, then at each half more."""
    if truths < FIRST_TRUTHS:
        return 0
    return 1 + int(math.log(truths / FIRST_TRUTHS) / math.log(GROWTH) + 1e-9)
