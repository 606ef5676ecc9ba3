"""Room tasks. In: what answers a query, and ranked lists -> Out: values, metrics, figures and the perfect answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.core.figures import Figure
from grundstein.core.task import Split, Values
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.search.options import Plan

    Floats = NDArray[np.float64]

LENGTHS = ((0, "0"), (1, "1"), (2, "2-3"), (4, "4-7"), (8, "8+"))
FEWEST = 5
CUT = 10
DEEP = 100


@dataclass(frozen=True)
class Found:
    """For each query the grade at each place of the list (shape queries x depth), and all its grades, falling."""

    at: Floats
    best: tuple[Floats, ...]

    @property
    def relevant(self) -> Floats:
        """How many documents answer each query."""
        return np.array([len(grades) for grades in self.best], dtype=np.float64)


def found_at(lists: Sequence[Sequence[str] | None], wanted: Sequence[Mapping[str, float]], depth: int) -> Found:
    """Place the grades of what was wanted; a document named twice counts at its first place only."""
    at = np.zeros((len(lists), depth))
    for row, (ranked, grades) in enumerate(zip(lists, wanted, strict=True)):
        left = dict(grades)
        for place, name in enumerate((ranked or ())[:depth]):
            at[row, place] = left.pop(name, 0.0)
    best = tuple(np.sort(np.array(list(grades.values()), dtype=np.float64))[::-1] for grades in wanted)
    return Found(at, best)


def worth(found: Found, measure: str, plan: Plan) -> Floats:
    """Return one number a query: money, `ndcg@10`, `recall@100` or `mrr@10`; 0 where nothing answers it."""
    if measure == "money":
        return plan.hit * (found.at[:, : plan.k] > 0).sum(axis=1).astype(np.float64)
    return {"ndcg@10": _ndcg, "recall@100": _recall, "mrr@10": _mrr}[measure](found)


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Return one number a query; none can lose more than a full list is worth (`worst`)."""
    truth = split.truth["queries"]
    unit, cluster = (np.asarray(truth[name], dtype=np.int64) for name in ("_unit", "_cluster"))
    period = None
    if split.how == "time":
        period = periods(np.asarray(truth["_time"], dtype=np.int64), of_rows=plan.time == "_row")
    worst = abs(plan.hit) * plan.k if plan.measure == "money" else 1.0
    return Values(unit, cluster, worth(_placed(plan, split, answers), plan.measure, plan), period, worst)


def perfect(plan: Plan, split: Split) -> pa.Table:
    """Return the lists of somebody who knows what answers each query."""
    wanted = split.truth["queries"]["wanted"].to_pylist()
    lists = [[one["id"] for one in row][: plan.depth] for row in wanted]
    return answer_table(
        split.truth["queries"]["query_id"], lists, [[1.0 / (p + 1) for p in range(len(r))] for r in lists]
    )


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """Return the field's metrics; per query how many documents were shown (`acted`) and how many of them answer it."""
    names = ("ndcg@10", "recall@100", "mrr@10")
    found = _placed(plan, split, answers)
    if not len(found.best):
        return dict.fromkeys((*names, "acted", "right"), 0.0)
    known = {name: float(worth(found, name, plan).mean()) for name in names}
    shown = [len((ranked or ())[: plan.k]) for ranked in answers["ids"].to_pylist()]
    return {**known, "acted": float(np.mean(shown)), "right": float((found.at[:, : plan.k] > 0).sum(axis=1).mean())}


def figures(plan: Plan, split: Split, answers: pa.Table) -> list[Figure]:
    """Return how often each place of the list was right, and the worth by how many words a query has."""
    found = _placed(plan, split, answers)
    return [_places(plan, found), _lengths(plan, split, found)] if len(found.best) else []


def answer_table(names: pa.Array, lists: Sequence[Sequence[str]], scores: Sequence[Sequence[float]]) -> pa.Table:
    """Return `query_id`, `ids` and `scores` as the table that every solution answers with."""
    ids = pa.array(lists, pa.list_(pa.string()))
    return pa.table({"query_id": names, "ids": ids, "scores": pa.array(scores, pa.list_(pa.float64()))})


def _placed(plan: Plan, split: Split, answers: pa.Table) -> Found:
    truth = split.truth["queries"]
    if "ids" not in answers.column_names:
        raise Refused("the answers have no column `ids`", nearest("ids", answers.column_names), "bring it")
    if answers.num_rows != truth.num_rows:
        said = f"{answers.num_rows} answers to {truth.num_rows} queries"
        raise Refused(said, "one row a query, in the order of the questions", "answer every query once")
    wanted = [{one["id"]: one["grade"] for one in row} for row in truth["wanted"].to_pylist()]
    return found_at(answers["ids"].to_pylist(), wanted, plan.depth)


def _ndcg(found: Found) -> Floats:
    """nDCG with the grade as gain and log2 discount, against the best order there is (Järvelin and Kekäläinen 2002)."""
    discount = 1.0 / np.log2(np.arange(CUT) + 2.0)
    best = np.array([float((grades[:CUT] * discount[: len(grades)]).sum()) for grades in found.best])
    # Multiplied and summed row by row: a matrix product may round a row differently in another batch.
    gained = (found.at[:, :CUT] * discount).sum(axis=1)
    return np.divide(gained, best, out=np.zeros(len(best)), where=best > 0)


def _mrr(found: Found) -> Floats:
    right = found.at[:, :CUT] > 0
    return np.where(right.any(axis=1), 1.0 / (right.argmax(axis=1) + 1.0), 0.0)


def _recall(found: Found) -> Floats:
    right = (found.at[:, :DEEP] > 0).sum(axis=1).astype(np.float64)
    return np.divide(right, found.relevant, out=np.zeros(len(right)), where=found.relevant > 0)


def _places(plan: Plan, found: Found) -> Figure:
    right = (found.at[:, : plan.k] > 0).mean(axis=0)
    return Figure(
        "places",
        "bar",
        {"en": "How often each place of the list was right", "de": "Wie oft jeder Platz der Liste richtig war"},
        {"place": tuple(range(1, plan.k + 1)), "right": tuple(map(float, right))},
        "place",
        "right",
        labels={
            "en": {"place": "place on the list", "right": "share of queries"},
            "de": {"place": "Platz auf der Liste", "right": "Anteil der Suchanfragen"},
        },
    )


def _lengths(plan: Plan, split: Split, found: Found) -> Figure:
    counts = np.array([len((text or "").split()) for text in split.questions[plan.query].to_pylist()])
    gained = worth(found, plan.measure, plan)
    band = np.searchsorted([start for start, _ in LENGTHS], counts, side="right") - 1
    bands = [one for one in range(len(LENGTHS)) if (band == one).sum() >= FEWEST]
    return Figure(
        "lengths",
        "bar",
        {
            "en": "What the list is worth, by the query's words",
            "de": "Was die Liste wert ist, nach Wörtern der Anfrage",
        },
        {
            "words": tuple(LENGTHS[one][1] for one in bands),
            "value": tuple(float(gained[band == one].mean()) for one in bands),
        },
        "words",
        "value",
        labels={
            "en": {"words": "words in the query", "value": f"value per query ({plan.measure})"},
            "de": {"words": "Wörter in der Anfrage", "value": f"Wert je Anfrage ({plan.measure})"},
        },
    )
