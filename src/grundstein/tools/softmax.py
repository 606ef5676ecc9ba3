"""Room tools. In: scores of each label -> Out: rows of probabilities, the same bits alone and in a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def softmax(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of probabilities of shape (rows, labels); each sum is taken label by label."""
    shares = np.exp(score - score.max(axis=1, keepdims=True, initial=-1e300))
    return shares / np.add.accumulate(shares, axis=1)[:, -1:]
