"""Room tasks. In: rows and their seal -> Out: the sealed split, and folds of the development part of the same shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.tasks.predict.plan import known_truth, problem_of, truths
from grundstein.tools import folding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Split
    from grundstein.tasks.predict.plan import Plan

    Rows = NDArray[np.int64]

FOLDS = 5


def seal_rows(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split a table by its seal. Rows whose target is unknown are on neither side: nothing can be learnt or judged."""
    known = known_truth(plan, data["rows"])
    development, sealed = folding.sealed_parts(data["rows"], known, seal, plan.entity, plan.horizon_days)
    return _split(development, sealed, plan, seal.how)


def fold_rows(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield five splits of the development part: forward in time, or by clusters with each class spread evenly."""
    rows = folding.with_marks(development["rows"], plan, seed)
    how = folding.fold_shape(rows, plan.entity)
    for fitted, asked in fold_positions(rows, plan, seed, FOLDS):
        yield _split(rows.take(pa.array(fitted)), rows.take(pa.array(asked)), plan, how)


def fold_positions(rows: pa.Table, plan: Plan, seed: int, count: int) -> list[tuple[Rows, Rows]]:
    """Return (rows to fit, rows to ask) for each fold; a fold that could not be fitted is left out."""
    problem = problem_of(plan, rows)
    truth = truths(problem, plan, rows)
    strata = truth
    if problem.kind == "number":
        strata = np.searchsorted(np.quantile(truth, np.arange(1, 10) / 10), truth).astype(np.float64)
    pairs = folding.fold_positions(rows, strata, seed, count, folding.horizon_us(plan))
    return [(fit, ask) for fit, ask in pairs if len(np.unique(truth[fit])) > 1]


def _split(development: pa.Table, asked: pa.Table, plan: Plan, how: str) -> Split:
    hidden = {plan.target, plan.acted_column, *plan.ignore}
    return folding.split_of(development, asked, hidden, [plan.target, plan.acted_column], how)
