"""Room evaluation. In: development rows, sealed questions -> Out: equal rows (GST-C07, GST-S01, GST-S06)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from grundstein.core.findings import Finding
from grundstein.evaluation.checks import rows
from grundstein.evaluation.checks.look import Checked, Look

MANY, SOME = 0.05, 0.01


def check(look: Look) -> Checked:
    """Count development rows that equal another in everything but their key."""
    if not look.has_target or not look.content:
        return Checked()
    ids = rows.same_rows(look.table, (*look.content, look.target))
    copies = len(ids) - len(np.unique(ids))
    share = copies / max(len(ids), 1)
    if share < SOME:
        return Checked()
    facts = {"copies": copies, "rows": len(ids), "share": round(share, 4)}
    return Checked((Finding("GST-C07", "issue" if share >= MANY else "tip", facts),))


def sealed(look: Look) -> Checked:
    """Count sealed questions that equal a development row in everything but their key."""
    questions = look.questions
    names = [n for n in look.content if questions is not None and n in questions.column_names]
    if questions is None or not names or questions.num_rows == 0:
        return Checked()
    both = pa.concat_tables([look.table.select(names), questions.select(names)], promote_options="permissive")
    ids = rows.same_rows(both, names)
    seen = int(np.isin(ids[look.table.num_rows :], ids[: look.table.num_rows]).sum())
    facts = {"copies": seen, "questions": questions.num_rows, "share": round(seen / questions.num_rows, 4)}
    if facts["share"] < SOME:
        return Checked((Finding("GST-S06", "passed", facts),))
    return Checked((Finding("GST-S01", "issue" if facts["share"] >= MANY else "tip", facts),))
