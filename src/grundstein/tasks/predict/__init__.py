"""Room tasks. In: one table -> Out: two classes, many classes or a number, each row one unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.predict.examples import example
from grundstein.tasks.predict.plan import Options, plan_of, settled
from grundstein.tools.fields import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Solution, Split, Values, Verb

LEARNERS = ("linear", "trees")


@dataclass(frozen=True)
class Predict:
    """A table, one row each: which of two classes, which of many, or what number. Members as in `core.task.Task`."""

    name: str = "predict"
    unit: str = "row"
    options: type = Options
    roles: tuple[Role, ...] = (Role("rows"),)
    verbs: Mapping[str, Verb] = field(default_factory=dict)

    def settle(self, case: Case, data: Data) -> Case:
        """Return the case with kind and positive value as the target's column tells them; Refused where it cannot."""
        return settled(case, data["rows"])

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """The target and the columns that the case names; the rule may look at what is known when it is needed."""
        from grundstein.tools import expression

        plan = plan_of(case)
        needed = [plan.target, *([plan.acted_column] if plan.acted_column else []), *named(case.entity, case.time)]
        if plan.baseline:
            read = expression.columns_of(plan.baseline)
            _check_rule(read, [plan.target, plan.acted_column, *plan.ignore])
            needed += [name for name in read if name not in needed]
        columns = tuple(Column(name, "text") for name in needed)
        return {"rows": Contract(case.data.get("rows", case.name), columns, entity=case.entity, time=case.time)}

    def valued_by(self, case: Case) -> str:
        """The target: which classes there are."""
        return plan_of(case).target

    def answers(self, case: Case) -> Contract:
        """One row a question, in its order."""
        kind = plan_of(case).known_kind
        if kind == "number":
            return Contract(case.name, (Column("answer", "number", required=True),))
        number = [Column(name, "number", minimum=0.0, maximum=1.0) for name in ("probability", "act")]
        return Contract(case.name, (Column("answer", "text", required=True), *number))

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """The one test part, by the table's seal."""
        from grundstein.tasks.predict.splitting import seal_rows

        return seal_rows(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Five splits of the development part of the same shape as the seal."""
        from grundstein.tasks.predict.splitting import fold_rows

        return fold_rows(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """Today's rule; without one majority, mean or two steps, whichever is better in development."""
        plan = plan_of(case)
        if plan.baseline:
            from grundstein.tasks.predict.rules import Rule

            return Rule(plan)
        from grundstein.tasks.predict.default import Default

        return Default(plan)

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Two classes with money: nobody, everybody; many: the majority; a number: average and median."""
        from grundstein.tasks.predict.rules import Constant

        plan = plan_of(case)
        kind = plan.known_kind
        names = {"two": ("majority",), "many": ("majority",), "number": ("average", "median"), None: ("constant",)}[
            kind
        ]
        if kind == "two" and plan.money:
            names = ("nobody", "everybody")
        return [Constant(plan, name) for name in names]

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """Linear, trees, their mean: as many as the budget of fits allows. Fits are shared between them."""
        from grundstein.tasks.predict.learned import Learned
        from grundstein.tasks.predict.workshop import Memory

        plan, memory = plan_of(case), Memory()
        members = [*((name,) for name in LEARNERS), LEARNERS]
        return [Learned(plan, each, memory=memory) for each in members[: max(budget, 0)]]

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by the class name it was saved under."""
        from grundstein.tasks.predict.default import Default
        from grundstein.tasks.predict.learned import Learned
        from grundstein.tasks.predict.rules import Constant, Rule

        known: dict[str, Any] = {each.__name__: each for each in (Rule, Constant, Default, Learned)}
        if kind not in known:
            raise Refused(f'predict has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """The columns of `answers` made of somebody else's."""
        from grundstein.tasks.predict.adopting import adopted

        return adopted(plan_of(case), development["rows"], given)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """Money, or the metric, of each answer."""
        from grundstein.tasks.predict.worth import values

        found = values(plan_of(case), split, answers)
        return found if found.worst is not None or case.worst is None else _bounded(found, case.worst)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The answers of somebody who knows the truth."""
        from grundstein.tasks.predict.worth import perfect_answers

        return perfect_answers(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """The field's metrics by their usual names."""
        from grundstein.tasks.predict.metrics import metrics

        return metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """Pictures of these answers."""
        from grundstein.tasks.predict.pictures import figures

        return figures(plan_of(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """Nothing that the checks do not say."""
        return ()

    def form(self, case: Case) -> str:
        """Money of an action for a yes/no question, of right and wrong for many classes, of error for a number."""
        return {"two": "action", "many": "classes", "number": "number"}[plan_of(case).known_kind or "two"]

    def measure(self, case: Case) -> str:
        """The name of the value; of a case that is not settled and says neither money nor metric: log_loss."""
        plan = plan_of(case)
        return plan.measure(plan.known_kind)

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with something to find, or with nothing."""
        return example(seed, signal)


TASK = Predict()


def _check_rule(read: tuple[str, ...], hidden: list[str]) -> None:
    forbidden = {name.casefold() for name in hidden if name}
    for name in read:
        if name.casefold() in forbidden:
            raise Refused(
                f'the rule looks at "{name}", which nobody knows when the answer is needed',
                "columns that are neither target, acted nor under `ignore`",
                "correct `baseline`",
            )


def _bounded(found: Values, worst: float) -> Values:
    from dataclasses import replace

    return replace(found, worst=worst)
