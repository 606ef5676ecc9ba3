"""The arithmetic of recommend: what a list is worth, and how alike items are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from example_seals import live_of
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK, ranking
from grundstein.tasks.recommend.likeness import cosine as likeness
from grundstein.tasks.recommend.likeness import nearest_only
from grundstein.tasks.recommend.options import Reading

if TYPE_CHECKING:
    from pathlib import Path

READ = Reading("u", "i", "", "t", 10, "ndcg@10", 1.0)
ids = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=1)
lists = st.lists(ids, unique=True, max_size=25)


def worth(shown: list[str], wanted: list[str], measure: str) -> float:
    return float(ranking.worth(ranking.hits([shown], [wanted], READ.depth), measure, READ)[0])


@given(lists, lists)
def test_ndcg_is_what_its_formula_says(shown: list[str], wanted: list[str]) -> None:
    gained = sum(1 / math.log2(place + 2) for place, item in enumerate(shown[:10]) if item in wanted)
    best = sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))
    assert math.isclose(worth(shown, wanted, "ndcg@10"), gained / best if best else 0.0, abs_tol=1e-12)


@given(lists, lists)
def test_mrr_and_recall_are_what_their_formulas_say(shown: list[str], wanted: list[str]) -> None:
    places = [place for place, item in enumerate(shown) if item in wanted]
    first = 1 / (places[0] + 1) if places and places[0] < 10 else 0.0
    assert math.isclose(worth(shown, wanted, "mrr@10"), first)
    counted = sum(place < 20 for place in places)
    assert math.isclose(worth(shown, wanted, "recall@20"), counted / len(wanted) if wanted else 0.0)


@given(lists, lists, st.sampled_from(["ndcg@10", "mrr@10", "recall@20", "money"]))
def test_naming_an_item_twice_gains_nothing(shown: list[str], wanted: list[str], measure: str) -> None:
    doubled = [item for item in shown for _ in range(2)]
    assert worth(doubled, wanted, measure) <= worth(shown, wanted, measure) + 1e-12


def test_no_list_at_all_is_worth_nothing() -> None:
    assert ranking.worth(ranking.hits([None], [["a"]], 20), "ndcg@10", READ).tolist() == [0.0]


@given(st.lists(st.floats(0, 1), max_size=40), st.integers(1, 30))
def test_the_top_is_the_head_of_the_whole_order(scores: list[float], depth: int) -> None:
    whole = sorted((p for p, s in enumerate(scores) if s > 0), key=lambda place: (-scores[place], place))
    assert ranking.top(np.array(scores), depth).tolist() == whole[:depth]


matrices = st.integers(0, 2**32 - 1).map(
    lambda seed: sp.random(9, 7, 0.4, format="csr", random_state=np.random.default_rng(seed))
)


@settings(max_examples=40)
@given(matrices, st.integers(1, 8), st.sampled_from([0.0, 0.5, 10.0]))
def test_likeness_is_the_cosine_with_shrinkage_of_the_likest(matrix: sp.csr_matrix, most: int, shrink: float) -> None:
    dense = matrix.toarray()
    norms = np.linalg.norm(dense, axis=0)
    expected = np.divide(
        dense.T @ dense,
        np.outer(norms, norms) + shrink,
        out=np.zeros((7, 7)),
        where=np.outer(norms, norms) + shrink > 0,
    )
    np.fill_diagonal(expected, 0.0)
    found = likeness(matrix, most, shrink).toarray()
    assert ((found > 0).sum(axis=0) <= most).all()
    assert np.allclose(found[found > 0], expected[found > 0], atol=1e-6)
    for target in range(7):
        kept = found[:, target] > 0
        left = expected[~kept, target].max(initial=0.0)
        assert kept.sum() == min(most, (expected[:, target] > 0).sum())
        assert not kept.any() or left <= expected[kept, target].min() + 1e-9


def test_of_equally_alike_items_the_first_are_kept() -> None:
    assert nearest_only(sp.csr_matrix([[1.0, 1.0, 1.0]]), 2).toarray().tolist() == [[1.0, 1.0, 0.0]]


def test_on_real_films_the_random_split_promises_what_time_does_not_keep(shared_data: Path) -> None:
    """MovieLens 100k: item-kNN wins by far where later events may be learned from, and loses forward in time."""
    lines = np.loadtxt(shared_data / "recommender" / "ml-100k" / "u.data", dtype=np.int64)
    at = pa.array(lines[:, 3] * 1_000_000, pa.int64()).cast(pa.timestamp("us", "UTC"))
    data = {"events": pa.table({"user": lines[:, 0], "film": lines[:, 1], "at": at})}
    fields = {"user": "user", "item": "film"}
    case = Case("films", "?", "recommend", {"events": "ratings"}, fields, time="at", metric="ndcg@10")
    cut = str(int(np.sort(lines[:, 3])[80_000]) * 1_000_000)
    gains = {}
    for how, share in (("time", 0.0), ("random", 0.2)):
        asked = case if how == "time" else Case(**{**vars(case), "split": "random"})
        split = TASK.seal(data, asked, Seal("ratings", how, (), "", "at", share, cut, "salt"))  # type: ignore[arg-type]
        live = live_of(TASK, split.development)
        rivals = (TASK.baseline(asked), next(iter(TASK.candidates(asked, 3))))
        answers = [one.fit(split.development, 0).answer(split.questions, live) for one in rivals]
        worths = [TASK.metrics(asked, split, answer)["ndcg@10"] for answer in answers]
        gains[how] = worths[1] - worths[0]
    assert gains["random"] > 0.15
    assert gains["time"] < 0.0
