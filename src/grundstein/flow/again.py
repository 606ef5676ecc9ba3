"""Room flow. In: a released case and what came since -> Out: why it is due again, and its next verdict.

The same case on a new snapshot, with the released model as one more opponent, by the same judge. A round is written to
the ledger before it begins and ends with the verdict of its snapshot, so one that was killed goes on where it stood.
Nothing is released here: where the verdict qualifies, a signature waits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import record_id
from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.core.records import Batch, Experiment, Observation, Opening, Report, Round, Snapshot, Verdict
from grundstein.flow.guarding import known_before
from grundstein.flow.pinning import asked, pin, pinned_of, question_of
from grundstein.flow.released import newest
from grundstein.flow.remembering import edits_of
from grundstein.flow.signing import now
from grundstein.flow.standards import keep as keep_demand
from grundstein.flow.steps import advance, evaluated, matching, refuse_unready, reported

if TYPE_CHECKING:
    from grundstein.core.case import Again
    from grundstein.core.ports import Entry, Project


def due(project: Project, name: str) -> str:
    """Say why a released case is due again by what its `again:` says; empty where it is not, or says nothing.

    A round that was not finished is due. Else there must be new rows, and: days since the last evaluation, rows since,
    or an observation since that expects more to be lost in a period than an evaluation costs.
    """
    live = newest(project, name)
    said = project.case(name).again
    if live is None or said is None:
        return ""
    if (begun := _unfinished(project, name)) is not None:
        return f"the round of {begun.at[:10]} was not finished"
    last = _last(project, name)
    if not _moved(project, last):
        return ""
    return next((why for why in _reasons(project, name, said, last) if why), "")


def hint(project: Project, name: str) -> Finding | None:
    """Say that rows came since a released case was evaluated; None where none did, or nothing is released."""
    if newest(project, name) is None:
        return None
    last = _last(project, name)
    if not _moved(project, last):
        return None
    facts: dict[str, str | int] = {"case": name, "rows": _arrived(project, last), "since": last.at[:10]}
    return Finding("GST-A07", "tip", facts)


def again(project: Project, name: str, why: str = "") -> Entry:
    """Evaluate a released case on its newest rows and judge it; returns the entry of the Verdict, its report written.

    A round that was killed goes on; rows that were judged already are not judged twice. The sealed part stays closed
    where development gives the winner too small a chance. Refused where nothing of the case is live.
    """
    refuse_unready(project, name)
    if newest(project, name) is None:
        raise Refused(
            f"Nothing of {name} is released, so there is nothing to hold new rows against.",
            "A live release.",
            f"grundstein decide {name}",
        )
    begun = _unfinished(project, name)
    snapshot = project.ledger.get(cast("Round", begun.record).snapshot) if begun else pin(asked(project, name), project)
    if begun is None:
        if (known := _finished(project, snapshot.id)) is not None:
            return known
        project.ledger.once(Round(name, snapshot.id, why or "asked for by a person"))
    tested = matching(project, snapshot) or evaluated(snapshot, project)
    keep_demand(project, name)
    verdict = _spared(project, tested) or advance(tested, project, until=Verdict)
    reported(verdict, project)
    return verdict


def _spared(project: Project, tested: Entry) -> Entry | None:
    """The verdict of development alone, where an opening would be spent for nothing; None where one is due."""
    from grundstein.evaluation import decide as deciding
    from grundstein.evaluation import sparing

    experiment = cast("Experiment", tested.record)
    if deciding.needs_no_opening(experiment):
        return None
    pinned = pinned_of(project.ledger.get(experiment.snapshot), project)
    earlier = {row.id: cast("Opening", row.record) for row in project.ledger.entries(Opening)}
    opening = deciding.opening_of(pinned, experiment, tested.id, earlier, known_before(pinned, project, earlier))
    if record_id(opening) in earlier:
        return None
    found = sparing.spared(pinned.case, experiment, opening, project.files)
    if found is None:
        return None
    said = sparing.verdict_of(pinned.case, experiment, found, edits_of(project, pinned))
    return project.ledger.once(replace(said, experiment=tested.id))


def _unfinished(project: Project, name: str) -> Entry | None:
    """The newest round of a case where it lacks its verdict or its report, and the case still asks the same."""
    rounds = [row for row in project.ledger.entries(Round) if cast("Round", row.record).case == name]
    if not rounds or _finished(project, cast("Round", rounds[-1].record).snapshot) is not None:
        return None
    snapshot = cast("Snapshot", project.ledger.get(cast("Round", rounds[-1].record).snapshot).record)
    same = snapshot.question == record_id(question_of(project.case(name)))
    return rounds[-1] if same else None


def _finished(project: Project, snapshot: str) -> Entry | None:
    """The verdict of a snapshot, once its report is there."""
    rows = project.ledger.entries(Experiment)
    tested = {row.id for row in rows if cast("Experiment", row.record).snapshot == snapshot}
    told = {cast("Report", row.record).subject for row in project.ledger.entries(Report)}
    verdicts = [row for row in project.ledger.entries(Verdict) if _is_of(cast("Verdict", row.record), tested)]
    return next((row for row in reversed(verdicts) if row.id in told), None)


def _is_of(said: Verdict, tested: set[str]) -> bool:
    return said.experiment in tested and not said.deposit


def _last(project: Project, name: str) -> Entry:
    """The newest experiment of a released case."""
    return [row for row in project.ledger.entries(Experiment) if cast("Experiment", row.record).case == name][-1]


def _moved(project: Project, last: Entry) -> bool:
    """Tell whether the tables of the case hold something else than at the last evaluation."""
    from grundstein.lake import snapshots

    before = cast("Snapshot", project.ledger.get(cast("Experiment", last.record).snapshot).record)
    case = project.case(before.case)
    return snapshots.pin(project.tables, case, before.question, before.test).digest != before.digest


def _arrived(project: Project, last: Entry) -> int:
    """How many rows came or were replaced in the case's tables since the last evaluation."""
    pinned = project.ledger.get(cast("Experiment", last.record).snapshot)
    tables = cast("Snapshot", pinned.record).versions
    rows = [row.record for row in project.ledger.entries(Batch) if row.sequence > pinned.sequence]
    mine = [one for one in rows if isinstance(one, Batch) and one.table in tables]
    return sum(one.rows - one.unchanged for one in mine)


def _reasons(project: Project, name: str, said: Again, last: Entry) -> list[str]:
    days = (now(project) - datetime.fromisoformat(last.at)).total_seconds() / 86_400
    rows, lost = _arrived(project, last), _lost(project, name, last)
    return [
        f"{rows} rows came since {last.at[:10]}" if said.rows is not None and rows >= said.rows else "",
        f"{days:.0f} days since the last evaluation" if said.days is not None and days >= said.days else "",
        f"going on is expected to lose {lost:.0f} {project.currency} a {project.case(name).period}"
        if said.cost is not None and lost > said.cost
        else "",
    ]


def _lost(project: Project, name: str, last: Entry) -> float:
    """What the newest observation of the live release since the last evaluation expects to be lost in a period."""
    live = newest(project, name)
    seen = [row.record for row in project.ledger.entries(Observation) if row.sequence > last.sequence]
    own = [one for one in seen if isinstance(one, Observation) and one.case == name]
    mine = [one for one in own if live is not None and one.release == live.id]
    return (mine[-1].lost or 0.0) if mine else 0.0
