"""Room flow. In: a case whose task learns from what people tell -> Out: Choices, all that they told, as a live table.

Told are the rows of the table that the case names, `CASE__labels`, `CASE__feedback`, what still lies in the journal,
and what a server was told a moment ago: each beside the question that it is about, the newest last.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from grundstein.core.errors import Refused
from grundstein.flow.collecting import uncollected
from grundstein.lake.snapshots import is_select
from grundstein.production.answering import ANSWERS, FEEDBACK, QUESTIONS, unknown_columns
from grundstein.production.feedback import Told
from grundstein.tools.sealing import HOUSE_COLUMNS
from grundstein.tools.typed import arrow_type, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.ports import Project

LABELS = "__labels"
AT = "told_at"
REMEMBERED = 10_000
SECONDS = 1.0
COME = pa.timestamp("us", "UTC")


@dataclass
class Choices:
    """What people told of a case, beside the columns of its questions; `named` is the table that the case names.

    `remember` keeps the last 10,000 questions of a server, so that a truth about one of them counts the next moment;
    what is told of an older one, or to another server, counts once it is collected. Versions of tables are looked up
    once a second.
    """

    project: Project
    case: Case
    main: Contract
    named: str = ""
    _asked: OrderedDict[str, Mapping[str, Any]] = field(default_factory=OrderedDict)
    _told: list[dict[str, Any]] = field(default_factory=list)
    _tables: tuple[str, pa.Table] | None = None
    _looked: tuple[float, str] = (-SECONDS, "")
    _made: tuple[str, pa.Table] | None = None

    @property
    def target(self) -> str:
        """The column that is told."""
        return str(self.case.options["target"])

    @property
    def version(self) -> str:
        """Which tables at which versions, and how much was told since."""
        return f"{self._versions()}+{len(self._told)}"

    def table(self) -> pa.Table:
        """Rows of the questions' columns and the target, the newest last."""
        version = self.version
        if self._made is None or self._made[0] != version:
            self._made = version, self._joined(version.rpartition("+")[0])
        return self._made[1]

    def since(self, version: str) -> pa.Table:
        """Rows that came after a version: all of them where a table has changed since."""
        tables, _, count = version.rpartition("+")
        table = self.table()
        same = tables == self._versions() and count.isdigit()
        return table.slice(table.num_rows - (len(self._told) - int(count))) if same else table

    def remember(self, answer_id: str, question: Mapping[str, Any]) -> None:
        """Keep a question, so that what is told of its answer is understood."""
        self._asked[answer_id] = question
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    def tell(self, told: Told, at: datetime) -> None:
        """Take what was told; it counts from the next answer on where its question is known."""
        question = self._asked.get(told.answer_id) if told.answer_id else self._of_key(told.key or {})
        if question is not None:
            self._told.append({**question, self.target: told.truth, AT: at})

    def _of_key(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The newest question of this key; a row of the case's table where none was asked."""
        for one in reversed(self._asked.values()):
            if all(one.get(name) == value for name, value in key.items()):
                return one
        said = pa.table({name: pa.array([value], arrow_type(self.main.column(name))) for name, value in key.items()})
        rows = self._with_questions(said.append_column(self.target, pa.array(["?"])), list(key)).to_pylist()
        return {name: value for name, value in rows[0].items() if name != self.target} if rows else None

    def _versions(self) -> str:
        if time.monotonic() - self._looked[0] >= SECONDS:
            there = set(self.project.tables.names())
            names = dict.fromkeys((self.named, self.case.name + LABELS, self.case.name + FEEDBACK))
            versions = [f"{name}@{self.project.tables.info(name).version}" for name in names if name in there]
            self._looked = time.monotonic(), ",".join(versions)
        return self._looked[1]

    def _joined(self, versions: str) -> pa.Table:
        if self._tables is None or self._tables[0] != versions:
            self._tables = versions, self._of_tables(versions)
        tables = self._tables[1]
        known = set(tables[AT].to_pylist()) - {None}
        new = [one for one in self._told if one[AT] not in known]
        schema = pa.schema([*self._columns, pa.field(self.target, self._kind), pa.field(AT, COME)])
        told = pa.table(
            [pa.array([one.get(name) for one in new], schema.field(name).type) for name in schema.names], schema
        )
        return pa.concat_tables([tables, told], promote_options="permissive")

    @property
    def _columns(self) -> list[pa.Field]:
        """The columns of a question; without the time that it is about, so that what was told last stands last."""
        out = {*unknown_columns(self.case, self.main), self.case.time, AT}
        return [one for one in schema_of(self.main) if one.name not in out]

    @property
    def _kind(self) -> pa.DataType:
        return arrow_type(self.main.column(self.target))

    def _of_tables(self, versions: str) -> pa.Table:
        """What the tables hold, ordered by when it was told; rows that do not say it come first."""
        names = [one.partition("@")[0] for one in versions.split(",") if one]
        parts = [self._of_table(name) for name in names]
        empty = pa.schema([*self._columns, pa.field(self.target, self._kind), pa.field(AT, COME)]).empty_table()
        rows = pa.concat_tables([empty, *parts], promote_options="permissive")
        rows = rows.select(empty.column_names).filter(pc.is_valid(rows[self.target]))
        order = np.argsort(np.asarray(pc.fill_null(pc.cast(rows[AT], pa.int64()), 0)), kind="stable")
        return rows.take(pa.array(order))

    def _of_table(self, name: str) -> pa.Table:
        rows = self.project.tables.read(name)
        rows = rows.drop_columns([one for one in HOUSE_COLUMNS if one in rows.column_names])
        if rows.schema.field(self.target).type != self._kind:
            rows = rows.set_column(
                rows.column_names.index(self.target), self.target, pc.cast(rows[self.target], self._kind)
            )
        if name == self.case.name + FEEDBACK:
            return self._of_feedback(rows)
        if name == self.case.name + LABELS:
            keys = [one for one in self.main.key if one in rows.column_names]
            return self._with_questions(rows if keys else rows.rename_columns({"row": "_row"}), keys or ["_row"])
        wanted = [one.name for one in self._columns if one.name in rows.column_names]
        return rows.select([*wanted, self.target, *([AT] if AT in rows.column_names else [])])

    def _of_feedback(self, rows: pa.Table) -> pa.Table:
        keys = [one for one in self.main.key if one in rows.column_names]
        named = pc.is_valid(rows["answer_id"])
        by_key = self._with_questions(rows.filter(pc.invert(named)), keys)
        return pa.concat_tables([by_key, self._by_answer(rows.filter(named))], promote_options="permissive")

    def _by_answer(self, told: pa.Table) -> pa.Table:
        """Rows that name an answer, beside the question that was answered."""
        project, target = self.project, self.case.name + ANSWERS
        if not told.num_rows or target not in project.tables.names():
            return told.slice(0, 0).select([self.target, AT])
        wanted = ds.field("answer_id").isin(told["answer_id"].combine_chunks())
        answers = _read(project, target, ["answer_id", "question", "_batch"], wanted)
        notes = {commit.batch: commit.note or self.case.name + QUESTIONS for commit in project.tables.commits(target)}
        tables = pa.array([notes[batch] for batch in answers["_batch"].to_pylist()], pa.string())
        parts = [told.slice(0, 0).select([self.target, AT])]
        for table in sorted(set(tables.to_pylist()) & set(project.tables.names())):
            mine = _beside(told, answers.filter(pc.equal(tables, table)), ["answer_id"])
            asked = self._questions(table, ds.field("_row").isin(mine["question"].combine_chunks()), ["_row"])
            rows = _beside(mine.rename_columns({"question": "_row"}), asked, ["_row"])
            parts.append(rows.select([one for one in rows.column_names if one not in ("answer_id", "_row", "_batch")]))
        return pa.concat_tables(parts, promote_options="permissive")

    def _with_questions(self, told: pa.Table, keys: Sequence[str]) -> pa.Table:
        """Rows that name a unit by the table's key, beside its question: of those asked, else of the case's rows."""
        told = told.select([one for one in (*keys, self.target, AT) if one in told.column_names])
        if not told.num_rows or not keys:
            return told.slice(0, 0)
        wanted, there = ds.field(keys[0]).isin(pc.unique(told[keys[0]])), set(self.project.tables.names())
        tables = [
            one
            for one in (self.main.table, *([] if keys == ["_row"] else [self.case.name + QUESTIONS]))
            if one in there
        ]
        tables = [one for one in tables if set(keys) <= set(self.project.tables.schema(one).names)]
        asked = [self._questions(one, wanted, keys) for one in tables]
        return _beside(told, pa.concat_tables(asked, promote_options="permissive"), keys) if asked else told.slice(0, 0)

    def _questions(self, table: str, wanted: ds.Expression, more: Sequence[str]) -> pa.Table:
        there = self.project.tables.schema(table).names
        names = dict.fromkeys([*more, *(one.name for one in self._columns if one.name in there)])
        return _read(self.project, table, list(names), wanted)


def choices_of(project: Project, case: Case, role: str, main: Contract | None) -> Choices | None:
    """What people told of a case so far; None where nothing can be told: no table with a contract that has the target.

    What lies in the journal and is in no table yet is taken in.
    """
    target = str(case.options.get("target", ""))
    if main is None or target not in main.names:
        return None
    named = case.data.get(role, "")
    if is_select(named):
        raise Refused(
            f"`{role}` of {case.name} is a SELECT, which is not read while answering.",
            "A table.",
            f"Name one in cases/{case.name}.yaml",
        )
    made = Choices(project, case, main, named)
    found = uncollected(project, case.name)
    for answer in found.answers:
        made.remember(answer["answer_id"], found.questions[answer["question"]])
    for truth in found.truths:
        key = {name: truth[name] for name in main.key if truth.get(name) is not None}
        made.tell(Told(truth[target], truth.get("answer_id") or "", key, ()), truth[AT])
    return made


def _beside(told: pa.Table, asked: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows whose keys are among `asked`, in their order, with its columns: of equal keys those of the last one."""
    place = {key: at for at, key in enumerate(zip(*(asked[name].to_pylist() for name in keys), strict=True))}
    found = [place.get(key, -1) for key in zip(*(told[name].to_pylist() for name in keys), strict=True)]
    kept = [at for at, one in enumerate(found) if one >= 0]
    rows = told.take(pa.array(kept, pa.int64()))
    more = asked.take(pa.array([found[at] for at in kept], pa.int64()))
    for name in more.column_names:
        if name not in rows.column_names:
            rows = rows.append_column(name, more[name])
    return rows


def _read(project: Project, table: str, names: Sequence[str], wanted: ds.Expression) -> pa.Table:
    schema = pa.schema([one.remove_metadata() for one in project.tables.schema(table)])
    dataset = ds.dataset(list(project.tables.files(table)), schema=schema, format="parquet")
    return dataset.to_table(columns=list(names), filter=wanted)
