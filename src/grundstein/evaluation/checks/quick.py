"""Room evaluation. In: a table and its target -> Out: how well a cheap linear model, or one column, answers.

The model is no candidate: it is a yardstick for checks, linear on the same encoding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from grundstein.evaluation.checks import rows
from grundstein.tools.encoding import Encoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Part = tuple[NDArray[np.int64], NDArray[np.int64]]

MOST_ROWS = 10_000
MOST_CELLS = 2_000_000
WIDEST, LOGISTIC = 450, 150
BINS, FOLDS = 20, 3
MEASURES = {"two": "ROC AUC", "many": "ROC AUC", "number": "R²"}


@dataclass(frozen=True)
class Goal:
    """The target: `values` is 0/1 ("two"), the class number ("many") or the number; `known` marks rows that have one.

    `classes` names the classes in order ("no" and "yes" side for "two").
    """

    kind: str
    values: NDArray[np.float64]
    known: NDArray[np.bool_]
    classes: tuple[str, ...] = ()

    @property
    def varies(self) -> bool:
        """Whether there is more than one value."""
        found = self.values[self.known]
        return len(found) > 1 and bool((found != found[0]).any())


@dataclass(frozen=True)
class Sample:
    """Rows and columns as the cheap model sees them: `bins` a small number a value, `blocks` the encoded columns.

    `numbers` holds the values of numbers and times as they are; `texts` names the columns of text, `ids` those that
    only number the rows.
    """

    kind: str
    goal: NDArray[np.float64]
    time: NDArray[np.float64] | None
    bins: Mapping[str, NDArray[np.int64]]
    blocks: Mapping[str, NDArray[np.float64]]
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def matrix(self, names: Iterable[str]) -> NDArray[np.float64]:
        """The encoded columns side by side, as many as fit in `WIDEST`."""
        chosen: list[NDArray[np.float64]] = []
        for name in names:
            if self.blocks[name].shape[1] and sum(b.shape[1] for b in chosen) + self.blocks[name].shape[1] <= WIDEST:
                chosen.append(self.blocks[name])
        return np.concatenate(chosen, axis=1) if chosen else np.zeros((len(self.goal), 1))


def goal(column: pa.ChunkedArray, positive: str = "", kind: str = "") -> Goal:
    """Read a target. A column of numbers is a "number" unless the case says otherwise or it holds only two."""
    if kind == "number" or (not kind and not positive and rows.is_number(column) and rows.distinct(column) > 2):
        values = rows.numbers(column)
        known = np.isfinite(values)
        return Goal("number", np.where(known, values, 0.0), known)
    code, names = rows.codes(column)
    if positive or len(names) <= 2:
        return _two(code, names, positive)
    order = np.argsort(np.argsort(names, kind="stable"), kind="stable")
    values = np.concatenate([[0], order])[code].astype(np.float64)
    return Goal("many", values, code > 0, tuple(sorted(names)))


def _two(code: NDArray[np.int64], names: list[str], positive: str) -> Goal:
    counts = np.bincount(code, minlength=len(names) + 1)[1:]
    lowered = [name.lower() for name in names]
    yes = lowered.index(positive.lower()) if positive.lower() in lowered else int(np.argmin(counts)) if names else 0
    others = [name for name in names if name != names[yes]]
    classes = (others[0] if len(others) == 1 else "", names[yes]) if names else ()
    return Goal("two", (code == yes + 1).astype(np.float64), code > 0, classes)


def sample(table: pa.Table, target: Goal, names: Sequence[str], time: str, seed: int) -> Sample:
    """Encode at most `MOST_ROWS` rows (fewer in a wide table), in the order of the table."""
    most = min(MOST_ROWS, max(2_000, MOST_CELLS // max(len(names), 1)))
    chosen = np.flatnonzero(target.known)
    if len(chosen) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, most, replace=False))
    part = table.take(chosen)
    values = target.values[chosen]
    bins = {name: binned(part[name]) for name in names}
    blocks = {name: Encoder.fit(part, [name]).matrix(part) for name in names}
    when = rows.numbers(part[time]) if time else None
    graded = [name for name in names if rows.is_number(part[name]) or rows.is_time(part[name])]
    numbers = {name: rows.numbers(part[name]) for name in graded}
    texts = frozenset(name for name in names if rows.is_text(part[name]))
    ids = frozenset(name for name in names if rows.numbers_rows(table[name], name))
    return Sample(target.kind, values, when, bins, blocks, numbers, texts, ids)


def binned(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A small number a value; 0 where nothing stands, numbers and times cut at quantiles."""
    if not (rows.is_number(column) or rows.is_time(column)):
        return rows.codes(column)[0]
    return cut(rows.numbers(column))


def cut(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers as 1, 2, ... by their value where there are at most 20, else by 20 quantiles; 0 where none stands."""
    found = values[np.isfinite(values)]
    levels = np.unique(found)
    edges = levels[1:] if len(levels) <= BINS else np.unique(np.quantile(found, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isfinite(values), np.searchsorted(edges, values, side="right") + 1, 0).astype(np.int64)


def random_parts(n: int, seed: int, folds: int = FOLDS) -> list[Part]:
    """Pairs of training and test rows, drawn by chance."""
    fold = np.random.default_rng(seed).permutation(n) % folds
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]


def forward_parts(time: NDArray[np.float64]) -> list[Part]:
    """Pairs of training and test rows: each test part is later than what it is answered from, at least 40 % of all."""
    order = np.argsort(time, kind="stable")
    cuts = np.linspace(0.4 * len(order), len(order), FOLDS + 1).astype(int)
    return [(order[:start], order[start:end]) for start, end in pairwise(cuts)]


def linear(x: NDArray[np.float64], y: NDArray[np.float64], part: Part, kind: str) -> NDArray[np.float64]:
    """Scores of the test rows: logistic regression for "two", ridge for all else.

    Ridge is also taken for a wide "two" (text): much cheaper, and it ranks alike.
    """
    train, test = part
    if kind == "two" and x.shape[1] <= LOGISTIC and len(np.unique(y[train])) == 2:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=50, tol=1e-3)
        return model.fit(x[train], y[train]).decision_function(x[test])
    goals = indicator(y, kind)
    middle, centre = x[train].mean(axis=0), goals[train].mean(axis=0)
    inside = x[train] - middle
    weights = np.linalg.solve(inside.T @ inside + np.eye(x.shape[1]), inside.T @ (goals[train] - centre))
    return (x[test] - middle) @ weights + centre


def indicator(y: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """The goal as columns: one a class for "many", one otherwise."""
    return (y[:, None] == np.arange(int(y.max(initial=0)) + 1)).astype(np.float64) if kind == "many" else y[:, None]


def one_column(bins: NDArray[np.int64], y: NDArray[np.float64], part: Part, kind: str) -> NDArray[np.float64]:
    """Scores of the test rows from one column: the mean goal of the training rows in its bin, ten rows of doubt."""
    train, test = part
    goals = indicator(y, kind)
    prior = goals[train].mean(axis=0)
    n = int(bins.max(initial=0)) + 1
    count = np.bincount(bins[train], minlength=n)
    sums = np.stack([np.bincount(bins[train], weights=g, minlength=n) for g in goals[train].T], axis=1)
    return ((sums + 10 * prior) / (count + 10)[:, None])[bins[test]]


def skill(y: NDArray[np.float64], scores: NDArray[np.float64], kind: str) -> float:
    """Between .5 (knows nothing) and 1: ROC AUC, its mean over classes by their size, or concordance for a number.

    The concordance of a number is (1 + tau) / 2 with Kendall's tau from the correlation, 2/pi arcsin r (Greiner).
    """
    scores = scores.reshape(len(y), -1)
    if kind == "number":
        return 0.5 + float(np.arcsin(correlation(y, scores[:, 0]))) / np.pi
    if kind == "two":
        return auc(y > 0, scores[:, 0])
    found = [k for k in range(scores.shape[1]) if 0 < (y == k).sum() < len(y)]
    areas = [auc(y == k, scores[:, k]) for k in found]
    return float(np.average(areas, weights=[(y == k).sum() for k in found])) if found else 0.5


def measured(y: NDArray[np.float64], scores: NDArray[np.float64], kind: str) -> float:
    """What the field reports: ROC AUC, or R² for a number."""
    if kind != "number":
        return skill(y, scores, kind)
    rest = float(((y - scores.reshape(len(y), -1)[:, 0]) ** 2).sum())
    return 1.0 - rest / max(float(((y - y.mean()) ** 2).sum()), 1e-300)


def auc(yes: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve, ties counted half; .5 where one side is empty."""
    positive = int(yes.sum())
    if positive in (0, len(yes)):
        return 0.5
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[yes].sum() - positive * (positive + 1) / 2) / (positive * (len(yes) - positive)))


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean rank of each value, scaled to 0..1."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count + 1) / 2)[place] / max(len(values) - 1, 1)


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's correlation, 0 where a side does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip((a @ b) / size, -1.0, 1.0)) if size > 0 else 0.0
