"""Room tasks. In: what users chose, users x items -> Out: how much having chosen one item speaks for another.

All three ways end in one sparse matrix W (items x items): a row of a history times W scores every item. Single
precision, one thread, the same work gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

BLOCK = 512


def cosine(matrix: sp.csr_matrix, neighbours: int, shrink: float, itself: bool = False) -> sp.csr_matrix:
    """Return W of item-kNN (Sarwar et al. 2001): dot(i, j) / (|i| |j| + shrink), the likest `neighbours` of each j.

    `itself`: an item speaks for itself too, for users who come back to what they know.
    """
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())

    def weigh(block: sp.coo_matrix, start: int) -> NDArray[np.float64]:
        targets = block.row + start
        divisor = norms[targets] * norms[block.col] + shrink
        values = np.divide(block.data, divisor, out=np.zeros(len(divisor)), where=divisor > 0)
        return values if itself else np.where(targets != block.col, values, 0.0)

    return _by_target(matrix.T.tocsr(), matrix, neighbours, weigh)


def walk(matrix: sp.csr_matrix, neighbours: int, alpha: float, beta: float) -> sp.csr_matrix:
    """Return W of RP3beta (Paudel et al. 2016): the chance to walk item, user, item; popular ends count less.

    W(i, j) = sum over users of p(user | i)^alpha p(j | user)^alpha / |j|^beta, the `neighbours` likeliest i of each j.
    """
    binary = matrix.copy()
    binary.data = (binary.data > 0).astype(np.float64)
    binary.eliminate_zeros()
    popular = np.asarray(binary.sum(axis=0)).ravel()
    to_item = binary.copy()
    to_item.data = (1.0 / np.repeat(np.diff(binary.indptr), np.diff(binary.indptr))) ** alpha
    to_user = binary.copy()
    to_user.data = (1.0 / popular[binary.indices]) ** alpha
    punished = np.where(popular > 0, popular, 1.0) ** -beta

    def weigh(block: sp.coo_matrix, start: int) -> NDArray[np.float64]:
        targets = block.row + start
        return np.where(targets != block.col, block.data * punished[targets], 0.0)

    return _by_target(to_item.T.tocsr(), to_user, neighbours, weigh)


def _by_target(
    targets: sp.csr_matrix,
    sources: sp.csr_matrix,
    neighbours: int,
    weigh: Callable[[sp.coo_matrix, int], NDArray[np.float64]],
) -> sp.csr_matrix:
    """Multiply `targets` (items x users) and `sources` (users x items) by blocks, keep the greatest of each target."""

    def blocks() -> Iterator[sp.csr_matrix]:
        for start in range(0, targets.shape[0], BLOCK):
            block = (targets[start : start + BLOCK] @ sources).tocoo()
            values = weigh(block, start)
            keep = values > 0
            kept = (values[keep], (block.row[keep], block.col[keep]))
            yield nearest_only(sp.coo_matrix(kept, shape=block.shape).tocsr(), neighbours)

    return turned(list(blocks()), targets.shape[0])


def turned(blocks: list[sp.csr_matrix], items: int) -> sp.csr_matrix:
    """Put rows of targets together and turn them: a row of the result is what speaks from one item."""
    whole = sp.vstack(blocks, format="csr") if blocks else sp.csr_matrix((items, items))
    found = whole.T.tocsr().astype(np.float32)
    found.sort_indices()
    return found


def nearest_only(matrix: sp.csr_matrix, neighbours: int) -> sp.csr_matrix:
    """Keep the values of greatest size of each row; of equal ones those of lower columns."""
    matrix.sort_indices()
    keep = np.ones(len(matrix.data), dtype=bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > neighbours):
        start, end = matrix.indptr[row], matrix.indptr[row + 1]
        size = np.abs(matrix.data[start:end])
        floor = np.partition(size, len(size) - neighbours)[len(size) - neighbours]
        equal = np.flatnonzero(size == floor)[neighbours - int((size > floor).sum()) :]
        kept = size >= floor
        kept[equal] = False
        keep[start:end] = kept
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    kept_values = (matrix.data[keep], (rows[keep], matrix.indices[keep]))
    return sp.coo_matrix(kept_values, shape=matrix.shape).tocsr()
