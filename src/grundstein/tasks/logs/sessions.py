"""Room tasks. In: the lines of a log -> Out: its sessions with their entries in order, and the outcome of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tools.columns import as_texts, column_of
from grundstein.tools.loglines import entries_of, written
from grundstein.tools.logsessions import Sessions
from grundstein.tools.sealing import HOUSE_COLUMNS, instants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Data
    from grundstein.tasks.logs.options import Plan

    Rows = NDArray[np.int64]

NEVER = np.iinfo(np.int64).min // 2
SESSION, FILE = "session", "file"


@dataclass(frozen=True)
class Session:
    """One session: `times` in microseconds (`NEVER` where a line has none), `levels` and `texts`, a line each."""

    name: str
    times: Rows
    levels: Sequence[str]
    texts: Sequence[str]

    def first(self, lines: int) -> Session:
        """The same after so many lines; all of them for 0."""
        if not lines or len(self.texts) <= lines:
            return self
        return Session(self.name, self.times[:lines], self.levels[:lines], self.texts[:lines])


@dataclass(frozen=True)
class Grouped:
    """Lines by session: `names` in order of their first line, `of` the session of each line, -1 where it has none."""

    names: Sequence[str]
    of: Rows

    def rows(self) -> list[Rows]:
        """The lines of each session, in order."""
        if not self.names:
            return []
        order = np.argsort(self.of, kind="stable")
        order = order[np.searchsorted(self.of[order], 0) :]
        return np.split(order, np.cumsum(np.bincount(self.of[order], minlength=len(self.names)))[:-1])


def session_column(plan: Plan, names: Sequence[str]) -> str:
    """The name that the session has in questions: its column, `session` where it is made of the lines."""
    if plan.session:
        return plan.session if plan.session in names else SESSION
    return next((name for name in (SESSION, FILE) if name in names), SESSION)


def grouped(lines: pa.Table, plan: Plan) -> Grouped:
    """Put lines into sessions, by a column or by the rule of the case."""
    column = session_column(plan, lines.column_names)
    keys = as_texts(lines, column) if column in lines.column_names else _made(lines, plan)
    coded = pc.dictionary_encode(pc.cast(keys, pa.string())).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    codes = np.asarray(pc.fill_null(coded.indices.cast(pa.int64()), -1))
    return Grouped(coded.dictionary.to_pylist(), codes)


def sessions_of(lines: pa.Table, plan: Plan, groups: Grouped | None = None) -> list[Session]:
    """The sessions of lines in the order of their first line, as far as the answer may look."""
    groups = groups or grouped(lines, plan)
    texts = pc.fill_null(as_texts(lines, plan.text), "").to_pylist()
    levels = _levels(lines, plan)
    times = _times(lines, plan)
    found = []
    for name, rows in zip(groups.names, groups.rows(), strict=True):
        mine = rows[: plan.early] if plan.early else rows
        found.append(Session(name, times[mine], [levels[row] for row in mine], [texts[row] for row in mine]))
    return found


def asked(sessions: Sequence[Session], plan: Plan, column: str) -> pa.Table:
    """Questions, one row a session: its name, when it began, its gravest level, and its lines as one text."""
    began = [int(one.times[0]) if len(one.times) else NEVER for one in sessions]
    moments = pa.array([None if at == NEVER else at for at in began], pa.timestamp("us", "UTC"))
    texts = [written(_spoken(one.times), one.levels, one.texts) for one in sessions]
    return pa.table(
        {
            column: pa.array([one.name for one in sessions], pa.string()),
            plan.clock: moments,
            plan.level: pa.array([gravest(one.levels) for one in sessions], pa.string()),
            plan.text: pa.array(texts, pa.string()),
        }
    )


def read(questions: pa.Table, plan: Plan) -> list[Session]:
    """The sessions that questions hold, whether as `asked` wrote them or as a log has them."""
    found = []
    for name, text in zip(
        names_of(questions, plan), pc.fill_null(as_texts(questions, plan.text), "").to_pylist(), strict=True
    ):
        entries = entries_of(text) if text else []
        times = np.array([_moment(one.time) for one in entries], dtype=np.int64)
        session = Session(name, times, [one.level for one in entries], [one.text for one in entries])
        found.append(session.first(plan.early))
    return found


def names_of(questions: pa.Table, plan: Plan) -> list[str]:
    """The names of the sessions that are asked, empty where they have none."""
    column = session_column(plan, questions.column_names)
    if column not in questions.column_names:
        return [""] * questions.num_rows
    found: list[str] = pc.fill_null(as_texts(questions, column), "").to_pylist()
    return found


def outcomes_of(data: Data, plan: Plan, groups: Grouped) -> list[str | None]:
    """The outcome of each session: of `outcomes`, else the last that its lines name; None where nobody says it."""
    if not plan.outcome:
        return [None] * len(groups.names)
    column = session_column(plan, data["lines"].column_names)
    if "outcomes" in data:
        table = data["outcomes"]
        name = column if column in table.column_names else SESSION
        known = dict(zip(as_texts(table, name).to_pylist(), _outcome(table, plan), strict=True))
        return [known.get(one) for one in groups.names]
    said = _outcome(data["lines"], plan)
    return [next((said[row] for row in rows[::-1] if said[row] is not None), None) for rows in groups.rows()]


def gravest(levels: Sequence[str]) -> str | None:
    """The gravest level of some lines; None where none has one."""
    known = [level for level in GRAVE if level in levels]
    return known[0] if known else next((level for level in levels if level), None)


GRAVE = ("CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG", "TRACE")


def _outcome(table: pa.Table, plan: Plan) -> list[str | None]:
    if plan.outcome not in table.column_names:
        names = [name for name in table.column_names if name not in HOUSE_COLUMNS]
        raise Refused(f'there is no column "{plan.outcome}"', nearest(plan.outcome, names), "correct `outcome`")
    found: list[str | None] = as_texts(table, plan.outcome).to_pylist()
    return found


def _levels(lines: pa.Table, plan: Plan) -> list[str]:
    if plan.level not in lines.column_names:
        return [""] * lines.num_rows
    found: list[str] = pc.fill_null(as_texts(lines, plan.level), "").to_pylist()
    return found


def _times(lines: pa.Table, plan: Plan) -> Rows:
    if plan.clock not in lines.column_names or not pa.types.is_temporal(lines[plan.clock].type):
        return np.full(lines.num_rows, NEVER, dtype=np.int64)
    return instants(lines[plan.clock])


def _made(lines: pa.Table, plan: Plan) -> pa.ChunkedArray:
    """Sessions by the rule of the case, line by line."""
    rule = Sessions(plan.session)
    files = as_texts(lines, FILE).to_pylist() if FILE in lines.column_names else [""] * lines.num_rows
    times = column_of(lines, plan.clock).to_pylist() if rule.gap else [None] * lines.num_rows
    texts = as_texts(lines, plan.text).to_pylist() if rule.pattern else [""] * lines.num_rows
    keys = [rule.of(*row) for row in zip(files, times, (text or "" for text in texts), strict=True)]
    return pa.chunked_array([pa.array(keys, pa.string())])


def _spoken(times: Rows) -> list[str]:
    spoken = np.datetime_as_string(times.astype("datetime64[us]"))
    return ["" if at == NEVER else f"{text}" for at, text in zip(times.tolist(), spoken.tolist(), strict=True)]


def _moment(text: str) -> int:
    if not text:
        return NEVER
    try:
        return int(np.datetime64(text.removesuffix("+00:00"), "us").astype(np.int64))
    except ValueError:
        return NEVER
