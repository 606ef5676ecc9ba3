"""Room evaluation. In: values of a candidate and its opponents on both parts -> Out: one of four verdicts, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from grundstein.core.findings import Finding
from grundstein.core.records import Gain, Word
from grundstein.tools import inference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.task import Values


@dataclass(frozen=True)
class Part:
    """What one solution was worth: out of fold on development units, and on the sealed units."""

    development: Values
    test: Values


@dataclass(frozen=True)
class Foretold:
    """What development says against each opponent, and what the sealed part can show against the hardest of them."""

    gains: Mapping[str, Gain]
    hardest: str
    detectable: float | None
    units_needed: int | None


@dataclass(frozen=True)
class Judgement:
    """The verdict and what may be shown of it.

    `gains` per unit, the margin not taken off. Unless the verdict is `qualifies`, gains, hardest opponent and findings
    are of development rows alone: nothing but the verdict leaves the sealed part.
    """

    verdict: Word
    gains: Mapping[str, Gain]
    hardest: str
    detectable: float | None
    units_needed: int | None
    findings: tuple[Finding, ...]
    figures: Literal["sealed", "development"]


def judge(
    candidate: Part | None,
    opponents: Mapping[str, Part],
    margins: Mapping[str, float],
    level: float,
    tolerance: float,
    perfect_gain: float | None,
    first: bool = True,
) -> Judgement:
    """Judge one candidate against all opponents at the opening's level; no candidate is `not_applicable`.

    `margins` by opponent. `perfect_gain`: the least that perfect answers would gain over any opponent, None where it
    is not known. `first`: whether nothing of these units was opened before. Later openings say `does_not_qualify` by
    development alone: that word, asked often enough, would tell how the sealed part ranks noise.
    """
    if candidate is None:
        return Judgement("not_applicable", {}, "", None, None, (Finding("GST-J01", "not_applicable"),), "development")
    foretold = foretell(
        candidate.development,
        {name: part.development for name, part in opponents.items()},
        margins,
        len(candidate.test.unit),
        level,
    )
    halted = _halted(candidate, opponents, margins, perfect_gain)
    if halted:
        return _without_figures(halted[0], foretold, (halted[1],))
    ranges = {name: range_of(candidate, part, level) for name, part in opponents.items()}
    if all(found.bounded and found.low > margins[name] for name, found in ranges.items()):
        return _qualified(ranges, margins, foretold)
    told: Mapping[str, Gain | inference.Range] = ranges if first else foretold.gains
    highs = {name: found.high for name, found in told.items()}
    if any(high <= margins[name] + tolerance for name, high in highs.items()):
        return _without_figures("does_not_qualify", foretold, ())
    open_ended = foretold.detectable is None or (first and not all(found.bounded for found in ranges.values()))
    findings = (Finding("GST-J05", "issue"),) if open_ended and not _all_bounded(candidate, opponents) else ()
    return _without_figures("not_enough_data", foretold, findings)


def foretell(
    candidate: Values, opponents: Mapping[str, Values], margins: Mapping[str, float], units_test: int, level: float
) -> Foretold:
    """Say from development alone what the candidate gains, and which gain `units_test` sealed units would show.

    The hardest opponent is the one whose margin the low end clears by least, or misses by most. The ranges are a
    preview: choices were made on these rows. A released opponent that had all of these rows is left out.
    """
    samples = {name: sample_of(candidate, values) for name, values in opponents.items() if comparable(values)}
    worst = {name: _bound(candidate, opponents[name]) for name in samples}
    gains = {name: _gain(inference.interval(one, None, level, worst[name])) for name, one in samples.items()}
    hardest = min(gains, key=lambda name: (gains[name].low - margins[name], name))
    sample, bound = samples[hardest], worst[hardest]
    return Foretold(
        gains=gains,
        hardest=hardest,
        detectable=inference.detectable(sample, units_test, level, bound) if units_test else None,
        units_needed=inference.units_needed(sample, margins[hardest], level, bound),
    )


def _halted(
    candidate: Part, opponents: Mapping[str, Part], margins: Mapping[str, float], perfect_gain: float | None
) -> tuple[Word, Finding] | None:
    """Return the verdict that needs no range: values that cannot carry one, nothing to gain, too few clusters."""
    biased = next((v.biased for part in (candidate, *opponents.values()) for v in _both(part) if v.biased), "")
    if biased:
        return "not_enough_data", Finding("GST-J02", "issue", {"reason": biased})
    least = min(margins[name] for name in opponents)
    if perfect_gain is not None and perfect_gain < least:
        facts = {"perfect": perfect_gain, "margin": least}
        return "not_applicable", Finding("GST-J03", "not_applicable", facts)
    clusters = len(np.unique(candidate.test.cluster))
    if clusters < inference.MIN_CLUSTERS:
        facts = {"clusters": clusters, "needed": inference.MIN_CLUSTERS}
        return "not_enough_data", Finding("GST-J04", "issue", facts)
    return None


def _qualified(ranges: Mapping[str, inference.Range], margins: Mapping[str, float], foretold: Foretold) -> Judgement:
    rare = Finding("GST-J06", "tip")
    return Judgement(
        verdict="qualifies",
        gains={name: _gain(found) for name, found in ranges.items()},
        hardest=min(ranges, key=lambda name: (ranges[name].low - margins[name], name)),
        detectable=foretold.detectable,
        units_needed=foretold.units_needed,
        findings=(rare,) if any(found.rare for found in ranges.values()) else (),
        figures="sealed",
    )


def _without_figures(verdict: Word, foretold: Foretold, findings: tuple[Finding, ...]) -> Judgement:
    return Judgement(
        verdict, foretold.gains, foretold.hardest, foretold.detectable, foretold.units_needed, findings, "development"
    )


def range_of(candidate: Part, opponent: Part, level: float) -> inference.Range:
    """Return the range of the gain over one opponent on the sealed units, at a one-sided level."""
    test = sample_of(candidate.test, opponent.test)
    before = opponent.development
    development = sample_of(candidate.development, before) if comparable(before) else None
    return inference.interval(test, development, level, _bound(candidate.test, opponent.test))


def sample_of(candidate: Values, opponent: Values) -> inference.Sample:
    """Differences by unit; the two must speak of the same units in the same order, in finite numbers.

    Units that one of them was made of are left out.
    """
    difference = candidate.value - opponent.value
    if not np.array_equal(candidate.unit, opponent.unit) or not np.isfinite(difference).all():
        raise ValueError("values of two solutions must be finite and of the same units in the same order")
    fresh = np.ones(len(difference), dtype=np.bool_)
    for one in (candidate.fresh, opponent.fresh):
        fresh &= True if one is None else one
    period = None if candidate.period is None else candidate.period[fresh]
    return inference.sample(difference[fresh], candidate.cluster[fresh], period)


def comparable(values: Values) -> bool:
    """Tell whether any of these units can be compared."""
    return values.fresh is None or bool(values.fresh.any())


def _bound(candidate: Values, opponent: Values) -> float | None:
    return None if candidate.worst is None or opponent.worst is None else max(candidate.worst, opponent.worst)


def _all_bounded(candidate: Part, opponents: Mapping[str, Part]) -> bool:
    return all(_bound(candidate.test, part.test) is not None for part in opponents.values())


def _both(part: Part) -> tuple[Values, Values]:
    return part.development, part.test


def _gain(found: inference.Range) -> Gain:
    return Gain(found.mean, found.low, found.high)
