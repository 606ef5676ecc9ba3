"""Room lake. In: a large log -> Out: its Pieces, read one after the other in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.lake.reading.logs import cut_lines, reader_of, refuse_binary, told_of
from grundstein.lake.reading.raw import Raw, broken_table
from grundstein.lake.streaming.parts import Piece
from grundstein.lake.streaming.stream import find_encoding, utf8
from grundstein.tools.loglines import GOES_ON, SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.findings import Finding
    from grundstein.lake.reading.logs import Line, LogReader

BLOCK = 8 << 20


@dataclass(frozen=True)
class LogLayout:
    """How a file is read; `sample` are its first entries."""

    path: Path
    name: str
    encoding: str
    settings: Mapping[str, str]
    told: tuple[Finding, ...]
    sample: Raw

    def reader(self) -> LogReader:
        """What reads the file from its first line on."""
        return reader_of(cut_lines(utf8(self.path, self.encoding)), self.name, self.settings)


def lay_out_log(path: Path, name: str, settings: Mapping[str, str]) -> LogLayout:
    """Look at the first lines of a file; Refused where most of them are no text."""
    encoding, _ = find_encoding(path, settings, thorough=True)
    first = list(islice(cut_lines(utf8(path, encoding)), SAMPLE))
    reader = reader_of(first, name, settings)
    entries, broken = reader.read(first)
    refuse_binary(name, len(entries), broken)
    rows = pa.array([one.line for one in entries], pa.int64())
    texts = pa.array([one.text for one in entries], pa.string())
    table, told = reader.table(entries), told_of(reader, encoding, settings)
    sample = Raw(table, rows, texts, broken_table(()), told, None, {"format": "log", "encoding": encoding})
    return LogLayout(path, name, encoding, settings, told, sample)


def log_pieces(layout: LogLayout) -> Iterator[Piece]:
    """The entries of a file, part by part."""
    reader = layout.reader()
    for lines in _blocks(cut_lines(utf8(layout.path, layout.encoding))):
        entries, broken = reader.read(lines)
        line = np.array([one.line for one in entries], dtype=np.int64)
        written = {one.line: one.text for one in entries}

        def texts(wanted: NDArray[np.int64], written: Mapping[int, str] = written) -> list[str]:
            return [written[int(number)] for number in wanted]

        yield Piece(reader.table(entries), True, line, broken_table(broken), (), texts)


def _blocks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines in blocks; none ends where the next line goes on with an entry."""
    held: list[Line] = []
    size = 0
    for line in lines:
        if size >= BLOCK and not GOES_ON.match(line[1][:80].decode("utf-8", "replace")):
            yield held
            held, size = [], 0
        held.append(line)
        size += len(line[1])
    if held:
        yield held
