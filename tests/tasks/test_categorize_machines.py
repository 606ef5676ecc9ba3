"""What the linear machine of texts promises: no category out of nothing, and answers that cost what one row costs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from grundstein.tasks.categorize import machines
from grundstein.tasks.categorize.machines import counted, fitted


def problem(seed: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, 300)
    likely = rng.random((3, 40)) * 0.3
    matrix = sparse.csr_matrix((rng.random((300, 40)) < likely[truth]).astype(np.float64))
    return matrix, truth


@pytest.mark.parametrize("large", [False, True])
def test_a_category_without_a_row_is_never_the_best_one(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "WORK", 0 if large else machines.WORK)
    matrix, truth = problem(1)
    machine = fitted(matrix, truth, 5).leaning(counted(matrix, truth, 5), 0.1)
    assert set(machine.margins(matrix.astype(np.float32)).argmax(axis=1)) == {0, 1, 2}


def test_a_term_weighs_for_the_category_that_uses_it_and_nothing_for_one_without_rows() -> None:
    matrix = sparse.csr_matrix(np.eye(3)[[0, 0, 1, 1]])
    weights = counted(matrix, np.array([0, 0, 1, 1]), 3)
    assert weights[0, 0] > weights[0, 1]
    assert weights[1, 1] > weights[1, 0]
    assert not weights[:, 2].any()
    assert weights[2, 0] == pytest.approx(weights[2, 1])


def test_the_weights_of_a_term_stand_side_by_side_so_that_one_answer_copies_no_model() -> None:
    matrix, truth = problem(2)
    machine = fitted(matrix, truth, 3).leaning(counted(matrix, truth, 3), 0.05)
    assert machine.weights.flags["C_CONTIGUOUS"]
