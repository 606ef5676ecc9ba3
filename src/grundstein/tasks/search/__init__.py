"""Room tasks. In: queries, what answers them, a corpus that changes -> Out: ranked documents, judged query by query."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Role
from grundstein.tasks.search import options
from grundstein.tasks.search.examples import example
from grundstein.tasks.search.options import Options, plan_of

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

BASELINE = "keywords"
CANDIDATES = (
    ("keywords, tuned", ("title", "parts", "pairs")),
    ("keywords + meaning", ("meaning",)),
    ("keywords + word vectors", ("vectors",)),
    ("keywords, widened", ("feedback",)),
    ("all together", ("title", "parts", "pairs", "feedback", "meaning")),
)


def _find(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Find "words" in the corpus; COLUMN=VALUE narrows."""
    from grundstein.tasks.search.verbs import find

    return find(project, case, args)


def _query(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Find by a query: "a phrase", title:word, -without; COLUMN=VALUE narrows."""
    from grundstein.tasks.search.verbs import query

    return query(project, case, args)


def _similar(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Find the documents that resemble the one of this name."""
    from grundstein.tasks.search.verbs import similar

    return similar(project, case, args)


class Search:
    """Which documents answer a query; the opponent is the plain keyword search."""

    name: str = "search"
    unit: str = "query"
    options: type = Options
    roles: tuple[Role, ...] = (
        Role("queries"),
        Role("judgements", required=False),
        Role("corpus", live=True),
        Role("references", required=False, live=True),
    )
    verbs: Mapping[str, Verb] = MappingProxyType({"find": _find, "query": _query, "similar": _similar})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """What `queries`, `judgements` and `corpus` must hold."""
        return options.contracts(case)

    def answers(self, case: Case) -> Contract:
        """`query_id`, `ids` (list of texts, best first) and `scores` (list of numbers)."""
        return options.answers(case)

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """Seal queries with what answers them; the corpus stays whole."""
        from grundstein.tasks.search.splitting import seal_queries

        return seal_queries(data, plan_of(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterable[Split]:
        """Three splits of the development queries of the same shape as the seal."""
        from grundstein.tasks.search.splitting import fold_queries

        return fold_queries(development, plan_of(case), seed)

    def baseline(self, case: Case) -> Solution:
        """BM25 over stems, as tantivy has it."""
        from grundstein.tasks.search.solutions import Blend

        return Blend(plan_of(case), BASELINE)

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Find nothing."""
        from grundstein.tasks.search.solutions import Nothing

        return (Nothing(plan_of(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """Words with one more signal each, then all signals, weighed on the queries that are learnt from."""
        from grundstein.tasks.search.solutions import Blend, Shelves

        plan, shelves = plan_of(case), Shelves()
        listed = (*CANDIDATES, *([("keywords + references", ("references",))] if plan.cites else []))
        found = [Blend(plan, name, signals, shelves=shelves) for name, signals in listed]
        return tuple(found[: max(budget, 0)])

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by its class name."""
        from grundstein.tasks.search.solutions import Blend, Nothing

        known: dict[str, Any] = {each.__name__: each for each in (Blend, Nothing)}
        if kind not in known:
            raise Refused(f'search has no solution "{kind}"', nearest(kind, known), "look at the record's model")
        return known[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: pa.Table) -> pa.Table:
        """Somebody else's lists as `query_id`, `ids` and `scores`."""
        from grundstein.tasks.search.adopting import adopted

        return adopted(plan_of(case), given)

    def value(self, case: Case, split: Split, answers: pa.Table) -> Values:
        """Money by `hit` per right document shown, else the case's metric; one number a query."""
        from grundstein.tasks.search import judging

        return judging.values(plan_of(case), split, answers)

    def perfect(self, case: Case, split: Split) -> pa.Table:
        """The lists of somebody who knows what answers each query."""
        from grundstein.tasks.search import judging

        return judging.perfect(plan_of(case), split)

    def metrics(self, case: Case, split: Split, answers: pa.Table) -> dict[str, float]:
        """`ndcg@10`, `recall@100`, `mrr@10`; documents shown (`acted`) and right ones (`right`) per query."""
        from grundstein.tasks.search import judging

        return judging.metrics(plan_of(case), split, answers)

    def figures(self, case: Case, split: Split, answers: pa.Table) -> list[Figure]:
        """Right documents by place, and worth by how many words a query has."""
        from grundstein.tasks.search import judging

        return judging.figures(plan_of(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """How the queries were made, what nothing answers, what of the corpus cannot be found."""
        from grundstein.tasks.search.telling import findings

        return findings(plan_of(case), development)

    def form(self, case: Case) -> str:
        """Money of each right document shown."""
        return "ranking"

    def measure(self, case: Case) -> str:
        """Return "money", or the metric that decides."""
        return options.measure_of(case)

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with subjects to find, or with none."""
        return example(seed, signal)


TASK: Task = Search()
