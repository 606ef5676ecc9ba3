"""Room evaluation. In: columns -> Out: plain arrays that checks count with: numbers, codes, ids of equal rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.encoding import ID_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def is_number(column: pa.ChunkedArray) -> bool:
    """Whether the column holds numbers (not booleans)."""
    kind = column.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_plain(column: pa.ChunkedArray) -> bool:
    """Whether a value is one thing: no list, struct or bytes."""
    return not (pa.types.is_nested(column.type) or pa.types.is_binary(column.type))


def is_time(column: pa.ChunkedArray) -> bool:
    """Whether the column holds dates or instants."""
    return bool(pa.types.is_date(column.type) or pa.types.is_timestamp(column.type))


def is_text(column: pa.ChunkedArray) -> bool:
    """Whether the column holds text."""
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A numeric column or time as float64, NaN where nothing stands."""
    if is_time(column):
        column = pc.cast(pc.cast(column, pa.timestamp("us", getattr(column.type, "tz", None))), pa.int64())
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64(), safe=False), np.nan), dtype=np.float64)


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as text."""
    if is_text(column):
        return column
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())])
    return pc.cast(column, pa.string())


def codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return a code a row (0: nothing stands there) and the texts of the codes 1, 2, ... in order of first arrival."""
    if len(column) == 0 or pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=np.int64), []
    encoded = texts(column).combine_chunks().dictionary_encode()
    indices = np.asarray(pc.fill_null(pc.add(pc.cast(encoded.indices, pa.int64()), 1), 0), dtype=np.int64)
    return indices, encoded.dictionary.to_pylist()


MOST_COMPARED = 200_000
MOST_ALIKE = 0.9


def part_codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A whole number a value: equal where values are equal."""
    return np.unique(numbers(column), return_inverse=True)[1] if is_number(column) else codes(column)[0]


def beyond_chance(table: pa.Table, names: Sequence[str]) -> float:
    """Share of the equal pairs of rows that are no accident of few and coarse columns.

    Pairs that agree in all other columns agree in one more by chance as often as any two rows do (q); where copies were
    made, always. With p pairs equal of r that agree in all but column c, the share of copies is (p - q r) / (p (1 - q))
    if c is independent of the rest, less than that otherwise: the least of all columns counts. At most 200,000 rows.
    """
    part = table.select(list(names))
    if part.num_rows > MOST_COMPARED:
        part = part.take(pa.array(np.random.default_rng(0).permutation(part.num_rows)[:MOST_COMPARED]))
    marks = {name: _marks(part[name], place) for place, name in enumerate(names)}
    whole = np.zeros(part.num_rows, dtype=np.uint64)
    for mark in marks.values():
        whole += mark
    equal, every = _pairs(whole), part.num_rows * (part.num_rows - 1) / 2
    if not equal:
        return 0.0
    shares = [1.0]
    for mark in marks.values():
        alike = _pairs(mark) / every
        if alike <= MOST_ALIKE:
            shares.append((1 - alike * _pairs(whole - mark) / equal) / (1 - alike))
    return max(min(shares), 0.0)


def _marks(column: pa.ChunkedArray, seed: int) -> NDArray[np.uint64]:
    """A random 64-bit number a value, the same for equal values."""
    parts = part_codes(column)
    drawn = np.random.default_rng(seed).integers(0, 2**64, int(parts.max(initial=0)) + 1, dtype=np.uint64)
    return drawn[parts]


def _pairs(marks: NDArray[np.uint64]) -> float:
    counts = np.unique(marks, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())


def same_rows(table: pa.Table, names: Sequence[str]) -> NDArray[np.int64]:
    """Number the rows so that rows of equal content in `names` have the same number."""
    ids = np.zeros(table.num_rows, dtype=np.int64)
    for name in names:
        column = table[name]
        parts = part_codes(column)
        ids = np.unique(ids * (int(parts.max(initial=0)) + 1) + parts, return_inverse=True)[1].astype(np.int64)
    return ids


def distinct(column: pa.ChunkedArray) -> int:
    """Different values, nothing not counted."""
    return int(pc.count_distinct(column, mode="only_valid").as_py())


def numbers_rows(column: pa.ChunkedArray, name: str) -> bool:
    """Whether a column only names its rows: almost every value once, and no measurement.

    Text counts without spaces; whole numbers count where they are dense (a running number) or named like an id.
    """
    filled = len(column) - column.null_count
    if filled < 20 or distinct(column) < 0.99 * filled:
        return False
    if is_text(column):
        return bool(pc.mean(pc.cast(pc.match_substring(column, " "), pa.float64())).as_py() < 0.1)
    if not pa.types.is_integer(column.type):
        return False
    spread = pc.min_max(column)
    return bool(ID_NAME.search(name)) or spread["max"].as_py() - spread["min"].as_py() < 3 * filled
