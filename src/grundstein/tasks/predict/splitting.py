"""Room tasks. In: rows and their seal -> Out: the sealed split, and folds of the development part of the same shape.

Development rows carry three columns of the house: `_unit` and `_cluster` (salted hashes) and, where the seal is a cut
in time, `_time`. No solution looks at them; they keep folds, also those inside a fit, in the shape of the seal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.task import Split
from grundstein.tasks.predict.plan import known_truth, problem_of, truths
from grundstein.tools.sealing import HOUSE_COLUMNS, clusters, instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from grundstein.core.records import Seal
    from grundstein.core.task import Data
    from grundstein.tasks.predict.plan import Plan

    Rows = NDArray[np.int64]

FOLDS = 5
FIRST_SHARE = 0.4
DAY = 86_400_000_000


def seal_rows(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split a table by its seal. Rows whose target is unknown are on neither side: nothing can be learnt or judged."""
    table = data["rows"]
    rows = marked(table, plan, seal)
    known = known_truth(plan, table)
    development = rows.filter(pa.array(known & known_rows(table, seal, plan.horizon_days)))
    sealed = rows.filter(pa.array(known & sealed_rows(table, seal)))
    return _split(development, sealed, plan, seal.how)


def marked(table: pa.Table, plan: Plan, seal: Seal) -> pa.Table:
    """Add `_unit`, `_cluster` and, for a cut in time, `_time`."""
    entity = seal.entity or plan.entity
    own = unit_hash(table, seal.key, seal.salt)
    cluster = unit_hash(table, [entity], seal.salt) if entity in table.column_names else clusters(table, seal)
    rows = table.append_column("_unit", pa.array(own)).append_column("_cluster", pa.array(cluster))
    return rows.append_column("_time", pa.array(instants(table[seal.time]))) if seal.how == "time" else rows


def fold_rows(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield five splits of the development part: forward in time, or by clusters with each class spread evenly."""
    rows = with_marks(development["rows"], plan, seed)
    how = "time" if "_time" in rows.column_names else "entity" if plan.entity in rows.column_names else "random"
    for fitted, asked in fold_positions(rows, plan, seed, FOLDS):
        yield _split(rows.take(pa.array(fitted)), rows.take(pa.array(asked)), plan, how)


def with_marks(rows: pa.Table, plan: Plan, seed: int) -> pa.Table:
    """Return rows that carry the house's marks, also where they come from elsewhere."""
    if "_unit" in rows.column_names:
        return rows
    own = pa.array(unit_hash(rows, (), str(seed)))
    entity = plan.entity in rows.column_names
    cluster = pa.array(unit_hash(rows, [plan.entity], str(seed))) if entity else own
    rows = rows.append_column("_unit", own).append_column("_cluster", cluster)
    return rows.append_column("_time", pa.array(instants(rows[plan.time]))) if plan.time in rows.column_names else rows


def fold_positions(rows: pa.Table, plan: Plan, seed: int, count: int) -> list[tuple[Rows, Rows]]:
    """Return (rows to fit, rows to ask) for each fold; a fold that could not be fitted is left out."""
    if "_time" in rows.column_names:
        horizon = 0 if plan.time == "_row" else int(plan.horizon_days * DAY)
        pairs = _forward(np.asarray(rows["_time"]), count, horizon)
    else:
        number = _fold_numbers(rows, plan, seed, count)
        pairs = [(np.flatnonzero(number != fold), np.flatnonzero(number == fold)) for fold in range(count)]
    truth = truths(problem_of(plan, rows), plan, rows)
    return [(fit, ask) for fit, ask in pairs if len(ask) and len(np.unique(truth[fit])) > 1]


def _forward(time: NDArray[np.int64], count: int, horizon: int) -> list[tuple[Rows, Rows]]:
    """Growing windows: fit on what was known before a cut, ask what came until the next; equal times stay together."""
    cuts = np.quantile(time, FIRST_SHARE + (1 - FIRST_SHARE) * np.arange(count) / count, method="inverted_cdf")
    ends = [*cuts[1:], np.iinfo(np.int64).max]
    pairs = zip(cuts, ends, strict=True)
    return [(np.flatnonzero(time <= cut - horizon), np.flatnonzero((time > cut) & (time <= end))) for cut, end in pairs]


def _fold_numbers(rows: pa.Table, plan: Plan, seed: int, count: int) -> NDArray[np.int64]:
    """Deal clusters to folds in an order that the seed shuffles, one label (or tenth of a number) after the other."""
    problem = problem_of(plan, rows)
    truth = truths(problem, plan, rows)
    if problem.kind == "number":
        truth = np.searchsorted(np.quantile(truth, np.arange(1, 10) / 10), truth).astype(np.float64)
    names, first, group = np.unique(np.asarray(rows["_cluster"]), return_index=True, return_inverse=True)
    shuffled = _mixed(names, seed)
    order = np.lexsort((shuffled, truth[first]))
    fold_of = np.empty(len(names), dtype=np.int64)
    fold_of[order] = np.arange(len(names)) % count
    return fold_of[group]


def _mixed(names: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Mix hashes with a seed (the finaliser of splitmix64), so that every seed deals anew."""
    with np.errstate(over="ignore"):
        mixed = names.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15 + 1) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _split(development: pa.Table, asked: pa.Table, plan: Plan, how: str) -> Split:
    hidden = {plan.target, plan.acted_column, *plan.ignore, *HOUSE_COLUMNS}
    questions = asked.select([name for name in asked.column_names if name not in hidden])
    kept = [plan.target, plan.acted_column, "_row", "_unit", "_cluster", "_time"]
    truth = asked.select([name for name in kept if name in asked.column_names])
    return Split({"rows": development}, questions, {"rows": truth}, how)
