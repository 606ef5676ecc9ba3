"""Room evaluation. In: development rows -> Out: whether more rows would help (GST-L01 to L03), and the learning curve.

A cheap linear model stands for the winner. Its curve flattens earlier than that of trees, so "will help" is the safer
word of the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import quick
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.evaluation.checks.quick import Part, Sample

SIZES = (0.125, 0.25, 0.5, 1.0)
HARDLY = 0.005
NOTHING = 0.55
FEWEST = 200
FOLDS = 5
TITLE = {"en": "Would more rows help?", "de": "Würden mehr Zeilen helfen?"}


def check(look: Look) -> Checked:
    """Draw the learning curve, and foretell what twice as many rows would bring."""
    if not look.has_target or not look.features:
        return Checked()
    finding, figure = curve(look)
    return Checked((finding,), (figure,))


def curve(look: Look) -> tuple[Finding, Figure]:
    """Return the finding and the curve: the mean measure at 1/8, 1/4, 1/2 and all training rows.

    It is taken over five folds, or three forward in time.
    What doubling brings is the last doubling's gain times its ratio to the one before (between .3 and .8): a power law
    whose steps shrink by a constant factor.
    """
    sample = look.sample
    parts = quick.random_parts(len(sample.goal), look.seed, FOLDS)
    if look.split == "time" and sample.time is not None:
        parts = quick.forward_parts(sample.time)
    reached = [_reached(sample, parts, size, look.seed) for size in SIZES]
    rows = [int(np.mean([len(train) for train, _ in parts]) * size) for size in SIZES]
    measure = quick.MEASURES[sample.kind]
    figure = _figure(rows, reached, measure)
    more = _doubled(reached)
    facts: dict[str, Fact] = {"rows": rows[-1], "more": round(more, 4), "measure": measure}
    chance = NOTHING if sample.kind != "number" else 0.05
    if len(sample.goal) < FEWEST or reached[-1] < chance:
        return Finding("GST-L03", "skipped", {"rows": rows[-1]}), figure
    return (Finding("GST-L02", "passed", facts) if more < HARDLY else Finding("GST-L01", "tip", facts)), figure


def _reached(sample: Sample, parts: list[Part], size: float, seed: int) -> float:
    x = sample.matrix(sample.blocks)
    found = []
    for place, (train, test) in enumerate(parts):
        some = _subset(train, size, seed + place)
        scores = quick.linear(x, sample.goal, (some, test), sample.kind)
        found.append(quick.measured(sample.goal[test], scores, sample.kind))
    return float(np.mean(found))


def _subset(train: NDArray[np.int64], size: float, seed: int) -> NDArray[np.int64]:
    """A part of the rows; a smaller one lies inside a greater one."""
    return np.sort(np.random.default_rng(seed).permutation(train)[: max(int(len(train) * size), 20)])


def _doubled(reached: list[float]) -> float:
    last, before = reached[-1] - reached[-2], reached[-2] - reached[-3]
    ratio = float(np.clip(last / before, 0.3, 0.8)) if before > 0 else 0.5
    return max(last, 0.0) * ratio


def _figure(rows: list[int], reached: list[float], measure: str) -> Figure:
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "rows": tuple(rows),
        "reached": tuple(round(r, 4) for r in reached),
    }
    labels = {"rows": {"en": "rows learnt from", "de": "gelernte Zeilen"}, "reached": {"en": measure, "de": measure}}
    return Figure("learning_curve", "line", TITLE, columns, x="rows", y="reached", labels=labels)
