"""Room evaluation. In: what a contract says of when values are known -> Out: the case and rows as known at their time.

`known_at: after` leaves a column out for every solution. `known_at: COLUMN` hides each value that was written later
than the row's time, or nobody knows when. What two versions of a row have shown counts like the owner's "after".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.findings import Fact, Finding, Section
from grundstein.tools.sealing import CONTENT, DAY, instants, unit_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.case import Case
    from grundstein.core.records import Seal

WORDS = ("before", "after")


def as_known(
    case: Case, rows: pa.Table, seal: Seal, said: Mapping[str, str], shown: Sequence[str] = ()
) -> tuple[Case, pa.Table, tuple[Finding, ...]]:
    """Return the case without columns that are known only afterwards, its rows without later values, and the findings.

    `said`: column -> "before", "after" or the column that says when its value was written; `shown`: columns that two
    versions of the same rows have shown to be written afterwards.
    """
    used = [name for name in rows.column_names if name not in _untouched(case, seal)]
    after = [name for name in used if said.get(name) == "after" or name in shown]
    written = written_at(case, rows, seal, said)
    asked = [name for name in used if said.get(name, "before") not in WORDS and name not in after]
    untold = [name for name in asked if name not in written]
    told = [_of_columns("GST-K12", [name for name in after if name not in case.ignore and name not in shown])]
    told += [_of_columns("GST-K14", untold), *_counted(case, rows, written)]
    ignore = tuple(dict.fromkeys((*case.ignore, *after, *untold)))
    known = hidden(rows, case, seal, {name: at for name, at in written.items() if name not in ignore})
    return replace(case, ignore=ignore), known, tuple(one for one in told if one)


def written_at(case: Case, rows: pa.Table, seal: Seal, said: Mapping[str, str]) -> dict[str, str]:
    """Return column -> the column that says when its value was written, where that can be held against a row's time."""
    if case.time not in rows.column_names or not _is_time(rows[case.time]):
        return {}
    there = [name for name in rows.column_names if name not in _untouched(case, seal)]
    found = {name: said[name] for name in there if said.get(name, "before") not in WORDS}
    return {name: at for name, at in found.items() if at in rows.column_names and _is_time(rows[at])}


def hidden(rows: pa.Table, case: Case, seal: Seal, written: Mapping[str, str]) -> pa.Table:
    """Return the rows with nothing where a value, or the date of its writing, was written later than the row's time.

    A row without a key stays the unit that it was: its content is hashed before anything is hidden.
    """
    late = {name: _late(rows, case.time, at) for name, at in written.items()}
    for at in set(written.values()) - {case.time}:
        late[at] = _late(rows, case.time, at)
    if late and not seal.key and CONTENT not in rows.column_names:
        rows = rows.append_column(CONTENT, pa.array(unit_hash(rows, (), seal.salt)))
    for name, hide in late.items():
        column = rows[name].combine_chunks()
        kept = pc.if_else(pa.array(hide), pa.scalar(None, column.type), column)
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name).with_nullable(True), kept)
    return rows


def _late(rows: pa.Table, time: str, at: str) -> NDArray[np.bool_]:
    """Mark rows whose value was written after their time, or at a time unknown; a bare date counts at its end."""
    wait = DAY - 1 if pa.types.is_date(rows[at].type) and not pa.types.is_date(rows[time].type) else 0
    unknown = np.asarray(pc.or_(pc.is_null(rows[at]), pc.is_null(rows[time])))
    return unknown | (instants(rows[at]) + wait > instants(rows[time]))


def _counted(case: Case, rows: pa.Table, written: Mapping[str, str]) -> list[Finding]:
    found = []
    for name, at in written.items():
        filled = np.asarray(pc.is_valid(rows[name]))
        hide = int((filled & _late(rows, case.time, at)).sum())
        facts: dict[str, Fact] = {"column": name, "at": at, "rows": hide, "filled": int(filled.sum())}
        section: Section = "tip" if hide else "passed"
        found.append(Finding("GST-K13", section, facts))
    return found


def _untouched(case: Case, seal: Seal) -> set[str]:
    """What has a role of its own: it is no reason for an answer, or stands outside `known_at`."""
    named = (str(case.options.get("target", "")), case.acted, case.time, case.entity, *case.key, *seal.key)
    return {*named, CONTENT, "_row", "_batch"}


def _of_columns(code: str, columns: Sequence[str]) -> Finding | None:
    return Finding(code, "tip", {"columns": ", ".join(columns), "count": len(columns)}) if columns else None


def _is_time(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_date(column.type) or pa.types.is_timestamp(column.type))
