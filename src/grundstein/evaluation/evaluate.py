"""Room evaluation. In: a case, its pinned tables and their seal -> Out: the Experiment, from development rows only."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.core.records import Experiment, Gain, Outcome
from grundstein.core.task import UnitByCase
from grundstein.evaluation import checks, released
from grundstein.evaluation.experiment import Trial, contenders, joined, trial
from grundstein.evaluation.flips import flips
from grundstein.evaluation.judge import Foretold, foretell
from grundstein.evaluation.kept import keep_values
from grundstein.evaluation.openings import sketch
from grundstein.tools.inference import opening_level
from grundstein.tools.sealing import sealed_rows, unit_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.figures import Figure
    from grundstein.core.ports import FileStore
    from grundstein.core.records import Seal, Standing
    from grundstein.core.task import Data, Solution, Split, Task, Values
    from grundstein.evaluation.experiment import Tried
    from grundstein.evaluation.judge import Judgement
    from grundstein.evaluation.released import InUse

LEAST_UNITS = 20
OPPONENTS: tuple[Standing, ...] = ("baseline", "default", "trivial", "released")
FIRST = opening_level(1, shown=False)


@dataclass(frozen=True)
class Pinned:
    """A case with all that its evaluation rests on.

    `content` is the digest of its snapshot; `told` is what pinning found; `in_use` the released model, an opponent.
    """

    case: Case
    task: Task
    question: str
    snapshot: str
    seal: Seal
    seal_id: str
    data: Data
    contract: Contract | None
    content: str
    budget: int
    lock: str
    told: tuple[Finding, ...] = ()
    in_use: InUse | None = None

    @property
    def seed(self) -> int:
        """The seed of every fit: from the content of the pinned tables."""
        return int(self.content[:8], 16)

    @property
    def sealed(self) -> pa.Table:
        """The sealed rows of the first role, with all their columns."""
        rows = self.data[self.task.roles[0].name]
        return rows.filter(sealed_rows(rows, self.seal))

    @property
    def split(self) -> Split:
        """The one test part."""
        return self.task.seal(self.data, self.case, self.seal)


def evaluate(
    pinned: Pinned, files: FileStore, say: Callable[[str], None], more: tuple[Finding, ...] = ()
) -> tuple[Experiment, dict[str, float]]:
    """Compare all solutions on development rows; returns the record and the CPU seconds of each solution."""
    task, case, split = pinned.task, pinned.case, pinned.split
    _enough(case, split)
    rows = contenders(task, case, pinned.budget, pinned.in_use)
    tested = _beside(pinned, split, trial(task, case, split.development, rows, pinned.seed, say))
    winner = tested.winner
    foretold = _foretold(case, tested, split.questions.num_rows)
    say(f"{case.name}: checks")
    checked = checks.run(_look(pinned, split, tested))
    kept = {one.name for one in tested.of("baseline", "default", "trivial")} | ({winner.name} if winner else set())
    models = {one.name: _kept(one, split.development, pinned.seed, files) for one in tested.tried if one.name in kept}
    models |= {pinned.in_use.name: pinned.in_use.model} if pinned.in_use else {}
    experiment = Experiment(
        question=pinned.question,
        snapshot=pinned.snapshot,
        seal=pinned.seal_id,
        case=case.name,
        task=task.name,
        unit=task.unit_of(case) if isinstance(task, UnitByCase) else task.unit,
        split=split.how,
        measure=task.measure(case),
        money=case.money is not None,
        declared=case.declared,
        units=sum(f.questions.num_rows for f in tested.folds),
        units_test=split.questions.num_rows,
        margins=margins(case, tested),
        outcomes=tuple(_outcome(one, models.get(one.name, "")) for one in tested.tried),
        gains={one.name: _gain(tested, one) for one in tested.of("candidate")},
        winner=winner.name if winner else "",
        perfect=float(np.mean(tested.perfect.value)) if tested.perfect is not None else 0.0,
        detectable=foretold.detectable if foretold else None,
        units_needed=foretold.units_needed if foretold else None,
        differences=keep_values({one.name: one.values for one in tested.tried}, files),
        learned=_learned(pinned, split),
        flips=flips(case, lambda changed: _holds(task, changed, tested, split.questions.num_rows)),
        findings=(
            *(*pinned.told, *more, *_left_out(tested, pinned.in_use)),
            *(*task.findings(case, split.development, tested.folds), *checked.findings),
        ),
        figures=_each_once(*checked.figures, *_figures(task, case, tested)),
        seed=pinned.seed,
        budget=pinned.budget,
        lock=pinned.lock,
    )
    return experiment, {one.name: one.seconds for one in tested.tried}


def _learned(pinned: Pinned, split: Split) -> tuple[int, ...]:
    return sketch(unit_hash(split.development[pinned.task.roles[0].name], pinned.seal.key, pinned.seal.salt))


def _beside(pinned: Pinned, split: Split, tested: Trial) -> Trial:
    rows = split.development[pinned.task.roles[0].name]
    return released.beside(tested, pinned.in_use, rows, pinned.seal.how) if pinned.in_use else tested


def margins(case: Case, tested: Trial) -> dict[str, float]:
    """What a candidate must gain per unit against each opponent: worthwhile and the difference in running cost."""
    opponents = tested.of(*OPPONENTS)
    return {one.name: case.margin_against(one.contender.standing) for one in opponents}


def _enough(case: Case, split: Split) -> None:
    units = min(split.questions.num_rows, next(iter(split.development.values())).num_rows)
    if units < LEAST_UNITS:
        raise Refused(
            f"The case {case.name} has only {units} units in one part of its rows.",
            f"At least {LEAST_UNITS} in development and {LEAST_UNITS} in the sealed part.",
            "Ingest more rows, then run evaluate again",
        )


def _foretold(case: Case, tested: Trial, units_test: int) -> Foretold | None:
    if tested.winner is None:
        return None
    opponents = {one.name: one.values for one in tested.of(*OPPONENTS)}
    return foretell(tested.winner.values, opponents, margins(case, tested), units_test, FIRST)


def look_at(pinned: Pinned, split: Split, **more: Any) -> checks.Look:
    """Return what the checks may see of a case; `more` are the fields of `Look` that the caller knows."""
    return checks.Look(
        case=pinned.case,
        task=pinned.task,
        development=split.development,
        split=split.how,
        seed=pinned.seed,
        target=str(pinned.case.options.get("target", "")),
        contract=pinned.contract,
        **more,
    )


def _look(pinned: Pinned, split: Split, tested: Trial) -> checks.Look:
    baseline, winner, trivial = tested.of("baseline")[0], tested.winner, tested.of("trivial")
    simple = [*trivial, *([baseline] if pinned.case.baseline else [])]
    return look_at(
        pinned,
        split,
        baseline=baseline.name,
        winner=winner.name if winner else "",
        values={one.name: one.values for one in (baseline, winner, *trivial) if one},
        answers={one.name: _behind(one.answers) for one in (baseline, winner) if one},
        judged=_behind(fold.questions for fold in tested.folds),
        happened=_behind(next(iter(fold.truth.values())) for fold in tested.folds),
        perfect=tested.perfect,
        simple=tuple(one.name for one in simple),
        units_test=split.questions.num_rows,
    )


def _behind(parts: Iterable[pa.Table]) -> pa.Table:
    """The folds' tables behind one another; a column that one lacks is empty there."""
    return pa.concat_tables(list(parts), promote_options="default")


def _holds(task: Task, case: Case, tested: Trial, units_test: int) -> bool:
    """Tell whether the sealed part would show the gain of development in 9 of 10 cases, were the case's money changed.

    The answers and the winner stay as they are.
    """
    told = _foretold(case, _revalued(task, case, tested), units_test)
    return told is not None and enough(told, margins(case, tested))


def _revalued(task: Task, case: Case, tested: Trial) -> Trial:
    """The winner and its opponents, their answers valued anew."""

    def valued(one: Tried) -> Values:
        values = joined(task.value(case, f, a) for f, a in zip(tested.folds, one.answers, strict=True))
        return replace(values, fresh=one.values.fresh)

    rows = [*tested.of(*OPPONENTS), *([tested.winner] if tested.winner else [])]
    return replace(tested, tried=tuple(replace(one, values=valued(one)) for one in rows))


def enough(told: Foretold | Judgement, needed: Mapping[str, float]) -> bool:
    """Tell whether the gain of development is one that the sealed part would show in 9 of 10 cases."""
    above = told.gains[told.hardest].mean - needed[told.hardest]
    return told.detectable is not None and above >= told.detectable


def _gain(tested: Trial, one: Tried) -> Gain:
    baseline = tested.of("baseline")[0]
    told = foretell(
        one.values,
        {baseline.name: baseline.values},
        {baseline.name: 0.0},
        len(one.values.unit),
        FIRST,
    )
    return told.gains[baseline.name]


def _outcome(one: Tried, model: str) -> Outcome:
    return Outcome(one.name, one.contender.standing, one.mean, dict(one.metrics), model)


def _kept(one: Tried, development: Data, seed: int, files: FileStore) -> str:
    fitted: Solution = one.contender.solution.fit(development, seed)
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        return f"{type(fitted).__name__}:{files.keep(Path(folder))}"


def _left_out(tested: Trial, in_use: InUse | None) -> list[Finding]:
    own = [(name, why) for name, why in tested.skipped if in_use is None or name != in_use.name]
    told = [Finding("GST-E01", "skipped", {"solution": name, "reason": why}) for name, why in own]
    return [*told, *released.findings(tested, in_use)]


def _figures(task: Task, case: Case, tested: Trial) -> list[Figure]:
    shown = tested.winner or tested.of("baseline")[0]
    return task.figures(case, tested.folds[-1], shown.answers[-1])


def _each_once(*figures: Figure) -> tuple[Figure, ...]:
    """One figure of a name, the first: a check draws over all folds what the task draws over the last one."""
    return tuple({figure.name: figure for figure in reversed(figures)}.values())[::-1]
