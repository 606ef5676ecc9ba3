"""Room tasks. In: events -> Out: the baseline (what everybody reads, lately) and the empty list."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import Events, Histories, events_of, history, texts
from grundstein.tasks.recommend.options import Reading
from grundstein.tasks.recommend.splitting import events as events_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable

HALF_LIVES = (0.0, 1 / 2, 1 / 8, 1 / 32, 1 / 128)
INNER_SHARE = 0.8
MOST_USERS = 2000


@dataclass(frozen=True, eq=False)
class Popularity:
    """Ranks items by how often they were chosen, recent events counting more; the same list for all but its reader.

    `half_life` is a share of the span of the events (0: all count alike), tuned forward in time inside `fit`.
    """

    read: Reading
    name: str = "popularity"
    half_life: float = 0.0
    items: tuple[str, ...] = ()
    scores: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    cache: Histories = field(default_factory=Histories, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Count the events, after choosing the half-life on the latest fifth of them."""
        found, shown = learned(data, self.read)
        half_life = chosen_half_life(found, self.read, seed)
        scores = popular(found, half_life) * shown
        return replace(self, half_life=half_life, items=found.item_ids, scores=scores, cache=Histories())

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return the list, without what is in each user's history."""
        users = texts(questions[self.read.user])
        known = self.cache.read(live["events"], self.read, self.items).of(users.to_pylist())
        ranked = ranking.rank(known, same_for_all(self.scores), self.read.depth)
        return ranking.answers(users, ranked, self.items)

    def save(self, folder: Path) -> None:
        """Write `model.json` and `model.npz`."""
        about = {"read": asdict(self.read), "half_life": self.half_life, "items": self.items}
        (folder / "model.json").write_text(json.dumps(about, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        np.savez_compressed(folder / "model.npz", scores=self.scores)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        with np.load(folder / "model.npz", allow_pickle=False) as arrays:
            scores = arrays["scores"]
        return cls(Reading(**about["read"]), half_life=about["half_life"], items=tuple(about["items"]), scores=scores)


@dataclass(frozen=True)
class Nobody:
    """Shows nothing: an empty list for everybody, worth 0."""

    read: Reading
    name: str = "nobody"

    def fit(self, data: Data, seed: int) -> Self:
        """Return itself: there is nothing to learn."""
        del data, seed
        return self

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return empty lists."""
        del live
        users = texts(questions[self.read.user])
        return ranking.answer_table(users, [[]] * len(users), [[]] * len(users))

    def save(self, folder: Path) -> None:
        """Write `model.json`."""
        about = json.dumps({"read": asdict(self.read)}, sort_keys=True, ensure_ascii=False)
        (folder / "model.json").write_text(about, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(Reading(**json.loads((folder / "model.json").read_text(encoding="utf-8"))["read"]))


def learned(data: Data, read: Reading) -> tuple[Events, NDArray[np.float64]]:
    """Return the events, and 1 for each item that may be shown: all, or those of the table `items`."""
    found = events_of(events_table(data), read)
    if "items" not in data:
        return found, np.ones(len(found.item_ids))
    catalogue = set(texts(data["items"][read.item]).to_pylist())
    return found, np.array([item in catalogue for item in found.item_ids], dtype=np.float64)


def popular(found: Events, half_life: float) -> NDArray[np.float64]:
    """Return the popularity of each item, at most 1."""
    weights = np.maximum(found.weights, 0.0)
    if half_life and len(found.times):
        age = (found.times.max() - found.times) / max(int(np.ptp(found.times)), 1)
        weights = weights * 2.0 ** (-age / half_life)
    counted: NDArray[np.float64] = np.bincount(found.items, weights, minlength=len(found.item_ids)).astype(np.float64)
    most = float(counted.max(initial=0.0))
    return counted / most if most > 0 else counted


def same_for_all(scores: NDArray[np.float64]) -> ranking.Scorer:
    """Return the way to score that gives every user the same scores."""

    def score(rows: sp.csr_matrix) -> NDArray[np.float64]:
        return np.tile(scores, (rows.shape[0], 1))

    return score


@dataclass(frozen=True)
class Inner:
    """A forward split inside what a solution may learn from: earlier events, and what users wanted afterwards."""

    earlier: Events
    known: sp.csr_matrix
    wanted: tuple[tuple[str, ...], ...]

    def worth(self, scorer: ranking.Scorer, read: Reading) -> float:
        """Return the mean worth of a way to score, over the users of the later part."""
        ranked = ranking.rank(self.known, scorer, read.depth)
        ids = self.earlier.item_ids
        found = ranking.hits([[ids[p] for p in places] for places, _ in ranked], self.wanted, read.depth)
        return float(ranking.worth(found, read.measure, read).mean()) if self.wanted else 0.0


def inner_split(found: Events, with_history: bool, most: int, seed: int) -> Inner:
    """Cut at four fifths of the events; keep at most so many users of the later part, drawn by the seed."""
    cut = int(np.quantile(found.times, INNER_SHARE, method="lower")) if len(found.times) else 0
    earlier, later = found.taken(found.times <= cut), found.taken((found.times > cut) & (found.weights > 0))
    past = history(earlier, found.item_ids)
    width = max(len(found.item_ids), 1)
    fresh = ~np.isin(later.users * width + later.items, earlier.users * width + earlier.items)
    users = np.unique(later.users[fresh])
    if with_history:
        users = users[np.isin(users, earlier.users)]
    if len(users) > most:
        users = np.sort(np.random.default_rng(seed).choice(users, most, replace=False))
    pairs = np.unique(later.users[fresh] * width + later.items[fresh])
    starts, ends = np.searchsorted(pairs, users * width), np.searchsorted(pairs, (users + 1) * width)
    wanted = tuple(
        tuple(found.item_ids[p % width] for p in pairs[start:end]) for start, end in zip(starts, ends, strict=True)
    )
    return Inner(earlier, past.of([found.user_ids[u] for u in users]), wanted)


def chosen_half_life(found: Events, read: Reading, seed: int) -> float:
    """Return the half-life that ranks best on the latest fifth; the longest of equal ones."""
    inner = inner_split(found, with_history=False, most=MOST_USERS, seed=seed)
    worths = [inner.worth(same_for_all(popular(inner.earlier, half_life)), read) for half_life in HALF_LIVES]
    return HALF_LIVES[int(np.argmax(worths))]
