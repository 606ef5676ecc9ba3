"""Room tasks. In: events, or a rule over items -> Out: what answers without taste: popularity, an own list, none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from grundstein.core.errors import Refused
from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import Events, Histories, single, texts
from grundstein.tasks.recommend.inner import Learned, inner_split, learned
from grundstein.tasks.recommend.options import Reading
from grundstein.tasks.recommend.shelf import Shelves
from grundstein.tools.keeping import restored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.recommend.shelf import Shelf

HALF_LIVES = (0.0, 1 / 2, 1 / 8, 1 / 32, 1 / 128)
MOST_ASKED = 2000
LEAST = 1e-37


@dataclass(frozen=True, eq=False)
class Popularity:
    """Ranks items by how often they were chosen, recent events counting more; the same list for all but its reader.

    `half_life` is a share of the span of the events (0: all count alike), tuned forward in time inside `fit`.
    """

    read: Reading
    name: str = "popularity"
    half_life: float = 0.0
    items: tuple[str, ...] = ()
    scores: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    shelves: Shelves = field(default_factory=Shelves, compare=False, repr=False)
    cache: Histories = field(default_factory=Histories, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Count the events, after choosing the half-life on the latest fifth of them."""
        whole = learned(data, self.read)
        half_life = chosen_half_life(whole, self.read, seed)
        scores = popular(whole.events, half_life)
        found = replace(self, half_life=half_life, items=whole.shelf.ids, scores=scores)
        return replace(found, shelves=Shelves(), cache=Histories())

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return the list, without what is in each user's history."""
        shelf = self.shelves.read(live, self.read, self.items)
        scores = np.pad(self.scores, (0, len(shelf.ids) - len(self.scores)))
        return answered_alike(self.read, questions, live, shelf, scores, self.cache)

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
        items = tuple(about["items"])
        return cls(restored(Reading, about["read"]), half_life=about["half_life"], items=items, scores=scores)


@dataclass(frozen=True, eq=False)
class HouseList:
    """The case's own list: the items by its rule over their columns, the greatest first; nothing where it says none."""

    read: Reading
    name: str = "own list"
    shelves: Shelves = field(default_factory=Shelves, compare=False, repr=False)
    cache: Histories = field(default_factory=Histories, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Return itself: the list stands in the table of items."""
        return replace(self, shelves=Shelves(), cache=Histories())

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return the list as the items say now, without what is in each user's history."""
        from grundstein.tools.expression import evaluate

        shelf = self.shelves.read(live, self.read, ())
        if shelf.table is None:
            raise Refused("there is no table of items", "one, for the list stands in it", "name it under `data:`")
        order = evaluate(self.read.listed, shelf.table).cast("float64")
        values = np.asarray(order.fill_null(np.nan), dtype=np.float64)
        ranks = np.unique(values[~np.isnan(values)], return_inverse=True)[1]
        scores = np.zeros(len(values), dtype=np.float32)
        scores[~np.isnan(values)] = (ranks + 1.0) / (ranks.max(initial=0) + 1.0)
        return answered_alike(self.read, questions, live, shelf, scores, self.cache)

    def save(self, folder: Path) -> None:
        """Write `model.json`."""
        _write_reading(self.read, folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(_reading(folder))


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
        asked = texts(questions[self.read.key])
        return ranking.answer_table(self.read, asked, [[]] * len(asked), [[]] * len(asked), ["nothing"] * len(asked))

    def save(self, folder: Path) -> None:
        """Write `model.json`."""
        _write_reading(self.read, folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(_reading(folder))


def answered_alike(
    read: Reading,
    questions: pa.Table,
    live: Mapping[str, LiveTable],
    shelf: Shelf,
    scores: NDArray[np.float32],
    cache: Histories,
) -> pa.Table:
    """Answer every question with the same scores, less what each user knows (or the item itself)."""
    asked = texts(questions[read.key])
    if read.asked == "item":
        rows = single(asked.to_pylist(), shelf.ids)
    else:
        rows = cache.read(live["events"], read, shelf.ids).of(asked.to_pylist())
    ranked = ranking.rank(rows, same_for_all(scores), read, shelf)
    return ranking.answers(read, asked, ranked, ["popularity"] * len(asked), shelf)


def popular(found: Events, half_life: float) -> NDArray[np.float32]:
    """Return the popularity of each item, at most 1; above 0 where it was chosen, however long ago."""
    weights = np.maximum(found.weights, 0.0)
    if half_life and len(found.times):
        age = (found.times.max() - found.times) / max(int(np.ptp(found.times)), 1)
        weights = weights * 2.0 ** (-age / half_life)
    counted: NDArray[np.float64] = np.bincount(found.items, weights, minlength=len(found.item_ids)).astype(np.float64)
    most = float(counted.max(initial=0.0))
    if most <= 0:
        return counted.astype(np.float32)
    return np.where(counted > 0, np.maximum(counted / most, LEAST), 0.0).astype(np.float32)


def same_for_all(scores: NDArray[np.float32]) -> ranking.Scorer:
    """Return the way to score that gives every question the same scores."""

    def score(rows: sp.csr_matrix) -> NDArray[np.float32]:
        return np.tile(scores, (rows.shape[0], 1))

    return score


def chosen_half_life(whole: Learned, read: Reading, seed: int) -> float:
    """Return the half-life that ranks best on the latest fifth; the longest of equal ones."""
    inner = inner_split(whole, read, with_history=False, most=MOST_ASKED, seed=seed)
    worths = [inner.worth(same_for_all(popular(inner.earlier, half_life)), read) for half_life in HALF_LIVES]
    return HALF_LIVES[int(np.argmax(worths))]


def _write_reading(read: Reading, folder: Path) -> None:
    about = json.dumps({"read": asdict(read)}, sort_keys=True, ensure_ascii=False)
    (folder / "model.json").write_text(about, encoding="utf-8")


def _reading(folder: Path) -> Reading:
    return restored(Reading, json.loads((folder / "model.json").read_text(encoding="utf-8"))["read"])
