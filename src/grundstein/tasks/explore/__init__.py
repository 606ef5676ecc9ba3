"""Room tasks. In: the documents of an archive -> Out: what is in it: groups, trends, repetitions, what was tried.

Nothing is decided here, so there is no candidate and the verdict is `not_applicable`; `do CASE build` writes one page
that can be searched without a network, and tables of all that it shows.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.explore.examples import example
from grundstein.tasks.explore.options import MEASURE, Options, plan_of
from grundstein.tasks.explore.verbs import build, tried

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Solution, Split, Task, Values, Verb


class Explore:
    """An archive of documents as tables and one page; nothing is judged. Members as in `core.task.Task`."""

    name: str = "explore"
    unit: str = "document"
    options: type = Options
    roles: tuple[Role, ...] = (Role("corpus"), Role("references", required=False))
    verbs: Mapping[str, Verb] = MappingProxyType({"build": build, "tried": tried})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """The id, what is read and the time; of `references` its two ends."""
        plan = plan_of(case)
        named = [plan.keywords, case.entity, "" if case.time == "_row" else case.time]
        needed = dict.fromkeys([plan.id, *plan.read, *(name for name in named if name)])
        columns = tuple(Column(name, "text") for name in needed)
        found = {"corpus": Contract(case.data.get("corpus", case.name), columns, entity=case.entity, time=case.time)}
        if "references" in case.data:
            ends = tuple(Column(name, "text") for name in (plan.source, plan.target))
            found["references"] = Contract(case.data["references"], ends)
        return found

    def answers(self, case: Case) -> Contract:
        """One row a document, in the order of the questions."""
        near = Column("similarity", "number", minimum=0.0, maximum=1.0)
        return Contract(case.name, (Column("document", "text", required=True), near))

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """The one test part, by the seal of the documents."""
        from grundstein.tasks.explore.splitting import seal_documents

        return seal_documents(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Three splits of the development part of the same shape as the seal."""
        from grundstein.tasks.explore.splitting import fold_documents

        return fold_documents(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """The most similar document that is known."""
        from grundstein.tasks.explore.solutions import Nearest

        return Nearest(plan_of(case))

    def trivial(self, case: Case) -> Iterable[Solution]:
        """The first document, whatever is asked."""
        from grundstein.tasks.explore.solutions import First

        return (First(plan_of(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """None: nothing is decided by an archive."""
        plan_of(case)
        return ()

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by the class name it was saved under."""
        from grundstein.tasks.explore.solutions import First, Nearest

        known: dict[str, Any] = {each.__name__: each for each in (First, Nearest)}
        if kind not in known:
            raise Refused(f'explore has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """Somebody else's answers name documents."""
        import numpy as np

        from grundstein.tasks.explore.solutions import answers_of
        from grundstein.tools.columns import as_texts, shares_in

        near = shares_in(given, MEASURE)
        ids = [name or "" for name in as_texts(given, "answer").to_pylist()]
        return answers_of(ids, np.zeros(len(ids)) if near is None else near)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """How similar the named document is."""
        from grundstein.tasks.explore import worth

        return worth.values(plan_of(case), split, answers)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The most similar document there is."""
        from grundstein.tasks.explore import worth

        return worth.perfect(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """How much of what came was there before."""
        from grundstein.tasks.explore import worth

        return worth.metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """Pictures of these answers."""
        from grundstein.tasks.explore import worth

        return worth.figures(plan_of(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """What the archive holds, and how far each view of it can be believed."""
        from grundstein.tasks.explore.telling import findings_of_rows

        return findings_of_rows(plan_of(case), development)

    def form(self, case: Case) -> str:
        """Money is not asked for; a ranking's would fit."""
        return "ranking"

    def measure(self, case: Case) -> str:
        """The name of the value."""
        return MEASURE

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small archive with something to find, or with nothing."""
        return example(seed, signal)


TASK: Task = Explore()
