"""Room lake. In: a table's Parquet files -> Out: what each column holds, counted by DuckDB."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from grundstein.tools.syntax import SAFE_SETTINGS, lock, quoted, read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grundstein.core.contract import Type

Value = str | int | float | bool | None

EXACT_ROWS = 1_000_000
BINS = 10
WORDS: dict[Type, Callable[[pa.DataType], bool]] = {
    "boolean": pa.types.is_boolean,
    "integer": pa.types.is_integer,
    "number": pa.types.is_floating,
    "decimal": pa.types.is_decimal,
    "date": pa.types.is_date,
    "instant": pa.types.is_timestamp,
}
FREQUENT = 10
FEW, MANY = 100, 100_000


@dataclass(frozen=True)
class Histogram:
    """Counts of `BINS` intervals of equal width; `edges` are one more, the last interval holds its upper edge."""

    edges: tuple[Value, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Profile:
    """What one column holds. `missing` is a share of the rows; dates and instants (UTC) are ISO texts.

    `distinct` is counted up to a million rows, estimated above (`estimated`). `frequent` has the most frequent values
    with their rows, none where nearly every value differs. `mean` and `histogram` are of numbers, and of times.
    """

    missing: float
    distinct: int
    estimated: bool
    minimum: Value
    maximum: Value
    mean: Value
    frequent: tuple[tuple[Value, int], ...]
    histogram: Histogram | None


def house_type(kind: pa.DataType) -> Type:
    """Return the contract's word for an Arrow type."""
    return next((word for word, fits in WORDS.items() if fits(kind)), "text")


def profiles(files: Sequence[str], schema: pa.Schema, names: Sequence[str], rows: int) -> dict[str, Profile]:
    """Describe the named columns of a table; `rows` is its number of rows."""
    with closing(_open(files)) as engine:
        return {name: _profile(engine, schema.field(name), rows) for name in names}


def _open(files: Sequence[str]) -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect(config={**SAFE_SETTINGS, "threads": 2})
    lock(engine, files)
    engine.execute(f"CREATE VIEW t AS SELECT * FROM {read_parquet(files)}")
    return engine


def _profile(engine: duckdb.DuckDBPyConnection, column: pa.Field, rows: int) -> Profile:
    here, kind = quoted(column.name), house_type(column.type)
    estimated = rows > EXACT_ROWS
    distinct = f"approx_count_distinct({here})" if estimated else f"count(DISTINCT {here})"
    ends = f"min({here})::VARCHAR, max({here})::VARCHAR"
    number = _number(here, kind)
    known, different, low, high, first, last, mean = _row(
        engine,
        f"SELECT count({here}), {distinct}, {ends}, min({number}), max({number}), avg({number}) FROM t",
    )
    return Profile(
        missing=(rows - known) / rows if rows else 0.0,
        distinct=different,
        estimated=estimated,
        minimum=_value(low, kind),
        maximum=_value(high, kind),
        mean=_mean(mean, kind),
        frequent=_frequent(engine, here, kind) if different <= max(min(known / 2, MANY), FEW) else (),
        histogram=_histogram(engine, number, kind, first, last),
    )


def _number(here: str, kind: Type) -> str:
    """Return the column as a double: times as seconds since 1970, NULL for what has no scale and for the infinite."""
    if kind in ("date", "instant"):
        return f"epoch({here})"
    if kind == "number":
        return f"CASE WHEN isfinite({here}) THEN {here} END"
    return f"{here}::DOUBLE" if kind in ("integer", "decimal") else "NULL::DOUBLE"


def _frequent(engine: duckdb.DuckDBPyConnection, here: str, kind: Type) -> tuple[tuple[Value, int], ...]:
    """Most rows first; equal counts in the order of the values, so that two runs agree."""
    found = engine.execute(
        f"SELECT {here}::VARCHAR, count(*) FROM t WHERE {here} IS NOT NULL "
        f"GROUP BY {here} ORDER BY 2 DESC, {here} LIMIT {FREQUENT}"
    ).fetchall()
    return tuple((_value(text, kind), count) for text, count in found)


def _histogram(
    engine: duckdb.DuckDBPyConnection, number: str, kind: Type, first: float | None, last: float | None
) -> Histogram | None:
    if first is None or last is None or first == last:
        return None
    width = (last - first) / BINS
    if not math.isfinite(width) or not width:
        return None
    found = engine.execute(
        f"SELECT least(floor(({number} - ?::DOUBLE) / ?::DOUBLE), {BINS - 1})::INTEGER, count(*) FROM t "
        f"WHERE {number} IS NOT NULL GROUP BY 1",
        [first, width],
    ).fetchall()
    counts = dict(found)
    edges = [first + width * step for step in range(BINS)] + [last]
    return Histogram(tuple(_time(edge, kind) for edge in edges), tuple(counts.get(step, 0) for step in range(BINS)))


def _time(number: float, kind: Type) -> Value:
    if kind not in ("date", "instant"):
        return number
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return moment.date().isoformat() if kind == "date" else moment.isoformat(timespec="seconds")


def _mean(mean: float | None, kind: Type) -> Value:
    return None if mean is None or not math.isfinite(mean) else _time(mean, kind)


def _value(text: str | None, kind: Type) -> Value:
    """Read a value back from DuckDB's text of it: plain numbers and words, decimals and times as text."""
    if text is None:
        return None
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text) if math.isfinite(float(text)) else text
    return text.replace(" ", "T", 1) if kind == "instant" else text


def _row(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return engine.execute(query).fetchone() or ()
