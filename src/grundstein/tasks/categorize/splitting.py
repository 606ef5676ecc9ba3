"""Room tasks. In: rows and their seal -> Out: the sealed split, folds of its shape, and categories as texts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.categorize.agreement import completed, is_labels, outside
from grundstein.tools import folding
from grundstein.tools.columns import as_texts
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Split
    from grundstein.tasks.categorize.options import Plan

    Rows = NDArray[np.int64]

FOLDS = 3


def seal_rows(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split a table by its seal. Rows without a category, also by people's labels, are on neither side.

    Development has people's labels of all that is not sealed under `labels`, which no solution reads.
    """
    rows, choices = data["rows"], data.get("choices")
    labels = choices if choices is not None and is_labels(choices) else None
    rows = rows if labels is None else completed(rows, labels, plan.target)
    known = np.asarray(pc.is_valid(labels_of(rows, plan)), dtype=np.bool_)
    development, sealed = folding.sealed_parts(rows, known, seal, plan.entity, plan.horizon_days)
    split = _split(development, sealed, plan, seal.how, data)
    if labels is None:
        return split
    return replace(split, development={**split.development, "labels": outside(labels, sealed, plan.target)})


def fold_rows(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield three splits of the development part: forward in time, or by clusters with each category spread evenly."""
    rows = development["rows"]
    for fitted, asked, how in folding.folds_of(rows, _strata(rows, plan), plan, seed, FOLDS):
        yield _split(fitted, asked, plan, how, development)


def fold_positions(rows: pa.Table, plan: Plan, seed: int, count: int) -> list[tuple[Rows, Rows]]:
    """Return (rows to fit, rows to ask) for each fold."""
    return folding.fold_positions(rows, _strata(rows, plan), seed, count, folding.horizon_us(plan))


def labels_of(rows: pa.Table, plan: Plan) -> pa.ChunkedArray:
    """The categories as texts; Refused with the nearest name where there is no such column."""
    if plan.target not in rows.column_names:
        names = [name for name in rows.column_names if name not in HOUSE_COLUMNS]
        raise Refused(f'there is no column "{plan.target}"', nearest(plan.target, names), "correct `target`")
    return as_texts(rows, plan.target)


def _strata(rows: pa.Table, plan: Plan) -> NDArray[np.float64]:
    labels = np.array(labels_of(rows, plan).to_pylist(), dtype=str)
    return np.unique(labels, return_inverse=True)[1].astype(np.float64)


def _split(development: pa.Table, asked: pa.Table, plan: Plan, how: str, data: Data) -> Split:
    split = folding.split_of(development, asked, {plan.target, *plan.ignore}, [plan.target], how)
    others = {role: table if role == "categories" else table.slice(0, 0) for role, table in data.items()}
    del others["rows"]
    return replace(split, development={**split.development, **others})
