"""Room flow. In: a release's answers -> Out: what watching reads of its tables: questions and truths."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from grundstein.core.records import Batch
from grundstein.production.answering import ANSWERS, FEEDBACK, QUESTIONS
from grundstein.tools.parquet import plain_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.ports import Project
    from grundstein.flow.grounds import Ground

NAMED = ("_row", "_batch", "question", "answer_id", "answered_at", "held_back", "answer", "probability")
COME = pa.timestamp("us", "UTC")
TOOK = "took_ms"


def answers_of(project: Project, ground: Ground, since: int = -1, *, held_back: bool = False) -> pa.Table:
    """The answers that a release gave, in order, from `_row` `since` on: what names them, and what they said.

    `held_back`: those alone that were never acted on.
    """
    target = ground.case.name + ANSWERS
    if target not in project.tables.names():
        return pa.table({"_row": pa.array([], pa.int64()), "_batch": pa.array([], pa.string())})
    there = project.tables.schema(target)
    names = [name for name in dict.fromkeys((*ground.answers.keys, *NAMED)) if name in there.names]
    mine = (ds.field("release") == ground.entry.id) & (ds.field("_row") >= since)
    wanted = mine & ds.field("held_back") if held_back and "held_back" in names else mine
    return _read(project, target, names, wanted).sort_by("_row")


def answers_counted(project: Project, ground: Ground) -> int:
    """How many answers a release gave."""
    target = ground.case.name + ANSWERS
    if target not in project.tables.names():
        return 0
    return int(_dataset(project, target).count_rows(filter=ds.field("release") == ground.entry.id))


def took(project: Project, ground: Ground) -> NDArray[np.float64]:
    """How many milliseconds each answer of a release took; those of files took none of their own."""
    target = ground.case.name + ANSWERS
    if target not in project.tables.names() or TOOK not in project.tables.schema(target).names:
        return np.zeros(0)
    mine = (ds.field("release") == ground.entry.id) & ds.field(TOOK).is_valid()
    return np.asarray(_read(project, target, [TOOK], mine)[TOOK], dtype=np.float64)


def questions_of(project: Project, ground: Ground, answers: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the questions behind answers, and the places of those answers; some may be gone from their table.

    An answer whose question now has another key is left out: its row is not the one that was asked.
    """
    name = ground.case.name
    notes = {commit.batch: commit.note for commit in project.tables.commits(name + ANSWERS)}
    tables = np.array([notes.get(batch) or name + QUESTIONS for batch in answers["_batch"].to_pylist()], dtype=object)
    parts = [_asked(project, ground, str(table), answers, np.flatnonzero(tables == table)) for table in set(tables)]
    found = [part for part in parts if len(part[1])]
    if not found:
        return pa.table({}), np.zeros(0, dtype=np.int64)
    rows, places = zip(*found, strict=True)
    place = np.concatenate(places)
    order = np.argsort(place, kind="stable")
    return pa.concat_tables(rows, promote_options="permissive").take(pa.array(order)), place[order]


def _asked(
    project: Project, ground: Ground, table: str, answers: pa.Table, place: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64]]:
    """The questions of one table that are still those that were asked."""
    if table not in project.tables.names():
        return pa.table({}), np.zeros(0, dtype=np.int64)
    wanted = answers["question"].take(pa.array(place))
    there = project.tables.schema(table).names
    names = ["_row", *(name for name in ground.sketch.names if name in there and name != "_row")]
    names += [name for name in ground.answers.keys if name in there and name not in names]
    rows = _read(project, table, names, ds.field("_row").isin(pc.unique(wanted)))
    at = np.asarray(pc.fill_null(pc.index_in(wanted, value_set=rows["_row"].combine_chunks()), -1))
    rows, place = rows.take(pa.array(at[at >= 0])), place[at >= 0]
    same = np.ones(len(place), dtype=np.bool_)
    for name in (one for one in ground.answers.keys if one in answers.column_names and one in rows.column_names):
        said, now = (pc.cast(column, pa.string()) for column in (answers[name].take(pa.array(place)), rows[name]))
        same &= np.asarray(pc.fill_null(pc.equal(said, now), fill_value=False)) | np.asarray(pc.is_null(said))
    return rows.filter(pa.array(same)), place[same]


def told_of(project: Project, ground: Ground) -> pa.Table:
    """What was told of the truth since: `CASE__feedback`, and rows that came or changed in the case's own table.

    Columns: `answer_id`, the keys, the target, `told_at`. Rows without a value of the target tell nothing.
    """
    parts = [_feedback(project, ground), _own_rows(project, ground)]
    told = pa.concat_tables([part for part in parts if part is not None], promote_options="permissive")
    return told.filter(pc.is_valid(told[ground.target]))


def _feedback(project: Project, ground: Ground) -> pa.Table:
    name = ground.case.name + FEEDBACK
    if name not in project.tables.names():
        return pa.table({ground.target: pa.array([], pa.null()), "told_at": pa.array([], COME)})
    there = project.tables.schema(name).names
    names = [one for one in ("answer_id", *ground.answers.keys, ground.target, "told_at") if one in there]
    return _read(project, name, [*names, "_row"], None).sort_by("_row").drop_columns(["_row"])


def _own_rows(project: Project, ground: Ground) -> pa.Table | None:
    """Rows of the case's own table that came since its snapshot, told at the moment of their arrival."""
    table, keys = ground.main.table, ground.answers.keys
    version = ground.snapshot.versions.get(table, "")
    if not (ground.case.data[ground.task.roles[0].name] == table and version and keys):
        return None
    before = project.tables.info(table, version).batches
    pinned = set(project.tables.files(table, version))
    files = [file for file in project.tables.files(table) if file not in pinned]
    if not files or ground.target not in (there := _of(files)).schema.names:
        return None
    wanted = ~ds.field("_batch").isin(list(before))
    fresh = there.to_table(columns=[*keys, ground.target, "_row", "_batch"], filter=wanted)
    arrived = arrivals(project, table)
    moments = [arrived.get(batch) for batch in fresh["_batch"].to_pylist()]
    fresh = fresh.append_column("told_at", pc.cast(pa.array(moments, pa.string()), COME)).sort_by("_row")
    return fresh.drop_columns(["_row", "_batch"])


def arrivals(project: Project, table: str) -> dict[str, str]:
    """When each batch of a table arrived, ISO UTC, by its content."""
    rows = [(cast("Batch", row.record), row.at) for row in project.ledger.entries(Batch)]
    return {content: at for one, at in rows if one.table == table for content in (one.content, *one.contents)}


def counted(project: Project, table: str, since: str) -> tuple[int, int]:
    """How many rows of a table were taken, and put aside, since an ISO moment."""
    rows = [(cast("Batch", row.record), row.at) for row in project.ledger.entries(Batch)]
    mine = [one for one, at in rows if one.table == table and at >= since]
    return sum(one.rows for one in mine), sum(one.rejected for one in mine)


def _read(project: Project, table: str, names: Sequence[str], wanted: ds.Expression | None) -> pa.Table:
    return _dataset(project, table).to_table(columns=list(names), filter=wanted)


def _dataset(project: Project, table: str) -> ds.Dataset:
    return _of(project.tables.files(table))


def _of(files: Sequence[str]) -> ds.Dataset:
    """Files of one table: all have the same columns."""
    return ds.dataset(list(files), schema=plain_schema(pq.read_schema(files[0])), format="parquet")
