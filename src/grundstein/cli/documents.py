"""Room cli. In: an Experiment or a Verdict -> Out: the one JSON document that programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from grundstein.core.records import Experiment, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Entry, Ledger
    from grundstein.core.records import Gain, Outcome


OPPONENTS = ("default", "trivial", "released")


def experiment_json(ledger: Ledger, entry: Entry) -> dict[str, Any]:
    """An Experiment: its verdict is null, its figures are those of the development folds."""
    experiment = cast("Experiment", entry.record)
    return _document(experiment, experiment.outcomes, experiment.gains, entry.seconds) | {
        "verdict": None,
        "figures": "development",
        "detectable": experiment.detectable,
        "units_needed": experiment.units_needed,
        "openings": openings(ledger, experiment.case),
        "findings": findings(experiment.findings),
    }


def verdict_json(ledger: Ledger, entry: Entry) -> dict[str, Any]:
    """A Verdict; candidates hold the sealed figures only where it qualifies."""
    verdict = cast("Verdict", entry.record)
    tested = ledger.get(verdict.experiment)
    experiment = cast("Experiment", tested.record)
    gains = dict(experiment.gains)
    baseline = next(outcome.name for outcome in experiment.outcomes if outcome.standing == "baseline")
    if verdict.winner and baseline in verdict.gains:
        gains[verdict.winner] = verdict.gains[baseline]
    return _document(experiment, verdict.outcomes, gains, tested.seconds) | {
        "verdict": verdict.verdict,
        "figures": verdict.figures,
        "detectable": verdict.detectable,
        "units_needed": verdict.units_needed,
        "openings": verdict.openings,
        "findings": findings((*verdict.findings, *experiment.findings)),
    }


def findings(found: Iterable[Finding]) -> list[dict[str, str]]:
    """Findings as code, section and English text."""
    return [{"code": one.code, "section": one.section, "text": one.text()} for one in found]


def openings(ledger: Ledger, case: str) -> int:
    """How often a case was decided on a sealed part."""
    rows = (cast("Verdict", entry.record) for entry in ledger.entries(Verdict))
    return sum(1 for verdict in rows if verdict.case == case and verdict.opening and not verdict.deposit)


def _document(
    experiment: Experiment, outcomes: tuple[Outcome, ...], gains: Mapping[str, Gain], seconds: Mapping[str, float]
) -> dict[str, Any]:
    baseline = next(one for one in outcomes if one.standing == "baseline")
    return {
        "case": experiment.case,
        "task": experiment.task,
        "snapshot": experiment.snapshot,
        "unit": experiment.unit,
        "units": {"development": experiment.units, "test": experiment.units_test},
        "split": experiment.split,
        "measure": {"name": experiment.measure, "money": experiment.money},
        "margin": experiment.margins[baseline.name],
        "verdict": None,
        "winner": experiment.winner,
        "figures": "development",
        "baseline": {"name": baseline.name, "value": baseline.value, "metrics": dict(baseline.metrics)},
        "candidates": [_candidate(one, gains, seconds) for one in outcomes if one.standing == "candidate"],
        "outside": [_outside(one, experiment) for one in experiment.outcomes if one.standing == "outside"],
        "opponents": [_opponent(one, experiment) for one in outcomes if one.standing in OPPONENTS],
    }


def _candidate(one: Outcome, gains: Mapping[str, Gain], seconds: Mapping[str, float]) -> dict[str, Any]:
    told = gain_json(gains.get(one.name))
    fitted = {"metrics": dict(one.metrics), "fit_seconds": round(seconds.get(one.name, 0.0), 3)}
    return {"name": one.name, "value": one.value, "gain": told, **fitted}


def _outside(one: Outcome, experiment: Experiment) -> dict[str, Any]:
    """An outside candidate: its gain over the baseline, and what building brought over it; a preview, both."""
    parts = {"gain": experiment.gains.get(one.name), "built": experiment.bought.get(one.name)}
    told = {name: gain_json(gain) for name, gain in parts.items()}
    return {"name": one.name, "value": one.value, **told, "metrics": dict(one.metrics)}


def gain_json(gain: Gain | None) -> dict[str, float] | None:
    """A gain as programs read it."""
    return {"mean": gain.mean, "low": gain.low, "high": gain.high} if gain else None


def _opponent(one: Outcome, experiment: Experiment) -> dict[str, Any]:
    return {"name": one.name, "value": one.value, "margin": experiment.margins[one.name], "metrics": dict(one.metrics)}
