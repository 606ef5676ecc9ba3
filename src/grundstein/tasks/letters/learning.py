"""Room tasks. In: sentences, the grammar's readings and true grades -> Out: Learnt, a ridge on what the grammar misses.

The true grade less the grammar's is regressed on the grammar's own features and on words and pieces of words; with a
strong penalty the answer is the grammar's. The penalty is chosen on inner folds of the shape of the seal (the largest
that is not clearly worse): few rows leave the grammar as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.core.errors import Refused
from grundstein.tasks.letters.splitting import BEST, WORST, fold_positions, grades_of
from grundstein.tools.columns import as_texts
from grundstein.tools.folding import with_marks
from grundstein.tools.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.tasks.letters.grading import Reading
    from grundstein.tasks.letters.options import Plan

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

DENSE = 2_000
PENALTIES = (100.0, 30.0, 10.0, 3.0, 1.0, 0.3)
INNER = 4
FEWEST = 20
USUAL_SPREAD = 0.8


@dataclass(frozen=True, eq=False)
class Learnt:
    """Weights of the features and of the terms; `offset` in grades. `spread` holds 8 of 10 errors in development."""

    terms: Terms
    weights: Floats
    offset: float
    spread: float

    def grades(self, found: Sequence[Reading], own: Floats, texts: Sequence[str]) -> Floats:
        """The grammar's grade and the correction, from 1 to 6; each row by itself."""
        base = np.array([one.grade for one in found], dtype=np.float64)
        moved = np.asarray(_joined(own, self.terms.matrix(texts)) @ self.weights, dtype=np.float64)
        return np.clip(base + self.offset + moved, BEST, WORST)

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return {"offset": self.offset, "spread": self.spread}

    def save(self, folder: Path) -> None:
        """Write the terms and the weights."""
        self.terms.save(folder / "terms.npz")
        np.savez_compressed(folder / "weights.npz", weights=self.weights)

    @classmethod
    def load(cls, folder: Path, plain: Mapping[str, Any]) -> Self:
        """Read what `save` wrote."""
        with np.load(folder / "weights.npz", allow_pickle=False) as kept:
            weights = kept["weights"]
        return cls(Terms.load(folder / "terms.npz"), weights, plain["offset"], plain["spread"])


def features(found: Sequence[Reading]) -> Floats:
    """What the grammar says beside its grade: the kind of rule, the width of the range, how many words spoke."""
    rules = ("composed", "tried", "denied", "several", "no_complaint", "")
    flags = [[float(one.rule == rule) for rule in rules] for one in found]
    rest = [[(one.grade - 3.0) / 3.0, (one.high - one.low) / 6.0, min(len(one.words), 8) / 8.0] for one in found]
    return np.hstack([np.reshape(flags, (len(found), len(rules))), np.reshape(rest, (len(found), 3))])


def learn(plan: Plan, rows: pa.Table, found: Sequence[Reading], seed: int) -> Learnt:
    """Learn the correction; Refused with too few graded sentences."""
    from threadpoolctl import threadpool_limits

    if rows.num_rows < FEWEST:
        raise Refused(f"{rows.num_rows} graded sentences are too few", f"{FEWEST} and more", "bring more")
    rows = with_marks(rows, plan, seed)
    terms, matrix = Terms.fit([text or "" for text in as_texts(rows, plan.text).to_pylist()])
    missed = grades_of(rows, plan) - np.array([one.grade for one in found])
    with threadpool_limits(limits=1):
        ridge = Ridge.of(_joined(features(found), matrix))
        errors = _errors(ridge, missed, fold_positions(rows, plan, seed, INNER))
        penalty = _cautious(errors)
        weights, offset = ridge.fitted(np.arange(len(missed)), missed, penalty)
    spread = float(np.quantile(errors[penalty], 0.8)) if len(errors[penalty]) else USUAL_SPREAD
    return Learnt(terms, weights, offset, spread)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Ridge regression on sparse rows; `gram` (rows x rows) where there are few of them, else None."""

    matrix: sp.csr_matrix
    gram: Floats | None

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> Self:
        """Prepare for many fits on parts of the rows."""
        return cls(matrix, (matrix @ matrix.T).toarray() if matrix.shape[0] <= DENSE else None)

    def fitted(self, rows: Rows, target: Floats, penalty: float) -> tuple[Floats, float]:
        """Weights and offset of some rows; the offset, their middle, is not shrunk."""
        offset = float(np.median(target))
        rest = target - offset
        if self.gram is None:
            from sklearn.linear_model import Ridge as Solver

            solver = Solver(alpha=penalty, fit_intercept=False, solver="sparse_cg", tol=1e-8)
            return np.asarray(solver.fit(self.matrix[rows], rest).coef_, dtype=np.float64), offset
        held = self.gram[np.ix_(rows, rows)]
        held[np.diag_indices_from(held)] += penalty
        return np.asarray(self.matrix[rows].T @ np.linalg.solve(held, rest)), offset


def _errors(ridge: Ridge, missed: Floats, folds: Sequence[tuple[Rows, Rows]]) -> dict[float, Floats]:
    """How far off each asked row of the inner folds was, by penalty."""
    found: dict[float, list[Floats]] = {penalty: [np.zeros(0)] for penalty in PENALTIES}
    for penalty in PENALTIES:
        for fit, ask in folds:
            weights, offset = ridge.fitted(fit, missed[fit], penalty)
            found[penalty].append(np.abs(missed[ask] - offset - ridge.matrix[ask] @ weights))
    return {penalty: np.concatenate(each) for penalty, each in found.items()}


def _cautious(errors: Mapping[float, Floats]) -> float:
    """The strongest penalty whose mean error is within one standard error of the best; the strongest without folds."""
    told = {penalty: each for penalty, each in errors.items() if len(each)}
    if not told:
        return max(errors)
    best = min(told, key=lambda penalty: float(told[penalty].mean()))
    limit = told[best].mean() + told[best].std() / np.sqrt(len(told[best]))
    return max(penalty for penalty, each in told.items() if each.mean() <= limit)


def _joined(own: Floats, matrix: sp.csr_matrix) -> sp.csr_matrix:
    from scipy import sparse

    return sparse.hstack((sparse.csr_matrix(own), matrix), format="csr")
