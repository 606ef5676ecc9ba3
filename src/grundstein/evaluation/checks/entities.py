"""Room evaluation. In: the entity's column, or one that looks like it -> Out: findings GST-S02 and GST-S07."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.findings import Fact, Finding, Section
from grundstein.evaluation.checks import rows
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.tools.encoding import ID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED, CHANCE = 0.2, 1e-4


def check(look: Look) -> Checked:
    """Name the columns that may stand for an entity that nobody declared."""
    return Checked() if look.entity else Checked(tuple(_undeclared(look)))


def sealed(look: Look) -> Checked:
    """Count the entities that stand on both sides of the split."""
    questions, name = look.questions, look.entity
    if questions is None or name not in questions.column_names or name not in look.table.column_names:
        return Checked()
    asked = pc.unique(rows.texts(questions[name])).drop_null()
    known = pc.unique(rows.texts(look.table[name])).drop_null()
    both = int(pc.sum(pc.is_in(asked, value_set=known)).as_py() or 0)
    section: Section = "tip" if look.split == "time" else "issue"
    facts: dict[str, Fact] = {"column": name, "both": both, "entities": len(asked)}
    return Checked((Finding("GST-S02", section, facts),) if both else ())


def _undeclared(look: Look) -> Iterator[Finding]:
    """Columns with 1.2 to 50 rows a value that may stand for a customer with several rows.

    Named like an id: a tip, and an issue where its rows share the answer. Any other text: a tip where they share it.
    """
    for name in look.features:
        column = look.table[name]
        named = bool(ID_NAME.search(name)) and (rows.is_text(column) or pa.types.is_integer(column.type))
        if not named and not rows.is_text(column):
            continue
        entities, filled = rows.distinct(column), len(column) - column.null_count
        if entities < 20 or not 1.2 * entities <= filled <= 50 * entities:
            continue
        shared = _shared(look, column) if look.has_target else 0.0
        if named or shared >= SHARED:
            facts: dict[str, Fact] = {"column": name, "entities": entities, "rows": filled, "shared": round(shared, 2)}
            yield Finding("GST-S07", "issue" if named and shared >= SHARED else "tip", facts)


def _shared(look: Look, column: pa.ChunkedArray) -> float:
    """How alike answers are within a value, above answers of different values (intraclass correlation; Fisher 1925).

    0 where chance could make it (F at one in 10,000). Of classes, the commonest against all others.
    """
    from scipy.stats import f

    goal, parts = look.goal, rows.part_codes(column)
    here = goal.known & (parts > 0 if rows.is_text(column) else np.isfinite(rows.numbers(column)))
    answers = goal.values[here]
    if goal.kind == "many":
        answers = (answers == np.bincount(answers.astype(int)).argmax()).astype(np.float64)
    _, place, size = np.unique(parts[here], return_inverse=True, return_counts=True)
    groups, n = len(size), len(place)
    if groups < 2 or n <= groups:
        return 0.0
    means = np.bincount(place, weights=answers) / size
    between = float((size * (means - answers.mean()) ** 2).sum()) / (groups - 1)
    within = float(((answers - means[place]) ** 2).sum()) / (n - groups)
    rows_each = (n - float((size.astype(float) ** 2).sum()) / n) / (groups - 1)
    if f.sf(between / max(within, 1e-300), groups - 1, n - groups) > CHANCE:
        return 0.0
    return (between - within) / max(between + (rows_each - 1) * within, 1e-300)
