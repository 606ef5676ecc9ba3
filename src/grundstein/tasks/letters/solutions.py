"""Room tasks. In: sentences -> Out: ByGrammar (today's rule), Middle (one grade for all), Ordinal (the candidate)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow.compute as pc

from grundstein.tasks.letters.grading import Reading, read
from grundstein.tasks.letters.learning import Learnt, features, learn
from grundstein.tasks.letters.options import Plan
from grundstein.tasks.letters.splitting import BEST, WORST, grades_of
from grundstein.tasks.letters.worth import answer_table
from grundstein.tools.columns import as_texts
from grundstein.tools.keeping import fitted, keep, kept, restored
from grundstein.tools.money import wanted_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ByGrammar:
    """The grammar. `rest` is the middle grade of sentences in which it finds nothing that speaks of a grade."""

    plan: Plan
    rest: float | None = None
    name: str = "grammar"

    def fit(self, data: Data, seed: int) -> Self:
        """Learn nothing but the middle grade of what the grammar does not read; `seed` is not used."""
        del seed
        rows = data["rows"]
        silent = np.array([not one.rule for one in readings(self.plan, rows)], dtype=np.bool_)
        grades = grades_of(rows, self.plan)
        return replace(self, rest=middle(self.plan, grades[silent] if silent.any() else grades))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Read each sentence; `live` is not used."""
        del live
        rest = fitted(self.rest)
        found = readings(self.plan, questions)
        grades = np.array([one.grade if one.rule else rest for one in found], dtype=np.float64)
        return answer_table(grades, *_ranges(found), [reason(one) for one in found])

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        keep(folder, {"plan": self.plan, "rest": fitted(self.rest)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), told["rest"])


@dataclass(frozen=True)
class Middle:
    """The middle grade of development for all."""

    plan: Plan
    grade: float | None = None
    name: str = "middle"

    def fit(self, data: Data, seed: int) -> Self:
        """Take the middle grade; `seed` is not used."""
        del seed
        return replace(self, grade=middle(self.plan, grades_of(data["rows"], self.plan)))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Give every sentence the same grade; `live` is not used."""
        del live
        ones = np.ones(questions.num_rows)
        return answer_table(fitted(self.grade) * ones, BEST * ones, WORST * ones, ["the middle grade"] * len(ones))

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        keep(folder, {"plan": self.plan, "grade": fitted(self.grade)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), told["grade"])


@dataclass(frozen=True)
class Ordinal:
    """The grammar's grade, corrected by what its own features and the words of the sentences add in development."""

    plan: Plan
    learnt: Learnt | None = None
    name: str = "ordinal"

    def fit(self, data: Data, seed: int) -> Self:
        """Learn the correction; how much words count is chosen on inner folds."""
        rows = data["rows"]
        return replace(self, learnt=learn(self.plan, rows, readings(self.plan, rows), seed))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Grade each sentence; `live` is not used."""
        del live
        learnt = fitted(self.learnt)
        found = readings(self.plan, questions)
        grades = learnt.grades(found, features(found), texts_of(self.plan, questions))
        low, high = (np.clip(np.floor(grades + way * learnt.spread + 0.5), BEST, WORST) for way in (-1.0, 1.0))
        reasons = [f"{reason(one)}; corrected by words learnt" for one in found]
        return answer_table(grades, low, high, reasons)

    def save(self, folder: Path) -> None:
        """Write JSON and npz."""
        learnt = fitted(self.learnt)
        keep(folder, {"plan": self.plan, **learnt.plain()})
        learnt.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), Learnt.load(folder, told))


def readings(plan: Plan, rows: pa.Table) -> list[Reading]:
    """The grammar's reading of each row; Refused where there is no column of sentences."""
    return [read(text, plan.locale) for text in texts_of(plan, rows)]


def texts_of(plan: Plan, rows: pa.Table) -> list[str]:
    """The sentences, empty where one is missing."""
    return pc.fill_null(as_texts(rows, plan.text), "").to_pylist()


def reason(one: Reading) -> str:
    """The words, the rule and what it rests on, in one line."""
    if not one.rule:
        return "nothing speaks of a grade"
    return f'"{", ".join(one.words)}": {one.rule} ({one.cite})'


def middle(plan: Plan, grades: Floats) -> float:
    """The grade that costs least of all: the median, or where over and under cost differently their quantile."""
    return float(np.quantile(grades, wanted_quantile(plan.money), method="inverted_cdf"))


def _ranges(found: Sequence[Reading]) -> tuple[Floats, Floats]:
    low, high = (np.array([getattr(one, side) for one in found], dtype=np.float64) for side in ("low", "high"))
    return low, high
