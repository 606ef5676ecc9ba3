"""Room tasks. In: raw predictions -> Out: Finish, what is decided after them, and the table of answers.

Raw predictions are the probability of yes (two classes), a row of probabilities (many) or the number itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.conformal import FEWEST, MISS, each_class, range_of, thresholds
from grundstein.tools.money import Policy, choose_policy, wanted_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.predict.plan import Plan, Problem

    Floats = NDArray[np.float64]

FLOOR = 0.001
SET, BETWEEN = "answer: set", " | "
SIDES = ("answer: low", "answer: high")


@dataclass(frozen=True)
class Finish:
    """What turns raw predictions into answers: calibration (slope and offset of the log odds), policy, shift.

    `sets`: of each label how unlikely it may be and still stand in an answer's set (nine of ten sets hold the truth);
    of a number how far below and above it the truth may lie. None where too few rows tell.
    """

    calibration: tuple[float, float] | None = None
    policy: Policy | None = None
    shift: float = 0.0
    sets: tuple[float, ...] | None = None

    def finished(self, raw: Floats) -> Floats:
        """Return calibrated probabilities, or the shifted number."""
        if raw.ndim == 2:
            return raw
        return calibrated(raw, self.calibration) if self.policy else raw + self.shift


def finish(plan: Plan, problem: Problem, raw: Floats, truth: Floats, weights: Floats) -> Finish:
    """Decide on predictions that were made out of fold; rows without one hold NaN and do not count."""
    seen = ~np.isnan(raw if raw.ndim == 1 else raw[:, 0])
    raw, truth, weights = raw[seen], truth[seen], weights[seen]
    counted = weights > 0
    if problem.kind == "number":
        shift = _shift(plan, truth - raw, weights)
        return Finish(shift=shift, sets=_number_sets((truth - raw - shift)[counted]))
    if problem.kind == "many":
        right = raw.argmax(axis=1) == truth
        policy = _ask_policy(plan, raw.max(axis=1), right, weights)
        return Finish(policy=policy, sets=_class_sets(raw[counted], truth[counted]))
    slope = _calibration(raw, truth, weights)
    ready = calibrated(raw, slope)
    policy = choose_policy(ready, truth > 0, weights, plan.stakes, plan.room, calibrated=True)
    return Finish(slope, policy, sets=_class_sets(_both(ready[counted]), truth[counted]))


def answer_table(problem: Problem, finishing: Finish, raw: Floats) -> pa.Table:
    """Return the columns of `Task.answers`; many classes add one column `probability: LABEL` each.

    Behind them what may be true, nine times of ten: `answer: set`, or `answer: low` to `answer: high`.
    """
    ready = finishing.finished(raw)
    if problem.kind == "number":
        return _with_range(number_answers(ready), ready, finishing.sets)
    act = finishing.policy or Policy(-1.0)
    if problem.kind == "two":
        table = two_answers(problem, ready, act.act(ready), ready > 0.5)
        return _with_sets(table, problem, _both(ready), finishing.sets)
    best = ready.argmax(axis=1) if len(ready) else np.zeros(0, dtype=np.int64)
    top = ready[np.arange(len(ready)), best]
    table = pa.table({"answer": _labels(problem, best), "probability": top, "act": act.act(top)})
    for position, label in enumerate(problem.labels):
        table = table.append_column(f"probability: {label}", pa.array(ready[:, position]))
    return _with_sets(table, problem, ready, finishing.sets)


def answer_row(problem: Problem, finishing: Finish, raw: Floats) -> dict[str, Any]:
    """Return the one answer of `answer_table` as plain values."""
    ready = finishing.finished(raw)
    if problem.kind == "number":
        number = float(ready[0])
        sides = zip(SIDES, finishing.sets or (), strict=False)
        return {"answer": number} | {name: number + side for name, side in sides}
    act = finishing.policy or Policy(-1.0)
    if problem.kind == "two":
        answer = two_answer(problem, float(ready[0]), float(act.act(ready)[0]), bool(ready[0] > 0.5))
        return answer | _set_of(problem, (1.0 - float(ready[0]), float(ready[0])), finishing.sets)
    best = int(ready.argmax(axis=1)[0])
    top = ready[:, best]
    answer = {"answer": problem.labels[best], "probability": float(top[0]), "act": float(act.act(top)[0])}
    each = zip(problem.labels, ready[0].tolist(), strict=True)
    answer |= {f"probability: {label}": probability for label, probability in each}
    return answer | _set_of(problem, ready[0].tolist(), finishing.sets)


def two_answer(problem: Problem, probability: float, act: float, yes: bool) -> dict[str, Any]:
    """Return the one answer of `two_answers` as plain values."""
    return {"answer": problem.labels[yes], "probability": probability, "act": act}


def two_answers(problem: Problem, probability: Floats, act: Floats, yes: NDArray[np.bool_]) -> pa.Table:
    """Answers to a yes/no question: the label, the probability of the positive one, the share of action."""
    return pa.table({"answer": _labels(problem, yes.astype(np.int64)), "probability": probability, "act": act})


def number_answers(predicted: Floats) -> pa.Table:
    """Answers that are numbers."""
    return pa.table({"answer": np.asarray(predicted, dtype=np.float64)})


def _both(yes: Floats) -> Floats:
    """The probabilities of no and of yes."""
    return np.column_stack([1.0 - yes, yes])


def _class_sets(probability: Floats, truth: Floats) -> tuple[float, ...] | None:
    places = truth.astype(np.int64)
    classes = probability.shape[1]
    known = places >= 0
    if known.sum() < FEWEST:
        return None
    score, places = 1.0 - probability[known][np.arange(known.sum()), places[known]], places[known]
    found = thresholds(score, places, classes, MISS, by_class=each_class(places, classes))
    return tuple(float(one) for one in found)


def _number_sets(rest: Floats) -> tuple[float, ...] | None:
    return range_of(rest, MISS) if len(rest) >= FEWEST else None


def _with_range(table: pa.Table, number: Floats, sets: tuple[float, ...] | None) -> pa.Table:
    for name, side in zip(SIDES, sets or (), strict=False):
        table = table.append_column(name, pa.array(number + side))
    return table


def _with_sets(table: pa.Table, problem: Problem, probability: Floats, sets: tuple[float, ...] | None) -> pa.Table:
    """Write each different set once and look the others up: few of those that could be are."""
    if sets is None:
        return table
    inside = probability >= 1.0 - np.array(sets)
    packed = np.packbits(inside, axis=1, bitorder="little")
    if packed.shape[1] == 1:
        bits = np.arange(len(problem.labels))
        texts = pa.array([_written(problem, (code >> bits) % 2 == 1) for code in range(256)], pa.string())
        return table.append_column(SET, pc.take(texts, pa.array(packed[:, 0])))
    codes = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    different = pa.array([_written(problem, inside[one]) for one in first], pa.string())
    return table.append_column(SET, pc.take(different, pa.array(place.ravel(), pa.int64())))


def _set_of(problem: Problem, probability: Sequence[float], sets: tuple[float, ...] | None) -> dict[str, Any]:
    if sets is None:
        return {}
    return {SET: _written(problem, [one >= 1.0 - worst for one, worst in zip(probability, sets, strict=True)])}


def _written(problem: Problem, inside: Iterable[bool | np.bool_]) -> str:
    return BETWEEN.join(label for label, one in zip(problem.labels, inside, strict=True) if one)


def calibrated(probability: Floats, slope_offset: tuple[float, float] | None) -> Floats:
    """Return probabilities with their log odds stretched and moved; as they are where there is nothing to mend."""
    if slope_offset is None:
        return probability
    return 1.0 / (1.0 + np.exp(-(slope_offset[0] * log_odds(probability) + slope_offset[1])))


def log_odds(probability: Floats) -> Floats:
    """Log of p / (1 - p), with p kept a hair inside 0 and 1."""
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))


def losses(probability: Floats, yes: NDArray[np.bool_]) -> Floats:
    """Log loss of each unit, p clipped at .001."""
    inside = np.clip(probability, FLOOR, 1 - FLOOR)
    return -np.log(np.where(yes, inside, 1 - inside))


def _labels(problem: Problem, positions: NDArray[np.int64]) -> pa.Array:
    return pc.take(pa.array(problem.labels, pa.string()), pa.array(positions, pa.int64()))


def _ask_policy(plan: Plan, top: Floats, right: NDArray[np.bool_], weights: Floats) -> Policy:
    if not (plan.money and plan.money.form == "classes"):
        return Policy(-1.0)
    return choose_policy(top, right, weights, plan.stakes, plan.room, calibrated=True, direction=1)


def _calibration(raw: Floats, truth: Floats, weights: Floats) -> tuple[float, float] | None:
    """Fit Platt's two numbers on one half, look at the other; keep them where they help by over a standard error."""
    gains = np.zeros(len(raw))
    halves = np.arange(len(raw)) % 2 == 0
    for half in (halves, ~halves):
        found = _platt(raw[half], truth[half], weights[half])
        if found is None:
            return None
        gains[~half] = losses(raw[~half], truth[~half] > 0) - losses(calibrated(raw[~half], found), truth[~half] > 0)
    gains *= weights
    if gains.mean() <= gains.std() / np.sqrt(len(gains)):
        return None
    return _platt(raw, truth, weights)


def _platt(raw: Floats, truth: Floats, weights: Floats) -> tuple[float, float] | None:
    """Logistic regression of the truth on the log odds; None with under 30 of a class, or where it would turn round."""
    counted = weights > 0
    yes = truth[counted] > 0
    if min(yes.sum(), (~yes).sum()) < 30:
        return None
    from sklearn.linear_model import LogisticRegression

    odds = log_odds(raw[counted])[:, None]
    curve = LogisticRegression(C=1e6, solver="newton-cholesky").fit(odds, yes, weights[counted])
    slope, offset = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    return (slope, offset) if slope > 0 else None


def _shift(plan: Plan, errors: Floats, weights: Floats) -> float:
    """What is added to a number: the mean error where squares count, else the quantile that costs least."""
    if not plan.squares:
        return _quantile(errors, weights, wanted_quantile(plan.money))
    return float(np.average(errors, weights=weights)) if weights.any() else 0.0


def _quantile(values: Floats, weights: Floats, wanted: float) -> float:
    if not len(values) or not weights.sum():
        return 0.0
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, wanted)), len(values) - 1)])
