"""Room evaluation. In: out-of-fold answers -> Out: how many can be answered alone (GST-T60 to T66).

Split conformal prediction (`tools.conformal`): each unit gets all answers that are not among the least fitting tenth,
learnt from other units' out-of-fold answers, by class where each has a hundred. One answer left: it can stand alone.
Several, or none: a person decides. The tenth is of all cases, and those that stand alone hold nearly all of the wrong
ones. Nothing is measured on a unit from which its own threshold was learnt; in a split by time only earlier units are
learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import quick
from grundstein.evaluation.checks.answered import Answered, answered
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.tools.conformal import FEWEST, MISS, each_class, quantile, range_of, thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.evaluation.checks.quick import Part

    Floats = NDArray[np.float64]

FOLDS = 5
FEWEST_CLUSTERS = 30
SHOWN = (0.02, 0.05, 0.1, 0.15, 0.2)
SHORT = 3.0
TITLE = {"en": "How many can be answered without a person?", "de": "Wie viele lassen sich ohne Menschen beantworten?"}
LABELS = {
    "miss": {"en": "share that may be answered wrong", "de": "Anteil, der falsch beantwortet werden darf"},
    "alone": {"en": "share answered alone", "de": "Anteil allein beantwortet"},
}


@dataclass(frozen=True)
class Sets:
    """What cross-conformal sets did: the shares with one answer and with none, of sets that hold the truth.

    `wrong_alone` is the share of the single answers that were wrong, `error` the standard error of `held`.
    """

    units: int
    alone: float
    none: float
    held: float
    wrong_alone: float
    error: float


def check(look: Look) -> Checked:
    """Say how many units can be answered alone, and how many should go to a person; for a number, how wide it is."""
    new = answered(look, look.winner)
    if new is None:
        return Checked()
    if len(new.truth) < FEWEST or len(np.unique(new.cluster)) < FEWEST_CLUSTERS:
        return Checked((Finding("GST-T65", "skipped", {"units": len(new.truth)}),))
    return _ranges(new, look.seed) if new.kind == "number" else _classes(new, look.seed)


def _classes(new: Answered, seed: int) -> Checked:
    """Promise it for each outcome; where that cannot be kept, over all cases; where that cannot, say so."""
    promised = [way for way in (True, False) if not way or each_class(_truth(new), len(new.classes))]
    tried = [(way, sets(new, MISS, seed, by_class=way)) for way in promised]
    kept = next(((way, one) for way, one in tried if not short(one.held, one.error)), None)
    way, found = kept or tried[-1]
    facts: dict[str, Fact] = {
        "units": found.units,
        "thousand": 1000,
        "alone": round(1000 * found.alone),
        "person": 1000 - round(1000 * found.alone),
        "none": round(1000 * found.none),
        "held": round(found.held, 4),
        "wrong": round(found.wrong_alone, 4),
        "miss": MISS,
    }
    if kept is None:
        return Checked((Finding("GST-T62", "issue", facts),))
    figure = _figure([sets(new, miss, seed, by_class=way).alone for miss in SHOWN])
    alone, wrong = sure(new, MISS, seed)
    surest: dict[str, Fact] = {"thousand": 1000, "alone": round(1000 * alone), "wrong": round(wrong, 4)}
    told = Finding("GST-T60" if way else "GST-T66", "tip", facts), Finding("GST-T61", "tip", surest)
    return Checked(told, (figure,))


def short(held: float, error: float) -> bool:
    """Whether clearly fewer sets than promised held the truth."""
    return held + SHORT * error < 1 - MISS


def sets(new: Answered, miss: float, seed: int, *, by_class: bool) -> Sets:
    """Build the set of each unit with thresholds from others (`by_class`: one for each class), and count."""
    held, size, place = [], [], []
    score, truth = 1.0 - new.of_truth, _truth(new)
    for learnt, asked in parts(new, seed):
        inside = new.told[asked] >= 1 - thresholds(
            score[learnt], truth[learnt], len(new.classes), miss, by_class=by_class
        )
        held.append(inside[np.arange(len(asked)), new.truth[asked].astype(np.int64)])
        size.append(inside.sum(axis=1))
        place.append(asked)
    kept, many, order = np.concatenate(held), np.concatenate(size), np.concatenate(place)
    wrong = float((~kept[many == 1]).mean()) if (many == 1).any() else 0.0
    return Sets(
        units=len(kept),
        alone=float((many == 1).mean()),
        none=float((many == 0).mean()),
        held=float(kept.mean()),
        wrong_alone=wrong,
        error=_error(kept.astype(np.float64), new.cluster[order]),
    )


def sure(new: Answered, miss: float, seed: int) -> tuple[float, float]:
    """Return the share answered alone where only the surest answers stand, and which share of those was wrong.

    The cut is the lowest named probability above which at most `miss` of the other units' answers were wrong.
    """
    right = new.told.argmax(axis=1) == new.truth
    stands, wrong = [], []
    for learnt, asked in parts(new, seed):
        order = learnt[np.argsort(-new.named[learnt], kind="stable")]
        bad = (np.cumsum(~right[order]) + 1) / (np.arange(len(order)) + 2)
        good = np.flatnonzero(bad <= miss)
        cut = new.named[order[good[-1]]] if len(good) else np.inf
        stands.append(new.named[asked] >= cut)
        wrong.append(~right[asked] & stands[-1])
    share = float(np.concatenate(stands).mean())
    return share, float(np.concatenate(wrong).mean()) / share if share else 0.0


def parts(new: Answered, seed: int) -> list[Part]:
    """Pairs of units to learn a threshold from and units to use it on: no entity on both sides, never back in time."""
    if new.time is not None:
        return quick.forward_parts(new.time.astype(np.float64))
    names, number = np.unique(new.cluster, return_inverse=True)
    fold = (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[number]
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]


def ranges(new: Answered, miss: float, seed: int) -> tuple[float, float, float, float]:
    """Return (mean width of the ranges, share that holds the truth, its error, width of the range without a model)."""
    rest, truth = new.truth - new.told[:, 0], new.truth
    held, width, blind, place = [], [], [], []
    for learnt, asked in parts(new, seed):
        low, high = range_of(rest[learnt], miss)
        held.append((rest[asked] >= low) & (rest[asked] <= high))
        width.append(np.full(len(asked), high - low))
        blind.append(quantile(truth[learnt], miss / 2) + quantile(-truth[learnt], miss / 2))
        place.append(asked)
    kept = np.concatenate(held).astype(np.float64)
    error = _error(kept, new.cluster[np.concatenate(place)])
    return float(np.concatenate(width).mean()), float(kept.mean()), error, float(np.mean(blind))


def _ranges(new: Answered, seed: int) -> Checked:
    width, held, error, blind = ranges(new, MISS, seed)
    facts: dict[str, Fact] = {
        "units": len(new.truth),
        "width": float(f"{width:.4g}"),
        "blind": float(f"{blind:.4g}"),
        "share": round(width / blind, 4) if blind > 0 else 1.0,
        "held": round(held, 4),
        "miss": MISS,
    }
    if short(held, error):
        return Checked((Finding("GST-T64", "issue", facts),))
    return Checked((Finding("GST-T63", "tip", facts),))


def _truth(new: Answered) -> NDArray[np.int64]:
    return new.truth.astype(np.int64)


def _error(values: Floats, cluster: NDArray[np.int64]) -> float:
    number = np.unique(cluster, return_inverse=True)[1]
    sums = np.bincount(number, weights=values - values.mean())
    return float(np.sqrt((sums**2).sum())) / len(values)


def _figure(alone: list[float]) -> Figure:
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "miss": SHOWN,
        "alone": tuple(round(share, 4) for share in alone),
    }
    return Figure("answered_alone", "line", TITLE, columns, x="miss", y="alone", labels=LABELS)
