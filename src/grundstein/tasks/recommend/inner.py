"""Room tasks. In: what a solution may learn from -> Out: a split inside it, to choose settings and weights on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import events_of, history, single
from grundstein.tasks.recommend.shelf import shelf_of
from grundstein.tasks.recommend.splitting import events as events_table
from grundstein.tasks.recommend.truths import asked_later, judged

if TYPE_CHECKING:
    import scipy.sparse as sp

    from grundstein.core.task import Data
    from grundstein.tasks.recommend.events import Events
    from grundstein.tasks.recommend.options import Reading
    from grundstein.tasks.recommend.shelf import Shelf
    from grundstein.tasks.recommend.truths import Asked, Places

SHARE = 0.8
DRAWN = 0.75
MOST_EVENTS = 2_000_000


@dataclass(frozen=True)
class Learned:
    """All events, numbered by the items of a shelf; and what people gave each item, where they are asked."""

    events: Events
    shelf: Shelf
    judged: Asked | None


@dataclass(frozen=True)
class Inner:
    """Earlier events, a row of history a question, and what each who sees an answer wanted."""

    earlier: Events
    known: sp.csr_matrix
    wanted: tuple[tuple[Places, ...], ...]
    shelf: Shelf

    def worth(self, scorer: ranking.Scorer, read: Reading) -> float:
        """Return the mean worth of a way to score."""
        return self.mean([places.tolist() for places, _ in ranking.rank(self.known, scorer, read, self.shelf)], read)

    def mean(self, lists: list[list[int]], read: Reading) -> float:
        """Return the mean worth of lists."""
        return float(ranking.worths(lists, self.wanted, read.measure, read).mean()) if lists else 0.0


def learned(data: Data, read: Reading) -> Learned:
    """Read the tables that a solution learns from."""
    found = events_of(events_table(data), read)
    shelf = shelf_of(data.get("items"), read, found.item_ids)
    links = judged(data["judgements"], read, shelf.ids) if "judgements" in data else None
    return Learned(found.over(shelf.ids), shelf, links)


def sampled(whole: Learned, seed: int) -> Learned:
    """Return some users' events, two million of them at most: enough to choose settings on."""
    found = whole.events
    if len(found.times) <= MOST_EVENTS:
        return whole
    users = int(len(found.user_ids) * MOST_EVENTS / len(found.times))
    kept = np.zeros(len(found.user_ids), dtype=bool)
    kept[np.random.default_rng(seed).choice(len(kept), users, replace=False)] = True
    return replace(whole, events=found.taken(kept[found.users]))


def inner_split(whole: Learned, read: Reading, with_history: bool, most: int, seed: int) -> Inner:
    """Cut at four fifths of the events (a drawn quarter where the case draws); at most so many questions, drawn.

    Where people judge items nothing is cut: their judgements are no events.
    """
    found, rng = whole.events, np.random.default_rng(seed)
    if whole.judged is not None:
        asked, earlier = whole.judged, found
    else:
        before = rng.random(len(found.times)) < DRAWN if read.drawn else found.times <= _cut(found)
        earlier, later = found.taken(before), found.taken(~before)
        asked = asked_later(earlier, later, read)
        asked = asked.taken(np.flatnonzero([any(seers) for seers in asked.wanted]))
    if with_history:
        known = earlier.items if read.asked == "item" else earlier.users
        asked = asked.taken(np.flatnonzero(np.isin(asked.units, known)))
    if len(asked.units) > most:
        asked = asked.taken(np.sort(rng.choice(len(asked.units), most, replace=False)))
    if read.asked == "item":
        rows = single([whole.shelf.ids[item] for item in asked.units], whole.shelf.ids)
    else:
        rows = history(earlier).interest[asked.units]
    return Inner(earlier, rows, asked.wanted, whole.shelf)


def _cut(found: Events) -> int:
    return int(np.quantile(found.times, SHARE, method="lower")) if len(found.times) else 0
