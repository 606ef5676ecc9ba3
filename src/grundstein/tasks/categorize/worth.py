"""Room tasks. In: a split and answers -> Out: Values, metrics and figures: what each category given was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.figures import Figure
from grundstein.core.task import Values
from grundstein.tasks.categorize.answers import FLOOR, ranked
from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.columns import as_numbers, as_texts
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LARGEST_LOSS = float(-np.log(FLOOR))
SHOWN = 12
WHO = {
    "en": {"right": "alone, right", "wrong": "alone, wrong", "person": "a person"},
    "de": {"right": "ohne Rückfrage, richtig", "wrong": "ohne Rückfrage, falsch", "person": "ein Mensch"},
}
STEPS = 20


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Value each answer by the case's money, else by its metric."""
    truth = split.truth["rows"]
    value, worst = _worth(plan, split, answers)
    time = np.asarray(truth["_time"]) if "_time" in truth.column_names else None
    return Values(
        unit=np.asarray(truth["_unit"]),
        cluster=np.asarray(truth["_cluster"]),
        value=value,
        period=None if time is None else periods(time, plan.time == "_row"),
        worst=worst,
    )


def perfect(plan: Plan, split: Split) -> pa.Table:
    """Answer with the truth, where that is worth more than asking a person."""
    truth = labels_of(split.truth["rows"], plan)
    act = 1.0 if plan.stakes.gain_yes >= 0 else 0.0
    return pa.table({"answer": truth, "probability": np.ones(len(truth)), "act": np.full(len(truth), act)})


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """`accuracy`, `f1_macro`, `log_loss`, `top_N_accuracy`; `acted` are answered alone, `right` of them rightly.

    `to_a_person` is the share of the others; with money `saved` is what a unit brings over asking a person each time.
    """
    from sklearn.metrics import f1_score

    truth = labels_of(split.truth["rows"], plan)
    right = _right(truth, answers)
    told = pc.fill_null(as_texts(answers, "answer"), "").to_pylist()
    offered = ranked(answers)
    among = np.any([_same(truth, label) for label, _ in offered], axis=0)
    act = as_numbers(answers, "act")
    given = _probability_of_truth(plan, split, answers)
    saved = {"saved": float(_saved(plan, act, right).mean())} if plan.money else {}
    return {
        "accuracy": float(right.mean()),
        "f1_macro": float(f1_score(truth.to_pylist(), told, average="macro", zero_division=0.0)),
        "log_loss": float(-np.log(np.clip(given, FLOOR, 1.0)).mean()),
        f"top_{len(offered)}_accuracy": float(among.mean()),
        "acted": float(act.mean()),
        "right": float((act * right).mean()),
        "to_a_person": float((1.0 - act).mean()),
        **saved,
    }


def figures(plan: Plan, split: Split, answers: pa.Table) -> list[Figure]:
    """Who answers, what that brings, how right the surest answers are, and the categories missed most often."""
    truth = labels_of(split.truth["rows"], plan)
    right, sure = _right(truth, answers), as_numbers(answers, "probability")
    told = [_surest(right, sure), _missed(truth, right)]
    return [_who(as_numbers(answers, "act"), right), _brought(plan, right, sure), *told] if plan.money else told


def _worth(plan: Plan, split: Split, answers: pa.Table) -> tuple[Floats, float]:
    if plan.measure == "log_loss":
        return np.log(np.clip(_probability_of_truth(plan, split, answers), FLOOR, 1.0)), LARGEST_LOSS
    right = _right(labels_of(split.truth["rows"], plan), answers)
    if plan.measure == "accuracy":
        return right.astype(np.float64), 1.0
    cells = plan.stakes
    spread = (cells.act_yes, cells.act_no, cells.skip_yes)
    return cells.worth(as_numbers(answers, "act"), right), max(spread) - min(spread)


def _probability_of_truth(plan: Plan, split: Split, answers: pa.Table) -> Floats:
    """The probability that an answer gave to what was true; what it did not offer shares the rest alike."""
    truth = labels_of(split.truth["rows"], plan)
    offered = ranked(answers)
    others = max(len(pc.unique(labels_of(split.development["rows"], plan))) - len(offered), 1)
    given = np.maximum(1.0 - np.sum([share for _, share in offered], axis=0), 0.0) / others
    for label, share in offered:
        given = np.where(_same(truth, label), share, given)
    return given


def _right(truth: pa.ChunkedArray, answers: pa.Table) -> Flags:
    return _same(truth, as_texts(answers, "answer"))


def _same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(pc.equal(one, other.combine_chunks()), fill_value=False), dtype=np.bool_)


def _saved(plan: Plan, act: Floats, right: Flags) -> Floats:
    """What each answer is worth over one that a person is asked for."""
    return plan.stakes.worth(act, right) - plan.stakes.worth(np.zeros(len(act)), right)


def _who(act: Floats, right: Flags) -> Figure:
    shares = (float((act * right).mean()), float((act * ~right).mean()), float((1.0 - act).mean()))
    return Figure(
        "who_answers",
        "bar",
        {"en": "Who answers", "de": "Wer antwortet"},
        {"who": ("right", "wrong", "person"), "share": shares},
        "who",
        "share",
        labels={
            "en": {"who": "who answers", "share": "share of all units", **WHO["en"]},
            "de": {"who": "wer antwortet", "share": "Anteil aller Fälle", **WHO["de"]},
        },
    )


def _brought(plan: Plan, right: Flags, sure: Floats) -> Figure:
    """What a unit brings over asking a person, for every share answered alone, the surest first."""
    order = np.argsort(-sure, kind="stable")
    gained = np.cumsum(_saved(plan, np.ones(len(order)), right)[order]) / max(len(order), 1)
    places = np.unique(len(order) * np.arange(1, STEPS + 1) // STEPS)
    places = places[places > 0]
    return Figure(
        "saved_by_share",
        "line",
        {"en": "What answering alone saves", "de": "Was Antworten ohne Rückfrage spart"},
        {"share": (0.0, *map(float, places / len(order))), "saved": (0.0, *map(float, gained[places - 1]))},
        "share",
        "saved",
        labels={
            "en": {"share": "share answered alone, the surest first", "saved": "saved per unit"},
            "de": {"share": "Anteil ohne Rückfrage, sicherste zuerst", "saved": "gespart je Fall"},
        },
    )


def _surest(right: Flags, probability: Floats) -> Figure:
    ordered = right[np.argsort(-probability, kind="stable")]
    sizes = np.unique(np.maximum(1, np.arange(1, STEPS + 1) * len(ordered) // STEPS))
    shares = np.cumsum(ordered)[sizes - 1] / sizes
    return Figure(
        "right_by_share",
        "line",
        {"en": "How often the surest answers are right", "de": "Wie oft die sichersten Antworten stimmen"},
        {"share": tuple(map(float, sizes / len(ordered))), "right": tuple(map(float, shares))},
        "share",
        "right",
        labels={
            "en": {"share": "share answered alone, the surest first", "right": "share that is right"},
            "de": {"share": "Anteil ohne Rückfrage, sicherste zuerst", "right": "Anteil richtiger Antworten"},
        },
    )


def _missed(truth: pa.ChunkedArray, right: Flags) -> Figure:
    names, place = np.unique(np.array(truth.to_pylist(), dtype=str), return_inverse=True)
    missed = np.bincount(place, ~right, len(names))
    worst = np.argsort(-missed, kind="stable")[:SHOWN]
    shares = missed[worst] / max(len(right), 1)
    return Figure(
        "missed",
        "bar",
        {"en": "Categories that are missed most", "de": "Kategorien, die am häufigsten verfehlt werden"},
        {"category": tuple(map(str, names[worst])), "missed": tuple(map(float, shares))},
        "category",
        "missed",
        labels={
            "en": {"category": "category", "missed": "share of all units"},
            "de": {"category": "Kategorie", "missed": "Anteil aller Fälle"},
        },
    )
