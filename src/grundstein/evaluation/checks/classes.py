"""Room evaluation. In: a target of classes -> Out: findings on classes with too few rows (GST-L04, GST-L05).

Ten is what the judge asks for among changed answers, and thirty what a class needs before its mean says much.
"""

from __future__ import annotations

import numpy as np

from grundstein.core.findings import Finding, Section
from grundstein.evaluation.checks.look import Checked, Look

HOPELESS, FEW = 10, 30


def check(look: Look) -> Checked:
    """Count the rows of each class; a number has no classes."""
    if not look.has_target or look.goal.kind == "number":
        return Checked()
    goal = look.goal
    counts = np.bincount(goal.values[goal.known].astype(int), minlength=len(goal.classes))
    rare = [k for k in np.argsort(counts, kind="stable") if counts[k] < FEW]
    if not rare:
        return Checked((Finding("GST-L05", "passed", {"classes": len(counts), "least": int(counts.min())}),))
    names = ", ".join(f"{goal.classes[k] or '–'} ({counts[k]})" for k in rare[:5])
    section: Section = "issue" if counts[rare[0]] < HOPELESS else "tip"
    return Checked((Finding("GST-L04", section, {"count": len(rare), "classes": names}),))
