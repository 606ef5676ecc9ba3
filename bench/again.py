"""Bench. In: worlds where nothing beats what is in use -> Out: how often repeated rounds say that something does.

At the level of values, with the judge's own code. A model was released because it qualified; then rows arrive round
after round, and a candidate that is worth just as much, and the margin, asks each time to take its place.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

from grundstein.core.records import Opening, Verdict
from grundstein.evaluation.openings import Account, account, over_rounds
from grundstein.evaluation.sparing import LEAST
from grundstein.tools import inference
from grundstein.tools.inference import Sample, opening_level
from tabled import table

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

SEED = 20261122
FIRST_ROWS, ARRIVAL, ROUNDS = 1500, 500, 12
CHANGED, GAIN, BETTER, WORST = 0.3, 0.12, 0.05, 2.0
SHARE = {"by key": 0.4, "in time": 0.25}
RULES = ("each alone", "by units", "by units and rounds", "as it is")
Pattern = tuple[int, ...]


@dataclass(frozen=True)
class World:
    """How rows are sealed, whether the candidate is fitted anew each round, and what it gains over what is in use."""

    seal: str
    anew: bool
    gain: float = 0.0


@dataclass(frozen=True)
class Seen:
    """One run under one rule: the round in which something qualified (0: none), and how often the seal was opened."""

    found: int
    openings: int


def draw(rng: Generator, size: int, gain: float) -> NDArray[np.float64]:
    """What another answer brings per unit: a part is answered otherwise, right or wrong."""
    better = rng.random(size) < 0.5 + gain / (2 * CHANGED)
    return np.where(rng.random(size) < CHANGED, np.where(better, 1.0, -1.0), 0.0)


def sealed(seal: str, rows: int) -> NDArray[np.bool_]:
    """Mark the sealed ones of so many rows: two of five, or the latest quarter."""
    numbers = np.arange(rows)
    return numbers % 5 < 2 if seal == "by key" else numbers >= rows - int(SHARE[seal] * rows)


@cache
def cost(seal: str, opened: Pattern, now: int) -> tuple[Account, Account]:
    """What the opening of round `now` costs by its units, and by rounds since the release too; 0 is the first one."""
    units = {at: np.flatnonzero(sealed(seal, FIRST_ROWS + at * ARRIVAL)).astype(np.int64) for at in (*opened, now)}
    earlier = {str(at): Opening("", "", str(at), 1, 0.0, 0, ()) for at in opened}
    shown = Verdict("0", "", "", "qualifies", "", "sealed", 0.0, 1, {}, {}, "", (), None, None, (), (), ())
    plain = account(units[now], earlier, [shown], {str(at): units[at] for at in opened})
    return plain, over_rounds(plain, len(opened) - 1)


def one_run(world: World, rng: Generator) -> dict[str, Seen]:
    """Release a model that qualified, then ask round after round under each rule."""
    size = FIRST_ROWS + ROUNDS * ARRIVAL
    released = _released(world, rng, size)
    opened: dict[str, Pattern] = dict.fromkeys(RULES, (0,))
    found = dict.fromkeys(RULES, 0)
    other = draw(rng, size, GAIN + world.gain)
    for now in range(1, ROUNDS + 1):
        rows = FIRST_ROWS + now * ARRIVAL
        other = draw(rng, size, GAIN + world.gain) if world.anew else other
        difference = (other - released)[:rows]
        inside = sealed(world.seal, rows)
        test = _sample(difference[inside])
        fresh = _sample(difference[~inside & (np.arange(rows) >= FIRST_ROWS)])
        for rule in RULES:
            if found[rule]:
                continue
            level = _level(world.seal, rule, opened[rule], now)
            if rule == "as it is" and _spared(fresh, test, level):
                continue
            opened[rule] = (*opened[rule], now)
            if inference.interval(test, fresh, level, WORST).low > 0:
                found[rule] = now
    return {rule: Seen(found[rule], len(opened[rule]) - 1) for rule in RULES}


def _released(world: World, rng: Generator, size: int) -> NDArray[np.float64]:
    """What the model in use brings over today's rule; it is there because it qualified."""
    inside = sealed(world.seal, FIRST_ROWS)
    while True:
        values = draw(rng, size, GAIN)
        first = values[:FIRST_ROWS]
        if inference.interval(_sample(first[inside]), _sample(first[~inside]), opening_level(1, False), 1.0).low > 0:
            return values


def _level(seal: str, rule: str, opened: Pattern, now: int) -> float:
    if rule == "each alone":
        return opening_level(1, shown=False)
    plain, shared = cost(seal, opened, now)
    return plain.level if rule == "by units" else shared.level


def _spared(fresh: Sample, test: Sample, level: float) -> bool:
    detectable = inference.detectable(fresh, test.units, level, WORST) if fresh.units else None
    return detectable is None or fresh.mean < LEAST * detectable


def _sample(values: NDArray[np.float64]) -> Sample:
    return Sample(values, np.arange(len(values)), len(values))


def measured(runs: int) -> list[dict[str, object]]:
    """One line a world: the share of runs in which something qualified, rule by rule, and openings as it is."""
    lines: list[dict[str, object]] = []
    worlds = [World(seal, anew, gain) for gain in (0.0, BETTER) for seal in SHARE for anew in (True, False)]
    for number, world in enumerate(worlds):
        rng = np.random.default_rng([SEED, number])
        found = [one_run(world, rng) for _ in range(runs // 4 if world.gain else runs)]
        line: dict[str, object] = {"candidate": "no better" if not world.gain else "better"}
        line |= {"sealed": world.seal, "fitted": "anew" if world.anew else "once"}
        line |= {rule: f"{100 * np.mean([one[rule].found > 0 for one in found]):.1f} %" for rule in RULES}
        hits = sum(one["as it is"].found > 0 for one in found)
        line["95 % limit"] = f"{100 * upper(hits, runs):.1f} %" if not world.gain else ""
        line["openings"] = f"{np.mean([one['as it is'].openings for one in found]):.1f}"
        late = [one["as it is"].found for one in found if one["as it is"].found]
        line["found in round"] = f"{np.median(late):.0f}" if late and world.gain else ""
        lines.append(line)
    return lines


def upper(seen: int, runs: int) -> float:
    """The Clopper-Pearson upper 95 % limit of a share."""
    return 1.0 if seen == runs else float(betaincinv(seen + 1, runs - seen, 0.95))


def run(quick: bool = False) -> str:
    """Return the section's text."""
    runs = 60 if quick else 2000
    lines = measured(runs)
    return f"""## A released case, evaluated again and again
A model was released because it qualified on {FIRST_ROWS:,} rows. Then {ROUNDS} times {ARRIVAL} rows arrive, and \
each time a candidate is judged against what is in use by the judge's own code, {runs:,} runs a line. "no \
better": worth exactly as much (gain = margin); "better": {BETTER:g} a unit more, {BETTER / GAIN:.0%} of what is \
in use gains over the rule ({runs // 4:,} runs). The figures are the share of runs in which any of the {ROUNDS} \
rounds says `qualifies`. "each alone": every round at the level of a first opening. "by units": levels shrink \
with openings of the same units. "by units and rounds": all openings since the release share one level besides. \
"as it is": and a round opens only where development gives it a chance. "fitted anew": another candidate each \
round; "once": the same one, asked on ever more rows.

{table(lines)}
"""


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
