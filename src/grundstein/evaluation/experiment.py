"""Room evaluation. In: a task, a case and its development rows -> Out: what each solution was worth, out of fold.

Nothing here reads sealed truth. Tuning, thresholds and the choice of one winner happen on folds of the same shape as
the seal.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused
from grundstein.core.task import Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from pyarrow import Table

    from grundstein.core.case import Case
    from grundstein.core.records import Standing
    from grundstein.core.task import Data, LiveTable, Solution, Split, Task


@dataclass(frozen=True)
class Frozen:
    """The live table while judging: the development part, as one version."""

    rows: Table
    version: str = "development"

    def table(self) -> Table:
        """The whole table."""
        return self.rows

    def since(self, version: str) -> Table:
        """Nothing comes while judging; everything, for a version we do not know."""
        return self.rows.slice(0, 0) if version == self.version else self.rows


@dataclass(frozen=True)
class Contender:
    """A solution and where it stands."""

    solution: Solution
    standing: Standing


@dataclass(frozen=True)
class Tried:
    """One solution on the folds: values of every unit, and metrics weighted by the folds' units."""

    contender: Contender
    values: Values
    metrics: Mapping[str, float]
    answers: tuple[Table, ...]
    seconds: float

    @property
    def name(self) -> str:
        """The solution's name."""
        return self.contender.solution.name

    @property
    def mean(self) -> float:
        """Value per unit."""
        return float(np.mean(self.values.value)) if len(self.values.value) else 0.0


@dataclass(frozen=True)
class Trial:
    """All solutions on the same folds."""

    folds: tuple[Split, ...]
    tried: tuple[Tried, ...]
    perfect: Values | None
    skipped: tuple[tuple[str, str], ...] = field(default=())

    def of(self, *standings: Standing) -> list[Tried]:
        """The solutions of a standing, in order."""
        return [one for one in self.tried if one.contender.standing in standings]

    @property
    def winner(self) -> Tried | None:
        """The candidate of the highest value; the simpler one where two are equal."""
        return max(self.of("candidate"), key=lambda one: one.mean, default=None)


def contenders(task: Task, case: Case, budget: int, released: Solution | None = None) -> list[Contender]:
    """Return today's rule or the default, the default beside a rule, the trivial answers, what is released, candidates.

    `released`: the model in use, where it was made of older rows.
    """
    rows = [Contender(task.baseline(case), "baseline")]
    if case.baseline:
        rows.append(Contender(task.baseline(replace(case, baseline="")), "default"))
    rows += [Contender(solution, "trivial") for solution in task.trivial(case)]
    rows += [Contender(released, "released")] if released else []
    return rows + [Contender(solution, "candidate") for solution in task.candidates(case, budget)]


def trial(
    task: Task, case: Case, development: Data, rows: Sequence[Contender], seed: int, say: Callable[[str], None]
) -> Trial:
    """Answer every fold with every solution. A candidate that cannot be fitted is left out, by name.

    So is a released model that cannot answer.
    """
    folds = tuple(task.folds(development, case, seed))
    if not folds:
        raise Refused(
            f"The development rows of the case {case.name} cannot be split once more to compare solutions on.",
            "Rows of both answers on each side, and truth known before the later ones begin.",
            "Ingest more rows, then run evaluate again",
        )
    tried, skipped = [], []
    for row in rows:
        say(f"{case.name}: {row.solution.name}")
        try:
            tried.append(_tried(task, case, folds, row, seed))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            if row.standing not in ("candidate", "released"):
                raise Refused(
                    f"{row.solution.name} cannot be fitted on these rows: {error}",
                    "Rows on which today's rule or the simplest answer works.",
                    f"grundstein show {next(iter(case.data.values()))}",
                ) from error
            skipped.append((row.solution.name, str(error)))
    perfect = joined(task.value(case, fold, task.perfect(case, fold)) for fold in folds)
    return Trial(folds, tuple(tried), perfect, tuple(skipped))


def _tried(task: Task, case: Case, folds: Sequence[Split], row: Contender, seed: int) -> Tried:
    start = time.process_time()
    answers = [row.solution.fit(f.development, seed).answer(f.questions, live(task, f.development)) for f in folds]
    values = [task.value(case, fold, answer) for fold, answer in zip(folds, answers, strict=True)]
    metrics = averaged([task.metrics(case, fold, a) for fold, a in zip(folds, answers, strict=True)], values)
    return Tried(row, joined(values), metrics, tuple(answers), time.process_time() - start)


def live(task: Task, development: Data) -> dict[str, LiveTable]:
    """The live roles, frozen to the development part."""
    return {role.name: Frozen(development[role.name]) for role in task.roles if role.live and role.name in development}


def joined(parts: Iterable[Values]) -> Values:
    """Put the folds' values behind one another; the bound of loss is the largest of theirs, None where one has none."""
    rows = list(parts)
    bounds = [part.worst for part in rows]
    worst = None if any(bound is None for bound in bounds) else max((b for b in bounds if b is not None), default=None)
    periods = _numbered([part.period for part in rows if part.period is not None])
    return Values(
        unit=np.concatenate([part.unit for part in rows]),
        cluster=np.concatenate([part.cluster for part in rows]),
        value=np.concatenate([part.value for part in rows]),
        period=np.concatenate(periods) if len(periods) == len(rows) else None,
        worst=worst,
        biased=next((part.biased for part in rows if part.biased), ""),
    )


def _numbered(periods: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Number the periods of each fold behind those of the folds before it."""
    found: list[NDArray[np.int64]] = []
    for part in periods:
        start = int(found[-1].max()) + 1 if found and len(found[-1]) else 0
        found.append(part - part.min() + start if len(part) else part)
    return found


def averaged(metrics: Sequence[Mapping[str, float]], values: Sequence[Values]) -> dict[str, float]:
    """Average each metric over the folds, weighted by their units; folds where it is not defined are left out."""
    weights = np.array([len(part.unit) for part in values], dtype=float)
    found: dict[str, float] = {}
    for name in dict.fromkeys(name for part in metrics for name in part):
        column = np.array([part.get(name, np.nan) for part in metrics], dtype=float)
        known = np.isfinite(column)
        if known.any():
            found[name] = float(np.average(column[known], weights=weights[known]))
    return found
