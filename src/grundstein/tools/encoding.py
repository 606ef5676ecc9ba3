"""Room tools. In: a table of any columns -> Out: Encoder, which writes one row and a whole batch as the same numbers.

Two forms: `matrix` for linear models (standardised numbers, one column a level) and `tree_matrix` for trees (numbers as
they are, NaN kept, levels as codes). Whatever a value becomes depends on that value and on the encoder alone, so a row
that is answered by itself gets bit for bit what it would get in a batch.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.columns import NUMERIC, as_instants, as_numbers, as_texts, cast, column_of, floats
from grundstein.tools.encoding_features import Feature, Kind
from grundstein.tools.encoding_linear import SLACK, Layout, tamed, unit_of
from grundstein.tools.encoding_raw import Reader, days_of
from grundstein.tools.encoding_trees import TreeLayout
from grundstein.tools.textcolumns import fit_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.tools.encoding_raw import Raw

    Floats = NDArray[np.float64]

MOST_LEVELS = 40
LEVEL_COLUMNS = 3_000
TEXT_COLUMNS = 400
MOST_BENT = 300
BLOCK, CELLS = 8_192, 1_000_000
ID_NAME = re.compile(r"(^|[_\W])(id|nr|no|key|uuid|guid|nummer|number|pid)$|[a-z]I[dD]$", re.IGNORECASE)


@dataclass(frozen=True)
class Encoder:
    """Columns as numbers. `left_out` names each column that carries nothing, with the reason."""

    features: tuple[Feature, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: pa.Table, columns: Sequence[str], clock: str = "", bends: int = 3) -> Encoder:
        """Learn the state of `columns` from a table; `clock` is the column that a split in time is cut by.

        `bends` per number let a linear model follow a curve; tables of very many columns get none.
        """
        kinds, left_out = _kinds(table, columns)
        categories = sum(kind == "category" for kind in kinds.values())
        texts = sum(kind == "text" for kind in kinds.values())
        levels = max(2, min(MOST_LEVELS, LEVEL_COLUMNS // max(categories, 1)))
        terms = max(20, TEXT_COLUMNS // max(texts, 1))
        bends = bends if len(kinds) - categories <= MOST_BENT else 0
        made = {
            "number": lambda name: _number(name, as_numbers(table, name), bends),
            "moment": lambda name: _moment(name, table, name != clock),
            "category": lambda name: _category(name, as_texts(table, name), levels),
            "text": lambda name: Feature(name, "text", terms=fit_terms(as_texts(table, name).to_pylist(), terms)),
        }
        return cls(tuple(made[kind](name) for name, kind in kinds.items()), left_out)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of `matrix`, readable: `tenure`, `Contract = Two year`."""
        return tuple(name for feature in self.features for name in feature.names)

    @cached_property
    def tree_names(self) -> tuple[str, ...]:
        """The columns of `tree_matrix`."""
        return tuple(name for feature in self.features for name in feature.tree_names)

    @property
    def coded(self) -> tuple[int, ...]:
        """Positions of the columns of `tree_matrix` that hold codes of levels."""
        kinds = [feature.kind for feature in self.features for _ in feature.tree_names]
        return tuple(position for position, kind in enumerate(kinds) if kind == "category")

    @cached_property
    def reader(self) -> Reader:
        """What reads the columns that are needed."""
        return Reader(self.features)

    @cached_property
    def layout(self) -> Layout:
        """Where columns stand in `matrix`."""
        return Layout(self.features)

    @cached_property
    def trees(self) -> TreeLayout:
        """Where columns stand in `tree_matrix`."""
        return TreeLayout(self.features)

    def matrix(self, table: pa.Table) -> Floats:
        """Return float64 of shape (rows, len(names)), no NaN; an unseen level is zeros, a missing number its mean.

        Refused where a column is missing or cannot be read as what it was.
        """
        return self._filled(table, len(self.names), self.layout.fill)

    def tree_matrix(self, table: pa.Table) -> Floats:
        """Return float64 of shape (rows, len(tree_names)): NaN for missing, levels as 0, 1, ... and rarer ones last."""
        return self._filled(table, len(self.tree_names), self.trees.fill)

    def blocks(self, table: pa.Table, width: int = 0) -> Iterator[tuple[slice, Raw]]:
        """Read a table in blocks of rows, few enough for the processor's cache; `width` columns are worked on."""
        rows = max(256, min(BLOCK, CELLS // max(width, len(self.names), 1)))
        for start in range(0, max(table.num_rows, 1), rows):
            part = table.slice(start, rows)
            yield slice(start, start + part.num_rows), self.reader.table(part)

    def _filled(self, table: pa.Table, width: int, fill: Callable[[Raw, Floats], None]) -> Floats:
        filled = np.zeros((table.num_rows, width))
        for rows, raw in self.blocks(table):
            fill(raw, filled[rows])
        return filled

    def save(self, path: Path) -> None:
        """Write the state as one JSON file; the same state writes the same bytes."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Encoder:
        """Read what `save` wrote."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(Feature.restored(state) for state in plain["features"]), plain["left_out"])


def _kinds(table: pa.Table, columns: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    found = {name: _kind(name, column_of(table, name)) for name in columns}
    kinds = {name: kind for name, kind in found.items() if kind in get_args(Kind)}
    return kinds, {name: reason for name, reason in found.items() if name not in kinds}


def _kind(name: str, column: pa.ChunkedArray) -> str:
    """Return the kind of a column, or the reason to leave it out: `empty`, `constant`, `id`, `unreadable`."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if column.null_count == len(column) or pa.types.is_null(kind):
        return "empty"
    if any(is_kind(kind) for is_kind in NUMERIC):
        return _kind_of_number(name, column, pa.types.is_integer(kind))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "constant" if _constant(column) else "moment"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _kind_of_text(column)
    return "unreadable"


def _constant(column: pa.ChunkedArray) -> bool:
    return column.null_count == 0 and len(pc.unique(column)) <= 1


def _kind_of_number(name: str, column: pa.ChunkedArray, whole: bool) -> str:
    numbers = floats(cast(column, pa.float64()))
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return "empty"
    distinct = np.unique(finite)
    if len(distinct) == 1 and len(finite) == len(numbers):
        return "constant"
    if whole and len(distinct) == len(finite) >= 50:
        dense = distinct[-1] - distinct[0] < 1.5 * len(distinct)
        return "id" if dense or ID_NAME.search(name) else "number"
    return "number"


def _kind_of_text(column: pa.ChunkedArray) -> str:
    counts = pc.value_counts(cast(column, pa.string()).drop_null())
    rows, distinct = len(column) - column.null_count, len(counts)
    if distinct == 1:
        return "constant" if column.null_count == 0 else "category"
    if distinct <= 20 or distinct <= 0.2 * rows:
        return "category"
    texts = counts.field("values")[:2_000].to_pylist()
    if sum(len(text.split()) for text in texts) >= 3 * len(texts):
        return "text"
    return "id" if distinct > 0.5 * rows else "category"


def _number(name: str, numbers: Floats, bends: int = 0) -> Feature:
    """Standardise inside bounds a little wider than 98 % of the values."""
    seen = numbers[~np.isnan(numbers)]
    low, high = (float(q) for q in np.quantile(seen, (0.01, 0.99)))
    slack = SLACK * (high - low)
    low, high = (low - slack, high + slack) if slack else (float(seen.min()), float(seen.max()))
    inside = tamed(seen, low, high, unit_of(low, high))
    spread = float(inside.std())
    curve = tuple(_bends(inside, bends)) if bends else ()
    return Feature(name, "number", len(seen) < len(numbers), float(inside.mean()), spread or 1.0, low, high, curve)


def _bends(inside: Floats, most: int) -> Iterable[tuple[float, float]]:
    """Bend at quantiles; a number of few values at the inner ones. Each comes with the spread of what lies above."""
    values = np.unique(inside)
    shares = np.arange(1, most + 1) / (most + 1)
    places = values[1:-1] if len(values) <= most + 2 else np.unique(np.quantile(inside, shares))
    for place in places[(places > values[0]) & (places < values[-1])]:
        yield float(place), float(np.maximum(inside - place, 0.0).std()) or 1.0


def _moment(name: str, table: pa.Table, elapsed: bool) -> Feature:
    days = _number(name, days_of(as_instants(table, name)))
    hours = pa.types.is_timestamp(column_of(table, name).type)
    return Feature(
        name, "moment", days.missing, days.centre, days.spread, days.low, days.high, elapsed=elapsed, hours=hours
    )


def _category(name: str, texts: pa.ChunkedArray, most: int) -> Feature:
    """Levels in order of how often they occur, then of the alphabet; those seen hardly ever share one column."""
    counted = pc.value_counts(texts.drop_null()).to_pylist()
    ordered = sorted(((entry["counts"], entry["values"]) for entry in counted), key=lambda pair: (-pair[0], pair[1]))
    enough = max(2, math.ceil(0.001 * len(texts)))
    levels = tuple(text for count, text in ordered[:most] if count >= enough)
    return Feature(name, "category", texts.null_count > 0, levels=levels, other=len(levels) < len(ordered))
