"""Room tasks. In: events -> Out: the candidate: items that the same people chose (item-kNN), and its tuning."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Self

import numpy as np
import scipy.sparse as sp

from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import Histories, texts
from grundstein.tasks.recommend.options import Reading
from grundstein.tasks.recommend.popularity import chosen_half_life, inner_split, learned, popular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.recommend.events import Events

TIE = 1e-6
NEIGHBOURS = (100, 200, 50)
SHRINKS = (10.0, 0.0, 100.0)
SHARES = (1.0, 0.3, 3.0)
MOST_USERS = 1000
BLOCK = 512


@dataclass(frozen=True, eq=False)
class ItemNeighbours:
    """Scores an item by its likeness to those in the user's history: cosine of co-occurrence with shrinkage.

    Only the `neighbours` likest items of an item count (Sarwar et al. 2001). `share` x popularity is added to the
    score scaled to at most 1; where `blended` is false it only orders what no neighbour reaches, and users without
    history. Tuned forward in time inside `fit` over at most `budget` settings.
    """

    read: Reading
    budget: int = 9
    blended: bool = False
    neighbours: int = NEIGHBOURS[0]
    shrink: float = SHRINKS[0]
    share: float = TIE
    half_life: float = 0.0
    items: tuple[str, ...] = ()
    popular: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    likeness: sp.csr_matrix = field(default_factory=lambda: sp.csr_matrix((0, 0), dtype=np.float32))
    cache: Histories = field(default_factory=Histories, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name in every table and report."""
        return "item-kNN + popularity" if self.blended else "item-kNN"

    def fit(self, data: Data, seed: int) -> Self:
        """Choose the settings on the latest fifth of the events, then learn from all of them."""
        found, shown = learned(data, self.read)
        half_life = chosen_half_life(found, self.read, seed)
        neighbours, shrink, share = self._tune(found, half_life, seed)
        return replace(
            self,
            neighbours=neighbours,
            shrink=shrink,
            share=share,
            half_life=half_life,
            items=found.item_ids,
            popular=popular(found, half_life) * shown,
            likeness=likeness(found.matrix(), neighbours, shrink) @ sp.diags(shown.astype(np.float32), format="csr"),
            cache=Histories(),
        )

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return each user's list, from the history as it is now."""
        users = texts(questions[self.read.user])
        known = self.cache.read(live["events"], self.read, self.items).of(users.to_pylist())
        scorer = scoring(self.likeness, self.popular, self.share)
        return ranking.answers(users, ranking.rank(known, scorer, self.read.depth), self.items)

    def save(self, folder: Path) -> None:
        """Write `model.json` and `model.npz`."""
        plain = ("budget", "blended", "neighbours", "shrink", "share", "half_life", "items")
        about = {"read": asdict(self.read), **{name: getattr(self, name) for name in plain}}
        (folder / "model.json").write_text(json.dumps(about, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        likest = self.likeness
        np.savez_compressed(
            folder / "model.npz",
            popular=self.popular,
            data=likest.data,
            indices=likest.indices,
            indptr=likest.indptr,
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        items = tuple(about.pop("items"))
        with np.load(folder / "model.npz", allow_pickle=False) as arrays:
            parts = (arrays["data"], arrays["indices"], arrays["indptr"])
            counted = arrays["popular"]
        likest = sp.csr_matrix(parts, shape=(len(items), len(items)))
        return cls(Reading(**about.pop("read")), items=items, popular=counted, likeness=likest, **about)

    def _tune(self, found: Events, half_life: float, seed: int) -> tuple[int, float, float]:
        shares = SHARES if self.blended else (TIE,)
        settings = list(product(SHRINKS, NEIGHBOURS, shares))[: max(self.budget, 1)]
        inner = inner_split(found, with_history=True, most=MOST_USERS, seed=seed)
        counted, matrix = popular(inner.earlier, half_life), inner.earlier.matrix()
        best, chosen, last = -1.0, settings[0], (-1.0, matrix)
        for shrink, neighbours, share in settings:
            if last[0] != shrink:
                last = (shrink, likeness(matrix, max(NEIGHBOURS), shrink))
            scorer = scoring(nearest_only(last[1].T.tocsr(), neighbours).T.tocsr(), counted, share)
            worth = inner.worth(scorer, self.read)
            if worth > best:
                best, chosen = worth, (shrink, neighbours, share)
        return chosen[1], chosen[0], chosen[2]


def likeness(matrix: sp.csr_matrix, neighbours: int, shrink: float) -> sp.csr_matrix:
    """Return items x items: row i holds how much having chosen i speaks for each item j that keeps i as a neighbour.

    Cosine with shrinkage: dot(i, j) / (|i| |j| + shrink), the diagonal left out, the likest `neighbours` kept for
    each j. `matrix` is users x items.
    """
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    columns, blocks = matrix.T.tocsr(), []
    for start in range(0, matrix.shape[1], BLOCK):
        block = (columns[start : start + BLOCK] @ matrix).tocoo()
        targets = block.row + start
        divisor = norms[targets] * norms[block.col] + shrink
        values = np.divide(block.data, divisor, out=np.zeros(len(divisor)), where=divisor > 0)
        keep = (targets != block.col) & (values > 0)
        shape = (block.shape[0], matrix.shape[1])
        likest = sp.coo_matrix((values[keep], (block.row[keep], block.col[keep])), shape=shape).tocsr()
        blocks.append(nearest_only(likest, neighbours))
    whole = sp.vstack(blocks, format="csr") if blocks else sp.csr_matrix(matrix.shape[::-1])
    turned = whole.T.tocsr().astype(np.float32)
    turned.sort_indices()
    return turned


def nearest_only(matrix: sp.csr_matrix, neighbours: int) -> sp.csr_matrix:
    """Keep the greatest values of each row; of equal ones those of lower columns."""
    matrix.sort_indices()
    keep = np.ones(len(matrix.data), dtype=bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > neighbours):
        start, end = matrix.indptr[row], matrix.indptr[row + 1]
        order = np.argsort(-matrix.data[start:end], kind="stable")
        keep[start + order[neighbours:]] = False
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    kept = (matrix.data[keep], (rows[keep], matrix.indices[keep]))
    return sp.coo_matrix(kept, shape=matrix.shape).tocsr()


def scoring(likest: sp.csr_matrix, counted: NDArray[np.float64], share: float) -> ranking.Scorer:
    """Return the way to score rows of a history: likeness scaled to at most 1 a user, and a share of popularity."""

    def score(rows: sp.csr_matrix) -> NDArray[np.float64]:
        scores = np.asarray((rows @ likest).todense(), dtype=np.float64)
        highest = scores.max(axis=1, initial=0.0, keepdims=True)
        return scores / np.where(highest > 0, highest, 1.0) + share * counted

    return score
