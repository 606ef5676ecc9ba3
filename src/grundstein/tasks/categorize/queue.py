"""Room tasks. In: rows without a category and what is known -> Out: the examples that are worth most to be told next.

First those that people dispute, every fifth one that another person told already (so that agreement is measured), else
those of which the model is least sure and that are least like one another (uncertainty sampling, Lewis & Gale 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.tasks.categorize.agreement import items_of
from grundstein.tasks.categorize.answers import ranked
from grundstein.tasks.categorize.reading import texts_of
from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.task import Solution
    from grundstein.tasks.categorize.agreement import Item, Said
    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]

MOST, WIDER = 5_000, 10
KNOWN = 20_000
SECOND = 5
LEAST = 10
DISPUTED, AGAIN, UNSURE, NEW = "disputed", "second opinion", "unsure", "nothing known yet"


@dataclass(frozen=True)
class Example:
    """One item to be told: what names it, its text, why it is asked for, and the categories offered, best first."""

    item: Item
    text: str
    why: str
    offered: tuple[str, ...]


@dataclass(frozen=True)
class Still:
    """Rows as a live table that does not move."""

    rows: pa.Table
    version: str = "known"

    def table(self) -> pa.Table:
        """The whole table."""
        return self.rows

    def since(self, version: str) -> pa.Table:
        """Nothing comes."""
        return self.rows.slice(0, 0) if version == self.version else self.rows


def examples(
    plan: Plan, pool: pa.Table, known: pa.Table, keys: Sequence[str], said: Said, person: str, count: int
) -> list[Example]:
    """Return up to `count` examples for a person; the same tables give the same ones.

    `pool` are rows without a category, `known` those with one, `said` what people told so far.
    """
    items = items_of(pool, keys)
    mine = np.array([person in said.get(item, {}) for item in items], dtype=np.bool_)
    others = [said.get(item, {}) for item in items]
    disputed = [n for n, one in enumerate(others) if not mine[n] and len(set(one.values())) > 1]
    again = [n for n, one in enumerate(others) if not mine[n] and len(one) == 1]
    fresh = [n for n, one in enumerate(others) if not one][-MOST:]
    offered, doubt = _offered(plan, pool, known)
    order = _diverse(plan, pool, np.array(fresh, dtype=np.int64), doubt, count) if fresh else []
    chosen = [(n, DISPUTED) for n in disputed[: max(count // 4, 1)]]
    why = UNSURE if offered else NEW
    waiting = [(n, AGAIN) for n in again]
    for n in order:
        if len(chosen) % SECOND == SECOND - 1 and waiting:
            chosen.append(waiting.pop(0))
        chosen.append((n, why))
    chosen = [*chosen, *waiting][:count]
    texts = texts_of(pool.take(pa.array([n for n, _ in chosen], pa.int64())), plan.text, plan.clean)
    return [
        Example(items[n], text, reason, offered[n] if offered else ())
        for (n, reason), text in zip(chosen, texts, strict=True)
    ]


def _offered(plan: Plan, pool: pa.Table, known: pa.Table) -> tuple[list[tuple[str, ...]], Floats]:
    """The best categories of each row and how unsure they are; nothing where too little is known to learn from."""
    solution = _learnt(plan, known)
    if solution is None or not pool.num_rows:
        return [], np.ones(pool.num_rows)
    answers = solution.answer(pool.drop_columns([plan.target]), {"rows": Still(known)})
    found = ranked(answers)
    labels = [label.to_pylist() for label, _ in found]
    second = found[1][1] if len(found) > 1 else np.zeros(pool.num_rows)
    return list(zip(*labels, strict=True)), 1.0 - (found[0][1] - second)


def _learnt(plan: Plan, known: pa.Table) -> Solution | None:
    from grundstein.tasks.categorize.solutions import Memory, Text

    if known.num_rows < LEAST or len(pc.unique(labels_of(known, plan))) < 2:
        return None
    made: Solution = Text(plan) if plan.text else Memory(plan)
    try:
        return made.fit({"rows": known.slice(max(known.num_rows - KNOWN, 0))}, 0)
    except (Refused, ValueError):
        return None


def _diverse(plan: Plan, pool: pa.Table, rows: NDArray[np.int64], doubt: Floats, count: int) -> list[int]:
    """The most doubtful rows, each the less welcome the more it is like one that is chosen already."""
    wide = rows[np.argsort(-doubt[rows], kind="stable")][: count * WIDER]
    texts = texts_of(pool.take(pa.array(wide)), plan.text, plan.clean)
    if not any(texts):
        return [int(row) for row in wide[:count]]
    matrix: Any = Terms.fit(texts)[1]
    matrix = matrix.multiply(1 / np.sqrt(np.maximum(matrix.multiply(matrix).sum(axis=1), 1e-12))).tocsr()
    worth, chosen = doubt[wide].copy(), list[int]()
    alike = np.zeros(len(wide))
    while len(chosen) < min(count, len(wide)):
        place = int(np.argmax(np.where(np.isin(np.arange(len(wide)), chosen), -1.0, worth * (1.0 - alike))))
        chosen.append(place)
        alike = np.maximum(alike, np.asarray((matrix @ matrix[place].T).todense()).ravel().clip(0.0, 1.0))
    return [int(wide[place]) for place in chosen]
