"""Room tasks. In: texts, with other columns or without -> Out: one of many categories a row, judged row by row."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.categorize.examples import example
from grundstein.tasks.categorize.options import Options, plan_of
from grundstein.tools.fields import named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project
    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Done, Solution, Split, Task, Values, Verb


def _label(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Say the category of the examples that help most: `label [--by NAME] [--count N] [--to FILE] [--rows FILE]`."""
    from grundstein.tasks.categorize.labelling import label

    return label(project, case, args)


class Categorize:
    """A text, with other columns or without, into one of many categories. Members as in `core.task.Task`."""

    name: str = "categorize"
    unit: str = "row"
    options: type = Options
    roles: tuple[Role, ...] = (
        Role("rows", live=True),
        Role("choices", required=False, live=True, told=True),
        Role("categories", required=False),
    )
    verbs: Mapping[str, Verb] = MappingProxyType({"label": _label})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """The category and the columns that it is told by; of the other tables the category."""
        from grundstein.tasks.categorize.rules import check_rules

        plan = plan_of(case)
        check_rules(plan)
        needed = dict.fromkeys([plan.target, *plan.read, *named(case.entity, case.time)])
        columns = tuple(Column(name, "text") for name in needed)
        rows = Contract(case.data.get("rows", case.name), columns, entity=case.entity, time=case.time)
        told = (Column(plan.target, "text", required=True),)
        others = {role: Contract(case.data[role], told) for role in ("choices", "categories") if role in case.data}
        return {"rows": rows, **others}

    def reads(self, case: Case) -> Collection[str]:
        """The texts, the keys and the other columns that the case names."""
        return plan_of(case).read

    def valued_by(self, case: Case) -> str:
        """The category: how many there are."""
        return plan_of(case).target

    def answers(self, case: Case) -> Contract:
        """One row a question, in its order; the next best stand behind as `answer: 2`, `probability: 2`."""
        numbers = [Column(name, "number", minimum=0.0, maximum=1.0) for name in ("probability", "act")]
        return Contract(case.name, (Column("answer", "text", required=True), *numbers))

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """The one test part, by the table's seal; choices of people are left out, they may say what is sealed."""
        from grundstein.tasks.categorize.splitting import seal_rows

        return seal_rows(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Three splits of the development part of the same shape as the seal."""
        from grundstein.tasks.categorize.splitting import fold_rows

        return fold_rows(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """The case's rules; without them what was chosen before for the same text or key."""
        plan = plan_of(case)
        if plan.rules:
            from grundstein.tasks.categorize.rules import Rules

            return Rules(plan)
        from grundstein.tasks.categorize.solutions import Memory

        return Memory(plan)

    def trivial(self, case: Case) -> Iterable[Solution]:
        """The most frequent category."""
        from grundstein.tasks.categorize.rules import Majority

        return (Majority(plan_of(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """The text alone; with keys also past choices backed off to the text, beside rules past choices alone too."""
        from grundstein.tasks.categorize.solutions import Both, Memory, Text
        from grundstein.tasks.categorize.workshop import Shops

        plan, shops = plan_of(case), Shops()
        found: list[Solution] = [Memory(plan)] if plan.rules and plan.keys else []
        found += [Text(plan, shops=shops), *([Both(plan, shops=shops)] if plan.keys else [])]
        return found[: max(budget, 0)]

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by the class name it was saved under."""
        from grundstein.tasks.categorize.rules import Majority, Rules
        from grundstein.tasks.categorize.solutions import Both, Memory, Text

        known: dict[str, Any] = {each.__name__: each for each in (Rules, Majority, Memory, Text, Both)}
        if kind not in known:
            raise Refused(f'categorize has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """The columns of `answers` made of somebody else's."""
        from grundstein.tasks.categorize.adopting import adopted

        return adopted(plan_of(case), development["rows"], given)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """Money, or the metric, of each answer."""
        from grundstein.tasks.categorize import worth

        return worth.values(plan_of(case), split, answers)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The answers of somebody who knows the truth."""
        from grundstein.tasks.categorize import worth

        return worth.perfect(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """The field's metrics by their usual names."""
        from grundstein.tasks.categorize import worth

        return worth.metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """Pictures of these answers."""
        from grundstein.tasks.categorize import worth

        return worth.figures(plan_of(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """How far people agree, what no past can know, rare categories, empty texts, mails of programs."""
        from grundstein.tasks.categorize.telling import findings

        return findings(plan_of(case), development, folds)

    def form(self, case: Case) -> str:
        """Money of a right category, a wrong one, and one that is asked for."""
        return "classes"

    def measure(self, case: Case) -> str:
        """The name of the value."""
        return plan_of(case).measure

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with something to find, or with nothing."""
        return example(seed, signal)


TASK: Task = Categorize()
