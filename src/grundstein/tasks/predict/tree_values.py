"""Room tasks. In: a LightGBM model -> Out: TreeSHAP's values of one question, looked up instead of walked to.

Exact: the values of Lundberg, Erion and Lee (2018) with the rows of each node as weights, as LightGBM gives them. What
a tree adds depends on nothing but which of its conditions hold. Where a tree has few different ones (small trees; and
symmetric ones, with one a level), what it adds in each combination fits in a table that is made once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]
    Flags = NDArray[np.bool_]

MOST = 6
COMBINATIONS = (np.arange(2**MOST)[:, None] >> np.arange(MOST)) % 2 == 1


class Condition(NamedTuple):
    """What sends a row to the left: a number up to `most`, or one of `codes`; `empty`: where it is missing."""

    feature: int
    most: float
    codes: tuple[int, ...]
    empty: bool


@dataclass(frozen=True)
class Tables:
    """All trees of a model.

    Shapes: `slots` (trees, MOST) places in `conditions`, the last of which never holds; `columns` (trees, MOST) the
    features that `values` (trees, 2 ** MOST, MOST) belong to; `base` (outputs,) the mean score.
    """

    conditions: tuple[Condition, ...]
    slots: Places
    columns: Places
    values: Floats
    features: int
    base: Floats

    def of(self, row: Floats) -> Floats:
        """Return what each feature (features,) of one row adds to each output, and the mean score behind them."""
        held = self._held(row)[self.slots] @ (1 << np.arange(MOST))
        parts = self.values[np.arange(len(held)), held]
        outputs = len(self.base)
        place = self.columns + self.features * (np.arange(len(held)) % outputs)[:, None]
        sums = np.bincount(place.ravel(), weights=parts.ravel(), minlength=outputs * self.features)
        return np.column_stack([sums.reshape(outputs, self.features), self.base])

    def _held(self, row: Floats) -> Flags:
        feature, most, empty, coded, codes = self._laid_out
        values = row[feature]
        missing = np.isnan(values)
        held = np.where(missing, empty, values <= most)
        code = np.where(missing[coded], -1.0, values[coded]).astype(np.int64)
        known = (code >= 0) & (code < codes.shape[1])
        held[coded] = known & codes[np.arange(len(coded)), np.where(known, code, 0)]
        return held

    @cached_property
    def _laid_out(self) -> tuple[Places, Floats, Flags, Places, Flags]:
        """Features, limits and what is missing of all conditions; places of those with codes, and their codes."""
        feature, most, codes, empty = zip(*self.conditions, strict=True)
        coded = np.array([place for place, some in enumerate(codes) if some], dtype=np.int64)
        table = np.zeros((len(coded), 1 + max((code for some in codes for code in some), default=0)), dtype=np.bool_)
        for place, which in enumerate(coded):
            table[place, list(codes[which])] = True
        return np.array(feature), np.array(most), np.array(empty), coded, table


def tables(model: Mapping[str, Any]) -> Tables | None:
    """Make the tables of a model as LightGBM dumps it; None where a tree has more than MOST conditions."""
    trees = [one["tree_structure"] for one in model["tree_info"]]
    own = [tuple(dict.fromkeys(_conditions(tree))) for tree in trees]
    if not trees or any(len(one) > MOST or None in one for one in own):
        return None
    never = Condition(0, -math.inf, (), empty=False)
    every = (*(one for one in dict.fromkeys(one for some in own for one in some) if one != never), never)
    place = {one: number for number, one in enumerate(every)}
    slots = np.full((len(trees), MOST), place[never])
    columns, values = np.zeros((len(trees), MOST), dtype=np.int64), np.zeros((len(trees), 2**MOST, MOST))
    base = np.zeros(int(model["num_tree_per_iteration"]))
    for number, (tree, some) in enumerate(zip(trees, own, strict=True)):
        slots[number, : len(some)] = [place[one] for one in some]
        used = tuple(dict.fromkeys(one.feature for one in some))
        columns[number, : len(used)] = used
        reached = _scores(tree, some, used)
        values[number, :, : len(used)] = (_weights(len(used)) @ reached).T
        base[number % len(base)] += reached[0, 0]
    return Tables(every, slots, columns, values, int(model["max_feature_idx"]) + 1, base)


def _conditions(node: Mapping[str, Any]) -> list[Any]:
    if "leaf_value" in node:
        return []
    return [_condition(node), *_conditions(node["left_child"]), *_conditions(node["right_child"])]


def _condition(node: Mapping[str, Any]) -> Condition | None:
    """What a split asks; None where it takes nought for missing, which no model of the house does."""
    feature, missing = int(node["split_feature"]), node["missing_type"]
    if missing == "Zero":
        return None
    if node["decision_type"] == "==":
        return Condition(feature, math.nan, tuple(map(int, str(node["threshold"]).split("||"))), empty=False)
    most = float(node["threshold"])
    return Condition(feature, most, (), empty=bool(node["default_left"]) if missing == "NaN" else most >= 0)


def _scores(node: Mapping[str, Any], some: Sequence[Condition], used: Sequence[int]) -> Floats:
    """Return (2 ** len(used), 2 ** MOST): the mean score where some features are known, in each combination."""
    if "leaf_value" in node:
        return np.full((1, 1), float(node["leaf_value"]))
    condition = _condition(node)
    left, right = (_scores(node[side], some, used) for side in ("left_child", "right_child"))
    share = _rows(node["left_child"]) / _rows(node)
    known = COMBINATIONS[: 2 ** len(used), used.index(condition.feature)] if condition else np.zeros(1)
    held = COMBINATIONS[:, list(some).index(condition)] if condition else np.zeros(1)
    return np.where(known[:, None], np.where(held, left, right), share * left + (1.0 - share) * right)


def _rows(node: Mapping[str, Any]) -> float:
    return float(node["leaf_count"] if "leaf_value" in node else node["internal_count"])


@cache
def _weights(players: int) -> Floats:
    """Shapley's weights (players, 2 ** players): what each coalition's score counts for each player."""
    coalitions = COMBINATIONS[: 2**players, :players]
    size = coalitions.sum(axis=1)
    fact = [math.factorial(number) for number in range(players + 1)]
    joined = np.array([fact[max(s - 1, 0)] * fact[players - s] / fact[players] for s in size])
    apart = np.array([fact[s] * fact[max(players - s - 1, 0)] / fact[players] for s in size])
    return np.where(coalitions.T, joined, -apart)
