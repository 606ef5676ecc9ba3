"""Room production. In: rows of answers and the arrivals they came in -> Out: at which of them to look, how far back.

Where one looks depends on the rows, not on how often somebody asks. An arrival is never cut: a file may be sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

STEP, MOST_LOOKS = 100, 50
WINDOWS = (100, 250, 500, 2_000)


class Look(NamedTuple):
    """One look after the row at place `end` - 1: windows from each of `starts` to `end`, the shortest first."""

    starts: tuple[int, ...]
    end: int


def looks(row: Whole, arrival: Whole, until: int) -> list[Look]:
    """Return the looks that are due, in order: one for each 100 rows after `until`, at the end of an arrival.

    `row` ascends, `arrival` is a number a row, equal within an arrival. A short window shows a new change undiluted, a
    long one a small change. An older arrival that is larger than a window would drown the newest and is left out.
    """
    if not len(row):
        return []
    ends = np.append(np.flatnonzero(arrival[1:] != arrival[:-1]) + 1, len(row))
    starts = np.concatenate([[0], ends[:-1]])
    new = int((row > until).sum())
    step = max(STEP, -(-new // MOST_LOOKS))
    looked = len(row) - new
    found = []
    for place, end in enumerate(ends):
        if end - looked >= step:
            backs = {_back(starts, ends, place, window) for window in WINDOWS}
            found.append(Look(tuple(sorted(backs, reverse=True)), int(end)))
            looked = int(end)
    return found


def _back(starts: Whole, ends: Whole, place: int, window: int) -> int:
    """The first row of a window that ends with the arrival at `place`."""
    first = place
    while first > 0 and ends[place] - starts[first] < window and ends[first - 1] - starts[first - 1] <= window:
        first -= 1
    return int(starts[first])
