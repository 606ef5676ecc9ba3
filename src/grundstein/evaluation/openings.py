"""Room evaluation. In: units to be opened and the openings before -> Out: how often they were opened, and the level.

An opening covers the whole sealed part that its table had then, of whichever slice it asked: twenty slices of one part
are twenty openings. Where the tables are still there the caller knows exactly what was covered (`seen`). Without them a
sketch tells, the 1,024 smallest unit hashes: an overlap of more than 3 in 1,024 is missed in 5 % of cases, the same
units in none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.canonical import canonical, digest
from grundstein.core.findings import Finding
from grundstein.tools.inference import opening_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.records import Opening, Verdict

SKETCH = 1024


@dataclass(frozen=True)
class Account:
    """What one more opening of these units costs. `before`: the ids of the openings that share units with it."""

    count: int
    level: float
    shown: bool
    before: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader must know of earlier openings."""
        opened = (Finding("GST-J07", "tip", {"count": self.count}),) if self.count > 1 else ()
        return (*opened, Finding("GST-J08", "tip")) if self.shown else opened


def sketch(units: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the 1,024 smallest of the units' hashes, in order and each once; all of them where there are fewer."""
    return tuple(map(int, np.unique(units)[:SKETCH]))


def account(
    units: NDArray[np.int64],
    earlier: Mapping[str, Opening],
    verdicts: Iterable[Verdict],
    covered: Mapping[str, NDArray[np.int64]] | None = None,
) -> Account:
    """Count the openings of these units so far, over all cases, targets and table names; `earlier` by record id.

    k = 1 + the most openings that any of the units has had. Openings of one identity are one opening. `covered`: which
    of these units an earlier opening covered, by its id, where that is known beyond its sketch.
    """
    distinct = {opening.identity: (name, opening) for name, opening in earlier.items()}
    units, exact = np.unique(units), covered or {}
    marks = {name: _marked(units, one.sketch) | _marked(units, exact.get(name, ())) for name, one in distinct.values()}
    before = tuple(name for name, shared in marks.items() if shared.any())
    count = 1 + int(sum((marks[name].astype(np.int64) for name in before), np.zeros(len(units))).max(initial=0))
    identities = {earlier[name].identity for name in before}
    shown = any(
        v.figures == "sealed" and v.opening in earlier and earlier[v.opening].identity in identities for v in verdicts
    )
    return Account(count, opening_level(count, shown), shown, before)


def over_rounds(cost: Account, rounds: int) -> Account:
    """Return what an opening costs after `rounds` openings since the release in force, of whichever units.

    Whoever asks at each arrival of rows whether something beats what is in use has a chance each time, on new units
    too. All of them share the level of one opening, 2.5 % in sum until something else is released.
    """
    level = min(cost.level, opening_level(1 + rounds, shown=False))
    return replace(cost, count=max(cost.count, 1 + rounds), level=level)


def _marked(units: NDArray[np.int64], some: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark those of the sorted units that are among some hashes."""
    found, wanted = np.zeros(len(units), dtype=np.bool_), np.asarray(some, dtype=np.int64)
    if len(units) and len(wanted):
        place = np.minimum(np.searchsorted(units, wanted), len(units) - 1)
        found[place[units[place] == wanted]] = True
    return found


def identity(
    *, questions: str, answers: str, truth: str, values: str, margins: Mapping[str, float], tolerance: float
) -> str:
    """Return what makes two openings the same one: digests of what was asked, answered, true, worth and demanded.

    An opening of an identity that the ledger holds is free, its verdict is the one given before. The tolerance is in
    it: asked freely at many tolerances, one opening would tell the sealed range.
    """
    return digest(canonical([questions, answers, truth, values, dict(margins), tolerance]))


def identical(identity_: str, earlier: Mapping[str, Opening]) -> str | None:
    """Return the id of an earlier opening of this identity, None where there is none."""
    return next((name for name, opening in earlier.items() if opening.identity == identity_), None)


def overlap(a: Sequence[int], b: Sequence[int]) -> float:
    """Estimate the share of a's units that are in b; each is a sketch, or all hashes of its units in any order.

    Compared only where both sketches can speak: up to the smaller of their largest hashes, where they are cut off.
    0 where no hash of a lies there.
    """
    reach = min(_reach(a), _reach(b))
    within = {unit for unit in a if unit <= reach}
    return len(within.intersection(b)) / len(within) if within else 0.0


def _reach(units: Sequence[int]) -> float:
    """Largest hash of which a sketch says whether it is in: all of them where it was not cut off."""
    return max(units) if len(units) == SKETCH else math.inf
