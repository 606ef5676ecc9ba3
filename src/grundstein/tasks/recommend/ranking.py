"""Room tasks. In: scores, and what users have seen -> Out: ranked lists, and what each list is worth to its user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.tasks.recommend.options import Reading
    from grundstein.tasks.recommend.shelf import Shelf

    Scores = NDArray[np.float32]
    Ranked = tuple[NDArray[np.int64], Scores]
    Scorer = Callable[[sp.csr_matrix], Scores]
    Wanted = Sequence[Sequence[Sequence[Hashable]]]

BLOCK = 256


def top(scores: NDArray[np.floating], depth: int) -> NDArray[np.int64]:
    """Return the places of the best positive scores, best first; equal scores in the order of their places."""
    wanted = min(depth, len(scores))
    if wanted == 0:
        return np.empty(0, dtype=np.int64)
    floor = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    places = np.flatnonzero((scores >= floor) & (scores > 0.0))
    return places[np.argsort(-scores[places], kind="stable")][:wanted]


def rank(known: sp.csr_matrix, scorer: Scorer, read: Reading, shelf: Shelf) -> list[Ranked]:
    """Rank what may be shown for each row of a history, without those in it (but where they repeat).

    `scorer` turns rows of the history into dense scores; a row's scores never depend on the other rows.
    """
    ranked = []
    for start in range(0, known.shape[0], BLOCK):
        rows = known[start : start + BLOCK]
        ranked += ranked_block(rows, scorer(rows), read, shelf)
    return ranked


def ranked_block(rows: sp.csr_matrix, scores: Scores, read: Reading, shelf: Shelf) -> list[Ranked]:
    """Rank rows by their scores, which are changed."""
    scores += shelf.hidden
    if not read.repeat:
        scores[np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices] = -np.inf
    best = [_best(one, read.depth, shelf) for one in scores]
    return [(places, one[places]) for places, one in zip(best, scores, strict=True)]


def _best(scores: Scores, depth: int, shelf: Shelf) -> NDArray[np.int64]:
    """Look as deep as caps make it necessary; without them the top is the list."""
    if not shelf.groups:
        return top(scores, depth)
    deep = depth
    while True:
        deep *= 4
        order = top(scores, deep)
        picked = shelf.picked(order.tolist(), depth)
        if len(picked) == depth or len(order) < deep:
            return np.array(picked, dtype=np.int64)


def answers(read: Reading, asked: pa.Array, ranked: Sequence[Ranked], bases: Sequence[str], shelf: Shelf) -> pa.Table:
    """Return the columns of an answer."""
    items = [[shelf.ids[p] for p in places] for places, _ in ranked]
    bases = [basis if one else "nothing" for basis, one in zip(bases, items, strict=True)]
    return answer_table(read, asked, items, [scores.tolist() for _, scores in ranked], bases)


def answer_table(
    read: Reading,
    asked: pa.Array,
    items: Sequence[Sequence[str]],
    scores: Sequence[Sequence[float]],
    bases: Sequence[str],
) -> pa.Table:
    """Return whom or what was asked for, `items`, `scores` and `basis`: what every solution answers with."""
    return pa.table(
        {
            read.asked: asked,
            "items": pa.array(items, pa.list_(pa.string())),
            "scores": pa.array(scores, pa.list_(pa.float64())),
            "basis": pa.array(bases, pa.string()),
        }
    )


@dataclass(frozen=True)
class Hits:
    """Where the relevant items stand: `at` is users x places (bool), `relevant` how many there were to find."""

    at: NDArray[np.bool_]
    relevant: NDArray[np.int64]


def hits(lists: Sequence[Sequence[Hashable] | None], relevant: Sequence[Sequence[Hashable]], depth: int) -> Hits:
    """Mark relevant items by place; an item named twice counts at its first place only."""
    at = np.zeros((len(lists), depth), dtype=bool)
    for row, (ranked, wanted) in enumerate(zip(lists, relevant, strict=True)):
        left = set(wanted)
        for place, item in enumerate((ranked or ())[:depth]):
            if item in left:
                at[row, place] = True
                left.discard(item)
    return Hits(at, np.array([len(set(wanted)) for wanted in relevant], dtype=np.int64))


def worths(
    lists: Sequence[Sequence[Hashable] | None], wanted: Wanted, measure: str, read: Reading
) -> NDArray[np.float64]:
    """Return one number a list: the mean of what it is worth to each who sees it, by what each of them wanted."""
    count = np.array([len(seers) for seers in wanted], dtype=np.int64)
    spread = [one for one, seers in zip(lists, wanted, strict=True) for _ in seers]
    each = worth(hits(spread, [want for seers in wanted for want in seers], read.depth), measure, read)
    total = np.bincount(np.repeat(np.arange(len(count)), count), each, minlength=len(count))
    return np.divide(total, count, out=np.zeros(len(count)), where=count > 0)


def shares(lists: Sequence[Sequence[Hashable]], wanted: Wanted, k: int) -> NDArray[np.float64]:
    """Return lists x places: the share of those who see a list that wanted the item at each of its first places."""
    found = np.zeros((len(lists), k))
    for row, (one, seers) in enumerate(zip(lists, wanted, strict=True)):
        each = hits([one] * len(seers), seers, k).at
        found[row] = each.mean(axis=0) if len(each) else 0.0
    return found


def ideal(relevant: int, k: int = 10) -> float:
    """Return the DCG of a list that begins with so many right items."""
    return float((1.0 / np.log2(np.arange(min(relevant, k)) + 2.0)).sum())


def worth(found: Hits, measure: str, read: Reading) -> NDArray[np.float64]:
    """Return one number a user: money, `ndcg@10`, `mrr@10` or `recall@20`; 0 where nothing was relevant."""
    if measure == "money":
        return read.hit * found.at[:, : read.k].sum(axis=1).astype(np.float64)
    return {"ndcg@10": _ndcg, "mrr@10": _mrr, "recall@20": _recall}[measure](found)


def _ndcg(found: Hits, k: int = 10) -> NDArray[np.float64]:
    """nDCG with gain 1 and log2 discount, against the best order of as many relevant items as fit (Järvelin 2002)."""
    discount = 1.0 / np.log2(np.arange(k) + 2.0)
    best = np.concatenate(([0.0], np.cumsum(discount)))[np.minimum(found.relevant, k)]
    # Multiplied and summed row by row: a matrix product may round a row differently in another batch.
    gained = (found.at[:, :k] * discount[: found.at.shape[1]]).sum(axis=1)
    return np.divide(gained, best, out=np.zeros(len(best)), where=best > 0)


def _mrr(found: Hits, k: int = 10) -> NDArray[np.float64]:
    shown = found.at[:, :k]
    if not shown.size:
        return np.zeros(len(shown))
    return np.where(shown.any(axis=1), 1.0 / (shown.argmax(axis=1) + 1.0), 0.0)


def _recall(found: Hits, k: int = 20) -> NDArray[np.float64]:
    counted = found.at[:, :k].sum(axis=1).astype(np.float64)
    return np.divide(counted, found.relevant, out=np.zeros(len(counted)), where=found.relevant > 0)
