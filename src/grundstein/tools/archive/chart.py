"""Room tools. In: where texts stand in many dimensions -> Out: Chart, two dimensions, and how far neighbours are kept.

By openTSNE (extra `explore`; van der Maaten & Hinton 2008). Of very many texts a part is drawn: a map of all would show
no more. Quality is the share of each text's ten nearest that are among its ten nearest on the map, beside that of the
first two principal components.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

MOST = 4_000
FEWEST = 50
NEAR = 10
ASKED = 1_000


@dataclass(frozen=True, eq=False)
class Chart:
    """Points of some texts (`rows`); `kept` is the share of neighbours kept, `plain` that of principal components."""

    rows: Rows
    points: Floats
    kept: float
    plain: float


def chart_of(places: Floats, seed: int) -> Chart | None:
    """Draw texts that stand somewhere; None without openTSNE or with fewer than 50 of them."""
    there = np.flatnonzero(np.abs(places).sum(axis=1) > 0)
    if find_spec("openTSNE") is None or len(there) < FEWEST:
        return None
    import sklearn.neighbors  # noqa: F401  (what is loaded later is not limited)
    from openTSNE import TSNE
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    rows = there if len(there) <= MOST else np.sort(rng.choice(there, MOST, replace=False))
    X = places[rows]
    with threadpool_limits(limits=1):
        perplexity = min(30.0, (len(rows) - 1) / 3)
        made = TSNE(perplexity=perplexity, n_iter=400, random_state=seed % 2**32, n_jobs=1, neighbors="exact").fit(X)
        points = np.asarray(made, dtype=np.float64)
        return Chart(rows, points, kept_neighbours(X, points, seed), kept_neighbours(X, _components(X), seed))


def kept_neighbours(places: Floats, points: Floats, seed: int) -> float:
    """The share of the ten nearest in `places` that are among the ten nearest in `points`, over 1,000 texts."""
    from sklearn.neighbors import NearestNeighbors

    count = min(NEAR, len(places) - 1)
    asked = np.random.default_rng(seed).permutation(len(places))[:ASKED]
    near = [
        NearestNeighbors(n_neighbors=count + 1).fit(X).kneighbors(X[asked], return_distance=False)
        for X in (places, points)
    ]
    pairs = zip(asked, *near, strict=True)
    return float(np.mean([len((set(one) & set(two)) - {own}) / count for own, one, two in pairs]))


def _components(X: Floats) -> Floats:
    moved = X - X.mean(axis=0)
    return np.asarray(moved @ np.linalg.svd(moved, full_matrices=False)[2][:2].T)
