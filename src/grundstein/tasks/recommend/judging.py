"""Room tasks. In: what users did later, and answers -> Out: values, metrics, figures and the perfect answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused, nearest
from grundstein.core.figures import Figure
from grundstein.core.task import Split, Values
from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import texts
from grundstein.tasks.recommend.options import MEASURES, Reading
from grundstein.tools.sealing import periods

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

BANDS = ((0, "0"), (1, "1-4"), (5, "5-19"), (20, "20+"))
FEWEST = 5


def values(read: Reading, split: Split, answers: pa.Table) -> Values:
    """Return one number a user; nobody can lose more than a full list is worth (`worst`)."""
    truth = split.truth["events"]
    unit = np.asarray(truth["_unit"], dtype=np.int64)
    first = np.asarray(truth["_time"], dtype=np.int64)
    worth = ranking.worth(found(read, split, answers), read.measure, read)
    worst = abs(read.hit) * read.k if read.measure == "money" else 1.0
    period = periods(first, of_rows=read.time == "_row") if split.how == "time" else None
    return Values(unit, unit, worth, period, worst)


def metrics(read: Reading, split: Split, answers: pa.Table) -> dict[str, float]:
    """Return the field's metrics, and per user how many items were shown (`acted`) and relevant (`right`)."""
    hits = found(read, split, answers)
    if not len(hits.relevant):
        return dict.fromkeys((*MEASURES, "acted", "right"), 0.0)
    known = {name: float(ranking.worth(hits, name, read).mean()) for name in MEASURES}
    shown = [len((ranked or ())[: read.k]) for ranked in answers["items"].to_pylist()]
    return {**known, "acted": float(np.mean(shown)), "right": float(hits.at[:, : read.k].sum(axis=1).mean())}


def figures(read: Reading, split: Split, answers: pa.Table) -> list[Figure]:
    """Return how often each place of the list was right, and the worth by how much is known of a user."""
    hits = found(read, split, answers)
    if not len(hits.relevant):
        return []
    return [_places(read, hits), _bands(read, split, hits)]


def perfect(read: Reading, split: Split) -> pa.Table:
    """Return the lists of somebody who knows the truth."""
    truth = split.truth["events"]
    lists = [items[: read.depth] for items in truth["items"].to_pylist()]
    scores = [[1.0 / (place + 1) for place in range(len(items))] for items in lists]
    return ranking.answer_table(texts(truth["user"]), lists, scores)


def found(read: Reading, split: Split, answers: pa.Table) -> ranking.Hits:
    """Return where the relevant items stand; Refused where the answers are not those to the questions."""
    for name in ("user", "items"):
        if name not in answers.column_names:
            raise Refused(
                f'the answers have no column "{name}"',
                f"expected user, items, scores; {nearest(name, answers.column_names)}",
                "name the columns as the answers' contract does",
            )
    truth = split.truth["events"]
    if not texts(answers["user"]).equals(texts(truth["user"])):
        raise Refused(
            f"the answers are not for the users asked: {answers.num_rows} answers, {truth.num_rows} users",
            "expected one row a user, in the order of the questions",
            "answer every question once and keep the order",
        )
    return ranking.hits(answers["items"].to_pylist(), truth["items"].to_pylist(), read.depth)


def _places(read: Reading, hits: ranking.Hits) -> Figure:
    return Figure(
        "places",
        "bar",
        {"en": "How often each place of the list was right", "de": "Wie oft jeder Platz der Liste richtig war"},
        {
            "place": tuple(range(1, read.k + 1)),
            "right": tuple(float(share) for share in hits.at[:, : read.k].mean(axis=0)),
        },
        "place",
        "right",
        labels={
            "place": {"en": "Place on the list", "de": "Platz auf der Liste"},
            "right": {"en": "Share of users", "de": "Anteil der Nutzer"},
        },
    )


def _bands(read: Reading, split: Split, hits: ranking.Hits) -> Figure:
    counts = _history_counts(read, split)
    worth = ranking.worth(hits, read.measure, read)
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


def _history_counts(read: Reading, split: Split) -> NDArray[np.int64]:
    known = texts(split.development["events"][read.user]).value_counts()
    counted = dict(zip(known.field("values").to_pylist(), known.field("counts").to_pylist(), strict=True))
    return np.array([counted.get(user, 0) for user in split.truth["events"]["user"].to_pylist()], dtype=np.int64)
