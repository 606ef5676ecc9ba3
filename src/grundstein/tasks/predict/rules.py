"""Room tasks. In: today's rule (one SQL expression) or no rule -> Out: Rule and Constant, which learn little."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.task import Reason
from grundstein.tasks.predict.answers import FLOOR, number_answers, two_answers
from grundstein.tasks.predict.keeping import keep, kept
from grundstein.tasks.predict.plan import Problem, problem_of, truths
from grundstein.tasks.predict.worth import learning_weights
from grundstein.tools.keeping import fitted
from grundstein.tools.money import FAR, Policy, choose_policy
from grundstein.tools.moving import worded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.predict.plan import Plan

    Floats = NDArray[np.float64]

SILENT = "(nothing)"
REMEMBERED = 1_000


@dataclass(frozen=True)
class Rule:
    """Today's rule. A yes/no rule acts as it says; a score is ranked, and where to start is chosen in development.

    `state`: for classes what each answer of the rule means (`means`: label, probability), for a score its policy and
    the curve of its probability, for a number the mean that stands in where the rule says nothing.
    """

    plan: Plan
    problem: Problem | None = None
    state: Mapping[str, Any] | None = None
    name: str = "rule"

    def fit(self, data: Data, seed: int) -> Self:
        """Look at what the rule's answers came to in development; `seed` is not used."""
        del seed
        rows = data["rows"]
        problem = problem_of(self.plan, rows)
        truth, weights = truths(problem, self.plan, rows), learning_weights(self.plan, rows)
        learn = {"two": _learn_two, "many": _learn_many, "number": _learn_number}[problem.kind]
        state = learn(Seen(self.plan, problem, _said(self.plan, rows), truth, weights))
        return replace(self, problem=problem, state=state)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each question by the rule; `live` is not used."""
        del live
        return self._answers(_said(self.plan, questions))

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question of typed values: bit for bit what `answer` says of a table of this row."""
        from grundstein.tools.expression_row import evaluate_row

        said = evaluate_row(self.plan.baseline, question)
        key = (said, math.copysign(1.0, said)) if isinstance(said, float) else said
        if key not in self._told:
            kind = {bool: pa.bool_(), str: pa.string()}.get(type(said), self._silent)
            if len(self._told) >= REMEMBERED:
                self._told.clear()
            [self._told[key]] = self._answers(pa.chunked_array([pa.array([said], kind)])).to_pylist()
        return dict(self._told[key])

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """Return the columns that the rule names, in its order; by how much each moved the answer nobody can say."""
        from grundstein.tools.expression import columns_of

        names = columns_of(self.plan.baseline, tuple(question))
        return tuple(Reason(name, worded(question.get(name)), math.nan) for name in names[:most])

    @cached_property
    def _told(self) -> dict[Any, dict[str, Any]]:
        """Answers to what the rule has said before: most rules say few things."""
        return {}

    @property
    def _silent(self) -> pa.DataType:
        """The type of a rule's numbers, or of nothing where it says yes and no or texts."""
        worded = "rate" in (self.state or {}) or "means" in (self.state or {})
        return pa.string() if worded else pa.float64()

    def _answers(self, said: pa.ChunkedArray) -> pa.Table:
        problem, state = _fitted(self.problem, self.state)
        if problem.kind == "number":
            return number_answers(_numbers(said, state))
        if "slope" in state:
            score = _floats(said)
            probability = _curve(score, state)
            return two_answers(problem, probability, Policy(**state["policy"]).act(score), probability > 0.5)
        if problem.kind == "two":
            picked = _picked(said, problem)
            probability = np.where(picked, state["rate"][1], state["rate"][0])
            yes = picked if self.plan.stakes.direction > 0 else ~picked
            return two_answers(problem, probability, Policy(**state["policy"]).act(picked.astype(np.float64)), yes)
        return _label_answers(said, state)

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        keep(folder, self.plan, *_fitted(self.problem, self.state))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(*kept(folder))


@dataclass(frozen=True)
class Seen:
    """What a rule said in development, and what was true."""

    plan: Plan
    problem: Problem
    said: pa.ChunkedArray
    truth: Floats
    weights: Floats

    @property
    def worded(self) -> bool:
        """Whether the rule says yes and no, or texts."""
        return bool(pa.types.is_boolean(self.said.type) or pa.types.is_string(self.said.type))


@dataclass(frozen=True)
class Constant:
    """One answer for all: `nobody`, `everybody`, `majority`, `average`, `median`; `constant` where the kind is open."""

    plan: Plan
    name: str
    problem: Problem | None = None
    state: Mapping[str, Any] | None = None

    def fit(self, data: Data, seed: int) -> Self:
        """Look at how often each answer is right; `seed` is not used."""
        del seed
        rows = data["rows"]
        problem = problem_of(self.plan, rows)
        truth, weights = truths(problem, self.plan, rows), learning_weights(self.plan, rows)
        if problem.kind == "number":
            level = _mean(truth, weights) if self.name == "average" else float(np.median(truth[weights > 0]))
            return replace(self, problem=problem, state={"level": level})
        rates = _rates(truth, weights, len(problem.labels))
        act = {"nobody": 0.0, "everybody": 1.0 if self.plan.room is None else self.plan.room}
        fallback = 1.0 if problem.kind == "many" else float(rates[-1] > 0.5)
        return replace(self, problem=problem, state={"rates": list(rates), "act": act.get(self.name, fallback)})

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Give everybody the same answer; `live` is not used."""
        del live
        return self._answers(questions.num_rows)

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Give the same answer to one question."""
        del question
        return dict(self._one)

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """No column moves it."""
        del question, most
        return ()

    @cached_property
    def _one(self) -> dict[str, Any]:
        return dict(self._answers(1).to_pylist()[0])

    def _answers(self, rows: int) -> pa.Table:
        problem, state = _fitted(self.problem, self.state)
        ones = np.ones(rows)
        if problem.kind == "number":
            return number_answers(state["level"] * ones)
        rates = state["rates"]
        if problem.kind == "two":
            return two_answers(problem, rates[1] * ones, state["act"] * ones, np.full(len(ones), rates[1] > 0.5))
        best = int(np.argmax(rates))
        table = pa.table({"answer": [problem.labels[best]] * len(ones), "probability": rates[best] * ones, "act": ones})
        for label, rate in zip(problem.labels, rates, strict=True):
            table = table.append_column(f"probability: {label}", pa.array(rate * ones))
        return table.set_column(0, "answer", pc.cast(table["answer"], pa.string()))

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        problem, state = _fitted(self.problem, self.state)
        keep(folder, self.plan, problem, {"name": self.name, **state})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, problem, state = kept(folder)
        return cls(plan, state.pop("name"), problem, state)


def _fitted(problem: Problem | None, state: Mapping[str, Any] | None) -> tuple[Problem, Mapping[str, Any]]:
    return fitted(problem), fitted(state)


def _said(plan: Plan, rows: pa.Table) -> pa.ChunkedArray:
    from grundstein.tools import expression

    return expression.evaluate(plan.baseline, rows)


def _learn_two(seen: Seen) -> dict[str, Any]:
    if not seen.worded:
        return _learn_score(seen)
    picked = _picked(seen.said, seen.problem)
    rate = [float(_rates(seen.truth[side], seen.weights[side], 2)[1]) for side in (~picked, picked)]
    share, room = float(picked.mean()), seen.plan.room
    policy = Policy(1.0, room / share) if room is not None and share > room else Policy(0.5)
    return {"rate": rate, "policy": asdict(policy)}


def _learn_score(seen: Seen) -> dict[str, Any]:
    """Rank by the score; its probability is a logistic curve through development, rising (or falling) with it."""
    from sklearn.linear_model import LogisticRegression

    score, truth, weights = _floats(seen.said), seen.truth, seen.weights
    stake = seen.plan.stakes
    policy = choose_policy(score, truth > 0, weights, stake, seen.plan.room, direction=1)
    told = score > -FAR
    centre = float(score[told].mean()) if told.any() else 0.0
    spread = (float(score[told].std()) if told.any() else 0.0) or 1.0
    slope, offset = 0.0, 0.0
    usable = told & (weights > 0)
    if len(np.unique(truth[usable])) > 1:
        places = ((score[usable] - centre) / spread)[:, None]
        curve = LogisticRegression(C=1e6, tol=1e-8).fit(places, truth[usable], weights[usable])
        slope, offset = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    rising = stake.direction * max(stake.direction * slope, 1e-6)
    silent = float(_rates(truth, weights, 2)[1])
    known = {"centre": centre, "spread": spread, "slope": rising, "offset": offset, "silent": silent}
    return {**known, "policy": asdict(policy)}


def _curve(score: Floats, state: Mapping[str, Any]) -> Floats:
    told = score > -FAR
    place = np.where(told, (score - state["centre"]) / state["spread"], 0.0)
    return np.where(told, 1.0 / (1.0 + np.exp(-(state["slope"] * place + state["offset"]))), state["silent"])


def _learn_many(seen: Seen) -> dict[str, Any]:
    """Each thing the rule says: a label stands for itself, yes and no for what is most frequent there."""
    if not seen.worded:
        raise Refused("the rule answers with a number, the question is which class", "a class as text", "use CASE WHEN")
    words = np.array(_words(seen.said))
    means = {SILENT: _meaning(seen.problem, seen.truth, seen.weights, "")}
    for word in sorted(set(words.tolist())):
        inside = words == word
        means[word] = _meaning(seen.problem, seen.truth[inside], seen.weights[inside], word)
    return {"means": means}


def _meaning(problem: Problem, truth: Floats, weights: Floats, word: str) -> list[Any]:
    rates = _rates(truth, weights, len(problem.labels))
    best = problem.labels.index(word) if word in problem.labels else int(np.argmax(rates))
    return [problem.labels[best], float(rates[best])]


def _learn_number(seen: Seen) -> dict[str, Any]:
    state: dict[str, Any] = {"silent": _mean(seen.truth, seen.weights)}
    if seen.worded:
        words = np.array(_words(seen.said))
        groups = {word: words == word for word in sorted(set(words.tolist()))}
        state["means"] = {word: _mean(seen.truth[inside], seen.weights[inside]) for word, inside in groups.items()}
    return state


def _mean(truth: Floats, weights: Floats) -> float:
    return float(np.average(truth, weights=weights)) if weights.any() else 0.0


def _numbers(said: pa.ChunkedArray, state: Mapping[str, Any]) -> Floats:
    if "means" in state:
        return np.array([state["means"].get(word, state["silent"]) for word in _words(said)], dtype=np.float64)
    numbers = _floats(said)
    return np.where(numbers > -FAR, numbers, state["silent"])


def _label_answers(said: pa.ChunkedArray, state: Mapping[str, Any]) -> pa.Table:
    found = [state["means"].get(word, state["means"][SILENT]) for word in _words(said)]
    return pa.table(
        {
            "answer": pa.array([label for label, _ in found], pa.string()),
            "probability": pa.array([rate for _, rate in found], pa.float64()),
            "act": np.ones(len(found)),
        }
    )


def _picked(said: pa.ChunkedArray, problem: Problem) -> NDArray[np.bool_]:
    """Where the rule says yes; saying nothing is no yes, as in SQL."""
    yes = said if pa.types.is_boolean(said.type) else pc.equal(said, problem.positive)
    return np.asarray(pc.fill_null(yes, False), dtype=np.bool_)


def _floats(said: pa.ChunkedArray) -> Floats:
    """The rule's numbers; where it says nothing, lower than anything."""
    return np.asarray(pc.fill_null(pc.cast(said, pa.float64()), -FAR), dtype=np.float64)


def _words(said: pa.ChunkedArray) -> list[str]:
    return pc.fill_null(pc.cast(said, pa.string()), SILENT).to_pylist()


def _rates(truth: Floats, weights: Floats, labels: int) -> Floats:
    """Share of each label, kept off 0 and 1 by half a unit each."""
    counted = np.bincount(truth.astype(np.int64), weights, labels) + 0.5
    return np.clip(counted / counted.sum(), FLOOR, 1 - FLOOR)
