"""Room evaluation. In: development rows, sealed questions -> Out: equal rows (GST-C07, GST-S01, GST-S06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.findings import Fact, Finding, Section
from grundstein.evaluation.checks import rows
from grundstein.evaluation.checks.look import Checked, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MANY, SOME, FEWEST = 0.02, 0.01, 5
COARSE = 0.1


def check(look: Look) -> Checked:
    """Count development rows that equal another in everything but their key."""
    if not look.has_target or not look.content:
        return Checked()
    names = (*look.content, look.target)
    ids = rows.same_rows(look.table, names)
    copies = len(ids) - len(np.unique(ids))
    if copies < SOME * len(ids):
        return Checked()
    facts = _facts(copies, len(ids), _beyond_chance(look.table, names, ids))
    return Checked((Finding("GST-C07", _section(facts), {**facts, "rows": len(ids)}),))


def sealed(look: Look) -> Checked:
    """Count sealed questions that equal a development row in everything but their key."""
    questions = look.questions
    names = [n for n in look.content if questions is not None and n in questions.column_names]
    if not look.has_target or questions is None or not names or questions.num_rows == 0:
        return Checked()
    both = pa.concat_tables([look.table.select(names), questions.select(names)], promote_options="permissive")
    ids = rows.same_rows(both, names)
    seen = int(np.isin(ids[look.table.num_rows :], ids[: look.table.num_rows]).sum())
    few = seen < SOME * questions.num_rows
    facts = _facts(seen, questions.num_rows, 0.0 if few else _beyond_chance(both, names, ids))
    facts["questions"] = questions.num_rows
    return Checked((Finding("GST-S06", "passed", facts) if few else Finding("GST-S01", _section(facts), facts),))


def _beyond_chance(table: pa.Table, names: Sequence[str], ids: NDArray[np.int64]) -> float:
    """Where less than one row in ten is new, the columns are too few to tell rows apart: all is put down to chance."""
    return 0.0 if len(np.unique(ids)) < COARSE * len(ids) else rows.beyond_chance(table, names)


def _facts(copies: int, of: int, beyond: float) -> dict[str, Fact]:
    return {"copies": copies, "share": round(copies / of, 4), "chance": round(copies * (1 - beyond))}


def _section(facts: dict[str, Fact]) -> Section:
    """Equal rows beyond those that chance makes: at least five, and 2 % of all, are an issue."""
    copies, chance, share = float(facts["copies"]), float(facts["chance"]), float(facts["share"])
    return "issue" if copies - chance >= FEWEST and share * (1 - chance / copies) >= MANY else "tip"
