"""Room tools. In: rows and their seal -> Out: the house's marks on them, and folds of the shape of the seal.

Development rows carry three columns of the house: `_unit` and `_cluster` (salted hashes) and, where the seal is a cut
in time, `_time`. No solution looks at them; they keep folds, also those inside a fit, in the shape of the seal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from grundstein.core.task import Split
from grundstein.tools.sealing import DAY, HOUSE_COLUMNS, clusters, instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from grundstein.core.records import Seal

    Rows = NDArray[np.int64]

FIRST_SHARE = 0.4
MARKS = ("_row", "_unit", "_cluster", "_time")


class Timed(Protocol):
    """What of a task's plan says which rows stay together, and when their truth is known."""

    @property
    def entity(self) -> str:
        """The column of whom a row is about; empty where there is none."""

    @property
    def time(self) -> str:
        """The column of when it was; `_row` where the order of the rows tells."""

    @property
    def horizon_days(self) -> float:
        """How long the truth of a row takes."""


def sealed_parts(
    table: pa.Table, known: NDArray[np.bool_], seal: Seal, entity: str, horizon_days: float
) -> tuple[pa.Table, pa.Table]:
    """Return development and sealed rows with their marks; rows whose truth is not `known` are in neither."""
    rows = marked(table, seal, entity)
    development = rows.filter(pa.array(known & known_rows(table, seal, horizon_days)))
    return development, rows.filter(pa.array(known & sealed_rows(table, seal)))


def split_of(development: pa.Table, asked: pa.Table, hidden: Collection[str], told: Collection[str], how: str) -> Split:
    """Return the split of one table: questions without the columns `hidden`, truth with those `told`."""
    out = {*hidden, *HOUSE_COLUMNS}
    questions = asked.select([name for name in asked.column_names if name not in out])
    truth = asked.select([name for name in (*told, *MARKS) if name in asked.column_names])
    return Split({"rows": development}, questions, {"rows": truth}, how)


def marks_of(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Return the house's marks on some rows, by their names."""
    return {name: rows[name] for name in MARKS if name in rows.column_names}


def marked(table: pa.Table, seal: Seal, entity: str) -> pa.Table:
    """Add `_unit`, `_cluster` and, for a cut in time, `_time`; `entity` is the case's, where the seal has none."""
    entity = seal.entity or entity
    own = unit_hash(table, seal.key, seal.salt)
    cluster = unit_hash(table, [entity], seal.salt) if entity in table.column_names else clusters(table, seal)
    rows = table.append_column("_unit", pa.array(own)).append_column("_cluster", pa.array(cluster))
    return rows.append_column("_time", pa.array(instants(table[seal.time]))) if seal.how == "time" else rows


def with_marks(rows: pa.Table, plan: Timed, seed: int) -> pa.Table:
    """Return rows that carry the house's marks, also where they come from elsewhere."""
    if "_unit" in rows.column_names:
        return rows
    own = pa.array(unit_hash(rows, (), str(seed)))
    cluster = pa.array(unit_hash(rows, [plan.entity], str(seed))) if plan.entity in rows.column_names else own
    rows = rows.append_column("_unit", own).append_column("_cluster", cluster)
    return rows.append_column("_time", pa.array(instants(rows[plan.time]))) if plan.time in rows.column_names else rows


def fold_shape(rows: pa.Table, entity: str) -> str:
    """How folds of these rows are split: "time", "entity" or "random"."""
    return "time" if "_time" in rows.column_names else "entity" if entity in rows.column_names else "random"


def folds_of(
    rows: pa.Table, strata: NDArray[np.float64], plan: Timed, seed: int, count: int
) -> Iterator[tuple[pa.Table, pa.Table, str]]:
    """Yield (rows to fit, rows to ask, how they were split) for each fold; `strata` as in `fold_positions`."""
    rows = with_marks(rows, plan, seed)
    how = fold_shape(rows, plan.entity)
    for fitted, asked in fold_positions(rows, strata, seed, count, horizon_us(plan)):
        yield rows.take(pa.array(fitted)), rows.take(pa.array(asked)), how


def fold_positions(
    rows: pa.Table, strata: NDArray[np.float64], seed: int, count: int, horizon_us: int
) -> list[tuple[Rows, Rows]]:
    """Return (rows to fit, rows to ask) for each fold: forward in time, else by clusters with strata spread evenly.

    `strata` numbers the rows by what is asked; `horizon_us` is how long the truth of a row takes.
    """
    if "_time" in rows.column_names:
        pairs = _forward(np.asarray(rows["_time"]), count, horizon_us)
    else:
        number = _fold_numbers(np.asarray(rows["_cluster"]), strata, seed, count)
        pairs = [(np.flatnonzero(number != fold), np.flatnonzero(number == fold)) for fold in range(count)]
    return [(fit, ask) for fit, ask in pairs if len(fit) and len(ask)]


def horizon_us(plan: Timed) -> int:
    """The horizon in microseconds; none where time is the order of the rows."""
    return 0 if plan.time == "_row" else int(plan.horizon_days * DAY)


def _forward(time: NDArray[np.int64], count: int, horizon: int) -> list[tuple[Rows, Rows]]:
    """Growing windows: fit on what was known before a cut, ask what came until the next; equal times stay together."""
    cuts = np.quantile(time, FIRST_SHARE + (1 - FIRST_SHARE) * np.arange(count) / count, method="inverted_cdf")
    ends = [*cuts[1:], np.iinfo(np.int64).max]
    pairs = zip(cuts, ends, strict=True)
    return [(np.flatnonzero(time <= cut - horizon), np.flatnonzero((time > cut) & (time <= end))) for cut, end in pairs]


def _fold_numbers(cluster: NDArray[np.int64], strata: NDArray[np.float64], seed: int, count: int) -> NDArray[np.int64]:
    """Deal clusters to folds in an order that the seed shuffles, one stratum after the other."""
    names, first, group = np.unique(cluster, return_index=True, return_inverse=True)
    order = np.lexsort((_mixed(names, seed), strata[first]))
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
