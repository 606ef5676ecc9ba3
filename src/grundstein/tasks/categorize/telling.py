"""Room tasks. In: development rows, folds and people's labels -> Out: findings that only this task can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.findings import Finding
from grundstein.tasks.categorize.agreement import agreement, is_labels, said_of
from grundstein.tasks.categorize.reading import texts_of
from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.columns import as_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.task import Data, Split
    from grundstein.tasks.categorize.options import Plan

FEW, MANY_RARE = 5, 0.1
OFTEN = 0.01
PROGRAMS = ("auto_reply", "bounce", "newsletter", "automatic")


def findings(plan: Plan, development: Data, folds: Sequence[Split]) -> list[Finding]:
    """How far people agree, what no past knows, rare categories, empty texts, mails of programs."""
    rows = development["rows"]
    return [
        *_agreement(plan, development.get("labels")),
        *_entity(plan),
        *_unseen(plan, folds),
        *_rare(plan, rows),
        *_listed(plan, rows, development.get("categories")),
        *_empty(plan, rows),
        *_programs(plan, rows),
    ]


def _agreement(plan: Plan, labels: pa.Table | None) -> list[Finding]:
    """The ceiling: nobody can be right more often than people agree about what is right."""
    found = agreement(said_of(labels, plan.target)) if labels is not None and is_labels(labels) else None
    if found is None:
        return []
    facts: dict[str, str | int | float] = {
        "share": found.share,
        "kappa": found.kappa,
        "items": found.items,
        "people": found.people,
    }
    told = [Finding("GST-Y01", "tip", facts)]
    if found.disputed:
        pairs = "; ".join(f"{one} / {other} ({count})" for one, other, count in found.disputed)
        told.append(Finding("GST-Y02", "tip", {"pairs": pairs}))
    return told


def _entity(plan: Plan) -> list[Finding]:
    """Past choices of a key that the split keeps apart help nobody while judging."""
    apart = [" + ".join(key) for key in plan.keys if plan.entity in key]
    return [Finding("GST-Y03", "issue", {"entity": plan.entity, "key": apart[0]})] if plan.entity and apart else []


def _unseen(plan: Plan, folds: Sequence[Split]) -> list[Finding]:
    """How many asked rows have a category that nothing before them had."""
    missed, asked = 0, 0
    for fold in folds:
        truth = labels_of(fold.truth["rows"], plan)
        known = pc.unique(labels_of(fold.development["rows"], plan))
        missed += len(truth) - _count(pc.is_in(truth, value_set=known))
        asked += len(truth)
    return [Finding("GST-Y04", "tip", {"share": missed / asked})] if asked and missed > OFTEN * asked else []


def _rare(plan: Plan, rows: pa.Table) -> list[Finding]:
    counts = np.array([one["counts"].as_py() for one in pc.value_counts(labels_of(rows, plan).combine_chunks())])
    rare = int(np.sum(counts < FEW))
    facts = {"rare": rare, "categories": len(counts), "least": FEW, "rows": int(counts[counts < FEW].sum())}
    return [Finding("GST-Y05", "tip", facts)] if rare > MANY_RARE * len(counts) else []


def _listed(plan: Plan, rows: pa.Table, listed: pa.Table | None) -> list[Finding]:
    """Rows of categories that the table of categories does not have, and listed ones that nobody uses."""
    if listed is None:
        return []
    known, truth = pc.unique(labels_of(listed, plan)), labels_of(rows, plan)
    strange = truth.filter(pc.invert(pc.is_in(truth, value_set=known)))
    unused = len(known) - _count(pc.is_in(known, value_set=pc.unique(truth)))
    facts = {"categories": len(known), "unused": unused}
    if not len(strange):
        return [Finding("GST-Y08", "passed", facts)]
    names = ", ".join(sorted(pc.unique(strange).to_pylist())[:5])
    return [Finding("GST-Y09", "issue", {"rows": len(strange), "names": names})]


def _empty(plan: Plan, rows: pa.Table) -> list[Finding]:
    texts = texts_of(rows, plan.text, plan.clean) if plan.text else []
    empty = sum(not text.strip() for text in texts)
    return [Finding("GST-Y06", "tip", {"rows": empty, "share": empty / len(texts)})] if empty else []


def _programs(plan: Plan, rows: pa.Table) -> list[Finding]:
    """Mails that programs sent, where the table says so as reading mails does."""
    if "kind" not in rows.column_names or not plan.text:
        return []
    count = _count(pc.is_in(as_texts(rows, "kind"), value_set=pa.array(PROGRAMS)))
    return [Finding("GST-Y07", "tip", {"rows": count, "share": count / max(rows.num_rows, 1)})] if count else []


def _count(marks: pa.Array | pa.ChunkedArray) -> int:
    return int(np.count_nonzero(np.asarray(pc.fill_null(marks, fill_value=False))))
