"""Bench. In: a cell and a random generator -> Out: differences of a sealed and a development part, and their true mean.

Each world is at the worst point of the null: a candidate whose true gain is exactly what the truth says, no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtr

from grundstein.tools.inference import Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

CHANGED = 0.2
SIGMA = {"constant": 0.0, "lognormal 1": 1.0, "lognormal 1.5": 1.5}
BOUND = {"constant": 1.0, "lognormal 1": 20.0, "lognormal 1.5": 100.0}
CLIP = 0.001
HUGE, SMALL_GAIN, SMALL_LOSS = 20.0, 0.1, 0.05


@dataclass(frozen=True)
class Cell:
    """One cell: `size` judged clusters of a world; `promised` where the judge must hold."""

    world: str
    shape: str
    size: int
    rate: float = 0.0
    clustered: bool = False
    promised: bool = True

    @property
    def worst(self) -> float:
        """The most that one unit can lose."""
        others = {"huge loss": HUGE, "log_loss": -math.log(CLIP), "nDCG": 1.0}
        return BOUND[self.world] if self.world in BOUND else others[self.world]

    @property
    def name(self) -> str:
        """The cell in a table."""
        rate = f", {self.rate:.0%} right" if self.rate else ""
        return f"{self.world}, {self.shape}{rate}{', clustered' if self.clustered else ''}"


def parts(cell: Cell, rng: Generator) -> tuple[Sample, Sample]:
    """Draw a sealed part and its development part, sized as the seal would: 40 % below 3,000 units, else 25 %."""
    test = _draw(cell, cell.size, rng)
    share = 0.4 if test.units / 0.4 < 3000 else 0.25
    return test, _draw(cell, round(cell.size * (1 / share - 1)), rng)


def _draw(cell: Cell, size: int, rng: Generator) -> Sample:
    counts = rng.geometric(1 / 3, size) if cell.clustered else np.ones(size, dtype=np.int64)
    cluster = np.repeat(np.arange(size), counts)
    alike = (rng.random(size) < 0.5) & cell.clustered

    def uniform() -> NDArray[np.float64]:
        """Numbers that the units of half of the clusters share."""
        return np.where(alike[cluster], rng.random(size)[cluster], rng.random(len(cluster)))

    return Sample(DRAWS.get(cell.world, _money)(cell, uniform, rng), cluster, size)


def _money(cell: Cell, uniform: Callable[[], NDArray[np.float64]], rng: Generator) -> NDArray[np.float64]:
    """A fifth of the units is answered otherwise; acting costs what it brings on average, so the true gain is 0.

    "acts on fewer" saves that cost often and misses a right one rarely; "acts on more" the other way round.
    """
    right, changed, side = uniform() < cell.rate, uniform() < CHANGED, uniform() < 0.5
    sigma, bound = SIGMA[cell.world], BOUND[cell.world]
    amount = np.minimum(np.exp(sigma * rng.standard_normal(len(right))), bound)
    acting = np.where(right, amount, 0.0) - cell.rate * mean_amount(sigma, bound)
    sign = {"symmetric": np.where(side, 1.0, -1.0), "acts on more": 1.0, "acts on fewer": -1.0}[cell.shape]
    return np.where(changed, sign * acting, 0.0)


def mean_amount(sigma: float, bound: float) -> float:
    """Mean of a lognormal amount cut at a bound."""
    if sigma == 0:
        return 1.0
    edge = math.log(bound) / sigma
    return float(math.exp(sigma**2 / 2) * ndtr(edge - sigma) + bound * ndtr(-edge))


def _huge_loss(_cell: Cell, uniform: Callable[[], NDArray[np.float64]], _rng: Generator) -> NDArray[np.float64]:
    """Many small gains, some small losses, and a loss of 20 just often enough to eat the gain."""
    better, changed, huge = uniform() < 0.7, uniform() < CHANGED, uniform()
    gain = CHANGED * (0.7 * SMALL_GAIN - 0.3 * SMALL_LOSS)
    small = np.where(changed, np.where(better, SMALL_GAIN, -SMALL_LOSS), 0.0)
    return np.where(huge < gain / (HUGE + gain), -HUGE, small)


def _ranking(cell: Cell, uniform: Callable[[], NDArray[np.float64]], rng: Generator) -> NDArray[np.float64]:
    """nDCG@10 of one relevant item a query. "promotes": often a place up, rarely out of sight; "shuffles": redrawn."""
    ranks = np.arange(1, 31)
    chance = (1 / ranks) / (1 / ranks).sum()
    worth = np.where(ranks <= 10, 1 / np.log2(ranks + 1), 0.0)
    size = len(uniform())
    before = rng.choice(30, size, p=chance)
    if cell.shape == "shuffles":
        after = np.where(rng.random(size) < 0.3, rng.choice(30, size, p=chance), before)
        return worth[after] - worth[before]
    promoted = float((chance[1:] * (worth[:-1] - worth[1:])).sum()) * 0.4
    lost = promoted / (promoted + float((chance * worth).sum()))
    up = np.where(rng.random(size) < 0.4, np.maximum(before - 1, 0), before)
    return np.where(rng.random(size) < lost, 0.0, worth[up]) - worth[before]


def _log_loss(cell: Cell, uniform: Callable[[], NDArray[np.float64]], rng: Generator) -> NDArray[np.float64]:
    """Two models of equal worth, off the true log odds by noise of their own: little ("alike") or much ("unlike")."""
    size = len(uniform())
    odds = rng.normal(-1.0, 1.2, size)
    true = rng.random(size) < expit(odds)
    own = {"alike": 0.15, "unlike": 0.8}[cell.shape]
    loss = []
    for _ in range(2):
        p = np.clip(expit(odds + own * rng.standard_normal(size)), CLIP, 1 - CLIP)
        loss.append(-np.log(np.where(true, p, 1 - p)))
    return loss[0] - loss[1]


DRAWS = {"huge loss": _huge_loss, "nDCG": _ranking, "log_loss": _log_loss}


def cells(quick: bool) -> list[Cell]:
    """Every cell that must hold, then those that are only reported."""
    sizes = (250, 1000) if quick else (250, 1000, 1750, 5000)
    shapes = ("symmetric", "acts on more", "acts on fewer")
    rates = (0.03,) if quick else (0.03, 0.1)
    money = [
        Cell(world, shape, size, rate, clustered)
        for world in ("constant", "lognormal 1")
        for size in sizes
        for shape in shapes
        for rate in rates
        for clustered in (False, True)
    ]
    ranking = [
        Cell("nDCG", shape, size, promised=size >= 250)
        for shape in ("promotes", "shuffles")
        for size in ((250,) if quick else (50, 100, 250, 500, 1000))
    ]
    huge = [Cell("huge loss", "hidden", size, clustered=clustered) for size in sizes for clustered in (False, True)]
    if quick:
        return money + ranking + huge
    small = [Cell("constant", shape, 75, rate, promised=False) for shape in shapes for rate in rates]
    heavy = [
        Cell("lognormal 1.5", shape, size, rate, clustered, promised=False)
        for size in sizes
        for shape in shapes
        for rate in rates[1:]
        for clustered in (False, True)
    ]
    loss = [Cell("log_loss", shape, size, promised=False) for shape in ("alike", "unlike") for size in sizes]
    return money + ranking + huge + small + heavy + loss
