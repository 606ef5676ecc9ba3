"""Room tasks. In: development sentences with grades -> Out: what the grammar does not read, and a ceiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.findings import Finding
from grundstein.tasks.letters.grading import prepared
from grundstein.tasks.letters.solutions import readings, texts_of
from grundstein.tasks.letters.splitting import grades_of

if TYPE_CHECKING:
    import pyarrow as pa

    from grundstein.tasks.letters.options import Plan


def findings(plan: Plan, rows: pa.Table) -> list[Finding]:
    """The share that the grammar is silent on, and the ceiling that equal sentences with different grades set."""
    silent = sum(not one.rule for one in readings(plan, rows))
    found = [Finding("GST-Z30", "tip" if silent else "passed", {"silent": silent, "units": rows.num_rows})]
    units, error = _ceiling(plan, rows)
    return [*found, Finding("GST-Z31", "tip", {"units": units, "mae": error})] if error > 0 else found


def _ceiling(plan: Plan, rows: pa.Table) -> tuple[int, float]:
    """How many rows stand there more than once, and the mean distance to the middle of their grades."""
    words = [prepared(text) for text in texts_of(plan, rows)]
    _, place, often = np.unique(np.array(words, dtype=str), return_inverse=True, return_counts=True)
    grades = grades_of(rows, plan)
    repeated = np.flatnonzero(often[place] > 1)
    if not len(repeated):
        return 0, 0.0
    middle = {group: float(np.median(grades[place == group])) for group in np.unique(place[repeated]).tolist()}
    return len(repeated), float(np.mean([abs(grades[row] - middle[place[row]]) for row in repeated.tolist()]))
