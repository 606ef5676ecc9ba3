"""Room tasks. In: development rows -> Out: Default, the simplest thing that works: one answer for all, or two steps.

Where nobody has a rule yet, this is what a person could do tomorrow with a sheet of paper: the majority (the mean), or
a tree of two levels, whichever is worth more on inner folds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.tasks.predict.answers import Finish, answer_row, answer_table, finish
from grundstein.tasks.predict.keeping import keep, kept
from grundstein.tasks.predict.reasons import Moved, through, told
from grundstein.tasks.predict.workshop import workshop
from grundstein.tasks.predict.worth import worth
from grundstein.tools.encoding import Encoder
from grundstein.tools.keeping import fitted, restored
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable, Reason
    from grundstein.tasks.predict.plan import Plan, Problem
    from grundstein.tasks.predict.workshop import Workshop

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """A tree of two levels over the linear matrix. `column` -1: a leaf; a row goes left where it is at most `cut`."""

    column: tuple[int, ...]
    cut: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    says: tuple[tuple[float, ...], ...]

    def raw(self, X: Floats) -> Floats:
        """Return raw predictions."""
        place = np.zeros(len(X), dtype=np.int64)
        column, cut, left, right = (np.array(part) for part in (self.column, self.cut, self.left, self.right))
        for _ in range(2):
            inner = column[place] >= 0
            goes_left = X[np.arange(len(X)), np.maximum(column[place], 0)] <= cut[place] if X.shape[1] else inner
            place = np.where(inner, np.where(goes_left, left[place], right[place]), place)
        said = np.array(self.says)[place]
        return said if said.shape[1] > 1 else said[:, 0]

    def path(self, X: Floats) -> list[int]:
        """Return the places that the first row goes through, from the root to its leaf."""
        found = [0]
        while self.column[found[-1]] >= 0:
            here = found[-1]
            goes_left = X[0, self.column[here]] <= self.cut[here]
            found.append(self.left[here] if goes_left else self.right[here])
        return found


@dataclass(frozen=True)
class Default:
    """The opponent where the case names no rule."""

    plan: Plan
    problem: Problem | None = None
    encoder: Encoder | None = None
    steps: Steps | None = None
    finish: Finish | None = None
    name: str = "default"

    def fit(self, data: Data, seed: int) -> Self:
        """Compare one answer for all with two steps on inner folds, keep what is worth more."""
        shop = workshop(self.plan, data["rows"], seed, bends=0)
        tried = [self._tried(shop, depth) for depth in (0, 2)]
        depth, finishing = (0, tried[0][1]) if tried[0][0] >= tried[1][0] else (2, tried[1][1])
        steps = _grow(shop, np.arange(len(shop.truth)), depth)
        encoder, steps = _used(shop.encoder, steps)
        return replace(self, problem=shop.problem, encoder=encoder, steps=steps, finish=finishing)

    def _tried(self, shop: Workshop, depth: int) -> tuple[float, Finish]:
        raw = shop.blank()
        for fit, ask in shop.folds:
            raw[ask] = _grow(shop, fit, depth).raw(shop.linear[ask])
        finishing = finish(self.plan, shop.problem, raw, shop.truth, shop.weights)
        seen = np.flatnonzero(~np.isnan(raw if raw.ndim == 1 else raw[:, 0]))
        answers = answer_table(shop.problem, finishing, raw[seen])
        value, _ = worth(self.plan, shop.problem, shop.rows.take(seen), answers)
        return float((value * shop.weights[seen]).sum()), finishing

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each question; `live` is not used."""
        del live
        problem, encoder, steps, finishing = self._known()
        return answer_table(problem, finishing, steps.raw(encoder.matrix(questions)))

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question of typed values: bit for bit what `answer` says of a table of this row."""
        problem, encoder, steps, finishing = self._known()
        X = encoder.layout.row(encoder.reader.question(question))
        return answer_row(problem, finishing, steps.raw(X))

    def reasons(self, question: Mapping[str, Any], most: int) -> tuple[Reason, ...]:
        """Return what each step down changed the answer by, as the step's column; see `reasons`."""
        problem, encoder, steps, finishing = self._known()
        path = steps.path(encoder.layout.row(encoder.reader.question(question)))
        said = np.array([steps.says[place] for place in path])
        said = said[:, int(said[-1].argmax())]
        names = [feature.name for feature in encoder.features for _ in feature.names]
        places = {feature.name: place for place, feature in enumerate(encoder.features)}
        effects = np.zeros(len(places))
        for place, change in zip(path, np.diff(said), strict=False):
            effects[places[names[steps.column[place]]]] += change
        found = Moved(float(said[0]), float(said[-1]), effects)
        if problem.kind != "many":
            found = through(found, lambda value: float(finishing.finished(np.array([value]))[0]))
        return told(question, list(places), found.effects, most)

    @property
    def sentence(self) -> str:
        """The steps in words, for a person; empty where everybody gets one answer."""
        _, encoder, steps, _ = self._known()
        return ", then ".join(dict.fromkeys(encoder.names[column] for column in steps.column if column >= 0))

    def save(self, folder: Path) -> None:
        """Write two JSON files."""
        problem, encoder, steps, finishing = self._known()
        keep(folder, self.plan, problem, {"steps": steps, "finish": finishing})
        encoder.save(folder / "encoder.json")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, problem, state = kept(folder)
        steps, finishing = restored(Steps, state["steps"]), restored(Finish, state["finish"], policy=Policy)
        return cls(plan, problem, Encoder.load(folder / "encoder.json"), steps, finishing)

    def _known(self) -> tuple[Problem, Encoder, Steps, Finish]:
        return fitted(self.problem), fitted(self.encoder), fitted(self.steps), fitted(self.finish)


def _grow(shop: Workshop, fit: Rows, depth: int) -> Steps:
    """Grow a tree of at most two levels; every leaf holds at least 20 rows and 1 % of them."""
    truth, weights = shop.truth[fit], shop.weights[fit]
    if depth == 0 or not shop.linear.shape[1] or not weights.any():
        return Steps((-1,), (0.0,), (0,), (0,), (_leaf(shop, truth, weights),))
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if shop.problem.kind == "number" else DecisionTreeClassifier
    least = max(20, len(fit) // 100)
    grown = kind(max_depth=depth, min_samples_leaf=least, random_state=shop.seed % 2**31)
    X = shop.linear[fit]
    tree = grown.fit(X, truth, weights).tree_
    paths = np.asarray(grown.decision_path(X).todense(), dtype=np.bool_)
    says = tuple(_leaf(shop, truth[inside], weights[inside]) for inside in paths.T)
    return Steps(
        tuple(int(column) if column >= 0 else -1 for column in tree.feature),
        tuple(map(float, tree.threshold)),
        tuple(int(child) for child in tree.children_left),
        tuple(int(child) for child in tree.children_right),
        says,
    )


def _leaf(shop: Workshop, truth: Floats, weights: Floats) -> tuple[float, ...]:
    if shop.problem.kind == "number":
        return (float(np.average(truth, weights=weights)) if weights.any() else float(truth.mean()),)
    counts = np.bincount(truth.astype(np.int64), weights, len(shop.problem.labels)) + 0.5
    shares = counts / counts.sum()
    return (float(shares[1]),) if shop.problem.kind == "two" else tuple(map(float, shares))


def _used(encoder: Encoder, steps: Steps) -> tuple[Encoder, Steps]:
    """Keep the columns that the steps look at: a rule of two columns asks for no others."""
    wanted = {encoder.names[column] for column in steps.column if column >= 0}
    small = Encoder(tuple(f for f in encoder.features if wanted & set(Encoder((f,)).names)))
    place = {name: position for position, name in enumerate(small.names)}
    column = tuple(place[encoder.names[c]] if c >= 0 else -1 for c in steps.column)
    return small, replace(steps, column=column)
