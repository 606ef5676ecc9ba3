"""Room tasks. In: rows -> Out: their texts, and Reader, which writes texts and other columns as sparse rows."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from copy import copy
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tools.columns import NUMERIC, as_numbers, as_texts, column_of
from grundstein.tools.encoding_raw import number_of, text_of
from grundstein.tools.mailtext import plain
from grundstein.tools.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import scipy.sparse as sp

    from grundstein.tasks.categorize.options import Plan

MOST_SIGNS = 50_000
TENTHS = np.arange(1, 10) / 10


@dataclass(frozen=True)
class Signs:
    """One column of zeros and ones a value of each other column; a number by the tenth of development it lies in."""

    columns: tuple[str, ...]
    cuts: tuple[tuple[float, ...], ...]
    values: tuple[str, ...]

    @property
    def weight(self) -> float:
        """What each value weighs."""
        return float(1 / np.sqrt(max(len(self.columns), 1)))

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each value."""
        return {value: place for place, value in enumerate(self.values)}

    @classmethod
    def fit(cls, rows: pa.Table, columns: Sequence[str]) -> Self:
        """Learn the values that came at least twice, the most frequent 50,000."""
        cuts = tuple(_cuts(rows, name) for name in columns)
        first = cls(tuple(columns), cuts, ())
        counted = pc.value_counts(pa.array([one for column in first._said(rows) for one in column if one], pa.string()))
        pairs = sorted((-each["counts"].as_py(), each["values"].as_py()) for each in counted)
        return cls(tuple(columns), cuts, tuple(value for count, value in pairs[:MOST_SIGNS] if count < -1))

    def matrix(self, rows: pa.Table) -> sp.csr_matrix:
        """Return shape (rows, values); the values of a row have length 1 together."""
        from scipy import sparse

        told = [[self.places.get(one, -1) if one else -1 for one in column] for column in self._said(rows)]
        places = np.array(told, dtype=np.int64).reshape(len(self.columns), rows.num_rows).T
        known = places >= 0
        weight = np.full(int(known.sum()), self.weight)
        starts = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
        return sparse.csr_matrix((weight, places[known], starts), shape=(rows.num_rows, len(self.values)))

    def row(self, question: Mapping[str, Any]) -> list[tuple[int, str]]:
        """The places of one question's values, in order, as `matrix` finds them, each with its column's name."""
        said = [(_word(question, name, cuts), name) for name, cuts in zip(self.columns, self.cuts, strict=True)]
        return sorted((self.places[one], name) for one, name in said if one in self.places)

    def _said(self, rows: pa.Table) -> list[list[str | None]]:
        return [_words(rows, name, cuts) for name, cuts in zip(self.columns, self.cuts, strict=True)]


@dataclass(frozen=True, eq=False)
class Reader:
    """Texts as terms, other columns as signs."""

    text: tuple[str, ...]
    terms: Terms
    signs: Signs
    clean: str = ""

    @classmethod
    def fit(cls, plan: Plan, rows: pa.Table) -> tuple[Self, sp.csr_matrix]:
        """Learn from development rows, and write them."""
        from scipy import sparse

        others = [name for name in plan.read if name not in plan.text and name in rows.column_names]
        terms, matrix = Terms.fit(texts_of(rows, plan.text, plan.clean))
        signs = Signs.fit(rows, others)
        return cls(plan.text, terms, signs, plan.clean), sparse.hstack((matrix, signs.matrix(rows)), format="csr")

    def matrix(self, rows: pa.Table) -> sp.csr_matrix:
        """Return the rows as float32 of shape (rows, terms + signs)."""
        from scipy import sparse

        halves = (self.terms.matrix(texts_of(rows, self.text, self.clean)), self.signs.matrix(rows))
        return sparse.hstack(halves, format="csr").astype(np.float32)

    def row(self, question: Mapping[str, Any]) -> sp.csr_matrix:
        """Return one question of typed values as `matrix` writes a table of it, bit for bit.

        Refused where a column is missing.
        """
        columns, data = self.terms.row(text_alone(question, self.text, self.clean))
        signs = [place + len(self.terms) for place, _ in self.signs.row(question)]
        if signs:
            columns = np.concatenate((columns, np.array(signs, np.int32)))
            data = np.concatenate((data, np.full(len(signs), self.signs.weight)))
        row = copy(self.nothing)
        row.data, row.indices, row.indptr = data.astype(np.float32), columns, np.array((0, len(data)), np.int32)
        return row

    @cached_property
    def nothing(self) -> sp.csr_matrix:
        """A row without any term; to copy it is faster than to make one."""
        from scipy import sparse

        return sparse.csr_matrix((1, len(self)), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.terms) + len(self.signs.values)

    def save(self, folder: Path) -> None:
        """Write `terms.npz` and `reader.json`."""
        self.terms.save(folder / "terms.npz")
        about = {"text": self.text, "clean": self.clean, "signs": asdict(self.signs)}
        written = json.dumps(about, ensure_ascii=False, sort_keys=True)
        (folder / "reader.json").write_text(written, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        about = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
        signs = about["signs"]
        cuts = tuple(tuple(one) for one in signs["cuts"])
        made = Signs(tuple(signs["columns"]), cuts, tuple(signs["values"]))
        return cls(tuple(about["text"]), Terms.load(folder / "terms.npz"), made, about.get("clean", ""))


def texts_of(rows: pa.Table, columns: Sequence[str], clean: str = "") -> list[str]:
    """The text of each row: its columns under one another, of a mail what its writer says; a missing one is empty."""
    if not columns:
        return [""] * rows.num_rows
    parts = [pc.fill_null(as_texts(rows, name), "").to_pylist() for name in columns]
    if clean:
        parts = [[plain(text) for text in part] for part in parts]
    return ["\n".join(lines) for lines in zip(*parts, strict=True)]


def text_alone(question: Mapping[str, Any], columns: Sequence[str], clean: str = "") -> str:
    """The text of one question, as `texts_of` reads a table of it."""
    parts = [text_of(name, value_of(question, name)) or "" for name in columns]
    return "\n".join(map(plain, parts) if clean else parts)


def value_of(question: Mapping[str, Any], name: str) -> Any:
    """The value of a column; Refused where the question lacks it."""
    if name not in question:
        raise Refused(f'the column "{name}" is missing', nearest(name, question), "bring it along")
    return question[name]


def _cuts(rows: pa.Table, name: str) -> tuple[float, ...]:
    kind = column_of(rows, name).type
    if not any(is_kind(kind) for is_kind in NUMERIC) or pa.types.is_boolean(kind):
        return ()
    numbers = as_numbers(rows, name)
    seen = numbers[np.isfinite(numbers)]
    return tuple(map(float, np.unique(np.quantile(seen, TENTHS)))) if len(np.unique(seen)) > len(TENTHS) else ()


def _words(rows: pa.Table, name: str, cuts: tuple[float, ...]) -> list[str | None]:
    if cuts:
        numbers = as_numbers(rows, name)
        tenths = np.searchsorted(np.array(cuts), numbers).tolist()
        return [f"{name} in {tenth}" if told else None for tenth, told in zip(tenths, ~np.isnan(numbers), strict=True)]
    return [None if text is None else f"{name} = {text}" for text in as_texts(rows, name).to_pylist()]


def _word(question: Mapping[str, Any], name: str, cuts: tuple[float, ...]) -> str | None:
    value = value_of(question, name)
    if cuts:
        number = number_of(name, value)
        return None if math.isnan(number) else f"{name} in {bisect_left(cuts, number)}"
    text = text_of(name, value)
    return None if text is None else f"{name} = {text}"
