"""Room lake. In: the bytes of a Parquet file -> Out: Raw with `typed`, its columns in the house's few types."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.naming import clean_names, listed
from grundstein.lake.reading.raw import Raw, broken_table

if TYPE_CHECKING:
    from collections.abc import Callable


def read_parquet(data: bytes, source: str) -> Raw:
    """Return the rows of a Parquet file; lists and binary values become text, categories their texts.

    Instants without a zone stay naive (the cast reads them in the project's zone); NaN becomes null.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise Refused(f"{source} is damaged: {error}", "a whole Parquet file", "export it again") from None
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    if not table.num_columns:
        raise Refused(f"{source} has no column", "at least one column", "export it again")
    names, findings = clean_names(table.column_names)
    plain = [_plain(column) for column in table.columns]
    typed = pa.table(plain, names=list(names))
    lines = pa.array(range(1, typed.num_rows + 1), pa.int64())
    told = [Finding("GST-D43", "passed", {"columns": typed.num_columns}), *findings]
    listy = [name for name, c in zip(names, table.columns, strict=True) if pa.types.is_nested(c.type)]
    if listy:
        told.append(Finding("GST-D44", "tip", {"columns": listed(listy)}))
    return Raw(None, lines, _texts(typed), broken_table([]), tuple(told), typed, {"format": "parquet"})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as int64, float64, decimal, boolean, date, timestamp or text."""
    found = column.type
    if pa.types.is_dictionary(found):
        return _plain(pc.cast(column, found.value_type))
    if pa.types.is_floating(found):
        numbers = pc.cast(column, pa.float64())
        return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    if pa.types.is_date(found):
        return pc.cast(column, pa.date32())
    if pa.types.is_timestamp(found):
        return pc.cast(column, pa.timestamp("us", found.tz), safe=False)
    if pa.types.is_decimal(found) or pa.types.is_boolean(found):
        return column
    return _whole(column) if pa.types.is_integer(found) else _as_text(column)


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers beyond int64 stay text, as in any other source."""
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        return pc.cast(column, pa.string())


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_nested(column.type):
        return _spelled(column, lambda value: json.dumps(value, default=str, ensure_ascii=False))
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowInvalid:
        return _spelled(column, lambda value: value.decode("utf-8", "backslashreplace"))


def _spelled(column: pa.ChunkedArray, spell: Callable[[Any], str]) -> pa.ChunkedArray:
    texts = [None if value is None else spell(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _texts(typed: pa.Table) -> pa.StringArray:
    """Each row as its values in order, separated by tabs."""
    parts = [pc.fill_null(pc.cast(column, pa.string()), "") for column in typed.columns]
    joined = pc.binary_join_element_wise(*parts, "\t") if len(parts) > 1 else parts[0]
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
