"""Rules of how a report's story is gathered: from the ledger alone, and only what came before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import report_stories as stories

from grundstein.approval.report import page, story
from grundstein.core.canonical import canonical
from grundstein.core.records import Foundation, Question, Verdict
from grundstein.stores.ledger import SqliteLedger

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.case import Case
    from grundstein.core.ports import Entry


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "ledger.db", Foundation("kiosk", "salt"))


def asked(ledger: SqliteLedger, case: Case) -> Entry:
    money = vars(case.money) if case.money else None
    return ledger.once(Question(case.name, canonical({**vars(case), "money": money})))


def evaluated(ledger: SqliteLedger, case: Case, version: str = "5401287312") -> Entry:
    question = asked(ledger, case)
    pinned = replace(stories.SNAPSHOT, question=question.id, case=case.name, versions={"customers": version})
    snapshot, seal = ledger.once(pinned), ledger.once(stories.SEAL)
    run = replace(stories.EXPERIMENT, question=question.id, snapshot=snapshot.id, seal=seal.id, case=case.name)
    return ledger.append(run)


def decided(ledger: SqliteLedger, case: Case, verdict: Verdict = stories.VERDICT) -> Entry:
    run = evaluated(ledger, case)
    opening = ledger.append(replace(stories.OPENING, experiment=run.id, case=case.name))
    return ledger.once(replace(verdict, opening=opening.id, experiment=run.id, case=case.name))


def test_a_verdicts_story_is_told_from_the_ledger(ledger: SqliteLedger) -> None:
    ledger.append(stories.BATCH)
    entry = decided(ledger, stories.CHURN)
    told = story(entry, ledger, "Kiosk", "EUR")
    assert told.question == stories.CHURN
    assert told.verdict == entry.record
    assert told.batches == (stories.BATCH,)
    assert told.head == ledger.head()
    kinds = [step.kind for step in told.trail]
    assert kinds == ["Batch", "Question", "Snapshot", "Seal", "Experiment", "Opening", "Verdict"]
    assert told.trail[-1].id == entry.id
    assert told.last_day == entry.at[:10]
    assert page(told, "en") == page(story(entry, ledger, "Kiosk", "EUR"), "en")


def test_an_experiments_story_is_a_preview(ledger: SqliteLedger) -> None:
    entry = evaluated(ledger, stories.CHURN)
    told = story(entry, ledger, "Kiosk", "EUR")
    assert told.verdict is None
    assert told.opening is None
    assert told.trail[-1] == ("Experiment", entry.id, entry.at[:10])
    assert "Preview" in page(told, "en")


def test_the_case_is_told_as_it_stood_not_as_it_became(ledger: SqliteLedger) -> None:
    entry = decided(ledger, stories.CHURN)
    asked(ledger, replace(stories.CHURN, worthwhile=0.1))
    told = story(entry, ledger, "Kiosk", "EUR")
    assert told.question.worthwhile == stories.CHURN.worthwhile
    assert told.edits == ()


def test_edits_since_the_first_evaluation_are_listed(ledger: SqliteLedger) -> None:
    asked(ledger, replace(stories.CHURN, worthwhile=0.1))
    told = story(decided(ledger, stories.CHURN), ledger, "Kiosk", "EUR")
    assert [edit.partition(" ")[0] for edit in told.edits] == ["worthwhile"]


def test_batches_after_the_pinned_version_are_no_part_of_the_story(ledger: SqliteLedger) -> None:
    ledger.append(stories.BATCH)
    later = ledger.append(replace(stories.BATCH, source="april.csv", version="6"))
    told = story(decided(ledger, stories.CHURN), ledger, "Kiosk", "EUR")
    assert told.batches == (stories.BATCH,)
    assert later.id not in [step.id for step in told.trail]


def test_earlier_verdicts_on_the_same_tables_are_told_and_others_not(ledger: SqliteLedger) -> None:
    no = stories.judged("does_not_qualify")
    decided(ledger, replace(stories.CHURN, name="win-back"), no)
    other = replace(stories.SNAPSHOT, versions={"mails": "1"}, case="mails")
    snapshot = ledger.once(other)
    run = ledger.append(replace(stories.EXPERIMENT, snapshot=snapshot.id, case="mails"))
    ledger.append(replace(no, experiment=run.id, case="mails"))
    entry = decided(ledger, stories.CHURN)
    decided(ledger, replace(stories.CHURN, name="afterwards"), no)
    told = story(entry, ledger, "Kiosk", "EUR")
    assert [(attempt.case, attempt.verdict) for attempt in told.tried] == [("win-back", "does_not_qualify")]
    assert "linear – rule: +5.16 [+2.56 … +7.76]" in told.tried[0].why
