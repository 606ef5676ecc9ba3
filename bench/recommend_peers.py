"""Bench. In: the events of a split -> Out: models of implicit as solutions, on the same events and judge."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from threadpoolctl import threadpool_limits

from grundstein.tasks.recommend.events import events_of, texts
from grundstein.tasks.recommend.ranking import answer_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa
    import scipy.sparse as sp

    from grundstein.core.task import Data
    from grundstein.tasks.recommend.options import Reading

warnings.filterwarnings("ignore", message="OpenBLAS is configured", category=RuntimeWarning)
SEED = 7
MODELS: dict[str, Callable[[], Any]] = {
    "implicit ALS, as it comes": lambda: AlternatingLeastSquares(random_state=SEED, num_threads=1),
    "implicit BPR, as it comes": lambda: BayesianPersonalizedRanking(random_state=SEED, num_threads=1),
    "implicit cosine, as it comes": lambda: CosineRecommender(num_threads=1),
    "implicit BM25, as it comes": lambda: BM25Recommender(num_threads=1),
}


@dataclass(frozen=True)
class Peer:
    """A model of the library with the settings it comes with; users it does not know get an empty list."""

    read: Reading
    name: str
    model: Any = None
    rows: Mapping[str, int] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    matrix: sp.csr_matrix = None

    def fit(self, data: Data, seed: int) -> Peer:
        """Fit on users x items."""
        del seed
        found = events_of(data["events"], self.read)
        matrix, model = found.matrix().astype(np.float32), MODELS[self.name]()
        with threadpool_limits(1):
            model.fit(matrix, show_progress=False)
        rows = {user: row for row, user in enumerate(found.user_ids)}
        return replace(self, model=model, rows=rows, items=found.item_ids, matrix=matrix)

    def answer(self, questions: pa.Table, live: object) -> pa.Table:
        """Ask the library for each known user's list."""
        del live
        users = texts(questions[self.read.user])
        known = np.array([self.rows.get(user, -1) for user in users.to_pylist()])
        lists: list[list[str]] = [[] for _ in known]
        places = np.flatnonzero(known >= 0)
        if len(places):
            asked = known[places]
            ids, scores = self.model.recommend(
                asked, self.matrix[asked], N=self.read.depth, filter_already_liked_items=True
            )
            for place, row, score in zip(places, ids, scores, strict=True):
                seen = set(self.matrix[known[place]].indices.tolist())
                fine = [item for item, value in zip(row, score, strict=True) if item >= 0 and value > -1e30]
                lists[place] = [self.items[item] for item in fine if item not in seen]
        scores_of = [[1.0 / (n + 1) for n in range(len(one))] for one in lists]
        return answer_table(self.read, users, lists, scores_of, ["given"] * len(lists))
