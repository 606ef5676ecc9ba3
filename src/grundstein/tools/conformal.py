"""Room tools. In: scores of answers whose truth is known -> Out: what leaves a set of answers (conformal prediction).

Split conformal prediction (Vovk et al. 2005; for classes the sets of Sadinle, Lei and Wasserman 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MISS = 0.1
OF_EACH = 100
FEWEST = 200


def quantile(scores: Floats, miss: float) -> float:
    """The ceil((n + 1)(1 - miss))-th smallest score: a new one is at most this with at least 1 - miss."""
    place = int(np.ceil((len(scores) + 1) * (1 - miss)))
    return float(np.partition(scores, place - 1)[place - 1]) if place <= len(scores) else np.inf


def each_class(truth: NDArray[np.int64], classes: int) -> bool:
    """Whether each class has enough units for a threshold of its own."""
    return bool(np.bincount(truth, minlength=classes).min() >= OF_EACH)


def thresholds(score: Floats, truth: NDArray[np.int64], classes: int, miss: float, *, by_class: bool) -> Floats:
    """The score (1 - probability of the truth) of each class above which an answer leaves the set."""
    if not by_class:
        return np.full(classes, quantile(score, miss))
    return np.array([quantile(score[truth == k], miss) for k in range(classes)])


def range_of(rest: Floats, miss: float) -> tuple[float, float]:
    """How far below and above a number the truth lies, but for `miss`; `rest` is truth less number."""
    return -quantile(-rest, miss / 2), quantile(rest, miss / 2)
