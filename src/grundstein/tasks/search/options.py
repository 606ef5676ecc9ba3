"""Room tasks. In: a search case -> Out: Plan, what a solution must know of it; its fields read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as defaulted
from typing import TYPE_CHECKING

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.tools.fields import options_of, ranking_measure, refuse_unless_whole, several
from grundstein.tools.retrieval.languages import checked
from grundstein.tools.retrieval.shelf import Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case

MEASURES = ("ndcg@10", "recall@100", "mrr@10")
DEEPEST = 100


@dataclass(frozen=True)
class Options:
    """The task's own fields of the case file.

    `id`, `title` and `text` are columns of `corpus`, the last two one or several; `query_id` and `query` columns of
    `queries`. What is right stands in `judgements` (by `query_id`, `id` and, where it is graded, `relevance`), or in
    the column `relevant` of `queries`: names of documents, | between them. Without both each query is taken to look for
    the document of its own name: known items, titles of the corpus for example, and the titles are taken out of the
    documents while judging. `language`: of the corpus, found by itself where it is not named. `narrow`: columns of
    `corpus` whose value a query may fix by a column of the same name. `cites`: the column of `references` that names
    the document which the one of `id` refers to. `k`: how many documents are shown.
    """

    id: str
    query: str = ""
    query_id: str = ""
    title: list[str] | str = ""
    text: list[str] | str = ""
    relevant: str = ""
    relevance: str = ""
    language: str = ""
    narrow: list[str] = defaulted(default_factory=list)
    cites: str = ""
    k: int = 10


@dataclass(frozen=True)
class Plan:
    """The part of a case that a solution must know."""

    columns: Columns
    query: str
    query_id: str
    relevant: str
    relevance: str
    language: str
    cites: str
    k: int
    measure: str
    hit: float
    judged: bool
    entity: str
    time: str
    horizon_days: float
    split: str

    @property
    def depth(self) -> int:
        """Length of a ranking: the documents shown, and at least the 100 that recall@100 needs."""
        return max(self.k, DEEPEST)

    @property
    def known_items(self) -> bool:
        """Whether each query looks for the document of its own name."""
        return not self.judged and not self.relevant


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = _options(case)
    title, text = several(options.title), several(options.text)
    if not title and not text:
        raise Refused("nothing is named to search in", "`text:` or `title:` with columns of the corpus", "add them")
    judged = "judgements" in case.data
    if judged and options.relevant:
        raise Refused("what is right stands twice: `judgements` and `relevant`", "one of the two", "take one out")
    query = options.query or ("" if judged or options.relevant or not title else title[0])
    if not query:
        raise Refused(
            "nothing says what was asked", "`query: COLUMN` of `queries`", f"add it to cases/{case.name}.yaml"
        )
    return Plan(
        columns=Columns(options.id, title, text, tuple(options.narrow)),
        query=query,
        query_id=options.query_id or ("" if judged else options.id if not options.relevant else ""),
        relevant=options.relevant,
        relevance=options.relevance,
        language=checked(options.language) if options.language else "",
        cites=options.cites,
        k=options.k,
        measure=measure_of(case),
        hit=case.money["hit"] if case.money else 0.0,
        judged=judged,
        entity=case.entity,
        time=case.time,
        horizon_days=case.horizon_days,
        split=case.split,
    )


def measure_of(case: Case) -> str:
    """Return "money", or the additive metric that decides (`ndcg@10` where the case names none)."""
    return ranking_measure(case, MEASURES)


def contracts(case: Case) -> Mapping[str, Contract]:
    """Return what `queries`, `corpus` and, where the case names them, `judgements` and `references` must hold."""
    plan = plan_of(case)
    if case.baseline:
        raise Refused(
            "a search case cannot carry a rule as its `baseline:`", "none: the opponent is the plain keyword search",
            f"take `baseline:` out of cases/{case.name}.yaml",
        )  # fmt: skip
    names = dict.fromkeys([plan.query_id, plan.query, plan.relevant, *([case.time] if case.time != "_row" else [])])
    asked = tuple(Column(name, "text") for name in names if name)
    held = dict.fromkeys([plan.columns.id, *plan.columns.title, *plan.columns.text, *plan.columns.narrow])
    found = {
        "queries": Contract(case.data.get("queries", "queries"), asked, entity=case.entity, time=case.time),
        "corpus": Contract(case.data.get("corpus", "corpus"), tuple(Column(name, "text") for name in held)),
    }
    if plan.judged:
        judging = [plan.query_id, plan.columns.id, *([plan.relevance] if plan.relevance else [])]
        found["judgements"] = Contract(case.data["judgements"], tuple(Column(name, "text") for name in judging))
    if "references" in case.data:
        linked = (Column(plan.columns.id, "text"), Column(plan.cites, "text"))
        found["references"] = Contract(case.data["references"], linked)
    return found


def answers(case: Case) -> Contract:
    """Return the columns of an answer: one row a query, its documents as a list, best first, and their scores."""
    plan = plan_of(case)
    return Contract(
        f"{case.name}_answers",
        (
            Column("query_id", "text", description="the query"),
            Column("ids", "text", required=True, description=f"list, best first; the first {plan.k} are shown"),
            Column("scores", "number", required=True, description="list, one score a document, falling"),
        ),
    )


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    refuse_unless_whole("k", options.k, 1, 1_000)
    if "judgements" in case.data and not options.query_id:
        raise Refused(
            "nothing says which query is judged", "`query_id: COLUMN` of `queries` and `judgements`", "add it"
        )
    if ("references" in case.data) != bool(options.cites):
        raise Refused(
            "documents are linked by a table `references` and its column `cites`", "both or none", "name the other too"
        )
    return options
