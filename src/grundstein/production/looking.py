"""Room production. In: rows of answers and the arrivals they came in -> Out: at which of them to look, how far back.

Where one looks depends on the rows, not on how often somebody asks. An arrival is never cut: a file may be sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

STEP, WINDOW, MOST_LOOKS = 100, 500, 50


class Span(NamedTuple):
    """Places `start` to `end` (not included) of the rows that one look compares."""

    start: int
    end: int


def spans(row: Whole, arrival: Whole, until: int) -> list[Span]:
    """Return the looks that are due, in order: one for each 100 rows after `until`, at the end of an arrival.

    `row` ascends, `arrival` is a number a row, equal within an arrival. Each look takes the newest arrivals until they
    hold 500 rows; an older arrival of more than 500 would drown the newest ones and is left out.
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
            found.append(Span(_back(starts, ends, place), int(end)))
            looked = int(end)
    return found


def _back(starts: Whole, ends: Whole, place: int) -> int:
    """The first row of a look that ends with the arrival at `place`."""
    first = place
    while first > 0 and ends[place] - starts[first] < WINDOW and ends[first - 1] - starts[first - 1] <= WINDOW:
        first -= 1
    return int(starts[first])
