"""Room evaluation. In: the columns of a table -> Out: which say nothing or too much (GST-C01 to GST-C06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.findings import Finding
from grundstein.evaluation.checks import rows
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MANY_TEXTS = 100


def check(look: Look) -> Checked:
    """Name the columns that are empty, constant, only ids, infinite, or text with too many values; counts are units."""
    table = look.units
    features = [name for name in look.features if name in table.column_names]
    if not features:
        return Checked()
    found = tuple(_findings(table, features))
    return Checked(found or (Finding("GST-C06", "passed", {"columns": len(features)}),))


def _findings(table: pa.Table, features: Sequence[str]) -> Iterator[Finding]:
    ids = [n for n in features if rows.numbers_rows(table[n], n)]
    rest = [n for n in features if n not in ids]
    yield from _named("GST-C01", [n for n in rest if table[n].null_count == table.num_rows])
    yield from _named("GST-C02", [n for n in rest if _constant(table[n])])
    yield from _named("GST-C03", ids)
    for name in features:
        if pa.types.is_floating(table[name].type) and (count := int(np.isinf(rows.numbers(table[name])).sum())):
            yield Finding("GST-C04", "issue", {"column": name, "rows": count})
    yield from (
        Finding("GST-C05", "tip", {"column": n, "distinct": rows.distinct(table[n])}) for n in rest if _wordy(table[n])
    )


def _named(code: str, columns: list[str]) -> Iterator[Finding]:
    if columns:
        yield Finding(code, "tip", {"columns": ", ".join(columns), "count": len(columns)})


def _constant(column: pa.ChunkedArray) -> bool:
    return column.null_count == 0 and len(column) > 1 and rows.distinct(column) == 1


def _wordy(column: pa.ChunkedArray) -> bool:
    if not rows.is_text(column):
        return False
    filled = len(column) - column.null_count
    return rows.distinct(column) >= max(MANY_TEXTS, 0.1 * filled)
