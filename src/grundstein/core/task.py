"""Room core. In: nothing -> Out: the shape of a task and of a solution, and what passes between them and the judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pyarrow import Table

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project
    from grundstein.core.records import Seal

Data = Mapping[str, "Table"]
"""The tables of a case by role; a task with one table calls it "rows"."""


@dataclass(frozen=True)
class Role:
    """What a table is to a task; `live` tables are read fresh when answering.

    `told`: what people tell of answers (feedback, labels) belongs to it while answering, without being named.
    """

    name: str
    required: bool = True
    live: bool = False
    told: bool = False


class LiveTable(Protocol):
    """A governed table that grows while a model answers: corrections and new events count at once."""

    @property
    def version(self) -> str:
        """The version of the table that `table` returns."""

    def table(self) -> Table:
        """The whole table."""

    def since(self, version: str) -> Table:
        """Rows that came after a version."""


@dataclass(frozen=True)
class Split:
    """Development rows, questions without their truth, and the truth; truth is never passed to a solution.

    `questions` and each table of `truth` have one row a unit in the same order (a task says where it differs).
    `how`: "time", "entity", "random" or "given".
    """

    development: Data
    questions: Table
    truth: Data
    how: str


@dataclass(frozen=True)
class Values:
    """What each unit's answer was worth: additive over units, greater is better. The judge's only input.

    Arrays of one length: `unit` (int64, salted hash of the unit's key), `cluster` (int64, the entity; the unit itself
    where there is none), `value` (float64, already weighted where today's rule was acted on), `period` (int64, coarse
    time; None without time). `worst` is the most that one unit can lose against another answer; None: no bound known.
    `biased` says why these values cannot carry a verdict (acted, with nobody left alone), else it is empty. `fresh`
    marks the units that can be compared: those a released solution did not have when it was made; None: all.
    """

    unit: NDArray[np.int64]
    cluster: NDArray[np.int64]
    value: NDArray[np.float64]
    period: NDArray[np.int64] | None = None
    worst: float | None = None
    biased: str = ""
    fresh: NDArray[np.bool_] | None = None


class Solution(Protocol):
    """Something that answers: the baseline is the opponent, a candidate challenges it."""

    @property
    def name(self) -> str:
        """The name in every table and report."""

    def fit(self, data: Data, seed: int) -> Self:
        """Return a fitted solution; tunes itself (thresholds too) inside what it is given."""

    def answer(self, questions: Table, live: Mapping[str, LiveTable]) -> Table:
        """Return the columns of `Task.answers`, one row a question in the same order."""

    def save(self, folder: Path) -> None:
        """Write plain files: npz, Arrow, JSON, LightGBM text; never pickle. The same model writes the same bytes."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""


@dataclass(frozen=True)
class Reason:
    """How much one column's value moved an answer, against the average development row.

    `effect` in probability points (0.1 is ten of a hundred) or the number's own unit; `value` in plain words. An effect
    of NaN: the column was looked at, nobody can say by how much it moved the answer.
    """

    column: str
    value: str
    effect: float


class RowSolution(Protocol):
    """What answers one question without a table around it: a solution, or what `Living` makes of one."""

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return bit for bit what `answer` says of a table of this one row.

        Values are str, int, float, bool, Decimal, date, datetime (UTC) or None. Refused where a column is missing.
        """

    def reasons(self, question: Mapping[str, Any], most: int) -> Sequence[Reason]:
        """The columns that moved this answer most, the strongest first; at most `most`. Deterministic."""


@runtime_checkable
class Living(Protocol):
    """A solution whose answer to one question rests on live tables as well."""

    def beside(self, live: Mapping[str, LiveTable]) -> RowSolution:
        """What answers one question by these tables, as they are at each question."""


@dataclass(frozen=True)
class Done:
    """What a task's own verb did: `text` for a person, `said` for a program, `tables` are rows for flow to ingest.

    `contracts` are those of tables that may not be there yet; without one the first rows propose it. `pages` are whole
    HTML pages for flow to write into the folder of reports, by NAME.LANGUAGE.
    """

    text: str
    said: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)


class Verb(Protocol):
    """`grundstein do CASE VERB ARGS`: reads the project and writes nothing itself; its docstring is its help."""

    def __call__(self, project: Project, case: Case, args: Sequence[str], /) -> Done:
        """Return what is to be said and ingested; Refused where the arguments do not fit."""


@runtime_checkable
class Questioned(Protocol):
    """A task whose single question is no row of its first role's table: a query, a user."""

    def question(self, case: Case) -> Contract:
        """The columns of a question; where the first role's table has them too, they are as its contract says."""


@runtime_checkable
class RuledElsewhere(Protocol):
    """A task whose rule, `baseline:`, reads another table than that of its first role."""

    rule_role: str


@runtime_checkable
class UnitByCase(Protocol):
    """A task whose cases differ in what is judged once."""

    def unit_of(self, case: Case) -> str:
        """What this case judges once, in place of `Task.unit`."""


@runtime_checkable
class Choosy(Protocol):
    """A task whose answers rest on some columns of a question alone; the others may be left out."""

    def reads(self, case: Case) -> Collection[str]:
        """The columns that an answer may rest on."""


@runtime_checkable
class Frugal(Protocol):
    """A task whose `value` rests on one column of the development part, where nobody was acted on."""

    def valued_by(self, case: Case) -> str:
        """That column of the first role's table; the order of its rows says nothing."""


class Task(Protocol):
    """The shape of a question. Everything the house knows about it goes through these members."""

    name: str
    unit: str
    options: type
    roles: tuple[Role, ...]
    verbs: Mapping[str, Verb]

    def settle(self, case: Case, data: Data) -> Case:
        """The case with what its data alone can tell (the kind of answer); Refused where a field does not fit them."""

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """What each role's table must hold for this case; errors of the case's fields are raised here."""

    def answers(self, case: Case) -> Contract:
        """The columns of an answer."""

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """The one test part, by the table's seal (salt, key, share or cut)."""

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Splits of the development part of the same shape as the seal."""

    def baseline(self, case: Case) -> Solution:
        """Today's rule, else the simplest thing that works."""

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Answers that need no data: nobody, everybody."""

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """Challengers, simplest first; `budget` is a number of fits; may be empty."""

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by the class name it was saved under."""

    def adopt(self, case: Case, development: Data, given: Table) -> Table:
        """The columns of `answers` made of somebody else's, row by row; Refused where they cannot be understood.

        `given` holds the columns that name a unit, and `answer` in every row.
        """

    def value(self, case: Case, split: Split, answers: Table) -> Values:
        """One number a unit, never depending on the other questions asked with it."""

    def perfect(self, case: Case, split: Split) -> Table:
        """The answers of somebody who knows the truth: the most that any model could gain."""

    def metrics(self, case: Case, split: Split, answers: Table) -> dict[str, float]:
        """The field's metrics by their usual names; counts for the first screen: `acted`, `right` (per unit)."""

    def figures(self, case: Case, split: Split, answers: Table) -> list[Figure]:
        """Pictures of these answers."""

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """What this task alone can say of its data (a ceiling, agreement of people); aggregates, development only."""

    def form(self, case: Case) -> str:
        """The form of money (`core.case.MONEY_FORMS`) that a person is asked for."""

    def measure(self, case: Case) -> str:
        """The name of the value: "money", or the additive metric that decides."""

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with something to find, or with nothing."""
