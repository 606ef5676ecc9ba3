"""Room lake. In: a Piece and the contract -> Out: Sifted, the rows that keep it, typed, and the others with reasons."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.lake import checks
from grundstein.lake.contracts.casting import from_typed, reasons_of, schema
from grundstein.lake.reading.raw import BROKEN
from grundstein.lake.streaming.plain import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.contract import Contract
    from grundstein.lake.streaming.parts import Piece

FEW = 100


@dataclass(frozen=True)
class Sifted:
    """`rows` keep the contract, they begin in `line`; `aside` (line, reason, text) do not, in the order of lines.

    `breaks` counts the rows by rule and column, `unfit` those with a value of another type, `broken` those that could
    not be read; `empty` are the values missing by column, `misfits` positions of some of the unfit in the piece.
    """

    rows: pa.Table
    line: NDArray[np.int64]
    aside: pa.Table
    breaks: Mapping[tuple[str, str], int]
    unfit: int
    broken: int
    empty: Mapping[str, int]
    misfits: NDArray[np.int64]


@dataclass
class Sieve:
    """Holds pieces against one contract; it remembers how columns were read."""

    contract: Contract
    timezone: str
    _readers: dict[str, Reader] = field(default_factory=dict)

    def sift(self, piece: Piece) -> Sifted:
        """Return what of a piece keeps the contract."""
        rows = len(piece.line)
        keep, reasons = np.ones(rows, np.bool_), defaultdict[int, list[str]](list)
        columns = []
        for column in self.contract.columns:
            values = _whole(piece.content[column.name])
            typed, bad = (
                self._reader(column.name).read(values) if piece.text else from_typed(values, column, self.timezone)
            )
            columns.append(typed)
            keep[bad] = False
            said = reasons_of(values, bad, column)
            for row, reason in said:
                reasons[row].append(reason)
        table = pa.table(columns, schema=schema(self.contract))
        unfit = np.flatnonzero(~keep)
        broken = [one for one in checks.broken(table, self.contract) if keep[one.row]]
        for one in broken:
            reasons[one.row].append(one.reason)
        keep[[one.row for one in broken]] = False
        kept = without(table, np.flatnonzero(~keep))
        return Sifted(
            rows=kept,
            line=piece.line if keep.all() else piece.line[keep],
            aside=_aside(piece, reasons),
            breaks=Counter((one.code, one.column) for one in broken),
            unfit=len(unfit),
            broken=piece.broken.num_rows,
            empty={name: kept[name].null_count for name in kept.column_names},
            misfits=unfit[:: max(1, len(unfit) // 20)],
        )

    def _reader(self, name: str) -> Reader:
        if name not in self._readers:
            self._readers[name] = Reader(self.contract.column(name), self.timezone)
        return self._readers[name]


def without(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    """The table without some rows, in the order of rows; nothing is copied where they are few."""
    if not len(rows):
        return table
    if len(rows) * FEW > table.num_rows:
        return table.filter(pa.array(~np.isin(np.arange(table.num_rows), rows)))
    begins, ends = np.append(0, rows + 1).tolist(), np.append(rows, table.num_rows).tolist()
    pairs = zip(begins, ends, strict=True)
    return pa.concat_tables([table.slice(begin, end - begin) for begin, end in pairs if end > begin])


def aside_of(lines: NDArray[np.int64], reasons: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """Rows put aside as a table of line, reason and text."""
    return pa.table([pa.array(lines, pa.int64()), pa.array(reasons, pa.string()), pa.array(texts, pa.string())], BROKEN)


def _aside(piece: Piece, reasons: Mapping[int, Sequence[str]]) -> pa.Table:
    rows = np.array(sorted(reasons), dtype=np.int64)
    lines = piece.line[rows]
    mine = aside_of(lines, ["; ".join(reasons[int(row)]) for row in rows], piece.texts(lines) if len(rows) else [])
    return pa.concat_tables([mine, piece.broken]).sort_by("line") if piece.broken.num_rows else mine


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
