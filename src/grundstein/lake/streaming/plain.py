"""Room lake. In: texts of one column -> Out: the values that `contracts.casting` gives, fast where texts are plain.

A text is plain where a pattern says that the engine's own cast gives the house's value; every other text goes through
`read_column`. So both ways agree by construction, and what is slow is only what is unusual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.lake.contracts.casting import arrow_type, is_missing, read_column, style_of
from grundstein.lake.reading.dates import in_zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.contract import Column

DIGITS = 18
MOST = 100_000
PRINTED = r"^[!-~]"
DAY = r"[1-9]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
INSTANT = rf"^{DAY}[ T](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{{1,6}})?$"


@dataclass
class Reader:
    """Reads one column, part after part; remembers the texts of columns that have few different ones."""

    column: Column
    timezone: str
    known: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    values: pa.Array | None = None

    def read(self, texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
        """Return the values, and the positions of texts that are no value of the column's type and not missing."""
        if self.column.type in ("date", "boolean"):
            return self._remembered(texts)
        plain = _plain(texts, self.column)
        if pc.all(plain, min_count=0).as_py():
            values = self._cast(texts)
            return values, np.flatnonzero(np.asarray(values.is_null()))
        rest = np.flatnonzero(~np.asarray(plain))
        odd, bad = self._slow(texts.take(pa.array(rest)))
        values = self._cast(pc.if_else(plain, texts, pa.scalar(None, pa.string())))
        skipped = np.flatnonzero(np.asarray(pc.and_(plain, values.is_null())))
        return pc.replace_with_mask(values, pc.invert(plain), odd), np.sort(np.concatenate([rest[bad], skipped]))

    def _slow(self, texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
        typed = read_column(texts, self.column, self.timezone)
        return typed, np.flatnonzero(np.asarray(typed.is_null()) & ~is_missing(texts, self.column))

    def _cast(self, texts: pa.Array) -> pa.Array:
        column = self.column
        if column.type == "text":
            return texts
        if column.type == "instant":
            return in_zone(pc.cast(texts, pa.timestamp("us")), self.timezone)
        style = style_of(column)
        if style.thousands:
            texts = pc.replace_substring(texts, style.thousands, "")
        if style.decimal != "." and column.type != "integer":
            texts = pc.replace_substring(texts, style.decimal, ".")
        return pc.cast(texts, arrow_type(column))

    def _remembered(self, texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
        """Look texts up among those read before; the others are read, and the good ones of them remembered."""
        if self.values is None:
            self.values = pa.array([], arrow_type(self.column))
        found = pc.index_in(texts, value_set=self.known)
        new = np.flatnonzero(np.asarray(found.is_null()))
        if not len(new):
            return self.values.take(found), new
        fresh = texts.take(pa.array(new)).dictionary_encode(null_encoding="encode")
        typed, bad = self._slow(fresh.dictionary)
        codes = fresh.indices
        odd = typed.take(codes)
        wrong = new[np.isin(np.asarray(codes), bad)] if len(bad) else np.empty(0, np.int64)
        values = pc.replace_with_mask(self.values.take(found), found.is_null(), odd)
        if len(self.known) + len(typed) <= MOST:
            good = pa.array(np.setdiff1d(np.arange(len(typed)), bad))
            self.known = pa.concat_arrays([self.known, fresh.dictionary.take(good)])
            self.values = pa.concat_arrays([self.values, typed.take(good)])
        return values, wrong


def _plain(texts: pa.Array, column: Column) -> pa.Array:
    """Where a text is written in the one way that the engine's cast reads as the house does; never null."""
    plain = pc.match_substring_regex(texts, _pattern(column))
    marks = [mark.strip() for mark in column.source.get("missing", "").split("\n") if mark.strip()]
    if marks:
        plain = pc.and_not(plain, pc.is_in(texts, pa.array(marks, pa.string())))
        if column.type == "text":
            plain = pc.and_not(plain, pc.match_substring_regex(texts, r"\s$"))
    return pc.fill_null(plain, False)


def _pattern(column: Column) -> str:
    if column.type == "text":
        return PRINTED
    if column.type == "instant":
        return INSTANT
    style = style_of(column)
    if style.unit == "%":
        return r"^\b$"
    decimals = {"number": 15, "decimal": column.scale}.get(column.type, 0)
    part = rf"(?:{re.escape(style.decimal)}\d{{1,{decimals}}})?" if decimals else ""
    most = DIGITS - column.scale if column.type == "decimal" else 15 if column.type == "number" else DIGITS
    whole = rf"\d{{1,{most}}}"
    if style.thousands:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(style.thousands)}\d{{3}}){{1,{most // 3 - 1}}}|{whole})"
    return rf"^-?{whole}{part}$"
