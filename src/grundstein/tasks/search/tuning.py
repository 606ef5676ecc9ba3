"""Room tasks. In: queries with what answers them -> Out: Recipe, the weight of each signal that helps on these queries.

One weight after the other, twice round, by the case's measure; then the same for what follows the first places, by
recall. A weight stays 0 where its gain is less than the standard error of the gain: what does not clearly help is left
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.search.judging import Found, worth
from grundstein.tasks.search.splitting import wanted_of
from grundstein.tools.columns import as_texts
from grundstein.tools.retrieval import blending
from grundstein.tools.retrieval.blending import Recipe, Spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Data
    from grundstein.tasks.search.options import Plan
    from grundstein.tools.retrieval.index import Index
    from grundstein.tools.retrieval.spaces import Cloud

    Floats = NDArray[np.float64]

WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
ROUNDS = 2
MOST = 400
CLEAR = 1.0


@dataclass(frozen=True)
class Asked:
    """Queries with what speaks for their documents; `grades` stand beside those documents, `best` are all, falling."""

    names: tuple[str, ...]
    spoken: tuple[Spoken, ...]
    grades: tuple[Floats, ...]
    best: tuple[Floats, ...]

    @classmethod
    def of(
        cls,
        data: Data,
        plan: Plan,
        index: Index,
        names: Sequence[str],
        clouds: Mapping[str, Cloud],
        links: Mapping[str, Sequence[str]],
        seed: int,
    ) -> Asked:
        """Ask the queries that anything answers; of many a sample by the seed."""
        rows = data["queries"]
        wanted = wanted_of(data, rows, plan)
        told = as_texts(rows, plan.query).to_pylist()
        there = [row for row, grades in enumerate(wanted) if grades and told[row]]
        if len(there) > MOST:
            there = sorted(np.random.default_rng(seed).choice(there, MOST, replace=False).tolist())
        spoken = tuple(blending.spoken(index, told[row], names, clouds, None, links) for row in there)
        grades = tuple(_grades(index, one, wanted[row]) for one, row in zip(spoken, there, strict=True))
        best = tuple(np.sort(np.array(list(wanted[row].values()), dtype=np.float64))[::-1] for row in there)
        return cls(tuple(names), spoken, grades, best)

    def worth(self, weights: Mapping[str, float], plan: Plan) -> Floats:
        """Return what each query's list is worth."""
        ranks = [_ranks(one.scores(weights), grades) for one, grades in zip(self.spoken, self.grades, strict=True)]
        return self._worth(ranks, plan.measure, plan)

    def recall(self, heads: Sequence[NDArray[np.bool_]], weights: Mapping[str, float], plan: Plan) -> Floats:
        """Return the recall of each query's list where these weights rank all but the head."""
        ranks = []
        for one, grades, head in zip(self.spoken, self.grades, heads, strict=True):
            below = np.where(head, np.inf, one.scores(weights))
            ranks.append(_ranks(below, grades))
        return self._worth(ranks, "recall@100", plan)

    def _worth(self, ranks: Sequence[NDArray[np.int64]], measure: str, plan: Plan) -> Floats:
        at = np.zeros((len(self.spoken), plan.depth))
        for row, (grades, placed) in enumerate(zip(self.grades, ranks, strict=True)):
            shown = placed < plan.depth
            at[row, placed[shown]] = grades[grades > 0][shown]
        return worth(Found(at, self.best), measure, plan)


def _grades(index: Index, one: Spoken, wanted: Mapping[str, float]) -> Floats:
    grades = np.zeros(len(one.slots))
    for key, grade in wanted.items():
        slot = index.slot(key)
        place = int(np.searchsorted(one.slots, slot)) if slot is not None else len(one.slots)
        if place < len(one.slots) and one.slots[place] == slot:
            grades[place] = grade
    return grades


def _ranks(scores: Floats, grades: Floats) -> NDArray[np.int64]:
    """The ranks of the documents with a grade, without ordering all: how many stand above each, or came before."""
    scores = np.round(scores, blending.DIGITS)
    wanted = np.flatnonzero(grades)
    mine = scores[wanted][:, None]
    above = (scores > mine) | ((scores == mine) & (np.arange(len(scores)) < wanted[:, None]))
    return np.where(scores[wanted] > 0, above.sum(axis=1), np.iinfo(np.int64).max)


def tuned(asked: Asked, plan: Plan) -> Recipe:
    """Choose the weights of the signals by the measure, then those of what follows the head by recall."""
    if not asked.spoken:
        return Recipe()
    weights = climbed(asked.names, lambda tried: asked.worth(tried, plan), {})
    heads = [_head(one, weights) for one in asked.spoken]
    tail = climbed(asked.names, lambda tried: asked.recall(heads, tried, plan), weights)
    return Recipe(weights, tail if tail != weights else None)


def climbed(
    names: Sequence[str], worth_of: Callable[[Mapping[str, float]], Floats], start: Mapping[str, float]
) -> Mapping[str, float]:
    """Change one weight after the other, where that clearly helps, until none does or twice round."""
    weights = dict(start)
    best = worth_of(weights)
    for _ in range(ROUNDS):
        before = dict(weights)
        for name in names:
            trials = [(weight, worth_of({**weights, name: weight})) for weight in WEIGHTS]
            weight, gained = max(trials, key=lambda trial: float(trial[1].mean()))
            if clear(gained - best):
                weights, best = {**weights, name: weight}, gained
        if weights == before:
            break
    return {name: weight for name, weight in weights.items() if weight}


def _head(one: Spoken, weights: Mapping[str, float]) -> NDArray[np.bool_]:
    scores = one.scores(weights)
    head = np.zeros(len(scores), dtype=np.bool_)
    head[one.order(scores)[: blending.HEAD]] = True
    return head & (scores > 0)


def clear(gain: Floats) -> bool:
    """Whether a gain is larger than its standard error."""
    error = float(gain.std()) / max(len(gain), 1) ** 0.5
    return float(gain.mean()) > max(CLEAR * error, 1e-9)
