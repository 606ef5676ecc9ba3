"""Room production. In: what was measured of a live release -> Out: findings, in words of the case and its money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.findings import Fact, Finding, Section
from grundstein.production.seasons import WEEK
from grundstein.tools.inference import MIN_CLUSTERS
from grundstein.tools.wording import step_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.records import Gain
    from grundstein.production.drifting import Change

GRAVE = 0.25
ASIDE, FEW_ASIDE = 0.05, 10
LACKING = 0.05
SOON_DAYS, OLD_DAYS = 30, 365
KINDS = {"number": "GST-W01", "category": "GST-W02", "empty": "GST-W03", "strange": "GST-W06"}
OTHER_KIND, UNIT, SWAPPED, QUIET, ANSWERS = "GST-W07", "GST-W04", "GST-W05", "GST-W08", "GST-W10"
YEARLY, WEEKLY = "GST-W11", "GST-W12"
DRIFT = (*KINDS.values(), OTHER_KIND, UNIT, SWAPPED, QUIET, ANSWERS, YEARLY, WEEKLY)
CALIBRATION = ("GST-W20", "GST-W21")
TITLE = {"en": "Signed, and measured since", "de": "Unterschrieben und seitdem gemessen"}
LABELS = {
    "part": {"en": "", "de": ""},
    "mean": {"en": "gain per unit", "de": "Gewinn je Fall"},
    "low": {"en": "low", "de": "von"},
    "high": {"en": "high", "de": "bis"},
}


@dataclass(frozen=True)
class Scale:
    """How a gain per unit is told: times `volume` units of a period, less what running costs more than the baseline."""

    volume: float
    extra: float
    currency: str

    def of(self, gain: float) -> float:
        """What a gain per unit amounts to."""
        return gain * self.volume - self.extra


@dataclass(frozen=True)
class Truths:
    """How many units whose own outcome nobody changed count, wait for their time, or were never told the truth of.

    `corrected`: how many were told more than one truth of.
    """

    counted: int
    waiting: int
    missing: int
    corrected: int = 0


def drift(questions: Sequence[Change], answers: Sequence[Change], columns: int, looks: int) -> tuple[Finding, ...]:
    """What the newest look found of questions and answers; that nothing changed is said too.

    Other answers are no issue where all that changed in the questions is of the season.
    """
    found = [_question(one) for one in questions if not (one.other and one.other < one.column)]
    of_season = bool(questions) and all(one.season for one in questions)
    found += [_answer(one, of_season) for one in answers]
    return tuple(found) or (Finding("GST-W08", "passed", {"columns": columns, "looks": looks}),)


def _question(one: Change) -> Finding:
    if one.season:
        said: dict[str, Fact] = {"column": one.column, "moved": told(one.moved)}
        if one.season == WEEK:
            return Finding("GST-W12", "tip", said)
        return Finding("GST-W11", "tip", said | {"when": one.season})
    section: Section = "issue" if one.moved >= GRAVE or one.other or one.factor else "tip"
    if one.other:
        return Finding("GST-W05", "issue", {"column": one.column, "other": one.other})
    facts: dict[str, Fact] = {"column": one.column, "before": told(one.before), "after": told(one.after)}
    if one.factor:
        return Finding("GST-W04", "issue", facts | {"factor": one.factor})
    more: dict[str, Fact] = {"moved": told(one.moved), "value": one.value}
    return Finding(KINDS.get(one.what, OTHER_KIND), section, facts | more)


def _answer(one: Change, of_season: bool) -> Finding:
    facts: dict[str, Fact] = {"column": one.column, "before": told(one.before), "after": told(one.after)}
    section: Section = "issue" if one.moved >= GRAVE and not of_season else "tip"
    return Finding("GST-W10", section, facts | {"moved": told(one.moved)})


def put_aside(table: str, rows: int, aside: int) -> tuple[Finding, ...]:
    """Tell where at least one question in twenty broke the contract."""
    if aside < FEW_ASIDE or aside < ASIDE * rows:
        return ()
    return (Finding("GST-W09", "issue", {"aside": aside, "rows": rows, "table": table}),)


def value(signed: Gain, now: Gain | None, truths: Truths, scale: Scale) -> tuple[Finding, ...]:
    """Hold what was measured against what was signed; too little truth is said."""
    if now is None:
        facts: dict[str, Fact] = {"units": truths.counted, "needed": MIN_CLUSTERS, "waiting": truths.waiting}
        return (Finding("GST-W33", "skipped", facts),)
    said = dict(zip(("signed", "signed_low", "signed_high"), (signed.mean, signed.low, signed.high), strict=True))
    said |= {"mean": now.mean, "low": now.low, "high": now.high}
    step = step_of(scale.of(now.high) - scale.of(now.low))
    facts = {name: rounded(scale.of(part), step) for name, part in said.items()}
    facts |= {"currency": scale.currency, "volume": told(scale.volume), "units": truths.counted}
    if scale.of(now.high) < 0:
        return (Finding("GST-W32", "issue", facts),)
    if now.high < signed.mean:
        return (Finding("GST-W31", "issue", facts),)
    return (Finding("GST-W30", "passed", facts),)


def lacking(case: str, horizon_days: float, truths: Truths) -> tuple[Finding, ...]:
    """Say where truth is missing: what is measured may lean to the outcome that is known sooner, or oftener."""
    units = truths.counted + truths.missing
    if not truths.counted or truths.missing <= LACKING * units:
        return ()
    if not horizon_days:
        return (Finding("GST-W36", "tip", {"case": case, "missing": truths.missing, "units": units}),)
    return (Finding("GST-W35", "tip", {"missing": truths.missing, "units": units}),)


def contradicted(case: str, truths: Truths) -> tuple[Finding, ...]:
    """Say of how many answers different truths were told."""
    return (Finding("GST-F03", "tip", {"case": case, "answers": truths.corrected}),) if truths.corrected else ()


def ends(case: str, until: str, today: date) -> tuple[Finding, ...]:
    """Say that the signature ends soon, or has ended; `until` is the last ISO date on which it counts."""
    last = date.fromisoformat(until)
    if today > last:
        return (Finding("GST-W41", "issue", {"case": case, "until": until}),)
    soon = last - today <= timedelta(days=SOON_DAYS)
    return (Finding("GST-W40", "tip", {"case": case, "until": until}),) if soon else ()


def standard(case: str, changed: Sequence[str]) -> tuple[Finding, ...]:
    """Say that the company's standard asks something else than it did when this was signed."""
    return (Finding("GST-W47", "tip", {"case": case, "changed": "; ".join(changed)}),) if changed else ()


def ages(case: str, pinned: date, table: str, fed: date, fresh_days: float | None, today: date) -> tuple[Finding, ...]:
    """Say that what was learnt is over a year old, or that the table is not fed as its contract promises."""
    found: list[Finding] = []
    if (today - pinned).days > OLD_DAYS:
        found.append(Finding("GST-W43", "tip", {"case": case, "day": pinned.isoformat(), "days": OLD_DAYS}))
    if fresh_days is not None and (today - fed).days > fresh_days:
        found.append(Finding("GST-W42", "tip", {"table": table, "day": fed.isoformat(), "days": fresh_days}))
    return tuple(found)


def speed(case: str, took: NDArray[np.float64], most: float) -> tuple[Finding, ...]:
    """Say how many milliseconds answers took, where they were asked one by one; `most` 0: nobody set a limit."""
    if not len(took):
        return ()
    half, slow = (float(np.quantile(took, share)) for share in (0.5, 0.99))
    facts: dict[str, Fact] = {"case": case, "answers": len(took), "half": told(half), "slow": told(slow), "most": most}
    return (Finding("GST-W46", "issue", facts) if most and slow > most else Finding("GST-W45", "passed", facts),)


def picture(signed: Gain, now: Gain) -> Figure:
    """The signed range and the measured one, per unit."""
    both = (signed, now)
    columns: dict[str, tuple[str | float | int | None, ...]] = {
        "part": ("signed", "measured"),
        "mean": tuple(told(one.mean) for one in both),
        "low": tuple(told(one.low) for one in both),
        "high": tuple(told(one.high) for one in both),
    }
    return Figure("signed_and_measured", "interval", TITLE, columns, x="mean", y="part", labels=LABELS)


def told(value: float) -> int | float:
    """A figure with six meaningful digits, a whole number as one."""
    short = float(f"{value:.4g}") if abs(value) < 10_000 else float(f"{value:.6g}")
    return int(short) if short.is_integer() else short


def rounded(value: float, step: float) -> int | float:
    """An amount rounded to the step of the range it stands in."""
    return told(round(value / step) * step) if step < 1 else int(round(value / step) * step)
