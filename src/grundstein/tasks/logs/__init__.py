"""Room tasks. In: the lines of logs, with outcomes or without -> Out: what will come of each session, and what is new.

A unit is a session: a run, a request, an installation. One question is one session with all its lines as one text.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.logs.examples import example
from grundstein.tasks.logs.options import Options, plan_of, settled
from grundstein.tasks.logs.verbs import diff, explain, masks, questions, templates
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


class Logs:
    """Sessions of log lines: how they end, how early that shows, what failed. Members as in `core.task.Task`."""

    name: str = "logs"
    unit: str = "session"
    options: type = Options
    roles: tuple[Role, ...] = (Role("lines"), Role("outcomes", required=False))
    verbs: Mapping[str, Verb] = MappingProxyType(
        {"diff": diff, "explain": explain, "masks": masks, "sessions": questions, "templates": templates}
    )

    def settle(self, case: Case, data: Data) -> Case:
        """Return the case with the outcome that counts as yes."""
        from grundstein.tasks.logs.sessions import grouped, outcomes_of

        plan = plan_of(case)
        said = outcomes_of(data, plan, grouped(data["lines"], plan))
        return settled(case, [one for one in said if one is not None])

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """The text and what the case names; of `outcomes` the outcome."""
        from grundstein.tasks.logs.words import pattern_of

        plan = plan_of(case)
        pattern_of(plan.rules)
        own = "outcomes" not in case.data and plan.outcome
        needed = dict.fromkeys([plan.text, *([plan.outcome] if own else []), *named(case.entity, case.time)])
        columns = tuple(Column(name, "text") for name in needed)
        table = case.data.get("lines", case.name)
        found = {"lines": Contract(table, columns, entity=case.entity, time=case.time)}
        if "outcomes" in case.data and plan.outcome:
            found["outcomes"] = Contract(case.data["outcomes"], (Column(plan.outcome, "text"),))
        return found

    def answers(self, case: Case) -> Contract:
        """One row a session, in the order of the questions."""
        numbers = [Column(name, "number", minimum=0.0, maximum=1.0) for name in ("probability", "act")]
        return Contract(case.name, (Column("session", "text"), Column("answer", "text", required=True), *numbers))

    def question(self, case: Case) -> Contract:
        """A session with all its lines as one text, as the log has them."""
        plan = plan_of(case)
        named = plan.session if plan.session.isidentifier() and plan.session != "file" else "session"
        lines = Column(plan.text, "text", required=True, description="the lines of the session, as the log has them")
        return Contract(case.name, (Column(named, "text"), lines))

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """The one test part, by the seal of the lines; no session is cut apart."""
        from grundstein.tasks.logs.splitting import seal_sessions

        return seal_sessions(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Three splits of the development part of the same shape as the seal."""
        from grundstein.tasks.logs.splitting import fold_sessions

        return fold_sessions(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """The case's words, else those with which programs speak of failures."""
        from grundstein.tasks.logs.keywords import Keywords

        return Keywords(plan_of(case))

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Act on nobody, act on everybody."""
        from grundstein.tasks.logs.keywords import EVERYBODY, NOBODY, Constant

        return [Constant(plan_of(case), name) for name in (NOBODY, EVERYBODY)]

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """A linear model and trees on what was said; none where the case names no outcome."""
        from grundstein.tasks.logs.models import LINEAR, TREES
        from grundstein.tasks.logs.solutions import Learned

        plan = plan_of(case)
        return [Learned(plan, name) for name in (LINEAR, TREES)][: max(budget, 0)] if plan.outcome else []

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by the class name it was saved under."""
        from grundstein.tasks.logs.keywords import Constant, Keywords
        from grundstein.tasks.logs.solutions import Learned

        known: dict[str, Any] = {each.__name__: each for each in (Keywords, Constant, Learned)}
        if kind not in known:
            raise Refused(f'logs has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """The columns of `answers` made of somebody else's."""
        from grundstein.tasks.logs.adopting import adopted

        return adopted(plan_of(case), development, given)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """Money, or the metric, of each answer."""
        from grundstein.tasks.logs import worth

        return worth.values(plan_of(case), split, answers)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The answers of somebody who knows the truth."""
        from grundstein.tasks.logs import worth

        return worth.perfect(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """The field's metrics by their usual names."""
        from grundstein.tasks.logs import worth

        return worth.metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """Which lines speak for a failure, and how early it can be known."""
        from grundstein.tasks.logs import telling

        return telling.figures(plan_of(case), split)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """The ceiling, how early it is reached; without outcomes what is new; masks that may be taken over."""
        from grundstein.tasks.logs import telling

        return telling.findings(plan_of(case), development, folds)

    def form(self, case: Case) -> str:
        """Money of an action for a yes/no question."""
        return "action"

    def measure(self, case: Case) -> str:
        """The name of the value."""
        return plan_of(case).measure

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with something to find, or with nothing."""
        return example(seed, signal)


TASK: Task = Logs()
