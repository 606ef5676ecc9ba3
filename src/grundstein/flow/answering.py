"""Room flow. In: a released case and rows -> Out: their answers in `CASE__answers`, each with its release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, digest
from grundstein.core.errors import Refused
from grundstein.core.records import Batch, Question, Release
from grundstein.core.task import Questioned
from grundstein.flow import given
from grundstein.flow.forging import refuse_forged
from grundstein.flow.selecting import SELECTED, rows_contract, selected, source_table
from grundstein.flow.signing import current, refuse_ended
from grundstein.flow.spending import capacity_now
from grundstein.flow.widening import in_its_columns, widen, write_answers_contract
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from grundstein.core.case import Case
    from grundstein.core.ports import Entry, Project
    from grundstein.core.task import LiveTable, Task
    from grundstein.flow.choosing import Choices
    from grundstein.production.answering import Answerer, Call


@dataclass(frozen=True)
class Answered:
    """What was answered: `rows` of `table` since its version `version`; `aside` rows broke the contract."""

    release: str
    table: str
    batch: str
    rows: int
    aside: int
    acted: int


@dataclass(frozen=True)
class Fresh:
    """A governed table as it is now, or what a SELECT makes of governed tables as they are now."""

    project: Project
    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The tables behind it."""
        from grundstein.lake.snapshots import named_tables

        return named_tables(self.name)

    @property
    def version(self) -> str:
        """The newest version; of a SELECT those of the tables that it reads."""
        return ",".join(self.project.tables.info(name).version for name in self.names)

    def table(self) -> pa.Table:
        """The whole table."""
        from grundstein.lake.snapshots import LIMITS, is_select
        from grundstein.tools.select import select

        if is_select(self.name):
            return select(self.name, {name: self.project.tables.files(name) for name in self.names}, LIMITS)
        return self.project.tables.read(self.name)

    def since(self, version: str) -> pa.Table:
        """Rows that came after a version; of a SELECT all of them."""
        from grundstein.lake.snapshots import is_select

        if is_select(self.name):
            return self.table()
        rows = self.project.tables.info(self.name, version).rows
        table = self.table()
        return table.filter(pa.array(np.asarray(table["_row"]) >= rows))


def answer(project: Project, name: str, rows: str, settings: Mapping[str, str] | None = None) -> Answered:
    """Answer a file (governed as `CASE__questions` first) or a table with the live release.

    The model's files are checked against the sha256 that was signed before one is read; memory does not grow with the
    rows. The same rows and release again add nothing. Refused: nothing released, a signature that ended, a model that
    was changed, a column that lacks.
    """
    from grundstein.production.answering import ANSWERS, Call

    entry = live_release(project, name)
    case = signed_case(project, cast("Release", entry.record))
    task = project.task(case.task)
    asked = _questions(project, name, case, task, rows, settings or {})
    batch = digest(canonical([entry.id, asked.table, asked.content, asked.version]))
    target = name + ANSWERS
    with project.tables.lease(target):
        known = any(commit.batch == batch for commit in project.tables.commits(target))
        if not known:
            ready = answerer(project, entry, project.tables.schema(asked.table))
            at = datetime.now(UTC)
            call = Call(batch, at, capacity=capacity_now(project, case, at))
            _write(project, target, batch, _answers(project, ready, asked, call), asked.table)
    count, acted = given.counted(project, target, batch)
    return Answered(entry.id, target, batch, count, asked.rejected, acted)


def answers_of(project: Project, done: Answered) -> pa.Table:
    """The answers of one call, without the house's columns."""
    return given.read(project, done.table, done.batch)


def write_answers(project: Project, done: Answered, path: Path) -> None:
    """Write the answers of one call to .xlsx, .csv or .parquet, part by part."""
    given.write(project, done.table, done.batch, path)


def live_release(project: Project, name: str) -> Entry:
    """The release that answers; Refused where nothing is released, or its signature ended."""
    entry = current(project, name)
    if entry is None:
        project.case(name)
        raise Refused(f"Nothing of {name} is released.", "A signed release.", f"grundstein release {name}")
    refuse_ended(project, cast("Release", entry.record))
    refuse_forged(project, entry)
    return entry


def signed_case(project: Project, said: Release) -> Case:
    """The case as it was signed, whatever its file says now."""
    from grundstein.approval.story import case_of

    return case_of(cast("Question", project.ledger.get(said.bond.question).record))


def _questions(project: Project, name: str, case: Case, task: Task, rows: str, settings: Mapping[str, str]) -> Batch:
    """Bring a file into `CASE__questions`, or take a table as it is."""
    from grundstein.lake.heading import columns_of
    from grundstein.production.answering import (
        QUESTIONS,
        own_contract,
        questions_contract,
        spare_columns,
        unread_columns,
    )

    if rows in project.tables.names():
        info = project.tables.info(rows)
        return Batch(rows, rows, info.digest, info.rows, 0, info.version)
    source = case.data[task.roles[0].name]
    main = project.contract(source_table(name, source))
    if main is None:
        raise Refused(f"The rows of {name} have no contract.", "A governed table.", "grundstein tables")
    if project.contract(name + QUESTIONS) is None:
        if isinstance(task, Questioned):
            project.write_contract(own_contract(name, task.question(case), main))
        else:
            there = {*columns_of(rows, settings, main), *unread_columns(case, main, task)}
            project.write_contract(questions_contract(name, case, main, sorted(there), task))
    batch = _brought(project, name, rows, settings, spare_columns(case, main, task))
    batch = batch if batch.rows else _arrived_before(project, batch)
    return selected(project, name, source, main, batch) if source != main.table and batch.rows else batch


def _brought(project: Project, name: str, rows: str, settings: Mapping[str, str], spare: Collection[str]) -> Batch:
    """Bring a file into `CASE__questions`; columns that a question may leave out are empty where it has none."""
    from grundstein.lake.heading import columns_of
    from grundstein.lake.ingest import Filled, ingest, ingest_part
    from grundstein.production.answering import QUESTIONS

    whole = project.contract(name + QUESTIONS)
    if whole is None:
        return ingest(project, rows, name + QUESTIONS, settings)
    there = columns_of(rows, settings, whole)
    lacks = {one for one in whole.names if one not in there}
    if not lacks or not lacks <= set(spare):
        return ingest(project, rows, name + QUESTIONS, settings)
    part = replace(whole, columns=tuple(one for one in whole.columns if one.name not in lacks))
    return ingest_part(project, rows, part, Filled(whole, {}), settings)


def _arrived_before(project: Project, batch: Batch) -> Batch:
    found = [row.record for row in project.ledger.entries(Batch) if cast("Batch", row.record).content == batch.content]
    mine = [one for one in found if isinstance(one, Batch) and one.table == batch.table]
    return mine[-1] if mine else batch


def answerer(project: Project, entry: Entry, columns: pa.Schema, choices: Choices | None = None) -> Answerer:
    """Load what a release answers with, its files checked against their sha256; `columns` are those of a question.

    `keys` are the columns of the table's key that a question has. `choices` is what people told of the case, where
    a server keeps it already.
    """
    from grundstein.flow.choosing import choices_of
    from grundstein.lake.snapshots import is_select, named_tables
    from grundstein.production.answering import Answerer

    said = cast("Release", entry.record)
    case = signed_case(project, said)
    task = project.task(case.task)
    kind, _, kept = said.bond.model.partition(":")
    solution = task.load(kind, project.files.folder(kept))
    source = case.data[task.roles[0].name]
    main = project.contract(named_tables(source)[0])
    live: dict[str, LiveTable] = {
        role.name: Fresh(project, case.data[role.name]) for role in task.roles if role.live and role.name in case.data
    }
    for role in task.roles:
        if role.told and (told := choices or choices_of(project, case, role.name, rows_contract(project, case))):
            live[role.name] = told
    asked = pa.schema([field for field in columns if field.name not in HOUSE_COLUMNS])
    own = case.key if is_select(source) and case.key else main.key if main else ()
    keys = tuple(name for name in own if name in asked.names)
    return Answerer(solution, live, entry.id, keys, case.holdback, project.salt, asked)


def _answers(project: Project, answers: Answerer, asked: Batch, call: Call) -> Iterator[pa.Table]:
    from grundstein.production.answering import QUESTIONS, parts

    own = asked.table.endswith((QUESTIONS, SELECTED))
    for part in parts(project.tables.stream(asked.table, asked.version)):
        mine = part.filter(pa.compute.equal(part["_batch"], asked.content)) if own else part
        if mine.num_rows:
            project.progress.step(f"answered up to row {mine['_row'][-1].as_py():,}")
            yield answers.answer(mine, call)


def _write(project: Project, target: str, batch: str, answers: Iterator[pa.Table], asked: str) -> None:
    """Append answers to their table part by part, as one commit; its note is the table that was asked."""
    from grundstein.tools.parquet import ParquetFiles

    first, files, schema = project.tables.next_row(target), None, None
    for part in answers:
        numbers = pa.array(np.arange(first, first + part.num_rows, dtype=np.int64))
        marked = part.append_column("_row", numbers).append_column("_batch", pa.repeat(batch, part.num_rows))
        if files is None:
            schema = widen(project, target, part.schema)
        marked = in_its_columns(schema, marked)
        if files is None:
            files = ParquetFiles(project.tables.staging(target), marked.schema)
            write_answers_contract(project, target, part.schema, project.contract(asked))
        files.write(marked)
        first += part.num_rows
    if files is None:
        raise Refused("There are no rows to answer.", "At least one row that keeps the contract.", "grundstein tables")
    project.tables.append(target, files.close(), batch, asked)
