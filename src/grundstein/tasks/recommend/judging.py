"""Room tasks. In: what users did later, and answers -> Out: values, metrics, figures and the perfect answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.core.figures import Figure
from grundstein.core.task import Split, Values
from grundstein.tasks.recommend import ranking, reach
from grundstein.tasks.recommend.events import texts
from grundstein.tasks.recommend.options import MEASURES, Reading
from grundstein.tasks.recommend.shelf import shelf_of
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BANDS = ((0, "0"), (1, "1-4"), (5, "5-19"), (20, "20+"))
FEWEST = 5


def values(read: Reading, split: Split, answers: pa.Table) -> Values:
    """Return one number a user; nobody can lose more than a full list is worth (`worst`)."""
    truth = split.truth["events"]
    unit = np.asarray(truth["_unit"], dtype=np.int64)
    first = np.asarray(truth["_time"], dtype=np.int64)
    worth = _worth(read, split, answers, read.measure)
    worst = abs(read.hit) * read.k if read.measure == "money" else 1.0
    period = periods(first, of_rows=read.time == "_row") if split.how == "time" else None
    return Values(unit, unit, worth, period, worst)


def metrics(read: Reading, split: Split, answers: pa.Table) -> dict[str, float]:
    """Return the field's metrics, items shown (`acted`) and relevant (`right`) per unit, and the lists' reach."""
    if not split.truth["events"].num_rows:
        return dict.fromkeys((*MEASURES, "acted", "right"), 0.0)
    known = {name: float(_worth(read, split, answers, name).mean()) for name in MEASURES}
    shown = [len((ranked or ())[: read.k]) for ranked in answers["items"].to_pylist()]
    right = _right(read, split, answers).sum(axis=1).mean()
    return {**known, "acted": float(np.mean(shown)), "right": float(right), **reach.reached(read, split, answers)}


def figures(read: Reading, split: Split, answers: pa.Table) -> list[Figure]:
    """Return how often each place of the list was right, and the worth by how much is known of a user."""
    if not split.truth["events"].num_rows:
        return []
    return [
        _places(read, _right(read, split, answers)),
        _bands(read, split, answers),
        *reach.pictures(read, split, answers),
    ]


def perfect(read: Reading, split: Split) -> pa.Table:
    """Return the lists of somebody who knows the truth and keeps to the rules."""
    lists = [_best_order(read, seers) for seers in wanted_of(split)]
    if "items" in split.development:
        shelf = shelf_of(split.development["items"], read, ())
        lists = [shelf.named(items, read.depth) for items in lists]
    lists = [items[: read.depth] for items in lists]
    scores = [[1.0 / (place + 1) for place in range(len(items))] for items in lists]
    return ranking.answer_table(read, texts(split.truth["events"][read.asked]), lists, scores, ["given"] * len(lists))


def _best_order(read: Reading, seers: Sequence[Sequence[str]]) -> list[str]:
    """Order items by what they gain over all who see the list; as good as any order but for `mrr@10`."""
    gains: dict[str, float] = {}
    for wanted in seers:
        most = {"ndcg@10": ranking.ideal(len(wanted)), "recall@20": float(len(wanted))}.get(read.measure, 1.0)
        for item in wanted:
            gains[item] = gains.get(item, 0.0) + 1.0 / most
    return sorted(gains, key=lambda item: (-gains[item], item))


def wanted_of(split: Split) -> list[list[list[str]]]:
    """Return what each who sees an answer wanted."""
    items = split.truth["events"]["items"]
    rows: list[list[list[str]]] = items.to_pylist()
    return rows if pa.types.is_list(items.type.value_type) else [[row] for row in items.to_pylist()]


def listed(read: Reading, split: Split, answers: pa.Table) -> list[list[str]]:
    """Return the lists; Refused where the answers are not those to the questions."""
    for name in (read.asked, "items"):
        if name not in answers.column_names:
            raise Refused(
                f'the answers have no column "{name}"',
                f"expected {read.asked}, items, scores; {nearest(name, answers.column_names)}",
                "name the columns as the answers' contract does",
            )
    truth = split.truth["events"]
    if not texts(answers[read.asked]).equals(texts(truth[read.asked])):
        raise Refused(
            f"the answers are not for those asked: {answers.num_rows} answers, {truth.num_rows} questions",
            f"expected one row a {read.asked}, in the order of the questions",
            "answer every question once and keep the order",
        )
    return [items or [] for items in answers["items"].to_pylist()]


def _worth(read: Reading, split: Split, answers: pa.Table, measure: str) -> NDArray[np.float64]:
    return ranking.worths(listed(read, split, answers), wanted_of(split), measure, read)


def _right(read: Reading, split: Split, answers: pa.Table) -> NDArray[np.float64]:
    """Return units x places shown: the share of those who see the list that wanted the item there."""
    return ranking.shares(listed(read, split, answers), wanted_of(split), read.k)


def _places(read: Reading, right: NDArray[np.float64]) -> Figure:
    return Figure(
        "places",
        "bar",
        {"en": "How often each place of the list was right", "de": "Wie oft jeder Platz der Liste richtig war"},
        {
            "place": tuple(range(1, read.k + 1)),
            "right": tuple(float(share) for share in right.mean(axis=0)),
        },
        "place",
        "right",
        labels={
            "place": {"en": "Place on the list", "de": "Platz auf der Liste"},
            "right": {"en": "Share of users", "de": "Anteil der Nutzer"},
        },
    )


def _bands(read: Reading, split: Split, answers: pa.Table) -> Figure:
    counts, worth = history_counts(read, split), _worth(read, split, answers, read.measure)
    place = np.searchsorted([start for start, _ in BANDS], counts, side="right") - 1
    # A band of very few users would speak of persons, not of a group.
    bands = [b for b in range(len(BANDS)) if (place == b).sum() >= FEWEST]
    return Figure(
        "history",
        "bar",
        {
            "en": "What the list is worth, by how much is known of a user",
            "de": "Was die Liste wert ist, je nachdem wie viel über einen Nutzer bekannt ist",
        },
        {
            "events": tuple(BANDS[b][1] for b in bands),
            "value": tuple(float(worth[place == b].mean()) for b in bands),
            "users": tuple(int((place == b).sum()) for b in bands),
        },
        "events",
        "value",
        labels={
            "events": {"en": "Events known of the user", "de": "Bekannte Ereignisse des Nutzers"},
            "value": {"en": f"Value per user ({read.measure})", "de": f"Wert je Nutzer ({read.measure})"},
            "users": {"en": "Users", "de": "Nutzer"},
        },
    )


def history_counts(read: Reading, split: Split) -> NDArray[np.int64]:
    """Return how many events development holds of each user or item asked about."""
    known = texts(split.development["events"][read.key]).value_counts()
    counted = dict(zip(known.field("values").to_pylist(), known.field("counts").to_pylist(), strict=True))
    return np.array([counted.get(one, 0) for one in split.truth["events"][read.asked].to_pylist()], dtype=np.int64)
