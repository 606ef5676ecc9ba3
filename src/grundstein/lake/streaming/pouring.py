"""Room lake. In: the files of a source -> Out: Parts, which read into Pieces one after the other in bounded memory.

Large delimited text, JSON lines and Parquet come in many parts; a small file, or one of a kind that can only be read
as a whole, is one part.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.lake.reading import read_raw
from grundstein.lake.reading.logs import is_log
from grundstein.lake.reading.mail import is_box, is_mail, read_span, spans
from grundstein.lake.reading.opening import FOREIGN, OLD_OFFICE
from grundstein.lake.reading.parquet import read_parquet
from grundstein.lake.reading.raw import BROKEN
from grundstein.lake.streaming.cutting import Block, blocks, is_regular
from grundstein.lake.streaming.layout import Layout, lay_out
from grundstein.lake.streaming.lines import JsonLayout, json_blocks, lay_out_json, read_json
from grundstein.lake.streaming.logs import LogLayout, lay_out_log, log_pieces
from grundstein.lake.streaming.parts import Piece, read_block, texts_in, tolerant
from grundstein.lake.streaming.stream import CHUNK, UTF8, first_bytes, utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.contract import Contract
    from grundstein.core.findings import Finding
    from grundstein.lake.reading.raw import Raw
    from grundstein.lake.sources import SourceFile

PACKED = b"\x1f\x8b"
LARGE, LARGE_PACKED = 32 << 20, 4 << 20
WINDOW, WINDOWS, CHECKED, LOOKED_AT = 32 << 10, 24, 6, 4 << 10
ROWS = 65_536
SAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class Jar:
    """One file and how it is read: `layout` of a large text, `parquet`, a `box` of mails; else it is read whole."""

    file: SourceFile
    layout: Layout | JsonLayout | LogLayout | None = None
    parquet: bool = False
    settings: Mapping[str, str] | None = None
    hints: Contract | None = None
    box: bool = False

    @property
    def told(self) -> tuple[Finding, ...]:
        """What is said of the file once."""
        return self.layout.told if self.layout else ()


def large(path: Path) -> bool:
    """Whether a file is too large to be read at once."""
    size = path.stat().st_size
    if size >= LARGE:
        return True
    return size >= LARGE_PACKED and first_bytes(path, 2) != path.open("rb").read(2)


def jar(file: SourceFile, settings: Mapping[str, str], hints: Contract | None, thorough: bool = False) -> Jar:
    """Look at a file and find out how it is read."""
    kind = _kind(file.path, settings) if large(file.path) else "whole"
    if kind == "delimited":
        return Jar(file, _checked(lay_out(file.path, settings, hints, thorough)))
    if kind == "log":
        return Jar(file, lay_out_log(file.path, file.name, settings))
    if kind == "json":
        return Jar(file, lay_out_json(file.path, settings))
    return Jar(file, None, kind == "parquet", settings, hints, kind == "box")


def parts(one: Jar) -> Iterator[Callable[[], Piece]]:
    """The parts of a file in order; each is read when it is called, and reads the same when it is called again."""
    layout = one.layout
    if isinstance(layout, Layout):
        pieces, start = utf8(one.file.path, layout.encoding), _start(layout)
        for block in blocks(pieces, layout.dialect, layout.body, layout.line, start=start):
            yield partial(read_block, block, layout)
    elif isinstance(layout, LogLayout):
        for piece in log_pieces(layout):
            yield partial(_same, piece)
    elif layout is not None:
        for data, line in json_blocks(layout):
            yield partial(read_json, data, line, layout)
    elif one.parquet:
        yield from _batches(one)
    elif one.box:
        for span in spans(one.file.path):
            yield partial(_mails, one, *span)
    else:
        yield lambda: _piece(read_raw(one.file.path, one.settings or {}, one.hints, one.file.name))


def texts(one: Jar) -> Iterator[Callable[[NDArray[np.int64]], list[str]]]:
    """For every part what gives the records that begin in some lines, as they are written."""
    layout = one.layout
    if isinstance(layout, Layout):
        for block in blocks(utf8(one.file.path, layout.encoding), layout.dialect, layout.body, layout.line):
            yield partial(texts_in, block, layout)
        return
    for read in parts(one):
        yield partial(_texts, read)


def _same(piece: Piece) -> Piece:
    return piece


def _start(layout: Layout) -> int:
    """The byte that the text begins with; -1 where the file has other bytes than the text."""
    with layout.path.open("rb") as file:
        head = file.read(3)
    if layout.encoding != UTF8 or head.startswith(PACKED):
        return -1
    return 3 if head == codecs.BOM_UTF8 else 0


def _texts(read: Callable[[], Piece], lines: NDArray[np.int64]) -> list[str]:
    return read().texts(lines)


def sampled(one: Jar) -> Raw:
    """Some records from all over a file, for a contract to be proposed."""
    layout = one.layout
    if isinstance(layout, Layout):
        raw = layout.read(b"")
        pieces = [piece for window in _windows(layout) if (piece := _tried(window, layout))]
        head = next(parts(one))()
        tables = [head.content.slice(0, SAMPLE_ROWS), *(piece.content for piece in pieces)]
        return _raw(raw, pa.concat_tables(tables), None)
    if layout is not None:
        return layout.sample
    if one.parquet:
        first = _slice(one, 0, ROWS)
        return replace(first, how={"format": "parquet"})
    if one.box:
        return read_span(one.file.path, one.file.name, *spans(one.file.path)[0])
    return read_raw(one.file.path, one.settings or {}, one.hints, one.file.name)


def _kind(path: Path, settings: Mapping[str, str]) -> str:
    head = first_bytes(path, 1 << 16)
    if is_mail(head, path):
        return "box" if is_box(head, path) and path.open("rb").read(2) != PACKED else "whole"
    start = head[:2000].lstrip().lower()
    if head[:4] == b"PAR1":
        return "parquet" if path.open("rb").read(4) == b"PAR1" else "whole"
    binary = head.startswith((b"PK\x03\x04", OLD_OFFICE, *FOREIGN)) or head[257:262] == b"ustar"
    if binary or start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")):
        return "whole"
    if is_log(path, settings, head):
        return "log"
    named = path.name.lower().removesuffix(".gz")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    json = named.endswith((".json", ".jsonl", ".ndjson"))
    if json or (not named.endswith((".csv", ".tsv")) and text[:1] == b"{" and b'"' in text[:200] and b":" in text):
        return "whole" if text[:1] == b"[" else "json"
    return "delimited"


def _checked(layout: Layout) -> Layout:
    """Read in the fast way only what both ways read alike, at the beginning and in windows all over the file."""
    if not layout.fast:
        return layout
    for window in [layout.context[layout.body :], *(_few_lines(text) for text in _windows(layout, CHECKED))]:
        piece = _tried(window, layout)
        if piece is None:
            continue
        slow = tolerant(window, np.arange(1, window.count(b"\n") + 2, dtype=np.int64), layout)
        if not (np.array_equal(piece.line, slow.line) and piece.content.equals(slow.content)):
            return replace(layout, fast=False)
    return layout


def _tried(window: bytes, layout: Layout) -> Piece | None:
    """What the fast way makes of a window; None where it is not regular."""
    if not window or not is_regular(window, layout.dialect):
        return None
    try:
        return read_block(Block(window, 1, regular=True), replace(layout, sure=True))
    except ValueError:
        return None


def _windows(layout: Layout, count: int = WINDOWS) -> list[bytes]:
    """Whole lines from places spread evenly over a file."""
    path, found = layout.path, []
    size = path.stat().st_size
    seekable = not layout.encoding.startswith(("utf-16", "utf-32")) and first_bytes(path, 2) == path.open("rb").read(2)
    if not seekable:
        return _thinned(utf8(path, layout.encoding)) if count == WINDOWS else []
    with path.open("rb") as file:
        for number in range(1, count + 1):
            file.seek(max(0, number * size // count - WINDOW))
            text = file.read(WINDOW)
            found.append(_lines(text if layout.encoding == UTF8 else _decoded(text, layout.encoding)))
    return found


def _thinned(pieces: Iterator[bytes]) -> list[bytes]:
    """A window of every piece; of ever fewer where there are many."""
    found: list[bytes] = []
    step = 1
    for number, piece in enumerate(pieces):
        if number % step == 0 and len(piece) >= CHUNK // 4:
            found.append(_lines(piece[:WINDOW]))
        if len(found) > 2 * WINDOWS:
            found, step = found[::2], 2 * step
    return found


def _decoded(text: bytes, encoding: str) -> bytes:
    return text.decode(encoding, "surrogateescape").encode(UTF8, "surrogateescape")


def _few_lines(text: bytes) -> bytes:
    return text[: text.rfind(b"\n", 0, LOOKED_AT) + 1]


def _lines(text: bytes) -> bytes:
    return text[text.find(b"\n") + 1 : text.rfind(b"\n") + 1]


def _piece(raw: Raw) -> Piece:
    line = np.asarray(raw.line)

    def written(wanted: NDArray[np.int64]) -> list[str]:
        places = np.searchsorted(line, wanted)
        found: list[str] = raw.text.take(pa.array(places)).to_pylist()
        return found

    return Piece(raw.content, raw.table is not None, line, raw.broken, raw.findings, written)


def _mails(one: Jar, start: int, end: int, line: int) -> Piece:
    return _piece(read_span(one.file.path, one.file.name, start, end, line))


def _batches(one: Jar) -> Iterator[Callable[[], Piece]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(one.file.path) as file:
        rows = file.metadata.num_rows
    for start in range(0, rows, ROWS):
        yield partial(_typed_piece, one, start)


def _typed_piece(one: Jar, start: int) -> Piece:
    return _piece(_slice(one, start, ROWS))


def _slice(one: Jar, start: int, rows: int) -> Raw:
    """Rows of a Parquet file, as `lake.reading` reads them."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(one.file.path) as file:
        groups, table = _groups(file, start, rows)
        part = table.slice(start - groups, rows)
    sink = io.BytesIO()
    pq.write_table(part, sink, compression="none", use_dictionary=False)
    raw = read_parquet(sink.getvalue(), one.file.name)
    return replace(raw, line=pa.array(np.arange(start + 1, start + 1 + raw.rows)))


def _groups(file: object, start: int, rows: int) -> tuple[int, pa.Table]:
    """The row groups that hold these rows, and the row that they begin with."""
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]  # type: ignore[attr-defined]
    ends = np.cumsum(sizes)
    first, last = int(np.searchsorted(ends, start, "right")), int(np.searchsorted(ends, start + rows))
    wanted = list(range(first, min(last, len(sizes) - 1) + 1))
    return int(ends[first] - sizes[first]), file.read_row_groups(wanted)  # type: ignore[attr-defined]


def _raw(raw: Raw, table: pa.Table, typed: pa.Table | None) -> Raw:
    rows = pa.array(np.arange(1, table.num_rows + 1))
    return replace(raw, table=table, typed=typed, line=rows, broken=BROKEN.empty_table())


def joined_samples(raws: Sequence[Raw]) -> Raw:
    """One sample of several files, the columns in the first one's order."""
    first = raws[0]
    if len(raws) == 1:
        return first
    names = list(first.columns)
    tables = [raw.content.select(names) for raw in raws if set(names) <= set(raw.columns)]
    table = pa.concat_tables(tables, promote_options="permissive")
    return _raw(first, table, None) if first.table is not None else replace(first, typed=table)
