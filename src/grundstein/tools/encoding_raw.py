"""Room tools. In: columns of a table, or one question of typed values -> Out: Raw, plain arrays of both alike.

What Arrow and Python do to a value differs; what comes after does not, so this is the only place where a row and a
batch go different ways. A value of a type that is not read here goes through a table of one row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tools.columns import as_instants, as_numbers, as_texts, floats
from grundstein.tools.textcolumns import weigh_terms
from grundstein.tools.typed import one_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.tools.encoding_features import Feature

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

DAY_US = 86_400_000_000.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PARTS = {"month": pc.month, "weekday": pc.day_of_week, "hour": pc.hour}
ABSENT = -1


@dataclass(frozen=True)
class Raw:
    """Values feature by feature, one column a row of the table.

    `values`: numbers and days since 1970, NaN where missing; `parts`: month, weekday and hour of each moment and
    `codes`: the position of each level (as many as there are levels: none of them), both -1 where missing; `terms`:
    the weights of each text column's terms, row by row.
    """

    values: Floats
    parts: Codes
    codes: Codes
    terms: tuple[Floats, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.values.shape[1]


@dataclass(frozen=True)
class Reader:
    """Reads the features' columns."""

    features: tuple[Feature, ...]

    @cached_property
    def scaled(self) -> list[Feature]:
        """Numbers and moments in their order."""
        return [feature for feature in self.features if feature.scaled]

    @cached_property
    def moments(self) -> list[Feature]:
        """Moments in their order."""
        return [feature for feature in self.features if feature.kind == "moment"]

    @cached_property
    def categories(self) -> list[tuple[Feature, dict[str, int]]]:
        """Categories in their order, with the position of each level."""
        found = [feature for feature in self.features if feature.kind == "category"]
        return [(feature, {level: place for place, level in enumerate(feature.levels)}) for feature in found]

    @cached_property
    def texts(self) -> list[Feature]:
        """Texts in their order."""
        return [feature for feature in self.features if feature.kind == "text" and feature.terms]

    @cached_property
    def parts(self) -> list[tuple[str, int]]:
        """The parts of all moments with their lengths, as in `Raw.parts`."""
        return [part for feature in self.moments for part in feature.parts]

    def table(self, table: pa.Table) -> Raw:
        """Read a table; Refused where a column is missing or cannot be read as what it was."""
        rows = table.num_rows
        values, parts = np.empty((len(self.scaled), rows)), np.empty((len(self.parts), rows), dtype=np.int64)
        at = 0
        for place, feature in enumerate(self.scaled):
            if feature.kind == "number":
                values[place] = as_numbers(table, feature.name)
                continue
            instants = as_instants(table, feature.name)
            values[place] = days_of(instants)
            for part, _ in feature.parts:
                parts[at] = _part(instants, part)
                at += 1
        codes = np.empty((len(self.categories), rows), dtype=np.int64)
        for place, (feature, _) in enumerate(self.categories):
            codes[place] = _codes(feature, as_texts(table, feature.name))
        weights = [weigh_terms(f.terms, as_texts(table, f.name).to_pylist()) for f in self.texts if f.terms]
        return Raw(values, parts, codes, tuple(weights))

    def question(self, question: Mapping[str, Any]) -> Raw:
        """Read one question of typed values: str, int, float, bool, Decimal, date, datetime or None."""
        try:
            values, parts = self._values(question)
            codes = [_code(feature, levels, question[feature.name]) for feature, levels in self.categories]
            weights = [weigh_terms(f.terms, [text_of(f.name, question[f.name])]) for f in self.texts if f.terms]
        except KeyError as missing:
            name = str(missing.args[0])
            raise Refused(f'the column "{name}" is missing', nearest(name, question), "bring it along") from None
        columns = np.array(values)[:, None], np.array(parts, dtype=np.int64)[:, None]
        return Raw(*columns, np.array(codes, dtype=np.int64)[:, None], tuple(weights))

    def _values(self, question: Mapping[str, Any]) -> tuple[list[float], list[int]]:
        values: list[float] = []
        parts: list[int] = []
        for feature in self.scaled:
            value = question[feature.name]
            if feature.kind == "number":
                values.append(number_of(feature.name, value))
                continue
            moment = _moment(feature.name, value)
            values.append(math.nan if moment is None else _days(moment))
            parts += _parts(feature, moment)
        return values, parts


def days_of(instants: pa.ChunkedArray) -> Floats:
    """Days since 1970, NaN where missing."""
    return floats(pc.cast(pc.cast(instants, pa.int64()), pa.float64(), safe=False)) / DAY_US


def _part(instants: pa.ChunkedArray, part: str) -> Codes:
    return np.asarray(pc.fill_null(pc.cast(PARTS[part](instants), pa.int64()), ABSENT))


def _codes(feature: Feature, texts: pa.ChunkedArray) -> Codes:
    found = pc.index_in(texts, value_set=pa.array(feature.levels, pa.string()))
    codes = np.array(pc.fill_null(found, len(feature.levels)).to_numpy(), dtype=np.int64, copy=True)
    if texts.null_count:
        codes[pc.is_null(texts).to_numpy()] = ABSENT
    return codes


def number_of(name: str, value: Any) -> float:
    """Return one value as `as_numbers` reads a column of it."""
    if value is None:
        return math.nan
    kind = type(value)
    if kind is float or (kind is int and -(2**63) <= value < 2**63) or kind is bool:
        number = float(value)
        return number if math.isfinite(number) else math.nan
    return float(as_numbers(one_row({name: value}), name)[0])


def _moment(name: str, value: Any) -> datetime | None:
    if value is None:
        return None
    kind = type(value)
    if kind is datetime:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if kind is date:
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return _moment(name, as_instants(one_row({name: value}), name)[0].as_py())


def _days(moment: datetime) -> float:
    since = moment - EPOCH
    return float((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) / DAY_US


def _parts(feature: Feature, moment: datetime | None) -> Sequence[int]:
    if moment is None:
        return [ABSENT] * len(feature.parts)
    return [moment.month, moment.weekday(), moment.hour][: len(feature.parts)]


def _code(feature: Feature, levels: Mapping[str, int], value: Any) -> int:
    text = text_of(feature.name, value)
    return ABSENT if text is None else levels.get(text, len(levels))


def text_of(name: str, value: Any) -> str | None:
    """Return one value as `as_texts` reads a column of it."""
    if value is None or type(value) is str:
        return value
    if type(value) is int and -(2**63) <= value < 2**63:
        return str(value)
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is date:
        return value.isoformat()
    text: str | None = as_texts(one_row({name: value}), name)[0].as_py()
    return text
