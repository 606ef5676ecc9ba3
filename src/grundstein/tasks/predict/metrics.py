"""Room tasks. In: truths and answers -> Out: the field's metrics by scikit-learn's names, weighted where units are.

`roc_auc`, `average_precision`, `f1_macro` and `r2` are no sums over units: they are reported and never decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from grundstein.tasks.predict.answers import FLOOR, losses
from grundstein.tasks.predict.plan import problem_of, truths
from grundstein.tasks.predict.worth import probabilities_of_truth, weigh
from grundstein.tools.columns import as_numbers, as_texts

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.predict.plan import Plan

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

BINS = 10


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """Return the metrics of these answers; one that is not defined here (one class only) is left out."""
    development, truth = split.development["rows"], split.truth["rows"]
    problem = problem_of(plan, development)
    weights = weigh(plan, development, split.questions, truth).each
    if not weights.any():
        return {}
    known = truths(problem, plan, truth)
    if problem.kind == "number":
        return of_numbers(known, as_numbers(answers, "answer"), weights)
    right = np.asarray(pc.equal(as_texts(answers, "answer"), as_texts(truth, plan.target)).fill_null(False))
    act = as_numbers(answers, "act")
    if problem.kind == "two":
        pays = np.where(known > 0, plan.stakes.gain_yes > 0, plan.stakes.gain_no > 0)
        found = of_two(known > 0, as_numbers(answers, "probability"), right, weights)
        return found | {"acted": _mean(act, weights), "right": _mean(act * pays, weights)}
    given = probabilities_of_truth(problem, truth, plan, answers)
    return {
        "accuracy": _mean(right, weights),
        "f1_macro": f1_macro(as_texts(truth, plan.target), as_texts(answers, "answer"), weights),
        "log_loss": _mean(-np.log(np.clip(given, FLOOR, 1 - FLOOR)), weights),
        "acted": _mean(act, weights),
        "right": _mean(act * right, weights),
    }


def of_two(yes: Flags, probability: Floats, right: Flags, weights: Floats) -> dict[str, float]:
    """Metrics of a yes/no question."""
    found = {
        "accuracy": _mean(right, weights),
        "log_loss": _mean(losses(probability, yes), weights),
        "ece": calibration_error(yes, probability, weights),
    }
    if len(np.unique(yes[weights > 0])) < 2:
        return found
    from sklearn.metrics import average_precision_score, roc_auc_score

    ranked = {
        "roc_auc": float(roc_auc_score(yes, probability, sample_weight=weights)),
        "average_precision": float(average_precision_score(yes, probability, sample_weight=weights)),
    }
    return ranked | found


def of_numbers(truth: Floats, predicted: Floats, weights: Floats) -> dict[str, float]:
    """Mean absolute error, root of the mean square, and the share of the variance that is explained."""
    square = _mean((predicted - truth) ** 2, weights)
    spread = _mean((truth - np.average(truth, weights=weights)) ** 2, weights)
    found = {"mae": _mean(np.abs(predicted - truth), weights), "rmse": float(np.sqrt(square))}
    return found | ({"r2": 1.0 - square / spread} if spread > 0 else {})


def calibration_error(yes: Flags, probability: Floats, weights: Floats) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(place, weights * (yes - probability), BINS)
    return float(np.abs(gaps).sum() / weights.sum())


def f1_macro(truth: pa.ChunkedArray, answers: pa.ChunkedArray, weights: Floats) -> float:
    """Mean over the labels that occur of the harmonic mean of precision and recall."""
    from sklearn.metrics import f1_score

    told = pc.fill_null(answers, "").to_pylist()
    return float(f1_score(truth.to_pylist(), told, average="macro", sample_weight=weights, zero_division=0.0))


def _mean(values: Floats | Flags, weights: Floats) -> float:
    return float(np.average(np.asarray(values, dtype=np.float64), weights=weights))
