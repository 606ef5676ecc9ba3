"""Room flow. In: a project and what is asked of it -> Out: records; the steps themselves are on one page, `steps`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, offered
from grundstein.core.records import Batch, Experiment, Verdict
from grundstein.core.task import Done
from grundstein.flow.access import access_of, add_access, remove_access
from grundstein.flow.again import again, due, hint
from grundstein.flow.answering import answer, write_answers
from grundstein.flow.auditing import audit, holds
from grundstein.flow.learning import case_of_feedback, take_truths
from grundstein.flow.outside import Judged, report_of
from grundstein.flow.outside import judge as judge_outside
from grundstein.flow.pinning import asked, pin, pinned_of
from grundstein.flow.remembering import rundown, trail, tried
from grundstein.flow.replaying import replay
from grundstein.flow.signing import add_person, current, people_of, release, remove_person, roll_back, sign, standing
from grundstein.flow.steps import STEPS, advance, decide, evaluate, evaluated, judged, opened, reported
from grundstein.flow.tidying import tidy
from grundstein.flow.watching import newest, observe, tick, watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyarrow import Table

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Project


def ingest(
    project: Project, source: str, table: str, settings: Mapping[str, str] | None = None, key: Sequence[str] = ()
) -> Batch:
    """Read a file, folder or glob into a table; the same content twice adds nothing. `key`: rows replace by it."""
    from grundstein.lake.ingest import ingest as take
    from grundstein.lake.tidying import tidy_if_due

    if name := "" if key else case_of_feedback(project, table):
        batch = take_truths(project, source, name, settings or {})
    else:
        batch = take(project, source, table, settings or {}, key)
    tidy_if_due(project, table)
    return batch


def do(project: Project, name: str, verb: str, args: Sequence[str]) -> Done:
    """Run a task's own verb on a case, the rows that it made are ingested; without a verb they are listed."""
    case = project.case(name)
    verbs = project.task(case.task).verbs
    if not verb:
        said = {each: (one.__doc__ or "").strip().split("\n")[0] for each, one in verbs.items()}
        return Done("\n".join(f"{each:<10}{text}" for each, text in said.items()), said)
    if verb not in verbs:
        raise Refused(f'The task {case.task} has no verb "{verb}".', offered(verb, verbs), f"grundstein show {name}")
    done = verbs[verb](project, case, args)
    for table, contract in done.contracts.items():
        if project.contract(table) is None:
            project.write_contract(contract)
    for table, rows in done.tables.items():
        _take_rows(project, table, rows)
    for page, text in done.pages.items():
        project.write_report(*page.rpartition(".")[::2], text)
    return done


def _take_rows(project: Project, table: str, rows: Table) -> None:
    import pyarrow.parquet as pq

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{table}.parquet"
        pq.write_table(rows, path)
        ingest(project, str(path), table)


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
    "access_of",
    "add_access",
    "add_person",
    "advance",
    "again",
    "answer",
    "asked",
    "audit",
    "current",
    "decide",
    "do",
    "due",
    "evaluate",
    "evaluated",
    "hint",
    "holds",
    "ingest",
    "judge",
    "judged",
    "money_form",
    "newest",
    "observe",
    "opened",
    "people_of",
    "pin",
    "pinned_of",
    "release",
    "remove_access",
    "remove_person",
    "replay",
    "report",
    "reported",
    "roll_back",
    "rundown",
    "showable",
    "sign",
    "standing",
    "tick",
    "tidy",
    "trail",
    "tried",
    "watch",
    "write_answers",
]
