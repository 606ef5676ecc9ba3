"""Room evaluation. In: what perfect and trivial answers are worth -> Out: what these rows can show (GST-T70 to T73).

Nothing is fitted. What one answer can change is the distance between the best and the worst of perfect and trivial
answers to that unit. The assumption: new and old answers differ on one unit in six by all of it, better and worse alike
(measured on eleven public questions, the two differed as much as one in eleven to one in four; the middle was one in
six). The judge's own formula then says which gain the sealed units would show in 9 of 10 cases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.evaluation.experiment import Contender, trial
from grundstein.tools import inference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.case import Case
    from grundstein.core.task import Split, Task, Values

ONE_IN = 6
RIGHT_OR_WRONG = {0.0, 1.0}


def check(look: Look) -> Checked:
    """Say what gain the sealed units can show, and whether perfect answers would reach it."""
    simple = [look.values[name] for name in look.simple if name in look.values]
    if look.perfect is None or not simple or not look.units_test:
        return Checked()
    return Checked((reach(look.perfect, simple, look.case.margin(), look.units_test, look.seed),))


def before(task: Task, case: Case, split: Split, seed: int) -> Finding | None:
    """Say the same from a case alone, before anything is evaluated; None where the task has no trivial answer."""
    simple = [*task.trivial(case), *([task.baseline(case)] if case.baseline else [])]
    tried = trial(task, case, split.development, [Contender(one, "trivial") for one in simple], seed, lambda _: None)
    if tried.perfect is None or not tried.tried:
        return None
    return reach(tried.perfect, [one.values for one in tried.tried], case.margin(), split.questions.num_rows, seed)


def reach(perfect: Values, simple: Sequence[Values], margin: float, units_test: int, seed: int) -> Finding:
    """Return the finding; `simple` are the values of trivial answers and today's rule on the same units."""
    found = sample(perfect, simple, seed)
    worst = None if any(one.worst is None for one in simple) else max(one.worst or 0.0 for one in simple)
    clusters = int(units_test * found.clusters / max(found.units, 1))
    gain = min(float((perfect.value - one.value).mean()) for one in simple)
    facts: dict[str, Fact] = {"units": units_test, "one_in": ONE_IN, "margin": _short(margin), "perfect": _short(gain)}
    if clusters < inference.MIN_CLUSTERS:
        return Finding("GST-T72", "issue", {"clusters": clusters, "needed": inference.MIN_CLUSTERS})
    shown = inference.detectable(found, units_test, inference.opening_level(1, shown=False), worst)
    if shown is None:
        return Finding("GST-T73", "tip", facts)
    facts["detectable"] = _short(shown)
    return Finding("GST-T71", "issue", facts) if gain < margin + shown else Finding("GST-T70", "tip", facts)


def sample(perfect: Values, simple: Sequence[Values], seed: int) -> inference.Sample:
    """The differences that are assumed: one cluster in six, half of them for the better, by all that is at stake."""
    at_stake = stakes(perfect, simple)
    clusters, number = np.unique(perfect.cluster, return_inverse=True)
    place = np.random.default_rng(seed).permutation(len(clusters))
    sign = np.where(place % (2 * ONE_IN) == 0, 1.0, np.where(place % (2 * ONE_IN) == ONE_IN, -1.0, 0.0))
    return inference.sample(sign[number] * at_stake, perfect.cluster)


def stakes(perfect: Values, simple: Sequence[Values]) -> NDArray[np.float64]:
    """What the answer to each unit can change; 1 where an answer is right or wrong."""
    each = np.stack([perfect.value, *(one.value for one in simple)])
    if set(np.unique(each)) <= RIGHT_OR_WRONG:
        return np.ones(each.shape[1])
    return each.max(axis=0) - each.min(axis=0)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
