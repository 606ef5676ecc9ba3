"""Room tasks. In: sessions -> Out: Keywords, today's way of looking at logs; and Constant, the same answer for all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from grundstein.tasks.logs.answers import Labels, keep, kept, labels_of, table_of
from grundstein.tasks.logs.options import Plan
from grundstein.tasks.logs.sessions import grouped, names_of, outcomes_of, read, sessions_of
from grundstein.tasks.logs.words import speaks
from grundstein.tools.keeping import restored
from grundstein.tools.money import within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.logs.sessions import Session

    Flags = NDArray[np.bool_]

NOBODY, EVERYBODY = "nobody", "everybody"


@dataclass(frozen=True)
class Keywords:
    """Yes where a line speaks of a failure; it acts as it says. `rates`: how often it was yes, unspoken and spoken."""

    plan: Plan
    labels: Labels = field(default_factory=lambda: Labels("no", "yes"))
    rates: tuple[float, float] = (0.0, 1.0)
    share: float = 1.0

    @property
    def name(self) -> str:
        """What it goes by."""
        return "rules" if self.plan.rules else "error words"

    def fit(self, data: Data, seed: int) -> Self:
        """Count how often the words were right; `seed` is not used."""
        del seed
        groups = grouped(data["lines"], self.plan)
        said = outcomes_of(data, self.plan, groups)
        spoken = self._spoken(sessions_of(data["lines"], self.plan, groups))
        yes = np.array([one == self.plan.positive for one in said], dtype=np.bool_)
        rates = tuple(float((yes[spoken == flag].sum() + 1) / ((spoken == flag).sum() + 2)) for flag in (False, True))
        room = self.plan.room
        share = 1.0 if room is None or not spoken.any() else min(1.0, room / float(spoken.mean()))
        return replace(self, labels=labels_of(self.plan, said), rates=(rates[0], rates[1]), share=share)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Look for the words; `live` is not used."""
        del live
        sessions = read(questions, self.plan)
        spoken = self._spoken(sessions)
        given = np.where(spoken, self.rates[1], self.rates[0])
        names = [one.name for one in sessions]
        return table_of(self.labels, names, given, spoken.astype(np.float64) * self.share, spoken)

    def _spoken(self, sessions: Sequence[Session]) -> Flags:
        rules = self.plan.rules
        return np.array(
            [any(speaks(*line, rules) for line in zip(one.texts, one.levels, strict=True)) for one in sessions],
            dtype=np.bool_,
        )

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        told = {"labels": asdict(self.labels), "rates": self.rates, "share": self.share}
        keep(folder, {"plan": asdict(self.plan), **told})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        rates = (told["rates"][0], told["rates"][1])
        return cls(restored(Plan, told["plan"]), Labels(**told["labels"]), rates, told["share"])


@dataclass(frozen=True)
class Constant:
    """Acts on nobody or everybody, with the share of yes as its probability."""

    plan: Plan
    name: str
    labels: Labels = field(default_factory=lambda: Labels("no", "yes"))
    rate: float = 0.5

    def fit(self, data: Data, seed: int) -> Self:
        """Count the outcomes; `seed` is not used."""
        del seed
        said = outcomes_of(data, self.plan, grouped(data["lines"], self.plan))
        rate = float(np.mean([one == self.plan.positive for one in said])) if said else 0.5
        return replace(self, labels=labels_of(self.plan, said), rate=rate)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Give all the same answer; `live` is not used."""
        del live
        ones = np.ones(questions.num_rows)
        act = within(self.plan.room, ones) if self.name == EVERYBODY else 0.0 * ones
        if self.plan.room is not None and self.name == EVERYBODY:
            act = min(1.0, self.plan.room) * ones
        return table_of(self.labels, names_of(questions, self.plan), self.rate * ones, act)

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        told = {"labels": asdict(self.labels), "rate": self.rate, "name": self.name}
        keep(folder, {"plan": asdict(self.plan), **told})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), told["name"], Labels(**told["labels"]), told["rate"])
