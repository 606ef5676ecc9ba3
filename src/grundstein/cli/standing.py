"""Room cli. In: a case -> Out: where it stands: judged, signed, at work, watched, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from grundstein.cli.show import Row, called, experiment_rows, next_after_evaluate, verdict_rows
from grundstein.cli.terminal import finding_rows, say, say_json

if TYPE_CHECKING:
    from grundstein.core.ports import Entry
    from grundstein.core.records import Observation, Release, SignOff
    from grundstein.project.folder import Folder


def print_case(project: Folder, name: str, as_json: bool) -> None:
    """Print where a case stands; Refused where its file cannot be read."""
    from grundstein import flow

    case = project.case(name)
    told = _newest(project, name)
    live, seen = flow.current(project, name), flow.newest(project, name)
    if as_json:
        records: dict[str, Entry | None] = {**told, "release": live, "observation": seen}
        ids = {kind: entry.id if entry else None for kind, entry in records.items()}
        say_json({"case": name, "task": case.task, "question": case.question, **ids})
        return
    say([("Case", f"{name} ({case.task}): {case.question}", ""), *_judged(project, told)])
    say([*_signed(project, name), *_at_work(live), *_watched(seen)])
    say(_next(name, told, live))


def _newest(project: Folder, name: str) -> dict[str, Entry | None]:
    from grundstein.core.records import Experiment, Verdict

    found: dict[str, Entry | None] = {"experiment": None, "verdict": None}
    for row in project.ledger.entries():
        record: Any = row.record
        if isinstance(record, Experiment) and record.case == name:
            found["experiment"] = row
        elif isinstance(record, Verdict) and record.case == name and not record.deposit:
            found["verdict"] = row
    return found


def _judged(project: Folder, told: dict[str, Entry | None]) -> list[Row]:
    if told["verdict"]:
        return verdict_rows(project, told["verdict"])
    return experiment_rows(project, told["experiment"]) if told["experiment"] else []


def _signed(project: Folder, name: str) -> list[Row]:
    from grundstein.core.records import SignOff

    rows = [cast("SignOff", row.record) for row in project.ledger.entries(SignOff)]
    return [_signature(one) for one in rows if one.case == name]


def _signature(one: SignOff) -> Row:
    said = "approved" if one.decision == "approve" else "refused"
    why = f": {one.reason}" if one.reason else ""
    return (
        "Signed",
        f"{one.person} ({one.role}) {said} {called(one.bond.solution)} until {one.until}{why}",
        "",
    )


def _at_work(live: Entry | None) -> list[Row]:
    if live is None:
        return []
    said = cast("Release", live.record)
    return [("Live", f"{called(said.bond.solution)} since {live.at[:10]}, signed until {said.until}", "")]


def _watched(seen: Entry | None) -> list[Row]:
    if seen is None:
        return []
    said = cast("Observation", seen.record)
    told = f"{seen.at[:10]}: {said.answers:,} answers, {said.truths:,} truths that count"
    return [("Watched", told, ""), *finding_rows(said.findings, "Watching", "issue", "tip")]


def _next(name: str, told: dict[str, Entry | None], live: Entry | None) -> list[Row]:
    if live:
        return [("Next", f"grundstein tick {name}        (looks at it now)", "")]
    if told["verdict"]:
        return [("Next", f"grundstein sign {name}", "")]
    if told["experiment"]:
        return next_after_evaluate(told["experiment"])
    return [("Next", f"grundstein evaluate {name}", "")]
