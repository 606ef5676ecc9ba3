"""Room tasks. In: lines and their seal -> Out: the sealed split and folds of its shape; a session is never cut apart.

A session is sealed where all its lines are, and in development where all its lines may be known; one that the cut goes
through is in neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.task import Split
from grundstein.tasks.logs.sessions import Grouped, asked, grouped, outcomes_of, session_column, sessions_of
from grundstein.tools import folding
from grundstein.tools.columns import as_texts
from grundstein.tools.sealing import instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from grundstein.core.records import Seal
    from grundstein.core.task import Data
    from grundstein.tasks.logs.options import Plan

    Flags = NDArray[np.bool_]

FOLDS = 3
LEAST = 0.5


def seal_sessions(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split by the table's seal; Refused where it goes through most sessions."""
    lines = _marked(data["lines"], plan, seal.salt, seal.time if seal.how == "time" else "", seal.entity)
    groups = grouped(lines, plan)
    sealed, known = sealed_rows(lines, seal), known_rows(lines, seal, plan.horizon_days)
    later, earlier = _whole(groups, sealed), _whole(groups, known)
    cut = len(groups.names) - int((later | earlier).sum())
    if cut > LEAST * len(groups.names) and seal.how in ("entity", "random"):
        raise Refused(
            f"the seal of the lines goes through {cut} of {len(groups.names)} sessions",
            "lines that are sealed by session or by time",
            f"name the session's column as `entity: {session_column(plan, lines.column_names)}` (ingest writes one "
            "with --session), or a `time:`",
        )
    return _split(lines, data, plan, groups, (earlier, later), seal.how)


def fold_sessions(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Three splits of the development part: forward in time, else by clusters with both outcomes spread evenly."""
    lines = development["lines"]
    if "_cluster" not in lines.column_names:
        lines = _marked(lines, plan, str(seed), plan.time if plan.time in lines.column_names else "", plan.entity)
    groups = grouped(lines, plan)
    if "_time" in lines.column_names:
        yield from _forward(lines, development, plan, groups)
        return
    names = pa.table({"_unit": _first(lines["_unit"], groups), "_cluster": _first(lines["_cluster"], groups)})
    said = [one or "" for one in outcomes_of({**development, "lines": lines}, plan, groups)]
    strata = np.unique(np.array(said, dtype=str), return_inverse=True)[1].astype(np.float64)
    how = "entity" if plan.entity in lines.column_names else "random"
    for fit, ask in folding.fold_positions(names, strata, seed, FOLDS, 0):
        flags = (np.isin(np.arange(len(said)), fit), np.isin(np.arange(len(said)), ask))
        yield _split(lines, development, plan, groups, flags, how)


def _forward(lines: pa.Table, data: Data, plan: Plan, groups: Grouped) -> Iterator[Split]:
    """Learn from sessions that were over before a cut, ask those that began behind it and before the next."""
    times = np.asarray(lines["_time"])
    first, last = _bounds(times, groups)
    shares = folding.FIRST_SHARE + (1 - folding.FIRST_SHARE) * np.arange(FOLDS) / FOLDS
    cuts = np.quantile(last, shares, method="inverted_cdf")
    ends = [*cuts[1:], np.iinfo(np.int64).max]
    horizon = folding.horizon_us(plan)
    for cut, end in zip(cuts, ends, strict=True):
        flags = (last <= cut - horizon, (first > cut) & (first <= end))
        if flags[0].any() and flags[1].any():
            yield _split(lines, data, plan, groups, flags, "time")


def _split(lines: pa.Table, data: Data, plan: Plan, groups: Grouped, parts: tuple[Flags, Flags], how: str) -> Split:
    """The split with these sessions to learn from and to ask; sessions whose outcome nobody knows are in neither."""
    said = outcomes_of({**data, "lines": lines}, plan, groups)
    told = np.array([one is not None or not plan.outcome for one in said], dtype=np.bool_)
    learned, wanted = parts[0] & told, parts[1] & told
    column = session_column(plan, lines.column_names)
    development = {"lines": lines.filter(pa.array(_lines(groups, learned)))}
    if "outcomes" in data:
        development["outcomes"] = _outcomes(
            data["outcomes"], column, [groups.names[n] for n in np.flatnonzero(learned).tolist()]
        )
    chosen = lines.filter(pa.array(_lines(groups, wanted)))
    inside = grouped(chosen, plan)
    questions = asked(sessions_of(chosen, plan, inside), plan, column)
    entity = plan.entity
    if entity in lines.column_names and entity not in questions.column_names:
        questions = questions.append_column(entity, _first(as_texts(chosen, entity), inside))
    outcome = [said[n] for n in np.flatnonzero(wanted).tolist()]
    truth = {"session": questions[column], "outcome": pa.array(outcome, pa.string())}
    house = [name for name in ("_unit", "_cluster", "_time") if name in chosen.column_names]
    truth |= {name: _first(chosen[name], inside) for name in house}
    return Split(development, questions, {"lines": pa.table(truth)}, how)


def _marked(lines: pa.Table, plan: Plan, salt: str, time: str, entity: str) -> pa.Table:
    """Add `_unit` (the session's hash), `_cluster` (the entity's, else the session's) and, for a cut, `_time`.

    A session that a rule makes of the lines is written beside them, so that a part of them is cut as the whole was.
    """
    column = session_column(plan, lines.column_names)
    groups = grouped(lines, plan)
    names = pa.array([*groups.names, ""], pa.string())
    hashes = unit_hash(pa.table({column: names}), [column], salt)
    own = hashes[groups.of]
    if column not in lines.column_names:
        place = pa.array(groups.of, mask=groups.of < 0)
        lines = lines.append_column(column, names.take(place))
    entity = entity or plan.entity
    cluster = unit_hash(lines, [entity], salt) if entity in lines.column_names else own
    marked = lines.append_column("_unit", pa.array(own)).append_column("_cluster", pa.array(cluster))
    return marked.append_column("_time", pa.array(instants(lines[time]))) if time else marked


def _whole(groups: Grouped, flags: Flags) -> Flags:
    """The sessions of which every line is marked."""
    of = groups.of
    size = np.bincount(of[of >= 0], minlength=len(groups.names))
    inside = np.bincount(of[(of >= 0) & flags], minlength=len(groups.names))
    return np.asarray((size == inside) & (size > 0), dtype=np.bool_)


def _lines(groups: Grouped, sessions: Flags) -> Flags:
    return np.append(sessions, False)[groups.of]


def _bounds(times: NDArray[np.int64], groups: Grouped) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first = np.full(len(groups.names), np.iinfo(np.int64).max)
    last = np.full(len(groups.names), np.iinfo(np.int64).min)
    there = groups.of >= 0
    np.minimum.at(first, groups.of[there], times[there])
    np.maximum.at(last, groups.of[there], times[there])
    return first, last


def _first(column: pa.ChunkedArray, groups: Grouped) -> pa.ChunkedArray:
    rows = [int(each[0]) for each in groups.rows()] if groups.names else []
    return column.take(pa.array(rows, pa.int64()))


def _outcomes(table: pa.Table, column: str, names: Sequence[str]) -> pa.Table:
    name = column if column in table.column_names else "session"
    known = set(names)
    return table.filter(pa.array([one in known for one in as_texts(table, name).to_pylist()], pa.bool_()))
