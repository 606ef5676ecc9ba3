"""Room tasks. In: a Workshop -> Out: Trees, small boosted trees (LightGBM), as many as inner folds ask for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.tasks.predict.workshop import chosen

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.predict.workshop import Workshop
    from grundstein.tools.encoding import Encoder

    Floats = NDArray[np.float64]

LEAVES = 6
MOST_TREES = 6_000
LARGE = 8_000_000


@dataclass(frozen=True)
class Trees:
    """LightGBM's own text of the model; `kind` as in Problem, `seen` the labels that it knows."""

    text: str
    kind: str
    labels: int
    seen: tuple[int, ...] = ()

    @cached_property
    def booster(self) -> Any:
        """The model, read once."""
        import lightgbm

        return lightgbm.Booster(model_str=self.text)

    def raw(self, encoder: Encoder, rows: pa.Table) -> Floats:
        """Return raw predictions, row by row."""
        return _raw(self.booster, encoder.tree_matrix(rows), self.kind, self.labels, self.seen)

    def save(self, folder: Path) -> None:
        """Write `trees.txt` and which labels its columns are."""
        (folder / "trees.txt").write_text(self.text, encoding="utf-8")
        np.savez(folder / "trees.npz", kind=np.array([self.kind]), labels=self.labels, seen=np.array(self.seen, int))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(folder / "trees.npz", allow_pickle=False) as kept:
            seen = tuple(map(int, kept["seen"]))
            return cls(
                (folder / "trees.txt").read_text(encoding="utf-8"), str(kept["kind"][0]), int(kept["labels"]), seen
            )


def learn(shop: Workshop) -> tuple[Trees, Floats]:
    """Return the model fitted on all rows and the raw predictions out of inner folds (NaN where there are none)."""
    most, rate = _length(shop)
    runs = [_boost(shop, fit, ask, most, rate) for fit, ask in shop.folds]
    sizes = [len(ask) for _, ask in shop.folds]
    curve = np.average([losses for _, losses, _ in runs], axis=0, weights=sizes) if runs else np.zeros(1)
    usual = most // 3
    labels, kind = len(shop.problem.labels), shop.problem.kind
    tried = {rounds: shop.blank() for rounds in {usual, int(np.argmin(curve)) + 1 if runs else usual}}
    for (booster, _, seen), (_, ask) in zip(runs, shop.folds, strict=True):
        for rounds, outside in tried.items():
            outside[ask] = _raw(booster, shop.trees[ask], kind, labels, seen, rounds)
    rounds = chosen(shop, tried, usual)
    booster, _, seen = _boost(shop, np.arange(len(shop.truth)), np.zeros(0, dtype=np.int64), rounds, rate)
    return Trees(booster.model_to_string(), kind, labels, seen), tried[rounds]


def _length(shop: Workshop) -> tuple[int, float]:
    """At most this many rounds, and what each may learn: more of both with many rows, fewer rounds on a huge table."""
    rounds, rate = (300, 0.05) if len(shop.truth) < 15_000 else (700, 0.1)
    if shop.trees.size > LARGE:
        rounds, rate = 150, 0.1
    if shop.problem.kind == "many":
        rounds = min(rounds, max(30, MOST_TREES // (10 * len(shop.problem.labels))))
        rate = max(rate, 0.1)
    return rounds, rate


def _boost(
    shop: Workshop, fit: NDArray[np.int64], ask: NDArray[np.int64], rounds: int, rate: float
) -> tuple[Any, list[float], tuple[int, ...]]:
    """Boost on some rows; returns the model, its loss on others after each round, and the labels it knows."""
    import lightgbm

    seen = np.unique(shop.truth[fit]) if shop.problem.kind == "many" else np.zeros(0)
    truth = np.searchsorted(seen, shop.truth) if len(seen) else shop.truth
    ask = ask[np.isin(shop.truth[ask], seen)] if len(seen) else ask
    settings = _settings(shop, len(fit), len(seen), rate)
    known = lightgbm.Dataset(
        shop.trees[fit],
        truth[fit],
        weight=shop.weights[fit],
        categorical_feature=list(shop.encoder.coded),
        params=settings,
        free_raw_data=False,
    )
    history: dict[str, dict[str, list[float]]] = {}
    watch: dict[str, Any] = {}
    if len(ask):
        other = known.create_valid(shop.trees[ask], truth[ask], weight=shop.weights[ask])
        watch = {"valid_sets": [other], "callbacks": [lightgbm.record_evaluation(history)]}
    booster = lightgbm.train(settings, known, rounds, **watch)
    losses = next(iter(history["valid_0"].values())) if len(ask) else []
    return booster, losses, tuple(int(label) for label in seen)


def _settings(shop: Workshop, rows: int, seen: int, rate: float) -> dict[str, Any]:
    kind = shop.problem.kind
    goal = {"two": "binary", "number": "regression"}.get(kind, "multiclass")
    return {
        "objective": goal,
        **({"num_class": seen} if kind == "many" else {}),
        "metric": {"binary": "binary_logloss", "regression": "l1", "multiclass": "multi_logloss"}[goal],
        "num_leaves": LEAVES,
        "learning_rate": rate,
        "min_data_in_leaf": max(3, min(20, rows // 20)),
        "lambda_l2": 1.0,
        "max_cat_threshold": 16,
        "cat_smooth": 20.0,
        "seed": shop.seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _raw(booster: Any, X: Floats, kind: str, labels: int, seen: tuple[int, ...], rounds: int | None = None) -> Floats:
    if not len(X):
        return np.zeros((0, labels)) if kind == "many" else np.zeros(0)
    told = np.asarray(booster.predict(X, num_iteration=rounds, num_threads=1), dtype=np.float64)
    if kind != "many":
        return told
    spread = np.zeros((len(X), labels))
    spread[:, list(seen)] = told.reshape(len(X), -1)
    return spread
