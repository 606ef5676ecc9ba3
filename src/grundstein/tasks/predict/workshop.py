"""Room tasks. In: development rows -> Out: Workshop, what every learner needs of them, prepared once a fit.

The encoder looks at no target, so it may see all rows of the fit; everything that looks at the target is tuned on
inner folds of the shape of the seal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from grundstein.tasks.predict.answers import losses
from grundstein.tasks.predict.plan import Problem, feature_names, problem_of, truths
from grundstein.tasks.predict.splitting import fold_positions
from grundstein.tasks.predict.worth import learning_weights
from grundstein.tools.encoding import Encoder
from grundstein.tools.folding import with_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from grundstein.tasks.predict.plan import Plan

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

Setting = TypeVar("Setting", bound=tuple[Any, ...] | float | int)

INNER_FOLDS = 3
MANY_ROWS = 8_000
BLOCKS = 20
REMEMBERED = 40
REMEMBERED_BYTES = 400_000_000


@dataclass(frozen=True)
class Workshop:
    """Rows ready for learners: truths, weights, encoder, inner folds (rows to fit, rows to ask), the seed.

    `blocks` number the rows that share a fate: an entity's, or in time the twentieth part they came in; `squares`: an
    error in a number counts by its square.
    """

    problem: Problem
    rows: pa.Table
    truth: Floats
    weights: Floats
    encoder: Encoder
    folds: tuple[tuple[Rows, Rows], ...]
    blocks: Rows
    seed: int
    squares: bool = False

    @cached_property
    def linear(self) -> Floats:
        """The matrix for linear models."""
        return self.encoder.matrix(self.rows)

    @cached_property
    def trees(self) -> Floats:
        """The matrix for trees."""
        return self.encoder.tree_matrix(self.rows)

    def blank(self) -> Floats:
        """Raw predictions of every row, all NaN, to be filled fold by fold."""
        shape = (len(self.truth), len(self.problem.labels)) if self.problem.kind == "many" else len(self.truth)
        return np.full(shape, np.nan)


@dataclass
class Memory:
    """What one list of candidates has learnt already: their mean asks for the same fits again.

    Keys are digests of the rows' content and the seed, so nothing is taken for what it is not.
    """

    known: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def once(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """Return what is known under the key, or make it; the oldest are forgotten."""
        if key not in self.known:
            self.known[key] = make()
            while len(self.known) > REMEMBERED or self._bytes() > REMEMBERED_BYTES:
                self.known.pop(next(iter(self.known)))
                if len(self.known) <= 1:
                    break
        return self.known[key]

    def _bytes(self) -> int:
        shops = [thing for thing in self.known.values() if isinstance(thing, Workshop)]
        return sum(matrix.nbytes for shop in shops for matrix in vars(shop).values() if isinstance(matrix, np.ndarray))


def workshop(plan: Plan, rows: pa.Table, seed: int, bends: int = 3) -> Workshop:
    """Prepare development rows for learning; `bends` of each number as in `Encoder.fit`.

    Of many rows a third tells as much as settings need: one inner fold, unless time makes the folds unlike.
    """
    rows = with_marks(rows, plan, seed)
    problem = problem_of(plan, rows)
    clock = plan.time if "_time" in rows.column_names else ""
    encoder = Encoder.fit(rows, feature_names(plan, rows), clock, bends)
    weights = learning_weights(plan, rows)
    folds = [(fit, ask) for fit, ask in fold_positions(rows, plan, seed, INNER_FOLDS) if weights[fit].any()]
    if rows.num_rows >= MANY_ROWS and "_time" not in rows.column_names:
        folds = folds[:1]
    return Workshop(
        problem,
        rows,
        truths(problem, plan, rows),
        weights,
        encoder,
        tuple(folds),
        _blocks(rows),
        seed,
        plan.squares,
    )


def _blocks(rows: pa.Table) -> Rows:
    if "_time" not in rows.column_names:
        return np.unique(np.asarray(rows["_cluster"]), return_inverse=True)[1]
    time = np.asarray(rows["_time"])
    return np.searchsorted(np.quantile(time, np.arange(1, BLOCKS) / BLOCKS), time)


def row_losses(shop: Workshop, raw: Floats) -> Floats:
    """Weighted log loss (classes), absolute or squared error (a number) of each row; 0 where there is no prediction."""
    seen = ~np.isnan(raw if raw.ndim == 1 else raw[:, 0])
    lost = np.zeros(len(seen))
    raw, truth, weights = raw[seen], shop.truth[seen], shop.weights[seen]
    if shop.problem.kind == "number":
        gap = np.abs(raw - truth)
        lost[seen] = (gap**2 if shop.squares else gap) * weights
    elif shop.problem.kind == "two":
        lost[seen] = losses(raw, truth > 0) * weights
    else:
        given = raw[np.arange(len(raw)), truth.astype(np.int64)]
        lost[seen] = losses(given, np.ones(len(raw), dtype=np.bool_)) * weights
    return lost


def chosen(shop: Workshop, tried: Mapping[Setting, Floats], usual: Setting) -> Setting:
    """Return the usual setting, unless another lost less on inner folds by over one standard error.

    `tried` maps each setting to its raw predictions out of inner folds. What the rows cannot tell stays as it is; rows
    that share a fate count as one.
    """
    lost = {setting: row_losses(shop, raw) for setting, raw in tried.items()}
    best = min(tried, key=lambda setting: float(lost[setting].sum()))
    gained = np.bincount(shop.blocks, lost[usual] - lost[best])
    error = float(np.sqrt(np.sum((gained - gained.mean()) ** 2)))
    return best if float(gained.sum()) > error else usual


def fingerprint(rows: pa.Table) -> str:
    """Digest of a table's content."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()
