"""Room approval. In: the ledger's rows -> Out: for a named check, the newest row that proves it, and the facts of why.

A check finds a row or None; its sentence stands in `core/assess.toml` under [proof]. Only records count: what the
product could do, and did not, proves nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from json import loads
from typing import Any, cast

from grundstein.core.ports import Entry
from grundstein.core.records import (
    Batch,
    Denial,
    Experiment,
    Observation,
    Opening,
    Promise,
    Question,
    Release,
    Report,
    SignOff,
    Snapshot,
    Verdict,
)

QUESTIONS = "__questions"
SENSITIVE = ("GST-T20", "GST-T21", "GST-T23", "GST-T24")
SLICES = ("GST-M01", "GST-M02", "GST-M03")
TREATED = ("GST-T30", "GST-T31", "GST-T32", "GST-T33", "GST-T37", "GST-T38", "GST-T39", "GST-T40", "GST-T41")
SAME = ("GST-W01", "GST-W02", "GST-W03", "GST-W04", "GST-W05", "GST-W06", "GST-W07", "GST-W08")
INPUTS = (*SAME, "GST-W09")
SKEW = (*SAME, "GST-W10")
IN_USE = ("GST-A01",)
OTHER_LIBRARY = "a library has another version"


@dataclass(frozen=True)
class Proof:
    """The row that proves something, and the facts of its sentence; `finding` is a code."""

    entry: Entry
    facts: Mapping[str, str | int | float]


Found = tuple[Entry, Mapping[str, str | int | float]]


@dataclass(frozen=True)
class History:
    """The ledger's rows, by kind and id."""

    entries: Sequence[Entry]

    @cached_property
    def _kinds(self) -> Mapping[type, list[Entry]]:
        found: dict[type, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[type(entry.record)].append(entry)
        return found

    @cached_property
    def by_id(self) -> Mapping[str, Entry]:
        """The newest row of each id."""
        return {entry.id: entry for entry in self.entries}

    def of(self, kind: type) -> Iterator[tuple[Entry, Any]]:
        """Rows of one kind with their records, newest first."""
        return ((entry, entry.record) for entry in reversed(self._kinds.get(kind, [])))


def prove(history: History, check: str) -> Proof | None:
    """Return the newest proof that a check finds; None where there is none."""
    found = next(CHECKS[check](history), None)
    return Proof(*found) if found else None


def _arrived(history: History) -> Iterator[Found]:
    for entry, batch in _batches(history):
        yield entry, {"table": batch.table, "rows": batch.rows, "rejected": batch.rejected}


def _checked_again(history: History) -> Iterator[Found]:
    """An arrival at a table that had a contract from an earlier one."""
    first = {batch.table: entry.sequence for entry, batch in _batches(history)}
    for entry, batch in _batches(history):
        if entry.sequence > first[batch.table]:
            yield entry, {"table": batch.table, "rows": batch.rows, "rejected": batch.rejected}


def _batches(history: History) -> Iterator[tuple[Entry, Batch]]:
    return ((entry, batch) for entry, batch in history.of(Batch) if "__" not in batch.table)


def _compared(history: History) -> Iterator[Found]:
    for entry, said in history.of(Experiment):
        standings = [one.standing for one in said.outcomes]
        new = standings.count("candidate")
        if new and "baseline" in standings:
            simple = sum(standings.count(one) for one in ("baseline", "default", "trivial"))
            yield entry, {"case": said.case, "candidates": new, "opponents": simple}


def _tuned(history: History) -> Iterator[Found]:
    for entry, said in history.of(Experiment):
        new = sum(one.standing == "candidate" for one in said.outcomes)
        if new and said.budget > 1:
            yield entry, {"case": said.case, "candidates": new, "budget": said.budget}


def _trained(history: History) -> Iterator[Found]:
    for entry, said in history.of(Experiment):
        new = sum(one.standing == "candidate" for one in said.outcomes)
        if new:
            yield entry, {"case": said.case, "candidates": new}


def _logged(history: History) -> Iterator[Found]:
    for entry, said in history.of(Experiment):
        if entry.seconds:
            yield entry, {"case": said.case, "steps": len(entry.seconds)}


def _versioned(history: History) -> Iterator[Found]:
    for entry, said in history.of(Experiment):
        pinned = history.by_id.get(said.snapshot)
        models = sum(bool(one.model) for one in said.outcomes)
        if pinned and said.lock and models:
            tables = len(cast("Snapshot", pinned.record).versions)
            yield entry, {"case": said.case, "tables": tables, "models": models}


def _repeated(history: History) -> Iterator[Found]:
    """An experiment that two runs gave the same id: every number and every model's sha256 is part of it."""
    seen = set()
    for entry, said in history.of(Experiment):
        if entry.id in seen:
            yield entry, {"case": said.case}
        seen.add(entry.id)


def _finding(*codes: str) -> Callable[[History], Iterator[Found]]:
    def check(history: History) -> Iterator[Found]:
        for kind in (Observation, Verdict, Experiment):
            for entry, said in history.of(kind):
                told = next((one for one in said.findings if one.code in codes), None)
                if told:
                    yield entry, {"case": said.case, "finding": told.code}

    return check


def _edited(history: History) -> Iterator[Found]:
    """A question with other columns than the one before it, that was evaluated."""
    evaluated = {said.question: entry for entry, said in history.of(Experiment)}
    for entry, question in history.of(Question):
        rows = [row for row, one in history.of(Question) if one.case == question.case and row.sequence < entry.sequence]
        if rows and entry.id in evaluated and _columns(rows[0]) != _columns(entry):
            done = evaluated[entry.id]
            waited = datetime.fromisoformat(done.at) - datetime.fromisoformat(entry.at)
            yield done, {"case": question.case, "hours": round(waited.total_seconds() / 3600, 1)}


def _columns(entry: Entry) -> object:
    fields = loads(cast("Question", entry.record).fields)
    return fields.get("data"), fields.get("ignore")


def _decided(history: History) -> Iterator[Found]:
    for entry, said in _verdicts(history):
        tested = cast("Experiment", history.by_id[said.experiment].record)
        yield entry, {"case": said.case, "units": tested.units_test}


def _verdicts(history: History) -> Iterator[tuple[Entry, Verdict]]:
    return ((entry, said) for entry, said in history.of(Verdict) if not said.deposit and said.experiment)


def _road(history: History) -> Iterator[Found]:
    for entry, said, _ in _roads(history):
        yield entry, {"case": said.case}


def _road_again(history: History) -> Iterator[Found]:
    """Reports of one case on several states of its data."""
    states: dict[str, set[str]] = defaultdict(set)
    walked = list(_roads(history))
    for _, said, snapshot in walked:
        states[said.case].add(snapshot.digest)
    for entry, said, _ in walked:
        if len(states[said.case]) > 1:
            yield entry, {"case": said.case, "times": len(states[said.case])}


def _roads(history: History) -> Iterator[tuple[Entry, Report, Snapshot]]:
    """Reports whose verdict, opening, experiment, snapshot and question all stand in the ledger."""
    for entry, said in history.of(Report):
        verdict = history.by_id.get(said.subject)
        if not verdict or not isinstance(verdict.record, Verdict) or verdict.record.deposit:
            continue
        tested = history.by_id.get(verdict.record.experiment)
        if not tested or not isinstance(tested.record, Experiment):
            continue
        opened = not verdict.record.opening or isinstance(_record(history, verdict.record.opening), Opening)
        snapshot = _record(history, tested.record.snapshot)
        if opened and isinstance(snapshot, Snapshot) and isinstance(_record(history, snapshot.question), Question):
            yield entry, said, snapshot


def _record(history: History, record_id: str) -> object:
    found = history.by_id.get(record_id)
    return found.record if found else None


def _signed(history: History) -> Iterator[Found]:
    for entry, said in history.of(SignOff):
        yield entry, {"case": said.case, "person": said.person, "role": said.role}


def _released(history: History) -> Iterator[Found]:
    for entry, put in _releases(history):
        if put.mode == "live" and put.signatures and not put.back:
            yield entry, _put(put) | {"signatures": len(put.signatures), "until": put.until}


def _validated(history: History) -> Iterator[Found]:
    for entry, put in _releases(history):
        if put.mode == "live" and not put.override and isinstance(_record(history, put.bond.verdict), Verdict):
            yield entry, _put(put)


def _shadowed(history: History) -> Iterator[Found]:
    for entry, put in _releases(history):
        if put.mode == "shadow":
            yield entry, _put(put)


def _rolled_back(history: History) -> Iterator[Found]:
    for entry, put in _releases(history):
        if put.back:
            yield entry, {"case": put.case}


def _releases(history: History) -> Iterator[tuple[Entry, Release]]:
    return history.of(Release)


def _put(put: Release) -> dict[str, str | int | float]:
    return {"case": put.case, "solution": put.bond.solution}


def _asked(history: History) -> Iterator[Found]:
    for entry, batch in history.of(Batch):
        if batch.table.endswith(QUESTIONS):
            case = batch.table.removesuffix(QUESTIONS)
            yield entry, {"case": case, "rows": batch.rows, "rejected": batch.rejected}


def _answered(history: History) -> Iterator[Found]:
    """Answers that watching counted, or questions that came while a release was live."""
    for entry, seen in history.of(Observation):
        if seen.answers:
            yield entry, {"case": seen.case, "rows": seen.answers}
    live = {put.case: entry.sequence for entry, put in _releases(history) if put.mode == "live"}
    for entry, batch in history.of(Batch):
        case = batch.table.removesuffix(QUESTIONS)
        if batch.table.endswith(QUESTIONS) and batch.rows and entry.sequence > live.get(case, entry.sequence):
            yield entry, {"case": case, "rows": batch.rows}


def _observed(history: History) -> Iterator[Found]:
    for entry, seen in history.of(Observation):
        yield entry, {"case": seen.case, "answers": seen.answers, "findings": len(seen.findings)}


def _measured(history: History) -> Iterator[Found]:
    for entry, seen in history.of(Observation):
        if _is_measured(seen):
            yield entry, {"case": seen.case, "truths": seen.truths}


def _is_measured(seen: Observation) -> bool:
    return seen.measured is not None and seen.truths > 0


def _is_of_a_release(seen: Observation) -> bool:
    return bool(seen.release)


def _again_by(wanted: Callable[[Observation], bool], *codes: str) -> Callable[[History], Iterator[Found]]:
    """Observations of one release that was looked at in this way more than once: a machine does it, not a visitor."""

    def check(history: History) -> Iterator[Found]:
        seen = [(entry, one) for entry, one in history.of(Observation) if wanted(one)]
        times = Counter(one.release for _, one in seen)
        for entry, one in seen:
            if times[one.release] > 1:
                told = [finding.code for finding in one.findings if finding.code in codes]
                facts: dict[str, str | int | float] = {"case": one.case, "times": times[one.release]}
                yield entry, {**facts, "finding": told[0]} if told else facts

    return check


def _tells(*codes: str) -> Callable[[Observation], bool]:
    return lambda seen: any(one.code in codes for one in seen.findings)


def _other_library(history: History) -> Iterator[Found]:
    for entry, denied in history.of(Denial):
        if OTHER_LIBRARY in denied.why:
            yield entry, {"case": denied.case, "act": denied.act}


def _replayed(history: History) -> Iterator[Found]:
    for entry, said in history.of(Promise):
        yield entry, {"case": said.case, "units": said.units_later}


def _again(history: History) -> Iterator[Found]:
    """An experiment after a release of its case, on another state of the data."""
    for entry, said in history.of(Experiment):
        for put, release in _releases(history):
            if release.case == said.case and put.sequence < entry.sequence and _moved(history, said, release):
                yield entry, {"case": said.case}


def _moved(history: History, said: Experiment, release: Release) -> bool:
    now, then = (_record(history, one) for one in (said.snapshot, release.bond.snapshot))
    return isinstance(now, Snapshot) and isinstance(then, Snapshot) and now.digest != then.digest


def _fed_back(history: History) -> Iterator[Found]:
    """The same, with an observation of the case between release and experiment."""
    for entry, said in history.of(Experiment):
        for seen, observation in history.of(Observation):
            release = _record(history, observation.release)
            before = observation.case == said.case and seen.sequence < entry.sequence
            if before and isinstance(release, Release) and _moved(history, said, release):
                yield entry, {"case": said.case}


CHECKS: Mapping[str, Callable[[History], Iterator[Found]]] = {
    "arrived": _arrived,
    "checked_again": _checked_again,
    "compared": _compared,
    "tuned": _tuned,
    "trained": _trained,
    "logged": _logged,
    "versioned": _versioned,
    "repeated": _repeated,
    "sensitive": _finding(*SENSITIVE),
    "slices": _finding(*SLICES),
    "treated": _finding(*TREATED),
    "edited": _edited,
    "decided": _decided,
    "road": _road,
    "road_again": _road_again,
    "signed": _signed,
    "released": _released,
    "validated": _validated,
    "shadowed": _shadowed,
    "rolled_back": _rolled_back,
    "asked": _asked,
    "answered": _answered,
    "observed": _observed,
    "measured": _measured,
    "measured_again": _again_by(_is_measured),
    "observed_again": _again_by(_is_of_a_release),
    "inputs": _finding(*INPUTS),
    "inputs_again": _again_by(_tells(*INPUTS), *INPUTS),
    "skew": _finding(*SKEW),
    "skew_again": _again_by(_tells(*SKEW), *SKEW),
    "other_library": _other_library,
    "in_use": _finding(*IN_USE),
    "replayed": _replayed,
    "again": _again,
    "fed_back": _fed_back,
}
