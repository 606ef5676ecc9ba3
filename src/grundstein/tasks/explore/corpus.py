"""Room tasks. In: a table of documents -> Out: Corpus, ids, titles, texts, years and keywords as plain lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.tools.columns import NUMERIC, as_instants, as_texts, column_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.explore.options import Plan

NO_YEAR = -1
YEARS = (1000, 3000)
BETWEEN = re.compile(r"[;|]")
LONGEST_TITLE = 300


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents in the order of the table; `years` is -1 where none is known."""

    ids: list[str]
    titles: list[str]
    texts: list[str]
    years: NDArray[np.int64]
    keywords: list[list[str]]

    @property
    def whole(self) -> list[str]:
        """Title and text of each document."""
        return [f"{title}\n\n{text}" for title, text in zip(self.titles, self.texts, strict=True)]


def corpus_of(rows: pa.Table, plan: Plan) -> Corpus:
    """Read documents; Refused where a column is missing or two documents have one id."""
    ids = [text or "" for text in as_texts(rows, plan.id).to_pylist()]
    twice = len(ids) - len(set(ids))
    if twice or "" in ids:
        raise Refused(
            f'"{plan.id}" names {twice:,} documents twice' if twice else f'"{plan.id}" is empty in some rows',
            "one id a document",
            "name another column in `id`",
        )
    titles = [one[:LONGEST_TITLE] for one in _joined(rows, plan.title, " – ")]
    return Corpus(ids, titles, _joined(rows, plan.text, "\n\n"), years_of(rows, plan.time), _keywords(rows, plan))


def years_of(rows: pa.Table, time: str) -> NDArray[np.int64]:
    """The year of each row: of a date, an instant, a number or a text that begins with one; -1 where there is none."""
    nothing = np.full(rows.num_rows, NO_YEAR, dtype=np.int64)
    if time in ("", "_row"):
        return nothing
    kind = column_of(rows, time).type
    if any(is_kind(kind) for is_kind in NUMERIC) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        found = pc.struct_field(pc.extract_regex(as_texts(rows, time), r"^\s*(?P<year>[12]\d{3})(?:\D|$)"), "year")
        years = pc.cast(found, pa.int64())
    else:
        years = pc.year(as_instants(rows, time))
    told = np.asarray(pc.fill_null(years, NO_YEAR), dtype=np.int64)
    return np.where((told >= YEARS[0]) & (told < YEARS[1]), told, nothing)


def _joined(rows: pa.Table, columns: Sequence[str], between: str) -> list[str]:
    if not columns:
        return [""] * rows.num_rows
    parts = [pc.fill_null(as_texts(rows, name), "").to_pylist() for name in columns]
    return [between.join(part.strip() for part in row if part.strip()) for row in zip(*parts, strict=True)]


def _keywords(rows: pa.Table, plan: Plan) -> list[list[str]]:
    if not plan.keywords:
        return [[] for _ in range(rows.num_rows)]
    written = pc.fill_null(as_texts(rows, plan.keywords), "").to_pylist()
    return [[word.strip() for word in BETWEEN.split(one) if word.strip()] for one in written]
