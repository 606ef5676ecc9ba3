"""Room tasks. In: the trees' matrix and yes or no -> Out: Symmetric, boosted trees that ask one question a level.

All nodes of a level ask the same question (CatBoost's shape, Prokhorenkova et al. 2018, arXiv:1706.09516), so a tree of
four levels is four questions: it varies less from sample to sample than one that grows leaf by leaf. Splits are chosen
by sums of whole multiples of 2**-19, which are exact: their order does not matter, the same rows give the same trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.predict.symmetric_bins import Bins, lightgbm_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.predict.symmetric_bins import Asked

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

LEVELS = 4
RATE = 0.05
SHARE = 0.8
CALM = 3.0
CALM_SPLIT = 12.0
FINE = 16.0
UNIT = 2.0**19


@dataclass(frozen=True)
class Tree:
    """The question of each level, and what each leaf adds to the log odds; bits of a leaf's number: right is 1."""

    asked: tuple[Asked, ...]
    values: Floats
    counts: Rows


@dataclass(frozen=True)
class Symmetric:
    """Trees over binned columns, and the log odds they begin with."""

    bins: Bins
    start: float
    trees: tuple[Tree, ...]

    def predict(self, X: Floats, num_iteration: int | None = None, num_threads: int = 1) -> Floats:
        """Return the probability of yes after so many trees; asked as LightGBM's models are."""
        del num_threads
        codes = self.bins.codes(X)
        score = np.full(len(X), self.start)
        for tree in self.trees[:num_iteration]:
            score += tree.values[_leaves(codes, tree.asked)]
        return _probability(score)

    def model_to_string(self) -> str:
        """Return LightGBM's model text: what reads and explains its trees reads and explains these."""
        return lightgbm_text(self)


@dataclass
class _State:
    """What changes from tree to tree: the log odds of the rows fitted on and of those asked, losses so far."""

    score: Floats
    other: Floats
    losses: list[float]


@dataclass(frozen=True)
class _Work:
    """Rows fitted on, as they stay: codes, their places in one long histogram, truth, weights of mean 1."""

    bins: Bins
    codes: Rows
    places: Rows
    truth: Floats
    weights: Floats


def boost(
    X: Floats, coded: Sequence[int], truth: Floats, weights: Floats, asked: tuple[Floats, Floats, Floats],
    rounds: int, patience: int, seed: int,
) -> tuple[Symmetric, list[float]]:  # fmt: skip
    """Return trees and their log loss on `asked` (matrix, truth, weights; may be empty) after each.

    Stops where the loss has not fallen for `patience` trees. Each tree sees four fifths of the rows.
    """
    bins = Bins.of(X, coded)
    codes, other = bins.codes(X), bins.codes(asked[0])
    work = _Work(bins, codes, codes + bins.first, truth, weights / weights.mean())
    mean = float(np.clip(np.average(truth, weights=work.weights), 1e-6, 1 - 1e-6))
    start = float(np.log(mean / (1 - mean)))
    state = _State(np.full(len(X), start), np.full(len(other), start), [])
    draw = np.random.default_rng(seed)
    trees: list[Tree] = []
    while len(trees) < rounds and not _done(state.losses, patience):
        tree = _grown(work, state.score, np.flatnonzero(draw.random(len(X)) < SHARE))
        trees.append(tree)
        state.score += tree.values[_leaves(codes, tree.asked)]
        if len(other):
            state.other += tree.values[_leaves(other, tree.asked)]
            state.losses.append(_loss(state.other, asked[1], asked[2]))
    return Symmetric(bins, start, tuple(trees)), state.losses


def _done(losses: list[float], patience: int) -> bool:
    return len(losses) > patience and int(np.argmin(losses)) < len(losses) - patience


def _grown(work: _Work, score: Floats, taken: Rows) -> Tree:
    """Grow one tree on the rows taken; its leaves take Newton's step."""
    told = _probability(score[taken])
    pull = work.weights[taken] * (work.truth[taken] - told)
    bend = work.weights[taken] * told * (1 - told)
    codes, places = work.codes[taken], work.places[taken]
    packed, step = _packed(work.weights[taken], pull)
    long = np.repeat(packed, places.shape[1])
    node = np.zeros(len(taken), dtype=np.int64)
    asked: list[Asked] = []
    for level in range(LEVELS):
        inside = (places + (node * work.bins.total)[:, None]).ravel()
        sums = np.bincount(inside, long, work.bins.total << level).reshape(1 << level, -1)
        size = np.round(sums / step)
        asked.append(_question(work.bins, (sums - size * step), size / FINE))
        node = 2 * node + _right(codes, asked[-1])
    top = np.bincount(node, pull, 1 << LEVELS)
    bottom = np.bincount(node, bend, 1 << LEVELS)
    return Tree(tuple(asked), RATE * top / (bottom + CALM), np.bincount(node, minlength=1 << LEVELS))


def _packed(weights: Floats, pull: Floats) -> tuple[Floats, float]:
    """Weights (in sixteenths) and pulls as one number each, so that one histogram adds up both; and their distance."""
    step = float(2 ** int(np.ceil(np.log2(2 * len(pull) + 2))))
    pulls = np.round(pull / (np.abs(pull).max(initial=0.0) or 1.0) * UNIT) / UNIT
    return np.round(weights * FINE) * step + pulls, step


def _question(bins: Bins, pull: Floats, size: Floats) -> Asked:
    """The split that helps most over all nodes of a level: up to a bin, or one level of a category alone."""
    whole_pull, whole_size = (part[:, : bins.sizes[0]].sum(axis=1)[:, None] for part in (pull, size))
    left_pull, left_size = (_running(bins, part) for part in (pull, size))
    upto = np.where(bins.allowed, _worth(left_pull, left_size, whole_pull, whole_size), -np.inf)
    alone = np.where(bins.alone, _worth(pull, size, whole_pull, whole_size), -np.inf)
    best, single = int(np.argmax(upto)), int(np.argmax(alone))
    chosen = single if alone[single] > upto[best] else best
    column = int(bins.column[chosen])
    return column, chosen - int(bins.first[column]), bool(alone[single] > upto[best])


def _running(bins: Bins, part: Floats) -> Floats:
    """Sums from each column's first bin."""
    added = np.cumsum(part, axis=1)
    before = (added - part)[:, bins.first]
    return added - before[:, bins.column]


def _worth(pull: Floats, size: Floats, whole_pull: Floats, whole_size: Floats) -> Floats:
    gained = pull**2 / (size + CALM_SPLIT) + (whole_pull - pull) ** 2 / (whole_size - size + CALM_SPLIT)
    return np.asarray(gained.sum(axis=0), dtype=np.float64)


def _right(codes: Rows, asked: Asked) -> NDArray[np.bool_]:
    column, place, alone = asked
    return codes[:, column] != place if alone else codes[:, column] > place


def _leaves(codes: Rows, asked: Sequence[Asked]) -> Rows:
    found = np.zeros(len(codes), dtype=np.int64)
    for question in asked:
        found = 2 * found + _right(codes, question)
    return found


def _probability(score: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-score)), dtype=np.float64)


def _loss(score: Floats, truth: Floats, weights: Floats) -> float:
    lost = np.logaddexp(0.0, score) - truth * score
    return float(np.average(lost, weights=weights)) if weights.any() else float(lost.mean())
