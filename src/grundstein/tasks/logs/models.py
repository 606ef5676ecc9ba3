"""Room tasks. In: a matrix of sessions and which of them came to yes -> Out: Model, its scores and probabilities."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from grundstein.tools.folding import Rows

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LINEAR, TREES = "linear", "trees"
STRENGTHS = (0.1, 1.0, 10.0)
ROUNDS = 150
FLOOR = 1e-6


@dataclass(frozen=True)
class Model:
    """A fitted model: weights and their start, or LightGBM's own text; `scale`, `shift`: from score to probability.

    `means` are those of the sessions learned from, against which a linear answer is explained.
    """

    weights: Floats = field(default_factory=lambda: np.zeros(0))
    start: float = 0.0
    text: str = ""
    scale: float = 1.0
    shift: float = 0.0
    means: Floats = field(default_factory=lambda: np.zeros(0))

    @cached_property
    def booster(self) -> Any:
        """The trees, read once."""
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    def scores(self, matrix: csr_matrix) -> Floats:
        """Raw scores, row by row."""
        if not matrix.shape[0]:
            return np.zeros(0)
        if self.text:
            return np.asarray(self.booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)
        return np.asarray(matrix @ self.weights + self.start, dtype=np.float64)

    def moved(self, matrix: csr_matrix) -> Floats:
        """How far each column moved the probability of one session, against the average session learned from.

        Each has its share of the whole way, as large as its share of the way of the score.
        """
        if self.text:
            given: Any = self.booster.predict(matrix, pred_contrib=True, num_threads=1)
            parts = np.asarray(given.todense() if hasattr(given, "todense") else given, dtype=np.float64)[0, :-1]
        else:
            parts = self.weights * (np.asarray(matrix.todense())[0] - self.means)
        score, way = float(self.scores(matrix)[0]), float(parts.sum())
        here, there = sigmoid(self.scale * np.array([score, score - way]) + self.shift)
        return np.asarray(parts * ((here - there) / way), dtype=np.float64) if way else np.zeros(len(parts))

    def probability(self, matrix: csr_matrix) -> Floats:
        """Calibrated probabilities of yes."""
        return sigmoid(self.scale * self.scores(matrix) + self.shift)


def fitted(
    kind: str, matrix: csr_matrix, yes: Flags, folds: list[tuple[Rows, Rows]], seed: int
) -> tuple[Floats, Model]:
    """Return scores made out of fold and the model of all rows; the linear one's strength is what folds liked best."""
    if kind == TREES:
        return _out_of_fold(lambda rows: _trees(matrix[rows], yes[rows], seed), matrix, yes, folds), _trees(
            matrix, yes, seed
        )
    best: tuple[float, Floats, float] | None = None
    for strength in STRENGTHS:
        scores = _out_of_fold(lambda rows, s=strength: _linear(matrix[rows], yes[rows], s), matrix, yes, folds)
        loss = float(np.mean(np.logaddexp(0.0, np.where(yes, -scores, scores))))
        if best is None or loss < best[0] - 1e-9:
            best = (loss, scores, strength)
    assert best is not None  # noqa: S101  (there are strengths)
    return best[1], _linear(matrix, yes, best[2])


def _out_of_fold(made: Any, matrix: csr_matrix, yes: Flags, folds: list[tuple[Rows, Rows]]) -> Floats:
    rate = float(np.clip(yes.mean(), FLOOR, 1 - FLOOR))
    scores = np.full(len(yes), np.log(rate / (1 - rate)))
    for fit, ask in folds:
        if 0 < yes[fit].sum() < len(fit):
            scores[ask] = made(fit).scores(matrix[ask])
    return scores


def _linear(matrix: csr_matrix, yes: Flags, strength: float) -> Model:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import MaxAbsScaler

    scaler = MaxAbsScaler()
    scaled = scaler.fit_transform(matrix)
    fitted = LogisticRegression(C=strength, solver="liblinear", max_iter=400, random_state=0).fit(scaled, yes)
    means = np.asarray(matrix.mean(axis=0), dtype=np.float64).reshape(-1)
    weights = fitted.coef_[0] / scaler.scale_
    return Model(weights=weights, start=float(fitted.intercept_[0]), means=means)


def _trees(matrix: csr_matrix, yes: Flags, seed: int) -> Model:
    import lightgbm

    settings = {
        "objective": "binary",
        "learning_rate": 0.1,
        "num_leaves": 15,
        "min_data_in_leaf": max(3, min(20, len(yes) // 50)),
    }
    quiet = {"verbose": -1, "num_threads": 1, "seed": seed % (1 << 31), "deterministic": True, "force_col_wise": True}
    data = lightgbm.Dataset(matrix, label=yes.astype(np.float64), params={"verbose": -1})
    booster = lightgbm.train({**settings, **quiet}, data, ROUNDS)
    return Model(text=booster.model_to_string())


def calibrated(scores: Floats, yes: Flags) -> tuple[float, float]:
    """Scale and shift that make probabilities of scores (Platt 1999, with his softened targets), by Newton's steps."""
    positive, negative = float(yes.sum()), float((~yes).sum())
    target = np.where(yes, (positive + 1) / (positive + 2), 1 / (negative + 2))
    scale, shift = 1.0, 0.0
    for _ in range(100):
        p = sigmoid(scale * scores + shift)
        weight = np.maximum(p * (1 - p), 1e-12)
        error = target - p
        gradient = np.array([float(error @ scores), float(error.sum())])
        curve = np.array(
            [
                [float(weight @ scores**2) + 1e-9, float(weight @ scores)],
                [float(weight @ scores), float(weight.sum()) + 1e-9],
            ]
        )
        step = np.clip(np.linalg.solve(curve, gradient), -2.0, 2.0)
        scale, shift = max(scale + float(step[0]), 0.01), shift + float(step[1])
        if np.abs(step).max() < 1e-8:
            break
    return scale, shift


def sigmoid(scores: Floats) -> Floats:
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-np.clip(scores, -500.0, 500.0)))
