"""Room tasks. In: raw predictions -> Out: Finish, what is decided after them, and the table of answers.

Raw predictions are the probability of yes (two classes), a row of probabilities (many) or the number itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.tools.money import Policy, choose_policy, wanted_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from grundstein.tasks.predict.plan import Plan, Problem

    Floats = NDArray[np.float64]

FLOOR = 0.001


@dataclass(frozen=True)
class Finish:
    """What turns raw predictions into answers: calibration (slope and offset of the log odds), policy, shift."""

    calibration: tuple[float, float] | None = None
    policy: Policy | None = None
    shift: float = 0.0

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return asdict(self)

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> Finish:
        """Build from parsed JSON."""
        calibration = plain["calibration"] and (plain["calibration"][0], plain["calibration"][1])
        return cls(calibration, plain["policy"] and Policy(**plain["policy"]), plain["shift"])

    def finished(self, raw: Floats) -> Floats:
        """Return calibrated probabilities, or the shifted number."""
        if raw.ndim == 2:
            return raw
        return calibrated(raw, self.calibration) if self.policy else raw + self.shift


def finish(plan: Plan, problem: Problem, raw: Floats, truth: Floats, weights: Floats) -> Finish:
    """Decide on predictions that were made out of fold; rows without one hold NaN and do not count."""
    seen = ~np.isnan(raw if raw.ndim == 1 else raw[:, 0])
    raw, truth, weights = raw[seen], truth[seen], weights[seen]
    if problem.kind == "number":
        return Finish(shift=_shift(plan, truth - raw, weights))
    if problem.kind == "many":
        right = raw.argmax(axis=1) == truth
        return Finish(policy=_ask_policy(plan, raw.max(axis=1), right, weights))
    slope = _calibration(raw, truth, weights)
    policy = choose_policy(calibrated(raw, slope), truth > 0, weights, plan.stakes, plan.room, calibrated=True)
    return Finish(slope, policy)


def answer_table(problem: Problem, finishing: Finish, raw: Floats) -> pa.Table:
    """Return the columns of `Task.answers`; many classes add one column `probability: LABEL` each."""
    ready = finishing.finished(raw)
    if problem.kind == "number":
        return number_answers(ready)
    act = finishing.policy or Policy(-1.0)
    if problem.kind == "two":
        return two_answers(problem, ready, act.act(ready), ready > 0.5)
    best = ready.argmax(axis=1) if len(ready) else np.zeros(0, dtype=np.int64)
    top = ready[np.arange(len(ready)), best]
    table = pa.table({"answer": _labels(problem, best), "probability": top, "act": act.act(top)})
    for position, label in enumerate(problem.labels):
        table = table.append_column(f"probability: {label}", pa.array(ready[:, position]))
    return table


def answer_row(problem: Problem, finishing: Finish, raw: Floats) -> dict[str, Any]:
    """Return the one answer of `answer_table` as plain values."""
    ready = finishing.finished(raw)
    if problem.kind == "number":
        return {"answer": float(ready[0])}
    act = finishing.policy or Policy(-1.0)
    if problem.kind == "two":
        return two_answer(problem, float(ready[0]), float(act.act(ready)[0]), bool(ready[0] > 0.5))
    best = int(ready.argmax(axis=1)[0])
    top = ready[:, best]
    answer = {"answer": problem.labels[best], "probability": float(top[0]), "act": float(act.act(top)[0])}
    each = zip(problem.labels, ready[0].tolist(), strict=True)
    return answer | {f"probability: {label}": probability for label, probability in each}


def two_answer(problem: Problem, probability: float, act: float, yes: bool) -> dict[str, Any]:
    """Return the one answer of `two_answers` as plain values."""
    return {"answer": problem.labels[yes], "probability": probability, "act": act}


def two_answers(problem: Problem, probability: Floats, act: Floats, yes: NDArray[np.bool_]) -> pa.Table:
    """Answers to a yes/no question: the label, the probability of the positive one, the share of action."""
    return pa.table({"answer": _labels(problem, yes.astype(np.int64)), "probability": probability, "act": act})


def number_answers(predicted: Floats) -> pa.Table:
    """Answers that are numbers."""
    return pa.table({"answer": np.asarray(predicted, dtype=np.float64)})


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
