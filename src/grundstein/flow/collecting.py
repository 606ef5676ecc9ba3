"""Room flow. In: closed segments of a case's journal -> Out: rows of its questions, answers and truths; no line lost.

Order of the writes, each of which may be the last before a crash: the lines that cannot be taken are put aside; the
plan (which segments, which lines not); one commit a table, all under the plan's digest; the segments go; the plan goes.
A collection that finds a plan carries that out first, and a commit that is there is not made again.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, digest
from grundstein.core.contract import Contract
from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.core.task import Questioned
from grundstein.flow.learning import told_contract
from grundstein.flow.selecting import SELECTED, rows_contract
from grundstein.flow.widening import in_its_columns, widen, write_answers_contract
from grundstein.production.answering import ANSWERS, FEEDBACK, QUESTIONS, questions_contract, unknown_columns
from grundstein.production.entries import Entries, Rules, answers_of, read, rows_of
from grundstein.production.journal import closed, segments
from grundstein.tools.parquet import write_parquet
from grundstein.tools.sealing import HOUSE_COLUMNS
from grundstein.tools.typed import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grundstein.core.ports import Project

PLAN, ASIDE = "collecting.json", "aside"
MOST_BYTES = 16 << 20
PUT_ASIDE = "GST-F01"


@dataclass(frozen=True)
class Collected:
    """How many answers and truths came into their tables, and how many lines were put aside."""

    answers: int = 0
    feedback: int = 0
    aside: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The segments of one collection, the lines of each that were put aside, and the digest of its commits."""

    segments: tuple[str, ...]
    aside: Mapping[str, Sequence[int]]
    batch: str


@dataclass(frozen=True)
class Home:
    """A case's journal and the rules by which its lines are read."""

    name: str
    folder: Path
    rules: Rules

    def entries(self, names: Sequence[str], skip: Mapping[str, Sequence[int]]) -> Entries:
        """Read segments."""
        return read([self.folder / name for name in names], self.rules, skip)


def collect(project: Project, name: str) -> Collected:
    """Bring the closed segments of a case's journal into its three tables; live ones are left alone.

    Killed at any point and run again, it loses and doubles nothing. A line that cannot be read, or no longer keeps its
    contract, is kept with its reason in `journal/CASE/aside/`. Waits for another collection of the same case.
    """
    from grundstein.lake.tidying import tidy_if_due

    folder = journal_folder(project, name)
    if not (folder / PLAN).is_file() and all(one.live for one in segments(folder)):
        return Collected()
    done: list[Collected] = []
    with project.tables.lease(name + ANSWERS):
        home = _home(project, name)
        if (folder / PLAN).is_file():
            done.append(_carried_out(project, home, _plan_of(folder)))
        while True:
            with closed(folder, MOST_BYTES) as paths:
                if not paths:
                    break
                done.append(_carried_out(project, home, *_planned(home, paths)))
    for suffix in (QUESTIONS, SELECTED, ANSWERS, FEEDBACK):
        tidy_if_due(project, name + suffix)
    return _summed(name, done)


def journal_folder(project: Project, name: str) -> Path:
    """Where the journal of a case is."""
    return project.root / "journal" / name


def uncollected(project: Project, name: str) -> Entries:
    """What lies in the journal of a case and is in no table yet, also what a server that runs has written so far.

    A segment that is collected meanwhile is left out.
    """
    paths = sorted(journal_folder(project, name).glob("*.jsonl"))
    if not paths:
        return Entries()
    rules = _home(project, name).rules
    found = Entries()
    for path in paths:
        with suppress(FileNotFoundError):
            one = read([path], rules, {})
            start = len(found.questions)
            found.questions.extend(one.questions)
            found.answers.extend({**answer, "question": start + answer["question"]} for answer in one.answers)
            found.truths.extend(one.truths)
    return found


def _home(project: Project, name: str) -> Home:
    """The contracts of a case's three tables; those of questions and truths are written where there are none."""
    case = project.case(name)
    task = project.task(case.task)
    main = rows_contract(project, case)
    if main is None:
        raise Refused(f"The rows of {name} have no contract.", "A governed table.", "grundstein tables")
    asked = project.contract(name + QUESTIONS)
    unknown = unknown_columns(case, main)
    if main.table == name + SELECTED and not isinstance(task, Questioned):
        asked = replace(main, columns=tuple(one for one in main.columns if one.name not in unknown))
    elif asked is None:
        asked = questions_contract(name, case, main, [one for one in main.names if one not in unknown], task)
        project.write_contract(asked)
    keys = tuple(key for key in main.key if key in asked.names)
    rules = Rules(asked, told_contract(project, name), keys, str(case.options.get("target", "")), project.timezone)
    return Home(name, journal_folder(project, name), rules)


def _planned(home: Home, paths: Sequence[Path]) -> tuple[Plan, Entries]:
    """Put aside what cannot be taken, then write the plan: from here on it is decided which line goes where."""
    names = tuple(path.name for path in paths)
    found = home.entries(names, {})
    batch = digest(canonical([(path.name, digest(path.read_bytes())) for path in paths]))
    aside = {name: [bad.line for bad in found.bad if bad.segment == name] for name in names}
    for name in names:
        bad = [asdict(one) for one in found.bad if one.segment == name]
        if bad:
            _written(home.folder / ASIDE / name, "".join(canonical(one) + "\n" for one in bad))
    plan = Plan(names, {name: numbers for name, numbers in aside.items() if numbers}, batch)
    _written(home.folder / PLAN, canonical(plan))
    return plan, found


def _plan_of(folder: Path) -> Plan:
    said = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    return Plan(tuple(said["segments"]), said["aside"], said["batch"])


def _carried_out(project: Project, home: Home, plan: Plan, read_already: Entries | None = None) -> Collected:
    """Make the commits of a plan that are not there yet, then delete its segments."""
    names = [name for name in plan.segments if (home.folder / name).is_file()]
    done = Collected(aside=sum(map(len, plan.aside.values())))
    if len(names) == len(plan.segments):
        found = read_already or _read_again(home, plan)
        _commit(project, home, plan, found)
        done = Collected(len(found.answers), len(found.truths), done.aside)
    for name in names:
        (home.folder / name).unlink()
    (home.folder / PLAN).unlink()
    return done


def _read_again(home: Home, plan: Plan) -> Entries:
    found = home.entries(plan.segments, plan.aside)
    if found.bad:
        raise _contract_changed(home)
    return found


def _commit(project: Project, home: Home, plan: Plan, found: Entries) -> None:
    """Commit questions, answers and truths."""
    if found.answers:
        asked = home.rules.asked.table
        first = _append(project, asked, rows_of(found.questions, home.rules.asked), plan.batch)
        target = home.name + ANSWERS
        keys = schema_of(Contract(target, home.rules.key_columns))
        there = _plain(project.tables.schema(target)) if project.tables.commits(target) else None
        answers = answers_of(found.answers, keys, first, there)
        write_answers_contract(project, target, answers.schema, home.rules.asked)
        _append(project, target, answers, plan.batch, asked)
    if found.truths:
        _append(project, home.name + FEEDBACK, rows_of(found.truths, home.rules.told), plan.batch)


def _append(project: Project, table: str, rows: pa.Table, batch: str, note: str = "") -> int:
    """Append rows as one commit with a note unless it is there; returns the `_row` of the first."""
    tables = project.tables
    with tables.lease(table):
        if any(commit.batch == batch for commit in tables.commits(table)):
            return _first_of(project, table, batch)
        schema = widen(project, table, rows.schema)
        first = tables.next_row(table)
        numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
        rows = rows.append_column("_row", numbers).append_column("_batch", pa.repeat(batch, rows.num_rows))
        rows = in_its_columns(schema, rows)
        tables.append(table, write_parquet(rows, tables.staging(table)), batch, note)
        return first


def _first_of(project: Project, table: str, batch: str) -> int:
    import pyarrow.parquet as pq

    mine = pq.read_table(list(project.tables.files(table)), columns=["_row"], filters=[("_batch", "=", batch)])
    return int(np.asarray(mine["_row"]).min())


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in HOUSE_COLUMNS])


def _summed(name: str, done: Sequence[Collected]) -> Collected:
    aside = sum(one.aside for one in done)
    found = [finding for one in done for finding in one.findings]
    findings = tuple(one for place, one in enumerate(found) if one not in found[:place])
    if aside:
        findings = (Finding(PUT_ASIDE, "issue", {"case": name, "lines": aside}), *findings)
    return Collected(sum(one.answers for one in done), sum(one.feedback for one in done), aside, findings)


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _written(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    half = _folder(path.parent) / f".{path.name}.half"
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)  # noqa: PTH105  (`replace` of os says which way it goes)


def _contract_changed(home: Home) -> Refused:
    return Refused(
        f"The contracts of {home.name} were changed while its journal was being collected.",
        "The contracts under which the collection began.",
        f"Bring contracts/{home.name}__*.yaml back, then collect again.",
    )
