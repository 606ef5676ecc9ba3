"""Room tools. In: the period of each document and what it belongs to -> Out: Trend, shares a period with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

Z = 1.96
CLEAR = 2.58
PARTS = 3
FEWEST = 30


@dataclass(frozen=True)
class Trend:
    """Of each period: all documents, those that belong, the share and its range (Wilson 1927)."""

    periods: tuple[int, ...]
    all: tuple[int, ...]
    own: tuple[int, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    change: float
    direction: str


def trend_of(periods: Rows, inside: NDArray[np.bool_]) -> Trend:
    """Return shares by period; `direction` compares the last third of documents with the first (99 %): up, down, even.

    Where there are fewer than 30 documents in a third it is "unknown".
    """
    names = np.arange(periods.min(), periods.max() + 1) if len(periods) else np.zeros(0, dtype=np.int64)
    base = int(names[0]) if len(names) else 0
    every = np.bincount(periods - base, minlength=len(names))
    own = np.bincount(periods[inside] - base, minlength=len(names))
    ranges = [wilson(int(a), int(b)) for a, b in zip(own, every, strict=True)]
    change, direction = _direction(periods, inside)
    return Trend(
        tuple(map(int, names)),
        tuple(map(int, every)),
        tuple(map(int, own)),
        tuple(int(a) / int(b) if b else 0.0 for a, b in zip(own, every, strict=True)),
        tuple(low for low, _ in ranges),
        tuple(high for _, high in ranges),
        change,
        direction,
    )


def wilson(own: int, every: int, z: float = Z) -> tuple[float, float]:
    """The range of a share; from 0 to 1 where nothing is there."""
    if not every:
        return 0.0, 1.0
    share = own / every
    middle = (share + z * z / (2 * every)) / (1 + z * z / every)
    half = z * math.sqrt(share * (1 - share) / every + z * z / (4 * every**2)) / (1 + z * z / every)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def _direction(periods: Rows, inside: NDArray[np.bool_]) -> tuple[float, str]:
    if not len(periods):
        return 0.0, "unknown"
    cuts = np.quantile(periods, [1 / PARTS, 1 - 1 / PARTS], method="inverted_cdf")
    early, late = inside[periods <= cuts[0]], inside[periods > cuts[1]]
    if min(len(early), len(late)) < FEWEST:
        return 0.0, "unknown"
    change = float(late.mean() - early.mean())
    error = math.sqrt(sum(part.mean() * (1 - part.mean()) / len(part) + 1 / len(part) ** 2 for part in (early, late)))
    return change, "even" if abs(change) <= CLEAR * error else "up" if change > 0 else "down"
