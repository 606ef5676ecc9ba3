"""Room evaluation. In: the entity's column, or one that looks like it -> Out: findings GST-S02 and GST-S07."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.findings import Fact, Finding, Section
from grundstein.evaluation.checks import rows
from grundstein.evaluation.checks.look import Checked, Look
from grundstein.tools.encoding import ID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """Columns named like an id with 2 to 50 rows a value: the same customer in many rows."""
    for name in look.features:
        column = look.table[name]
        if not ID_NAME.search(name) or not (rows.is_text(column) or pa.types.is_integer(column.type)):
            continue
        entities, filled = rows.distinct(column), len(column) - column.null_count
        if entities >= 20 and 1.2 * entities <= filled <= 50 * entities:
            yield Finding("GST-S07", "tip", {"column": name, "entities": entities, "rows": filled})
