"""Room evaluation. In: a table with a target -> Out: which columns may know the answer (GST-K01 to K05, K09 to K11).

A column skilled alone is no proof: honest columns reach .96. What tells more is conditional skill, the part of what all
columns know that is lost without it. Neither tells when the value was written, so the finding asks a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import quick
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.evaluation.checks.renamed import answers_renamed, averages, names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.evaluation.checks.quick import Part, Sample

LOOKED_AT = 5
SHARE, SINGLE = 0.25, 0.75
ALONE, LEAD = 0.9, 0.1
NEAR_COPY = 0.98
Singles = dict[str, float]
Suspect = tuple[tuple[str, ...], float, float]


def check(look: Look) -> Checked:
    """Ask about columns whose values may be written only when the answer is known."""
    if not look.has_target:
        return Checked()
    said = _said(look)
    after = [Finding("GST-K04", "issue", {"column": n}) for n in look.features if said.get(n) == "after"]
    renamed, averaged = answers_renamed(look.sample), averages(look.sample)
    suspects = [s for s in suspicious(look.sample, look.seed) if not set(s[0]) & {*renamed, *averaged}]
    table = look.contract.table if look.contract else look.case.name
    found = [_renamed(table, column, agree, said) for column, agree in renamed.items()]
    found += [_averaged(table, column, groups, said) for column, groups in averaged.items() if column not in renamed]
    found += [_finding(table, suspect, said) for suspect in suspects]
    return Checked((*after, *found) or (Finding("GST-K03", "passed", {"columns": len(look.features)}),))


def suspicious(sample: Sample, seed: int) -> list[Suspect]:
    """Return (near-copies, single skill, conditional share) of the columns whose skill is too good.

    Any of: a share of at least .25 with a single skill of at least .75; the best column's single skill of at least .9
    with a lead over the next of at least .1 and the error of a skill on so few rows; a skill of .9 in a column that
    only numbers the rows.
    """
    y = quick.ranks(sample.goal) if sample.kind == "number" else sample.goal
    parts = quick.random_parts(len(y), seed)
    singles = _singles(sample, y, parts)
    order = sorted(singles, key=lambda n: (-singles[n], n))
    groups = _near_copies(sample, order[: 4 * LOOKED_AT])[:LOOKED_AT]
    if not groups or singles[groups[0][0]] < SINGLE:
        return []
    known = _known(sample, y, parts, order)
    found: list[Suspect] = []
    for place, group in enumerate(groups):
        single = singles[group[0]]
        share = (known - _known(sample, y, parts, _without(order, group))) / max(known - 0.5, 1e-9)
        following = singles[groups[place + 1][0]] if place + 1 < len(groups) else 0.5
        numbered = single >= ALONE and bool(sample.ids & set(group))
        leads = place == 0 and single >= ALONE and single - following >= LEAD + len(y) ** -0.5
        if (share >= SHARE and single >= SINGLE and known >= SINGLE) or leads or numbered:
            found.append((group, single, share))
    return found


def _singles(sample: Sample, y: NDArray[np.float64], parts: Sequence[Part]) -> Singles:
    return {
        name: _mean_skill([quick.one_column(bins, y, p, sample.kind) for p in parts], y, parts, sample.kind)
        for name, bins in sample.bins.items()
    }


def _known(sample: Sample, y: NDArray[np.float64], parts: Sequence[Part], names: Sequence[str]) -> float:
    x = sample.matrix(names)
    return _mean_skill([quick.linear(x, y, p, sample.kind) for p in parts], y, parts, sample.kind)


def _mean_skill(
    scores: Sequence[NDArray[np.float64]], y: NDArray[np.float64], parts: Sequence[Part], kind: str
) -> float:
    return float(np.mean([quick.skill(y[test], s, kind) for s, (_, test) in zip(scores, parts, strict=True)]))


def _near_copies(sample: Sample, order: Sequence[str]) -> list[tuple[str, ...]]:
    groups: list[list[str]] = []
    for name in order:
        home = next((g for g in groups if _alike(sample, g[0], name)), None)
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    return [tuple(group) for group in groups]


def _alike(sample: Sample, a: str, b: str) -> bool:
    """Two columns that say the same: numbers by correlation, of values or ranks; else each names the other's bin."""
    one, two = sample.bins[a], sample.bins[b]
    if one.max() >= quick.BINS and two.max() >= quick.BINS and {a, b} <= sample.numbers.keys():
        x, z = sample.numbers[a], sample.numbers[b]
        both = np.isfinite(x) & np.isfinite(z)
        return both.sum() >= 0.9 * np.isfinite(x).sum() and _together(x[both], z[both]) >= NEAR_COPY
    return min(names(one, two), names(two, one)) >= NEAR_COPY


def _together(x: NDArray[np.float64], z: NDArray[np.float64]) -> float:
    """The greater of the correlations of values and of ranks, in size."""
    return max(abs(quick.correlation(x, z)), abs(quick.correlation(quick.ranks(x), quick.ranks(z))))


def _without(names: Sequence[str], left_out: Sequence[str]) -> list[str]:
    return [name for name in names if name not in left_out]


def _said(look: Look) -> Mapping[str, str]:
    return {c.name: c.known_at for c in look.contract.columns} if look.contract else {}


def _renamed(table: str, column: str, agree: float, said: Mapping[str, str]) -> Finding:
    sure = said.get(column) == "before"
    facts: dict[str, Fact] = {"column": column, "agree": round(agree, 3), "table": table}
    return Finding("GST-K10", "passed", facts) if sure else Finding("GST-K09", "issue", facts)


def _averaged(table: str, column: str, groups: int, said: Mapping[str, str]) -> Finding:
    facts: dict[str, Fact] = {"column": column, "groups": groups, "table": table}
    return Finding("GST-K11", "tip" if said.get(column) == "before" else "issue", facts)


def _finding(table: str, suspect: Suspect, said: Mapping[str, str]) -> Finding:
    columns, single, share = suspect
    facts: dict[str, Fact] = {"single": round(single, 3), "share": round(max(share, 0.0), 3), "table": table}
    if all(said.get(name) == "before" for name in columns):
        return Finding("GST-K05", "passed", {"column": ", ".join(columns), **facts})
    if len(columns) == 1:
        return Finding("GST-K01", "issue", {"column": columns[0], **facts})
    return Finding("GST-K02", "issue", {"columns": ", ".join(columns), **facts})
