"""Room tasks. In: the trees' matrix -> Out: Bins, each column as whole numbers, and LightGBM's text of what they split.

A number falls into bin 1 + how many cuts lie below it, 0 where it is missing (or -inf). A level of a category is its
own bin; missing and rare ones share the last. Left of a split are the bins up to one, or one alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.predict.symmetric import Symmetric, Tree

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

Asked = tuple[int, int, bool]

MOST = 128
MOST_TOGETHER = 2_000
LEAST = 16
WORD = 32
NUMBER, LEVEL = 10, 1


@dataclass(frozen=True)
class Bins:
    """Cuts of each column (of a category: the codes that have a bin of their own), and which columns are categories."""

    cuts: tuple[Floats, ...]
    coded: tuple[bool, ...]

    @classmethod
    def of(cls, X: Floats, coded: Sequence[int]) -> Bins:
        """Cut between neighbouring values, or at quantiles; fewer a column where there are many columns."""
        known = set(coded)
        most = int(np.clip(MOST_TOGETHER // max(X.shape[1], 1), LEAST, MOST))
        cuts = tuple(_cuts(column, place in known, most) for place, column in enumerate(X.T))
        return cls(cuts, tuple(place in known for place in range(X.shape[1])))

    @cached_property
    def sizes(self) -> Rows:
        """How many bins each column has."""
        return np.array([len(cuts) + (1 if code else 2) for cuts, code in zip(self.cuts, self.coded, strict=True)])

    @cached_property
    def total(self) -> int:
        """How many bins there are."""
        return int(self.sizes.sum())

    @cached_property
    def first(self) -> Rows:
        """Each column's first bin among all."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def column(self) -> Rows:
        """The column of each bin."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """Whether something lies right of a bin: not so of a column's last."""
        place = np.arange(self.total) - self.first[self.column]
        return np.asarray(place < self.sizes[self.column] - 1)

    @cached_property
    def alone(self) -> NDArray[np.bool_]:
        """Whether a bin is one level of a category."""
        return np.asarray(self.allowed & np.array(self.coded)[self.column])

    def codes(self, X: Floats) -> Rows:
        """Return the bin of each value, counted from its column's first."""
        found = np.zeros(X.shape, dtype=np.int64)
        for place, (cuts, code) in enumerate(zip(self.cuts, self.coded, strict=True)):
            found[:, place] = _levels(X[:, place], cuts) if code else _numbers(X[:, place], cuts)
        return found

    def text(self, asked: Asked) -> tuple[int, float, list[int]]:
        """LightGBM's kind of decision, threshold of a number, and the codes of a category that go left."""
        column, place, alone = asked
        cuts = self.cuts[column]
        if self.coded[column]:
            return LEVEL, 0.0, [int(code) for code in (cuts[place : place + 1] if alone else cuts[: place + 1])]
        return NUMBER, float(cuts[place - 1]) if place else float(np.finfo(np.float64).min), []


def _cuts(column: Floats, code: bool, most: int) -> Floats:
    known = column[np.isfinite(column)]
    seen = np.unique(known)
    if code:
        return seen[:MOST]
    if len(seen) <= most:
        return np.asarray(seen[1:] / 2 + seen[:-1] / 2, dtype=np.float64)
    found = np.unique(np.quantile(known, np.arange(1, most) / most))
    return np.asarray(found[found < seen[-1]], dtype=np.float64)


def _numbers(column: Floats, cuts: Floats) -> Rows:
    nothing = np.isnan(column) | np.isneginf(column)
    return np.asarray(np.where(nothing, 0, np.searchsorted(cuts, column) + 1), dtype=np.int64)


def _levels(column: Floats, cuts: Floats) -> Rows:
    if not len(cuts):
        return np.zeros(len(column), dtype=np.int64)
    found = np.minimum(np.searchsorted(cuts, column), len(cuts) - 1)
    return np.asarray(np.where(cuts[found] == column, found, len(cuts)), dtype=np.int64)


def lightgbm_text(model: Symmetric) -> str:
    """Return LightGBM's model text (version 4); the first tree carries the start."""
    names = len(model.bins.cuts)
    head = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={names - 1}",
        "objective=binary sigmoid:1",
        f"feature_names={' '.join(f'Column_{place}' for place in range(names))}",
        f"feature_infos={' '.join(['none'] * names)}",
        "",
    ]
    trees = [_tree(model.bins, tree, at, 0.0 if at else model.start) for at, tree in enumerate(model.trees)]
    return "\n".join([*head, *trees, "end of trees", ""])


def _tree(bins: Bins, tree: Tree, number: int, start: float) -> str:
    """One tree: its nodes in the order of a heap, its leaves in the order of their numbers.

    Every leaf counts one row more than it held, for TreeSHAP divides by them.
    """
    levels = len(tree.asked)
    nodes = [level for level in range(levels) for _ in range(1 << level)]
    told = [bins.text(tree.asked[level]) for level in nodes]
    sets = [codes for kind, _, codes in told if kind == LEVEL]
    words = [_words(codes) for codes in sets]
    position = iter(range(len(sets)))
    inner = len(nodes)
    left, right = ([_child(2 * at + side, inner) for at in range(inner)] for side in (1, 2))
    counts = [int(n) + 1 for n in tree.counts]
    inside = [sum(counts[at % (1 << lv) << (levels - lv) :][: 1 << (levels - lv)]) for at, lv in _places(levels)]
    lines: dict[str, Sequence[object]] = {
        "num_leaves": [1 << levels],
        "num_cat": [len(sets)],
        "split_feature": [tree.asked[level][0] for level in nodes],
        "split_gain": [0] * inner,
        "threshold": [next(position) if kind == LEVEL else f"{cut:.17g}" for kind, cut, _ in told],
        "decision_type": [kind for kind, _, _ in told],
        "left_child": left,
        "right_child": right,
        "leaf_value": [f"{value + start:.17g}" for value in tree.values],
        "leaf_weight": [0] * len(counts),
        "leaf_count": counts,
        "internal_value": [0] * inner,
        "internal_weight": [0] * inner,
        "internal_count": inside,
        "is_linear": [0],
        "shrinkage": [1],
    }
    if sets:
        lines["cat_boundaries"] = [0, *(int(end) for end in np.cumsum([len(each) for each in words]))]
        lines["cat_threshold"] = [word for each in words for word in each]
    text = [f"{name}={' '.join(map(str, values))}" for name, values in lines.items()]
    return "\n".join([f"Tree={number}", *text, "", ""])


def _places(levels: int) -> list[tuple[int, int]]:
    """Each node's place within its level, and its level."""
    return [(place, level) for level in range(levels) for place in range(1 << level)]


def _child(heap: int, inner: int) -> int:
    return heap if heap < inner else ~(heap - inner)


def _words(codes: list[int]) -> list[int]:
    """Codes as bits of words of 32."""
    words = [0] * (max(codes) // WORD + 1)
    for code in codes:
        words[code // WORD] |= 1 << (code % WORD)
    return words
