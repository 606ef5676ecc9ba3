"""Room tasks. In: what users chose, users x items -> Out: ALS through `implicit`; a user's taste is folded in anew.

Alternating least squares for implicit choices (Hu, Koren & Volinsky 2008). The library learns the items' factors; a
user's are solved from the history as it is when the answer is needed, so new users and new events count at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.tasks.recommend.options import Reading
    from grundstein.tasks.recommend.shelf import Shelf

ROUNDS = 15
CACHED = 4_096


@dataclass(frozen=True, eq=False)
class Factors:
    """Items as `values` (items x factors); `alpha` x interest weighs a choice, `strength` keeps factors small."""

    values: NDArray[np.float32]
    alpha: float
    strength: float

    @classmethod
    def fit(cls, matrix: sp.csr_matrix, size: int, alpha: float, strength: float, seed: int) -> Self:
        """Learn the factors of items; one thread, decided by the seed."""
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            model = AlternatingLeastSquares(
                factors=size,
                regularization=strength,
                alpha=alpha,
                iterations=ROUNDS,
                num_threads=1,
                random_state=seed % 2**32,
            )
            model.fit(matrix.astype(np.float32), show_progress=False)
        return cls(np.ascontiguousarray(model.item_factors, dtype=np.float32), alpha, strength)

    def scores(self, rows: sp.csr_matrix, shelf: Shelf, read: Reading) -> NDArray[np.float32]:
        """Score every item on the shelf for each row of a history; each row by itself, so that a batch rounds alike."""
        items, size = self.values.shape
        found = np.zeros((rows.shape[0], len(shelf.ids)), dtype=np.float32)
        with _libraries().limit(limits=1):
            common = (self.values.T @ self.values).astype(np.float64) + self.strength * np.eye(size)
            tastes = [self._taste(rows[row], common) for row in range(rows.shape[0])]
            for start in range(0, items, CACHED):
                block = self.values[start : start + CACHED]
                for row, taste in enumerate(tastes):
                    if taste is not None:
                        found[row, start : start + len(block)] = block @ taste
        return np.maximum(found, 0.0, out=found)

    def _taste(self, row: sp.csr_matrix, common: NDArray[np.float64]) -> NDArray[np.float32] | None:
        """Solve for the factors of a user; None where nothing is known."""
        chosen = (row.indices < len(self.values)) & (row.data > 0)
        mine, weight = self.values[row.indices[chosen]].astype(np.float64), self.alpha * row.data[chosen]
        if not len(mine):
            return None
        taste = np.linalg.solve(common + (mine.T * (weight - 1.0)) @ mine, mine.T @ weight)
        return np.asarray(taste, dtype=np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is saved."""
        return {"values": self.values, "weights": np.array([self.alpha, self.strength])}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Read what `arrays` returned."""
        alpha, strength = arrays["weights"].tolist()
        return cls(arrays["values"], alpha, strength)


@cache
def _libraries() -> Any:
    """Return the loaded numerical libraries; finding them takes longer than an answer."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def installed() -> bool:
    """Whether the extra `recommend` is there."""
    return find_spec("implicit") is not None
