"""Room lake. In: a large file of JSON lines -> Out: its Pieces, every part under the names of the whole file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.lake.reading.jsonlines import read_jsonlines
from grundstein.lake.reading.raw import BROKEN
from grundstein.lake.streaming.cutting import line_ends
from grundstein.lake.streaming.parts import FEW, MISFITS, Piece, joined
from grundstein.lake.streaming.stream import find_encoding, utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.findings import Finding
    from grundstein.lake.reading.raw import Raw

BLOCK = 8 << 20
CONTEXT = 40
EVERY = 50


@dataclass(frozen=True)
class JsonLayout:
    """How a file is read. `context`: its first good lines; `names` of the whole file; `sample` from all over it."""

    path: Path
    encoding: str
    context: bytes
    names: tuple[str, ...]
    told: tuple[Finding, ...]
    sample: Raw


def lay_out_json(path: Path, settings: Mapping[str, str]) -> JsonLayout:
    """Read all lines once for their names; Refused as `read_jsonlines` refuses."""
    encoding, _ = find_encoding(path, settings, thorough=True)
    first = next(_cut(path, encoding), (b"", 1))[0]
    lines = first.split(b"\n")[: 4 * CONTEXT]
    start = read_jsonlines(b"\n".join(lines), path.name, {"encoding": "utf-8"})
    context = b"\n".join(text.encode("utf-8", "surrogateescape") for text in start.text.slice(0, CONTEXT).to_pylist())
    layout = JsonLayout(path, encoding, context + b"\n", (), (), start)
    names: dict[str, None] = {}
    kept, told = [], list(start.findings)
    for data, line in json_blocks(layout):
        piece = _read(data, np.arange(line, line + line_ends(data) + 1), layout)
        kept.append(_some(piece.content, names))
        names |= dict.fromkeys(piece.content.column_names)
        told += [one for one in piece.findings if one.code not in {f.code for f in told}]
    parents = {name[:at] for name in names for at, sign in enumerate(name) if sign == "."}
    full = tuple(name for name in names if name not in parents)
    table = pa.concat_tables([_under(part, full) for part in kept])
    rows = pa.array(np.arange(1, table.num_rows + 1))
    sample = replace(start, table=table, line=rows, broken=BROKEN.empty_table())
    return replace(layout, names=full, told=tuple(one for one in told if one.code != MISFITS), sample=sample)


def _some(table: pa.Table, known: Iterable[str]) -> pa.Table:
    """Some rows from all over a part, and some that have the names that no part before had."""
    rows = [np.arange(0, table.num_rows, EVERY)]
    new = [name for name in table.column_names if name not in known]
    rows += [np.flatnonzero(np.asarray(table[name].is_valid()))[:EVERY] for name in new]
    return table.take(pa.array(np.unique(np.concatenate(rows))))


def json_blocks(layout: JsonLayout) -> Iterator[tuple[bytes, int]]:
    """Whole lines and the number of the first."""
    yield from _cut(layout.path, layout.encoding)


def read_json(data: bytes, line: int, layout: JsonLayout) -> Piece:
    """Return the records of a part under the names of the whole file."""
    piece = _read(data, np.arange(line, line + line_ends(data) + 1), layout)
    return replace(piece, content=_under(piece.content, layout.names), findings=())


def _read(data: bytes, lines: NDArray[np.int64], layout: JsonLayout) -> Piece:
    above = layout.context.count(b"\n")
    try:
        raw = read_jsonlines(layout.context + data, layout.path.name, {"encoding": "utf-8"})
    except Refused:
        if len(lines) <= FEW:
            raise
        return _in_halves(data, lines, layout)
    at = np.asarray(raw.line) - above - 1
    broken = raw.broken["line"].to_numpy() - above - 1
    aside = raw.broken.set_column(0, "line", pa.array(lines[broken], pa.int64()))
    mine = at >= 0
    written = dict(zip(lines[at[mine]].tolist(), raw.text.filter(pa.array(mine)).to_pylist(), strict=True))
    content = raw.content.filter(pa.array(mine))
    return Piece(content, True, lines[at[mine]], aside, raw.findings, lambda wanted: [written[int(n)] for n in wanted])


def _in_halves(data: bytes, lines: NDArray[np.int64], layout: JsonLayout) -> Piece:
    middle = data.rfind(b"\n", 0, len(data) // 2) + 1 or data.find(b"\n") + 1
    count = line_ends(data[:middle])
    first, second = _read(data[:middle], lines[:count], layout), _read(data[middle:], lines[count:], layout)
    names = tuple(dict.fromkeys([*first.content.column_names, *second.content.column_names]))
    return joined([replace(piece, content=_under(piece.content, names)) for piece in (first, second)])


def _under(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """The table under these names; what is missing is null."""
    none = pa.nulls(table.num_rows, pa.string())
    return pa.table([table[name] if name in table.column_names else none for name in names], names=list(names))


def _cut(path: Path, encoding: str) -> Iterator[tuple[bytes, int]]:
    held, line = b"", 1
    for piece in utf8(path, encoding):
        held += piece
        end = held.rfind(b"\n") + 1 if len(held) >= BLOCK else 0
        if end:
            yield held[:end], line
            line += line_ends(held[:end])
            held = held[end:]
    if held:
        yield held, line
