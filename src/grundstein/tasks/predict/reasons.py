"""Room tasks. In: what each column adds to a score -> Out: how far each column moved the answer, in plain words.

Method. A score is a sum: of weight x (value - mean of development) for a linear model, of TreeSHAP's values for trees
(Lundberg, Erion, Lee 2018, as LightGBM computes them), of the steps down a tree (Saabas 2014). What a column adds to
the score becomes probability points, or the number's unit, by the integral of the answer's slope along the straight
line from the average development row to this one (integrated gradients; Sundararajan, Taly, Yan 2017): with one score
that is the column's share of the way times the whole change. The effects of all columns add up to the answer less the
answer to the average row. Members of a mean count by their shares. This says what the model looked at, not what would
happen if somebody changed the value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.core.task import Reason
from grundstein.tools.moving import along, worded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Link = Callable[["Floats"], "Floats"]
STEP = 1e-6


@dataclass(frozen=True)
class Score:
    """One model's scores of a question: `base` (outputs,) of the average row, `parts` (outputs, features) on top.

    `link` makes answers of scores, both of shape (rows, outputs).
    """

    base: Floats
    parts: Floats
    link: Link


@dataclass(frozen=True)
class Moved:
    """An answer: of the average row, of this one, and how far each feature moved it."""

    before: float
    after: float
    effects: Floats


def moved(score: Score, output: int) -> Moved:
    """Return how far each feature moved one output of a model."""
    ends = np.stack([score.base, score.base + score.parts.sum(axis=1)])
    before, after = (float(value) for value in score.link(ends)[:, output])
    if len(score.base) > 1:
        return Moved(before, after, along(score.base, score.parts, score.link, output))
    way = float(ends[1, 0] - ends[0, 0])
    if abs(way) > STEP:
        slope = (after - before) / way
    else:
        slope = _slope(lambda s: float(score.link(np.array([[s]]))[0, 0]), float(ends[0, 0]), float(ends[1, 0]))
    return Moved(before, after, slope * score.parts[0])


def mixed(members: Sequence[Moved], shares: Sequence[float]) -> Moved:
    """Return the mean of several by their shares."""
    pairs = list(zip(shares, members, strict=True))
    effects = sum((share * one.effects for share, one in pairs), np.zeros(len(members[0].effects)))
    return Moved(sum(s * one.before for s, one in pairs), sum(s * one.after for s, one in pairs), effects)


def through(found: Moved, last: Callable[[float], float]) -> Moved:
    """Return the same after one more step: a calibration, a shift."""
    slope = _slope(last, found.before, found.after)
    return Moved(last(found.before), last(found.after), slope * found.effects)


def told(question: Mapping[str, Any], names: Sequence[str], effects: Iterable[float], most: int) -> tuple[Reason, ...]:
    """Return the strongest reasons first, of equal ones the first column; a column without effect gives none."""
    found = [(name, float(effect)) for name, effect in zip(names, effects, strict=True)]
    strongest = sorted((one for one in found if one[1]), key=lambda one: -abs(one[1]))[:most]
    return tuple(Reason(name, worded(question[name]), effect) for name, effect in strongest)


def _slope(link: Callable[[float], float], start: float, end: float) -> float:
    """The mean slope between two places; where they are one, the slope there."""
    if abs(end - start) > STEP:
        return (link(end) - link(start)) / (end - start)
    return (link(end + STEP) - link(end - STEP)) / (2 * STEP)
