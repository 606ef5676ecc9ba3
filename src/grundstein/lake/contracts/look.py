"""Room lake. In: a column of texts -> Out: Look, its different texts with their counts and what they look like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.lake.reading.cells import MARKERS, NO_DATE, SIGNS, Kind, kind
from grundstein.lake.reading.dates import orders
from grundstein.lake.reading.numbers import Style, currencies, styles_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = 150
ENOUGH = 0.98


@dataclass(frozen=True)
class Look:
    """`texts`: the different trimmed texts that are values, `counts` how often each stands there.

    `markers`: texts that usually mean "no value", by count; `blank`: records without any text. `kind`: what most
    texts look like. `styles`: for numbers, the ways to read them (one a decimal sign). `shapes`: for dates, how many
    have slashes or dashes, as day first and as month first.
    """

    name: str
    texts: pa.Array
    counts: NDArray[np.int64]
    markers: dict[str, int]
    blank: int
    rows: int
    distinct: int
    kind: Kind
    unit: str = ""
    styles: tuple[Style, ...] = ()
    shapes: dict[str, tuple[int, int, int]] | None = None

    @property
    def values(self) -> int:
        """Records with a value."""
        return int(self.counts.sum())


def look_at(name: str, column: pa.ChunkedArray) -> Look:
    """Return what a column of texts looks like."""
    counted = pc.value_counts(pc.utf8_trim_whitespace(column.combine_chunks()))
    texts, counts = pc.struct_field(counted, "values"), np.asarray(pc.struct_field(counted, "counts"))
    empty = np.asarray(pc.fill_null(pc.equal(texts, ""), True))
    folded = pc.utf8_lower(texts)
    marks = pc.or_(pc.is_in(folded, pa.array(sorted(MARKERS | NO_DATE))), pc.match_substring_regex(folded, SIGNS))
    marked = np.asarray(pc.fill_null(marks, False))
    value = ~empty & ~marked
    kept = texts.filter(pa.array(value))
    found = _main_kind(kept)
    styles: tuple[Style, ...] = ()
    unit, shapes = "", None
    if found == "number":
        unit = _unit(kept)
        styles = _readings(kept, unit)
    elif found == "date":
        shapes = orders(kept)
    return Look(
        name,
        kept,
        counts[value],
        dict(zip(texts.filter(pa.array(marked)).to_pylist(), counts[marked].tolist(), strict=True)),
        int(counts[empty].sum()),
        len(column),
        int(value.sum()),
        found,
        unit,
        styles,
        shapes,
    )


def _main_kind(texts: pa.Array) -> Kind:
    """The kind of most texts of a sample spread over all of them; "text" where no other kind has the most."""
    step = max(1, len(texts) // SAMPLE)
    counts = Counter(map(kind, texts.take(pa.array(np.arange(0, len(texts), step))).to_pylist()))
    if not counts:
        return ""
    best, count = counts.most_common(1)[0]
    return best if count >= 0.6 * counts.total() else "text"


def _unit(texts: pa.Array) -> str:
    if pc.mean(pc.cast(pc.ends_with(texts, "%"), pa.float64())).as_py() > 0.5:
        return "%"
    return "money" if currencies(texts) else ""


def _readings(texts: pa.Array, unit: str) -> tuple[Style, ...]:
    """The simplest style for each decimal sign that reads the most texts; one style where the sign does not matter."""
    styles, _ = styles_of(texts, unit)
    if not pc.any(pc.match_substring_regex(texts, r"\d[.,]\d")).as_py():
        return tuple(styles[:1])
    first: dict[str, Style] = {}
    for style in styles:
        first.setdefault(style.decimal, style)
    return tuple(first.values())
