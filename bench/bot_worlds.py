"""Bench. In: a seed -> Out: a world of values in which nothing can be known, and a bot's fixed list of edits.

A world is a table of units whose answer is independent of every column. The bot edits candidate, money, margin, slice,
target, table and rows; what is sealed, counted and judged is the product's own code (`bench/bot.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.task import Values
from grundstein.evaluation.kinship import same_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

UNITS, COLUMNS = 1_500, 6
SHARE, LATEST = 0.40, 0.25
TRIED = 20
MOST_ARRIVALS, MOST_TABLES = 5, 12
SEEN = 0.9


@dataclass(frozen=True)
class Rows:
    """A table: the units' hashes, columns, answers, and the order in which they came.

    `row` numbers the rows of the world, whichever table they stand in; `known`: the product knows them again.
    """

    name: str
    unit: NDArray[np.int64]
    x: Array
    yes: Flags
    came: NDArray[np.int64]
    row: NDArray[np.int64]
    known: bool = True

    def table(self) -> pa.Table:
        """The rows as a table without their answers; the unit's hash is the key."""
        columns = {f"c{number}": pa.array(column) for number, column in enumerate(self.x.T)}
        return pa.table({"key": pa.array(self.unit), **columns})


@dataclass(frozen=True)
class Asked:
    """The case as it stands: rule of the candidate, today's rule, money of acting on a yes and a no, and its words.

    Without `money` its accuracy decides.
    """

    rule: Array
    today: Array | None
    money: bool
    gains: tuple[float, float]
    worthwhile: float = 0.0
    tolerance: float | None = None
    slice: tuple[int, float, float] | None = None
    flipped: bool = False
    mixed: int = -1


@dataclass
class World:
    """All that the bot can touch. `cut`: with time, the latest units are sealed; else by hash."""

    rng: Generator
    rate: float
    timed: bool
    tables: list[Rows]
    asked: Asked
    here: int = 0
    arrivals: int = 0
    tenth: int = 0
    cuts: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        """The table that the case is about."""
        return self.tables[self.here]

    def sealed(self, rows: Rows | None = None) -> Flags:
        """Mark the sealed units of a table by the product's rule: hash under the share, or later than the cut."""
        rows = rows or self.rows
        if self.timed:
            return rows.came > self.cuts[rows.name]
        return rows.unit < int(SHARE * 2.0**63)

    def inside(self) -> Flags:
        """Mark the units of the slice that the case asks."""
        if self.asked.slice is None:
            return np.ones(len(self.rows.unit), dtype=np.bool_)
        column, low, high = self.asked.slice
        return (self.rows.x[:, column] >= low) & (self.rows.x[:, column] <= high)

    def truth(self) -> Flags:
        """The answers that the case asks for: as they are, turned round, or mixed with a column (of a coin only)."""
        yes = self.rows.yes != self.asked.flipped
        return yes if self.asked.mixed < 0 else yes != (self.rows.x[:, self.asked.mixed] > 0)

    def values(self, rows: Flags, act: Flags) -> Values:
        """What acting on some of these rows was worth."""
        gain_yes, gain_no = self.asked.gains
        unit, yes = self.rows.unit[rows], self.truth()[rows]
        if not self.asked.money:
            return Values(unit, unit, (act == yes).astype(np.float64), worst=1.0)
        gain = np.where(yes, gain_yes, gain_no)
        return Values(unit, unit, np.where(act, gain, 0.0), worst=max(abs(gain_yes), abs(gain_no)))

    def acts(self, rule: Array, rows: Flags) -> Flags:
        """On whom a linear rule acts."""
        return self.rows.x[rows] @ rule[:-1] > rule[-1]

    def opponents(self, rows: Flags) -> dict[str, Flags]:
        """Today's rule, where there is one, and the trivial answers: nobody and everybody, or the majority."""
        many = int(rows.sum())
        today = {} if self.asked.today is None else {"today's rule": self.acts(self.asked.today, rows)}
        if not self.asked.money:
            return {**today, "majority": np.full(many, self.asked.flipped and self.rate < 0.5)}
        return {**today, "nobody": np.zeros(many, dtype=np.bool_), "everybody": np.ones(many, dtype=np.bool_)}


def world(seed: int) -> World:
    """Draw a world: 1,500 units, six columns; money, where acting brings nothing on average, or accuracy of a coin."""
    rng = np.random.default_rng([seed, 20261122])
    money = bool(rng.random() < 0.5)
    rate = float(rng.choice([0.1, 0.3, 0.5])) if money else 0.5
    first = _rows("people", rng, UNITS, rate, 0)
    made = World(rng, rate, bool(rng.random() < 0.5), [first], Asked(_rule(rng), _rule(rng), money, _even(rate)))
    _cut(made, first)
    return made


def _rows(name: str, rng: Generator, many: int, rate: float, start: int) -> Rows:
    unit = rng.integers(0, 2**63 - 1, many)
    came = np.arange(start, start + many)
    return Rows(name, unit, rng.normal(size=(many, COLUMNS)), rng.random(many) < rate, came, came)


def _cut(made: World, rows: Rows) -> None:
    """The latest quarter, never back."""
    wanted = int(np.quantile(rows.came, 1 - LATEST))
    made.cuts[rows.name] = max(wanted, made.cuts.get(rows.name, 0))


def _rule(rng: Generator) -> Array:
    return rng.normal(size=COLUMNS + 1)


def _even(rate: float) -> tuple[float, float]:
    """Money at which acting on anybody is worth nothing on average: the hardest null."""
    return (1 - rate) / rate, -1.0


def another_candidate(made: World) -> None:
    """Draw twenty rules, take the best of them in development."""
    _chosen(made, [_rule(made.rng) for _ in range(TRIED)])


def nudged_candidate(made: World) -> None:
    """Change the candidate a little, twenty ways, take the best in development."""
    _chosen(made, [made.asked.rule + 0.3 * _rule(made.rng) for _ in range(TRIED)])


def _chosen(made: World, rules: list[Array]) -> None:
    rows = made.inside() & ~made.sealed()
    gain_yes, gain_no = made.asked.gains if made.asked.money else (1.0, -1.0)
    gain = np.where(made.truth()[rows], gain_yes, gain_no)
    made.asked = replace(made.asked, rule=max(rules, key=lambda rule: float(gain @ made.acts(rule, rows))))


def other_money(made: World) -> None:
    """Say that acting costs a little more or less, or exactly what it brings."""
    gain_yes, gain_no = _even(1 - made.rate if made.asked.flipped else made.rate)
    made.asked = replace(made.asked, gains=(gain_yes * float(made.rng.choice([0.9, 1.0, 1.0, 1.1])), gain_no))


def other_margin(made: World) -> None:
    """Say another gain that would be worthwhile, and another tolerance."""
    tolerance = made.rng.choice([-1.0, 0.0, 0.01, 0.1, 1.0])
    worthwhile = float(made.rng.choice([0.0, 0.0, 0.01]))
    made.asked = replace(made.asked, worthwhile=worthwhile, tolerance=None if tolerance < 0 else float(tolerance))


def other_slice(made: World) -> None:
    """Ask a part of the table: one tenth after the other, a quarter, a half, or all."""
    share = float(made.rng.choice([0.1, 0.1, 0.1, 0.25, 0.5, 1.0]))
    made.tenth += 1
    column = 0 if share == 0.1 else int(made.rng.integers(COLUMNS))
    start = made.tenth % 10 / 10 if share == 0.1 else float(made.rng.random() * (1 - share))
    low, high = np.quantile(made.rows.x[:, column], [start, start + share])
    made.asked = replace(made.asked, slice=None if share == 1 else (column, float(low), float(high)))


def other_target(made: World) -> None:
    """Copy the answer, turn it round, or mix it with a column where that leaves it unknown; money follows."""
    flipped = bool(made.rng.random() < 0.5)
    mixed = int(made.rng.integers(-1, COLUMNS)) if made.rate == 0.5 else -1
    gains = _even(1 - made.rate if flipped else made.rate)
    made.asked = replace(made.asked, flipped=flipped, mixed=mixed, gains=gains)


def other_rule(made: World) -> None:
    """Say that today's rule is another one, or that there is none."""
    made.asked = replace(made.asked, today=None if made.rng.random() < 0.5 else _rule(made.rng))


def same_table_renamed(made: World) -> None:
    """Ingest the same rows under another name, in another order."""
    rows = made.tables[0]
    _added(made, _taken(rows, made.rng.permutation(len(rows.unit))))


def same_rows_other_keys(made: World) -> None:
    """Ingest the same rows with new keys: other units would be sealed."""
    rows = made.tables[0]
    _added(made, replace(rows, unit=made.rng.integers(0, 2**63 - 1, len(rows.unit))))


def some_rows_other_keys(made: World) -> None:
    """Ingest half of the rows with new keys."""
    rows = made.tables[0]
    half = np.sort(made.rng.permutation(len(rows.unit))[: len(rows.unit) // 2])
    _added(made, replace(_taken(rows, half), unit=made.rng.integers(0, 2**63 - 1, len(half))))


def _taken(rows: Rows, which: NDArray[np.int64]) -> Rows:
    parts = {name: getattr(rows, name)[which] for name in ("unit", "x", "yes", "came", "row")}
    return replace(rows, **parts)


def _added(made: World, rows: Rows) -> None:
    """Ingest a table; the product's own code says whether it knows its rows again."""
    if len(made.tables) >= MOST_TABLES:
        return
    first, table = made.tables[0].table(), rows.table()
    half = table.num_rows // 2
    share = same_rows(table.slice(0, half), table.slice(half), first).share
    made.tables.append(replace(rows, name=f"people{len(made.tables)}", known=share > SEEN))
    _cut(made, made.tables[-1])
    made.here = len(made.tables) - 1


def back_to_another_table(made: World) -> None:
    """Ask the case of another table that was ingested."""
    made.here = int(made.rng.integers(len(made.tables)))


def rows_arrive(made: World) -> None:
    """A fifth more rows, five times at most: the world brings them, not the bot."""
    if made.arrivals >= MOST_ARRIVALS:
        return
    old = made.tables[0]
    new = _rows("people", made.rng, UNITS // 5, made.rate, int(old.came.max()) + 1)
    pairs = [(getattr(old, name), getattr(new, name)) for name in ("unit", "x", "yes", "came", "row")]
    made.tables[0] = Rows("people", *(np.concatenate(pair) for pair in pairs))  # type: ignore[arg-type]
    made.arrivals += 1
    made.here = 0
    _cut(made, made.tables[0])


def nothing(made: World) -> None:
    """Rename the case, reword the question: nothing that counts."""


EDITS: tuple[tuple[Callable[[World], None], float], ...] = (
    (another_candidate, 5),
    (nudged_candidate, 6),
    (other_money, 2),
    (other_margin, 2),
    (other_slice, 5),
    (other_target, 2),
    (other_rule, 1),
    (same_table_renamed, 0.5),
    (same_rows_other_keys, 1),
    (some_rows_other_keys, 1),
    (back_to_another_table, 1),
    (rows_arrive, 0.5),
    (nothing, 1),
)
