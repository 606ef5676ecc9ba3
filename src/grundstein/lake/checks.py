"""Room lake. In: a typed table and its contract -> Out: the rows that break it, each with its reason, and findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from grundstein.core.contract import Column, Contract

REQUIRED, RANGE, ALLOWED, INFINITE, KEY = "GST-D05", "GST-D06", "GST-D07", "GST-D08", "GST-D09"
STALE, FRESH = "GST-D13", "GST-D14"
SHOWN = 60


class Break(NamedTuple):
    """One row that breaks one rule: its position, the finding code of the rule, the column, and why, in words."""

    row: int
    code: str
    column: str
    reason: str


def broken(table: pa.Table, contract: Contract) -> list[Break]:
    """Check every column's rules (required, finite, minimum, maximum, allowed); a row may break several.

    The columns of a key are required, whatever the column says.
    """
    return [found for column in contract.columns for found in _column(table[column.name], column, contract)]


def repeated(table: pa.Table, contract: Contract, there: pa.Table | None = None) -> list[Break]:
    """Find the rows whose key an earlier row has, here or in `there` (the key's columns of the governed table)."""
    if not contract.key or not table.num_rows:
        return []
    codes = _codes(table, contract.key, there)
    known = len(codes) - table.num_rows
    first = np.zeros(len(codes), dtype=np.bool_)
    first[np.unique(codes, return_index=True)[1]] = True
    late = np.flatnonzero(~first[known:])
    names = ", ".join(contract.key)
    keys = table.select(contract.key).take(pa.array(late, pa.int64())).to_pylist()
    return [
        Break(int(row), KEY, names, f"{_said(', '.join(map(str, key.values())))} is there already as {names}")
        for row, key in zip(late, keys, strict=True)
    ]


def findings_of(breaks: Sequence[Break]) -> tuple[Finding, ...]:
    """One finding for each rule and column that rows break, with the number of rows; no value of a row."""
    counts = Counter((one.code, one.column) for one in breaks)
    return tuple(Finding(code, "issue", {"column": column, "rows": n}) for (code, column), n in sorted(counts.items()))


def freshness(contract: Contract, newest: datetime | None, now: datetime) -> Finding | None:
    """Compare the newest time in the table with the age that the contract allows; None where it allows any."""
    if contract.freshness_days is None or newest is None:
        return None
    age = (now - newest).total_seconds() / 86_400
    facts: dict[str, str | float] = {"table": contract.table, "days": age, "allowed": contract.freshness_days}
    return Finding(STALE, "issue", facts) if age > contract.freshness_days else Finding(FRESH, "passed", facts)


def _column(values: pa.ChunkedArray, column: Column, contract: Contract) -> Iterator[Break]:
    if column.required or column.name in contract.key:
        yield from _those(values, values.is_null(), REQUIRED, column, "is empty, and it is required")
    if column.type in ("integer", "number", "decimal"):
        yield from _number(values, column)
    if column.allowed:
        strange = pc.invert(pc.is_in(pc.cast(values, pa.string()), pa.array([*column.allowed, None], pa.string())))
        said = ", ".join(column.allowed[:8]) + (" ..." if len(column.allowed) > 8 else "")
        yield from _those(values, strange, ALLOWED, column, f"is not allowed; allowed: {said}")


def _number(values: pa.ChunkedArray, column: Column) -> Iterator[Break]:
    if column.type != "number" and column.minimum is None and column.maximum is None:
        return
    numbers = pc.cast(values, pa.float64(), safe=False)
    infinite = pc.is_inf(numbers)
    yield from _those(values, infinite, INFINITE, column, "is infinite")
    for limit, outside, word in ((column.minimum, pc.less, "minimum"), (column.maximum, pc.greater, "maximum")):
        if limit is not None:
            beyond = pc.and_not(outside(numbers, limit), infinite)
            yield from _those(values, beyond, RANGE, column, f"is outside the range; {word} {limit:g}")


def _those(values: pa.ChunkedArray, mask: pa.ChunkedArray, code: str, column: Column, reason: str) -> Iterator[Break]:
    rows = np.flatnonzero(pc.fill_null(mask, False).to_numpy())
    for row, value in zip(rows, values.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
        said = "" if value is None else f" {_said(value)}"
        yield Break(int(row), code, column.name, f"{column.name}{said} {reason}")


def _codes(table: pa.Table, key: Sequence[str], there: pa.Table | None) -> NDArray[np.int64]:
    """Number the keys of `there` and then `table`: equal numbers, equal keys."""
    codes = np.zeros(table.num_rows + (there.num_rows if there is not None else 0), dtype=np.int64)
    for place, name in enumerate(key):
        if there is not None and there[name].type != table[name].type:
            raise Refused(
                f"The contract says that {name} is {table[name].type}, the table holds {there[name].type}.",
                "A key of the type that it has in the table.",
                f"Set the type of {name} back in the contract, or ingest into another table.",
            )
        parts = [*(there[name].chunks if there is not None else []), *table[name].chunks]
        column = pa.chunked_array(parts, table[name].type).combine_chunks().dictionary_encode(null_encoding="encode")
        codes = codes * (len(column.dictionary) + 1) + column.indices.to_numpy()
        if place:
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return codes


def _said(value: object) -> str:
    text = str(value)
    return f'"{text[:SHOWN]}..."' if len(text) > SHOWN else f'"{text}"'
