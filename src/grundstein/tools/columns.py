"""Room tools. In: a column as it arrived -> Out: its values as numbers, texts or instants, else Refused."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

YES = ("yes", "ja", "true", "wahr", "1", "y", "j", "t")
NUMERIC = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


def as_numbers(table: pa.Table, name: str) -> Floats:
    """Read a column as float64, NaN where it is missing or not finite; Refused where it holds something else."""
    column = column_of(table, name)
    try:
        numbers = floats(cast(column, pa.float64()))
    except pa.ArrowInvalid as problem:
        raise _unlike(name, "numbers", problem) from problem
    numbers[~np.isfinite(numbers)] = math.nan
    return numbers


def as_texts(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Read a column as text, null where it is missing; Refused where it has no text form."""
    try:
        return cast(column_of(table, name), pa.string())
    except pa.ArrowInvalid as problem:
        raise _unlike(name, "texts", problem) from problem


def as_instants(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Read a column as timestamps in UTC microseconds; Refused where it cannot be."""
    column = column_of(table, name)
    if any(is_kind(column.type) for is_kind in NUMERIC):
        raise _unlike(name, "dates", TypeError("it holds numbers"))
    try:
        return cast(column, pa.timestamp("us"))
    except pa.ArrowInvalid as problem:
        raise _unlike(name, "dates", problem) from problem


def acted_on(table: pa.Table, name: str) -> NDArray[np.bool_]:
    """Mark whom today's rule acted on; where nothing is said, nobody can be sure that the unit was left alone."""
    if any(is_kind(table[name].type) for is_kind in NUMERIC):
        numbers = as_numbers(table, name)
        return np.isnan(numbers) | (numbers > 0)
    texts = as_texts(table, name).to_pylist()
    return np.array([text is None or text.strip().casefold() in YES for text in texts], dtype=np.bool_)


def shares_in(given: pa.Table, name: str) -> Floats | None:
    """A column of shares from 0 to 1; None where there is none."""
    if name not in given.column_names:
        return None
    numbers = as_numbers(given, name)
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise Refused(f"`{name}` is empty or outside 0 to 1 in some rows", "a share from 0 to 1", "mend the answers")
    return numbers


def column_of(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column; Refused with the nearest name where there is none."""
    place = table.schema.get_field_index(name)
    if place < 0:
        raise Refused(f'the column "{name}" is missing', nearest(name, table.column_names), "bring it with the rows")
    return table.column(place)


def cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cast, whatever the path; every failure is ArrowInvalid."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    try:
        return pc.cast(column, kind, safe=pa.types.is_string(column.type))
    except pa.ArrowNotImplementedError as problem:
        raise pa.ArrowInvalid(str(problem)) from problem


def _unlike(name: str, wanted: str, problem: Exception) -> Refused:
    reason = str(problem).splitlines()[0]
    return Refused(f'the column "{name}" is not what was learnt: {reason}', f"expected: {wanted}", "correct the column")


def floats(column: pa.ChunkedArray) -> Floats:
    """Return a column of float64 as an array of its own, NaN where it is null."""
    return np.array(pc.fill_null(column, math.nan).to_numpy(), dtype=np.float64, copy=True)


def added_up(columns: Floats, starts: Sequence[int]) -> Floats:
    """Add up the columns of each feature, along the last axis; the n-th feature's begin at `starts[n]`."""
    if len(starts) > 1 and np.all(np.diff(starts) > 0):
        return np.add.reduceat(columns, starts[:-1], axis=-1)
    ends = pairwise(starts)
    return np.stack([columns[..., start:end].sum(axis=-1) for start, end in ends], axis=-1)
