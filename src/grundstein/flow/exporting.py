"""Room flow. In: the ledger -> Out: its experiments and releases written where others look, each once.

A release that was signed becomes a version of its case; what was not is a run at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import canonical
from grundstein.core.errors import Refused
from grundstein.core.exporting import Exported, Run
from grundstein.core.records import Experiment, Release, Snapshot, Verdict
from grundstein.flow.answering import signed_case
from grundstein.flow.signing import current, refuse_ended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grundstein.core.exporting import Exporter
    from grundstein.core.ports import Entry, Project
    from grundstein.core.records import Gain, Outcome

MODES = ("live", "shadow")


@dataclass(frozen=True)
class Told:
    """How many runs and versions were new, how many were there, and why a release is a run only."""

    runs: int
    versions: int
    known: int
    apart: tuple[str, ...]


def export(project: Project, exporter: Exporter) -> Told:
    """Write every experiment with its solutions, and every release; what is there already stays as it is."""
    with exporter.writing():
        return _export(project, exporter)


def _export(project: Project, exporter: Exporter) -> Told:
    wrote = [exporter.run(run) for run in _experiments(project)]
    versions, apart = [], []
    for entry, put in _releases(project):
        project.progress.step(f"release {entry.id[:12]} of {put.case}")
        try:
            versions.append(exporter.model(_exported(project, entry, put)))
        except Refused as error:
            apart.append(f"{put.case}, release {entry.id[:12]}: {error.what}")
            wrote.append(exporter.run(_release_run(project, entry, put)))
    for case in {put.case for _, put in _releases(project)}:
        for mode in MODES:
            exporter.point(case, mode, _pointed(project, case, mode))
    new, all_of_them = sum(wrote) + sum(versions), len(wrote) + len(versions)
    return Told(new, sum(versions), all_of_them - new, tuple(apart))


def _experiments(project: Project) -> Iterator[Run]:
    seen = set()
    for entry in project.ledger.entries(Experiment):
        if entry.id not in seen:
            seen.add(entry.id)
            project.progress.step(f"experiment {entry.id[:12]}")
            yield _experiment_run(project, entry, cast("Experiment", entry.record))
            yield from (_outcome_run(entry, one) for one in cast("Experiment", entry.record).outcomes)


def _experiment_run(project: Project, entry: Entry, said: Experiment) -> Run:
    figures = {"perfect": said.perfect, "detectable": said.detectable}
    params = {
        "task": said.task,
        "measure": said.measure,
        "split": said.split,
        "units": str(said.units),
        "units_test": str(said.units_test),
        "seed": str(said.seed),
        "budget": str(said.budget),
        "winner": said.winner,
    }
    return Run(
        key=entry.id,
        case=said.case,
        name=f"experiment {entry.id[:12]}",
        at=entry.at,
        person=entry.person,
        params=params,
        metrics=_finite(figures),
        tags={**_tags(entry), **_pinned(project, said)},
        seconds=sum(entry.seconds.values()),
    )


def _outcome_run(entry: Entry, one: Outcome) -> Run:
    said = cast("Experiment", entry.record)
    gain = said.gains.get(one.name)
    return Run(
        key=f"{entry.id}/{one.name}",
        case=said.case,
        name=one.name,
        at=entry.at,
        person=entry.person,
        params={"standing": one.standing, "seed": str(said.seed)},
        metrics=_finite({"value": one.value, **(_gain("", gain) if gain else {}), **one.metrics}),
        tags={**_tags(entry), "grundstein.model": one.model, "grundstein.figures": "development"},
        seconds=entry.seconds.get(one.name, 0.0),
        under=entry.id,
    )


def _release_run(project: Project, entry: Entry, put: Release) -> Run:
    verdict = cast("Verdict", project.ledger.get(put.bond.verdict).record)
    outcome = next((one for one in verdict.outcomes if one.name == put.bond.solution), None)
    gains = verdict.gains if put.bond.solution == verdict.winner else {}
    figures = {"value": outcome.value, **outcome.metrics} if outcome else {}
    for name, gain in gains.items():
        figures |= _gain(f".{name}", gain)
    bond = {f"grundstein.{name}": value for name, value in vars(put.bond).items()}
    signed = {"grundstein.signatures": " ".join(put.signatures), "grundstein.until": put.until}
    return Run(
        key=entry.id,
        case=put.case,
        name=f"release {entry.id[:12]}",
        at=entry.at,
        person=entry.person,
        params={"solution": put.bond.solution, "mode": put.mode, "verdict": verdict.verdict},
        metrics=_finite(figures),
        tags={**_tags(entry), **bond, **signed, "grundstein.figures": verdict.figures},
        note=f"{put.bond.solution}: {verdict.verdict}, {len(put.signatures)} signatures, until {put.until}",
    )


def _exported(project: Project, entry: Entry, put: Release) -> Exported:
    """A signed release with its judged files.

    Refused: no signature, questions without a contract, a capacity, which only what keeps its answers can count.
    """
    from grundstein.flow.exported import sides

    if not put.signatures:
        raise Refused("nobody has signed it.", "A signature.", f"grundstein sign {put.case}")
    case = signed_case(project, put)
    if case.capacity is not None:
        raise Refused("its capacity is counted by `answer` and `serve` alone.", "No `capacity`.", "grundstein serve")
    kind, _, kept = put.bond.model.partition(":")
    folder = project.files.folder(kept)
    contract, takes, gives, keys = sides(project, entry, case)
    settings = {
        "release": entry.id,
        "case": canonical(case),
        "contract": canonical(contract),
        "keys": keys,
        "kind": kind,
        "model": kept,
        "until": put.until,
        "timezone": project.timezone,
        "project": str(project.root) if case.holdback or _live_tables(project, case.task) else "",
    }
    return Exported(_release_run(project, entry, put), folder, settings, takes, gives)


def _live_tables(project: Project, task: str) -> bool:
    return any(role.live for role in project.task(task).roles)


def _releases(project: Project) -> list[tuple[Entry, Release]]:
    """Every release once; going back to an earlier one is no release of its own."""
    rows = {row.id: row for row in project.ledger.entries(Release) if not cast("Release", row.record).back}
    return [(row, cast("Release", row.record)) for row in rows.values()]


def _pointed(project: Project, case: str, mode: str) -> str:
    """The release that an alias names; empty where there is none, or its signature ended."""
    row = current(project, case, mode)
    if row is None:
        return ""
    put = cast("Release", row.record)
    try:
        refuse_ended(project, put)
    except Refused:
        return ""
    twins = [entry.id for entry, one in _releases(project) if replace(put, back=False, mode=one.mode) == one]
    return twins[-1] if twins else row.id


def _tags(entry: Entry) -> dict[str, str]:
    return {"grundstein.record": entry.id, "grundstein.kind": type(entry.record).__name__, "grundstein.row": entry.hash}


def _pinned(project: Project, said: Experiment) -> dict[str, str]:
    snapshot = cast("Snapshot", project.ledger.get(said.snapshot).record)
    ids = {"question": said.question, "snapshot": said.snapshot, "seal": said.seal, "lock": said.lock}
    return {f"grundstein.{name}": value for name, value in {**ids, "digest": snapshot.digest}.items()}


def _gain(of: str, gain: Gain) -> dict[str, float]:
    return {f"gain{of}": gain.mean, f"gain_low{of}": gain.low, f"gain_high{of}": gain.high}


def _finite(figures: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items() if value is not None and isfinite(value)}
