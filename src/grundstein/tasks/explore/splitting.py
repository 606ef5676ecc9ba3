"""Room tasks. In: documents and their seal -> Out: the sealed split and folds of its shape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused
from grundstein.tools import folding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from grundstein.core.records import Seal
    from grundstein.core.task import Data, Split
    from grundstein.tasks.explore.options import Plan

FOLDS = 3


def seal_documents(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split the documents by their table's seal; references stay with development."""
    if "corpus" not in data:
        raise Refused("an explore case needs a table `corpus`", "`data: {corpus: TABLE}`", "name it in the case")
    every = np.ones(data["corpus"].num_rows, dtype=np.bool_)
    development, sealed = folding.sealed_parts(data["corpus"], every, seal, plan.entity, plan.horizon_days)
    return _split(development, sealed, plan, seal.how, data)


def fold_documents(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield three splits of the development part: forward in time, or by clusters."""
    rows = development["corpus"]
    for fitted, asked, how in folding.folds_of(rows, np.zeros(rows.num_rows), plan, seed, FOLDS):
        yield _split(fitted, asked, plan, how, development)


def _split(development: pa.Table, asked: pa.Table, plan: Plan, how: str, data: Data) -> Split:
    """Questions are titles and texts; when it was written and what else is known of a document is kept back."""
    shown = {plan.id, *plan.read}
    hidden = {name for name in asked.column_names if name not in shown}
    told = [name for name in (plan.id, plan.time, plan.keywords) if name in asked.column_names and name != "_row"]
    made = folding.split_of(development, asked, hidden, told, how)
    others = {role: table for role, table in data.items() if role != "corpus"}
    return replace(
        made, development={"corpus": made.development["rows"], **others}, truth={"corpus": made.truth["rows"]}
    )
