"""Room tools. In: Raw -> Out: the matrix for linear models, or at once the scores of one; a row and a batch alike.

Every step is one operation over all columns and rows, or adds column after column, so that no number depends on how
many rows are beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.tools.columns import added_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from grundstein.tools.encoding_features import Feature
    from grundstein.tools.encoding_raw import Raw

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]

SLACK = 0.25
FEW = 4


@dataclass(frozen=True)
class Layout:
    """Where each feature's columns stand in the linear matrix.

    Columns are of four sorts: dense ones (numbers, bends, missing, circles), levels (one of several is 1), terms.
    """

    features: tuple[Feature, ...]

    @cached_property
    def starts(self) -> list[int]:
        """The first column of each feature, and one past the last."""
        return [0, *map(int, np.cumsum([len(feature.names) for feature in self.features]))]

    @cached_property
    def scaled(self) -> list[tuple[int, Feature]]:
        """The first column of each number and moment."""
        return [(start, each) for start, each in zip(self.starts, self.features, strict=False) if each.scaled]

    @cached_property
    def bounds(self) -> tuple[Floats, Floats, Floats]:
        """Low, high and the unit of what lies beyond, a row each feature."""
        low, high = _column(f.low for _, f in self.scaled), _column(f.high for _, f in self.scaled)
        return low, high, _column(unit_of(f.low, f.high) for _, f in self.scaled)

    @cached_property
    def scales(self) -> tuple[Floats, Floats]:
        """Centre and spread, a row each feature."""
        return _column(f.centre for _, f in self.scaled), _column(f.spread for _, f in self.scaled)

    @cached_property
    def bends(self) -> tuple[Places, Floats, Floats]:
        """Of each bend its feature, its place and the spread above it."""
        found = [(at, *bend) for at, (_, feature) in enumerate(self.scaled) for bend in feature.bends]
        return _places(at for at, _, _ in found), _column(b for _, b, _ in found), _column(s for _, _, s in found)

    @cached_property
    def empties(self) -> Places:
        """The features whose missing values have a column."""
        return _places(at for at, (_, feature) in enumerate(self.scaled) if feature.missing)

    @cached_property
    def lasting(self) -> Places:
        """The features whose number itself has a column."""
        return _places(at for at, (_, feature) in enumerate(self.scaled) if feature.elapsed)

    @cached_property
    def circles(self) -> tuple[Places, Floats]:
        """Of each circle column its row in `Raw.parts`, and its points (the last one is 0, for a missing moment)."""
        parts = [length for _, feature in self.scaled for _, length in feature.parts]
        points = np.zeros((2 * len(parts), 26))
        for at, length in enumerate(parts):
            for turn, shape in enumerate((math.sin, math.cos)):
                points[2 * at + turn, : length + 1] = [
                    shape(2 * math.pi * (step % length) / length) for step in range(length + 1)
                ]
        return np.repeat(np.arange(len(parts)), 2), points

    @cached_property
    def dense_at(self) -> Places:
        """The column in the matrix of each row of `dense`."""
        scaled = [(start, f) for start, f in self.scaled]
        first = [start for start, f in scaled if f.elapsed]
        bends = [start + 1 + place for start, f in scaled for place in range(len(f.bends))]
        after = [start + len(f.bends) + f.elapsed for start, f in scaled if f.missing]
        circles = [start + f.elapsed + f.missing + place for start, f in scaled for place in range(2 * len(f.parts))]
        return _places([*first, *bends, *after, *circles])

    @cached_property
    def levels(self) -> list[tuple[int, Feature]]:
        """The first column of each category."""
        return [(start, f) for start, f in zip(self.starts, self.features, strict=False) if f.kind == "category"]

    @cached_property
    def level_ends(self) -> tuple[Places, Places, Places]:
        """Of each category its first column, how many levels have one, and that of a missing value (-1: none)."""
        shown = [len(f.levels) + f.other for _, f in self.levels]
        empty = [start + n if f.missing else -1 for n, (start, f) in zip(shown, self.levels, strict=True)]
        columns = ([start for start, _ in self.levels], shown, empty)
        first, count, last = (_places(each)[:, None] for each in columns)
        return first, count, last

    @cached_property
    def texts(self) -> list[tuple[int, int]]:
        """The columns of each text."""
        pairs = zip(self.features, zip(self.starts, self.starts[1:], strict=False), strict=True)
        return [ends for f, ends in pairs if f.kind == "text" and f.terms]

    def dense(self, raw: Raw) -> Floats:
        """Return numbers, what lies above each bend, whether it is missing, and moments on their circles.

        Shape (columns, rows), in the order of `dense_at`. Where a number is missing it and its bends are 0.
        """
        missing = np.isnan(raw.values)
        inside = tamed(raw.values, *self.bounds)
        centre, spread = self.scales
        scaled = ((inside - centre) / spread)[self.lasting]
        scaled[missing[self.lasting]] = 0.0
        feature, place, above = self.bends
        bent = np.maximum(inside[feature] - place, 0.0) / above
        bent[missing[feature]] = 0.0
        part, points = self.circles
        turned = points[np.arange(len(part))[:, None], raw.parts[part]]
        return np.concatenate([scaled, bent, missing[self.empties].astype(np.float64), turned])

    def shown(self, raw: Raw) -> Places:
        """Return the column that is 1 of each category and row; -1 where none is."""
        start, shown, empty = self.level_ends
        return np.where(raw.codes < 0, empty, np.where(raw.codes < shown, start + raw.codes, -1))

    def fill(self, raw: Raw, out: Floats) -> None:
        """Write the matrix of these rows into zeros of shape (rows, columns)."""
        out[:, self.dense_at] = self.dense(raw).T
        shown = self.shown(raw)
        rows = np.broadcast_to(np.arange(raw.rows), shown.shape)
        there = shown >= 0
        out[rows[there], shown[there]] = 1.0
        for (start, end), weights in zip(self.texts, raw.terms, strict=True):
            out[:, start:end] = weights

    def row(self, raw: Raw) -> Floats:
        """Return the matrix of these rows."""
        found = np.zeros((raw.rows, self.starts[-1]))
        self.fill(raw, found)
        return found

    def by_feature(self, columns: Floats) -> Floats:
        """Add up what the columns of each feature hold, along the last axis."""
        return added_up(columns, self.starts)


@dataclass(frozen=True)
class Scorer:
    """A linear model on a layout: scores without the matrix between. `weights` of shape (outputs, columns).

    Adds in the order of the matrix's columns, leaving out what is 0: the same bits as adding them all.
    """

    layout: Layout
    weights: Floats
    offsets: Floats

    @cached_property
    def order(self) -> Places:
        """The order in which dense columns, then categories, then terms are added: by their first column."""
        terms = [np.arange(start, end) for start, end in self.layout.texts]
        starts = _places(start for start, _ in self.layout.levels)
        return np.argsort(np.concatenate([self.layout.dense_at, starts, *terms]), kind="stable")

    @cached_property
    def dense(self) -> Floats:
        """Weights of the dense columns, shape (columns, outputs, 1)."""
        return np.ascontiguousarray(self.weights[:, self.layout.dense_at].T)[:, :, None]

    @cached_property
    def levels(self) -> tuple[Places, Floats]:
        """What a code adds: of each category where code 0 stands, and all its weights with the missing value's before.

        Shapes (categories, 1) and (codes, outputs).
        """
        none = np.zeros((1, len(self.weights)))
        found: list[Floats] = []
        first: list[int] = []
        for start, feature in self.layout.levels:
            shown = len(feature.levels) + feature.other
            missing = self.weights[:, start + shown, None].T if feature.missing else none
            first.append(sum(len(each) for each in found) + 1)
            found += [missing, self.weights[:, start : start + shown].T, none]
        return _places(first)[:, None], np.concatenate([*found, none])

    @cached_property
    def terms(self) -> list[Floats]:
        """Weights of each text's terms, shape (terms, outputs, 1)."""
        return [np.ascontiguousarray(self.weights[:, a:b].T)[:, :, None] for a, b in self.layout.texts]

    def scores(self, raw: Raw) -> Floats:
        """Return scores of shape (outputs, rows)."""
        dense, total = self.layout.dense(raw), np.repeat(self.offsets[:, None], raw.rows, axis=1)
        first, weights = self.levels
        codes = raw.codes + first
        if raw.rows <= FEW:
            terms = [each.T[:, None, :] * own for own, each in zip(self.terms, raw.terms, strict=True)]
            parts = np.concatenate([dense[:, None, :] * self.dense, weights[codes].swapaxes(1, 2), *terms])
            return np.asarray(np.add.accumulate(np.concatenate([total[None], parts[self.order]]), axis=0)[-1])
        texts = np.concatenate([each.T for each in raw.terms]) if raw.terms else None
        numbers = dense if texts is None else np.concatenate([dense, texts])
        for output, score in enumerate(total):
            own = np.concatenate([self.dense, *self.terms])[:, output, 0]
            self._add(score, numbers, own, codes, np.ascontiguousarray(weights[:, output]))
        return total

    def _add(self, score: Floats, numbers: Floats, own: Floats, codes: Places, weights: Floats) -> None:
        """Add to one output's scores what each column adds; `numbers` are dense columns, then terms."""
        dense, room = len(self.dense), np.empty_like(score)
        for place in self.order:
            if dense <= place < dense + len(codes):
                np.take(weights, codes[place - dense], out=room, mode="clip")
            else:
                at = place if place < dense else place - len(codes)
                np.multiply(numbers[at], own[at], out=room)
            score += room


def unit_of(low: float, high: float) -> float:
    """A sixth of the distance of the bounds, 1 where there is none."""
    return (high - low) * SLACK / (1 + 2 * SLACK) or 1.0


def tamed(numbers: Floats, low: Any, high: Any, unit: Any) -> Floats:
    """Let a number beyond its bounds count by the logarithm of its excess, in sixths of their distance.

    A code like 99999999 flattens nothing, and a later value outside all that was seen still counts for more.
    """
    inside = np.clip(numbers, low, high)
    outside = inside != numbers
    found = inside + 0.0
    if outside.any():
        far, near = numbers[outside], inside[outside]
        sixths = np.broadcast_to(unit, numbers.shape)[outside]
        found[outside] = near + np.sign(far - near) * np.log1p(np.abs(far - near) / sixths) * sixths
    return found


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)[:, None]


def _places(values: Iterable[int] | Sequence[int]) -> Places:
    return np.array(list(values), dtype=np.int64)
