"""Room lake. In: the first lines of a delimited file -> Out: Layout, how the whole of it is read, part by part.

Every part is read by `lake.reading` under the file's own first lines, so that names, dialect and doubtful records are
found as in a file that is read at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.lake.reading.delimited import read_delimited
from grundstein.lake.reading.dialect import Dialect, Scan, find_dialect, width_of
from grundstein.lake.reading.records import long_fields
from grundstein.lake.streaming.cutting import plain, split
from grundstein.lake.streaming.stream import find_encoding, utf8

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from grundstein.core.contract import Contract
    from grundstein.core.findings import Finding
    from grundstein.lake.reading.raw import Raw

CONTEXT = 40
HEAD, MOST, FEW_LINES = 1 << 17, 1 << 22, 200
ALWAYS_TOLD = frozenset(("GST-D30", "GST-D31", "GST-D33", "GST-D34", "GST-D35", "GST-D36", "GST-D40", "GST-D47"))


@dataclass(frozen=True)
class Layout:
    """How a file is read. `context`: its first lines, up to some records (`context_lines` of them); `body`: the bytes
    above the first record, which stands in line `line`. `width` fields a record, the first `names` of them columns.

    `first`: what stands where the first column is named, None where nothing is. `settings`: with all that was found.
    `sure`: whether the encoding is beyond doubt. `base`: what reading the context alone tells.
    """

    path: Path
    encoding: str
    sure: bool
    dialect: Dialect
    names: tuple[str, ...]
    width: int
    context: bytes
    context_lines: int
    body: int
    line: int
    first: str | None
    settings: Mapping[str, str]
    hints: Contract | None
    how: Mapping[str, str]
    base: tuple[Finding, ...]
    fast: bool

    @property
    def told(self) -> tuple[Finding, ...]:
        """What is said of the file once, however many parts it has."""
        return tuple(finding for finding in self.base if finding.code in ALWAYS_TOLD)

    def read(self, data: bytes) -> Raw:
        """Read records under the context; the context's own records come first. Refused where names change."""
        raw = read_delimited(self.context + data, self.path.name, self.settings, self.hints)
        if raw.columns != self.names:
            raise Refused(
                f"the columns of {self.path.name} change: {len(self.names)} at its beginning, {len(raw.columns)} later",
                "the same columns from the first record to the last",
                "name every column that has a value, then ingest the file again",
            )
        return raw


def lay_out(path: Path, settings: Mapping[str, str], hints: Contract | None, thorough: bool = False) -> Layout:
    """Find out how a delimited file is read, by its first lines; `thorough`: its encoding by all bytes."""
    encoding, sure = find_encoding(path, settings, thorough)
    head = _head(path, encoding)
    asked = {**settings, "encoding": "utf-8"}
    raw = read_delimited(head, path.name, asked, hints)
    lines = split(head)
    line = min([raw.line[0].as_py(), *raw.broken["line"].slice(0, 1).to_pylist()])
    body = lines[line - 1 :]
    with long_fields():
        dialect = find_dialect(body, {**asked, "delimiter": raw.how["delimiter"]})
        width = width_of(body, dialect)
        above = [fields for _, _, fields in Scan(lines[: line - 1], dialect) if fields]
    end = raw.line[CONTEXT].as_py() - 1 if raw.rows > CONTEXT else len(lines)
    asked |= {"delimiter": dialect.delimiter, "quote": dialect.quote, "escape": dialect.escape}
    context = _bytes(lines[:end])
    base = read_delimited(context, path.name, asked, hints)
    return Layout(
        path=path,
        encoding=encoding,
        sure=sure or thorough,
        dialect=dialect,
        names=base.columns,
        width=width,
        context=context,
        context_lines=end,
        body=len(_bytes(lines[: line - 1])),
        line=line,
        first=above[-1][0] if above else None,
        settings=asked,
        hints=hints,
        how={**base.how, "encoding": encoding},
        base=_named(base.findings, encoding, sure),
        fast=plain(dialect) and len(base.columns) <= width and base.columns == raw.columns,
    )


def _named(findings: tuple[Finding, ...], encoding: str, sure: bool) -> tuple[Finding, ...]:
    """What was told, with the encoding that the file has rather than the one it is read in."""
    from dataclasses import replace

    from grundstein.core.findings import Finding

    kept = [f for f in findings if f.code != "GST-D31"]
    named = [replace(f, facts={**f.facts, "encoding": encoding}) if f.code == "GST-D30" else f for f in kept]
    return (*named, *(() if sure else (Finding("GST-D31", "tip", {"encoding": encoding}),)))


def _head(path: Path, encoding: str) -> bytes:
    """The first lines as UTF-8: 128 kB, more where lines are long."""
    text = b""
    for piece in utf8(path, encoding):
        text += piece
        if len(text) >= MOST:
            break
    for size in (HEAD, MOST):
        end = text.rfind(b"\n", 0, size) + 1 or text.rfind(b"\r", 0, size) + 1 or size
        if text.count(b"\n", 0, end) >= FEW_LINES and end < len(text):
            return text[:end]
    return text if len(text) < MOST else text[:end]


def _bytes(lines: list[str]) -> bytes:
    return "".join(lines).encode("utf-8", "surrogateescape")
