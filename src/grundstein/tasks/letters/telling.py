"""Room tasks. In: signals of a letter -> Out: findings, the same atoms as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.core.findings import Finding
from grundstein.tasks.letters.rules import grammar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.tasks.letters.signals import Grades, Signal

CODES = {
    "missing: honesty": "GST-Z01",
    "missing: leadership": "GST-Z02",
    "missing: customers": "GST-Z03",
    "missing: discretion": "GST-Z04",
    "missing: learning": "GST-Z05",
    "missing: overall": "GST-Z06",
    "missing: behaviour": "GST-Z07",
    "missing: superiors": "GST-Z08",
    "missing: colleagues": "GST-Z09",
    "order: colleagues first": "GST-Z10",
    "drift: overall below details": "GST-Z11",
    "drift: overall above details": "GST-Z12",
    "drift: behaviour below performance": "GST-Z13",
    "drift: performance below behaviour": "GST-Z14",
    "closing: regret": "GST-Z17",
    "closing: thanks": "GST-Z18",
    "closing: wishes": "GST-Z19",
    "ending: mutual": "GST-Z20",
    "ending: odd date": "GST-Z21",
    "law: austria": "GST-Z22",
}
SPOKEN = ("order", "ending")
ISSUES = ("missing: overall", "missing: behaviour")


def finding_of(signal: Signal, grades: Grades) -> Finding:
    """The finding that says a signal; what goes against the letter itself is an issue, a mere sign a tip."""
    if signal.kind == "code":
        return _code(signal)
    facts: Mapping[str, str | float] = {"words": signal.words} if signal.kind in SPOKEN else {}
    if signal.kind == "drift":
        one, other = (grades.overall, grades.details) if "overall" in signal.name else grades.parts
        facts = {"one": one or 0.0, "other": other or 0.0}
    grave = signal.kind == "drift" or signal.label in ISSUES
    return Finding(CODES[signal.label], "issue" if grave else "tip", facts)


def _code(signal: Signal) -> Finding:
    if signal.harmless:
        return Finding("GST-Z16", "passed", {"words": signal.words, "cite": grammar().sources[signal.source].cite})
    return Finding("GST-Z15", "tip", {"words": signal.words})
