"""Room tasks. In: a Workshop -> Out: Trees, boosted trees of the shapes that suit, as many as inner folds ask for.

Which shapes are tried goes by the kind of answer and the number of rows (`_shapes`); their shares are the usual ones
unless others clearly lose less on inner folds.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.tasks.predict.reasons import Link, Score
from grundstein.tasks.predict.symmetric import boost
from grundstein.tasks.predict.tree_rows import Single, single
from grundstein.tasks.predict.tree_values import tables
from grundstein.tasks.predict.workshop import MANY_ROWS, chosen
from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.predict.tree_values import Tables
    from grundstein.tasks.predict.workshop import Workshop
    from grundstein.tools.encoding import Encoder
    from grundstein.tools.encoding_raw import Raw

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

MOST_TREES = 6_000
LARGE = 8_000_000
MOST_SYMMETRIC = 200_000
PATIENCE = 40
STEPS = 4
STILL_LEARNING = 200
FAR_BELOW = -500.0
APART = 7919
LINKS: dict[str, Link] = {
    "binary": lambda score: 1.0 / (1.0 + np.exp(-score)),
    "poisson": np.exp,
    "regression": lambda score: score,
    "regression sqrt": lambda score: np.sign(score) * score**2,
}


@dataclass(frozen=True)
class Shape:
    """How trees are grown.

    `leaves` is how wide each is (0: symmetric ones), `goal` what is added up of numbers that are never negative
    (logarithms: "poisson", roots: "root"), `rate` what each learns, `rows` and `columns` the shares that each sees,
    `least` the fewest rows of a leaf, `random` whether cuts are drawn, `fine` whether each value is a bin. A model is
    the mean of `draws` that see other shares; `draw` is the number of one of them.
    """

    leaves: int
    goal: str = "plain"
    rate: float = 0.05
    rows: float = 0.7
    columns: float = 1.0
    least: int = 20
    random: bool = False
    fine: bool = False
    draws: int = 1
    draw: int = 0


@dataclass(frozen=True)
class Trees:
    """LightGBM's own texts of the models and their shares; `kind` as in Problem, `seen` the labels that they know."""

    texts: tuple[str, ...]
    kind: str
    labels: int
    seen: tuple[int, ...] = ()
    shares: tuple[float, ...] = (1.0,)

    @cached_property
    def boosters(self) -> tuple[Any, ...]:
        """The models, read once."""
        import lightgbm

        return tuple(lightgbm.Booster(model_str=text) for text in self.texts)

    @cached_property
    def singles(self) -> tuple[Any, ...]:
        """What is asked for one row: each model without its wrapper, where that can be."""
        return tuple(single(text, one) or one for text, one in zip(self.texts, self.boosters, strict=True))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """What makes answers of each model's scores, as the objective in its text says."""
        if self.kind == "many":
            return (softmax,) * len(self.texts)
        lines = (next(line for line in text.splitlines() if line.startswith("objective=")) for text in self.texts)
        return tuple(LINKS[line.removeprefix("objective=").removesuffix(" sigmoid:1")] for line in lines)

    @cached_property
    def tables(self) -> tuple[Tables | None, ...]:
        """Each model's TreeSHAP values by what holds; None of one whose trees have too many conditions."""
        return tuple(
            tables(one.dump_model()) if tables(one.dump_model(num_iteration=1)) else None for one in self.boosters
        )

    def raw(self, encoder: Encoder, rows: pa.Table) -> Floats:
        """Return raw predictions, row by row."""
        X = encoder.tree_matrix(rows)
        return _mixed([_raw(one, X, self.kind, self.labels, self.seen) for one in self.boosters], self.shares)

    def worker(self, encoder: Encoder) -> Callable[[Raw], Floats]:
        """Return what makes raw predictions of values that were read."""

        def work(raw: Raw) -> Floats:
            X = encoder.trees.row(raw)
            ask = self.singles if len(X) == 1 else self.boosters
            return _mixed([_raw(one, X, self.kind, self.labels, self.seen) for one in ask], self.shares)

        return work

    def explained(self, encoder: Encoder, raw: Raw, means: Floats) -> tuple[Score, ...]:
        """Return TreeSHAP's values, added up over the columns that each feature became, one a model; no means."""
        del means
        X = encoder.trees.row(raw)
        models = zip(self.boosters, self.tables, self.links, strict=True)
        return tuple(self._explained(encoder, _values(one, known, X), link) for one, known, link in models)

    def _explained(self, encoder: Encoder, given: Floats, link: Link) -> Score:
        """`given` holds the columns' values and then the mean, label by label; one it never saw stays far below."""
        base, parts = given[:, -1], encoder.trees.by_feature(given[:, :-1])
        if self.kind != "many":
            return Score(base, parts, link)
        spread, far = np.zeros((self.labels, parts.shape[1])), np.full(self.labels, FAR_BELOW)
        spread[list(self.seen)], far[list(self.seen)] = parts, base
        return Score(far, spread, link)

    def save(self, folder: Path) -> None:
        """Write `trees-0.txt` and those after it, their shares, and which labels their columns are."""
        for place, text in enumerate(self.texts):
            (folder / f"trees-{place}.txt").write_text(text, encoding="utf-8")
        seen, kind = np.array(self.seen, int), np.array([self.kind])
        np.savez(folder / "trees.npz", kind=kind, labels=self.labels, seen=seen, shares=np.array(self.shares))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(folder / "trees.npz", allow_pickle=False) as kept:
            shares = tuple(map(float, kept["shares"]))
            seen = tuple(map(int, kept["seen"]))
            texts = ((folder / f"trees-{place}.txt").read_text(encoding="utf-8") for place in range(len(shares)))
            return cls(tuple(texts), str(kept["kind"][0]), int(kept["labels"]), seen, shares)


def _values(booster: Any, known: Tables | None, X: Floats) -> Floats:
    """What each column of a row adds, and the mean behind them, a line an output."""
    if known is not None:
        return known.of(X[0])
    given = np.asarray(booster.predict(X, pred_contrib=True, num_threads=1), dtype=np.float64)
    return given.reshape(-1, X.shape[1] + 1)


def learn(shop: Workshop) -> tuple[Trees, Floats]:
    """Return the models fitted on all rows and the raw predictions out of inner folds (NaN where there are none)."""
    shapes, usual, tuned = _tried(shop)
    outside = [raw for _, raw in tuned]
    shares = chosen(shop, {usual: _mixed(outside, usual)} | {e: _mixed(outside, e) for e in _grid(len(shapes))}, usual)
    every, none = np.arange(len(shop.truth)), np.zeros(0, dtype=np.int64)
    used = [place for place, share in enumerate(shares) if share]
    grown = [(place, replace(shapes[place], draw=draw)) for place in used for draw in range(shapes[place].draws)]
    fitted = [boosted(shop, every, none, tuned[place][0], shape) for place, shape in grown]
    texts = tuple(booster.model_to_string() for booster, _, _ in fitted)
    kept = tuple(shares[place] / shape.draws for place, shape in grown)
    return Trees(texts, shop.problem.kind, len(shop.problem.labels), fitted[0][2], kept), _mixed(outside, shares)


def _tried(shop: Workshop) -> tuple[list[Shape], tuple[float, ...], list[tuple[int, Floats]]]:
    """The shapes, their usual shares, and what each came to on inner folds.

    Where many rows answer yes or no, trees of 31 leaves go first: if they still learn after so many rounds, small
    trees cannot follow, and very wide ones are the usual ones; if not, small trees are.
    """
    if shop.problem.kind != "two" or len(shop.truth) < MANY_ROWS or shop.trees.size > LARGE:
        shapes, usual = _shapes(shop)
        return shapes, usual, [tuned_on_folds(shop, shape) for shape in shapes]
    middle = Shape(31, rate=0.1, rows=1.0)
    first = tuned_on_folds(shop, middle)
    if first[0] < STILL_LEARNING:
        small = replace(middle, leaves=6)
        return [small, middle], (1.0, 0.0), [tuned_on_folds(shop, small), first]
    wide = Shape(511, rate=0.1, rows=0.8, columns=0.7, least=3, fine=True, draws=2)
    return [middle, wide], (0.0, 1.0), [first, tuned_on_folds(shop, wide)]


def _shapes(shop: Workshop) -> tuple[list[Shape], tuple[float, ...]]:
    """Shapes and their usual shares. A huge table, or one of many classes, gets small trees alone."""
    many, kind = len(shop.truth) >= MANY_ROWS, shop.problem.kind
    whole = 0.1 if many or shop.trees.size > LARGE or kind == "many" else 0.05
    small = Shape(6, rate=whole, rows=1.0 if many else 0.7)
    if kind == "many" or shop.trees.size > LARGE:
        return [small], (1.0,)
    if kind == "number":
        return _shapes_of_numbers(shop, many), (0.5, 0.5)
    if shop.trees.size > MOST_SYMMETRIC:
        return [small, replace(small, leaves=31)], (1.0, 0.0)
    return [small, Shape(0)], (0.75, 0.25)


def _shapes_of_numbers(shop: Workshop, many: bool) -> list[Shape]:
    """Two that err differently: on another scale, or with cuts that are drawn."""
    amounts = float(shop.truth.min()) >= 0 and float(shop.truth.sum()) > 0
    goal = "poisson" if amounts else "plain"
    if not many:
        return [Shape(31, goal), Shape(16, goal, random=True)]
    other = "root" if amounts else "plain"
    return [
        Shape(63, goal, 0.1, least=5, fine=True),
        Shape(31, other, 0.15, columns=0.7, least=5, fine=True, draws=2),
    ]


def _grid(count: int) -> list[tuple[float, ...]]:
    parts = itertools.product(range(STEPS + 1), repeat=count)
    return [tuple(part / STEPS for part in each) for each in parts if sum(each) == STEPS]


def _mixed(raw: list[Floats], shares: tuple[float, ...]) -> Floats:
    """Add up predictions by their shares; what has none is not looked at."""
    pairs = [(share, one) for share, one in zip(shares, raw, strict=True) if share]
    total = pairs[0][0] * pairs[0][1]
    for share, one in pairs[1:]:
        total = total + share * one
    return total


def tuned_on_folds(shop: Workshop, shape: Shape) -> tuple[int, Floats]:
    """Return the number of rounds that loses least on inner folds, and the raw predictions after so many."""
    most = _length(shop)
    raw = shop.blank()
    runs = [boosted(shop, fit, ask, most, shape) for fit, ask in shop.folds]
    curves = [(losses, len(ask)) for (_, losses, _), (_, ask) in zip(runs, shop.folds, strict=True) if losses]
    rounds = most // 3
    if curves:
        shortest = min(len(losses) for losses, _ in curves)
        mean = np.average([losses[:shortest] for losses, _ in curves], axis=0, weights=[size for _, size in curves])
        rounds = int(np.argmin(mean)) + 1
    for (booster, _, seen), (_, ask) in zip(runs, shop.folds, strict=True):
        raw[ask] = _raw(booster, shop.trees[ask], shop.problem.kind, len(shop.problem.labels), seen, rounds)
    return rounds, raw


def _length(shop: Workshop) -> int:
    """At most this many rounds: fewer on a huge table, and where each is a tree a label."""
    rounds = 600 if len(shop.truth) < MANY_ROWS else 700
    if shop.trees.size > LARGE:
        rounds = 150
    if shop.problem.kind == "many":
        rounds = min(rounds, max(30, MOST_TREES // (10 * len(shop.problem.labels))))
    return rounds


def boosted(
    shop: Workshop, fit: Rows, ask: Rows, rounds: int, shape: Shape
) -> tuple[Any, list[float], tuple[int, ...]]:
    """Boost on some rows; returns the model, its loss on others after each round, and the labels it knows."""
    if shape.leaves:
        return _boost_leaves(shop, fit, ask, rounds, shape)
    asked = shop.trees[ask], shop.truth[ask], shop.weights[ask]
    known = shop.trees[fit], shop.encoder.coded, shop.truth[fit], shop.weights[fit]
    model, losses = boost(*known, asked, rounds, PATIENCE, shop.seed)
    return model, losses, ()


def _boost_leaves(
    shop: Workshop, fit: Rows, ask: Rows, rounds: int, shape: Shape
) -> tuple[Any, list[float], tuple[int, ...]]:
    """The same by LightGBM."""
    import lightgbm

    seen = np.unique(shop.truth[fit]) if shop.problem.kind == "many" else np.zeros(0)
    truth = np.searchsorted(seen, shop.truth) if len(seen) else shop.truth
    ask = ask[np.isin(shop.truth[ask], seen)] if len(seen) else ask
    settings = _settings(shop, len(fit), len(seen), shape)
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
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        watch = {"valid_sets": [other], "callbacks": [lightgbm.record_evaluation(history), stop]}
    booster = lightgbm.train(settings, known, rounds, **watch)
    losses = next(iter(history["valid_0"].values())) if len(ask) else []
    return booster, losses, tuple(int(label) for label in seen)


def _settings(shop: Workshop, rows: int, seen: int, shape: Shape) -> dict[str, Any]:
    """LightGBM's settings. Where each tree sees a share of the rows, their mean varies less."""
    goals = {"two": "binary", "number": "poisson" if shape.goal == "poisson" else "regression"}
    goal = goals.get(shop.problem.kind, "multiclass")
    error = "l2" if shop.squares else "l1"
    return {
        "objective": goal,
        **({"num_class": seen} if shop.problem.kind == "many" else {}),
        **({"reg_sqrt": True} if shape.goal == "root" else {}),
        "metric": {"binary": "binary_logloss", "multiclass": "multi_logloss"}.get(goal, error),
        "num_leaves": shape.leaves,
        "learning_rate": shape.rate,
        "min_data_in_leaf": max(3, min(shape.least, rows // 20)),
        **({"bagging_fraction": shape.rows, "bagging_freq": 1} if shape.rows < 1 else {}),
        **({"max_bin": 1023, "min_data_in_bin": 1} if shape.fine else {}),
        "feature_fraction": shape.columns,
        "extra_trees": shape.random,
        "lambda_l2": 1.0,
        "max_cat_threshold": 16,
        "cat_smooth": 20.0,
        "seed": (shop.seed + APART * shape.draw) % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _raw(booster: Any, X: Floats, kind: str, labels: int, seen: tuple[int, ...], rounds: int | None = None) -> Floats:
    if not len(X):
        return np.zeros((0, labels)) if kind == "many" else np.zeros(0)
    if isinstance(booster, Single):
        told = booster(X)
    else:
        told = np.asarray(booster.predict(X, num_iteration=rounds, num_threads=1), dtype=np.float64)
    if kind != "many":
        return told
    spread = np.zeros((len(X), labels))
    spread[:, list(seen)] = told.reshape(len(X), -1)
    return spread
