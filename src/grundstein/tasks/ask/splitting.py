"""Room tasks. In: questions, the passages that answer them, a seal -> Out: the sealed split and folds of its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.task import Split
from grundstein.tools import folding
from grundstein.tools.columns import as_texts, column_of
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grundstein.core.records import Seal
    from grundstein.core.task import Data
    from grundstein.tasks.ask.options import Plan

FOLDS = 3
WANTED = pa.struct([("document", pa.string()), ("said", pa.string())])
Truths = list[list[dict[str, str | None]]]


def seal_questions(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split the questions by their table's seal; what answers a sealed one goes with it, the corpus stays whole."""
    for role in ("questions", "corpus", *(() if plan.relevant else ("passages",))):
        if role not in data:
            raise Refused(f"an ask case needs a table `{role}`", f"`data: {{{role}: TABLE}}`", "name it in the case")
    asked = np.asarray(pc.is_valid(column_of(data["questions"], plan.question)), dtype=np.bool_)
    development, sealed = folding.sealed_parts(data["questions"], asked, seal, plan.entity, plan.horizon_days)
    return _split(data, development, sealed, plan, seal.how)


def fold_questions(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield three splits of the development part, those that the corpus answers spread evenly."""
    rows = development["questions"]
    answered = np.array([bool(one) for one in wanted_of(development, rows, plan)], dtype=np.float64)
    for fitted, asked, how in folding.folds_of(rows, answered, plan, seed, FOLDS):
        yield _split(development, fitted, asked, plan, how)


def wanted_of(data: Data, rows: pa.Table, plan: Plan) -> Truths:
    """Return for each question the documents that answer it, with the words that do where they are known."""
    told = rows if plan.relevant else data["passages"]
    names, documents = (
        as_texts(told, name).to_pylist() for name in (plan.question_id, plan.relevant or plan.columns.id)
    )
    said = as_texts(told, plan.said).to_pylist() if plan.said else [None] * told.num_rows
    found: dict[str, list[dict[str, str | None]]] = {}
    for name, document, words in zip(names, documents, said, strict=True):
        if name is not None and document is not None:
            found.setdefault(name, []).append({"document": document, "said": words})
    return [found.get(name, []) for name in as_texts(rows, plan.question_id).to_pylist()]


def _split(data: Data, development: pa.Table, asked: pa.Table, plan: Plan, how: str) -> Split:
    truth = pa.table(
        {
            "question_id": as_texts(asked, plan.question_id),
            "wanted": pa.array(wanted_of(data, asked, plan), pa.list_(WANTED)),
            **folding.marks_of(asked),
        }
    )
    held = {**data, "questions": development}
    if not plan.relevant:
        known = as_texts(development, plan.question_id).combine_chunks()
        passages = data["passages"]
        held["passages"] = passages.filter(pc.is_in(as_texts(passages, plan.question_id), value_set=known))
    hidden = {*HOUSE_COLUMNS, *((plan.relevant, plan.said) if plan.relevant else ())}
    questions = asked.select([name for name in asked.column_names if name not in hidden])
    return Split(held, questions, {"questions": truth}, how)
