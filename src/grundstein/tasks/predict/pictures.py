"""Room tasks. In: truths and answers -> Out: figures: calibration, gain by share acted on, predicted against actual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.tasks.predict.plan import problem_of, truths
from grundstein.tasks.predict.worth import weigh
from grundstein.tools.columns import as_numbers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.predict.plan import Plan

    Floats = NDArray[np.float64]

GROUPS = 10
STEPS = 20


def figures(plan: Plan, split: Split, answers: pa.Table) -> list[Figure]:
    """Return the figures of these answers; units that today's rule was acted on are left out."""
    development, truth = split.development["rows"], split.truth["rows"]
    problem = problem_of(plan, development)
    weights = weigh(plan, development, split.questions, truth).each
    known = truths(problem, plan, truth)
    if not weights.any() or problem.kind == "many":
        return []
    if problem.kind == "number":
        return [_deciles(known, as_numbers(answers, "answer"), weights)]
    probability = as_numbers(answers, "probability")
    return [_calibration(known, probability, weights), _gain(plan, known, probability, weights)]


def _groups(order: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    return [part for part in np.array_split(order, count) if len(part)]


def _levels(known: Floats, told: Floats, weights: Floats) -> tuple[list[float], list[float]]:
    """Mean prediction and mean truth in groups of equal size, by prediction."""
    seen = np.flatnonzero(weights > 0)
    parts = _groups(seen[np.argsort(told[seen], kind="stable")], GROUPS)
    said = [float(np.average(told[part], weights=weights[part])) for part in parts]
    return said, [float(np.average(known[part], weights=weights[part])) for part in parts]


def _calibration(known: Floats, probability: Floats, weights: Floats) -> Figure:
    said, came = _levels(known, probability, weights)
    return Figure(
        "calibration",
        "diagonal",
        {"en": "Does it happen as often as foretold?", "de": "Tritt es so oft ein wie vorhergesagt?"},
        {"foretold": tuple(said), "happened": tuple(came)},
        "foretold",
        "happened",
        labels={
            "en": {"foretold": "foretold share", "happened": "share that happened"},
            "de": {"foretold": "vorhergesagter Anteil", "happened": "eingetretener Anteil"},
        },
    )


def _gain(plan: Plan, known: Floats, probability: Floats, weights: Floats) -> Figure:
    """Value per unit above acting on nobody, for every share acted on; equal scores are shared equally."""
    at_stake = plan.stakes
    gains = weights * np.where(known > 0, at_stake.gain_yes, at_stake.gain_no) / weights.sum()
    levels, group = np.unique(-at_stake.direction * probability, return_inverse=True)
    share = np.cumsum(np.bincount(group, weights, len(levels))) / weights.sum()
    total = np.cumsum(np.bincount(group, gains, len(levels)))
    shares = np.arange(STEPS + 1) / STEPS
    value = np.interp(shares, np.concatenate([[0.0], share]), np.concatenate([[0.0], total]))
    return Figure(
        "gain_by_share",
        "line",
        {"en": "What acting on more units brings", "de": "Was es bringt, bei mehr Fällen zu handeln"},
        {"share": tuple(map(float, shares)), "value": tuple(map(float, value))},
        "share",
        "value",
        labels={
            "en": {"share": "share acted on, most promising first", "value": "value per unit"},
            "de": {"share": "Anteil, aussichtsreichste zuerst", "value": "Wert je Fall"},
        },
    )


def _deciles(known: Floats, predicted: Floats, weights: Floats) -> Figure:
    said, came = _levels(known, predicted, weights)
    return Figure(
        "predicted_and_actual",
        "diagonal",
        {"en": "Predicted and actual, in ten groups", "de": "Vorhergesagt und tatsächlich, in zehn Gruppen"},
        {"predicted": tuple(said), "actual": tuple(came)},
        "predicted",
        "actual",
        labels={
            "en": {"predicted": "mean prediction", "actual": "mean that came"},
            "de": {"predicted": "mittlere Vorhersage", "actual": "mittlerer Wert"},
        },
    )
