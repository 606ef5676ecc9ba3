"""Room lake. In: Raw and a contract -> Out: Cast, the records in the contract's types and why others are not kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.contract import Column, Contract
from grundstein.lake.reading.dates import in_zone, read_dates, read_instants, take_apart
from grundstein.lake.reading.numbers import Style, read_decimals, read_integers, read_numbers
from grundstein.tools.typed import arrow_type, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from grundstein.lake.reading.raw import Raw

SHOWN = 60


@dataclass(frozen=True)
class Cast:
    """`table`: the records kept, typed; `keep`: one flag a record of Raw; `reasons`: why each other was not kept."""

    table: pa.Table
    keep: NDArray[np.bool_]
    reasons: Mapping[int, str]


def cast(raw: Raw, contract: Contract, timezone: str) -> Cast:
    """Return the records whose every value is of its column's type; no value is changed to make it fit.

    Blank texts, and those that the column's source calls missing, become null. Instants are UTC microseconds.
    """
    keep = np.ones(raw.rows, dtype=np.bool_)
    found: dict[int, list[str]] = defaultdict(list)
    text, source, columns = raw.table is not None, raw.content, []
    for column in contract.columns:
        values = source[column.name].combine_chunks()
        typed, bad = (_from_text if text else from_typed)(values, column, timezone)
        columns.append(typed)
        keep[bad] = False
        for row, reason in reasons_of(values, bad, column):
            found[row].append(reason)
    table = pa.table(columns, schema=schema(contract)).filter(pa.array(keep))
    return Cast(table, keep, {row: "; ".join(found[row]) for row in sorted(found)})


def from_typed(values: pa.Array, column: Column, timezone: str) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return values of a typed source in the column's type, and the positions of those that do not fit."""
    typed = _typed(values, column, timezone)
    blank = column.type != "text" and pa.types.is_string(values.type)
    return typed, np.flatnonzero(np.asarray(typed.is_null()) & ~is_missing(values, column, blank))


def reasons_of(values: pa.Array, bad: NDArray[np.int64], column: Column) -> list[tuple[int, str]]:
    """Return for each of the positions `bad` why its value is not of the column's type."""
    said = values.take(pa.array(bad, pa.int64()))
    if column.type in ("date", "instant"):
        whys = _no_dates(pc.cast(said, pa.string()), column)
    else:
        whys = [f"is not {_expected(column)}"] * len(said)
    told = zip(bad.tolist(), said.to_pylist(), whys, strict=True)
    return [(row, f"{column.name} {_quoted(str(value))} {why}") for row, value, why in told]


def schema(contract: Contract) -> pa.Schema:
    """Return the Arrow schema of a contract."""
    return schema_of(contract)


def style_of(column: Column) -> Style:
    """How the source of a column writes its numbers."""
    source = column.source
    unit = "%" if source.get("unit") == "%" else "money" if source.get("currency") else ""
    return Style(source.get("decimal", "."), source.get("thousands", ""), unit)


def read_column(texts: pa.Array, column: Column, timezone: str) -> pa.Array:
    """Return texts in the column's type; null where they are missing or do not fit."""
    there = pc.if_else(pa.array(is_missing(texts, column)), pa.scalar(None, pa.string()), texts)
    order = column.source.get("dates", "")
    if column.type == "text":
        return there
    if column.type == "integer":
        return read_integers(there, style_of(column))
    if column.type == "number":
        return read_numbers(there, style_of(column))
    if column.type == "decimal":
        return _decimals(there, column)
    if column.type == "boolean":
        return _booleans(there, column)
    return read_dates(there, order) if column.type == "date" else read_instants(there, order, timezone)


def is_missing(values: pa.Array, column: Column, text: bool = True) -> NDArray[np.bool_]:
    """Return where there is no value: null, and in texts (`text`) blank or a text that the source calls missing."""
    if not text and not pa.types.is_string(values.type):
        return np.asarray(values.is_null())
    marks = [mark.strip() for mark in column.source.get("missing", "").split("\n")]
    if not text:
        return np.asarray(pc.or_(values.is_null(), pc.is_in(values, pa.array([m for m in marks if m], pa.string()))))
    trimmed = pc.utf8_trim_whitespace(values)
    return np.asarray(pc.or_(values.is_null(), pc.is_in(trimmed, pa.array(["", *marks], pa.string()))))


def _decimals(texts: pa.Array, column: Column) -> pa.Array:
    if column.scale:
        return read_decimals(texts, style_of(column), column.scale)
    return pc.cast(pc.cast(read_integers(texts, style_of(column)), pa.string()), arrow_type(column))


def _from_text(texts: pa.Array, column: Column, timezone: str) -> tuple[pa.Array, NDArray[np.int64]]:
    typed = read_column(texts, column, timezone)
    return typed, np.flatnonzero(np.asarray(typed.is_null()) & ~is_missing(texts, column))


def _booleans(texts: pa.Array, column: Column) -> pa.Array:
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    yes, no = (pc.equal(folded, column.source.get(word, word).lower()) for word in ("true", "false"))
    return pc.if_else(pc.or_(yes, no), yes, pa.scalar(None, pa.bool_()))


def _typed(values: pa.Array, column: Column, timezone: str) -> pa.Array:
    """Return values of a typed source in the column's type; where the two differ, by way of text."""
    wanted = arrow_type(column)
    if pa.types.is_timestamp(values.type) and column.type == "instant":
        return pc.cast(values, wanted) if values.type.tz else in_zone(values, timezone)
    if pa.types.is_decimal(values.type) and column.type == "number":
        return pc.cast(values, wanted)
    if pa.types.is_string(values.type) and column.type == "text":
        return pc.if_else(pa.array(is_missing(values, column, text=False)), pa.scalar(None, pa.string()), values)
    if values.type == wanted or (pa.types.is_integer(values.type) and column.type in ("number", "decimal")):
        try:
            return pc.cast(values, wanted)
        except pa.ArrowInvalid:
            pass
    if pa.types.is_string(values.type):
        return read_column(values, column, timezone)
    return read_column(pc.cast(values, pa.string()), _plain(column), timezone)


def _plain(column: Column) -> Column:
    """A typed source writes numbers with a point."""
    source = {name: text for name, text in column.source.items() if name not in ("decimal", "thousands")}
    return Column(column.name, column.type, scale=column.scale, source=source)


def _quoted(value: str) -> str:
    return f'"{value[:SHOWN]}..."' if len(value) > SHOWN else f'"{value}"'


def _expected(column: Column) -> str:
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return words.get(column.type, f"an amount with up to {column.scale} decimals")


def _no_dates(texts: pa.Array, column: Column) -> list[str]:
    """Why these texts are no dates."""
    if not len(texts):
        return []
    parts = take_apart(texts, column.source.get("dates", "") or "dmy")
    one = column.type == "date"
    last = "may be day or month first" if one else "is skipped by the clocks in spring"
    whys = np.full(len(texts), last, dtype=object)
    if one:
        whys[parts.clock > 0] = "has a time of day"
    whys[~parts.valid] = "is no day of the calendar"
    whys[~parts.shaped] = f"is not {'a date' if one else 'a point in time'}"
    return whys.tolist()
