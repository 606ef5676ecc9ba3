"""Room evaluation. In: a Look at a case's rows -> Out: what every check found; one that fails is skipped."""

from __future__ import annotations

import traceback
from pathlib import Path

from grundstein.core.errors import GrundsteinError
from grundstein.core.findings import Finding
from grundstein.evaluation.checks import (
    calibration,
    classes,
    columns,
    conformal,
    curve,
    detectable,
    drift,
    duplicates,
    entities,
    known,
    resampled,
    sensitive,
    slices,
    splitting,
    treated,
)
from grundstein.evaluation.checks.look import Check, Checked, Look

CHECKS: tuple[Check, ...] = (
    detectable.check,
    known.check,
    resampled.check,
    splitting.check,
    entities.check,
    duplicates.check,
    classes.check,
    columns.check,
    slices.check,
    drift.check,
    sensitive.check,
    treated.check,
    calibration.check,
    conformal.check,
    curve.check,
)
SEALED: tuple[Check, ...] = (entities.sealed, duplicates.sealed, splitting.sealed, drift.sealed)
ORDER = ("issue", "tip", "passed", "not_applicable", "skipped")


def run(look: Look) -> Checked:
    """Run every check of development rows; a check that raises becomes a skipped finding with its reason."""
    checked = _all(CHECKS, look)
    return (
        checked
        if _target(look)
        else Checked((*checked.findings, Finding("GST-X01", "not_applicable")), checked.figures)
    )


def run_sealed(look: Look) -> Checked:
    """Run the checks that need the sealed questions (`look.questions`), in `decide` only."""
    return _all(SEALED, look)


def _all(some: tuple[Check, ...], look: Look) -> Checked:
    """Issues stand first; otherwise in the order of the checks. One thread, so the same rows give the same bits."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        parts = [_safely(check, look) for check in some]
    found = sorted((f for part in parts for f in part.findings), key=lambda f: ORDER.index(f.section))
    return Checked(tuple(found), tuple(figure for part in parts for figure in part.figures))


def _target(look: Look) -> bool:
    return bool(look.target) and look.target in look.table.column_names


def _safely(check: Check, look: Look) -> Checked:
    try:
        return check(look)
    except Exception as error:
        return Checked((Finding("GST-X02", "skipped", {"check": _name(check), "reason": _reason(error)}),))


def _name(check: Check) -> str:
    return check.__module__.rpartition(".")[2]


def _reason(error: Exception) -> str:
    """The house's own sentence, else the error's name and place: a library's words may quote a row."""
    if isinstance(error, GrundsteinError):
        return error.what
    frames = traceback.extract_tb(error.__traceback__)
    place = next((f for f in reversed(frames) if "grundstein" in Path(f.filename).parts), frames[-1])
    return f"{type(error).__name__} ({Path(place.filename).name}, line {place.lineno})"


__all__ = ["CHECKS", "SEALED", "Check", "Checked", "Look", "run", "run_sealed"]
