"""Room production. In: a case's capacity and what was acted on in this period -> Out: the acts there is room for.

The judge knows a capacity as a share, `capacity / volume`: a policy is chosen so that on average no more than that
share is acted on, and an `act` between 0 and 1 is a share of the capacity. That holds in the mean; here the number
itself holds: the sum of `act` over the live answers of one calendar period never exceeds `capacity`. What comes first
is acted on first, whatever its score, as nobody knows who will ask later; an act that no longer fits becomes 0.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from grundstein.core.case import Case

HELD_BACK, BEYOND = "held_back", "beyond_capacity"
HAIR = 1e-9


@dataclass
class Capacity:
    """How many may be acted on in a period ("year", "quarter", "month", "week" or "day" of `timezone`).

    `acted` counts the period that begins at `begin`, the newest one seen: a clock that goes back revives nothing. One
    process counts what passes through it; threads may share it.
    """

    limit: float
    period: str
    timezone: str
    begin: datetime
    acted: float = 0.0
    _mutex: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def allow(self, act: float, at: datetime) -> float:
        """Return `act` where it still fits into the period of `at`, and count it; else 0."""
        if not act:
            return act
        with self._mutex:
            self._turn(at)
            if self.acted + act > self.limit + HAIR:
                return 0.0
            self.acted += act
            return act

    def allow_all(self, acts: NDArray[np.float64], at: datetime) -> NDArray[np.float64]:
        """Return what `allow` returns of each in turn."""
        with self._mutex:
            self._turn(at)
            run = self.acted + np.cumsum(acts)
            if not len(acts) or run[-1] <= self.limit + HAIR:
                self.acted = float(run[-1]) if len(acts) else self.acted
                return acts
            fits = int(np.argmax(run > self.limit + HAIR))
            self.acted = float(run[fits - 1]) if fits else self.acted
        first, rest = acts[:fits], acts[fits:]
        late = np.zeros(len(rest))
        smallest = rest[rest > 0].min()
        for place in np.flatnonzero(rest):
            if self.acted + smallest > self.limit + HAIR:
                break
            late[place] = self.allow(float(rest[place]), at)
        return np.concatenate([first, late])

    def give_back(self, act: float) -> None:
        """Take back an act that was allowed and then not told to anybody."""
        with self._mutex:
            self.acted = max(0.0, self.acted - act)

    def _turn(self, at: datetime) -> None:
        begin = period_begin(at, self.period, self.timezone)
        if begin > self.begin:
            self.begin, self.acted = begin, 0.0


def capacity_of(case: Case, timezone: str, at: datetime) -> Capacity | None:
    """Return a case's capacity with nothing acted on yet; None where it names none."""
    if case.capacity is None:
        return None
    return Capacity(case.capacity, case.period, timezone, period_begin(at, case.period, timezone))


def period_begin(at: datetime, period: str, timezone: str) -> datetime:
    """The first instant (UTC) of the calendar period of `at` in a time zone; weeks begin on Monday."""
    day = at.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    firsts = {
        "year": lambda: day.replace(month=1, day=1),
        "quarter": lambda: day.replace(month=day.month - (day.month - 1) % 3, day=1),
        "month": lambda: day.replace(day=1),
        "week": lambda: day.fromordinal(day.toordinal() - day.weekday()).replace(tzinfo=day.tzinfo),
        "day": lambda: day,
    }
    return firsts[period]().astimezone(UTC)


def limited(answers: pa.Table, capacity: Capacity | None, at: datetime) -> pa.Table:
    """Return answers with the acts that there is room for, and the flags `held_back` and `beyond_capacity`.

    Answers that act on nobody have no flags; the others have both, so that a case may get a holdback or a capacity
    later without another shape of its answers.
    """
    if "act" not in answers.column_names:
        return answers
    wanted = np.asarray(answers["act"], dtype=float)
    given = wanted if capacity is None else capacity.allow_all(wanted, at)
    answers = answers.set_column(answers.column_names.index("act"), "act", pa.array(given))
    if HELD_BACK not in answers.column_names:
        answers = answers.append_column(HELD_BACK, pa.array(np.zeros(len(given), dtype=np.bool_)))
    return answers.append_column(BEYOND, pa.array(given < wanted))


def limited_row(answer: Mapping[str, Any], capacity: Capacity | None, at: datetime) -> dict[str, Any]:
    """Return one live answer with its act where there is room for it, and both flags; as `limited` of one row."""
    if "act" not in answer:
        return dict(answer)
    given = answer["act"] if capacity is None else capacity.allow(answer["act"], at)
    return {**answer, "act": given, HELD_BACK: bool(answer.get(HELD_BACK)), BEYOND: given < answer["act"]}
