"""Room lake. In: records as text -> Out: Raw, what a source holds before anybody said what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SURROGATE = re.compile("[\ud800-\udfff]")
BROKEN = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())])


class Empty(Refused):
    """The source was read and holds no record; `columns` are the names it has, none where it has none."""

    def __init__(self, what: str, expected: str, next_step: str, columns: Sequence[str] = ()) -> None:
        super().__init__(what, expected, next_step)
        self.columns = tuple(columns)


@dataclass(frozen=True)
class Raw:
    """One source as it was read; `table` (or `typed`), `line` and `text` have one row a record, in the source's order.

    `table`: every column text, null only where the source has no value at all. `typed`: where the source knows its
    types (Parquet; `table` is None then). `line`: physical line or sheet row, counted from 1. `text`: the record as
    written. `broken`: records that do not fit the columns (line, reason, text); nothing else is left out, so records
    of the source = rows + broken. `how`: what was found out about the source (format, encoding, delimiter, sheet).
    """

    table: pa.Table | None
    line: pa.Int64Array
    text: pa.StringArray
    broken: pa.Table
    findings: tuple[Finding, ...]
    typed: pa.Table | None = None
    how: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of records that fit the columns."""
        return len(self.line)

    @property
    def content(self) -> pa.Table:
        """The columns, as text or typed."""
        return self.typed if self.table is None else self.table

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(self.content.column_names)


def text_table(names: Sequence[str], rows: Sequence[Sequence[str | None]], chunk: int = 65_536) -> pa.Table:
    """Return rows as a table of text columns; every row must have one field a name."""
    schema = pa.schema([(name, pa.string()) for name in names])
    batches = []
    for start in range(0, len(rows), chunk):
        columns = zip(*rows[start : start + chunk], strict=True)
        batches.append(pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def broken_table(broken: Sequence[tuple[int, str, str]]) -> pa.Table:
    """Return (line, reason, text) as the table of `Raw.broken`, in the order of lines."""
    ordered = sorted(broken, key=lambda entry: entry[0])
    columns = zip(*ordered, strict=True) if ordered else ((), (), ())
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, BROKEN, strict=True)], schema=BROKEN)


def misfits(broken: Sequence[tuple[int, str, str]], rows: int) -> tuple[Finding, ...]:
    """Return the finding that tells how many records do not fit the columns, none where all do."""
    if not broken:
        return ()
    facts = {"count": len(broken), "total": rows + len(broken), "line": min(broken)[0]}
    return (Finding("GST-D37", "issue", facts),)


def printable(text: str) -> str:
    """Return text that Arrow can hold: what could not be decoded (lone surrogates) stands as `\\xNN` or `\\uNNNN`."""
    return text if text.isascii() else SURROGATE.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    number = ord(match.group())
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"
