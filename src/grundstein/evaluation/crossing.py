"""Room evaluation. In: a SELECT that can be run over other rows -> Out: Refused where sealed truth gets through.

The SELECT is not read but run: over the rows that are not sealed alone, and over rows whose truth was turned round.
What changes then, although nobody would know the change when the answer is needed, is a leak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.tools.sealing import CONTENT, HOUSE_COLUMNS, instants, known_rows, sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from grundstein.core.records import Seal

    Flags = NDArray[np.bool_]

EMPTY = "\x00empty"


@dataclass(frozen=True)
class Probe:
    """A SELECT of a case: `base` its governed rows, `full` its answer, `run` its answer over other rows in their place.

    `sources`: columns from which the target may be computed; `before`: those that the contract says are known before
    the answer; `free`: columns of the answer that no solution sees.
    """

    case: str
    base: pa.Table
    full: pa.Table
    run: Callable[[pa.Table], pa.Table]
    seal: Seal
    target: str
    sources: Sequence[str]
    before: Sequence[str]
    free: Sequence[str]
    horizon_days: float = 0.0


def refuse_leaks(probe: Probe) -> None:
    """Refuse a SELECT that carries rows or truth across the seal.

    First, its rows outside the seal must come from such rows alone: no key, time or `_row` of its own making, no
    average over sealed rows. Second, what the target is computed from must reach no other column and decide about no
    row; with time it may reach later rows.
    """
    outside = ~sealed_rows(probe.base, probe.seal)
    alone, kept = _known(probe, probe.run(probe.base.filter(pa.array(outside)))), _known(probe, probe.full)
    names = [name for name in probe.full.column_names if name != CONTENT]
    if not np.array_equal(_content(alone, names), _content(kept, names)):
        raise Refused(
            f"The SELECT of the case {probe.case} carries something across the seal of {probe.seal.table}.",
            "Development rows that are the same without the sealed ones, under the table's own key, time and `_row`.",
            "Leave out what is computed over all rows or renames them; a window may look back in time",
        )
    moved = [_moves(probe, source) for source in probe.sources]
    if probe.target and not any(moved):
        raise Refused(
            f'The SELECT of the case {probe.case} takes "{probe.target}" from another table than {probe.seal.table}.',
            "The table that holds the answer first: it is the one that is sealed.",
            "Turn the join round, or ingest what it says as a table of its own",
        )


def refuse_other_role(case: str, role: str, full: pa.Table, outside: pa.Table) -> None:
    """Refuse a SELECT of another role that is not the same without the sealed rows."""
    names = full.column_names
    if not np.array_equal(_content(full, names), _content(outside, names)):
        raise Refused(
            f"The SELECT for `{role}` in the case {case} is computed from sealed rows as well.",
            "The same rows with and without the sealed part.",
            "Compute it from another table, or ingest what it says as a table of its own",
        )


def _known(probe: Probe, rows: pa.Table) -> pa.Table:
    """The rows that development may keep: their truth was known before the cut, so it may lie ahead by the horizon."""
    return rows.filter(pa.array(known_rows(rows, probe.seal, probe.horizon_days)))


def _moves(probe: Probe, source: str) -> bool:
    """Tell whether the target is computed from a column; Refused where that reaches more than the target."""
    timed = probe.seal.how == "time"
    if not timed:
        turned = probe.run(_turned(probe.base, source, np.ones(probe.base.num_rows, dtype=np.bool_)))
        moved = _target_moved(probe, probe.full, turned)
        if moved and source not in probe.before and not _same(probe, turned, probe.full):
            raise _reaches(probe, source)
        return moved
    when = instants(probe.base[probe.seal.time])
    inside = when[sealed_rows(probe.base, probe.seal)]
    if not len(inside):
        return True
    middle = int(np.sort(inside)[len(inside) // 2])
    later, now = (probe.run(_turned(probe.base, source, rows)) for rows in (when > middle, when == middle))
    upto = [_upto(part, probe.seal, middle) for part in (later, probe.full)]
    here = [_at(part, probe.seal, middle) for part in (now, probe.full)]
    moved = any(_target_moved(probe, probe.full, part) for part in (now, later))
    own = _target_moved(probe, *here) and not _same(probe, *here)
    if source not in probe.before and (own or (moved and not _same(probe, *upto))):
        raise _reaches(probe, source)
    return moved


def _reaches(probe: Probe, source: str) -> Refused:
    return Refused(
        f'The SELECT of the case {probe.case} computes "{probe.target}" from "{source}", and more than that.',
        f'"{source}" in no other column and no WHERE: who answers does not know it yet.',
        f"Drop it, list it under `ignore`, or say `known_at: before` in contracts/{probe.seal.table}.yaml",
    )


def _turned(base: pa.Table, name: str, rows: Flags) -> pa.Table:
    """The table with other values of a column in these rows: each value becomes another one; what is empty stays so."""
    column = base[name]
    encoded = column.combine_chunks().dictionary_encode()
    many = len(encoded.dictionary)
    moved = pc.remainder(pc.add(pc.cast(encoded.indices, pa.int64()), max(many // 2, 1)), max(many, 1))
    other = encoded.dictionary.take(moved) if many else column.combine_chunks()
    mixed = pc.if_else(pa.array(rows), other, column.combine_chunks())
    return base.set_column(base.column_names.index(name), base.schema.field(name), pa.chunked_array([mixed]))


def _target_moved(probe: Probe, one: pa.Table, two: pa.Table) -> bool:
    """Whether rows that both answers hold have another target."""
    names = [*probe.seal.key, *([probe.seal.time] if probe.seal.how == "time" else []), "_row"]
    known_by = [name for name in dict.fromkeys(names) if name in one.column_names]
    was, now = (unit_hash(part, known_by, "") for part in (one, two))
    known, changed = one.filter(pa.array(np.isin(was, now))), two.filter(pa.array(np.isin(now, was)))
    names = [*known_by, probe.target]
    return not np.array_equal(_content(known, names), _content(changed, names))


def _same(probe: Probe, one: pa.Table, two: pa.Table) -> bool:
    """Whether two answers have the same rows but for the target; whether it is empty counts."""
    left_out = {probe.target, CONTENT, *probe.free}
    names = [name for name in two.column_names if name not in left_out]
    first, second = (part.append_column(EMPTY, pc.is_null(part[probe.target])) for part in (one, two))
    return np.array_equal(_content(first, [*names, EMPTY]), _content(second, [*names, EMPTY]))


def _content(table: pa.Table, names: Sequence[str]) -> NDArray[np.int64]:
    return np.sort(unit_hash(table, names, "")) if table.num_rows else np.empty(0, dtype=np.int64)


def _upto(table: pa.Table, seal: Seal, moment: int) -> pa.Table:
    return table.filter(pa.array(instants(table[seal.time]) <= moment))


def _at(table: pa.Table, seal: Seal, moment: int) -> pa.Table:
    return table.filter(pa.array(instants(table[seal.time]) == moment))


def sources_of(sql: str, base: pa.Table, target: str, seal: Seal) -> list[str]:
    """Return the columns that a SELECT may compute its target from: named in it, or called as the target is.

    What names a row is left out.
    """
    said, kept = sql.casefold(), {*HOUSE_COLUMNS, *seal.key, seal.time}
    named = [name for name in base.column_names if name.casefold() in said or name == target]
    return [name for name in named if name not in kept and not pa.types.is_nested(base.schema.field(name).type)]
