"""Room tasks. In: the lines of two runs -> Out: what only one of them says, and what one says clearly more often.

A template counts as changed where the two shares of lines differ by the likelihood ratio (Dunning 1993), the error
over all templates kept at one in a hundred (Holm 1979).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tools.logtemplates import Miner

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.01


@dataclass(frozen=True)
class Change:
    """A template, and how many lines of each run have it."""

    template: str
    before: int
    after: int


@dataclass(frozen=True)
class Difference:
    """What is new in the second run, gone from the first, and clearly more or less frequent."""

    lines: tuple[int, int]
    templates: int
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    changed: tuple[Change, ...]


def difference(before: Sequence[str], after: Sequence[str], masks: Sequence[str] = ()) -> Difference:
    """Compare two runs template by template; new ones in the order in which they came."""
    miner = Miner(masks)
    numbers = miner.mine([*before, *after])
    old, new = Counter(numbers[: len(before)]), Counter(numbers[len(before) :])
    order = {number: at for at, number in reversed(list(enumerate(numbers)))}
    rows = {n: Change(miner.template(n), old[n], new[n]) for n in sorted(order, key=lambda n: order[n])}
    both = [number for number in rows if old[number] and new[number]]
    sure = _sure([(old[number], new[number]) for number in both], (len(before), len(after)))
    changed = [rows[number] for number, flag in zip(both, sure, strict=True) if flag]
    return Difference(
        (len(before), len(after)),
        len(rows),
        tuple(rows[number] for number in rows if not old[number]),
        tuple(rows[number] for number in rows if not new[number]),
        tuple(sorted(changed, key=lambda one: -abs(one.after - one.before))),
    )


def _sure(counts: Sequence[tuple[int, int]], totals: tuple[int, int]) -> list[bool]:
    """Which counts differ by more than chance, all errors together at one in a hundred."""
    from scipy.stats import chi2

    found = [float(chi2.sf(_ratio(pair, totals), 1)) for pair in counts]
    order = np.argsort(found, kind="stable").tolist()
    sure = [False] * len(found)
    for rank, place in enumerate(order):
        if found[place] > LEVEL / (len(found) - rank):
            break
        sure[place] = True
    return sure


def _ratio(counts: tuple[int, int], totals: tuple[int, int]) -> float:
    """Twice the logarithm of the likelihood ratio of one share against two."""
    share = sum(counts) / max(sum(totals), 1)
    told = 0.0
    for count, total in zip(counts, totals, strict=True):
        for part, expected in ((count, total * share), (total - count, total * (1 - share))):
            if part > 0 and expected > 0:
                told += 2 * part * float(np.log(part / expected))
    return max(told, 0.0)
