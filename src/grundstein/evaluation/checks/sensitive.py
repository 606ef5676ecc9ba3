"""Room evaluation. In: columns' names, what they tell -> Out: sensitive columns and their proxies (GST-T20 to T25).

Only where people are touched; where nobody said whom the answers affect, it asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.findings import Finding
from grundstein.evaluation.checks import people, quick, rows
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TELLS = 0.8
FEWEST, MOST_COLUMNS, MOST_ROWS, MOST_CATEGORIES = 30, 6, 10_000, 30


def check(look: Look) -> Checked:
    """Name the sensitive columns that the case uses, and the columns that tell one."""
    touched = people.touched(look.case)
    if not look.has_target or touched is False:
        return Checked()
    named = sensitive(look)
    personal = [n for n in look.features if n not in named and _personal(look, n)]
    if not named and not personal:
        return Checked((Finding("GST-T24", "passed", {"columns": len(look.features)}),) if touched else ())
    listed = {"columns": ", ".join(named)}
    used = ", ".join(n for n in named if n in look.features)
    found = [Finding("GST-T23", "tip", {"columns": ", ".join(personal)})] if personal else []
    if touched is None:
        return Checked((Finding("GST-T22", "tip", listed), *found) if named else tuple(found))
    if used:
        work = people.at_work(look.case)
        found.insert(
            0, Finding("GST-T20", "issue", {"columns": used}) if work else Finding("GST-T21", "tip", {"columns": used})
        )
    found += [
        Finding("GST-T25", "tip", {"column": n, "proxy": p, "tells": round(s, 2)}) for n, p, s in proxies(look, named)
    ]
    return Checked(tuple(found))


def sensitive(look: Look) -> list[str]:
    """The columns whose names tell a sex, an age, an origin, a belief, health or family; ignored ones too."""
    left_out = {look.target, look.time, *look.keys}
    names = [n for n in look.table.column_names if n not in left_out and rows.is_plain(look.table[n])]
    return [n for n in names if people.ground(n)]


def proxies(look: Look, named: Sequence[str]) -> list[tuple[str, str, float]]:
    """Return (sensitive column, the feature that tells it best, its skill) where that is .8 of 1 or more."""
    chosen = np.random.default_rng(look.seed).permutation(look.table.num_rows)[:MOST_ROWS]
    part = look.table.take(pa.array(np.sort(chosen)))
    others = [n for n in look.features if n not in named and not rows.numbers_rows(look.table[n], n)]
    bins = {n: quick.binned(part[n]) for n in others}
    found = [(name, *_best(part[name], bins, look.seed)) for name in named[:MOST_COLUMNS]]
    return [one for one in found if one[2] >= TELLS]


def _best(column: pa.ChunkedArray, bins: dict[str, NDArray[np.int64]], seed: int) -> tuple[str, float]:
    """The feature that tells a column best alone: ROC AUC of a category, concordance of a number."""
    goal = quick.goal(column)
    if not goal.varies or not bins or (goal.kind != "number" and not 2 <= len(goal.classes) <= MOST_CATEGORIES):
        return "", 0.0
    known = np.flatnonzero(goal.known & _common(goal))
    y = goal.values[known]
    if len(known) < 4 * FEWEST or len(np.unique(y)) < 2:
        return "", 0.0
    parts = quick.random_parts(len(y), seed)
    told = {n: _skill(bins[n][known], y, parts, goal.kind) for n in bins}
    best = max(told, key=lambda n: (told[n], n))
    return best, told[best]


def _common(goal: quick.Goal) -> NDArray[np.bool_]:
    """Rows of classes that are large enough to be told."""
    if goal.kind == "number":
        return np.ones(len(goal.values), dtype=np.bool_)
    code = goal.values.astype(np.int64)
    return np.bincount(code)[code] >= FEWEST


def _skill(bins: NDArray[np.int64], y: NDArray[np.float64], parts: Sequence[quick.Part], kind: str) -> float:
    return float(np.mean([quick.skill(y[p[1]], quick.one_column(bins, y, p, kind), kind) for p in parts]))


def _personal(look: Look, name: str) -> bool:
    said = {c.name: c.personal for c in look.contract.columns} if look.contract else {}
    return said.get(name, False)
