"""Room tasks. In: sessions with their outcomes -> Out: Learned, a linear model or trees on what was said in them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.tasks.logs.answers import Labels, keep, kept, labels_of, policy_of, table_of
from grundstein.tasks.logs.features import Features
from grundstein.tasks.logs.options import Plan
from grundstein.tasks.logs.sessions import grouped, outcomes_of, read, sessions_of
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from grundstein.core.task import Data, LiveTable
    from grundstein.tools.folding import Rows

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LINEAR, TREES = "linear", "trees"
STRENGTHS = (0.1, 1.0, 10.0)
INNER, ROUNDS = 3, 150
FEWEST = 6
FLOOR = 1e-6


@dataclass(frozen=True)
class Model:
    """A fitted model: weights and their start, or LightGBM's own text; `scale`, `shift`: from score to probability."""

    weights: Floats = field(default_factory=lambda: np.zeros(0))
    start: float = 0.0
    text: str = ""
    scale: float = 1.0
    shift: float = 0.0

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

    def probability(self, matrix: csr_matrix) -> Floats:
        """Calibrated probabilities of yes."""
        return sigmoid(self.scale * self.scores(matrix) + self.shift)


@dataclass(frozen=True)
class Learned:
    """Templates, pairs, first events, time and novelty, and a model on them."""

    plan: Plan
    name: str
    features: Features | None = None
    model: Model = field(default_factory=Model)
    labels: Labels = field(default_factory=lambda: Labels("no", "yes"))
    policy: Policy = field(default_factory=lambda: Policy(0.5))

    def fit(self, data: Data, seed: int) -> Self:
        """Learn templates from the sessions, tune on folds of them, fit on all."""
        groups = grouped(data["lines"], self.plan)
        said = outcomes_of(data, self.plan, groups)
        sessions = sessions_of(data["lines"], self.plan, groups)
        yes = np.array([one == self.plan.positive for one in said], dtype=np.bool_)
        if min(int(yes.sum()), int((~yes).sum())) < FEWEST:
            raise ValueError(f"fewer than {FEWEST} sessions of one outcome")
        features, events = Features.learnt(self.plan, sessions)
        matrix = features.matrix(sessions, events, learned=True)
        folds = _folds(data["lines"], groups.rows(), yes, seed)
        scores, model = fitted(self.name, matrix, yes, folds, seed)
        scale, shift = _platt(scores, yes)
        policy = policy_of(self.plan, sigmoid(scale * scores + shift), yes)
        model = replace(model, scale=scale, shift=shift)
        labels = labels_of(self.plan, said)
        return replace(self, features=features, model=model, labels=labels, policy=policy)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Answer each session by itself; `live` is not used."""
        del live
        if self.features is None:
            raise ValueError("not fitted")
        sessions = read(questions, self.plan)
        matrix = self.features.matrix(sessions, self.features.events(sessions), learned=False)
        probability = self.model.probability(matrix)
        names = [one.name for one in sessions]
        return table_of(self.labels, names, probability, self.policy.act(probability))

    def save(self, folder: Path) -> None:
        """Write JSON, npz and LightGBM's text."""
        features = self.features.plain() if self.features else {}
        model = {"start": self.model.start, "scale": self.model.scale, "shift": self.model.shift}
        told = {"name": self.name, "labels": asdict(self.labels), "policy": asdict(self.policy), "model": model}
        keep(folder, {"plan": self.plan.plain(), "features": features, **told})
        np.savez(folder / "weights.npz", weights=self.model.weights)
        if self.model.text:
            (folder / "trees.txt").write_text(self.model.text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        with np.load(folder / "weights.npz", allow_pickle=False) as found:
            weights = found["weights"]
        trees = folder / "trees.txt"
        text = trees.read_text(encoding="utf-8") if trees.is_file() else ""
        model = Model(weights=weights, text=text, **told["model"])
        features = Features.restored(told["features"])
        plan, labels = Plan.restored(told["plan"]), Labels(**told["labels"])
        return cls(plan, told["name"], features, model, labels, Policy(**told["policy"]))


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
    return Model(weights=fitted.coef_[0] / scaler.scale_, start=float(fitted.intercept_[0]))


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


def _folds(lines: pa.Table, rows: list[Rows], yes: Flags, seed: int) -> list[tuple[Rows, Rows]]:
    """Folds of sessions by their cluster, both outcomes spread evenly."""
    import pyarrow as pa

    from grundstein.tools.folding import fold_positions
    from grundstein.tools.sealing import unit_hash

    if "_cluster" in lines.column_names:
        cluster = np.asarray(lines["_cluster"])[[int(each[0]) for each in rows]]
    else:
        cluster = unit_hash(pa.table({"at": [str(at) for at in range(len(rows))]}), ["at"], str(seed))
    return fold_positions(pa.table({"_cluster": cluster}), yes.astype(np.float64), seed, INNER, 0)


def _platt(scores: Floats, yes: Flags) -> tuple[float, float]:
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
