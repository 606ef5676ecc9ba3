"""Room evaluation. In: a case and its rows -> Out: Look, what every check sees, and Checked, what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.task import Questioned
from grundstein.evaluation.checks import quick, rows
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.task import Data, Task, Values


@dataclass(frozen=True)
class Look:
    """What a check may see; never the sealed truth before it was shown.

    `questions` are the sealed questions, in `decide` only; `truth` are the sealed rows with their target, only after an
    opening whose sealed figures are shown (both are read by `run_sealed` alone). `values` and `answers` are out of
    fold, by solution; `judged` holds the rows they belong to and `happened` their target, in the same order. `perfect`
    are the values of somebody who knows, `simple` names the solutions that learn nothing, `units_test` counts the
    sealed units. `kind` is "two", "many" or "number"; left empty, it is read from the case or the target.
    """

    case: Case
    task: Task
    development: Data
    split: str
    seed: int
    target: str = ""
    kind: str = ""
    contract: Contract | None = None
    questions: pa.Table | None = None
    truth: pa.Table | None = None
    baseline: str = ""
    winner: str = ""
    values: Mapping[str, Values] = field(default_factory=dict)
    answers: Mapping[str, pa.Table] = field(default_factory=dict)
    judged: pa.Table | None = None
    happened: pa.Table | None = None
    perfect: Values | None = None
    simple: tuple[str, ...] = ()
    units_test: int = 0

    @property
    def table(self) -> pa.Table:
        """The development rows of the role "rows"; of the first role where there is none."""
        return self.development.get("rows", next(iter(self.development.values())))

    @property
    def units(self) -> pa.Table:
        """A row a unit: the judged questions where these are no rows of the first role's table, else `table`."""
        apart = isinstance(self.task, Questioned) and self.judged is not None
        return self.judged if apart else self.table

    @property
    def has_target(self) -> bool:
        """Whether this is a table with a target that holds at least two values."""
        return self.target in self.table.column_names and len(self.goal.values) > 1 and self.goal.varies

    @property
    def time(self) -> str:
        """The time column, from the case or the contract; empty where there is none."""
        return self.case.time or (self.contract.time if self.contract else "")

    @property
    def entity(self) -> str:
        """The entity's column, from the case or the contract; empty where there is none."""
        return self.case.entity or (self.contract.entity if self.contract else "")

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that only name a row: the house's own, the contract's key, the entity."""
        declared = (*(self.contract.key if self.contract else ()), *((self.entity,) if self.entity else ()))
        return tuple(dict.fromkeys((*HOUSE_COLUMNS, *declared)))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The columns that a model may use: no target, key or time, nothing ignored, not who was acted on."""
        left_out = {self.target, *self.keys, self.time, self.case.acted, *self.case.ignore}
        return tuple(n for n in self.table.column_names if n not in left_out and rows.is_plain(self.table[n]))

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The columns by which two rows are the same: all but keys, target and what numbers the rows."""
        left_out = {self.target, *self.keys}
        names = [n for n in self.table.column_names if n not in left_out and rows.is_plain(self.table[n])]
        return tuple(n for n in names if not rows.numbers_rows(self.table[n], n))

    @cached_property
    def goal(self) -> quick.Goal:
        """The target as numbers."""
        return self.goal_of(self.table)

    def judged_column(self, name: str) -> pa.ChunkedArray | None:
        """A column of the judged rows; one that the case ignores is found by the row's number."""
        judged, happened, table = self.judged, self.happened, self.table
        if judged is not None and name in judged.column_names:
            return judged[name]
        if happened is None or name not in table.column_names:
            return None
        if "_row" not in happened.column_names or "_row" not in table.column_names:
            return None
        order = np.argsort(np.asarray(table["_row"]), kind="stable")
        place = np.searchsorted(np.asarray(table["_row"])[order], np.asarray(happened["_row"]))
        return table[name].take(pa.array(order[place]))

    def goal_of(self, table: pa.Table) -> quick.Goal:
        """The target of a table of the same columns as numbers."""
        said = self.case.options
        return quick.goal(table[self.target], _word(said.get("positive")), self.kind or _word(said.get("kind")))

    @cached_property
    def sample(self) -> quick.Sample:
        """The features as a cheap model sees them."""
        time = self.time if self.time in self.table.column_names else ""
        return quick.sample(self.table, self.goal, self.features, time, self.seed)


@dataclass(frozen=True)
class Checked:
    """What checks found, and the pictures of it."""

    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()


def _word(said: object) -> str:
    """What the case says, as the column writes it: YAML's true is "true", nothing is empty."""
    return "" if said is None else str(said).lower() if isinstance(said, bool) else str(said)


Check = Callable[[Look], Checked]
