"""Room tasks. In: events, items -> Out: the candidates: one way to score items, or several with weights, tuned."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Self

import numpy as np

from grundstein.tasks.recommend import ranking, sources
from grundstein.tasks.recommend.content import Content
from grundstein.tasks.recommend.events import Histories, single, texts
from grundstein.tasks.recommend.inner import inner_split, learned, sampled
from grundstein.tasks.recommend.options import Reading
from grundstein.tasks.recommend.popularity import chosen_half_life, popular
from grundstein.tasks.recommend.shelf import Shelves
from grundstein.tools.keeping import restored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.recommend.inner import Inner
    from grundstein.tasks.recommend.shelf import Shelf
    from grundstein.tasks.recommend.sources import Setting, Source

TIE = 1e-6
SHARES = (0.0, 0.1, 0.3, 1.0, 3.0)
MIXED = (1.0, 0.5, 2.0, 0.25, 4.0, 0.06, 16.0)
MOST_ASKED = 1000


@dataclass(frozen=True)
class Tried:
    """What a fitted source was worth."""

    worth: float
    name: str
    setting: Setting
    source: Source


@dataclass(frozen=True)
class Chosen:
    """The sources that won, their settings and weights, and the share of popularity."""

    names: tuple[str, ...]
    settings: tuple[Setting, ...]
    weights: tuple[float, ...]
    share: float


@dataclass(frozen=True, eq=False)
class Mixture:
    """Scores of one source or two, each scaled to at most 1 a question, and `share` x popularity.

    `parts` are tried and the best of each group stays (names with / between them are a group). Where `blended` is false
    popularity only orders what no source reaches, and answers where nothing is known. Settings, weights and the share
    are chosen on a split inside what `fit` is given, over at most `budget` fits.
    """

    read: Reading
    name: str
    parts: tuple[str, ...]
    blended: bool = False
    budget: int = 8
    settings: tuple[Setting, ...] = ()
    weights: tuple[float, ...] = ()
    share: float = 0.0
    half_life: float = 0.0
    items: tuple[str, ...] = ()
    popular: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    fitted: tuple[Source, ...] = ()
    shelves: Shelves = field(default_factory=Shelves, repr=False)
    histories: Histories = field(default_factory=Histories, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Choose on a part of the events, then learn from all of them. ValueError where a source cannot be fitted."""
        whole = learned(data, self.read)
        half_life = chosen_half_life(whole, self.read, seed)
        inner = inner_split(sampled(whole, seed), self.read, with_history=True, most=MOST_ASKED, seed=seed)
        chosen = self._chosen(inner, half_life, seed)
        matrix, shelf = whole.events.matrix(), whole.shelf
        return replace(
            self,
            parts=chosen.names,
            settings=chosen.settings,
            weights=chosen.weights,
            share=chosen.share,
            half_life=half_life,
            items=shelf.ids,
            popular=popular(whole.events, half_life),
            fitted=tuple(
                sources.fitted(name, setting, matrix, shelf, self.read, seed)
                for name, setting in zip(chosen.names, chosen.settings, strict=True)
            ),
            shelves=Shelves(),
            histories=Histories(),
        )

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return the list of each user or item, from the history and the items as they are now."""
        asked = texts(questions[self.read.key])
        shelf = self.shelves.read(live, self.read, self.items)
        if self.read.asked == "item":
            rows = single(asked.to_pylist(), shelf.ids)
        else:
            rows = self.histories.read(live["events"], self.read, shelf.ids).of(asked.to_pylist())
        ranked = ranking.rank(rows, self._scorer(shelf), self.read, shelf)
        return ranking.answers(self.read, asked, ranked, self._bases(rows, shelf), shelf)

    def save(self, folder: Path) -> None:
        """Write `model.json`, `popular.npz` and one npz a source."""
        plain = ("name", "parts", "blended", "budget", "settings", "weights", "share", "half_life", "items")
        about = {"read": asdict(self.read), **{name: getattr(self, name) for name in plain}}
        (folder / "model.json").write_text(json.dumps(about, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        np.savez_compressed(folder / "popular.npz", popular=self.popular)
        for place, source in enumerate(self.fitted):
            np.savez_compressed(folder / f"source{place}.npz", allow_pickle=False, **source.arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        read, fitted = restored(Reading, about.pop("read")), []
        for place, name in enumerate(about["parts"]):
            with np.load(folder / f"source{place}.npz", allow_pickle=False) as arrays:
                fitted.append(sources.KINDS[name].of_arrays(dict(arrays)))
        with np.load(folder / "popular.npz", allow_pickle=False) as arrays:
            counted = arrays["popular"]
        about["settings"] = tuple(tuple(setting) for setting in about["settings"])
        about |= {name: tuple(about[name]) for name in ("parts", "weights", "items")}
        return cls(read, popular=counted, fitted=tuple(fitted), **about)

    def _scorer(self, shelf: Shelf) -> ranking.Scorer:
        base = fallback(padded(self.popular, len(shelf.ids)), self.share)

        def score(rows: sp.csr_matrix) -> ranking.Scores:
            parts = [scaled(source.scores(rows, shelf, self.read)) for source in self.fitted]
            return mixed(parts, self.weights, base)

        return score

    def _bases(self, rows: sp.csr_matrix, shelf: Shelf) -> list[str]:
        """Say what each list rests on."""
        chosen = padded(self.popular, len(shelf.ids)) > 0
        known = np.asarray((rows > 0).astype(np.float64) @ chosen) > 0
        found = np.where(known, "history", "popularity").astype(object)
        for source in self.fitted:
            if isinstance(source, Content):
                alike = source.knows(rows, shelf, self.read) & ~known
                found[alike] = "content"
        return found.tolist()

    def _chosen(self, inner: Inner, half_life: float, seed: int) -> Chosen:
        """Choose the best source of each group, then weights and the share of popularity."""
        counted = popular(inner.earlier, half_life)
        groups = [part.split("/") for part in self.parts]
        tries = max(self.budget // sum(map(len, groups)), 1)
        best = [self._best(group, inner, counted, tries, seed) for group in groups]
        weights, share = self._weighed([one.source for one in best], inner, counted)
        return Chosen(tuple(one.name for one in best), tuple(one.setting for one in best), weights, share)

    def _best(self, names: Sequence[str], inner: Inner, counted: NDArray[np.float32], tries: int, seed: int) -> Tried:
        """Fit sources by their settings and return the best; of several, those that cannot be fitted are left out."""
        matrix, found = inner.earlier.matrix(), []
        every = [(name, setting) for name in names for setting in sources.settings(name, matrix)[:tries]]
        for name, setting in every:
            try:
                source = sources.fitted(name, setting, matrix, inner.shelf, self.read, seed)
            except ValueError:
                if len(names) == 1:
                    raise
                continue
            if len(every) == 1:
                return Tried(0.0, name, setting, source)
            [worth] = _worths([source], [((1.0,), 0.0)], inner, counted, self.read)
            found.append(Tried(worth, name, setting, source))
        return max(found, key=lambda one: one.worth)

    def _weighed(
        self, found: Sequence[Source], inner: Inner, counted: NDArray[np.float32]
    ) -> tuple[tuple[float, ...], float]:
        ways = [(1.0, weight) for weight in MIXED] if len(found) > 1 else [(1.0,)]
        tried = list(product(ways, SHARES if self.blended else (0.0,)))
        return tried[int(np.argmax(_worths(found, tried, inner, counted, self.read)))]


def _worths(
    found: Sequence[Source],
    tried: Sequence[tuple[tuple[float, ...], float]],
    inner: Inner,
    counted: NDArray[np.float32],
    read: Reading,
) -> list[float]:
    """Return what each choice of weights and share is worth; every source scores each question once."""
    lists: list[list[list[int]]] = [[] for _ in tried]
    for start in range(0, inner.known.shape[0], ranking.BLOCK):
        rows = inner.known[start : start + ranking.BLOCK]
        parts = [scaled(source.scores(rows, inner.shelf, read)) for source in found]
        for (weights, share), into in zip(tried, lists, strict=True):
            ranked = ranking.ranked_block(rows, mixed(parts, weights, fallback(counted, share)), read, inner.shelf)
            into += [places.tolist() for places, _ in ranked]
    return [inner.mean(one, read) for one in lists]


def scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row, in place, so that its highest score is 1; a row of nothing stays."""
    highest = scores.max(axis=1, initial=0.0, keepdims=True)
    highest[highest <= 0] = 1.0
    scores /= highest
    return scores


def fallback(counted: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return the share of popularity, and its order far below, so that no list ends for want of one."""
    order = np.unique(counted, return_inverse=True)[1]
    last = np.where(counted > 0, (order + 1) / (order.max(initial=0) + 1), 0.0)
    return np.asarray(share * counted + TIE * last, dtype=np.float32)


def mixed(
    parts: Sequence[NDArray[np.float32]], weights: Sequence[float], base: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Add up scaled scores by their weights, and what every item has."""
    total = base[None, :].repeat(parts[0].shape[0], axis=0)
    for part, weight in zip(parts, weights, strict=True):
        total += np.float32(weight) * part
    return total


def padded(counted: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Give items that came after the fit no popularity."""
    return np.pad(counted, (0, length - len(counted)))
