"""Room tools. In: a table and its seal -> Out: which units are sealed, their hashes, clusters and periods."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.records import Earlier, Seal

CONTENT, NOTHING = "_content", "\x00"
HOUSE_COLUMNS = ("_row", "_batch", "_unit", "_cluster", "_time", CONTENT)
DAY = 86_400_000_000
PERIODS = (91 * DAY, 30 * DAY, 7 * DAY, DAY, DAY // 24)


def unit_hash(table: pa.Table, key: Sequence[str], salt: str, label: str = "unit") -> NDArray[np.int64]:
    """Hash each row's key (its whole content where the key is empty) with the salt; non-negative int64.

    A column `_content` holds the hash of the governed row behind a SELECT's row. Seal and holdback use different
    labels, so that one tells nothing about the other.
    """
    if not key and CONTENT in table.column_names:
        return np.asarray(table[CONTENT])
    names = list(key) or sorted(n for n in table.column_names if n not in HOUSE_COLUMNS)
    columns = [_texts(table[name]) for name in names]
    seed = hashlib.blake2b(f"{label}:{salt}".encode(), digest_size=8)
    hashes = np.empty(table.num_rows, dtype=np.int64)
    for row, parts in enumerate(zip(*columns, strict=True)):
        one = seed.copy()
        one.update("\x1f".join(parts).encode())
        hashes[row] = int.from_bytes(one.digest(), "big") >> 1
    return hashes


def texts_hash(texts: Sequence[str], salt: str, label: str) -> int:
    """Hash one row's texts in the order of its key's columns, as `unit_hash` does; a null is `NOTHING`."""
    one = hashlib.blake2b(f"{label}:{salt}".encode(), digest_size=8)
    one.update("\x1f".join(texts).encode())
    return int.from_bytes(one.digest(), "big") >> 1


def clusters(table: pa.Table, seal: Seal) -> NDArray[np.int64]:
    """Hash of the entity, the unit's own hash where there is none."""
    return unit_hash(table, [seal.entity] if seal.entity in table.column_names else seal.key, seal.salt)


def sealed_rows(table: pa.Table, seal: Seal) -> NDArray[np.bool_]:
    """Mark the sealed rows: by the seal's rule, less those that were in development under an earlier one."""
    sealed = _ruled(table, seal, seal.salt)
    for earlier in seal.earlier:
        known = "_row" in table.column_names
        arrived = instants(table["_row"]) <= earlier.last_row if known else np.ones(table.num_rows, dtype=np.bool_)
        sealed &= ~(arrived & ~_ruled(table, earlier, seal.salt))
    return sealed


def known_rows(table: pa.Table, seal: Seal, horizon_days: float) -> NDArray[np.bool_]:
    """Mark the rows that development keeps: outside the seal's rule, and their truth known before the cut."""
    if seal.how != "time":
        return ~_ruled(table, seal, seal.salt)
    horizon = 0 if seal.time == "_row" else int(horizon_days * DAY)
    return instants(table[seal.time]) <= cut_value(seal.cut) - horizon


def _ruled(table: pa.Table, seal: Seal | Earlier, salt: str) -> NDArray[np.bool_]:
    if seal.how == "given":
        return instants(table["_row"]) > cut_value(seal.cut)
    if seal.how == "time":
        return instants(table[seal.time]) > cut_value(seal.cut)
    return unit_hash(table, seal.key, salt) < int(seal.share * 2.0**63)


def instants(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Time as int64: microseconds since 1970 for dates and instants, the number itself for integers.

    Rows without a time count as the earliest, so they are never sealed.
    """
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column = pc.cast(pc.cast(column, pa.timestamp("us", getattr(kind, "tz", None))), pa.int64())
    return np.asarray(pc.fill_null(pc.cast(column, pa.int64()), np.iinfo(np.int64).min // 2))


def cut_value(cut: str) -> int:
    """Read `Seal.cut`: a whole number, or an ISO instant in UTC."""
    return int(cut) if cut.lstrip("-").isdigit() else int(np.datetime64(cut.removesuffix("Z"), "us").astype(np.int64))


def periods(time: NDArray[np.int64], of_rows: bool) -> NDArray[np.int64]:
    """Number the coarse periods of the judged units: the coarsest unit that gives at least 10, hours at the finest.

    A table in file order (`_row`) has no calendar: its rows are cut into 20 blocks.
    """
    start = int(time.min()) if len(time) else 0
    if of_rows:
        span = max(int(time.max()) - start + 1, 20) if len(time) else 20
        return (time - start) * 20 // span
    for length in PERIODS:
        numbers = (time - start) // length
        if len(np.unique(numbers)) >= 10:
            return numbers
    return numbers if len(time) else time


def _texts(column: pa.ChunkedArray) -> list[str]:
    if not pa.types.is_string(column.type):
        column = (
            pc.cast(column, pa.string())
            if not pa.types.is_nested(column.type)
            else pa.chunked_array([pa.array(map(str, column.to_pylist()))])
        )
    return pc.fill_null(column, NOTHING).to_pylist()
