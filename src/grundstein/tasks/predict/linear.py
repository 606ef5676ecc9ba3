"""Room tasks. In: a Workshop -> Out: Linear, a regularised linear model tuned on inner folds, and its raw predictions.

Classes: logistic regression. A number: ridge on the number, or on its logarithm where that predicts better.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from grundstein.tasks.predict.reasons import Score
from grundstein.tasks.predict.workshop import chosen
from grundstein.tools.encoding_linear import Scorer
from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.predict.workshop import Workshop
    from grundstein.tools.encoding import Encoder
    from grundstein.tools.encoding_raw import Raw

    Floats = NDArray[np.float64]

STRENGTHS = (0.003, 0.02, 0.1, 1.0, 10.0)
FEW_STRENGTHS = (0.02, 1.0)
USUAL_STRENGTH = 1.0
RIDGES = (0.3, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0)
USUAL_RIDGE = 10.0
RARE = 0.002
NARROW = 400
LARGE = 20_000_000


@dataclass(frozen=True)
class Linear:
    """Weights of shape (outputs, columns) and offsets; `form`: "two", "many", "number" or "logarithm".

    A number stays within `bounds`, about what development held: a straight line knows nothing beyond.
    """

    weights: Floats
    offsets: Floats
    form: str
    bounds: tuple[float, float] = (-np.inf, np.inf)

    def raw(self, encoder: Encoder, rows: pa.Table) -> Floats:
        """Return raw predictions; each row's do not depend on the rows beside it, to the bit."""
        return self.of(encoder.matrix(rows))

    def of(self, X: Floats) -> Floats:
        """Return raw predictions of an encoded matrix, added column by column: no sum depends on the other rows."""
        score = np.repeat(self.offsets[None, :], len(X), axis=0)
        for column in np.flatnonzero(self.weights.any(axis=0)):
            score += X[:, column, None] * self.weights[None, :, column]
        return self.linked(score)

    def worker(self, encoder: Encoder) -> Callable[[Raw], Floats]:
        """Return what makes raw predictions of values that were read: bit for bit those of `of`, without a matrix."""
        scorer = Scorer(encoder.layout, self.weights, self.offsets)
        return lambda raw: self.linked(np.ascontiguousarray(scorer.scores(raw).T))

    def linked(self, score: Floats) -> Floats:
        """Return raw predictions of scores of shape (rows, outputs)."""
        if self.form == "two":
            return 1.0 / (1.0 + np.exp(-np.clip(score[:, 0], -500, 500)))
        if self.form == "many":
            return softmax(score)
        inside = np.clip(score[:, 0], *self.bounds)
        return np.exp(inside) if self.form == "logarithm" else inside

    def explained(self, encoder: Encoder, raw: Raw, means: Floats) -> tuple[Score, ...]:
        """Return weight x (value - mean of development), added up over the columns that each feature became."""
        added = self.weights * (encoder.layout.row(raw)[0] - means)
        link = (lambda s: self.linked(s)[:, None]) if len(self.weights) == 1 else self.linked
        return (Score(self.offsets + self.weights @ means, encoder.layout.by_feature(added), link),)

    def save(self, folder: Path) -> None:
        """Write `linear.npz`."""
        np.savez(
            folder / "linear.npz",
            weights=self.weights,
            offsets=self.offsets,
            form=np.array([self.form]),
            bounds=self.bounds,
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing in it can run."""
        with np.load(folder / "linear.npz", allow_pickle=False) as kept:
            low, high = map(float, kept["bounds"])
            return cls(kept["weights"], kept["offsets"], str(kept["form"][0]), (low, high))


def learn(shop: Workshop) -> tuple[Linear, Floats]:
    """Return the model fitted on all rows and the raw predictions out of inner folds (NaN where there are none)."""
    return _learn_number(shop) if shop.problem.kind == "number" else _learn_classes(shop)


def _learn_classes(shop: Workshop) -> tuple[Linear, Floats]:
    grid = FEW_STRENGTHS if shop.linear.size * len(shop.problem.labels) > LARGE else STRENGTHS
    tried = {strength: shop.blank() for strength in grid}
    for fit, ask in shop.folds:
        model = None
        for strength in grid:
            model = _classes(shop, fit, strength, model)
            tried[strength][ask] = model.of(shop.linear[ask])
    best = chosen(shop, tried, USUAL_STRENGTH)
    return _classes(shop, np.arange(len(shop.truth)), best, None), tried[best]


def _classes(shop: Workshop, fit: NDArray[np.int64], strength: float, start: Linear | None) -> Linear:
    """Fit one strength, starting from the weaker model before it."""
    from sklearn.linear_model import LogisticRegression

    many = shop.problem.kind == "many"
    solver = "newton-cholesky" if shop.linear.shape[1] <= NARROW and not many else "lbfgs"
    steps = 30 if shop.linear.size > LARGE else 100
    model = LogisticRegression(C=strength, solver=solver, max_iter=steps, tol=1e-4, warm_start=start is not None)
    seen = np.unique(shop.truth[fit]).astype(np.int64)
    if start is not None:
        rows = seen if many and len(seen) > 2 else slice(None)
        model.coef_, model.intercept_, model.classes_ = start.weights[rows], start.offsets[rows], seen.astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged after all steps is a setting like others: inner folds judge it
        model.fit(shop.linear[fit], shop.truth[fit], shop.weights[fit])
    if not many:
        return Linear(model.coef_, model.intercept_, "two")
    return _spread(model.coef_, model.intercept_, seen, len(shop.problem.labels))


def _spread(coef: Floats, intercept: Floats, seen: NDArray[np.int64], labels: int) -> Linear:
    """Give every label a row, also those that this fold has not seen (far below all others)."""
    weights, offsets = np.zeros((labels, coef.shape[1])), np.full(labels, -30.0)
    if len(seen) == 2:
        coef, intercept = np.vstack([-coef / 2, coef / 2]), np.concatenate([-intercept / 2, intercept / 2])
    weights[seen], offsets[seen] = coef, intercept
    return Linear(weights, offsets, "many")


def _learn_number(shop: Workshop) -> tuple[Linear, Floats]:
    forms = ["number", "logarithm"] if shop.truth.min() > 0 else ["number"]
    tried = {(form, ridge): shop.blank() for form in forms for ridge in RIDGES}
    for fit, ask in shop.folds:
        for form in forms:
            for ridge, model in _ridges(shop, fit, form, RIDGES):
                tried[form, ridge][ask] = model.of(shop.linear[ask])
    form, ridge = chosen(shop, tried, ("number", USUAL_RIDGE))
    [(_, model)] = _ridges(shop, np.arange(len(shop.truth)), form, (ridge,))
    return model, tried[form, ridge]


def _ridges(shop: Workshop, fit: NDArray[np.int64], form: str, ridges: tuple[float, ...]) -> list[tuple[float, Linear]]:
    """Ridge regressions of several strengths from one decomposition, of columns or of rows, whichever are fewer."""
    truth = np.log(shop.truth[fit]) if form == "logarithm" else shop.truth[fit]
    weights = shop.weights[fit] / max(shop.weights[fit].mean(), 1e-12)
    X = shop.linear[fit]
    centre, level = np.average(X, axis=0, weights=weights), float(np.average(truth, weights=weights))
    A = (X - centre) * np.sqrt(weights)[:, None]
    b = (truth - level) * np.sqrt(weights)
    wide = A.shape[1] > A.shape[0]
    scale, basis = np.linalg.eigh(A @ A.T if wide else A.T @ A)
    turned = basis.T @ (b if wide else A.T @ b)
    bounds = _bounds(shop, truth)
    found = []
    for ridge in ridges:
        solved = basis @ (turned / (np.maximum(scale, 0.0) + ridge))
        w = A.T @ solved if wide else solved
        found.append((ridge, Linear(w[None, :], np.array([level - centre @ w]), form, bounds)))
    return found


def _bounds(shop: Workshop, truth: Floats) -> tuple[float, float]:
    """All but the rarest numbers that were seen; half as far again in time, where numbers grow."""
    low, high = (float(q) for q in np.quantile(truth, (RARE, 1 - RARE)))
    slack = (high - low) / 2 if "_time" in shop.rows.column_names else 0.0
    return low - slack, high + slack
