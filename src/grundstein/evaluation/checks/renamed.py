"""Room evaluation. In: the cheap model's sample -> Out: columns that are the answer under another name, or its average.

A reason explains an answer, but an answer rarely explains its reason. Each rule asks for something that honest columns
do not have, whatever their skill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.evaluation.checks import quick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from grundstein.evaluation.checks.quick import Sample

    Codes = NDArray[np.int64]

RENAMED = 0.75
INFORMED, FEWEST = 0.7, 5
PURE, ROWS_A_CODE = 0.9, 5
RUNS, MOST_BANDS, FEWEST_FILLED = 0.35, 40, 20
OVERLAP = 0.02
GROUPS, ROWS_A_GROUP, SURE = 10, 5, 4.0
MOST_CELLS = 250_000


def answers_renamed(sample: Sample) -> dict[str, float]:
    """Return the columns that are the answer under another name, and how often they name it.

    The column, or whether it is filled, is one of these:
    - it names the answer (or one class) and the answer names it: both Goodman-Kruskal lambdas reach .75;
    - it has as many values as the answer and marks each class: Youden's J of at least .7, whatever the classes' shares
      (a copy with 10 % of its rows wrong has .8);
    - it is a text of few codes, and each code has one answer: lambda of at least .9;
    - the answer is a number, and in its order the column changes rarely: at most .35 of what chance would make;
    - the column is a number, and in its order the answer changes no oftener than it must, but for .02 of chance: the
      classes do not overlap.
    """
    found: dict[str, float] = {}
    for name, bins in sample.bins.items():
        said = [agree for column in (bins, _filled(bins)) for agree in _as_answer(sample, column)]
        if name in sample.texts:
            said += _pure(sample, bins)
        if name in sample.numbers and sample.kind != "number" and _apart(sample.numbers[name], sample.goal):
            said.append(1.0)
        if said:
            found[name] = max(said)
    return found


def names(one: Codes, two: Codes) -> float:
    """How often the commonest partner of a bin is right, above always naming the commonest (Goodman-Kruskal lambda)."""
    if (one.max(initial=0) + 1) * (two.max(initial=0) + 1) > MOST_CELLS:
        return 0.0
    joint = _joint(one, two)
    common = joint.sum(axis=0).max()
    return float((joint.max(axis=1).sum() - common) / max(len(one) - common, 1))


def averages(sample: Sample) -> dict[str, int]:
    """Return the columns that are means of the answer over these very rows, and the number of their groups.

    Rows with the same value are a group. A rate known from elsewhere, even the true one, lies as far from the mean of
    its group as chance makes it; one computed from these rows (and those of the sealed part) lies closer. For a number,
    too many groups within the median of Student's t; for classes, a sum of squares too small by four of its errors.
    """
    if sample.kind == "many":
        return {}
    close = _close_numbers if sample.kind == "number" else _close_rates
    found = {}
    for name, values in sample.numbers.items():
        groups = _groups(values, sample.goal, ROWS_A_GROUP if sample.kind == "number" else 1)
        if groups is not None and close(*groups):
            found[name] = len(groups[0])
    return found


def _filled(bins: Codes) -> Codes:
    return (bins > 0).astype(np.int64)


def _as_answer(sample: Sample, column: Codes) -> Iterator[float]:
    if column.min(initial=0) == column.max(initial=0):
        return
    if sample.kind == "number" and _in_order(sample.goal, column) <= RUNS:
        yield 1 - _in_order(sample.goal, column) / 2
    for target in _targets(sample):
        if min(names(column, target), names(target, column)) >= RENAMED or _marks(column, target):
            yield _agreement(column, target)


def _targets(sample: Sample) -> list[Codes]:
    if sample.kind == "number":
        return [quick.cut(sample.goal)]
    target = sample.goal.astype(np.int64)
    classes = range(int(target.max()) + 1) if sample.kind == "many" else range(0)
    return [target, *((target == k).astype(np.int64) for k in classes)]


def _marks(column: Codes, target: Codes) -> bool:
    """Whether a column of as many values as the target has classes marks each class by a value of its own."""
    joint = _joint(column, target)
    joint = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0]
    sizes = joint.sum(axis=0)
    if joint.shape[0] != joint.shape[1] or joint.shape[1] > MOST_BANDS or sizes.min() < FEWEST:
        return False
    inside = joint / sizes
    outside = (joint.sum(axis=1)[:, None] - joint) / (len(column) - sizes)
    best = (inside - outside).argmax(axis=0)
    informed = (inside - outside)[best, np.arange(len(best))]
    return bool(len(np.unique(best)) == len(best) and informed.min() >= INFORMED)


def _pure(sample: Sample, bins: Codes) -> list[float]:
    """Codes of a text that each have one answer."""
    codes = len(np.unique(bins))
    if sample.kind == "number" or codes < 2 or codes * ROWS_A_CODE > len(bins):
        return []
    target = sample.goal.astype(np.int64)
    return [_agreement(bins, target)] if names(bins, target) >= PURE else []


def _apart(values: NDArray[np.float64], goal: NDArray[np.float64]) -> bool:
    """Whether a number keeps the classes apart, as a copy with some jitter does; equal values in any order."""
    here = np.isfinite(values)
    classes = np.bincount(goal[here].astype(np.int64))
    classes = classes[classes > 0]
    if here.mean() < 0.95 or len(classes) < 2 or classes.min() < FEWEST_FILLED:
        return False
    by_chance = 1 - float(((classes / here.sum()) ** 2).sum())
    order = np.lexsort((np.random.default_rng(0).random(int(here.sum())), values[here]))
    changes = int((np.diff(goal[here][order]) != 0).sum())
    return changes - len(classes) + 1 <= OVERLAP * by_chance * here.sum()


def _in_order(goal: NDArray[np.float64], column: Codes) -> float:
    """How often the column changes from one row to the next in the order of the answer, against chance (1).

    A column that is the answer cut into bands, or filled above some answer, changes as often as it has bands.
    """
    counts = np.bincount(column)
    if (counts > 0).sum() > MOST_BANDS or np.sort(counts)[-2] < FEWEST_FILLED:
        return 1.0
    tied = np.random.default_rng(0).permutation(len(goal))
    ordered = column[tied][np.argsort(goal[tied], kind="stable")]
    by_chance = 1 - float(((counts / len(column)) ** 2).sum())
    return float(np.mean(ordered[1:] != ordered[:-1])) / by_chance


def _groups(
    values: NDArray[np.float64], goal: NDArray[np.float64], fewest: int
) -> tuple[NDArray[np.float64], ...] | None:
    """Value, mean answer, spread of the answers and size of each group; None where they are too few or say nothing."""
    here = np.isfinite(values)
    value, place, size = np.unique(values[here], return_inverse=True, return_counts=True)
    large = size >= fewest
    if large.sum() < GROUPS or len(value) > here.sum() / 2:
        return None
    mean = np.bincount(place, weights=goal[here]) / size
    around = np.bincount(place, weights=(goal[here] - mean[place]) ** 2)
    spread = np.sqrt(around / np.maximum(size - 1, 1))
    return value[large], mean[large], spread[large], size[large].astype(np.float64)


def _close_numbers(
    value: NDArray[np.float64], mean: NDArray[np.float64], spread: NDArray[np.float64], size: NDArray[np.float64]
) -> bool:
    from scipy.stats import t

    use = spread > 0
    if use.sum() < GROUPS:
        return False
    distance = np.abs(mean - value)[use] * np.sqrt(size[use]) / spread[use]
    near = (distance <= t.ppf(0.75, size[use] - 1)).sum()
    return bool(near - 0.5 * use.sum() >= SURE * 0.5 * np.sqrt(use.sum()))


def _close_rates(
    value: NDArray[np.float64], mean: NDArray[np.float64], _spread: NDArray[np.float64], size: NDArray[np.float64]
) -> bool:
    rate = value / 100 if value.max() > 1 else value
    if rate.min() < 0 or rate.max() > 1 or (rate == 0).all():
        return False
    spread = rate * (1 - rate)
    use = spread > 0
    if use.sum() < GROUPS or (mean[~use] != rate[~use]).any():
        return False
    squares = size[use] * (mean - rate)[use] ** 2 / spread[use]
    variance = 2 + (1 / spread[use] - 6) / size[use]
    return bool((squares.sum() - use.sum()) <= -SURE * np.sqrt(variance.sum()))


def _agreement(one: Codes, two: Codes) -> float:
    return float(_joint(one, two).max(axis=1).sum() / max(len(one), 1))


def _joint(one: Codes, two: Codes) -> NDArray[np.int64]:
    wide = int(two.max(initial=0)) + 1
    return np.bincount(one * wide + two, minlength=(int(one.max(initial=0)) + 1) * wide).reshape(-1, wide)
