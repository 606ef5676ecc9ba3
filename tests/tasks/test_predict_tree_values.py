"""What trees add is looked up in tables: the very values that LightGBM's own TreeSHAP gives."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.tasks.predict.symmetric import boost
from grundstein.tasks.predict.tree_values import MOST, tables


def world(seed: int, rows: int = 400) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Four numbers and a category, a tenth of all values missing."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(rows, 5))
    X[:, 4] = draw.integers(0, 9, rows)
    X[draw.random(X.shape) < 0.1] = np.nan
    y = np.nan_to_num(X[:, 0]) + 2 * np.isin(X[:, 4], [1, 3, 7]) + draw.normal(size=rows) > 0.5
    return X, y.astype(float)


def grown(seed: int, **more: Any) -> tuple[Any, np.ndarray[Any, Any]]:
    X, y = world(seed)
    said = {"objective": "binary", "num_leaves": 6, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, **more}
    return lightgbm.train(said, lightgbm.Dataset(X, y, categorical_feature=[4]), 30), X


def differ(model: Any, X: np.ndarray[Any, Any]) -> float:
    known = tables(model.dump_model())
    assert known is not None
    theirs = np.asarray(model.predict(X, pred_contrib=True, num_threads=1)).reshape(len(X), -1, X.shape[1] + 1)
    return float(np.abs(theirs - np.stack([known.of(row) for row in X])).max())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["binary", "regression", "poisson"]), st.sampled_from([0.6, 1.0]))
def test_small_trees_give_what_lightgbm_gives(seed: int, objective: str, share: float) -> None:
    model, X = grown(seed, objective=objective, bagging_fraction=share, bagging_freq=1)
    assert differ(model, X[:60]) < 1e-9


def test_several_labels_give_what_lightgbm_gives() -> None:
    X, _ = world(3)
    y = np.random.default_rng(3).integers(0, 3, len(X))
    said = {"objective": "multiclass", "num_class": 3, "num_leaves": 5, "verbosity": -1, "num_threads": 1}
    assert differ(lightgbm.train(said, lightgbm.Dataset(X, y), 20), X[:60]) < 1e-9


def test_symmetric_trees_give_what_lightgbm_gives_of_their_text() -> None:
    X, y = world(5, rows=900)
    rows, asked = slice(0, 600), slice(600, 900)
    weights = np.ones(len(y))
    model, _ = boost(X[rows], (4,), y[rows], weights[rows], (X[asked], y[asked], weights[asked]), 40, 20, 7)
    written = lightgbm.Booster(model_str=model.model_to_string())
    assert differ(written, X[asked][:60]) < 1e-9


def test_a_code_that_was_never_seen_and_an_empty_row_are_told_as_lightgbm_tells_them() -> None:
    model, X = grown(1)
    strange = X[:4].copy()
    strange[0, 4], strange[1, 4], strange[2], strange[3, 4] = 4_000.0, -3.0, np.nan, 2.7
    assert differ(model, strange) < 1e-9


def test_wide_trees_have_no_tables() -> None:
    model, _ = grown(1, num_leaves=31)
    assert max(tree["num_leaves"] for tree in model.dump_model()["tree_info"]) > MOST + 1
    assert tables(model.dump_model()) is None


@pytest.mark.parametrize("missing", [False, True])
def test_missing_values_go_the_way_that_the_tree_says(missing: bool) -> None:
    model, X = grown(2, use_missing=missing)
    empty = np.full((3, X.shape[1]), np.nan)
    assert differ(model, empty) < 1e-9
