"""Room tasks. In: a split and answers -> Out: Values, one number a unit, and what somebody who knows would answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.task import Values
from grundstein.tasks.predict.answers import FLOOR, losses, number_answers, two_answers
from grundstein.tasks.predict.plan import problem_of, truths
from grundstein.tools.columns import YES, acted_on, as_numbers, as_texts
from grundstein.tools.money import Stakes, choose_policy, number_worth
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.predict.plan import Plan, Problem

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LARGEST_LOSS = float(np.log((1 - FLOOR) / FLOOR))


@dataclass(frozen=True)
class Weights:
    """What each unit counts. Acted on: 0, for its truth was changed; left alone: 1 / share left alone in its stratum.

    `largest` is the most that any unit may count, `biased` why these weights cannot repair the values.
    """

    each: Floats
    largest: float = 1.0
    biased: str = ""


def weigh(plan: Plan, development: pa.Table, asked: pa.Table, acted: pa.Table) -> Weights:
    """Weigh the units `asked` (their acted column stands in `acted`); shares come from development alone."""
    ones = np.ones(asked.num_rows)
    if not plan.acted_column:
        silent = bool(plan.money and plan.money.form == "action" and not plan.acted)
        return Weights(ones, biased="nobody said on whom today's rule acted" if silent else "")
    known = acted_on(development, plan.acted_column)
    now = acted_on(acted, plan.acted_column)
    if not known.any() and not now.any():
        return Weights(ones)
    if not plan.baseline:
        return Weights(np.where(now, 0.0, 1.0), biased="units were acted on, and no rule says how they were chosen")
    above, asked_above = _strata(plan, development, asked, known)
    return _inverse(known, above, now, asked_above)


def learning_weights(plan: Plan, rows: pa.Table) -> Floats:
    """Return what each development row counts in a fit; all alike where nobody was left alone."""
    each = weigh(plan, rows, rows, rows).each
    return each if each.any() else np.ones(rows.num_rows)


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Value each answer by the case's money, else by its metric; `worst` bounds what a unit can lose."""
    development, truth = split.development["rows"], split.truth["rows"]
    problem = problem_of(plan, development)
    if plan.money and problem.kind == "two":
        _check_meaning(plan, development)
    weights = weigh(plan, development, split.questions, truth)
    value, worst = worth(plan, problem, truth, answers)
    time = np.asarray(truth["_time"]) if "_time" in truth.column_names else None
    return Values(
        unit=np.asarray(truth["_unit"]),
        cluster=np.asarray(truth["_cluster"]),
        value=value * weights.each,
        period=None if time is None else periods(time, plan.time == "_row"),
        worst=None if worst is None else worst * weights.largest,
        biased=weights.biased,
    )


def probabilities_of_truth(problem: Problem, truth: pa.Table, plan: Plan, answers: pa.Table) -> Floats:
    """Many classes: the probability that each answer gave to what was true.

    Where an answer names the probability of its own label alone, the rest is shared by the other labels.
    """
    known = as_texts(truth, plan.target).to_pylist()
    right = np.asarray(pc.equal(as_texts(answers, "answer"), pa.array(known, pa.string())).fill_null(False))
    top = as_numbers(answers, "probability")
    rest = (1.0 - top) / max(len(problem.labels) - 1, 1)
    given = np.where(right, top, rest)
    for label in set(known) & set(problem.labels):
        if f"probability: {label}" in answers.column_names:
            rows = np.array([one == label for one in known])
            given[rows] = as_numbers(answers, f"probability: {label}")[rows]
    return np.where(truths(problem, plan, truth) < 0, 0.0, given)


def perfect_answers(plan: Plan, split: Split) -> pa.Table:
    """Answer with the truth; a capacity is shared by the units on which acting pays."""
    development, truth = split.development["rows"], split.truth["rows"]
    problem = problem_of(plan, development)
    known = truths(problem, plan, truth)
    if problem.kind == "number":
        return number_answers(known)
    if problem.kind == "many":
        sure = np.ones(len(known))
        return pa.table({"answer": as_texts(truth, plan.target), "probability": sure, "act": sure})
    pays = np.where(known > 0, plan.stakes.gain_yes > 0, plan.stakes.gain_no > 0)
    before = truths(problem, plan, development)
    share = float(np.where(before > 0, plan.stakes.gain_yes > 0, plan.stakes.gain_no > 0).mean())
    act = 1.0 if plan.room is None or share <= plan.room else plan.room / share
    return two_answers(problem, known, pays * act, known > 0)


def worth(plan: Plan, problem: Problem, truth: pa.Table, answers: pa.Table) -> tuple[Floats, float | None]:
    """Return the unweighted value of each answer and the most that one unit can lose; `truth` holds the target."""
    measure = plan.measure(problem.kind)
    if problem.kind == "number":
        return _number_worth(plan, as_numbers(answers, "answer"), truths(problem, plan, truth)), None
    right = np.asarray(pc.equal(as_texts(answers, "answer"), as_texts(truth, plan.target)).fill_null(False))
    if measure == "accuracy":
        return right.astype(np.float64), 1.0
    if problem.kind == "two":
        yes = truths(problem, plan, truth) > 0
        if measure == "log_loss":
            return -losses(as_numbers(answers, "probability"), yes), LARGEST_LOSS
        return plan.stakes.worth(as_numbers(answers, "act"), yes), plan.stakes.worst
    if measure == "log_loss":
        given = probabilities_of_truth(problem, truth, plan, answers)
        return np.log(np.clip(given, FLOOR, 1 - FLOOR)), LARGEST_LOSS
    cells = plan.stakes
    spread = (cells.act_yes, cells.act_no, cells.skip_yes)
    return cells.worth(as_numbers(answers, "act"), right), max(spread) - min(spread)


def _number_worth(plan: Plan, predicted: Floats, known: Floats) -> Floats:
    if plan.money:
        return number_worth(plan.money, predicted, known)
    return -((predicted - known) ** 2) if plan.squares else -np.abs(predicted - known)


def _check_meaning(plan: Plan, development: pa.Table) -> None:
    """Money needs a yes that somebody named, or one that can be read from the values themselves."""
    labels = pc.unique(as_texts(development, plan.target).drop_null()).to_pylist()
    if plan.positive is None and not any(str(label).strip().casefold() in YES for label in labels):
        raise Refused(
            f'which value of "{plan.target}" counts as yes?', f"values: {', '.join(labels)}", "add `positive:`"
        )


def _strata(plan: Plan, development: pa.Table, asked: pa.Table, acted: Flags) -> tuple[Flags, Flags]:
    """Mark the units that today's rule picks; a ranking rule picks above the cut that best tells who was acted on."""
    from grundstein.tools import expression

    before = expression.evaluate(plan.baseline, development)
    now = expression.evaluate(plan.baseline, asked)
    if pa.types.is_boolean(before.type):
        return _picked(before), _picked(now)
    if pa.types.is_string(before.type):
        wanted = problem_of(plan, development).positive
        return _picked(pc.equal(before, wanted)), _picked(pc.equal(now, wanted))
    scores, asked_scores = (_scores(column) for column in (before, now))
    cut = choose_policy(scores, acted, np.ones(len(scores)), Stakes(1.0, -1.0, 0.0, 0.0))
    return cut.act(scores) > 0, cut.act(asked_scores) > 0


def _picked(column: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(column, False), dtype=np.bool_)


def _scores(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64(), safe=False), -1e300), dtype=np.float64)


def _inverse(known: Flags, above: Flags, now: Flags, asked_above: Flags) -> Weights:
    each = np.zeros(len(now))
    largest, biased = 1.0, ""
    for stratum, name in ((True, "picks"), (False, "leaves out")):
        inside, asked_inside = above == stratum, asked_above == stratum
        if not inside.any() and not asked_inside.any():
            continue
        share = float((~known[inside]).mean()) if inside.any() else 0.0
        if share == 0.0:
            biased = f"nobody whom today's rule {name} was left alone"
            continue
        largest = max(largest, 1.0 / share)
        each[asked_inside & ~now] = 1.0 / share
    return Weights(each, largest, biased)
