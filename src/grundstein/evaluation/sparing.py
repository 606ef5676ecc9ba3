"""Room evaluation. In: an Experiment and the opening it would take -> Out: why it is spared, and the Verdict then.

An automatic round spends an opening only where development gives it a chance: each one makes the next one harder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grundstein.core.findings import Finding
from grundstein.evaluation.decide import barred, without_opening
from grundstein.evaluation.judge import foretell
from grundstein.evaluation.kept import kept_values

if TYPE_CHECKING:
    from grundstein.core.case import Case
    from grundstein.core.ports import FileStore
    from grundstein.core.records import Experiment, Opening, Verdict, Word
    from grundstein.evaluation.judge import Foretold

LEAST = 0.5


@dataclass(frozen=True)
class Spared:
    """What development foretells, and why the sealed part stays closed."""

    told: Foretold
    finding: Finding


def spared(case: Case, experiment: Experiment, opening: Opening, files: FileStore) -> Spared | None:
    """Say why development makes an opening pointless; None where it should be made.

    Pointless: something bars a verdict whatever is found, or the gain above the margin over the hardest opponent is
    less than half of what the sealed part would show in 9 of 10 cases; it then shows it in fewer than 1 of 3.
    """
    values = kept_values(experiment.differences, files)
    opponents = {name: values[name] for name in experiment.margins}
    winner = values[experiment.winner]
    told = foretell(winner, opponents, experiment.margins, experiment.units_test, opening.level)
    why = winner.biased or barred(case, experiment, opening)
    if why:
        return Spared(told, Finding("GST-A06", "issue", {"reason": why}))
    if told.detectable is None:
        return Spared(told, Finding("GST-J05", "issue"))
    above = told.gains[told.hardest].mean - experiment.margins[told.hardest]
    if above >= LEAST * told.detectable:
        return None
    facts: dict[str, str | float] = {"above": above, "opponent": told.hardest, "detectable": told.detectable}
    return Spared(told, Finding("GST-A05", "tip", facts))


def verdict_of(case: Case, experiment: Experiment, found: Spared, more: tuple[Finding, ...]) -> Verdict:
    """Return the verdict that development alone gives; nothing of it can be signed as better than what is in use."""
    told = found.told
    highs = [gain.high - experiment.margins[name] for name, gain in told.gains.items()]
    word: Word = "does_not_qualify" if min(highs) <= case.tolerated else "not_enough_data"
    return replace(
        without_opening(experiment, (*more, found.finding)),
        verdict=word,
        gains=dict(told.gains),
        hardest=told.hardest,
        detectable=told.detectable,
        units_needed=told.units_needed,
    )
