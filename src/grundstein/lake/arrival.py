"""Room lake. In: the files of one source and a contract -> Out: Arrival, the rows to take and those put aside.

Every record of the files is in one of the two: rows read = rows taken + rows put aside.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake import checks
from grundstein.lake.contracts import cast, changed_columns, named_otherwise, other_words, propose
from grundstein.lake.reading import read_raw
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.contract import Contract
    from grundstein.lake.reading import Raw
    from grundstein.lake.sources import SourceFile

ASIDE = pa.schema([("source", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())])
PUT_ASIDE, UNREADABLE, UNFIT, KEPT, PROPOSED, EMPTY = "GST-D02", "GST-D03", "GST-D04", "GST-D10", "GST-D11", "GST-D15"


@dataclass(frozen=True)
class Pile:
    """The records of all files of a source, one after the other; `file` is the position of each record's file."""

    raw: Raw
    file: NDArray[np.int64]
    broken_file: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Arrival:
    """Rows that keep the contract, typed; rows put aside (source, line, reason, text); and what was found."""

    rows: pa.Table
    aside: pa.Table
    findings: tuple[Finding, ...]


def read_pile(files: Sequence[SourceFile], settings: Mapping[str, str], contract: Contract | None) -> Pile:
    """Read every file; Refused where the columns of one are not the contract's, or not those of the first file."""
    raws = [read_raw(file.path, settings, contract, file.name) for file in files]
    expected = contract or (propose("source", raws[0], settings)[0] if len(raws) > 1 else None)
    for place, (file, raw) in enumerate(zip(files, raws, strict=True)):
        _no_house_columns(raw, file.name)
        if expected is not None:
            raws[place] = _named_alike(raw, expected, file.name, "" if contract else files[0].name)
    return Pile(
        raw=_joined(raws, expected),
        file=np.repeat(np.arange(len(raws)), [raw.rows for raw in raws]),
        broken_file=np.repeat(np.arange(len(raws)), [raw.broken.num_rows for raw in raws]),
        names=tuple(file.name for file in files),
    )


def _named_alike(raw: Raw, contract: Contract, file: str, first: str) -> Raw:
    """The columns under the contract's names, where some are said in other words; Refused where they changed."""
    words = other_words(raw.columns, contract)
    if not words:
        changed_columns(raw.columns, contract, file, first)
        return raw
    names = [words.get(name, name) for name in raw.columns]
    table, typed = (one.rename_columns(names) if one is not None else None for one in (raw.table, raw.typed))
    return replace(raw, table=table, typed=typed, findings=(*raw.findings, *named_otherwise(words)))


def proposed(name: str, pile: Pile, settings: Mapping[str, str], timezone: str) -> tuple[Contract, tuple[Finding, ...]]:
    """Propose the contract of a new table from its first rows; Refused where there are none to learn from."""
    if pile.raw.rows == 0:
        raise Refused(
            f"{', '.join(pile.names[:3])} holds no rows that can be read: nothing says what the columns mean.",
            "At least one row below the header in the first ingest of a table.",
            "Ingest a file with rows first; files without rows are taken after that.",
        )
    contract, findings = propose(name, pile.raw, settings, timezone)
    return contract, (*findings, Finding(PROPOSED, "tip", {"table": name, "columns": len(contract.columns)}))


def sorted_out(pile: Pile, contract: Contract, timezone: str, there: pa.Table | None) -> Arrival:
    """Cast the records to the contract's types and check them; `there` holds the key's columns of the table."""
    done = cast(pile.raw, contract, timezone)
    reasons: dict[int, list[str]] = defaultdict(list)
    for row, reason in done.reasons.items():
        reasons[row].append(reason)
    kept = np.flatnonzero(np.asarray(done.keep, dtype=np.bool_))
    table = done.table
    broken = checks.broken(table, contract)
    whole = np.ones(len(kept), dtype=np.bool_)
    whole[[one.row for one in broken]] = False
    good = np.flatnonzero(whole)
    late = [one._replace(row=int(good[one.row])) for one in checks.repeated(_take(table, good), contract, there)]
    for one in (*broken, *late):
        reasons[int(kept[one.row])].append(one.reason)
    whole[[one.row for one in late]] = False
    taken = _take(table, np.flatnonzero(whole))
    aside = _aside(pile, reasons)
    unfit = len(kept) < pile.raw.rows and Finding(UNFIT, "issue", {"rows": pile.raw.rows - len(kept)})
    found = (*pile.raw.findings, *([unfit] if unfit else []), *checks.findings_of([*broken, *late]))
    return Arrival(taken, aside, (*found, *_balance(pile, taken, aside)))


def _aside(pile: Pile, reasons: Mapping[int, Sequence[str]]) -> pa.Table:
    """The rows put aside in the order of the files and their lines."""
    rows = np.array(sorted(reasons), dtype=np.int64)
    broken = pile.raw.broken
    names = np.array(pile.names, dtype=object)
    file = np.concatenate([pile.file[rows], pile.broken_file])
    line = np.concatenate([np.asarray(pile.raw.line)[rows], broken["line"].to_numpy()])
    words = pa.array(["; ".join(reasons[int(row)]) for row in rows], pa.string())
    text = pile.raw.text.take(pa.array(rows)).cast(pa.string())
    table = pa.table(
        [
            pa.array(names[file], pa.string()),
            pa.array(line, pa.int64()),
            pa.chunked_array([words, *broken["reason"].chunks], pa.string()),
            pa.chunked_array([text, *broken["text"].chunks], pa.string()),
        ],
        schema=ASIDE,
    )
    return table.take(np.lexsort((line, file)))


def _balance(pile: Pile, taken: pa.Table, aside: pa.Table) -> list[Finding]:
    read, broken = pile.raw.rows + pile.raw.broken.num_rows, pile.raw.broken.num_rows
    if read != taken.num_rows + aside.num_rows:
        raise AssertionError(f"{read} rows read, {taken.num_rows} taken, {aside.num_rows} put aside")
    if read == 0:
        return [Finding(EMPTY, "tip", {"files": len(pile.names)})]
    if aside.num_rows == 0:
        return [Finding(KEPT, "passed", {"rows": read})]
    unreadable = [Finding(UNREADABLE, "issue", {"rows": broken})] if broken else []
    return [*unreadable, Finding(PUT_ASIDE, "issue", {"rows": aside.num_rows, "read": read})]


def _joined(raws: Sequence[Raw], contract: Contract | None) -> Raw:
    """One Raw of many, the columns in the contract's order."""
    names = contract.names if contract else raws[0].columns
    table, typed = _stacked([raw.table for raw in raws], names), _stacked([raw.typed for raw in raws], names)
    if table is not None and typed is not None:
        raise Refused(
            "The source mixes files that know their types (Parquet) with files of text.",
            "Files of one kind in one source.",
            "Ingest them one kind after the other.",
        )
    found = [finding for raw in raws for finding in raw.findings]
    return replace(
        raws[0],
        table=table,
        typed=typed,
        line=pa.concat_arrays([raw.line for raw in raws]),
        text=pa.concat_arrays([raw.text for raw in raws]),
        broken=pa.concat_tables([raw.broken for raw in raws]),
        findings=tuple(f for n, f in enumerate(found) if f not in found[:n]),
    )


def _stacked(tables: Iterable[pa.Table | None], names: Sequence[str]) -> pa.Table | None:
    there = [table.select(names) for table in tables if table is not None]
    return pa.concat_tables(there, promote_options="permissive") if there else None


def _take(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    return table if len(rows) == table.num_rows else table.take(pa.array(rows))


def _no_house_columns(raw: Raw, source: str) -> None:
    taken = [name for name in raw.columns if name in HOUSE_COLUMNS]
    if taken:
        raise Refused(
            f"{source} has the column {taken[0]}, a name that the lake gives to its own columns.",
            f"Column names other than {' and '.join(HOUSE_COLUMNS)}.",
            f"Rename or remove {taken[0]} in the source, then ingest it again.",
        )
