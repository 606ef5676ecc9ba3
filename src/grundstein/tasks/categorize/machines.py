"""Room tasks. In: a sparse matrix and categories -> Out: Machine, linear margins and the slope to probabilities.

Few categories: one linear SVM each (Fan et al. 2008), to which naive Bayes adds a little, as both are linear (compare
Wang & Manning 2012). Many categories on many rows: ridge regressions on all of them at once by conjugate gradients
(Hestenes & Stiefel 1952), each distinct row once, weighed by the logarithm of its number.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    import scipy.sparse as sp
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Floats32 = NDArray[np.float32]
    Rows = NDArray[np.int64]

UNSEEN = -1.5
CLOSE, ROUGH = 0.3, 1.0
WORK = 1_000_000_000
RIDGE, STEPS = 30.0, 12
PRIOR = 0.01


@dataclass(frozen=True, eq=False)
class Machine:
    """Margins are matrix x weights + offsets; `slope` turns them into log odds. Weights: float32 (columns, labels)."""

    weights: Floats32
    offsets: Floats32
    slope: float = 1.0

    def shares(self, matrix: sp.csr_matrix) -> Floats:
        """Return probabilities of shape (rows, labels)."""
        return softmax(self.slope * self.margins(matrix))

    def margins(self, matrix: sp.csr_matrix) -> Floats:
        """Return margins of shape (rows, labels); `matrix` is float32."""
        return np.asarray(matrix @ self.weights, dtype=np.float64) + self.offsets

    def leaning(self, counted: Floats32, much: float) -> Machine:
        """Add so much of naive Bayes' weights; each term's stay side by side, else every single answer copies all."""
        if not much:
            return self
        return replace(self, weights=np.ascontiguousarray(self.weights + np.float32(much) * counted))


def is_large(matrix: sp.csr_matrix, count: int) -> bool:
    """Whether so many rows and categories are learnt by regression, all at once."""
    return bool(matrix.nnz * count > WORK)


def fitted(matrix: sp.csr_matrix, truth: Rows, count: int, close: float = CLOSE) -> Machine:
    """Fit a machine on rows and the places of their categories; one that no row has stays below all others."""
    if is_large(matrix, count):
        return _regressed(matrix, truth, count)
    return _separated(matrix, truth, count, close)


def counted(matrix: sp.csr_matrix, truth: Rows, count: int) -> Floats32:
    """Return naive Bayes' weights of shape (columns, labels): log frequency of a term in a category, less its mean.

    A category that no row has weighs nothing.
    """
    from scipy import sparse

    ones = np.ones(len(truth), dtype=np.float32)
    chosen = sparse.csr_matrix((ones, (np.arange(len(truth)), truth)), shape=(len(truth), count))
    found = (matrix.astype(np.float32).T @ chosen).toarray() + np.float32(PRIOR)
    total = found.sum(axis=0)
    found = np.log(found, out=found) - np.log(total)
    seen = np.bincount(truth, minlength=count) > 0
    return np.where(seen, found - found[:, seen].mean(axis=1, keepdims=True), np.float32(0.0))


def _separated(matrix: sp.csr_matrix, truth: Rows, count: int, close: float) -> Machine:
    from sklearn.svm import LinearSVC

    weights = np.zeros((matrix.shape[1], count), dtype=np.float32)
    offsets = np.full(count, UNSEEN, dtype=np.float32)
    seen = np.unique(truth)
    if len(seen) == 1:
        offsets[seen] = 1.0
        return Machine(weights, offsets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine that has not converged is judged like any other
        made = LinearSVC(tol=close, random_state=0).fit(matrix, truth)
    coef, intercept = made.coef_, made.intercept_
    if len(seen) == 2:
        coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
    weights[:, seen], offsets[seen] = coef.T, intercept
    return Machine(weights, offsets)


def _regressed(matrix: sp.csr_matrix, truth: Rows, count: int) -> Machine:
    from scipy import sparse

    first, same = _distinct(matrix)
    chosen = sparse.csr_matrix((np.ones(len(truth)), (same, truth)), shape=(len(first), count)).toarray()
    often = chosen.sum(axis=1, keepdims=True)
    shares = (chosen / often).astype(np.float32)
    weight = np.sqrt(1 + np.log(often)).astype(np.float32)
    overall = shares.mean(axis=0)
    A = sparse.diags(weight.ravel()).dot(matrix[first].astype(np.float32)).tocsr()
    return Machine(_solved(A, (shares - overall) * weight), overall)


def _solved(A: sp.csr_matrix, B: Floats32) -> Floats32:
    """Minimise |A W - B|^2 + ridge |W|^2, every column of B by conjugate gradients of its own."""
    turned = A.T.tocsr()
    left = turned @ B
    found, way = np.zeros_like(left), left.copy()
    size = (left * left).sum(axis=0)
    for _ in range(STEPS):
        pushed = turned @ (A @ way) + np.float32(RIDGE) * way
        step = size / np.maximum((way * pushed).sum(axis=0), 1e-12)
        found += step * way
        left -= step * pushed
        after = (left * left).sum(axis=0)
        way = left + after / np.maximum(size, 1e-30) * way
        size = after
    return found


def _distinct(matrix: sp.csr_matrix) -> tuple[Rows, Rows]:
    """The first of each set of equal rows, and to which set each row belongs."""
    known: dict[bytes, int] = {}
    first: list[int] = []
    same = np.empty(matrix.shape[0], dtype=np.int64)
    for row, (start, end) in enumerate(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)):
        place = known.setdefault(matrix.indices[start:end].tobytes() + matrix.data[start:end].tobytes(), len(known))
        if place == len(first):
            first.append(row)
        same[row] = place
    return np.array(first, dtype=np.int64), same


def log_losses(shares: Floats, truth: Rows) -> Floats:
    """Log loss of each row, a probability not below 1e-9: what is sure and wrong must cost."""
    return -np.log(np.clip(shares[np.arange(len(truth)), truth], 1e-9, 1.0))
