"""Room tasks. In: development queries and their corpus -> Out: findings that only this task can say; aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.core.findings import Finding
from grundstein.tasks.search.splitting import wanted_of
from grundstein.tools.columns import as_texts
from grundstein.tools.retrieval.asking import MOST_TERMS
from grundstein.tools.retrieval.languages import languages_of, words_of
from grundstein.tools.retrieval.shelf import documents_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grundstein.core.task import Data
    from grundstein.tasks.search.options import Plan
    from grundstein.tools.retrieval.index import Document


def findings(plan: Plan, development: Data) -> Sequence[Finding]:
    """Say how the queries were made, what nothing answers, and what of the corpus cannot be found."""
    queries = development["queries"]
    wanted = wanted_of(development, queries, plan)
    documents = documents_of(development["corpus"], plan.columns)
    names = {one.key for one in documents}
    judged = {name for grades in wanted for name in grades}
    texts = as_texts(queries, plan.query).to_pylist()
    long = sum(len(text or "") > MOST_TERMS and len(set(words_of(text or ""))) > MOST_TERMS for text in texts)
    none = sum(not grades for grades in wanted)
    counted = {"queries": len(wanted)}
    found = [
        *([Finding("GST-R01", "issue", counted)] if plan.known_items else []),
        *([Finding("GST-R02", "issue", {"none": none, **counted})] if none else []),
        *([Finding("GST-R03", "tip", {"cut": long, "terms": MOST_TERMS, **counted})] if long else []),
        *_of_corpus(plan, documents),
    ]
    if missing := len(judged - names):
        found.append(Finding("GST-R08", "issue", {"missing": missing, "judged": len(judged)}))
    return tuple(found)


def _of_corpus(plan: Plan, documents: Sequence[Document]) -> Iterator[Finding]:
    count = len(documents)
    texts = [one.whole.strip() for one in documents]
    languages = (plan.language,) if plan.language else languages_of(texts)
    yield Finding("GST-R04", "tip", {"languages": ", ".join(languages)})
    there = [text for text in texts if text]
    if len(there) < count:
        yield Finding("GST-R05", "issue", {"empty": count - len(there), "documents": count})
    if copies := len(there) - len(set(there)):
        yield Finding("GST-R06", "tip", {"copies": copies, "documents": count})
    if doubled := count - len({one.key for one in documents}):
        yield Finding("GST-R07", "issue", {"doubled": doubled, "documents": count})
