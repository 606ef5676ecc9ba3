"""Room tasks. In: rows and their seal -> Out: the sealed split, folds of its shape, and grades as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused, nearest
from grundstein.tools import folding
from grundstein.tools.columns import as_numbers
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Split
    from grundstein.tasks.letters.options import Plan

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

FOLDS = 3
BEST, WORST = 1.0, 6.0


def seal_rows(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split a table by its seal. Rows without a grade are on neither side."""
    known = ~np.isnan(grades_of(data["rows"], plan))
    development, sealed = folding.sealed_parts(data["rows"], known, seal, plan.entity, plan.horizon_days)
    return _split(development, sealed, plan, seal.how)


def fold_rows(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield three splits of the development part: forward in time, or by clusters with each grade spread evenly."""
    rows = development["rows"]
    for fitted, asked, how in folding.folds_of(rows, grades_of(rows, plan), plan, seed, FOLDS):
        yield _split(fitted, asked, plan, how)


def fold_positions(rows: pa.Table, plan: Plan, seed: int, count: int) -> list[tuple[Rows, Rows]]:
    """Return (rows to fit, rows to ask) for each fold."""
    return folding.fold_positions(rows, grades_of(rows, plan), seed, count, folding.horizon_us(plan))


def grades_of(rows: pa.Table, plan: Plan) -> Floats:
    """The grades, NaN where none is given; Refused where a number is no grade or there is no such column."""
    if plan.target not in rows.column_names:
        names = [name for name in rows.column_names if name not in HOUSE_COLUMNS]
        raise Refused(f'there is no column "{plan.target}"', nearest(plan.target, names), "correct `target`")
    grades = as_numbers(rows, plan.target)
    wrong = grades[(grades < BEST) | (grades > WORST)]
    if len(wrong):
        raise Refused(f'{wrong[0]:g} in "{plan.target}" is no grade', "grades from 1 (best) to 6", "mend the rows")
    return grades


def _split(development: pa.Table, asked: pa.Table, plan: Plan, how: str) -> Split:
    return folding.split_of(development, asked, {plan.target, *plan.ignore}, [plan.target], how)
