"""Room tasks. In: development events -> Out: what one way to score seems worth as less of the future leaks into it.

The same item-kNN and the same popularity, on three tests of one size: events drawn at random, the last ones of each
user, and the latest of all. Only the third is what happens in use (Ji et al. 2023, doi 10.1145/3569930).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import events_of, history
from grundstein.tasks.recommend.likeness import cosine
from grundstein.tasks.recommend.options import MEASURES
from grundstein.tasks.recommend.popularity import popular, same_for_all
from grundstein.tasks.recommend.shelf import Shelf
from grundstein.tasks.recommend.sources import Linear
from grundstein.tasks.recommend.truths import asked_later

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.tasks.recommend.events import Events
    from grundstein.tasks.recommend.options import Reading

SHARE, NEIGHBOURS, SHRINK = 0.2, 100, 10.0
MOST_LEARNED, MOST_ASKED, LEAST_ASKED = 5_000, 500, 10
WAYS = ("random", "last", "time")
WORDS = {
    "random": {"en": "drawn at random", "de": "zufällig gezogen"},
    "last": {"en": "each user's last", "de": "die letzten je Nutzer"},
    "time": {"en": "later than all others", "de": "später als alle anderen"},
}


@dataclass(frozen=True)
class Leak:
    """What item-kNN and popularity seem worth on one test, over how many users."""

    way: str
    likeness: float
    popularity: float
    users: int


def leaks(table: pa.Table, read: Reading) -> list[Leak]:
    """Return one row a test, from that which leaks most; none where items are asked about, or too few users remain."""
    if read.asked != "user" or read.drawn:
        return []
    found = _some_users(events_of(table, read))
    rows = [_leak(way, found, _held(way, found), read) for way in WAYS]
    return rows if min(row.users for row in rows) >= LEAST_ASKED else []


def picture(rows: list[Leak], read: Reading) -> Figure:
    """Return the three tests side by side."""
    names = [("item-kNN", "likeness"), ("popularity", "popularity")]
    told = [(row.way, name, getattr(row, part)) for row in rows for name, part in names]
    return Figure(
        "leaks",
        "bar",
        {
            "en": "The less of the future leaks into a test, the less a list seems worth",
            "de": "Je weniger Zukunft in einen Test gelangt, desto weniger scheint eine Liste wert",
        },
        {
            "test": tuple(way for way, _, _ in told),
            "value": tuple(value for _, _, value in told),
            "solution": tuple(name for _, name, _ in told),
        },
        "test",
        "value",
        "solution",
        labels={
            **WORDS,
            "test": {"en": "The events tested on", "de": "Geprüft auf Ereignissen"},
            "value": {"en": f"Worth per user ({_measure(read)})", "de": f"Wert je Nutzer ({_measure(read)})"},
            "solution": {"en": "Solution", "de": "Lösung"},
        },
    )


def _measure(read: Reading) -> str:
    return read.measure if read.measure in MEASURES else MEASURES[0]


def _some_users(found: Events) -> Events:
    users = np.unique(found.users)
    if len(users) <= MOST_LEARNED:
        return found
    drawn = np.random.default_rng(0).choice(users, MOST_LEARNED, replace=False)
    return found.taken(np.isin(found.users, drawn))


def _held(way: str, found: Events) -> NDArray[np.bool_]:
    """Mark the fifth of the events that is tested on."""
    if way == "random":
        return np.random.default_rng(0).random(len(found.times)) < SHARE
    if way == "time":
        return found.times > (np.quantile(found.times, 1.0 - SHARE, method="lower") if len(found.times) else 0)
    order = np.lexsort((np.arange(len(found.times)), found.times, found.users))
    count = np.bincount(found.users, minlength=len(found.user_ids))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    return place >= np.ceil(count[found.users] * (1.0 - SHARE))


def _leak(way: str, found: Events, held: NDArray[np.bool_], read: Reading) -> Leak:
    earlier, measure = found.taken(~held), _measure(read)
    asked = asked_later(earlier, found.taken(held), read)
    asked = asked.taken(np.flatnonzero(np.isin(asked.units, earlier.users)))
    if len(asked.units) > MOST_ASKED:
        chosen = np.random.default_rng(0).choice(len(asked.units), MOST_ASKED, replace=False)
        asked = asked.taken(np.sort(chosen))
    if not len(asked.units):
        return Leak(way, 0.0, 0.0, 0)
    shelf = Shelf(found.item_ids, np.ones(len(found.item_ids), dtype=bool))
    rows, counted = history(earlier).interest[asked.units], popular(earlier, 0.0)
    source = Linear(cosine(earlier.matrix(), NEIGHBOURS, SHRINK, itself=read.repeat))

    def worth(scorer: ranking.Scorer) -> float:
        lists = [places.tolist() for places, _ in ranking.rank(rows, scorer, read, shelf)]
        return float(ranking.worths(lists, asked.wanted, measure, read).mean())

    liked = worth(lambda block: source.scores(block, shelf, read) + np.float32(1e-6) * counted)
    return Leak(way, liked, worth(same_for_all(counted)), len(asked.units))
