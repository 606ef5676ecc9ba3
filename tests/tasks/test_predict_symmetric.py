"""Predict's symmetric trees: what LightGBM reads of them answers and explains as they do; the same rows, same trees."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.tasks.predict.symmetric import LEVELS, Symmetric, boost


def asked(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """A number with gaps, a category of five levels with gaps, a constant, a number of three values; and yes or no."""
    rng = np.random.default_rng(seed)
    number, level = rng.normal(size=rows), rng.integers(0, 5, rows).astype(float)
    truth = (rng.random(rows) < np.where(level == 2, 0.9, 0.2) * (number > 0) + 0.05).astype(float)
    number[rng.random(rows) < 0.1] = np.nan
    level[rng.random(rows) < 0.1] = np.nan
    return np.column_stack([number, level, np.ones(rows), rng.integers(0, 3, rows)]), truth


def grown(seed: int, rounds: int = 12) -> tuple[Symmetric, np.ndarray]:
    X, truth = asked(seed)
    nobody = np.zeros((0, X.shape[1])), np.zeros(0), np.zeros(0)
    model, _ = boost(X, [1], truth, np.ones(len(truth)), nobody, rounds, 5, seed)
    return model, X


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_lightgbm_answers_what_the_trees_answer_whatever_a_row_holds(seed: int) -> None:
    model, X = grown(seed)
    strange = np.array([[np.inf, 9.0, np.nan, -1.0], [-np.inf, np.nan, 0.0, 1e300], [np.nan, 4.0, 2.0, np.nan]])
    rows = np.vstack([X, strange])
    read = lightgbm.Booster(model_str=model.model_to_string())
    assert read.predict(rows, num_threads=1) == pytest.approx(model.predict(rows), abs=1e-12)


def test_lightgbm_explains_them_and_the_parts_add_up() -> None:
    model, X = grown(3)
    told = model.predict(X)
    parts = lightgbm.Booster(model_str=model.model_to_string()).predict(X, pred_contrib=True)
    assert parts.sum(axis=1) == pytest.approx(np.log(told / (1 - told)), abs=1e-9)


def test_the_same_rows_give_the_same_text_and_every_tree_asks_as_many_questions() -> None:
    model, _ = grown(3)
    assert grown(3)[0].model_to_string() == model.model_to_string()
    assert {len(tree.asked) for tree in model.trees} == {LEVELS}


def test_a_level_alone_and_a_number_are_found() -> None:
    model, _ = grown(5, rounds=60)
    sure = model.predict(np.array([[1.5, 2.0, 1.0, 0.0], [1.5, 1.0, 1.0, 0.0], [-1.5, 2.0, 1.0, 0.0]]))
    assert sure[0] > 0.7
    assert max(sure[1:]) < 0.4


def test_growing_stops_where_others_lose_more_and_weights_count() -> None:
    rng = np.random.default_rng(1)
    X, truth = rng.normal(size=(300, 3)), (rng.random(300) < 0.5).astype(float)
    other = rng.normal(size=(300, 3)), (rng.random(300) < 0.5).astype(float), np.ones(300)
    model, losses = boost(X, [], truth, np.ones(300), other, 500, 10, 1)
    assert len(model.trees) == len(losses) < 500
    heavy, _ = boost(X, [], truth, np.where(truth > 0, 10.0, 1.0), other, 5, 10, 1)
    assert heavy.predict(X).mean() > 0.8
