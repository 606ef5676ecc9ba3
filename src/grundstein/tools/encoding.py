"""Room tools. In: a table of any columns -> Out: Encoder, which writes one row and a whole batch as the same numbers.

Two forms: `matrix` for linear models (standardised numbers, one column a level) and `tree_matrix` for trees (numbers as
they are, NaN kept, levels as codes). Whatever a value becomes depends on that value and on the encoder alone, so a row
that is answered by itself gets bit for bit what it would get in a batch.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.columns import NUMERIC, as_instants, as_numbers, as_texts, cast, column_of, floats
from grundstein.tools.textcolumns import TextTerms, fit_terms, weigh_terms

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Kind = Literal["number", "category", "moment", "text"]

MOST_LEVELS = 40
LEVEL_COLUMNS = 3_000
TEXT_COLUMNS = 400
MOST_BENT = 300
SLACK = 0.25
DAY_US = 86_400_000_000.0
ID_NAME = re.compile(r"(^|[_\W])(id|nr|no|key|uuid|guid|nummer|number|pid)$|[a-z]I[dD]$", re.IGNORECASE)


@dataclass(frozen=True)
class Feature:
    """How one column becomes numbers: plain state, found once from development rows.

    `centre`, `spread`, `low`, `high` are of the number (days since 1970 for a moment); `levels` are the texts that
    have a column of their own, `other` whether rarer ones were seen; `missing` whether empty values were seen.
    `bends` are values at which the number's effect may change its slope, each with the spread of what lies above it.
    `elapsed` is false for the clock of a split in time: a later row would always lie outside what was learnt.
    """

    name: str
    kind: Kind
    missing: bool = False
    centre: float = 0.0
    spread: float = 1.0
    low: float = 0.0
    high: float = 0.0
    bends: tuple[tuple[float, float], ...] = ()
    levels: tuple[str, ...] = ()
    other: bool = False
    elapsed: bool = True
    hours: bool = False
    terms: TextTerms | None = None


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

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of `matrix`, readable: `tenure`, `Contract = Two year`."""
        return tuple(name for feature in self.features for name in _linear_names(feature))

    @property
    def tree_names(self) -> tuple[str, ...]:
        """The columns of `tree_matrix`."""
        return tuple(name for feature in self.features for name in _tree_names(feature))

    @property
    def coded(self) -> tuple[int, ...]:
        """Positions of the columns of `tree_matrix` that hold codes of levels."""
        kinds = [feature.kind for feature in self.features for _ in _tree_names(feature)]
        return tuple(position for position, kind in enumerate(kinds) if kind == "category")

    def matrix(self, table: pa.Table) -> Floats:
        """Return float64 of shape (rows, len(names)), no NaN; an unseen level is zeros, a missing number its mean.

        Refused where a column is missing or cannot be read as what it was.
        """
        return self._filled(table, _linear_blocks, len(self.names))

    def tree_matrix(self, table: pa.Table) -> Floats:
        """Return float64 of shape (rows, len(tree_names)): NaN for missing, levels as 0, 1, ... and rarer ones last."""
        return self._filled(table, _tree_blocks, len(self.tree_names))

    def _filled(self, table: pa.Table, blocks: Callable[[Feature, pa.Table], Iterable[Floats]], width: int) -> Floats:
        filled = np.zeros((table.num_rows, width))
        position = 0
        for feature in self.features:
            for block in blocks(feature, table):
                columns = 1 if block.ndim == 1 else block.shape[1]
                filled[:, position : position + columns] = block.reshape(table.num_rows, columns)
                position += columns
        return filled

    def save(self, path: Path) -> None:
        """Write the state as one JSON file; the same state writes the same bytes."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Encoder:
        """Read what `save` wrote."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(_feature(state) for state in plain["features"]), plain["left_out"])


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
    inside = _tamed(seen, low, high)
    spread = float(inside.std())
    curve = tuple(_bends(inside, bends)) if bends else ()
    return Feature(name, "number", len(seen) < len(numbers), float(inside.mean()), spread or 1.0, low, high, curve)


def _tamed(numbers: Floats, low: float, high: float) -> Floats:
    """Let a number beyond its bounds count by the logarithm of its excess, in sixths of their distance.

    A code like 99999999 flattens nothing, and a later value outside all that was seen still counts for more.
    """
    inside = np.clip(numbers, low, high)
    unit = (high - low) * SLACK / (1 + 2 * SLACK) or 1.0
    return inside + np.sign(numbers - inside) * np.log1p(np.abs(numbers - inside) / unit) * unit


def _bends(inside: Floats, most: int) -> Iterable[tuple[float, float]]:
    """Bend at quantiles; a number of few values at the inner ones. Each comes with the spread of what lies above."""
    values = np.unique(inside)
    shares = np.arange(1, most + 1) / (most + 1)
    places = values[1:-1] if len(values) <= most + 2 else np.unique(np.quantile(inside, shares))
    for place in places[(places > values[0]) & (places < values[-1])]:
        yield float(place), float(np.maximum(inside - place, 0.0).std()) or 1.0


def _moment(name: str, table: pa.Table, elapsed: bool) -> Feature:
    days = _number(name, _days(as_instants(table, name)))
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


def _days(instants: pa.ChunkedArray) -> Floats:
    return floats(pc.cast(pc.cast(instants, pa.int64()), pa.float64(), safe=False)) / DAY_US


def _standard(feature: Feature, numbers: Floats) -> list[Floats]:
    """The number, what lies above each bend, and whether it is missing (then all others are 0)."""
    missing = np.isnan(numbers)
    inside = _tamed(numbers, feature.low, feature.high)
    blocks = [(inside - feature.centre) / feature.spread]
    blocks += [np.maximum(inside - place, 0.0) / spread for place, spread in feature.bends]
    for block in blocks:
        block[missing] = 0.0
    return [*blocks, missing.astype(np.float64)] if feature.missing else blocks


def _codes(feature: Feature, table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Position of each level, len(levels) for one that has none; and where the value is missing."""
    texts = as_texts(table, feature.name)
    found = pc.index_in(texts, value_set=pa.array(feature.levels, pa.string()))
    codes = np.array(pc.fill_null(found, len(feature.levels)).to_numpy(), dtype=np.int64, copy=True)
    return codes, pc.is_null(texts).to_numpy()


def _linear_blocks(feature: Feature, table: pa.Table) -> list[Floats]:
    if feature.kind == "number":
        return _standard(feature, as_numbers(table, feature.name))
    if feature.kind == "text" and feature.terms:
        return [weigh_terms(feature.terms, as_texts(table, feature.name).to_pylist())]
    if feature.kind == "moment":
        instants = as_instants(table, feature.name)
        scaled = _standard(feature, _days(instants))
        return [*(scaled if feature.elapsed else scaled[1:]), *_circles(feature, instants)]
    codes, missing = _codes(feature, table)
    shown = len(feature.levels) + feature.other
    block = np.zeros((table.num_rows, shown))
    rows = np.flatnonzero((codes < shown) & ~missing)
    block[rows, codes[rows]] = 1.0
    return [block, missing.astype(np.float64)] if feature.missing else [block]


def _tree_blocks(feature: Feature, table: pa.Table) -> list[Floats]:
    if feature.kind == "number":
        return [as_numbers(table, feature.name)]
    if feature.kind == "text":
        return _linear_blocks(feature, table)
    if feature.kind == "moment":
        instants = as_instants(table, feature.name)
        return [
            *([_days(instants)] if feature.elapsed else []),
            *(_part(instants, part) for part, _ in _parts(feature)),
        ]
    codes, missing = _codes(feature, table)
    numbers = codes.astype(np.float64)
    numbers[missing] = math.nan
    return [numbers]


def _parts(feature: Feature) -> list[tuple[str, int]]:
    return [("month", 12), ("weekday", 7), *([("hour", 24)] if feature.hours else [])]


def _part(instants: pa.ChunkedArray, part: str) -> Floats:
    read = {"month": pc.month, "weekday": pc.day_of_week, "hour": pc.hour}[part]
    return floats(pc.cast(read(instants), pa.float64()))


def _circles(feature: Feature, instants: pa.ChunkedArray) -> Iterable[Floats]:
    """Month, weekday and hour as points on a circle, so that December is beside January; zeros where missing."""
    for part, length in _parts(feature):
        position = np.nan_to_num(_part(instants, part), nan=-1.0).astype(np.int64)
        for turn in (math.sin, math.cos):
            points = np.array([turn(2 * math.pi * (step % length) / length) for step in range(length + 1)] + [0.0])
            yield points[position]


def _linear_names(feature: Feature) -> list[str]:
    empty = [f"{feature.name} is missing"] if feature.missing else []
    if feature.kind == "number":
        return [feature.name, *(f"{feature.name} above {place:.6g}" for place, _ in feature.bends), *empty]
    if feature.kind == "moment":
        circles = [f"{feature.name} {part} {turn}" for part, _ in _parts(feature) for turn in ("sin", "cos")]
        return [*([feature.name] if feature.elapsed else []), *empty, *circles]
    if feature.kind == "text" and feature.terms:
        return [f'{feature.name} has "{term}"' for term in feature.terms.names]
    rest = [f"{feature.name} = (other)"] if feature.other else []
    return [*(f"{feature.name} = {level}" for level in feature.levels), *rest, *empty]


def _tree_names(feature: Feature) -> list[str]:
    if feature.kind == "text":
        return _linear_names(feature)
    if feature.kind == "moment":
        return [
            *([feature.name] if feature.elapsed else []),
            *(f"{feature.name} {part}" for part, _ in _parts(feature)),
        ]
    return [feature.name]


def _feature(state: Mapping[str, object]) -> Feature:
    plain = dict(state)
    terms = plain.pop("terms")
    plain["levels"] = tuple(plain["levels"])  # type: ignore[arg-type]
    plain["bends"] = tuple((place, spread) for place, spread in plain["bends"])  # type: ignore[attr-defined]
    return Feature(**plain, terms=TextTerms.restored(terms) if isinstance(terms, Mapping) else None)  # type: ignore[arg-type]
