"""Room flow. In: a case -> Out: the Promises of past dates, in a ledger of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grundstein.core.records import Promise
from grundstein.flow.pinning import asked, pin, pinned_of

if TYPE_CHECKING:
    from grundstein.core.ports import Project

STEPS = 8


def replay(project: Project, name: str, steps: int = STEPS) -> list[Promise]:
    """Decide a case at past dates with what was known then, and hold each promise against what came later.

    Nothing of it stands in the project's ledger: the sealed part stays closed, no opening is counted. A date that was
    replayed before with the same rows and libraries is read from the replay's ledger.
    """
    from grundstein.evaluation.replay import dates, promise

    pinned = pinned_of(pin(asked(project, name), project), project)
    known = {_mark(one): one for one in replayed(project)}
    ledger = project.aside("replay")
    found = []
    for date in dates(pinned, steps):
        mark = (pinned.snapshot, date.at, date.until, pinned.budget, pinned.lock)
        one = known.get(mark) or promise(date, project.progress.step)
        if one is not None:
            ledger.once(one)
            found.append(one)
    return found


def replayed(project: Project) -> list[Promise]:
    """All promises of the replay's ledger; none where nobody has replayed anything."""
    if not project.has_aside("replay"):
        return []
    return [cast("Promise", row.record) for row in project.aside("replay").entries(Promise)]


def _mark(one: Promise) -> tuple[str, str, str, int, str]:
    return one.snapshot, one.at, one.until, one.budget, one.lock
