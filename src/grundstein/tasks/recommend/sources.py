"""Room tasks. In: the name of a way to score, its settings and what to learn from -> Out: it, fitted, saved and loaded.

A source scores every item on a shelf for rows of a history. Settings stand in the order in which they are tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import scipy.sparse as sp

from grundstein.tasks.recommend.content import Content
from grundstein.tasks.recommend.ease import affordable, ease
from grundstein.tasks.recommend.factors import Factors
from grundstein.tasks.recommend.likeness import cosine, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from grundstein.tasks.recommend.options import Reading
    from grundstein.tasks.recommend.shelf import Shelf

WEIGHTS = 10_000_000
LEAST_KEPT = 200

Setting = tuple[float, ...]


class Source(Protocol):
    """A fitted way to score."""

    def scores(self, rows: sp.csr_matrix, shelf: Shelf, read: Reading) -> NDArray[np.float32]:
        """Return rows x items on the shelf; each row by itself."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is saved."""

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Read what `arrays` returned."""


@dataclass(frozen=True, eq=False)
class Linear:
    """How much having chosen one item speaks for another: `weights`, items x items."""

    weights: sp.csr_matrix

    def scores(self, rows: sp.csr_matrix, shelf: Shelf, read: Reading) -> NDArray[np.float32]:
        """Add up what speaks for each item, nothing against it."""
        items = self.weights.shape[0]
        known = rows if rows.shape[1] == items else rows[:, :items]
        found = np.zeros((rows.shape[0], len(shelf.ids)), dtype=np.float32)
        found[:, :items] = (known.astype(np.float32) @ self.weights).toarray()
        return np.maximum(found, 0.0, out=found)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is saved."""
        return {name: getattr(self.weights, name) for name in ("data", "indices", "indptr")}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Read what `arrays` returned."""
        items = len(arrays["indptr"]) - 1
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        return cls(sp.csr_matrix(parts, shape=(items, items)))


KINDS: Mapping[str, type[Source]] = {
    "item-kNN": Linear,
    "RP3beta": Linear,
    "EASE": Linear,
    "ALS": Factors,
    "content": Content,
}
SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "item-kNN": tuple((neighbours, shrink) for shrink, neighbours in product((10.0, 0.0, 100.0), (100, 200, 1000))),
    "RP3beta": tuple((200, alpha, beta) for alpha, beta in product((0.8, 0.6, 1.0), (0.3, 0.5, 0.1))),
    "EASE": ((200.0,), (500.0,), (100.0,), (1000.0,), (20.0,), (2000.0,), (50.0,), (5.0,)),
    "ALS": tuple((size, alpha, strength) for size, alpha, strength in product((64, 32), (1.0, 10.0), (10.0, 0.1))),
    "content": ((),),
}


def settings(name: str, matrix: sp.csr_matrix) -> tuple[Setting, ...]:
    """Return the settings worth their time on a matrix of this shape: of EASE the fewer, the longer a fit takes."""
    return SETTINGS[name][: affordable(matrix)] if name == "EASE" else SETTINGS[name]


def fitted(name: str, setting: Setting, matrix: sp.csr_matrix, shelf: Shelf, read: Reading, seed: int) -> Source:
    """Fit a source on users x items of a shelf. ValueError where it cannot be fitted on a matrix of this shape."""
    if name == "content":
        return Content.fit(shelf, read)
    if name == "ALS":
        size, alpha, strength = setting
        return Factors.fit(matrix, min(int(size), *matrix.shape), alpha, strength, seed)
    return Linear(_weights(name, setting, matrix, read))


def _weights(name: str, setting: Setting, matrix: sp.csr_matrix, read: Reading) -> sp.csr_matrix:
    most = max(LEAST_KEPT, WEIGHTS // max(matrix.shape[1], 1))
    if name == "item-kNN":
        return cosine(matrix, min(int(setting[0]), most), setting[1], itself=read.repeat)
    if name == "RP3beta":
        return walk(matrix, int(setting[0]), *setting[1:])
    return ease(matrix, setting[0], most)
