"""Room tasks. In: past choices by key -> Out: Past, the share of each category for a key, backed off to coarser keys.

A key that was seen n times counts as n choices beside `strength` choices of the next coarser one (a Dirichlet prior,
MacKay & Peto 1995). Of a key's own choices each older one counts `decay` as much as the one after it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.columns import as_texts
from grundstein.tools.encoding_raw import text_of
from grundstein.tools.sealing import instants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.core.task import LiveTable
    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]

PART = 2_048
SECONDS = 1.0
SAID = "\x1f"


class Habit(NamedTuple):
    """How past choices count: see the page's head. Only the first `depth` keys are looked at."""

    decay: float
    strength: float
    depth: int = 99


CORRECTED = Habit(0.5, 0.1, 1)


@dataclass(frozen=True, eq=False)
class Level:
    """The choices of one key: its values, and the weight of each category for each."""

    names: tuple[str, ...]
    places: Mapping[str, int]
    counts: sp.csr_matrix
    totals: Floats

    def place(self, question: Mapping[str, Any]) -> int:
        """Where the key of one question of typed values stands; -1 where it has none, or nothing is known of it."""
        parts = [text_of(name, question.get(name)) for name in self.names]
        return -1 if None in parts else self.places.get(SAID.join(map(str, parts)), -1)

    def seen(self, place: int) -> Floats:
        """The weight of each category at one place."""
        start, end = self.counts.indptr[place : place + 2]
        found = np.zeros(self.counts.shape[1])
        found[self.counts.indices[start:end]] = self.counts.data[start:end]
        return found


@dataclass(frozen=True, eq=False)
class Past:
    """All past choices, the most specific key first; `overall` is the share of each category."""

    labels: tuple[str, ...]
    levels: tuple[Level, ...]
    overall: Floats

    def over(self, to: Sequence[str]) -> Past:
        """The same past with the categories `to`, which hold its own."""
        if self.labels == tuple(to):
            return self
        overall = np.zeros(len(to))
        overall[[to.index(label) for label in self.labels]] = self.overall
        return Past(tuple(to), tuple(_widened(level, self.labels, to) for level in self.levels), overall)

    def shares(self, questions: pa.Table, base: Floats, habit: Habit) -> Floats:
        """Return probabilities of shape (rows, labels) out of `base`, by the keys that a row has and that were seen."""
        found = np.array(base, dtype=np.float64)
        for level in reversed(self.levels[: habit.depth]):
            places = _places(level, questions)
            rows = np.flatnonzero(places >= 0)
            if len(rows):
                seen, total = level.counts[places[rows]].toarray(), level.totals[places[rows]][:, None]
                found[rows] = (seen + habit.strength * found[rows]) / (total + habit.strength)
        return found

    def known(self, question: Mapping[str, Any], habit: Habit) -> Iterator[tuple[Level, int]]:
        """Yield the keys that one question has and that were seen, in the order in which `shares` counts them."""
        for level in reversed(self.levels[: habit.depth]):
            place = level.place(question)
            if place >= 0:
                yield level, place


class Now(NamedTuple):
    """The past as it is now, and what people corrected since (None where nobody can), over the same categories."""

    labels: tuple[str, ...]
    past: Past
    corrected: Past | None


@dataclass
class Recent:
    """The past as it stands in live tables: of each table derived again where its version is new."""

    known: dict[str, tuple[str, Past]] = field(default_factory=dict)
    last: tuple[tuple[str, ...], Now] | None = None

    def of(self, live: Mapping[str, LiveTable], plan: Plan, decay: float, own: Sequence[str] = ()) -> Now:
        """Return the past of `rows` (none where it is not in `live`) and of `choices`.

        Over the categories `own`, then those that only past choices know by their names.
        """
        versions = tuple(live[role].version for role in sorted(live))
        if self.last is None or self.last[0] != versions:
            past = self._part("rows", live, plan, decay) or Past((), (), np.zeros(0))
            corrected = self._part("choices", live, plan, CORRECTED.decay)
            told = {label for one in (past, corrected) if one for label in one.labels}
            labels = (*own, *sorted(told - set(own)))
            self.last = versions, Now(labels, past.over(labels), corrected and corrected.over(labels))
        return self.last[1]

    def _part(self, role: str, live: Mapping[str, LiveTable], plan: Plan, decay: float) -> Past | None:
        if role not in live:
            return None
        version = live[role].version
        if self.known.get(role, ("", None))[0] != version:
            self.known[role] = version, past_of(live[role].table(), plan, decay)
        return self.known[role][1]


@dataclass
class Unhurried:
    """A live table that is looked at once a second: to look at its version costs more than an answer."""

    live: LiveTable
    looked: tuple[float, str] = (-math.inf, "")

    @property
    def version(self) -> str:
        """The newest version, a second old at most."""
        if time.monotonic() - self.looked[0] >= SECONDS:
            self.looked = time.monotonic(), self.live.version
        return self.looked[1]

    def table(self) -> pa.Table:
        """The whole table."""
        return self.live.table()

    def since(self, version: str) -> pa.Table:
        """Rows that came after a version."""
        return self.live.since(version)


def unhurried(live: Mapping[str, LiveTable]) -> dict[str, LiveTable]:
    """The same live tables, `rows` looked at once a second; what people say counts with the next answer."""
    return {role: Unhurried(table) if role == "rows" else table for role, table in live.items()}


def keys_of(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """The keys of the case, the most specific first; without any the very same text."""
    return plan.keys or (plan.text,)


def past_of(rows: pa.Table, plan: Plan, decay: float) -> Past:
    """Collect the choices of a table: rows with a category, in the order in which they came."""
    rows = rows.filter(pc.is_valid(labels_of(rows, plan)))
    if plan.time in rows.column_names:
        rows = rows.take(pa.array(np.argsort(instants(rows[plan.time]), kind="stable")))
    names, truth = np.unique(np.array(labels_of(rows, plan).to_pylist(), dtype=str), return_inverse=True)
    labels = tuple(map(str, names))
    there = [key for key in keys_of(plan) if all(name in rows.column_names for name in key)]
    levels = tuple(_level(rows, key, truth, len(labels), decay) for key in there)
    return Past(labels, levels, np.bincount(truth, minlength=len(labels)) / max(len(truth), 1))


def remembered(now: Now, questions: pa.Table, base: Iterator[Floats] | None, habit: Habit) -> Iterator[Floats]:
    """Yield probabilities part by part over the categories of `now`; `base` are others', None for the overall ones.

    A correction counts for the most specific key alone: one supplier's does not move its whole area.
    """
    for start in range(0, questions.num_rows, PART):
        rows = questions.slice(start, PART)
        first = np.tile(now.past.overall, (rows.num_rows, 1)) if base is None else next(base)
        found = now.past.shares(rows, first, habit)
        yield found if now.corrected is None else now.corrected.shares(rows, found, CORRECTED)


def _widened(level: Level, labels: Sequence[str], to: Sequence[str]) -> Level:
    from scipy import sparse

    place = {label: number for number, label in enumerate(to)}
    columns = np.array([place[label] for label in labels], dtype=np.int64)
    counts = sparse.csr_matrix(
        (level.counts.data, columns[level.counts.indices], level.counts.indptr), shape=(level.counts.shape[0], len(to))
    )
    return Level(level.names, level.places, counts, level.totals)


def _level(rows: pa.Table, key: tuple[str, ...], truth: NDArray[np.int64], width: int, decay: float) -> Level:
    from scipy import sparse

    said = _said(rows, key)
    kept = np.flatnonzero(np.array([one is not None for one in said], dtype=np.bool_))
    names, place = np.unique(np.array([said[row] for row in kept], dtype=object), return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(names)))
    age = ends[place[order]] - 1 - np.arange(len(order))
    weight = np.empty(len(order))
    weight[order] = decay**age
    counts = sparse.coo_matrix((weight, (place, truth[kept])), shape=(len(names), width)).tocsr()
    totals = np.asarray(counts @ np.ones(width))
    return Level(key, {str(name): number for number, name in enumerate(names)}, counts, totals)


def _places(level: Level, questions: pa.Table) -> NDArray[np.int64]:
    if not all(name in questions.column_names for name in level.names):
        return np.full(questions.num_rows, -1)
    found = [level.places.get(one, -1) if one is not None else -1 for one in _said(questions, level.names)]
    return np.array(found, dtype=np.int64)


def _said(rows: pa.Table, key: tuple[str, ...]) -> list[str | None]:
    """The key of each row as one text; None where a part of it is missing."""
    columns = [as_texts(rows, name).to_pylist() for name in key]
    return [None if None in parts else SAID.join(parts) for parts in zip(*columns, strict=True)]
