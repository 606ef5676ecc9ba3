"""Room tasks. In: questions with what answers them -> Out: Judgement, which sentence to cite and when to be silent.

The sentence: a choice among those of the best passages, its weights by conditional logistic regression (McFadden 1974).
Silence: a logistic regression on how much of the question the best passage and sentence hold, and a probability below
which the corpus does not say. That probability comes from questions outside of what the weights were learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.ask.judging import is_right
from grundstein.tasks.ask.reading import OF_QUESTIONS, OF_SENTENCES, Seen, seen
from grundstein.tasks.ask.splitting import wanted_of
from grundstein.tools.columns import as_texts
from grundstein.tools.money import choose_policy
from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Data
    from grundstein.tasks.ask.options import Plan
    from grundstein.tools.retrieval.index import Index

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FIRST_GUESS = {"held": 3.0, "local": 3.0, "near": 3.0, "passage": 2.0, "rank": 5.0, "amount": 1.0, "place": 0.0}
FEWEST = 20
SILENT_FEWEST = 30
PARTS = 3
SHRINK = 0.05
MOST = 1_500


@dataclass(frozen=True)
class Judgement:
    """Weights of the sentences' features, of the questions' (the last is the offset); silent up to `least`."""

    sentence: tuple[float, ...]
    question: tuple[float, ...]
    least: float

    def choose(self, one: Seen) -> tuple[int, float]:
        """Return the sentence to cite and how probable it is that it answers; -1 where there is none."""
        if not len(one.pieces):
            return -1, 0.0
        shares = softmax((one.features @ np.array(self.sentence))[None, :])[0]
        row = int(np.argmax(shares))
        score = float(np.dot(one.told(row, float(shares[row])), self.question[:-1])) + self.question[-1]
        return row, float(np.round(1.0 / (1.0 + np.exp(-score)), 9))


@dataclass(frozen=True)
class Tried:
    """A question that was looked up: which sentences answer it; `held`: whether anything in the corpus does."""

    one: Seen
    right: Flags
    held: bool


def tried(plan: Plan, index: Index, data: Data, seed: int) -> list[Tried]:
    """Look up the questions; where too few are unanswered, each once more without what answers it."""
    rows = data["questions"]
    wanted = wanted_of(data, rows, plan)
    asked = as_texts(rows, plan.question).to_pylist()
    before = as_texts(rows, plan.context).to_pylist() if plan.context else [None] * len(asked)
    there = [row for row, text in enumerate(asked) if text]
    if len(there) > MOST:
        there = sorted(np.random.default_rng(seed).choice(there, MOST, replace=False).tolist())
    found = [_tried(plan, seen(index, asked[row], before[row]), wanted[row]) for row in there]
    if sum(not one.held for one in found) < SILENT_FEWEST:
        for row in there:
            if wanted[row]:
                without = {str(one["document"]) for one in wanted[row]}
                found.append(_tried(plan, seen(index, asked[row], before[row], without), []))
    return found


def judgement(plan: Plan, several: Sequence[Tried], choosing: bool) -> Judgement:
    """Learn the weights and the least probability; without `choosing` the first sentence of the best passage counts."""
    weights = _sentences(several) if choosing else _first()
    fold = np.arange(len(several)) % PARTS
    told, right = np.zeros(len(several)), np.zeros(len(several), dtype=np.bool_)
    for part in range(PARTS):
        learnt = [one for one, number in zip(several, fold, strict=True) if number != part]
        own = _sentences(learnt) if choosing else _first()
        trial = Judgement(own, _questions(learnt, own), 0.0)
        for place in np.flatnonzero(fold == part).tolist():
            row, told[place] = trial.choose(several[place].one)
            right[place] = row >= 0 and bool(several[place].right[row])
    held = np.array([one.held for one in several], dtype=np.bool_)
    return Judgement(weights, _questions(several, weights), _least(plan, told, right, held))


def _tried(plan: Plan, one: Seen, wanted: Sequence[Mapping[str, str | None]]) -> Tried:
    right = []
    for row, (number, _) in enumerate(one.pieces):
        place = one.places[number]
        told = {"document": place.document, "passage": place.text, "answer": one.text(row)}
        right.append(is_right(plan.judged, wanted, told))
    return Tried(one, np.array(right, dtype=np.bool_), bool(wanted))


def _first() -> tuple[float, ...]:
    return tuple({"rank": 50.0, "place": -1.0}.get(name, 0.0) for name in OF_SENTENCES)


def _sentences(several: Sequence[Tried]) -> tuple[float, ...]:
    """Weights that make the right sentences of each question the most probable ones."""
    from scipy.optimize import minimize

    guess = np.array([FIRST_GUESS[name] for name in OF_SENTENCES])
    known = [one for one in several if one.right.any() and not one.right.all()]
    if len(known) < FEWEST:
        return tuple(map(float, guess))
    spread = np.maximum(np.vstack([one.one.features for one in known]).std(axis=0), 1e-9)
    pairs = [(one.one.features / spread, one.right) for one in known]

    def lost(weights: Floats) -> tuple[float, Floats]:
        loss, slope = 0.0, np.zeros_like(weights)
        for features, right in pairs:
            shares = softmax((features @ weights)[None, :])[0]
            mass = max(float(shares[right].sum()), 1e-12)
            loss -= float(np.log(mass))
            slope -= (np.where(right, shares, 0.0) / mass - shares) @ features
        return loss / len(pairs) + SHRINK * float(weights @ weights), slope / len(pairs) + 2.0 * SHRINK * weights

    found = minimize(lost, np.zeros(len(guess)), jac=True, method="L-BFGS-B")
    return tuple(map(float, np.round(found.x / spread, 6)))


def _questions(several: Sequence[Tried], sentence: tuple[float, ...]) -> tuple[float, ...]:
    """Weights by which a question's best sentence is told to answer it; those of coverage alone where too few are."""
    from sklearn.linear_model import LogisticRegression

    rows, right = [], []
    for one in several:
        if len(one.one.pieces):
            shares = softmax((one.one.features @ np.array(sentence))[None, :])[0]
            row = int(np.argmax(shares))
            rows.append(one.one.told(row, float(shares[row])))
            right.append(bool(one.right[row]))
    if min(sum(right), len(right) - sum(right)) < FEWEST // 2:
        guess = {"passage": 6.0, "held": 2.0, "unknown": -6.0}
        return (*(guess.get(name, 0.0) for name in OF_QUESTIONS), -4.0)
    table = np.array(rows)
    middle, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
    learnt = LogisticRegression(max_iter=1_000).fit((table - middle) / spread, right)
    weights = learnt.coef_[0] / spread
    return tuple(map(float, np.round([*weights, learnt.intercept_[0] - float(weights @ middle)], 9)))


def _least(plan: Plan, told: Floats, right: Flags, held: Flags) -> float:
    """From which probability on to answer: by money, else so that few questions without an answer get one."""
    stakes = plan.stakes
    if stakes is not None:
        policy = choose_policy(told, right, np.ones(len(told)), stakes, None, calibrated=True, direction=1)
        return float(np.clip(policy.cut, -1.0, 2.0))
    silent = np.sort(told[~held])
    if not len(silent):
        return 0.0
    allowed = int(plan.false_answers * len(silent))
    return float(silent[len(silent) - 1 - allowed])
