"""Room tasks. In: sentences of German reference letters -> Out: a grade each, and whole letters read with reasons."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.letters.examples import example
from grundstein.tasks.letters.options import Options, plan_of
from grundstein.tasks.letters.verbs import read
from grundstein.tools.fields import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Solution, Split, Task, Values, Verb


class Letters:
    """Sentences of German reference letters: the grade, 1 (best) to 6, as a range with its reason."""

    name: str = "letters"
    unit: str = "sentence"
    options: type = Options
    roles: tuple[Role, ...] = (Role("rows"),)
    verbs: Mapping[str, Verb] = MappingProxyType({"read": read})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """The sentence, its grade and, where one is named, its section."""
        plan = plan_of(case)
        texts = [Column(name, "text") for name in dict.fromkeys([*plan.read, *named(case.entity, case.time)])]
        grade = Column(plan.target, "number", minimum=1.0, maximum=6.0)
        table = case.data.get("rows", case.name)
        return {"rows": Contract(table, (grade, *texts), entity=case.entity, time=case.time)}

    def answers(self, case: Case) -> Contract:
        """One row a sentence: its grade, the range of readings, and why."""
        told = Column("answer", "number", required=True, minimum=1.0, maximum=6.0)
        sides = [Column(name, "number", minimum=1.0, maximum=6.0) for name in ("low", "high")]
        return Contract(case.name, (told, *sides, Column("reason", "text")))

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """The one test part, by the table's seal; sentences of one letter (the entity) stay together."""
        from grundstein.tasks.letters.splitting import seal_rows

        return seal_rows(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Three splits of the development part of the same shape as the seal."""
        from grundstein.tasks.letters.splitting import fold_rows

        return fold_rows(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """The grammar."""
        from grundstein.tasks.letters.solutions import ByGrammar

        return ByGrammar(plan_of(case))

    def trivial(self, case: Case) -> Iterable[Solution]:
        """The middle grade for all."""
        from grundstein.tasks.letters.solutions import Middle

        return (Middle(plan_of(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """The grammar, corrected by what words add."""
        from grundstein.tasks.letters.solutions import Ordinal

        return [Ordinal(plan_of(case))][: max(budget, 0)]

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by the class name it was saved under."""
        from grundstein.tasks.letters.solutions import ByGrammar, Middle, Ordinal

        known: dict[str, Any] = {each.__name__: each for each in (ByGrammar, Middle, Ordinal)}
        if kind not in known:
            raise Refused(f'letters has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """The columns of `answers` made of somebody else's."""
        from grundstein.tasks.letters.adopting import adopted

        return adopted(given)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """Money, or minus how far off, of each answer."""
        from grundstein.tasks.letters import worth

        return worth.values(plan_of(case), split, answers)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The answers of somebody who knows the truth."""
        from grundstein.tasks.letters import worth

        return worth.perfect(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """The field's metrics by their usual names."""
        from grundstein.tasks.letters import worth

        return worth.metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """Pictures of these answers."""
        from grundstein.tasks.letters import worth

        return worth.figures(plan_of(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """What the grammar does not read, and how far equal sentences have equal grades."""
        from grundstein.tasks.letters import agreement

        return agreement.findings(plan_of(case), development["rows"])

    def form(self, case: Case) -> str:
        """Money per grade too good or too bad."""
        return "number"

    def measure(self, case: Case) -> str:
        """The name of the value."""
        return plan_of(case).measure

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with something to find, or with nothing."""
        return example(seed, signal)


TASK: Task = Letters()
