"""Room tasks. In: questions, what answers them, a corpus that changes -> Out: a sentence cited, or silence, judged."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.ask import options
from grundstein.tasks.ask.examples import example
from grundstein.tasks.ask.options import Options, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project
    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Done, Solution, Split, Task, Values, Verb


def _question(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Ask "a question" of the corpus as it is now."""
    from grundstein.tasks.ask.verbs import question

    return question(project, case, args)


class Ask:
    """What a corpus says to a question; the opponent is the first passage of a search."""

    name: str = "ask"
    unit: str = "question"
    options: type = Options
    roles: tuple[Role, ...] = (
        Role("questions"),
        Role("passages", required=False),
        Role("corpus", live=True),
    )
    verbs: Mapping[str, Verb] = MappingProxyType({"question": _question})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """What `questions`, `passages` and `corpus` must hold."""
        return options.contracts(case)

    def answers(self, case: Case) -> Contract:
        """The sentence with its document, section and place, how sure it is, and further passages."""
        return options.answers(case)

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """Seal questions with what answers them; the corpus stays whole."""
        from grundstein.tasks.ask.splitting import seal_questions

        return seal_questions(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Three splits of the development questions of the same shape as the seal."""
        from grundstein.tasks.ask.splitting import fold_questions

        return fold_questions(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """The first passage that a search for the question's words finds."""
        from grundstein.tasks.ask.solutions import First

        return First(plan_of(case))

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Silence: a person answers everything."""
        from grundstein.tasks.ask.solutions import Silent

        return (Silent(plan_of(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """The best passage or silence, then the best sentence or silence."""
        from grundstein.tasks.ask.solutions import Cited, Shelves

        plan, shelves = plan_of(case), Shelves()
        found = (
            Cited(plan, "best passage, or silence", choosing=False, shelves=shelves),
            Cited(plan, "best sentence, or silence", shelves=shelves),
        )
        return found[: max(budget, 0)]

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by its class name."""
        from grundstein.tasks.ask.solutions import Cited, First, Silent

        known: dict[str, Any] = {each.__name__: each for each in (First, Cited, Silent)}
        if kind not in known:
            raise Refused(f'ask has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """Somebody else's answers as the columns of `answers`."""
        from grundstein.tasks.ask.adopting import adopted

        return adopted(plan_of(case), given)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """Money of right, wrong and none; without it whether the answer, or the silence, is right."""
        from grundstein.tasks.ask import judging

        return judging.values(plan_of(case), split, answers)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The answers of somebody who knows where each stands."""
        from grundstein.tasks.ask import judging

        return judging.perfect(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """`accuracy`, `answered`, `false_answers`, `right_if_answered`, `hit@3`, `acted`, `right`."""
        from grundstein.tasks.ask import judging

        return judging.metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """How right the surest answers are."""
        from grundstein.tasks.ask import judging

        return judging.figures(plan_of(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """Whether silence could be learnt, and what of the corpus cannot be cited."""
        from grundstein.tasks.ask.telling import findings

        return findings(plan_of(case), development)

    def form(self, case: Case) -> str:
        """Money of a right answer, a wrong one, and a question that goes to a person."""
        return "classes"

    def measure(self, case: Case) -> str:
        """Return "money", or "accuracy"."""
        return plan_of(case).measure

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with words that tell, or with none."""
        return example(seed, signal)


TASK: Task = Ask()
