"""Room evaluation. In: a table of classes -> Out: whether it was resampled before it came (GST-K06 to K08).

Copied rows of a rare class (random oversampling), or rows invented between two others (SMOTE, Chawla et al. 2002),
stand on both sides of every later split. A balanced table alone is no sign: many are balanced by design.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import rows
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

COPIED, TIMES, AT_LEAST, AT_MOST = 0.1, 5, 20, 3
OFF_GRID = 0.1
BETWEEN, BETWEEN_ELSEWHERE = 0.05, 0.01
NEIGHBOURS, ASKED, WORST_COSINE = 12, 150, -0.999999


def check(look: Look) -> Checked:
    """Ask whether the rows of one class were copied or invented."""
    if not look.has_target or look.goal.kind == "number" or not look.content:
        return Checked()
    members = _members(look)
    if len(members) < 2:
        return Checked()
    found = (*_copied(look, members), *_invented(look, members))
    return Checked(found or (Finding("GST-K08", "passed", {"rows": look.table.num_rows}),))


def _members(look: Look) -> dict[str, NDArray[np.int64]]:
    """Rows of the ten commonest classes, the commonest first."""
    goal = look.goal
    code = np.where(goal.known, goal.values, -1).astype(int)
    counts = np.bincount(code[goal.known], minlength=len(goal.classes))
    order = [k for k in np.argsort(-counts, kind="stable")[:10] if counts[k] >= AT_LEAST]
    return {goal.classes[k] or "–": np.flatnonzero(code == k) for k in order}


def _copied(look: Look, members: Mapping[str, NDArray[np.int64]]) -> Iterator[Finding]:
    ids = rows.same_rows(look.table, look.content)
    copies = {name: len(own) - len(np.unique(ids[own])) for name, own in members.items()}
    for name, own in members.items():
        others = min((copies[o] + AT_MOST) / len(members[o]) for o in members if o != name)
        share = copies[name] / len(own)
        if copies[name] < AT_LEAST or share < max(COPIED, TIMES * others):
            continue
        share *= rows.beyond_chance(look.table.take(pa.array(own)), look.content)
        if share >= COPIED:
            facts: dict[str, Fact] = {
                "value": name,
                "copies": copies[name],
                "rows": len(own),
                "share": round(share, 4),
            }
            yield Finding("GST-K06", "issue", {**facts, "balance": round(len(own) / look.table.num_rows, 3)})


def _invented(look: Look, members: Mapping[str, NDArray[np.int64]]) -> Iterator[Finding]:
    names = [n for n in look.content if rows.is_number(look.table[n])]
    columns = {n: rows.numbers(look.table[n]) for n in names}
    graded = [n for n in names if rows.distinct(look.table[n]) > 10]
    between = {name: _between(columns, graded, own) for name, own in members.items()}
    for name, own in members.items():
        others = [o for o in members if o != name]
        off = [n for n in names if _off_grid(columns[n], own, np.concatenate([members[o] for o in others]))]
        elsewhere = min(between[o] for o in others)
        if off or (between[name] >= BETWEEN and elsewhere <= BETWEEN_ELSEWHERE):
            facts: dict[str, Fact] = {
                "value": name,
                "columns": ", ".join((off or graded)[:5]),
                "share": round(between[name], 4),
            }
            yield Finding("GST-K07", "issue", facts)


def _off_grid(values: NDArray[np.float64], own: NDArray[np.int64], others: NDArray[np.int64]) -> bool:
    """Whether one class alone has values finer than the grid of all others: 12.3841 where they count in ones."""
    mine, theirs = (values[part][np.isfinite(values[part])] for part in (own, others))
    if len(mine) < AT_LEAST or len(theirs) < AT_LEAST:
        return False
    return _finer(_mantissa(mine), _mantissa(theirs)) and _finer(mine, theirs)


def _finer(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> bool:
    """Whether a tenth of `mine` needs more decimals than all but 1 % of `theirs`; no where they all need over six."""
    for decimals in range(7):
        if _off(theirs, decimals) <= 0.01:
            return _off(mine, decimals) >= OFF_GRID
    return False


def _off(values: NDArray[np.float64], decimals: int) -> float:
    scaled = values * 10.0**decimals
    return (
        0.0
        if not len(scaled)
        else float(np.mean(np.abs(scaled - np.round(scaled)) > 1e-6 * np.maximum(np.abs(scaled), 1.0)))
    )


def _mantissa(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The digits before any power of ten: greater amounts are often written with fewer decimals, but as many digits."""
    size = np.abs(values[values != 0])
    return size / 10.0 ** np.floor(np.log10(size))


def _between(columns: Mapping[str, NDArray[np.float64]], names: list[str], own: NDArray[np.int64]) -> float:
    """Share of (at most 150) rows that lie exactly on the line between two of their 12 nearest of the same class.

    The line must change in at least three graded columns, else rows on a coarse grid lie on lines by chance.
    """
    if len(names) < 3 or len(own) < NEIGHBOURS + 2:
        return 0.0
    points = np.stack([np.nan_to_num(columns[n][own]) for n in names], axis=1)
    points = np.unique(points / np.where(points.std(axis=0) > 0, points.std(axis=0), 1.0), axis=0)
    asked = np.linspace(0, len(points) - 1, min(ASKED, len(points))).astype(int)
    return float(np.mean([_on_a_line(points, place) for place in asked]))


def _on_a_line(points: NDArray[np.float64], place: int) -> bool:
    steps = points - points[place]
    length = np.sqrt((steps**2).sum(axis=1))
    length[place] = np.inf
    near = np.argsort(length, kind="stable")[:NEIGHBOURS]
    near = near[(np.abs(steps[near]) > 0).sum(axis=1) >= 3]
    rays = steps[near] / length[near, None]
    return bool((rays @ rays.T <= WORST_COSINE).any()) if len(near) else False
