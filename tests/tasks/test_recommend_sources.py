"""The numerical pieces of recommend: each is what its formula says, by whichever shape it was computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.tasks.recommend import ease, sources
from grundstein.tasks.recommend.content import Content
from grundstein.tasks.recommend.factors import Factors, installed
from grundstein.tasks.recommend.likeness import cosine, walk
from grundstein.tasks.recommend.mixture import fallback, mixed, scaled
from grundstein.tasks.recommend.options import Reading
from grundstein.tasks.recommend.shelf import shelf_of

READ = Reading("u", "i", "", "t", 10, "ndcg@10", 1.0, text=("title",), properties=("tags",))
SHAPES = st.sampled_from([(12, 7), (7, 12), (9, 9), (1, 5), (5, 1)])


@st.composite
def choices(draw: st.DrawFn) -> sp.csr_matrix:
    shape = draw(SHAPES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return sp.random(
        *shape, 0.4, format="csr", random_state=rng, data_rvs=lambda n: rng.integers(1, 4, n).astype(float)
    )


@settings(max_examples=40, deadline=None)
@given(choices(), st.sampled_from([0.5, 20.0, 500.0]))
def test_ease_is_its_closed_form_by_either_shape(matrix: sp.csr_matrix, strength: float) -> None:
    dense = matrix.toarray()
    inverse = np.linalg.inv(dense.T @ dense + strength * np.eye(dense.shape[1]))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    assert np.allclose(ease.ease(matrix, strength, 100).toarray(), expected, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(choices(), st.integers(1, 4))
def test_ease_keeps_the_weights_of_greatest_size_for_each_target(matrix: sp.csr_matrix, kept: int) -> None:
    whole, few = (np.abs(ease.ease(matrix, 5.0, most).toarray()) for most in (100, kept))
    assert ((few > 0).sum(axis=0) <= kept).all()
    assert np.allclose(np.sort(few, axis=0)[::-1][:kept], np.sort(whole, axis=0)[::-1][:kept], atol=1e-6)


def test_ease_in_single_precision_and_by_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = sp.random(60, 40, 0.2, format="csr", random_state=np.random.default_rng(1))
    exact = ease.ease(matrix, 3.0, 40).toarray()
    monkeypatch.setattr(ease, "EXACT", 10)
    monkeypatch.setattr(ease, "BLOCK", 7)
    for one in (matrix, matrix.T.tocsr()):
        found = ease.ease(one, 3.0, 60)
        assert found.dtype == np.float32
    assert np.allclose(ease.ease(matrix, 3.0, 40).toarray(), exact, atol=1e-4)


def test_ease_refuses_itself_where_its_matrix_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "LARGEST", 5)
    matrix = sp.random(9, 7, 0.9, format="csr", random_state=np.random.default_rng(1))
    assert not ease.fits(matrix)
    with pytest.raises(ValueError, match="at most 5 users or items"):
        ease.ease(matrix, 3.0, 40)
    assert ease.fits(sp.csr_matrix((1000, 1000)))


@settings(max_examples=30, deadline=None)
@given(choices(), st.sampled_from([0.6, 1.0]), st.sampled_from([0.0, 0.5]))
def test_a_walk_is_the_chance_to_come_from_item_to_item(matrix: sp.csr_matrix, alpha: float, beta: float) -> None:
    seen = (matrix.toarray() > 0).astype(float)
    users, items = seen.sum(axis=1, keepdims=True), seen.sum(axis=0, keepdims=True)
    to_item = np.divide(seen, users, out=np.zeros_like(seen), where=users > 0) ** alpha
    to_user = np.divide(seen, items, out=np.zeros_like(seen), where=items > 0) ** alpha
    expected = (to_user.T @ to_item) * np.where(items > 0, items, 1.0) ** -beta
    np.fill_diagonal(expected, 0.0)
    assert np.allclose(walk(matrix, 100, alpha, beta).toarray(), expected, atol=1e-6)


def test_an_item_speaks_for_itself_only_where_users_come_back() -> None:
    matrix = sp.csr_matrix(np.ones((3, 2)))
    assert cosine(matrix, 5, 0.0).diagonal().tolist() == [0.0, 0.0]
    assert np.allclose(cosine(matrix, 5, 0.0, itself=True).diagonal(), 1.0)


@pytest.mark.skipif(not installed(), reason="the extra `recommend` is not installed")
def test_a_taste_is_folded_in_as_the_library_solves_it() -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    matrix = sp.random(50, 30, 0.2, format="csr", random_state=np.random.default_rng(2)).astype(np.float32)
    found = Factors.fit(matrix, 8, 3.0, 0.5, 7)
    shelf = shelf_of(None, replace(READ, text=(), properties=()), [str(n) for n in range(30)])
    model = AlternatingLeastSquares(factors=8, regularization=0.5, alpha=3.0, num_threads=1, random_state=7)
    model.fit(matrix, show_progress=False)
    model.use_cg = False
    tastes = model.recalculate_user(np.arange(50), matrix)
    assert np.allclose(found.scores(matrix, shelf, READ), np.maximum(tastes @ model.item_factors.T, 0.0), atol=1e-3)
    assert not found.scores(sp.csr_matrix((1, 30)), shelf, READ).any()


ITEMS = pa.table(
    {
        "i": ["a", "b", "c", "d", "e"],
        "title": ["roses in the garden", "garden of Roses", "ships", None, "sea and ships"],
        "tags": pa.array([["x"], ["y"], ["x", "z"], None, []], pa.list_(pa.string())),
    }
)


def test_items_are_alike_by_words_and_by_properties() -> None:
    shelf = shelf_of(ITEMS, READ, ["a"])
    found = Content.fit(shelf, READ)
    row = sp.csr_matrix(([1.0], ([0], [0])), shape=(1, 5))
    scores = dict(zip(shelf.ids, found.scores(row, shelf, READ)[0].tolist(), strict=True))
    assert scores["a"] == pytest.approx(2.0, abs=1e-6)
    assert scores["b"] > 0 < scores["c"]
    assert scores["d"] == scores["e"] == 0.0
    again = Content.of_arrays(found.arrays())
    assert again.scores(row, shelf, READ).tolist() == found.scores(row, shelf, READ).tolist()


def test_an_item_without_text_says_nothing_and_one_that_came_later_is_read_by_what_was_learnt() -> None:
    found = Content.fit(shelf_of(ITEMS, READ, ["a", "b"]), READ)
    later = pa.concat_tables([ITEMS, pa.table({"i": ["f"], "title": ["more roses, unheard of"], "tags": [["x"]]})])
    shelf = shelf_of(later, READ, ["a", "b", "c", "d", "e"])
    rows = sp.csr_matrix(([1.0, 1.0], ([0, 1], [shelf.places["f"], shelf.places["d"]])), shape=(2, 6))
    assert found.scores(rows, shelf, READ)[0][shelf.places["a"]] > 0
    assert found.knows(rows, shelf, READ).tolist() == [True, False]


def test_properties_in_one_text_stand_between_bars() -> None:
    table = pa.table({"i": ["a", "b"], "title": ["", ""], "tags": ["red|blue", "blue| green"]})
    shelf = shelf_of(table, READ, ["a"])
    assert Content.fit(shelf, READ).properties.words == ("tags=blue", "tags=green", "tags=red")


def test_what_was_chosen_ages_ago_stands_last_and_what_nobody_chose_does_not_stand_there() -> None:
    counted = np.array([1e-37, 1.0, 0.0, 1e-30, 1.0], dtype=np.float32)
    base = fallback(counted, 0.0)
    assert np.argsort(-base, kind="stable").tolist() == [1, 4, 3, 0, 2]
    assert base[2] == 0.0 < base[0]
    assert base.max() <= 1.1e-6


def test_scores_are_scaled_to_one_a_row_and_mixed_by_weight() -> None:
    first, second = (scaled(np.array(rows, dtype=np.float32)) for rows in ([[2, 4], [0, 0]], [[1, 0], [0, 3]]))
    assert first.tolist() == [[0.5, 1.0], [0.0, 0.0]]
    found = mixed([first, second], (1.0, 0.5), fallback(np.array([1, 0], dtype=np.float32), 0.1))
    assert np.allclose(found, [[1.1, 1.0], [0.1, 0.5]])


@pytest.mark.parametrize("name", [name for name in sources.SETTINGS if name != "ALS" or installed()])
def test_every_source_can_be_fitted_on_one_user_one_item_or_nothing(name: str) -> None:
    read = replace(READ, text=(), properties=())
    for shape in ((1, 1), (1, 4), (4, 1), (3, 3), (0, 0)):
        matrix = sp.csr_matrix(np.ones(shape)) if shape[0] * shape[1] != 9 else sp.csr_matrix((3, 3))
        shelf = shelf_of(None, read, [str(n) for n in range(shape[1])])
        found = sources.fitted(name, sources.SETTINGS[name][0], matrix, shelf, read, 3)
        assert found.scores(matrix, shelf, read).shape == shape
        assert np.isfinite(found.scores(matrix, shelf, read)).all()
