"""Room evaluation. In: a table with a target -> Out: which columns may know the answer (GST-K01 to K05, K09, K10).

A column skilled alone is no proof: honest columns reach .96. What tells more is conditional skill, the part of what all
columns know that is lost without it. Neither tells when the value was written, so the finding asks a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.findings import Fact, Finding
from grundstein.evaluation.checks import quick
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.evaluation.checks.quick import Part, Sample

LOOKED_AT = 5
SHARE, SINGLE = 0.25, 0.75
ALONE, LEAD = 0.9, 0.1
NEAR_COPY = 0.98
RENAMED = 0.75
Singles = dict[str, float]
Suspect = tuple[tuple[str, ...], float, float]


def check(look: Look) -> Checked:
    """Ask about columns whose values may be written only when the answer is known."""
    if not look.has_target:
        return Checked()
    said = _said(look)
    after = [Finding("GST-K04", "issue", {"column": n}) for n in look.features if said.get(n) == "after"]
    renamed = answers_renamed(look.sample)
    suspects = [s for s in suspicious(look.sample, look.seed) if not set(s[0]) & set(renamed)]
    found = [_renamed(column, agree, said) for column, agree in renamed.items()]
    found += [_finding(columns, single, share, said) for columns, single, share in suspects]
    return Checked((*after, *found) or (Finding("GST-K03", "passed", {"columns": len(look.features)}),))


def suspicious(sample: Sample, seed: int) -> list[Suspect]:
    """Return (near-copies, single skill, conditional share) of the columns whose skill is too good.

    Two rules: a share of at least .25 with a single skill of at least .75; or a single skill of at least .9 with a lead
    over the next column of at least .1, and the error of a skill on so few rows.
    """
    y = quick.ranks(sample.goal) if sample.kind == "number" else sample.goal
    parts = quick.random_parts(len(y), seed)
    singles = _singles(sample, y, parts)
    order = sorted(singles, key=lambda n: (-singles[n], n))
    groups = _near_copies(sample, order[: 4 * LOOKED_AT])[:LOOKED_AT]
    if not groups or singles[groups[0][0]] < SINGLE:
        return []
    known = _known(sample, y, parts, order)
    found: dict[str, Suspect] = {}
    for place, group in enumerate(groups):
        single = singles[group[0]]
        share = (known - _known(sample, y, parts, _without(order, group))) / max(known - 0.5, 1e-9)
        following = singles[groups[place + 1][0]] if place + 1 < len(groups) else 0.5
        leads = place == 0 and single >= ALONE and single - following >= LEAD + len(y) ** -0.5
        if (share >= SHARE and single >= SINGLE and known >= SINGLE) or leads:
            found[group[0]] = (group, single, share)
    return list(found.values())


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
    """Two columns that say the same: ordered numbers by rank correlation, else each names the other's bin."""
    one, two = sample.bins[a], sample.bins[b]
    blocks = sample.blocks[a], sample.blocks[b]
    if one.max() >= quick.BINS and two.max() >= quick.BINS and all(block.shape[1] in {1, 2} for block in blocks):
        x, z = (quick.ranks(block[:, 0]) for block in blocks)
        return bool(abs(np.corrcoef(x, z)[0, 1]) >= NEAR_COPY)
    return min(_names(one, two), _names(two, one)) >= NEAR_COPY


def answers_renamed(sample: Sample) -> dict[str, float]:
    """Return the columns that name the answer while the answer names them, and how often that is right.

    Both Goodman-Kruskal lambdas reach .75, for the column or for whether it is filled, and for the whole answer or for
    one of its classes. Honest columns explain an answer, but no answer explains them; a copy with 5 % of its rows wrong
    still passes, also beside another.
    """
    targets = _targets(sample)
    found: dict[str, float] = {}
    for name, bins in sample.bins.items():
        for column in (bins, (bins > 0).astype(np.int64)):
            for target in targets:
                if min(_names(column, target), _names(target, column)) >= RENAMED:
                    found[name] = max(found.get(name, 0.0), _agreement(column, target))
    return found


def _targets(sample: Sample) -> list[NDArray[np.int64]]:
    if sample.kind == "number":
        return [quick.cut(sample.goal)]
    target = sample.goal.astype(np.int64)
    classes = range(int(target.max()) + 1) if sample.kind == "many" else range(0)
    return [target, *((target == k).astype(np.int64) for k in classes)]


def _agreement(one: NDArray[np.int64], two: NDArray[np.int64]) -> float:
    return float(_joint(one, two).max(axis=1).sum() / max(len(one), 1))


def _joint(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
    wide = int(two.max()) + 1
    return np.bincount(one * wide + two, minlength=(int(one.max()) + 1) * wide).reshape(-1, wide)


def _names(one: NDArray[np.int64], two: NDArray[np.int64]) -> float:
    """How often the commonest partner of a bin is right, above always naming the commonest (Goodman-Kruskal lambda)."""
    if (one.max() + 1) * (two.max() + 1) > 250_000:
        return 0.0
    joint = _joint(one, two)
    common = joint.sum(axis=0).max()
    return float((joint.max(axis=1).sum() - common) / max(len(one) - common, 1))


def _without(names: Sequence[str], left_out: Sequence[str]) -> list[str]:
    return [name for name in names if name not in left_out]


def _said(look: Look) -> Mapping[str, str]:
    return {c.name: c.known_at for c in look.contract.columns} if look.contract else {}


def _renamed(column: str, agree: float, said: Mapping[str, str]) -> Finding:
    sure = said.get(column) == "before"
    facts: dict[str, Fact] = {"column": column, "agree": round(agree, 3)}
    return Finding("GST-K10", "passed", facts) if sure else Finding("GST-K09", "issue", facts)


def _finding(columns: tuple[str, ...], single: float, share: float, said: Mapping[str, str]) -> Finding:
    facts = {"single": round(single, 3), "share": round(max(share, 0.0), 3)}
    if all(said.get(name) == "before" for name in columns):
        return Finding("GST-K05", "passed", {"column": ", ".join(columns), **facts})
    if len(columns) == 1:
        return Finding("GST-K01", "issue", {"column": columns[0], **facts})
    return Finding("GST-K02", "issue", {"columns": ", ".join(columns), **facts})
