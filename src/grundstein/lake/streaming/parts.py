"""Room lake. In: a Block of delimited text and its Layout -> Out: Piece, its records as text columns with their lines.

Regular blocks are read by Arrow; records of them that are doubtful, and all of other blocks, by `lake.reading`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.raw import BROKEN
from grundstein.lake.streaming.cutting import LINE_END, Block, quotes_of, split
from grundstein.lake.streaming.plain import printed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.lake.streaming.layout import Layout

FEW = 20
STEP = 256
OTHER = "belongs to another table"
MISFITS = "GST-D37"


class Recoded(Exception):
    """The file is not in the encoding that its beginning is in."""


@dataclass(frozen=True)
class Piece:
    """Records in order: `content` typed or as texts (`text`), the `line` of each; `broken` beside them as in Raw.

    `texts` gives the records that begin in these lines as they are written. `other`: from here on another table.
    """

    content: pa.Table
    text: bool
    line: NDArray[np.int64]
    broken: pa.Table
    findings: tuple[Finding, ...]
    texts: Callable[[NDArray[np.int64]], list[str]]
    other: bool = False
    place: Place | None = None


@dataclass(frozen=True)
class Place:
    """Records of one line each from line `first` of a file on; `starts`: the byte of every 256th, and the end's."""

    path: Path
    first: int
    starts: NDArray[np.int64]

    def texts(self, lines: NDArray[np.int64]) -> list[str]:
        """The records that stand in these lines, as they are written; little of the file is read."""
        group, within = np.divmod(lines - self.first, STEP)
        found: list[str] = []
        held, rows = -1, [b""]
        with self.path.open("rb") as file:
            for number, row in zip(group.tolist(), within.tolist(), strict=True):
                if number != held:
                    file.seek(int(self.starts[number]))
                    rows = file.read(int(self.starts[number + 1] - self.starts[number])).split(b"\n")
                    held = number
                found.append(rows[row].decode("utf-8").rstrip("\r\n"))
        return found


def read_block(block: Block, layout: Layout) -> Piece:
    """Return the records of a block."""
    if block.regular and layout.fast:
        piece = _fast(block, layout)
        if piece is not None:
            return piece
    if not layout.sure and not _is_utf8(block.data):
        raise Recoded
    lines = np.arange(block.line, block.line + len(split(block.data)), dtype=np.int64)
    return tolerant(block.data, lines, layout)


def texts_in(block: Block, layout: Layout, lines: NDArray[np.int64]) -> list[str]:
    """The records of a block that begin in these lines, as they are written; a regular block is not read for that."""
    if block.regular and layout.fast:
        records = _Records(block, layout, 0)
        if records.begin(lines):
            return records.texts(lines)
    return read_block(block, layout).texts(lines)


def tolerant(data: bytes, lines: NDArray[np.int64], layout: Layout) -> Piece:
    """Read records as `lake.reading` does; `lines` are the physical lines of `data` in the file."""
    try:
        raw = layout.read(data)
    except Refused:
        if len(lines) <= FEW:
            raise
        return _in_halves(data, lines, layout)
    above = layout.context_lines
    at = np.asarray(raw.line) - above - 1
    mine, broken_at = at >= 0, raw.broken["line"].to_numpy() - above - 1
    aside = raw.broken.filter(pa.array(broken_at >= 0))
    aside = aside.set_column(0, "line", pa.array(lines[broken_at[broken_at >= 0]], pa.int64()))
    line = lines[at[mine]]
    written = dict(zip(line.tolist(), raw.text.filter(pa.array(mine)).to_pylist(), strict=True))
    others = pc.starts_with(aside["reason"], OTHER)
    other = bool(pc.any(others, min_count=0).as_py())
    if other:
        begin = pc.min(aside["line"].filter(others)).as_py()
        said = pc.if_else(others, f"{OTHER}, which begins in line {begin}", aside["reason"])
        aside = aside.set_column(1, "reason", said)
    found = tuple(_beyond(raw.findings, layout, lines))
    content = raw.content.filter(pa.array(mine))
    return Piece(content, True, line, aside, found, lambda wanted: [written[int(n)] for n in wanted], other)


def joined(pieces: Sequence[Piece]) -> Piece:
    """One piece of several of one block, in the order of their lines."""
    line = np.concatenate([piece.line for piece in pieces])
    content = pa.concat_tables([piece.content for piece in pieces if len(piece.line)] or [pieces[0].content])
    broken = pa.concat_tables([piece.broken for piece in pieces])
    if np.any(np.diff(line) < 0):
        order = np.argsort(line, kind="stable")
        line, content = line[order], content.take(pa.array(order))
    owner = {int(n): piece for piece in pieces[1:] for n in piece.line}

    def texts(wanted: NDArray[np.int64]) -> list[str]:
        return [owner.get(int(n), pieces[0]).texts(np.array([n]))[0] for n in wanted]

    return replace(
        pieces[0],
        content=content,
        line=line,
        broken=broken.sort_by("line"),
        findings=summed([finding for piece in pieces for finding in piece.findings]),
        texts=pieces[0].texts if not owner else texts,
        other=any(piece.other for piece in pieces),
    )


def summed(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings of many parts as those of one file: counts added, the first line kept."""
    kept: dict[tuple[str, str], Finding] = {}
    for one in findings:
        same = {name: value for name, value in one.facts.items() if name not in ("count", "line", "total")}
        before = kept.get((one.code, str(same)))
        facts = dict(one.facts)
        if before is not None:
            facts |= {name: int(before.facts[name]) + int(facts[name]) for name in ("count", "total") if name in facts}
            facts |= {"line": min(int(before.facts["line"]), int(facts["line"]))} if "line" in facts else {}
        kept[one.code, str(same)] = Finding(one.code, one.section, facts)
    return tuple(kept.values())


def _fast(block: Block, layout: Layout) -> Piece | None:
    """Read a regular block by Arrow; None where that cannot be done."""
    from pyarrow import csv

    odd: list[int] = []

    def ragged(row: csv.InvalidRow) -> str:
        odd.append(row.number - 1)
        return "skip"

    names = [str(at) for at in range(layout.width)]
    try:
        table = csv.read_csv(
            pa.BufferReader(block.data),
            csv.ReadOptions(use_threads=False, block_size=len(block.data) + 1, column_names=names),
            csv.ParseOptions(
                delimiter=layout.dialect.delimiter,
                quote_char=layout.dialect.quote,
                newlines_in_values=True,
                invalid_row_handler=ragged,
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    records = _Records(block, layout, table.num_rows + len(odd))
    at = np.delete(np.arange(records.count), odd)
    doubtful = _doubtful(table, layout)
    if doubtful is None:
        return None
    if len(doubtful):
        odd = sorted([*odd, *at[doubtful].tolist()])
        table = table.take(pa.array(np.delete(np.arange(table.num_rows), doubtful)))
        at = np.delete(at, doubtful)
    content = table.select(range(len(layout.names))).rename_columns(list(layout.names))
    found = (Finding("GST-D39", "passed", {"count": records.blank}),) if records.blank else ()
    empty = pa.table(BROKEN.empty_table())
    mine = Piece(content, True, records.lines(at), empty, found, records.texts, place=records.place())
    if not odd:
        return mine
    read = records.read(np.array(odd))
    return None if read.other else joined([mine, read])


def _doubtful(table: pa.Table, layout: Layout) -> NDArray[np.int64] | None:
    """Rows that repeat the names or hold nothing; None where a column that has no name has a value."""
    for at in range(len(layout.names), layout.width):
        if pc.any(pc.not_equal(pc.utf8_trim_whitespace(table.column(at)), "")).as_py():
            return None
    first = table.column(0)
    empty = np.flatnonzero(~printed(first.combine_chunks()))
    for column in table.columns if layout.width > 1 else ():
        if not len(empty):
            break
        trimmed = pc.utf8_trim_whitespace(column.take(pa.array(empty)))
        empty = empty[np.asarray(pc.equal(trimmed, ""))]
    named = np.flatnonzero(np.asarray(pc.equal(first, layout.first))) if layout.first is not None else empty[:0]
    return np.union1d(empty if layout.width > 1 else empty[:0], named)


class _Records:
    """Where the records of a regular block stand; looked for only where something asks for it."""

    def __init__(self, block: Block, layout: Layout, count: int) -> None:
        self._block, self._layout, self.count = block, layout, count
        ends = len(block.ends)
        self._even = count in (ends, ends + (not block.data.endswith(b"\n")))
        self._extent: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]] | None = None
        self.blank = 0 if self._even else self._blank()

    def lines(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """The line of each record."""
        return at + self._block.line if self._even else self._extents()[2][at] + self._block.line

    def texts(self, lines: NDArray[np.int64]) -> list[str]:
        """The records that begin in these lines, as they are written."""
        starts, ends, begin = self._extents()
        at = np.searchsorted(begin, lines - self._block.line)
        data = self._block.data
        return [data[starts[n] : ends[n]].decode("utf-8").rstrip("\r\n") for n in at]

    def begin(self, lines: NDArray[np.int64]) -> bool:
        """Whether a record begins in each of these lines."""
        return bool(np.isin(lines - self._block.line, self._extents()[2]).all())

    def place(self) -> Place | None:
        """Where the records stand in the file, where each is one line and the file has them in these bytes."""
        block = self._block
        if not self._even or block.at < 0:
            return None
        starts = np.concatenate([[0], block.ends[STEP - 1 :: STEP] + 1, [len(block.data)]])
        return Place(self._layout.path, block.line, starts + block.at)

    def read(self, at: NDArray[np.int64]) -> Piece:
        """Read these records alone, with the tolerance of `lake.reading`."""
        starts, ends, begin = self._extents()
        parts = [self._block.data[starts[n] : ends[n]] + b"\n" for n in at]
        lines = [begin[n] + self._block.line + step for n, part in zip(at, parts, strict=True)
                 for step in range(part.count(b"\n"))]  # fmt: skip
        return tolerant(b"".join(parts), np.array(lines, dtype=np.int64), self._layout)

    def _extents(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Start, end (without what ends the line) and physical line from 0 of every record that is not blank."""
        if self._extent is None:
            text = np.frombuffer(self._block.data, np.uint8)
            newline = self._block.ends
            if not len(text) or text[-1] != 10:
                newline = np.append(newline, len(text))
            last = np.searchsorted(quotes_of(self._block.data, self._layout.dialect), newline) % 2 == 0
            ends, number = newline[last], np.flatnonzero(last)
            starts, begin = np.append(0, ends[:-1] + 1), np.append(0, number[:-1] + 1)
            ends = ends - ((ends > starts) & (text[ends - 1] == 13))
            full = ends > starts
            self._extent = starts[full], ends[full], begin[full]
        return self._extent

    def _blank(self) -> int:
        text, inside = self._block.data, self._extents()[2]
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == LINE_END)
        quoted = np.searchsorted(quotes_of(text, self._layout.dialect), ends)
        return int((quoted % 2 == 0).sum()) + (not text.endswith(b"\n")) - len(inside)


def _in_halves(data: bytes, lines: NDArray[np.int64], layout: Layout) -> Piece:
    """Read a part with too many misfits for its size in two halves."""
    written = split(data)
    middle = len(written) // 2
    first = "".join(written[:middle]).encode("utf-8", "surrogateescape")
    halves = [tolerant(first, lines[:middle], layout), tolerant(data[len(first) :], lines[middle:], layout)]
    return joined(halves)


def _beyond(findings: Sequence[Finding], layout: Layout, lines: NDArray[np.int64]) -> list[Finding]:
    """What was found beyond what the context alone tells; lines as they are in the file."""
    known = Counter({one.code: int(one.facts.get("count", 0)) for one in layout.base})
    told = {one.code for one in layout.told} | {MISFITS, "GST-D31", "GST-D36"}
    found = []
    for one in findings:
        facts = dict(one.facts)
        if one.code in told:
            continue
        if "count" in facts:
            facts["count"] = int(facts["count"]) - known[one.code]
            if not facts["count"]:
                continue
        if "line" in facts:
            at = int(facts["line"]) - layout.context_lines - 1
            facts["line"] = int(lines[at]) if at >= 0 else int(facts["line"])
        found.append(Finding(one.code, one.section, facts))
    return found


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
