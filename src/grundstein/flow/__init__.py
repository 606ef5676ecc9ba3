"""Room flow. In: a record and the project -> Out: the next record; the steps on one page.

    Question -> pin -> Snapshot -> evaluate -> Experiment -> decide -> Opening -> judge -> Verdict -> report -> Report

`STEPS` maps a record's type to its step; `advance` runs until a person is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from grundstein.core.contract import Contract
from grundstein.core.errors import Refused, nearest
from grundstein.core.records import Batch, Experiment, Opening, Question, Report, Snapshot, Verdict
from grundstein.flow.answering import answer, write_answers
from grundstein.flow.auditing import audit, holds
from grundstein.flow.guarding import known_before, refuse_leaks
from grundstein.flow.outside import Judged, report_of, with_outside
from grundstein.flow.outside import judge as judge_outside
from grundstein.flow.pinning import asked, pin, pinned_of
from grundstein.flow.remembering import edits_of, rundown, trail, tried
from grundstein.flow.replaying import replay, replayed
from grundstein.flow.signing import add_person, people_of, release, remove_person, roll_back, sign, standing
from grundstein.flow.tidying import tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Entry, Project


def ingest(
    project: Project, source: str, table: str, settings: Mapping[str, str] | None = None, key: Sequence[str] = ()
) -> Batch:
    """Read a file, folder or glob into a table; the same content twice adds nothing. `key`: rows replace by it."""
    from grundstein.lake.ingest import ingest as take
    from grundstein.lake.tidying import tidy_if_due

    batch = take(project, source, table, settings or {}, key)
    tidy_if_due(project, table)
    return batch


def evaluate(project: Project, name: str, test: Mapping[str, str] | None = None) -> Entry:
    """Evaluate a case on development rows; the same work is found in the ledger and not done twice."""
    snapshot = pin(asked(project, name), project, test)
    found = _matching(project, snapshot)
    return found or evaluated(snapshot, project)


def decide(project: Project, name: str, test: Mapping[str, str] | None = None) -> Entry:
    """Open the sealed part and judge; evaluates first where no Experiment matches. Stops where a person is needed."""
    case = project.case(name)
    if not case.idea and not case.declared:
        raise Refused(
            f"The case {name} does not say what an answer is worth.",
            "Money, or a metric that decides, before the sealed part is opened.",
            f"grundstein worth {name}",
        )
    return advance(evaluate(project, name, test), project, until=Verdict)


def advance(entry: Entry, project: Project, until: type | None = None) -> Entry:
    """Take the next step until a record of type `until` is there, or a person is needed."""
    while type(entry.record) is not until and (step := STEPS.get(type(entry.record))):
        entry = step(entry, project)
    return entry


def evaluated(entry: Entry, project: Project) -> Entry:
    """Compare the solutions on development rows."""
    from grundstein.evaluation.evaluate import evaluate as compare
    from grundstein.evaluation.sealing import seal_findings

    pinned = pinned_of(entry, project)
    refuse_leaks(entry, project, pinned)
    told = seal_findings(pinned.case, pinned.contract or Contract("", ()), pinned.seal)
    experiment, seconds = compare(pinned, project.files, project.progress.step, told)
    if pinned.case.also:
        experiment, more = with_outside(project, pinned, experiment)
        seconds |= more
    return project.ledger.append(experiment, seconds)


def opened(entry: Entry, project: Project) -> Entry:
    """Append the opening before a sealed row is read; nothing is opened where development settles it."""
    from grundstein.evaluation import decide as deciding

    experiment = cast("Experiment", entry.record)
    pinned = pinned_of(project.ledger.get(experiment.snapshot), project)
    if deciding.needs_no_opening(experiment):
        said = deciding.verdict_of(pinned, experiment, None, "", project.files, edits_of(project, pinned))
        return project.ledger.once(replace(said, experiment=entry.id))
    earlier = {row.id: cast("Opening", row.record) for row in project.ledger.entries(Opening)}
    opening = deciding.opening_of(pinned, experiment, entry.id, earlier, known_before(pinned, project, earlier))
    return project.ledger.once(opening)


def judged(entry: Entry, project: Project) -> Entry:
    """Judge the winner on the sealed part; an opening that has its verdict is not judged twice."""
    from grundstein.evaluation import decide as deciding

    opening = cast("Opening", entry.record)
    known = [row for row in project.ledger.entries(Verdict) if cast("Verdict", row.record).opening == entry.id]
    if known:
        return known[-1]
    experiment = cast("Experiment", project.ledger.get(opening.experiment).record)
    pinned = pinned_of(project.ledger.get(experiment.snapshot), project)
    project.progress.step(f"{opening.case}: the sealed part, opening {opening.count}")
    verdict = deciding.verdict_of(pinned, experiment, opening, entry.id, project.files, edits_of(project, pinned))
    return project.ledger.once(verdict)


def reported(entry: Entry, project: Project) -> Entry:
    """Write the report of a verdict, or the preview of an experiment, in every language of the project."""
    from grundstein.approval import report as writing
    from grundstein.core.canonical import digest

    project.progress.step("report")
    story = writing.story(entry, project.ledger, project.name, project.currency, replayed(project))
    pages = {}
    for language in project.languages:
        page = writing.page(story, language)
        project.write_report(story.question.name, language, page)
        pages[language] = digest(page)
    return project.ledger.once(Report(entry.id, story.question.name, pages, story.head.hash))


STEPS: Mapping[type, Callable[[Entry, Project], Entry]] = {
    Question: pin,
    Snapshot: evaluated,
    Experiment: opened,
    Opening: judged,
    Verdict: reported,
}


def _matching(project: Project, snapshot: Entry) -> Entry | None:
    rows = [e for e in project.ledger.entries(Experiment) if cast("Experiment", e.record).snapshot == snapshot.id]
    return next((e for e in reversed(rows) if cast("Experiment", e.record).lock == project.lock), None)


def do(project: Project, name: str, verb: str, args: Sequence[str]) -> Any:
    """Run a task's own verb on a case."""
    case = project.case(name)
    verbs = project.task(case.task).verbs
    if verb not in verbs:
        raise Refused(
            f'The task {case.task} has no verb "{verb}".', nearest(verb, verbs).capitalize(), f"grundstein show {name}"
        )
    return verbs[verb](project, case, args)


def report(project: Project, name: str) -> list[Path]:
    """Write a case's report again from its newest verdict, or a preview of its newest experiment."""
    rows = [
        e for e in project.ledger.entries() if isinstance(e.record, (Experiment, Verdict)) and e.record.case == name
    ]
    if not rows:
        project.case(name)
        raise Refused(
            f"Nothing is known of the case {name} yet.", "A case that was evaluated.", f"grundstein evaluate {name}"
        )
    verdicts = [e for e in rows if isinstance(e.record, Verdict) and not e.record.deposit]
    reported((verdicts or [e for e in rows if isinstance(e.record, Experiment)])[-1], project)
    return [project.root / "reports" / f"{name}.{language}.html" for language in project.languages]


def judge(project: Project, answers: str, name: str, called: str = "") -> Judged:
    """Put anybody's answers to a case down, preview them, and judge them on what came later; writes their report."""
    told = judge_outside(project, evaluate(project, name), answers, called)
    if told.verdict is not None:
        report_of(project, told.verdict, told.name)
    return told


def money_form(project: Project, name: str) -> str:
    """Return the form of money that fits a case: action, classes, number or ranking."""
    pinned = pinned_of(pin(asked(project, name), project), project)
    return pinned.task.form(pinned.case)


def showable(project: Project, name: str) -> Finding | None:
    """Say what gain a case's rows can show, before anything is evaluated; None where its task has no trivial answer."""
    from grundstein.evaluation.checks import detectable

    pinned = pinned_of(pin(asked(project, name), project), project)
    return detectable.before(pinned.task, pinned.case, pinned.split, pinned.seed)


__all__ = [
    "STEPS",
    "add_person",
    "advance",
    "answer",
    "asked",
    "audit",
    "decide",
    "do",
    "evaluate",
    "evaluated",
    "holds",
    "ingest",
    "judge",
    "judged",
    "money_form",
    "opened",
    "people_of",
    "pin",
    "pinned_of",
    "release",
    "remove_person",
    "replay",
    "report",
    "reported",
    "roll_back",
    "rundown",
    "showable",
    "sign",
    "standing",
    "tidy",
    "trail",
    "tried",
    "write_answers",
]
