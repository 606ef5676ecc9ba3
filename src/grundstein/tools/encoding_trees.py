"""Room tools. In: Raw -> Out: the matrix for trees: numbers as they are, NaN kept, levels as codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tools.columns import added_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.tools.encoding_features import Feature
    from grundstein.tools.encoding_raw import Raw

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]


@dataclass(frozen=True)
class TreeLayout:
    """Where each feature's columns stand in the matrix for trees."""

    features: tuple[Feature, ...]

    @cached_property
    def starts(self) -> list[int]:
        """The first column of each feature, and one past the last."""
        return [0, *map(int, np.cumsum([len(feature.tree_names) for feature in self.features]))]

    @cached_property
    def numbers(self) -> tuple[Places, Places]:
        """Of each number and lasting moment its row in `Raw.values` and its column."""
        scaled = [(start, f) for start, f in self._pairs if f.scaled]
        found = [(row, start) for row, (start, f) in enumerate(scaled) if f.elapsed]
        return np.array([r for r, _ in found], dtype=np.int64), np.array([s for _, s in found], dtype=np.int64)

    @cached_property
    def parts(self) -> Places:
        """The column of each row of `Raw.parts`."""
        found = [start + f.elapsed + place for start, f in self._pairs for place in range(len(f.parts))]
        return np.array(found, dtype=np.int64)

    @cached_property
    def codes(self) -> Places:
        """The column of each row of `Raw.codes`."""
        return np.array([start for start, f in self._pairs if f.kind == "category"], dtype=np.int64)

    @cached_property
    def texts(self) -> list[tuple[int, int]]:
        """The columns of each text."""
        ends = zip(self.features, self.starts, self.starts[1:], strict=False)
        return [(start, end) for f, start, end in ends if f.kind == "text" and f.terms]

    def fill(self, raw: Raw, out: Floats) -> None:
        """Write the matrix of these rows into an array of shape (rows, columns)."""
        rows, places = self.numbers
        out[:, places] = raw.values[rows].T
        out[:, self.parts] = _or_missing(raw.parts).T
        out[:, self.codes] = _or_missing(raw.codes).T
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

    @cached_property
    def _pairs(self) -> list[tuple[int, Feature]]:
        return list(zip(self.starts, self.features, strict=False))


def _or_missing(codes: Places) -> Floats:
    return np.where(codes < 0, np.nan, codes.astype(np.float64))
