"""Room tasks. In: sessions -> Out: the matrix of what was said in them: templates, pairs, first events, time, novelty.

Templates are learnt from the sessions that are learned from. Novelty counts lines whose template no other session has,
so that a session that is learned from and one that is asked are seen alike.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grundstein.tasks.logs.sessions import NEVER
from grundstein.tasks.logs.words import speaks
from grundstein.tools.logtemplates import UNKNOWN, Miner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from grundstein.tasks.logs.options import Plan
    from grundstein.tasks.logs.sessions import Session

    Floats = NDArray[np.float64]
    Key = tuple[str, ...]

LEAST, SHARE, MOST, FIRST = 2, 0.002, 1_500, 5
SECOND = 1_000_000
LEVELS = ("CRITICAL", "ERROR", "WARNING")
NUMBERS = ("lines", "templates", "seconds", "longest pause", "new lines", "new templates", "words", *LEVELS)


@dataclass(frozen=True)
class Features:
    """What sessions are told by. `columns` are the counted things: ("template", 3), ("pair", 3, 7), ("first", 0, 3).

    `seen` counts the sessions that each template was in.
    """

    state: Mapping[str, Any]
    columns: tuple[tuple[str | int, ...], ...]
    seen: Mapping[int, int]
    rules: tuple[str, ...]

    @classmethod
    def learnt(cls, plan: Plan, sessions: Sequence[Session]) -> tuple[Self, list[list[int]]]:
        """Learn the templates and what to count; returns also the templates of each session's lines."""
        miner = Miner(plan.masks)
        numbers = miner.mine(text for one in sessions for text in one.texts)
        ends = np.cumsum([len(one.texts) for one in sessions]).tolist()
        events = [numbers[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        counted: Counter[tuple[str | int, ...]] = Counter()
        seen: Counter[int] = Counter()
        for said in events:
            counted.update(_things(said).keys())
            seen.update(set(said))
        least = max(LEAST, SHARE * len(sessions))
        often = sorted((key for key, count in counted.items() if count >= least), key=lambda k: (-counted[k], str(k)))
        kept = [key for kind in ("template", "pair", "first") for key in [k for k in often if k[0] == kind][:MOST]]
        return cls(miner.state(), tuple(kept), dict(seen), plan.rules), events

    @cached_property
    def miner(self) -> Miner:
        """The templates."""
        return Miner.restored(self.state)

    @cached_property
    def places(self) -> dict[tuple[str | int, ...], int]:
        """The column of each counted thing, behind the numbers."""
        return {key: at for at, key in enumerate(self.columns, len(NUMBERS))}

    def events(self, sessions: Sequence[Session]) -> list[list[int]]:
        """The templates of each session's lines; `UNKNOWN` for one that was never learnt."""
        numbers = self.miner.look(text for one in sessions for text in one.texts)
        ends = np.cumsum([len(one.texts) for one in sessions]).tolist()
        return [numbers[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def matrix(self, sessions: Sequence[Session], events: Sequence[Sequence[int]], learned: bool) -> csr_matrix:
        """One row a session: numbers, then counts, as logarithms. `learned`: these are the sessions learned from."""
        from scipy.sparse import csr_matrix

        data: list[float] = []
        places: list[int] = []
        ends = [0]
        for one, said in zip(sessions, events, strict=True):
            row = self._row(one, said, learned)
            places += row
            data += row.values()
            ends.append(len(places))
        shape = (len(sessions), len(NUMBERS) + len(self.columns))
        return csr_matrix((np.log1p(np.array(data, dtype=np.float64)), places, ends), shape=shape)

    def _row(self, one: Session, said: Sequence[int], learned: bool) -> dict[int, float]:
        """The filled columns of a session, by place."""
        row = {at: value for at, value in enumerate(self._numbers(one, said, learned)) if value}
        found = {self.places[key]: float(count) for key, count in _things(said).items() if key in self.places}
        return row | dict(sorted(found.items()))

    def _numbers(self, one: Session, said: Sequence[int], learned: bool) -> list[float]:
        known = one.times[one.times != NEVER]
        pauses = np.diff(known) / SECOND if len(known) > 1 else np.zeros(1)
        own = 1 if learned else 0
        new = [number for number in said if number == UNKNOWN or self.seen.get(number, 0) <= own]
        spoken = sum(self._speaks(*line) for line in zip(said, one.texts, one.levels, strict=True))
        span = float(known[-1] - known[0]) / SECOND if len(known) else 0.0
        told = [
            len(said),
            len(set(said)),
            max(span, 0.0),
            max(float(pauses.max()), 0.0),
            len(new),
            len(set(new)),
            spoken,
        ]
        levels = Counter(one.levels)
        return [*map(float, told), *(float(levels[level]) for level in LEVELS)]

    def _speaks(self, number: int, text: str, level: str) -> bool:
        """Whether a line speaks of a failure; its template stands for it, where it has one."""
        if number == UNKNOWN:
            return speaks(text, level, self.rules)
        known = self.speaking.get((number, level))
        if known is None:
            known = self.speaking[number, level] = speaks(self.miner.template(number), level, self.rules)
        return known

    @cached_property
    def speaking(self) -> dict[tuple[int, str], bool]:
        """Templates, at a level, that were looked at for words of failure."""
        return {}

    def name(self, at: int) -> str:
        """What a column counts, in words."""
        if at < len(NUMBERS):
            return NUMBERS[at]
        kind, *rest = self.columns[at - len(NUMBERS)]
        if kind == "first":
            return f"line {int(rest[0]) + 1}: {self.miner.template(int(rest[1]))}"
        return " -> ".join(self.miner.template(int(number)) for number in rest)

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        seen = sorted(self.seen.items())
        return {"state": self.state, "columns": self.columns, "seen": seen, "rules": list(self.rules)}

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> Self:
        """Build from parsed JSON."""
        columns = tuple(tuple(key) for key in plain["columns"])
        return cls(plain["state"], columns, dict(map(tuple, plain["seen"])), tuple(plain["rules"]))


def _things(said: Sequence[int]) -> Counter[tuple[str | int, ...]]:
    """What is counted in a session: templates, pairs of templates that follow one another, and the first ones."""
    found: Counter[tuple[str | int, ...]] = Counter()
    for number, count in Counter(said).items():
        found["template", number] = count
    for pair, count in Counter(itertools.pairwise(said)).items():
        found[("pair", *pair)] = count
    for at, number in enumerate(said[:FIRST]):
        found["first", at, number] = 1
    return found
