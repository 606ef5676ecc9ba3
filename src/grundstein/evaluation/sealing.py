"""Room evaluation. In: a table, its contract and the ledger's earlier seals -> Out: the table's Seal.

The seal belongs to the table, so no case can move it: its share may fall and its cut may go forward, never back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused, nearest, offered
from grundstein.core.findings import Finding
from grundstein.core.records import Earlier, Seal
from grundstein.tools.sealing import CONTENT, cut_value, instants, unit_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract

SHARES = ((3_000, 0.40), (100_000, 0.25))
LARGE_SHARE = 0.10
LATEST = 0.25


def settled(case: Case, contract: Contract) -> tuple[Case, Contract]:
    """Return the case and contract with time and entity agreed; the case speaks only where the contract is silent."""
    for word in ("time", "entity"):
        said, asked = getattr(contract, word), getattr(case, word)
        if said and asked and said != asked:
            raise Refused(
                f'The case says {word} is "{asked}", the contract of {contract.table} says "{said}".',
                "One answer for all cases of a table: the contract's.",
                f"Remove `{word}` from cases/{case.name}.yaml, or ask {contract.owner or 'the owner of the table'}",
            )
        if asked and asked not in (*contract.names, "_row"):
            raise Refused(
                f'The {word} column "{asked}" is not in {contract.table}.', nearest(asked, contract.names), "Correct it"
            )
    agreed = replace(contract, time=contract.time or case.time, entity=contract.entity or case.entity)
    return replace(case, time=agreed.time, entity=agreed.entity), agreed


def seal_table(table: pa.Table, case: Case, contract: Contract, salt: str, history: Sequence[tuple[Seal, int]]) -> Seal:
    """Return the seal of a table. `history`: its earlier seals, each with the last `_row` that was there."""
    entity, named = contract.entity, case.key or contract.key
    _refuse_strange_key(table, case, contract, named)
    timed = contract.time if case.split != "random" else ""
    cut = latest_cut(table, timed, history) if timed else ""
    earlier = _earlier(history)
    if cut:
        return Seal(contract.table, "time", named, entity, timed, 0.0, cut, salt, _foreign(earlier, "time", timed))
    key = case.key or ((entity,) if entity else contract.key)
    how: Literal["entity", "random"] = "entity" if entity and contract.key != (entity,) else "random"
    share = min([_share(len(np.unique(unit_hash(table, key, salt)))), *_shares(history, key)])
    return Seal(contract.table, how, key, entity, "", share, "", salt, _foreign(earlier, "key", key))


def selected(rows: pa.Table, base: pa.Table, seal: Seal, case: Case) -> pa.Table:
    """Return a SELECT's rows as they can be sealed: with the columns of the seal, a keyless row known by its content.

    Refused where the SELECT drops what its table is sealed by.
    """
    needed = [*seal.key, *([seal.time] if seal.how == "time" else []), *([] if seal.key else ["_row"])]
    for name in dict.fromkeys(needed):
        if name not in rows.column_names:
            raise Refused(
                f"The SELECT of the case {case.name} drops `{name}`, by which the rows of {seal.table} are sealed.",
                f"A SELECT that keeps `{name}`; one that groups rows names what a row is in `key:`.",
                f"Add `{name}` to `data:` in cases/{case.name}.yaml",
            )
    for earlier in seal.earlier:
        lost = [name for name in (earlier.key or (earlier.time,)) if name and name not in rows.column_names]
        if lost:
            raise Refused(
                f"{seal.table} was evaluated by `{lost[0]}` before, and the SELECT of the case {case.name} drops it.",
                "Rows of which one can tell whether they were learned from.",
                f"Keep `{lost[0]}` in the SELECT, or ingest what it groups as a table of its own",
            )
    if seal.key:
        return rows
    numbers = np.asarray(base["_row"])
    order = np.argsort(numbers)
    place = np.searchsorted(numbers[order], instants(rows["_row"]))
    if not np.isin(instants(rows["_row"]), numbers).all():
        raise Refused(
            f"The SELECT of the case {case.name} makes a `_row` of its own.",
            f"The `_row` of {seal.table}, as it stands there.",
            "Keep `_row` unchanged in `data:`",
        )
    return rows.append_column(CONTENT, pa.array(unit_hash(base, (), seal.salt)[order][place]))


def _refuse_strange_key(table: pa.Table, case: Case, contract: Contract, key: Sequence[str]) -> None:
    """A table is sealed by columns of its own: Refused for a key that it lacks, or that a SELECT makes."""
    strange = next((name for name in key if name not in table.column_names), "")
    if strange:
        raise Refused(
            f"The case {case.name} would seal {contract.table} by `{strange}`, which is no column of that table.",
            offered(strange, table.column_names),
            f"Name columns of {contract.table} in `key:`, or ingest what a SELECT groups as a table of its own",
        )


def given_seal(contract: Contract, salt: str, last_row: int) -> Seal:
    """Return the seal of a given test table that stands behind the rows."""
    return Seal(contract.table, "given", contract.key, contract.entity, "", 0.0, str(last_row), salt)


def _share(units: int) -> float:
    return next((share for limit, share in SHARES if units < limit), LARGE_SHARE)


def _shares(history: Sequence[tuple[Seal, int]], key: tuple[str, ...]) -> list[float]:
    return [seal.share for seal, _ in history if seal.how in ("entity", "random") and seal.key == key]


def latest_cut(table: pa.Table, time: str, history: Sequence[tuple[Seal, int]] = ()) -> str:
    """Return the cut that seals the latest 25 %, never before an earlier one; empty where there is one instant only."""
    moments = instants(table[time])
    values, counts = np.unique(moments, return_counts=True)
    if len(values) < 2:
        return ""
    later = 1 - np.cumsum(counts) / len(moments)
    wanted = np.flatnonzero(later >= LATEST)
    cut = int(values[wanted[-1] if len(wanted) else 0])
    before = [cut_value(seal.cut) for seal, _ in history if seal.how == "time" and seal.time == time]
    return cut_of(max([cut, *before]), table, time)


def cut_of(cut: int, table: pa.Table, time: str) -> str:
    """Write a cut (microseconds since 1970, or a whole number) as a seal holds it."""
    kind = table[time].type
    return str(cut) if pa.types.is_integer(kind) else f"{np.datetime64(cut, 'us')}Z"


def _earlier(history: Sequence[tuple[Seal, int]]) -> list[Earlier]:
    return [Earlier(s.how, s.key, s.time, s.share, s.cut, last) for s, last in history]


def _foreign(earlier: Sequence[Earlier], kind: str, word: str | tuple[str, ...]) -> tuple[Earlier, ...]:
    """Keep the earlier seals of another shape; one of the same shape can only have sealed more."""
    return tuple(dict.fromkeys(e for e in earlier if _shape(e) != (kind, word)))


def _shape(earlier: Earlier) -> tuple[str, str | tuple[str, ...]]:
    shapes = {"given": ("given", ""), "time": ("time", earlier.time)}
    return shapes.get(earlier.how, ("key", earlier.key))


def behind(rows: pa.Table, test: pa.Table, last_row: int) -> pa.Table:
    """Put a given test table behind the rows, its `_row` above the last one; Refused where columns or units overlap."""
    missing = [name for name in rows.column_names if name not in test.column_names]
    if missing:
        raise Refused(
            f'The given test table lacks the column "{missing[0]}".',
            nearest(missing[0], test.column_names),
            "Ingest it anew",
        )
    numbers = pa.array(np.arange(last_row + 1, last_row + 1 + test.num_rows), pa.int64())
    placed = test.select(rows.column_names)
    if "_row" in rows.column_names:
        placed = placed.set_column(placed.column_names.index("_row"), "_row", numbers)
    try:
        return pa.concat_tables([rows, placed.cast(rows.schema)])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise Refused(
            f"The given test table has other types: {error}", "The types of the rows.", "Correct its contract"
        ) from error


def refuse_overlap(rows: pa.Table, test: pa.Table, seal: Seal) -> None:
    """A given test table must share no unit with development, where a key or an entity names the units."""
    if seal.key:
        shared = np.intersect1d(unit_hash(rows, seal.key, seal.salt), unit_hash(test, seal.key, seal.salt))
        if len(shared):
            raise Refused(
                f"{len(shared)} units stand in the given test table and in development.",
                "A test table of units that no solution has seen.",
                "Remove them from one of the two tables",
            )


def seal_findings(case: Case, contract: Contract, seal: Seal) -> tuple[Finding, ...]:
    """What a reader must know about how the test part was sealed."""
    if seal.how == "given":
        return (Finding("GST-E04", "issue", {"table": seal.table}),)
    if contract.time and case.split == "random":
        return (Finding("GST-E03", "issue", {"time": contract.time}),)
    if contract.time and seal.how != "time":
        return (Finding("GST-E05", "tip", {"time": contract.time}),)
    return ()
