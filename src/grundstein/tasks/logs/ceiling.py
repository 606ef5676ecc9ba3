"""Room tasks. In: sessions as sequences of templates, and their outcomes -> Out: the best that any model can do.

Sessions that look the same get the same answer from every model. So the best possible answer is, for each look, the
outcome that most of its sessions have; what is left is what no model can tell. Looks seen once count as told, so the
ceiling is an upper bound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from grundstein.tools.money import Stakes


@dataclass(frozen=True)
class Ceiling:
    """`sessions` in all, `alike` of them look like one of another outcome, `lost` of those no model gets right.

    `looks` that were seen. Of the decisions that are right most often: `accuracy` and `f1`; `most_f1` and `value` (per
    session) are those of the decisions that serve them best.
    """

    sessions: int
    looks: int
    alike: int
    lost: int
    accuracy: float
    f1: float
    most_f1: float
    value: float


def ceiling(looks: Iterable[Hashable], yes: Iterable[bool], stakes: Stakes) -> Ceiling:
    """The ceiling of any model that sees nothing but these looks."""
    counts: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for look, flag in zip(looks, yes, strict=True):
        counts[look][1 if flag else 0] += 1
    cells = sorted(counts.values(), key=lambda cell: (-cell[1] / sum(cell), cell))
    total, positives = sum(map(sum, cells)), sum(cell[1] for cell in cells)
    mixed = [cell for cell in cells if min(cell)]
    falling, likely = _f1s(cells, positives), sum(cell[1] > cell[0] for cell in cells)
    value = sum(
        max(cell[1] * stakes.act_yes + cell[0] * stakes.act_no, cell[1] * stakes.skip_yes + cell[0] * stakes.skip_no)
        for cell in cells
    )
    lost = sum(map(min, mixed))
    return Ceiling(
        total,
        len(cells),
        sum(map(sum, mixed)),
        lost,
        1.0 - lost / max(total, 1),
        falling[likely - 1] if likely else 0.0,
        max(falling, default=0.0),
        value / max(total, 1),
    )


def counted(events: Iterable[Sequence[int]]) -> list[Hashable]:
    """Sessions as what was said and how often, whatever its order."""
    return [tuple(sorted(Counter(said).items())) for said in events]


def ordered(events: Iterable[Sequence[int]]) -> list[Hashable]:
    """Sessions as what was said in its order."""
    return [tuple(said) for said in events]


def _f1s(cells: Sequence[Sequence[int]], positives: int) -> list[float]:
    """F1 of yes for the first looks and no for the others, for each number of first looks from one on."""
    hits = said = 0
    found = []
    for no, yes in cells:
        hits, said = hits + yes, said + no + yes
        found.append(2 * hits / (said + positives) if positives else 0.0)
    return found
