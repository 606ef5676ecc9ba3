"""One row asked of LightGBM without its wrapper: the same bits, for every kind of model that the house makes."""

from __future__ import annotations

import gc
from typing import Any

import lightgbm
import numpy as np
import pytest

from grundstein.tasks.predict import tree_rows
from grundstein.tasks.predict.tree_rows import Single, single

KINDS = {
    "binary": {"objective": "binary"},
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "regression": {"objective": "regression"},
    "poisson": {"objective": "poisson"},
    "roots": {"objective": "regression", "reg_sqrt": True},
}


def model(kind: str) -> Any:
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=(600, 3)), rng.integers(0, 9, 600)])
    X[rng.random(X.shape) < 0.1] = np.nan
    y = np.abs(np.nan_to_num(X[:, 0])) + (X[:, 3] == 2)
    y = {"binary": y > 0.8, "multiclass": np.digitize(y, [0.5, 1.0])}.get(kind, y)
    settings = {**KINDS[kind], "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    return lightgbm.train(settings, lightgbm.Dataset(X, y, categorical_feature=[3]), 40)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_row_is_answered_bit_for_bit_as_by_the_wrapper(kind: str) -> None:
    known = model(kind)
    again = lightgbm.Booster(model_str=known.model_to_string())
    ask = single(known.model_to_string(), again)
    assert isinstance(ask, Single)
    rng = np.random.default_rng(5)
    rows = np.column_stack([rng.normal(size=(200, 3)) * 3, rng.integers(-1, 40, 200)])
    rows[rng.random(rows.shape) < 0.2] = np.nan
    rows[0], rows[1] = np.inf, -np.inf
    told = np.array([ask(row[None, :]) for row in rows])
    assert np.array_equal(told, again.predict(rows, num_threads=1).reshape(len(rows), -1))


def test_a_model_that_is_gone_leaves_others_alone() -> None:
    known = model("binary")
    ask, other = (single(known.model_to_string(), known) for _ in range(2))
    assert ask
    assert other
    row = np.zeros((1, 4))
    before = ask(row)
    del other
    gc.collect()
    assert ask(row) == before


def test_without_the_library_s_file_the_wrapper_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_rows, "_library", lambda: None)
    assert single("", None) is None
