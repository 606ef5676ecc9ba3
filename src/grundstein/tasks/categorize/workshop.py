"""Room tasks. In: development rows -> Out: Shop, what all candidates learn from, and the linear model of texts in it.

Margins become probabilities by one slope, chosen on a third of the rows, which a machine of the others does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from grundstein.core.errors import Refused
from grundstein.tasks.categorize.machines import ROUGH, Machine, fitted, log_losses
from grundstein.tasks.categorize.reading import Reader
from grundstein.tasks.categorize.splitting import FOLDS, fold_positions, labels_of, with_marks
from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

T = TypeVar("T")

INNER_FOLDS = 3
PART = 2_048
SLOPES = (0.25, 60.0)


@dataclass(frozen=True, eq=False)
class Shop:
    """Development rows, their categories as places in `labels`, and inner folds: rows to fit, rows to ask."""

    plan: Plan
    rows: pa.Table
    labels: tuple[str, ...]
    truth: Rows
    folds: tuple[tuple[Rows, Rows], ...]

    @property
    def inner(self) -> tuple[Rows, Rows]:
        """The one fold that texts are tried on."""
        return self.folds[-1]

    @cached_property
    def learnt(self) -> tuple[Reader, Machine, Floats]:
        """The reader, the machine of all rows, and the probabilities of the inner fold's asked rows."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            reader, matrix = Reader.fit(self.plan, self.rows)
            if not matrix.nnz:
                raise ValueError("no text and no column carries anything")
            fit, ask = self.inner
            trial = fitted(matrix[fit], self.truth[fit], len(self.labels), ROUGH)
            asked = matrix[ask].astype(np.float32)
            slope = _slope(trial.margins(asked), self.truth[ask])
            outside = replace(trial, slope=slope).shares(asked)
            whole = fitted(matrix, self.truth, len(self.labels))
            return reader, replace(whole, slope=slope), outside


@dataclass
class Shops:
    """What one list of candidates has prepared already, by the very table and seed."""

    known: list[tuple[pa.Table, int, Shop]] = field(default_factory=list)

    def of(self, plan: Plan, rows: pa.Table, seed: int) -> Shop:
        """Return the shop of these rows; those of all folds and of the whole are kept."""
        for table, number, shop in self.known:
            if table is rows and number == seed:
                return shop
        made = shop_of(plan, rows, seed)
        self.known = [*self.known[-FOLDS:], (rows, seed, made)]
        return made


def shop_of(plan: Plan, rows: pa.Table, seed: int) -> Shop:
    """Prepare development rows; Refused where there is one category only."""
    marked = with_marks(rows, plan, seed)
    names, truth = np.unique(np.array(labels_of(marked, plan).to_pylist(), dtype=str), return_inverse=True)
    if len(names) < 2:
        told = f'"{names[0]}" in every row' if len(names) else "empty everywhere"
        raise Refused(f'"{plan.target}" is {told}', "at least two categories", "bring rows of others")
    folds = fold_positions(marked, plan, seed, INNER_FOLDS)
    every = np.arange(len(truth))
    return Shop(plan, marked, tuple(map(str, names)), truth.astype(np.int64), tuple(folds or [(every, every)]))


def parts(count: int, work: Callable[[slice], T]) -> Iterator[T]:
    """Yield what `work` makes of each 2,048 rows."""
    for start in range(0, count, PART):
        yield work(slice(start, min(start + PART, count)))


def _slope(margins: Floats, truth: Rows) -> float:
    from scipy.optimize import minimize_scalar

    def lost(logarithm: Any) -> float:
        return float(log_losses(softmax(float(np.exp(logarithm)) * margins), truth).mean())

    found = minimize_scalar(lost, bounds=tuple(np.log(SLOPES)), method="bounded", options={"xatol": 0.02})
    return float(np.exp(found.x))
