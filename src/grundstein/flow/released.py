"""Room flow. In: a case -> Out: what is in use of it, and the released model as one more opponent on newer rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import canonical
from grundstein.core.records import Experiment, Opening, Question, Release, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Entry, Project
    from grundstein.core.task import Task
    from grundstein.evaluation.released import InUse


def newest(project: Project, name: str, mode: str = "live") -> Entry | None:
    """The newest release of a case in a mode; None where there is none."""
    rows = [row for row in project.ledger.entries(Release) if cast("Release", row.record).case == name]
    return next((row for row in reversed(rows) if cast("Release", row.record).mode == mode), None)


def first_of(project: Project, said: Release) -> Entry:
    """The live release that first put this to work: rolled back to or signed anew, it stays the same.

    Today's rule stays the same, though its files hold other rates on other rows.
    """
    rule = _standing(project, said) == "baseline"

    def same(one: Release) -> bool:
        named = rule and one.bond.solution == said.bond.solution and _standing(project, one) == "baseline"
        return (one.case, one.mode) == (said.case, "live") and (named or one.bond.model == said.bond.model)

    return next(row for row in project.ledger.entries(Release) if same(cast("Release", row.record)))


def _standing(project: Project, said: Release) -> str:
    """What a release was in its experiment: baseline, candidate, or what was in use already."""
    experiment = cast("Experiment", project.ledger.get(said.bond.experiment).record)
    return next(one.standing for one in experiment.outcomes if one.name == said.bond.solution)


def rounds_since(project: Project, name: str, openings: Mapping[str, Opening]) -> int:
    """How many openings a case has had since the model in use was first released; none where nothing is released.

    `openings` by record id; those of one identity are one.
    """
    entry = newest(project, name)
    if entry is None:
        return 0
    began = first_of(project, cast("Release", entry.record)).sequence
    later = {row.id for row in project.ledger.entries(Opening) if row.sequence > began}
    return len({one.identity for id_, one in openings.items() if id_ in later and one.case == name})


def opponent(project: Project, case: Case, pinned: Snapshot) -> str:
    """The id of the release whose model is an opponent on this snapshot; empty where there is none.

    None for today's rule, which is the baseline already. On the very rows that the released model was judged on, its
    own opponent then stays the one: the same work is not done twice.
    """
    entry = newest(project, case.name)
    if entry is None:
        return ""
    said = cast("Release", entry.record)
    judged = cast("Snapshot", project.ledger.get(said.bond.snapshot).record)
    rule = _standing(project, said) == "baseline"
    if rule and _fields(project, said).get("baseline", "") == case.baseline:
        return ""
    if judged.digest == pinned.digest:
        return judged.released
    return entry.id if rule else first_of(project, said).id


def opponent_of(
    project: Project, case: Case, task: Task, snapshot: Snapshot, table: str
) -> tuple[InUse | None, tuple[Finding, ...]]:
    """The released model that a snapshot names, as a solution, its files checked before they are read.

    None, and why, where it was made for another question.
    """
    from grundstein.evaluation.released import InUse, left_out

    if not snapshot.released:
        return None, ()
    entry = project.ledger.get(snapshot.released)
    said = cast("Release", entry.record)
    if _asks(project, said) != json.loads(canonical([case.task, case.options])):
        return None, (left_out(said.bond.solution, entry.at[:10], "the case asks another question now"),)
    learned = cast("Snapshot", project.ledger.get(said.bond.snapshot).record)
    kind, _, kept = said.bond.model.partition(":")
    solution = task.load(kind, project.files.folder(kept))
    last = learned.rows.get(table, -1)
    return InUse(said.bond.solution, solution, said.bond.model, entry.at[:10], last), ()


def _asks(project: Project, said: Release) -> list[object]:
    before = _fields(project, said)
    return [before.get("task"), before.get("options")]


def _fields(project: Project, said: Release) -> dict[str, object]:
    question = cast("Question", project.ledger.get(said.bond.question).record)
    fields: dict[str, object] = json.loads(question.fields)
    return fields
