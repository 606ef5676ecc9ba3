"""Bench. In: simulated differences, nothing of a model -> Out: a table of how often the judge errs, beside what fails.

Run `python bench/judge.py [--quick]`. Every figure is of the judge's own code (`grundstein.tools.inference`).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, ndtri, stdtrit

from grundstein.tools import inference
from grundstein.tools.inference import Sample
from judge_worlds import Cell, cells, parts

SEED = 20261122
FIRST = inference.opening_level(1, False)
RESAMPLES = 999
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """Shares of the runs of one cell; `reach` is the detectable gain over the simple error of the mean.

    `alone`: the design effect taken from the test alone. `averaged`: rare losses not counted at their limit.
    """

    cell: Cell
    runs: int
    false: float
    alone: float
    averaged: float
    t: float
    percentile: float
    bca: float
    covered: float
    covered_averaged: float
    found: float
    reach: float

    @property
    def holds(self) -> bool:
        """False where the runs show, with 99 %, an error above 5 % or a coverage below 93 %."""
        return lower_limit(self.false, self.runs) <= 0.05 and lower_limit(1 - self.covered, self.runs) <= 0.07


def lower_limit(share: float, runs: int, level: float = 0.01) -> float:
    """Return the Clopper-Pearson lower limit of a share seen in so many runs."""
    seen = round(share * runs)
    return 0.0 if seen == 0 else float(betaincinv(seen, runs - seen + 1, level))


def measure(cell: Cell, runs: int, resampled: int, seed: int) -> Row:
    """Judge `runs` draws of a cell at the first opening's level, with gain = margin; bootstraps on the first draws."""
    rng = np.random.default_rng([SEED, seed])
    figures, sums = np.empty((runs, 7)), np.empty((runs, cell.size))
    for run in range(runs):
        test, development = parts(cell, rng)
        figures[run] = _judged(test, development, cell.worst)
        sums[run] = np.bincount(test.cluster, weights=test.difference, minlength=test.clusters)
    mean = [float(share) for share in figures.mean(axis=0)]
    percentile, bca = _bootstraps(sums[:resampled], rng)
    t = sums.mean(1) - stdtrit(cell.size - 1, 1 - FIRST) * sums.std(1, ddof=1) / math.sqrt(cell.size)
    return Row(cell, runs, *mean[:3], float((t > 0).mean()), percentile, bca, *mean[3:])


def _judged(test: Sample, development: Sample, worst: float) -> tuple[float, ...]:
    found = inference.interval(test, development, FIRST, worst)
    detectable = inference.detectable(development, test.units, FIRST, worst)
    simple = inference.pooled_sd(test, None) / math.sqrt(test.units)
    reach = stdtrit(test.clusters - 1, 1 - FIRST) * inference.pooled_sd(test, development) / math.sqrt(test.units)
    averaged = reach * inference.pooled_effect(test, development)
    alone = found.low if found.rare else test.mean - reach * inference.design_effect(test)
    return (
        found.low > 0,
        alone > 0,
        test.mean - averaged > 0,
        found.low <= 0 <= found.high,
        abs(test.mean) <= averaged,
        detectable is not None and found.low > -detectable,
        (detectable or math.nan) / simple if simple else math.nan,
    )


def _bootstraps(sums: Array, rng: np.random.Generator) -> tuple[float, float]:
    """Shares of draws whose percentile and BCa lower limits are above 0; all draws share their resampling weights."""
    size = sums.shape[1]
    weights = rng.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float32) / size
    means = np.sort(sums.astype(np.float32) @ weights.T, axis=1)
    mean = sums.mean(1, keepdims=True)
    off = sums - mean
    spread = (off**2).sum(1)
    skew = (off**3).sum(1) / (6 * np.maximum(spread, 1e-300) ** 1.5)
    below = ((means < mean).sum(1) + 0.5 * (means == mean.astype(np.float32)).sum(1)) / RESAMPLES
    bias = ndtri(np.clip(below, 1 / RESAMPLES, 1 - 1 / RESAMPLES))
    shifted = bias + ndtri(FIRST)
    share = ndtr(bias + shifted / (1 - skew * shifted))
    bca = means[np.arange(len(means)), np.clip((share * RESAMPLES).astype(int), 0, RESAMPLES - 1)]
    return float((means[:, int(FIRST * RESAMPLES)] > 0).mean()), float((bca > 0).mean())


def climb(way: str, rule: str, told: str, runs: int, size: int = 500, openings: int = 20) -> float:
    """Return the share of runs in which one of twenty openings of noise qualifies.

    `way`: "fresh" candidates; "climbing" (a tenth of the answers changed, kept where the verdict, or with `told`
    "values" the gain, got better); "votes" (nineteen probes, then the majority of those not judged hopeless).
    `told`: "values"; "sealed" (`does_not_qualify` by the sealed range, the user choosing the tolerance that tells
    most); "development" (by sealed rows at the first opening only).
    """
    rng = np.random.default_rng([SEED, 7])
    known, truth = rng.standard_normal((runs, size)), rng.standard_normal((runs, size))
    current, votes, best = np.ones((runs, size)), np.zeros((runs, size)), np.full(runs, -math.inf)
    ever = np.zeros(runs, dtype=bool)
    for k in range(1, openings + 1):
        flips = np.where(rng.random((runs, size)) < (0.1 if way == "climbing" else 0.5), -1.0, 1.0)
        signs = current * flips if way == "climbing" else flips
        if way == "votes" and k == openings:
            signs = np.where(votes == 0, flips, np.sign(votes))
        mean, low = (truth * signs).mean(1), _lows(truth * signs, known, rule, k)
        ever |= low > 0
        hopeful = (mean > 0) if told != "development" or k == 1 else rng.random(runs) < 0.5
        score = mean if told == "values" else hopeful + 2.0 * (low > 0)
        better = score > best
        current[better], best = signs[better], np.maximum(best, score)
        votes += signs * np.where(hopeful, 1.0, -1.0)[:, None]
    return float(ever.mean())


LEVELS = {
    "no accounting": lambda _: 0.025,
    "2.5 % / 20": lambda _: 0.025 / 20,
    "2.5 % / (k(k+1))": lambda k: inference.opening_level(k, False),
    "2.5 % / 2^k": lambda k: inference.opening_level(k, True),
}


RULE = "2.5 % / (k(k+1))"


def _lows(difference: Array, known: Array, rule: str, k: int) -> Array:
    """Lower limits of many draws: by the judge's own code at the level it uses, by plain t with pooled sd elsewhere."""
    size, level = difference.shape[1], LEVELS[rule](k)
    if rule != RULE:
        variance = difference.var(1, ddof=1)
        pooled = np.sqrt(np.maximum(variance, 0.75 * known.var(1, ddof=1) + 0.25 * variance))
        return difference.mean(1) - stdtrit(size - 1, 1 - level) * pooled / math.sqrt(size)
    one = np.arange(size)
    pairs = zip(difference, known, strict=True)
    return np.array([inference.interval(Sample(d, one, size), Sample(o, one, size), level, 5.0).low for d, o in pairs])


def rows(quick: bool) -> list[Row]:
    """Measure every cell."""
    runs, resampled = (150, 100) if quick else (1000, 200)
    return [
        measure(cell, runs if cell.size < 5000 else runs // 2, resampled, number)
        for number, cell in enumerate(cells(quick))
    ]


def run(quick: bool) -> str:
    """Return the page: what holds, every cell, twenty openings."""
    measured = rows(quick)
    return "\n".join([*_summary(measured), "", *_cells(measured), "", *_openings(400 if quick else 4000)])


def _summary(measured: list[Row]) -> list[str]:
    promised = [row for row in measured if row.cell.promised]
    false = max(promised, key=lambda row: row.false)
    covered = min(promised, key=lambda row: row.covered)
    large = [row.found for row in promised if row.cell.size >= 1000]
    missed = [f"{row.cell.name}, n={row.cell.size}" for row in promised if not row.holds]
    power = f"{np.mean(large):.1%}, worst cell {min(large):.1%}"
    return [
        f"{len(promised)} cells must hold; {promised[0].runs:,} runs each, half of that at n=5,000; {FIRST:.2%} a",
        "side, the level of a first opening. A cell fails where its runs show the error with 99 %.",
        "",
        "| must hold | measured |",
        "|---|---|",
        f"| false `qualifies` at gain = margin <= 5 % | at most {_at(false, false.false)} |",
        f"| coverage >= 93 % | at least {_at(covered, covered.covered)} |",
        f"| power >= 80 % on average at margin + detectable, n >= 1,000 | {power} |",
        f"| cells that do not hold | {'; '.join(missed) or 'none'} |",
    ]


def _at(row: Row, share: float) -> str:
    return f"{share:.1%} ({row.cell.name}, n={row.cell.size:,})"


NOTES = (
    "n counts judged clusters; each row is one world at gain = margin (`bench/judge_worlds.py`). Beside the judge, on",
    "the same draws: its design effect from the test alone; rare losses averaged like the others; Student's t, and two",
    f"bootstraps of cluster sums ({RESAMPLES} resamples of the first draws). *detectable / error*: the gain above the",
    "margin that is found, in simple standard errors; large where a rare loss must be counted at its limit.",
    "",
)


def _cells(measured: list[Row]) -> list[str]:
    head = (
        "cell | n | must hold | false: judge | design effect of the test alone | rare losses averaged | plain t"
        " | percentile | BCa | covered: judge | rare ones averaged | found | detectable / error"
    )
    lines = [*NOTES, f"| {head} |", "|---|" + "---:|" * 12]
    for row in measured:
        shares = (row.false, row.alone, row.averaged, row.t, row.percentile, row.bca, row.covered, row.covered_averaged)
        figures = " | ".join(f"{share:.3f}" for share in (*shares, row.found))
        must = "yes" if row.cell.promised else ""
        lines.append(f"| {row.cell.name} | {row.cell.size:,} | {must} | {figures} | {row.reach:.1f} |")
    return lines


WAYS = (
    ("fresh candidates", "fresh", "sealed"),
    ("climbing, values shown", "climbing", "values"),
    ("climbing, verdict only", "climbing", "sealed"),
    ("votes, `does_not_qualify` by the sealed range every time", "votes", "sealed"),
    ("votes, by development from the second opening on (the judge)", "votes", "development"),
    ("climbing, by development from the second opening on (the judge)", "climbing", "development"),
)


def _openings(runs: int) -> list[str]:
    lines = [
        "Twenty openings of one sealed part by noise: share of runs in which one qualifies, and its upper 95 % limit.",
        f"{runs:,} runs at the judge's level, {runs // 4:,} at the others. Must hold: limit <= 3.5 % by climbing.",
        "",
        "| user | " + " | ".join(LEVELS) + " |",
        "|---|" + "---:|" * len(LEVELS),
    ]
    for name, way, told in WAYS:
        cells_ = []
        for rule in LEVELS:
            many = runs if rule == RULE else runs // 4
            share = climb(way, rule, told, many)
            cells_.append(f"{share:.3f} ({inference.clopper_pearson(round(share * many), many, 0.05):.3f})")
        lines.append(f"| {name} | " + " | ".join(cells_) + " |")
    return lines


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
