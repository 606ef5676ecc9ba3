"""Room flow. In: a project's live releases and single questions -> Out: answers, each in the journal before it is told.

A Desk holds what is released, loaded and warm. `refresh` reads the ledger and may run in a thread of its own; the rest
is for one thread, the server's loop.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import orjson

from grundstein.core.errors import GrundsteinError, Refused
from grundstein.core.records import Denial, Release
from grundstein.core.task import Questioned
from grundstein.flow.access import doors
from grundstein.flow.answering import answerer, signed_case
from grundstein.flow.choosing import Choices
from grundstein.flow.forging import refuse_forged
from grundstein.flow.selecting import SELECTED, rows_contract
from grundstein.flow.signing import now, refuse_ended
from grundstein.flow.spending import capacity_now
from grundstein.production.answering import (
    LIVE,
    QUESTIONS,
    SHADOW,
    own_contract,
    questions_contract,
    spare_columns,
    unknown_columns,
)
from grundstein.production.capacity import limited_row
from grundstein.production.entries import spelled
from grundstein.production.feedback import Feedback, feedback
from grundstein.production.journal import Journal
from grundstein.production.questions import Questions, compiled
from grundstein.tools.typed import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.ports import Entry, Project
    from grundstein.core.records import Access, Snapshot
    from grundstein.production.answering import Answerer
    from grundstein.production.capacity import Capacity
    from grundstein.production.feedback import Told

WARM = 4
BESIDE = ("answer_id", "release", "mode", "ask_a_person", "reasons", "took_ms")


@dataclass(frozen=True)
class Loaded:
    """One release at work: what answers, what a question must hold, and whom a truth may be about.

    `asks`: acting or not means that the answer stands, or that a person is asked.
    """

    entry: Entry
    case: Case
    contract: Contract
    optional: frozenset[str]
    questions: Questions
    table: Contract
    feedback: Feedback | None
    answers: Answerer
    capacity: Capacity | None
    asks: bool

    @property
    def said(self) -> Release:
        """The release's record."""
        return cast("Release", self.entry.record)


@dataclass(frozen=True)
class Event:
    """Something that a server's log tells: a word for it and facts that hold no row and no token."""

    what: str
    facts: Mapping[str, Any]


@dataclass
class Desk:
    """The live and shadow releases of some cases (all that have one where none is named), and who may ask."""

    project: Project
    names: tuple[str, ...] = ()
    live: Mapping[str, Loaded] = field(default_factory=dict)
    shadow: Mapping[str, Loaded] = field(default_factory=dict)
    refused: Mapping[str, Refused] = field(default_factory=dict)
    programs: Mapping[str, Access] = field(default_factory=dict)
    _shadows: Mapping[str, Loaded] = field(default_factory=dict)
    _journals: dict[str, Journal] = field(default_factory=dict)
    _warm: OrderedDict[tuple[str, str], Loaded] = field(default_factory=OrderedDict)
    _said: dict[str, Choices] = field(default_factory=dict)
    _seen: tuple[int, date] = (0, date.min)
    _failed: dict[tuple[str, str], int] = field(default_factory=dict)

    def refresh(self) -> list[Event]:
        """Take up what the ledger says now: releases loaded and warmed before they answer, tokens, ended signatures.

        A release that cannot be loaded is told and written down as a Denial; the one before it goes on answering.
        """
        head, today = self.project.ledger.head(), now(self.project).date()
        if (head.sequence, today) == self._seen:
            return []
        events: list[Event] = []
        newest = self._newest()
        self.programs = doors(self.project)
        self.live = self._taken(newest, LIVE, self.live, events)
        self._shadows = self._taken(newest, SHADOW, self._shadows, events)
        self.shadow = {name: one for name, one in self._shadows.items() if self._compares(name, one, today)}
        self.refused = self._stopped(newest)
        self._seen = (head.sequence, today)
        return events

    def _compares(self, name: str, one: Loaded, today: date) -> bool:
        """Whether a shadow still has somebody to stand beside, and its signature counts."""
        live = self.live.get(name)
        same = live is not None and live.said.bond.model == one.said.bond.model
        return live is not None and not same and one.said.until >= today.isoformat()

    def _newest(self) -> dict[tuple[str, str], Entry]:
        rows = {(said.case, said.mode): row for row in self.project.ledger.entries(Release) for said in [_said(row)]}
        return {at: row for at, row in rows.items() if not self.names or at[0] in self.names}

    def _taken(
        self, newest: Mapping[tuple[str, str], Entry], mode: str, before: Mapping[str, Loaded], events: list[Event]
    ) -> dict[str, Loaded]:
        after = dict(before)
        for (name, its), row in newest.items():
            known = before.get(name)
            if its != mode or (known and known.entry.sequence == row.sequence):
                continue
            if self._failed.get((name, mode)) == row.sequence:
                continue
            try:
                after[name] = self._loaded(row)
                events.append(Event("release taken up", {"case": name, "mode": mode, "release": row.id}))
            except Exception as error:
                self._failed[name, mode] = row.sequence
                why = error.what if isinstance(error, GrundsteinError) else type(error).__name__
                self.project.ledger.append(Denial(name, "serve", f"The release {row.id[:12]} cannot answer: {why}"))
                events.append(Event("release refused", {"case": name, "mode": mode, "release": row.id, "why": why}))
        return after

    def _loaded(self, row: Entry) -> Loaded:
        """Load a release and let it answer once; what answered a moment ago is still in memory."""
        said = _said(row)
        at = (said.bond.question, said.bond.model)
        warm = self._warm.get(at)
        if warm is None:
            warm = load(self.project, row, self._said)
        ready = replace(warm, entry=row, answers=replace(warm.answers, release=row.id))
        before = self.live.get(said.case)
        if before is not None and _allowance(before.case) == _allowance(ready.case):
            ready = replace(ready, capacity=before.capacity)
        sample = example(ready.contract)
        ready.answers.row(sample, "")
        ready.answers.reasons(sample, 1)
        self._warm[at] = ready
        self._warm.move_to_end(at)
        while len(self._warm) > WARM * max(len(self.live), 1):
            self._warm.popitem(last=False)
        return ready

    def _stopped(self, newest: Mapping[tuple[str, str], Entry]) -> dict[str, Refused]:
        """The cases that cannot be answered now, with what to do."""
        found = {}
        for name in self.names or sorted({name for name, _ in newest}):
            one = self.live.get(name)
            if one is None:
                released = (name, LIVE) in newest
                what = (
                    "The release of {} cannot answer: the log says why." if released else "Nothing of {} is released."
                )
                step = "grundstein audit" if released else f"grundstein release {name}"
                found[name] = Refused(what.format(name), "A signed release whose files are as signed.", step)
                continue
            try:
                refuse_ended(self.project, one.said)
            except Refused as error:
                found[name] = error
        return found

    def answer(self, one: Loaded, values: dict[str, Any], most_reasons: int) -> dict[str, Any]:
        """Answer one question of typed values and use up capacity; it counts once `keep` has returned."""
        begun = perf_counter()
        told = one.answers.row(values, os.urandom(16).hex(), whole=True)
        told = limited_row(told, one.capacity, datetime.now(UTC))
        told["mode"] = LIVE
        if one.asks:
            told["ask_a_person"] = not told["act"]
        elif "answer: set" in told:
            told["ask_a_person"] = told["answer: set"] != told["answer"]
        if most_reasons:
            told["reasons"] = [
                {"column": why.column, "value": why.value, "effect": why.effect}
                for why in one.answers.reasons(values, most_reasons, whole=True)
            ]
        told["took_ms"] = round((perf_counter() - begun) * 1000, 3)
        return told

    def keep(self, one: Loaded, asked: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]]) -> None:
        """Write answers to the journal. Refused where it cannot be written: then nothing may be told."""
        at, said = datetime.now(UTC), self._said.get(one.said.case)
        for values, answer in zip(asked, told, strict=True):
            self._keep(one, values, answer, at)
            if said:
                said.remember(answer["answer_id"], values)

    def forget(self, one: Loaded, told: Sequence[Mapping[str, Any]]) -> None:
        """Give back the capacity of answers that nobody was told."""
        if one.capacity is not None:
            one.capacity.give_back(sum(answer.get("act", 0.0) for answer in told))

    def compare(self, name: str, values: dict[str, Any], answer_id: str) -> None:
        """Let the shadow release answer the same question, under the same id, for the journal alone."""
        one, at = self.shadow[name], datetime.now(UTC)
        told = limited_row(one.answers.row(values, answer_id), None, at)
        self._keep(one, values, {**told, "mode": SHADOW}, at)

    def tell(self, name: str, told: Told) -> None:
        """Write down a truth about an answer or a unit; where the task learns from it, the next answer knows it."""
        at = datetime.now(UTC)
        about: dict[str, Any] = {"id": told.answer_id} if told.answer_id else {"key": told.key}
        self._append(name, {"kind": "feedback", "at": at, **about, "truth": told.truth})
        if said := self._said.get(name):
            said.tell(told, at)

    def deny(self, counted: Mapping[tuple[str, str, str], int]) -> None:
        """Write refusals to the ledger: one row for each case, act and reason, however many there were."""
        for (case, act, why), times in sorted(counted.items()):
            self.project.ledger.append(Denial(case, act, f"{why} ({times:,} times)" if times > 1 else why))

    def recount(self) -> None:
        """Count anew what may still be acted on: others answer too, by files or from another server.

        What was acted on here while it was counted is added, so that nothing is left out.
        """
        for one in self.live.values():
            mine = one.capacity
            if mine is None:
                continue
            before = mine.acted
            fresh = capacity_now(self.project, one.case, datetime.now(UTC))
            if fresh is not None and fresh.begin == mine.begin:
                mine.acted = max(mine.acted, fresh.acted + mine.acted - before)

    def settle(self) -> None:
        """Let old segments of the journals be collected."""
        for journal in list(self._journals.values()):
            journal.settle()

    def close(self) -> None:
        """Close the journals."""
        for journal in self._journals.values():
            journal.close()

    def _keep(self, one: Loaded, values: Mapping[str, Any], told: Mapping[str, Any], at: datetime) -> None:
        answer = {column: value for column, value in told.items() if column not in BESIDE}
        line = {"kind": "answer", "id": told["answer_id"], "at": at, "release": one.entry.id, "mode": told["mode"]}
        line |= {"took_ms": told["took_ms"]} if "took_ms" in told else {}
        self._append(one.said.case, {**line, "question": values, "answer": answer})

    def _append(self, name: str, line: Mapping[str, Any]) -> None:
        journal = self._journals.get(name)
        if journal is None:
            journal = self._journals[name] = Journal(self.project.root / "journal" / name)
        journal.append(orjson.dumps(line, default=spelled))


def load(project: Project, row: Entry, said: dict[str, Choices]) -> Loaded:
    """Read a release's model, its sha256 checked first, and compile what its questions must hold.

    What people told of a case is put into `said`, and all its releases share it where its question is the same.
    Refused: a release that nobody signed, files that are not those that were signed.
    """
    refuse_forged(project, row)
    case = signed_case(project, _said(row))
    snapshot = cast("Snapshot", project.ledger.get(_said(row).bond.snapshot).record)
    contract, optional, main = asked_contract(project, case, snapshot.versions)
    kept = said.get(case.name)
    same = kept is not None and (kept.target, kept.case.data) == (case.options.get("target"), case.data)
    answers = answerer(project, row, schema_of(contract), kept if same else None)
    for one in answers.live.values():
        if isinstance(one, Choices):
            said[case.name] = one
    return Loaded(
        entry=row,
        case=case,
        contract=contract,
        optional=optional,
        questions=compiled(contract, project.timezone, optional),
        table=main,
        feedback=feedback(main, str(case.options.get("target", "")), project.timezone),
        answers=answers,
        capacity=capacity_now(project, case, datetime.now(UTC)),
        asks=case.money is not None and case.money.form == "classes",
    )


def asked_contract(
    project: Project, case: Case, versions: Mapping[str, str]
) -> tuple[Contract, frozenset[str], Contract]:
    """The contract of a case's questions (written where there is none), the fields that may lack, that of its rows.

    Where a SELECT makes the rows, a question brings the columns of its result, over the tables as they were pinned.
    """
    task = project.task(case.task)
    main = rows_contract(project, case, versions)
    if main is None:
        raise Refused(f"The rows of {case.name} have no contract.", "A governed table.", "grundstein tables")
    contract = project.contract(case.name + QUESTIONS)
    if isinstance(task, Questioned):
        contract = contract or own_contract(case.name, task.question(case), main)
        project.write_contract(contract)
        return contract, frozenset(), main
    unknown = unknown_columns(case, main)
    if main.table == case.name + SELECTED:
        contract = main
    elif contract is None:
        there = [name for name in main.names if name not in unknown]
        contract = questions_contract(case.name, case, main, there, task)
        project.write_contract(contract)
    contract = replace(contract, columns=tuple(one for one in contract.columns if one.name not in unknown))
    return contract, frozenset(spare_columns(case, main, task) & set(contract.names)), main


def example(contract: Contract) -> dict[str, Any]:
    """A question that keeps the contract's types; it warms a release and stands in the API's description."""
    from decimal import Decimal

    plain: dict[str, Any] = {
        "integer": 1,
        "number": 1.0,
        "decimal": Decimal(1),
        "text": "text",
        "boolean": True,
        "date": date(2026, 1, 31),
        "instant": datetime(2026, 1, 31, 12, tzinfo=UTC),
    }
    return {
        one.name: one.allowed[0] if one.allowed and one.type == "text" else plain[one.type] for one in contract.columns
    }


def _allowance(case: Case) -> tuple[float | None, str]:
    return case.capacity, case.period


def _said(row: Entry) -> Release:
    return cast("Release", row.record)
