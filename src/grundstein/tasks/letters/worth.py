"""Room tasks. In: a split and answers -> Out: Values, metrics and figures: how far each grade was from the true one.

`qwk` is Cohen's kappa with quadratic weights (Cohen 1968) of grades rounded to whole ones; it is no sum over units, so
it is reported and never decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.figures import Figure
from grundstein.core.task import Values
from grundstein.tasks.letters.splitting import BEST, WORST, grades_of
from grundstein.tools.columns import as_numbers
from grundstein.tools.money import number_worth
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.letters.options import Plan

    Floats = NDArray[np.float64]

GRADES = 6


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Value each answer by the case's money, else by how far it was off."""
    truth = split.truth["rows"]
    known, told = grades_of(truth, plan), as_numbers(answers, "answer")
    each = (abs(plan.money["over"]), abs(plan.money["under"])) if plan.money else (1.0, 1.0)
    time = np.asarray(truth["_time"]) if "_time" in truth.column_names else None
    return Values(
        unit=np.asarray(truth["_unit"]),
        cluster=np.asarray(truth["_cluster"]),
        value=number_worth(plan.money, told, known) if plan.money else -np.abs(told - known),
        period=None if time is None else periods(time, plan.time == "_row"),
        worst=(WORST - BEST) * max(each),
    )


def perfect(plan: Plan, split: Split) -> pa.Table:
    """Answer with the truth."""
    known = grades_of(split.truth["rows"], plan)
    return answer_table(known, known, known, ["known"] * len(known))


def answer_table(grade: Floats, low: Floats, high: Floats, reasons: list[str]) -> pa.Table:
    """The columns of an answer, the range around the grade in whole grades."""
    return pa.table({"answer": grade, "low": low, "high": high, "reason": pa.array(reasons, pa.string())})


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """`mae`, `accuracy` and `within_one` of whole grades, `qwk`, and the share of truths in the range told."""
    known, told = grades_of(split.truth["rows"], plan), as_numbers(answers, "answer")
    if not len(known):
        return {}
    whole, rounded = np.floor(known + 0.5), np.floor(told + 0.5)
    inside = (as_numbers(answers, "low") <= whole) & (whole <= as_numbers(answers, "high"))
    return {
        "mae": float(np.abs(told - known).mean()),
        "accuracy": float((whole == rounded).mean()),
        "within_one": float((np.abs(whole - rounded) <= 1).mean()),
        "qwk": quadratic_kappa(whole, rounded),
        "in_range": float(inside.mean()),
    }


def quadratic_kappa(one: Floats, other: Floats) -> float:
    """Agreement of two sets of whole grades beyond chance, far misses counting more; 0 where one set never varies."""
    seen = np.zeros((GRADES, GRADES))
    np.add.at(seen, (one.astype(np.int64) - 1, other.astype(np.int64) - 1), 1.0)
    weights = (np.arange(GRADES)[:, None] - np.arange(GRADES)[None, :]) ** 2
    expected = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / max(seen.sum(), 1.0)
    by_chance = float((weights * expected).sum())
    return 1.0 - float((weights * seen).sum()) / by_chance if by_chance else 0.0


def figures(plan: Plan, split: Split, answers: pa.Table) -> list[Figure]:
    """The mean grade told for each true one."""
    known, told = grades_of(split.truth["rows"], plan), as_numbers(answers, "answer")
    whole = np.floor(known + 0.5).astype(np.int64)
    count, total = np.bincount(whole, minlength=GRADES + 1), np.bincount(whole, told, GRADES + 1)
    seen = [int(grade) for grade in np.flatnonzero(count)]
    return [
        Figure(
            "told_by_grade",
            "line",
            {"en": "The mean grade told for each true one", "de": "Die mittlere Antwort zu jeder wahren Note"},
            {"grade": tuple(seen), "told": tuple(float(total[grade] / count[grade]) for grade in seen)},
            "grade",
            "told",
            labels={
                "en": {"grade": "true grade", "told": "mean grade told"},
                "de": {"grade": "wahre Note", "told": "mittlere Antwort"},
            },
        )
    ]
