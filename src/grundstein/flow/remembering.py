"""Room flow. In: the ledger and the cases -> Out: what was tried, failed, learned, decided and edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grundstein.core.records import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project
    from grundstein.evaluation.evaluate import Pinned


def tried(project: Project, words: str) -> Sequence[Mapping[str, str]]:
    """Find cases by words, with what came of them and why."""
    from grundstein.approval.memory import attempts, matching

    return matching(attempts(_cases(project), list(project.ledger.entries())), words)


def rundown(project: Project, since: str) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """What was tried, failed, learned and decided since an ISO date."""
    from grundstein.approval.memory import attempts, since_date

    return since_date(attempts(_cases(project), list(project.ledger.entries())), since)


def trail(project: Project, name: str) -> Sequence[Mapping[str, str]]:
    """Return what was done with a case, line by line: asked, edited, evaluated, opened, and what the judge said."""
    from grundstein.approval.trail import trail as lines

    found = lines(list(project.ledger.entries()), name)
    if not found:
        project.case(name)
    return found


def edits_of(project: Project, pinned: Pinned) -> tuple[Finding, ...]:
    """Return the finding that lists the fields of a case that were changed since it was first evaluated."""
    from grundstein.approval.memory import edits
    from grundstein.core.findings import Finding

    questions = [cast("Question", e.record) for e in project.ledger.entries(Question)]
    changed = edits([q for q in questions if q.case == pinned.case.name])
    return (Finding("GST-E02", "issue", {"fields": ", ".join(changed)}),) if changed else ()


def _cases(project: Project) -> list[Case]:
    return [project.case(name) for name in project.case_names()]
