"""Room flow. In: a record and the project -> Out: the next record; the steps on one page.

    Question -> pin -> Snapshot -> evaluate -> Experiment -> decide -> Opening -> judge -> Verdict -> report -> Report

`STEPS` maps a record's type to its step; `advance` runs until a person is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from grundstein.core.contract import Contract
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Opening, Question, Report, Snapshot, Verdict
from grundstein.flow.guarding import known_before, refuse_leaks
from grundstein.flow.outside import with_outside
from grundstein.flow.pinning import asked, pin, pinned_of
from grundstein.flow.remembering import edits_of
from grundstein.flow.replaying import replayed
from grundstein.flow.standards import keep as keep_demand
from grundstein.flow.standards import refuse_short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grundstein.core.ports import Entry, Project


def evaluate(project: Project, name: str, test: Mapping[str, str] | None = None) -> Entry:
    """Evaluate a case on development rows; the same work is found in the ledger and not done twice."""
    snapshot = pin(asked(project, name), project, test)
    found = matching(project, snapshot)
    return found or evaluated(snapshot, project)


def decide(project: Project, name: str, test: Mapping[str, str] | None = None) -> Entry:
    """Open the sealed part and judge; evaluates first where no Experiment matches. Stops where a person is needed."""
    refuse_unready(project, name)
    return advance(evaluate(project, name, test), project, until=Verdict)


def refuse_unready(project: Project, name: str) -> None:
    """Refuse a case that falls short of the company's standard, or does not say what an answer is worth."""
    case = project.case(name)
    refuse_short(project, name)
    if not case.idea and not case.declared:
        raise Refused(
            f"The case {name} does not say what an answer is worth.",
            "Money, or a metric that decides, before the sealed part is opened.",
            f"grundstein worth {name}",
        )


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
    refuse_short(project, experiment.case)
    keep_demand(project, experiment.case)
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


def matching(project: Project, snapshot: Entry) -> Entry | None:
    """The experiment on a snapshot under the libraries of now; None where there is none."""
    rows = [e for e in project.ledger.entries(Experiment) if cast("Experiment", e.record).snapshot == snapshot.id]
    return next((e for e in reversed(rows) if cast("Experiment", e.record).lock == project.lock), None)
