"""Room evaluation. In: the released model and newer rows -> Out: one more opponent, and the rows it may be compared on.

Its very files answer, it is never fitted again. Part of the development rows it was made of: its values there flatter
it, so it is compared on those that came later. The sealed part belongs to the table, so what it learned from is never
in there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.core.errors import GrundsteinError
from grundstein.core.findings import Finding
from grundstein.tools.inference import MIN_CLUSTERS
from grundstein.tools.sealing import instants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pyarrow import Table

    from grundstein.core.task import Data, LiveTable, Solution, Split
    from grundstein.evaluation.experiment import Trial


@dataclass(frozen=True)
class InUse:
    """The released model as a solution that is never fitted again.

    `model` is its kind and the digest of its files, `since` the day of its release, `last_row` the last `_row` that
    the table had when it was made; -1: no row is known to be new to it.
    """

    solution: str
    kept: Solution
    model: str
    since: str
    last_row: int

    @property
    def name(self) -> str:
        """Its name in every table and report, so that it stands beside a newly fitted one."""
        return f"released {self.solution}"

    def fit(self, data: Data, seed: int) -> Self:
        """Nothing is fitted: what answers in production is compared. Neither rows nor seed are looked at."""
        del data, seed
        return self

    def answer(self, questions: Table, live: Mapping[str, LiveTable]) -> Table:
        """Answer as it does in production; ValueError where these rows are no longer what it knows."""
        try:
            return self.kept.answer(questions, live)
        except (KeyError, TypeError, GrundsteinError) as error:
            raise ValueError(f"it cannot answer these rows: {error}") from error

    def save(self, folder: Path) -> None:
        """Write its files."""
        self.kept.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Its files are read by its own kind."""
        raise NotImplementedError


def beside(tested: Trial, in_use: InUse, development: Table, how: str) -> Trial:
    """Mark the development units that the released model had not when it was made; none where they are too few."""
    marks = [fresh_units(fold, in_use, development, how) for fold in tested.folds]
    return replace(tested, tried=tuple(_marked(one, marks) for one in tested.tried))


def _marked(one: Any, marks: Sequence[NDArray[np.bool_]]) -> Any:
    if one.contender.standing != "released":
        return one
    fresh = np.concatenate(marks)
    whole = len(fresh) == len(one.values.unit)
    enough = whole and len(np.unique(one.values.cluster[fresh])) >= MIN_CLUSTERS
    none = np.zeros(len(one.values.unit), dtype=np.bool_)
    return replace(one, values=replace(one.values, fresh=fresh if enough else none))


def fresh_units(fold: Split, in_use: InUse, development: Table, how: str) -> NDArray[np.bool_]:
    """Mark a fold's units that came later than the last row the model's snapshot had, and of whom it knew no row.

    `how` the table is sealed: by entity, a known entity's new rows are not new to it either. Where a task's truth does
    not name rows, nothing is known to be new.
    """
    truth = next(iter(fold.truth.values()))
    names = ("_row", "_unit", "_cluster")
    if in_use.last_row < 0 or any(name not in table.column_names for name in names for table in (truth, development)):
        return np.zeros(truth.num_rows, dtype=np.bool_)
    before = instants(development["_row"]) <= in_use.last_row
    fresh = instants(truth["_row"]) > in_use.last_row
    for name in ("_unit", "_cluster") if how == "entity" else ("_unit",):
        fresh &= ~np.isin(np.asarray(truth[name]), np.asarray(development[name])[before])
    return np.asarray(fresh, dtype=np.bool_)


def findings(tested: Trial, in_use: InUse | None) -> tuple[Finding, ...]:
    """Say what is in use and on which development rows it was compared, or why it was left out."""
    if in_use is None:
        return ()
    mine = next((one.values for one in tested.of("released")), None)
    if mine is None:
        why = next((why for name, why in tested.skipped if name == in_use.name), "")
        return (left_out(in_use.solution, in_use.since, why),)
    fresh = int(mine.fresh.sum()) if mine.fresh is not None else len(mine.unit)
    facts: dict[str, str | int] = {
        "name": in_use.solution,
        "since": in_use.since,
        "fresh": fresh,
        "units": len(mine.unit),
    }
    return (Finding("GST-A01" if fresh else "GST-A03", "tip", facts),)


def left_out(solution: str, since: str, why: str) -> Finding:
    """Say that the released model is no opponent, and why."""
    return Finding("GST-A02", "issue", {"name": solution, "since": since, "reason": why})
