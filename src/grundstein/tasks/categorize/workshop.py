"""Room tasks. In: development rows -> Out: Shop, what all candidates learn from, and the linear model of texts in it.

Margins become probabilities by one slope, chosen on a third of the rows, which a machine of the others does not know;
so is how much naive Bayes adds to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from grundstein.core.errors import Refused
from grundstein.tasks.categorize.machines import ROUGH, Machine, counted, fitted, is_large, log_losses
from grundstein.tasks.categorize.reading import Reader
from grundstein.tasks.categorize.splitting import FOLDS, fold_positions, labels_of
from grundstein.tools.folding import with_marks
from grundstein.tools.softmax import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

T = TypeVar("T")

INNER_FOLDS = 3
PART = 2_048
SLOPES = (0.25, 60.0)
LEANS = (0.0, 0.025, 0.05, 0.1, 0.2)


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
            trial, lean = self._trial(matrix)
            whole = fitted(matrix, self.truth, len(self.labels))
            if lean:
                whole = whole.leaning(counted(matrix, self.truth, len(self.labels)), lean)
            outside = trial.shares(matrix[self.inner[1]].astype(np.float32))
            return reader, replace(whole, slope=trial.slope), outside

    def _trial(self, matrix: sp.csr_matrix) -> tuple[Machine, float]:
        """A machine of the rows that the inner fold fits, and how much of naive Bayes is in it."""
        fit, ask = self.inner
        known, asked, truth, count = matrix[fit], matrix[ask].astype(np.float32), self.truth[ask], len(self.labels)
        machine = fitted(known, self.truth[fit], count, ROUGH)
        margins = machine.margins(asked)
        if is_large(matrix, count):
            return replace(machine, slope=_slope(margins, truth)[0]), 0.0
        simple = counted(known, self.truth[fit], count)
        others = np.asarray(asked @ simple, dtype=np.float64)
        found = {lean: _slope(margins + lean * others, truth) for lean in LEANS}
        lean = min(found, key=lambda one: found[one][1])
        return replace(machine.leaning(simple, lean), slope=found[lean][0]), lean


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


def _slope(margins: Floats, truth: Rows) -> tuple[float, float]:
    """The slope of the least log loss, and that loss."""
    from scipy.optimize import minimize_scalar

    def lost(logarithm: Any) -> float:
        return float(log_losses(softmax(float(np.exp(logarithm)) * margins), truth).mean())

    found = minimize_scalar(lost, bounds=tuple(np.log(SLOPES)), method="bounded", options={"xatol": 0.02})
    return float(np.exp(found.x)), float(found.fun)
