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

from grundstein.lake.contracts.casting import is_missing, read_column, style_of
from grundstein.tools.typed import arrow_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.contract import Column

DIGITS = 18
MOST = 100_000
SECOND = 1_000_000
LONG, YEAR_1000 = 19, int(np.datetime64("1000-01-01", "us").astype(np.int64))
MANY = 5_000
SURE = np.arange(256) > ord(" ")
SURE[[0xC2, 0xE1, 0xE2, 0xE3]] = False
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
        if self.column.type == "text":
            return self._texts(texts, np.flatnonzero(~_plain(texts, self.column))), np.empty(0, np.int64)
        quick = self._quick(texts)
        plain = _plain(texts, self.column) if quick is None else quick[0]
        rest = np.flatnonzero(~plain)
        values = self._cast(_only(texts, plain) if len(rest) else texts) if quick is None else quick[1]
        bad = np.flatnonzero(plain & np.asarray(values.is_null())) if values.null_count > len(rest) else rest[:0]
        if len(rest):
            odd, wrong = self._slow(texts.take(pa.array(rest)))
            bad = np.sort(np.concatenate([rest[wrong], bad]))
            if odd.null_count < len(odd):
                values = pc.replace_with_mask(values, pa.array(~plain), odd)
        return values, bad

    def _texts(self, texts: pa.Array, rest: NDArray[np.int64]) -> pa.Array:
        """Texts are values as they are, unless they are missing; `rest` may be."""
        if not len(rest):
            return texts
        there = np.ones(len(texts), np.bool_)
        there[rest] = ~is_missing(texts.take(pa.array(rest)), self.column)
        return texts if there.all() else _only(texts, there)

    def _quick(self, texts: pa.Array) -> tuple[NDArray[np.bool_], pa.Array] | None:
        """Which texts are plain, and the values, by the engine's cast and a look at the bytes; None where in doubt."""
        plain = instants_alike(texts) if self.column.type == "instant" else numbers_alike(texts, self.column)
        if plain is None:
            return None
        plain = plain & ~_marked(texts, self.column)
        there = texts if plain.all() else _only(texts, plain)
        try:
            if self.column.type != "instant":
                return plain, self._cast(there)
            naive = pc.cast(there, pa.timestamp("us"))
        except pa.ArrowInvalid:
            return None
        first = pc.min(naive.cast(pa.int64())).as_py()
        return None if first is None or first < YEAR_1000 else (plain, _in_zone(naive, self.timezone))

    def _slow(self, texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
        typed = read_column(texts, self.column, self.timezone)
        return typed, np.flatnonzero(np.asarray(typed.is_null()) & ~is_missing(texts, self.column))

    def _cast(self, texts: pa.Array) -> pa.Array:
        column = self.column
        if column.type == "instant":
            return _in_zone(pc.cast(texts, pa.timestamp("us")), self.timezone)
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


def _in_zone(naive: pa.Array, timezone: str) -> pa.Array:
    """As `in_zone`, at half the price: a time that the clocks skip comes out just before the jump, off the second."""
    found = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="earliest")
    found = found.cast(pa.timestamp("us", "UTC"))
    moved = pc.subtract(found.cast(pa.int64()), naive.cast(pa.int64())).fill_null(0)
    skipped = np.asarray(moved) % SECOND != 0
    return pc.if_else(pa.array(skipped), pa.scalar(None, found.type), found) if skipped.any() else found


def _only(texts: pa.Array, there: NDArray[np.bool_]) -> pa.Array:
    """Texts where they are there, else null; no text is copied."""
    if texts.offset or texts.null_count:
        return pc.if_else(pa.array(there), texts, pa.scalar(None, pa.string()))
    valid = pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.string(), len(texts), [valid, *texts.buffers()[1:]])


def _plain(texts: pa.Array, column: Column) -> NDArray[np.bool_]:
    """Where a text is written in the one way that the engine's cast reads as the house does."""
    marks = [mark.strip() for mark in column.source.get("missing", "").split("\n") if mark.strip()]
    if column.type == "text":
        plain = printed(texts)
        odd = pc.match_substring_regex(texts, r"\s$") if marks else None
    else:
        plain, odd = np.asarray(pc.fill_null(pc.match_substring_regex(texts, _pattern(column)), False)), None
    if marks:
        marked = pc.is_in(texts, pa.array(marks, pa.string()))
        plain = plain & ~np.asarray(marked if odd is None else pc.or_(marked, odd))
    return plain


def printed(texts: pa.Array) -> NDArray[np.bool_]:
    """Where a text begins with a character that is surely no blank; False where in doubt."""
    if texts.offset or texts.null_count or not len(texts):
        return np.zeros(len(texts), np.bool_)
    at = np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    if not len(data):
        return np.zeros(len(texts), np.bool_)
    return (np.diff(at) > 0) & SURE[data[np.minimum(at[:-1], len(data) - 1)]]


def instants_alike(texts: pa.Array) -> NDArray[np.bool_] | None:
    """Where there is a text, if each has the 19 characters of a day and a time to the second; None where not.

    The engine reads only such a day and time from 19 characters, and only days and times that there are.
    """
    if texts.offset or texts.null_count or not len(texts):
        return None
    size = np.diff(np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1])
    there = size == LONG
    return there if there.any() and np.all(there | (size == 0)) else None


def numbers_alike(texts: pa.Array, column: Column) -> NDArray[np.bool_] | None:
    """Where a text is a plain number, by its bytes: few enough digits, at most one decimal mark among them.

    The rare texts with other characters are held against the pattern; None where those are many, or marks stand
    otherwise. That there are not two marks in a text is left to the cast, which refuses them.
    """
    style = style_of(column)
    if texts.offset or texts.null_count or not len(texts) or style.thousands or style.unit == "%":
        return None
    if len(style.decimal) != 1 or not style.decimal.isascii():
        return None
    at = np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[: at[-1]]
    if not len(data) or at[0]:
        return None
    size, whole = np.diff(at), column.type == "integer"
    most = DIGITS if whole else 15 if column.type == "number" else DIGITS - column.scale
    plain, usual = (size > 0) & (size <= most), data - np.uint8(48) <= 9
    if not whole:
        marks = data == ord(style.decimal)
        first, last = marks[np.minimum(at[:-1], len(data) - 1)], marks[at[1:] - 1]
        plain, usual = plain & ~first & ~last, usual | marks
    odd = np.unique(np.searchsorted(at, np.flatnonzero(~usual), "right") - 1)
    plain[odd] = False
    if plain.sum() * 4 < len(plain) * 3 or (column.type == "decimal" and not _few_decimals(marks, at, plain, column)):
        return None
    if len(odd):
        plain[odd] = np.asarray(pc.match_substring_regex(texts.take(pa.array(odd)), _pattern(column)))
    return plain


def _few_decimals(marks: NDArray[np.bool_], at: NDArray[np.int32], plain: NDArray[np.bool_], column: Column) -> bool:
    """Whether no plain text has more digits behind its decimal mark than the column has."""
    begin, end = at[:-1][plain], at[1:][plain]
    near = np.zeros(len(end), np.bool_)
    for places in range(1, column.scale + 1):
        near |= (end - 1 - places > begin) & marks[np.maximum(end - 1 - places, 0)]
    others = np.flatnonzero(~plain)
    elsewhere = sum(int(marks[at[n] : at[n + 1]].sum()) for n in others) if len(others) < MANY else -1
    return int(near.sum()) == int(marks.sum()) - elsewhere


def _marked(texts: pa.Array, column: Column) -> NDArray[np.bool_] | np.bool_:
    """Where a text of digits is one that the source calls missing."""
    marks = [mark.strip() for mark in column.source.get("missing", "").split("\n")]
    marks = [mark for mark in marks if re.search(r"\d", mark)]
    return np.asarray(pc.is_in(texts, pa.array(marks, pa.string()))) if marks else np.bool_(False)


def _pattern(column: Column) -> str:
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
