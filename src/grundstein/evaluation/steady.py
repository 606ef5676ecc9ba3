"""Room evaluation. In: a gain on development and on sealed units -> Out: a warning where it changes over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grundstein.core.findings import Finding
from grundstein.tools.inference import mean_error

if TYPE_CHECKING:
    from grundstein.tools.inference import Sample

ERRORS = 3.0


def steady(development: Sample, test: Sample) -> tuple[Finding, ...]:
    """Warn where the gain of the sealed part lies more than 3 of its errors from that of development.

    The candidate was chosen in development, so some loss is expected; more than chance can do says that what the gain
    rests on moves in time, and then no range of the past holds what comes.
    """
    moved = test.mean - development.mean
    error = math.hypot(mean_error(development), mean_error(test))
    if not abs(moved) > ERRORS * error:
        return ()
    return (Finding("GST-P01", "issue", {"development": development.mean, "sealed": test.mean}),)
