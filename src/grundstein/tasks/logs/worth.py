"""Room tasks. In: a split and answers -> Out: what each session's answer was worth, and the field's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from grundstein.core.task import Values
from grundstein.tasks.logs.answers import FLOOR, labels_of, table_of
from grundstein.tools.columns import as_numbers, as_texts
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.logs.options import Plan

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LARGEST_LOSS = float(np.log((1 - FLOOR) / FLOOR))


def truths(plan: Plan, truth: pa.Table) -> Flags:
    """Which sessions came to yes."""
    return np.asarray(pc.fill_null(pc.equal(as_texts(truth, "outcome"), plan.positive or ""), False), dtype=np.bool_)


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Value each answer by the case's money, else by its metric; 0 where the case names no outcome."""
    truth = split.truth["lines"]
    yes = truths(plan, truth)
    value, worst = worth(plan, yes, answers) if plan.outcome else (np.zeros(len(yes)), 0.0)
    silent = bool(plan.money and plan.money.form == "action" and not plan.acted)
    time = np.asarray(truth["_time"]) if "_time" in truth.column_names else None
    return Values(
        unit=np.asarray(truth["_unit"]),
        cluster=np.asarray(truth["_cluster"]),
        value=value,
        period=None if time is None else periods(time, plan.time == "_row"),
        worst=worst,
        biased="nobody said on whom today's rule acted" if silent else "",
    )


def worth(plan: Plan, yes: Flags, answers: pa.Table) -> tuple[Floats, float]:
    """The value of each answer, and the most that one can lose."""
    if plan.measure == "accuracy":
        said = np.asarray(pc.equal(as_texts(answers, "answer"), plan.positive or "")) == yes
        return said.astype(np.float64), 1.0
    if plan.measure == "log_loss":
        given = np.clip(as_numbers(answers, "probability"), FLOOR, 1 - FLOOR)
        return np.log(np.where(yes, given, 1 - given)), LARGEST_LOSS
    return plan.stakes.worth(as_numbers(answers, "act"), yes), plan.stakes.worst


def perfect(plan: Plan, split: Split) -> pa.Table:
    """The truth as answers; a capacity is shared by the sessions on which acting pays."""
    truth = split.truth["lines"]
    yes = truths(plan, truth)
    pays = np.where(yes, plan.stakes.gain_yes > 0, plan.stakes.gain_no > 0)
    act = 1.0 if plan.room is None or not pays.any() else min(1.0, plan.room / float(plan_share(plan, split)))
    labels = labels_of(plan, as_texts(truth, "outcome").to_pylist())
    return table_of(labels, as_texts(truth, "session").to_pylist(), yes.astype(np.float64), pays * act)


def plan_share(plan: Plan, split: Split) -> float:
    """The share of development sessions on which acting pays."""
    from grundstein.tasks.logs.sessions import grouped, outcomes_of

    lines = split.development["lines"]
    said = outcomes_of(split.development, plan, grouped(lines, plan))
    yes = np.array([one == plan.positive for one in said], dtype=np.bool_)
    pays = np.where(yes, plan.stakes.gain_yes > 0, plan.stakes.gain_no > 0)
    return max(float(pays.mean()) if len(pays) else 1.0, plan.room or 1.0)


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """F1, precision, recall, areas and losses by their usual names; nothing where the case names no outcome."""
    if not plan.outcome:
        return {}
    yes = truths(plan, split.truth["lines"])
    said = np.asarray(pc.equal(as_texts(answers, "answer"), plan.positive or ""), dtype=np.bool_)
    given, act = as_numbers(answers, "probability"), as_numbers(answers, "act")
    pays = np.where(yes, plan.stakes.gain_yes > 0, plan.stakes.gain_no > 0)
    clipped = np.clip(given, FLOOR, 1 - FLOOR)
    found = of_flags(yes, said) | {
        "accuracy": float((said == yes).mean()),
        "log_loss": float(-np.log(np.where(yes, clipped, 1 - clipped)).mean()),
        "acted": float(act.mean()),
        "right": float((act * pays).mean()),
    }
    if 0 < yes.sum() < len(yes):
        from sklearn.metrics import average_precision_score, roc_auc_score

        found["roc_auc"] = float(roc_auc_score(yes, given))
        found["average_precision"] = float(average_precision_score(yes, given))
    return found


def of_flags(yes: Flags, said: Flags) -> dict[str, float]:
    """F1, precision and recall of a yes."""
    hits = float((yes & said).sum())
    precision, recall = hits / max(float(said.sum()), 1.0), hits / max(float(yes.sum()), 1.0)
    both = precision + recall
    return {"f1": 2 * precision * recall / both if both else 0.0, "precision": precision, "recall": recall}
