"""Room tasks. In: what users chose, users x items -> Out: EASE, the closed-form linear model, by the smaller shape.

EASE (Steck 2019): W = I - P / diag(P) with P = (X'X + lambda I)^-1. With fewer users than items the same P is
(I - X'(X X' + lambda I)^-1 X) / lambda, so that only users x users is inverted. Memory: the smaller shape squared,
4 bytes each, and one block of columns; the inverse takes the place of the matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from grundstein.tasks.recommend.likeness import BLOCK, nearest_only, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LARGEST = 20_000
EXACT = 4_000
WORK = 2e12


def fits(matrix: sp.csr_matrix) -> bool:
    """Whether the matrix to invert fits: at most 20,000 users or 20,000 items (1.6 GB)."""
    return min(_active(matrix).shape) <= LARGEST


def affordable(matrix: sp.csr_matrix) -> int:
    """How many fits take a few minutes: one from 12,000 users and items on, sixteen at 5,000."""
    return max(int(WORK // max(min(_active(matrix).shape), 1) ** 3), 1)


def ease(matrix: sp.csr_matrix, strength: float, kept: int) -> sp.csr_matrix:
    """Return W (items x items, diagonal 0), the `kept` weights of greatest size for each target.

    ValueError where neither users nor items are few enough.
    """
    active = _active(matrix)
    if not fits(matrix):
        raise ValueError(
            f"EASE needs at most {LARGEST:,} users or items, not {active.shape[0]:,} x {active.shape[1]:,}"
        )
    if min(active.shape) == 0:
        return sp.csr_matrix((matrix.shape[1], matrix.shape[1]), dtype=np.float32)
    inverse = _dual if active.shape[0] < active.shape[1] else _primal
    return turned(list(_targets(active.shape[1], inverse(active, strength), kept)), matrix.shape[1])


def _active(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return matrix[np.diff(matrix.indptr) > 0]


def _targets(items: int, columns: Callable[[int, int], NDArray[np.floating]], kept: int) -> Iterator[sp.csr_matrix]:
    """Turn blocks of P's columns (as rows) into weights: -P(i, j) / P(j, j), nothing from an item to itself."""
    for start in range(0, items, BLOCK):
        block = columns(start, min(start + BLOCK, items))
        places = np.arange(block.shape[0])
        own = block[places, start + places].copy()
        block = -block / own[:, None]
        block[places, start + places] = 0.0
        if kept < items:
            size = np.abs(block)
            floor = np.partition(size, items - kept, axis=1)[:, items - kept]
            block[size < floor[:, None]] = 0.0
        yield nearest_only(sp.csr_matrix(block), kept)


def _primal(matrix: sp.csr_matrix, strength: float) -> Callable[[int, int], NDArray[np.floating]]:
    inverse = inverted(matrix.T.tocsr(), strength)

    def columns(start: int, end: int) -> NDArray[np.floating]:
        return inverse[start:end].copy()

    return columns


def _dual(matrix: sp.csr_matrix, strength: float) -> Callable[[int, int], NDArray[np.floating]]:
    inverse = inverted(matrix, strength)
    by_item, kind = matrix.T.tocsr().astype(inverse.dtype), inverse.dtype

    def columns(start: int, end: int) -> NDArray[np.floating]:
        spread = by_item[start:end] @ inverse
        block: NDArray[np.floating] = -(by_item @ np.ascontiguousarray(spread.T)).T / kind.type(strength)
        places = np.arange(end - start)
        block[places, start + places] += kind.type(1.0 / strength)
        return np.ascontiguousarray(block)

    return columns


def inverted(rows: sp.csr_matrix, strength: float) -> NDArray[np.floating]:
    """Return (R R' + strength I)^-1 of sparse rows R: Cholesky in place, float32 where the matrix is large."""
    from scipy.linalg import lapack
    from threadpoolctl import threadpool_limits

    size = rows.shape[0]
    kind = np.float64 if size <= EXACT else np.float32
    square, columns = np.empty((size, size), dtype=kind), rows.T.tocsr().astype(kind)
    for start in range(0, size, BLOCK):
        square[start : start + BLOCK] = (rows[start : start + BLOCK].astype(kind) @ columns).toarray()
    square[np.diag_indices(size)] += kind(strength)
    factor, invert = (lapack.dpotrf, lapack.dpotri) if kind is np.float64 else (lapack.spotrf, lapack.spotri)
    with threadpool_limits(1):
        found, failed = factor(square.T, lower=1, overwrite_a=1)
        found, wrong = (found, failed) if failed else invert(found, lower=1, overwrite_c=1)
    if failed or wrong:
        raise ValueError("EASE: the matrix cannot be inverted")
    whole: NDArray[np.floating] = found.T
    for start in range(0, size, BLOCK):
        end = min(start + BLOCK, size)
        corner = whole[start:end, start:end]
        whole[start:end, start:end] = np.triu(corner) + np.triu(corner, 1).T
        whole[end:, start:end] = whole[start:end, end:].T
    return whole
