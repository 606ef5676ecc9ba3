"""Room flow. In: live releases -> Out: an Observation of each, what is new about it told, and what is due done."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from grundstein.core.errors import GrundsteinError, Refused
from grundstein.core.records import Observation
from grundstein.flow.grounds import ground
from grundstein.flow.signing import current, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Entry, Project
    from grundstein.flow.grounds import Ground
    from grundstein.production.telling import Told

FOLDER = "watch"


@dataclass(frozen=True)
class Ticked:
    """What one tick did for one case.

    `observation` is its newest, `fresh` whether this tick made it; `told` are the lines that were new, `unsent` why
    the webhook did not take them. `again` says why the case was evaluated again, `refused` why nothing could be done.
    """

    case: str
    observation: Entry | None = None
    fresh: bool = False
    collected: int = 0
    told: tuple[dict[str, Any], ...] = ()
    unsent: str = ""
    again: str = ""
    refused: str = ""


def tick(project: Project, name: str = "") -> list[Ticked]:
    """Do once what is due for a case, for all with a live release where none is named; waits for another tick.

    Brings the journal in, observes, tells what is new, evaluates again where that is due. Nothing new makes no record:
    it may be run as often as one likes. What one case refuses does not keep the others from their turn.
    """
    if name and current(project, name) is None:
        project.case(name)
        raise Refused(f"Nothing of {name} is released.", "A signed release.", f"grundstein release {name}")
    with project.ticking():
        names = [name] if name else [one for one in project.case_names() if current(project, one) is not None]
        return [_ticked(project, one) for one in names]


def watch(project: Project, name: str, seconds: float, pause: Callable[[float], None] = time.sleep) -> Iterator[Ticked]:
    """Tick for ever, with a pause between; yields what each tick did for each case.

    Refused at once where there is nothing to watch; what is refused later is told, and the next tick tries again.
    """
    yield from tick(project, name)
    while True:
        pause(seconds)
        try:
            done = tick(project, name)
        except GrundsteinError as error:
            done = [Ticked(name, refused=_said(error))]
        yield from done


def newest(project: Project, name: str) -> Entry | None:
    """The newest Observation of a case's live release; None where nobody looked yet."""
    live = current(project, name)
    rows = [row for row in project.ledger.entries(Observation) if cast("Observation", row.record).case == name]
    mine = [row for row in rows if live is not None and cast("Observation", row.record).release == live.id]
    return mine[-1] if mine else None


def observe(project: Project, name: str) -> Entry:
    """Look at a live release now; the same state of its tables gives the record that is there already."""
    entry = cast("Entry", current(project, name))
    project.progress.step(f"{name}: watching")
    before = newest(project, name)
    known = cast("Observation", before.record) if before else None
    return project.ledger.once(_observation(project, ground(project, entry), known))


def _ticked(project: Project, name: str) -> Ticked:
    done = Ticked(name)
    try:
        done = replace(done, collected=_collected(project, name))
        before = newest(project, name)
        seen = observe(project, name)
        done = replace(done, observation=seen, fresh=before is None or before.id != seen.id)
        lines, unsent = _told(project, seen)
        done = replace(done, told=tuple(lines), unsent=unsent)
        return replace(done, again=_again(project, name))
    except GrundsteinError as error:
        return replace(done, refused=_said(error))


def _said(error: GrundsteinError) -> str:
    return f"{error.what} {error.expected} {error.next_step}"


def _collected(project: Project, name: str) -> int:
    from grundstein.flow.collecting import collect

    done = collect(project, name)
    return done.answers + done.feedback


def _again(project: Project, name: str) -> str:
    """Evaluate a case again where that is due; returns why it was, nothing where it was not."""
    from grundstein.flow.again import again, due

    why = due(project, name)
    if why:
        again(project, name, why)
    return why


def _observation(project: Project, found: Ground, known: Observation | None) -> Observation:
    from grundstein.flow.answered import answers_counted, took
    from grundstein.flow.drifted import drifted
    from grundstein.flow.worth import worth
    from grundstein.production import watching

    looked = drifted(project, found, known)
    measured = worth(project, found, known)
    findings = (*looked.findings, *_aside(project, found), *measured.findings, *_dates(project, found))
    findings += _standard(project, found)
    findings += watching.speed(found.case.name, took(project, found), project.slow_ms)
    shown = (watching.picture(found.signed, measured.gain),) if measured.gain else ()
    return Observation(
        case=found.case.name,
        release=found.entry.id,
        until=looked.until,
        answers=answers_counted(project, found),
        truths=measured.truths,
        baseline=found.baseline,
        signed=found.signed,
        measured=measured.gain,
        lost=measured.lost,
        findings=findings,
        looks=looked.looks,
        behind=measured.behind,
        pictures=shown,
    )


def _aside(project: Project, found: Ground) -> tuple[Finding, ...]:
    from grundstein.flow.answered import counted
    from grundstein.production.answering import QUESTIONS
    from grundstein.production.watching import put_aside

    table = found.case.name + QUESTIONS
    taken, aside = counted(project, table, found.entry.at)
    return put_aside(table, taken + aside, aside)


def _dates(project: Project, found: Ground) -> tuple[Finding, ...]:
    from grundstein.production import watching

    today, name = now(project).date(), found.case.name
    fed = project.tables.info(found.main.table).changed_at
    learnt, fresh = date.fromisoformat(found.pinned_at[:10]), found.main.freshness_days
    aged = watching.ages(name, learnt, found.main.table, date.fromisoformat(fed[:10]), fresh, today)
    return (*watching.ends(name, found.release.until, today), *aged)


def _standard(project: Project, found: Ground) -> tuple[Finding, ...]:
    """What the company's standard asks now and did not when this was signed; one that cannot be read is `check`'s."""
    from grundstein.flow import standards
    from grundstein.production import watching

    try:
        return watching.standard(found.case.name, standards.since(project, found.release.bond, found.case))
    except Refused:
        return ()


def _told(project: Project, seen: Entry) -> tuple[list[dict[str, Any]], str]:
    """Write what is new to `watch/CASE.jsonl`, then send what was not sent yet."""
    from grundstein.production.telling import Told

    said = cast("Observation", seen.record)
    told = Told(project.root / FOLDER / f"{said.case}.jsonl")
    about = {"at": seen.at, "case": said.case, "release": said.release, "observation": seen.id}
    lines = told.tell(said.findings, about)
    return lines, _sent(project, told, said.case)


def _sent(project: Project, told: Told, name: str) -> str:
    hook, waiting = project.webhook, told.waiting()
    if hook is None or not waiting:
        return ""
    failed = hook.post({"project": project.name, "case": name, "findings": waiting})
    if not failed:
        told.took()
    return failed
