"""Room tasks. In: signals of a letter -> Out: findings, the same atoms as everywhere, in both languages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from grundstein.core.findings import Finding
from grundstein.tasks.letters.codes import codes
from grundstein.tasks.letters.rules import grammar, table
from grundstein.tasks.letters.signals import topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.tasks.letters.signals import Grades, Signal

WHO = {"superiors": "superiors", "colleagues": "colleagues", "behaviour": "nobody"}


def finding_of(signal: Signal, grades: Grades) -> Finding:
    """The finding that says a signal."""
    if signal.kind == "drift":
        return _drift(signal, grades)
    if signal.kind == "order":
        return Finding("GST-Z04", "tip", {"words": signal.words})
    told = {"missing": _missing, "code": _code, "closing": _closing, "ending": _ending}
    return told[signal.kind](signal) if signal.kind in told else Finding("GST-Z09", "tip", {})


@cache
def names() -> Mapping[str, Mapping[str, str]]:
    """What sections and people are called."""
    return table("sections")["names"]


def _missing(signal: Signal) -> Finding:
    if signal.name == "overall":
        return Finding("GST-Z02", "issue", {})
    if signal.name in WHO:
        return Finding("GST-Z03", "tip", _both("who", names()[WHO[signal.name]]))
    role = table("roles")["roles"][signal.words]
    return Finding("GST-Z01", "issue", {**_both("topic", topics()[signal.name][1]), **_both("role", role)})


def _drift(signal: Signal, grades: Grades) -> Finding:
    parts = (grades.overall, grades.details) if "overall" in signal.name else (grades.behaviour, grades.performance)
    one, other = (float(part or 0.0) for part in parts)
    what = _both("what", table("sections")["drifts"][signal.name])
    return Finding("GST-Z05", "issue", {**what, "one": one, "other": other})


def _code(signal: Signal) -> Finding:
    says = _both("says", codes()[signal.name].says)
    if signal.harmless:
        cite = grammar().sources[signal.source].cite
        return Finding("GST-Z10", "passed", {**says, "words": signal.words, "cite": cite})
    return Finding("GST-Z06", "tip", {**says, "words": signal.words})


def _closing(signal: Signal) -> Finding:
    return Finding("GST-Z07", "tip", _both("part", table("closing")["names"][signal.name]))


def _ending(signal: Signal) -> Finding:
    return Finding("GST-Z08", "tip", {**_both("says", table("closing")["endings"][signal.name]), "words": signal.words})


def _both(name: str, said: Mapping[str, Any]) -> dict[str, str]:
    return {f"{name}_{language}": str(said[language]) for language in ("en", "de")}
