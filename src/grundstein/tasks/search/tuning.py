"""Room tasks. In: queries with what answers them -> Out: Recipe, the weight of each signal that helps on these queries.

One weight after the other, twice round, by the case's measure. A weight stays 0 where its gain is less than the
standard error of the gain: what does not clearly help is left out.
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
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Data
    from grundstein.tasks.search.options import Plan
    from grundstein.tools.retrieval.index import Index
    from grundstein.tools.retrieval.spaces import Cloud

    Floats = NDArray[np.float64]

WEIGHTS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
BELOW = (0, 20)
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
        cls, data: Data, plan: Plan, index: Index, names: Sequence[str], clouds: Mapping[str, Cloud], seed: int
    ) -> Asked:
        """Ask the queries that anything answers; of many a sample by the seed."""
        rows = data["queries"]
        wanted = wanted_of(data, rows, plan)
        told = as_texts(rows, plan.query).to_pylist()
        there = [row for row, grades in enumerate(wanted) if grades and told[row]]
        if len(there) > MOST:
            there = sorted(np.random.default_rng(seed).choice(there, MOST, replace=False).tolist())
        spoken = tuple(blending.spoken(index, told[row], names, clouds) for row in there)
        grades = tuple(_grades(index, one, wanted[row]) for one, row in zip(spoken, there, strict=True))
        best = tuple(np.sort(np.array(list(wanted[row].values()), dtype=np.float64))[::-1] for row in there)
        return cls(tuple(names), spoken, grades, best)

    def worth(self, weights: Mapping[str, float], measure: str, plan: Plan, below: int = 0) -> Floats:
        """Return what each query's list is worth."""
        at = np.zeros((len(self.spoken), plan.depth))
        for row, (one, grades) in enumerate(zip(self.spoken, self.grades, strict=True)):
            wanted = np.flatnonzero(grades)
            ranks = (
                _ranks(one, weights, wanted) if not below else _listed(one, Recipe(weights, below), plan.depth)[wanted]
            )
            shown = ranks < plan.depth
            at[row, ranks[shown]] = grades[wanted[shown]]
        return worth(Found(at, self.best), measure, plan)


def _grades(index: Index, one: Spoken, wanted: Mapping[str, float]) -> Floats:
    grades = np.zeros(len(one.slots))
    for key, grade in wanted.items():
        slot = index.slot(key)
        place = int(np.searchsorted(one.slots, slot)) if slot is not None else len(one.slots)
        if place < len(one.slots) and one.slots[place] == slot:
            grades[place] = grade
    return grades


def _ranks(one: Spoken, weights: Mapping[str, float], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranks of some documents, without ordering all: how many stand above each, equal ones by their arrival."""
    scores = np.round(one.scores(weights), blending.DIGITS)
    mine = scores[wanted][:, None]
    above = (scores > mine) | ((scores == mine) & (np.arange(len(scores)) < wanted[:, None]))
    return np.where(scores[wanted] > 0, above.sum(axis=1), np.iinfo(np.int64).max)


def _listed(one: Spoken, recipe: Recipe, depth: int) -> NDArray[np.int64]:
    """The rank of each document in a list as it is answered."""
    ranks = np.full(len(one.slots), np.iinfo(np.int64).max)
    shown = blending.ranked(one, recipe, depth).slots
    ranks[np.searchsorted(one.slots, shown)] = np.arange(len(shown))
    return ranks


def tuned(asked: Asked, plan: Plan) -> Recipe:
    """Choose the weights of the signals by the measure, then by recall from where compounds follow."""
    if not asked.spoken:
        return Recipe({}, 0)
    weights: dict[str, float] = {}
    for _ in range(ROUNDS):
        before = weights
        for name in asked.names:
            others = {other: weight for other, weight in weights.items() if other != name}
            without = asked.worth(others, plan.measure, plan)
            tried = [asked.worth({**others, name: weight}, plan.measure, plan) for weight in WEIGHTS]
            place = int(np.argmax([one.mean() for one in tried]))
            weights = {**others, name: WEIGHTS[place]} if clear(tried[place] - without) else others
        if weights == before:
            break
    return Recipe(weights, _below(asked, weights, plan))


def clear(gain: Floats) -> bool:
    """Whether a gain is larger than its standard error."""
    error = float(gain.std()) / max(len(gain), 1) ** 0.5
    return float(gain.mean()) > max(CLEAR * error, 1e-9)


def _below(asked: Asked, weights: Mapping[str, float], plan: Plan) -> int:
    if "parts" not in asked.names:
        return 0
    none, some = (asked.worth(weights, "recall@100", plan, below) for below in BELOW)
    return BELOW[1] if clear(some - none) else 0
