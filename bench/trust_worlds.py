"""Bench. In: public tables and simulated answers, faults planted -> Out: looks for the checks of trust."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

import public
from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.core.task import Values
from grundstein.evaluation import checks
from grundstein.evaluation.experiment import Contender, trial
from grundstein.tasks.predict import TASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.evaluation.experiment import Trial

    Floats = NDArray[np.float64]


ADULT = (
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship"),
    *("race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"),
)
TABLES = (
    "Telco",
    "bank churn",
    "Adult",
    "credit",
    "Ames",
    "Hillstrom",
    "wholesale",
    "breast cancer",
    "diabetes",
    "digits",
)


def adult() -> public.Known:
    """Census income with its names, a sample of 10,000 rows."""
    known = public.adult().some(10_000, 0)
    return replace(known, table=known.table.rename_columns(ADULT), target="income")


def case_of(known: public.Known, **more: object) -> Case:
    """A case on a known table."""
    options = {"target": known.target, "positive": known.positive or None, "kind": known.kind}
    case = Case("bench", "?", "predict", {"rows": "rows"}, options, ignore=known.ignore, time=known.time, **more)
    return TASK.settle(case, {"rows": known.table})


def split_of(known: public.Known, case: Case, salt: str) -> Split:
    """The sealed split of a table, as the house draws it: later rows where it has a time, else by a salted hash."""
    share = 0.4 if known.table.num_rows < 3_000 else 0.25
    seal = Seal("rows", "random", known.key, "", "", share, "", salt)
    if known.time:
        cut = str(int(np.quantile(np.asarray(known.table[known.time]), 0.75)))
        seal = Seal("rows", "time", known.key, "", known.time, 0.0, cut, salt)
    return TASK.seal({"rows": known.table}, case, seal)


def sealed_look(known: public.Known, salt: str) -> checks.Look:
    """What the checks of `decide` see, with nothing fitted."""
    case = case_of(known)
    split = split_of(known, case, salt)
    seed = sum(map(ord, salt))
    return checks.Look(case, TASK, split.development, split.how, seed, known.target, questions=split.questions)


def tried(known: public.Known, salt: str = "s", solution: int = 0, **more: object) -> tuple[Case, Split, Trial]:
    """One candidate, the baseline and the trivial answers on the folds; `solution` 0 is linear, 1 trees."""
    case = case_of(known, **more)
    split = split_of(known, case, salt)
    rows = [Contender(TASK.baseline(case), "baseline"), *(Contender(one, "trivial") for one in TASK.trivial(case))]
    rows.append(Contender(list(TASK.candidates(case, 8))[solution], "candidate"))
    return case, split, trial(TASK, case, split.development, rows, 1, lambda _: None)


def look_of(case: Case, split: Split, tested: Trial) -> checks.Look:
    """What the checks of `evaluate` see."""
    winner, baseline, trivial = tested.winner, tested.of("baseline")[0], tested.of("trivial")
    return checks.Look(
        *(case, TASK, split.development, split.how, 7, str(case.options["target"])),
        baseline=baseline.name,
        winner=winner.name,
        values={one.name: one.values for one in (baseline, winner, *trivial)},
        answers={one.name: behind(one.answers) for one in (baseline, winner)},
        judged=behind(fold.questions for fold in tested.folds),
        happened=behind(fold.truth["rows"] for fold in tested.folds),
        perfect=tested.perfect,
        simple=tuple(one.name for one in trivial),
        units_test=split.questions.num_rows,
    )


def behind(parts: Iterable[pa.Table]) -> pa.Table:
    """Tables behind one another."""
    return pa.concat_tables(list(parts), promote_options="default")


def simulated(
    told: Floats,
    came: NDArray[np.bool_],
    columns: dict[str, object],
    old: Floats | None = None,
    affects: str = "customers",
) -> checks.Look:
    """A look at answers that are given: probabilities `told` (and today's, `old`), what came, columns of people."""
    n = len(told)
    truth = np.where(came, "yes", "no")
    table = pa.table({**columns, "left": truth})
    case = Case("bench", "?", "predict", {"rows": "rows"}, {"target": "left", "positive": "yes"}, affects=affects)
    values = Values(np.arange(n), np.arange(n), np.zeros(n))
    return checks.Look(
        *(case, SimpleNamespace(unit="row"), {"rows": table}, "random", 1, "left"),
        baseline="rule",
        winner="linear",
        values={"rule": values, "linear": values},
        answers={"linear": answers(told), "rule": answers(told if old is None else old)},
        judged=table.drop(["left"]),
        happened=table.select(["left"]),
    )


def answers(told: Floats) -> pa.Table:
    """The table of answers of a yes/no question that is acted on above one half."""
    yes = told > 0.5
    return pa.table({"answer": np.where(yes, "yes", "no"), "probability": told, "act": yes.astype(float)})


def probabilities(n: int, rng: np.random.Generator) -> Floats:
    """Probabilities of a useful model: a third of the cases come true."""
    return 1 / (1 + np.exp(-(rng.normal(-0.9, 1.3, n))))
