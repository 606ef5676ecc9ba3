"""Room tasks. In: scores, and what users have seen -> Out: ranked lists, and what each list is worth to its user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.tasks.recommend.options import Reading

    Scorer = Callable[[sp.csr_matrix], NDArray[np.float64]]

BLOCK = 256


def top(scores: NDArray[np.float64], depth: int) -> NDArray[np.int64]:
    """Return the places of the best positive scores, best first; equal scores in the order of their places."""
    wanted = min(depth, len(scores))
    if wanted == 0:
        return np.empty(0, dtype=np.int64)
    floor = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    places = np.flatnonzero((scores >= floor) & (scores > 0.0))
    return places[np.argsort(-scores[places], kind="stable")][:wanted]


def rank(known: sp.csr_matrix, scorer: Scorer, depth: int) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Rank items for each row of a history, without those in the history; returns places and scores.

    `scorer` turns rows of the history into dense scores; a row's scores never depend on the other rows.
    """
    ranked = []
    for start in range(0, known.shape[0], BLOCK):
        rows = known[start : start + BLOCK]
        scores = scorer(rows)
        for row in range(rows.shape[0]):
            seen = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            scores[row, seen] = -np.inf
            best = top(scores[row], depth)
            ranked.append((best, scores[row, best]))
    return ranked


def answers(
    users: pa.Array, ranked: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]], ids: Sequence[str]
) -> pa.Table:
    """Return the columns of an answer."""
    return answer_table(users, [[ids[p] for p in places] for places, _ in ranked], [list(s) for _, s in ranked])


def answer_table(users: pa.Array, items: Sequence[Sequence[str]], scores: Sequence[Sequence[float]]) -> pa.Table:
    """Return `user`, `items` and `scores` as the table that every solution answers with."""
    return pa.table(
        {
            "user": users,
            "items": pa.array(items, pa.list_(pa.string())),
            "scores": pa.array(scores, pa.list_(pa.float64())),
        }
    )


@dataclass(frozen=True)
class Hits:
    """Where the relevant items stand: `at` is users x places (bool), `relevant` how many there were to find."""

    at: NDArray[np.bool_]
    relevant: NDArray[np.int64]


def hits(lists: Sequence[Sequence[str] | None], relevant: Sequence[Sequence[str]], depth: int) -> Hits:
    """Mark relevant items by place; an item named twice counts at its first place only."""
    at = np.zeros((len(lists), depth), dtype=bool)
    for row, (ranked, wanted) in enumerate(zip(lists, relevant, strict=True)):
        left = set(wanted)
        for place, item in enumerate((ranked or ())[:depth]):
            if item in left:
                at[row, place] = True
                left.discard(item)
    return Hits(at, np.array([len(set(wanted)) for wanted in relevant], dtype=np.int64))


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
