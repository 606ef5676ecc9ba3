"""Room evaluation. In: two versions of one table -> Out: columns filled when the answer came (GST-K15, GST-K16).

No question is needed: a row whose answer was open in the earlier version and is known now shows what else was written
in between, and rows whose answer is still open show what changes anyhow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.findings import Fact, Finding
from grundstein.tools.sealing import HOUSE_COLUMNS, unit_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

FEWEST = 10
TIMES = 10
CHANCE = 1e-3


@dataclass(frozen=True)
class Filled:
    """A column written when the answer came: in `rows` of `became` rows, in a share `others` of those still open."""

    column: str
    rows: int
    became: int
    others: float


def filled_after(earlier: pa.Table, now: pa.Table, key: Sequence[str], target: str) -> list[Filled]:
    """Return the columns that were empty or other while a row's answer was open, and are filled since it is known.

    Rows are matched by `key` (`_row` where it is empty); one that stands twice in a version is left aside. A column
    counts from ten such rows on, where rows still open changed at a tenth of that rate or less and chance would not
    make the difference (Fisher's exact test at .001). Where fewer than ten rows are still open, only what was empty and
    is filled now counts: that it was not there while the answer was open needs no comparison.
    """
    key = tuple(key) or ("_row",)
    shared = [name for name in now.column_names if name in earlier.column_names]
    if not {*key, target} <= set(shared):
        return []
    before, after = _matched(earlier.select(shared), now.select(shared), key)
    was_open = np.asarray(pc.is_null(before[target]))
    known = np.asarray(pc.is_valid(after[target]))
    became, still = was_open & known, was_open & ~known
    found = []
    for name in shared:
        if name not in {*key, target, *HOUSE_COLUMNS} and before[name].type == after[name].type:
            changed = _filled(before[name], after[name], still.sum() < FEWEST)
            if _at_the_event(changed, became, still):
                others = float(changed[still].mean()) if still.any() else 0.0
                found.append(Filled(name, int(changed[became].sum()), int(became.sum()), others))
    return found


def findings(filled: Sequence[Filled], said: Mapping[str, str]) -> tuple[Finding, ...]:
    """Say what two versions showed; where the contract says `before`, that they contradict it."""
    told = []
    for one in filled:
        facts: dict[str, Fact] = {"column": one.column, "rows": one.rows, "became": one.became}
        facts["others"] = round(one.others, 4)
        wrong = said.get(one.column) == "before"
        told.append(Finding("GST-K16", "issue", facts) if wrong else Finding("GST-K15", "tip", facts))
    return tuple(told)


def _matched(earlier: pa.Table, now: pa.Table, key: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    """The rows that stand exactly once in both, in the same order."""
    one, two = unit_hash(earlier, key, ""), unit_hash(now, key, "")
    both = np.intersect1d(_once(one), _once(two), assume_unique=True)
    return earlier.take(_places(one, both)), now.take(_places(two, both))


def _once(hashes: NDArray[np.int64]) -> NDArray[np.int64]:
    values, counts = np.unique(hashes, return_counts=True)
    return values[counts == 1]


def _places(hashes: NDArray[np.int64], wanted: NDArray[np.int64]) -> pa.Array:
    order = np.argsort(hashes, kind="stable")
    return pa.array(order[np.searchsorted(hashes[order], wanted)])


def _filled(before: pa.ChunkedArray, after: pa.ChunkedArray, only_empty: bool) -> Flags:
    """Mark what is filled now and was empty before, or another value."""
    new = np.asarray(pc.and_(pc.is_null(before), pc.is_valid(after)))
    if only_empty or pa.types.is_nested(before.type):
        return new
    return new | np.asarray(pc.fill_null(pc.not_equal(before.combine_chunks(), after.combine_chunks()), False))


def _at_the_event(changed: Flags, became: Flags, still: Flags) -> bool:
    from scipy.stats import fisher_exact

    hits, others = int(changed[became].sum()), int(changed[still].sum())
    if hits < FEWEST:
        return False
    if still.sum() < FEWEST:
        return True
    if others * TIMES * became.sum() > hits * still.sum():
        return False
    table = [[hits, int(became.sum()) - hits], [others, int(still.sum()) - others]]
    return bool(fisher_exact(table, alternative="greater")[1] <= CHANCE)
