"""Room tasks. In: development questions and their corpus -> Out: findings that only this task can say; aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.core.findings import Finding
from grundstein.tasks.ask.judging import plain
from grundstein.tasks.ask.splitting import wanted_of
from grundstein.tasks.ask.tuning import FEWEST, SILENT_FEWEST
from grundstein.tools.retrieval.languages import languages_of
from grundstein.tools.retrieval.shelf import documents_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.task import Data
    from grundstein.tasks.ask.options import Plan


def findings(plan: Plan, development: Data) -> Sequence[Finding]:
    """Say whether choosing and silence could be learnt, and which truths cannot be cited."""
    questions = development["questions"]
    wanted = wanted_of(development, questions, plan)
    documents = {one.key: one for one in documents_of(development["corpus"], plan.columns)}
    count = len(wanted)
    silent = sum(not one for one in wanted)
    found = [Finding("GST-U01", "tip", {"silent": silent, "questions": count})]
    if silent < SILENT_FEWEST:
        found.append(Finding("GST-U02", "issue", {"silent": silent, "questions": count, "fewest": SILENT_FEWEST}))
    if count - silent < FEWEST:
        found.append(Finding("GST-U03", "issue", {"answered": count - silent, "fewest": FEWEST}))
    truths = [one for row in wanted for one in row]
    lost = sum(one["document"] not in documents for one in truths)
    if lost:
        found.append(Finding("GST-U04", "issue", {"lost": lost, "truths": len(truths)}))
    here = [(documents[str(one["document"])], one["said"]) for one in truths if one["document"] in documents]
    unsaid = sum(plain(said) not in plain(document.text) for document, said in here if said)
    if unsaid:
        found.append(Finding("GST-U05", "issue", {"unsaid": unsaid, "truths": len(truths)}))
    empty = sum(not one.text.strip() for one in documents.values())
    if empty:
        found.append(Finding("GST-U06", "issue", {"empty": empty, "documents": len(documents)}))
    languages = (plan.language,) if plan.language else languages_of([one.whole for one in documents.values()])
    found.append(Finding("GST-U07", "tip", {"languages": ", ".join(languages)}))
    return tuple(found)
