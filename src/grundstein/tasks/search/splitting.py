"""Room tasks. In: queries, what answers them, and a seal -> Out: the sealed split and folds of its shape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused
from grundstein.core.task import Split
from grundstein.tools import folding
from grundstein.tools.columns import as_numbers, as_texts, column_of
from grundstein.tools.retrieval.shelf import documents_of
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grundstein.core.records import Seal
    from grundstein.core.task import Data
    from grundstein.tasks.search.options import Plan

FOLDS = 3
LISTED = "|"
GRADED = pa.struct([("id", pa.string()), ("grade", pa.float64())])


def seal_queries(data: Data, plan: Plan, seal: Seal) -> Split:
    """Split the queries by their table's seal; what answers a sealed one goes with it, the corpus stays whole.

    Of known items the titles leave the corpus.
    """
    for role in ("queries", "corpus"):
        if role not in data:
            raise Refused(f"a search case needs a table `{role}`", f"`data: {{{role}: TABLE}}`", "name it in the case")
    asked = np.asarray(pc.is_valid(column_of(data["queries"], plan.query)), dtype=np.bool_)
    development, sealed = folding.sealed_parts(data["queries"], asked, seal, plan.entity, plan.horizon_days)
    corpus = without_titles(data["corpus"], plan) if plan.known_items else data["corpus"]
    return _split({**data, "corpus": corpus}, development, sealed, plan, seal.how)


def fold_queries(development: Data, plan: Plan, seed: int) -> Iterator[Split]:
    """Yield three splits of the development part: forward in time, or by clusters."""
    rows = development["queries"]
    for fitted, asked, how in folding.folds_of(rows, np.zeros(rows.num_rows), plan, seed, FOLDS):
        yield _split(development, fitted, asked, plan, how)


def wanted_of(data: Data, rows: pa.Table, plan: Plan) -> list[dict[str, float]]:
    """Return for each query the documents that answer it with their grades, all above 0; none where nobody knows."""
    if plan.judged:
        judged = _judged(data["judgements"], plan)
        return [judged.get(name, {}) for name in as_texts(rows, plan.query_id).to_pylist()]
    told = as_texts(rows, plan.relevant or plan.columns.id).to_pylist()
    if plan.known_items:
        return [{name: 1.0} if name else {} for name in told]
    several = [(text or "").split(LISTED) for text in told]
    return [{name.strip(): 1.0 for name in names if name.strip()} for names in several]


def names_of(rows: pa.Table, plan: Plan) -> pa.Array:
    """Return what each query is called in an answer: its name, its number where it has none.

    A known item is not called by the document that it looks for.
    """
    if plan.known_items and "_unit" in rows.column_names:
        return pa.array([f"{unit:x}" for unit in rows["_unit"].to_pylist()], pa.string())
    if plan.query_id and plan.query_id in rows.column_names:
        return as_texts(rows, plan.query_id).combine_chunks()
    return pa.nulls(rows.num_rows, pa.string())


def without_titles(corpus: pa.Table, plan: Plan) -> pa.Table:
    """Return the corpus with empty titles; a text that begins with its title begins behind it."""
    own = replace(plan.columns, id="_numbered")
    numbers = pa.array([str(row) for row in range(corpus.num_rows)])
    titles = [one.title.strip() for one in documents_of(corpus.append_column("_numbered", numbers), own)]
    for name in plan.columns.text:
        texts = as_texts(corpus, name).to_pylist()
        bare = [text and text.lstrip().removeprefix(title) for text, title in zip(texts, titles, strict=True)]
        corpus = corpus.set_column(corpus.column_names.index(name), name, pa.array(bare, pa.string()))
    for name in plan.columns.title:
        place = corpus.column_names.index(name)
        corpus = corpus.set_column(place, name, pa.nulls(corpus.num_rows, pa.string()))
    return corpus


def _judged(judgements: pa.Table, plan: Plan) -> Mapping[str, dict[str, float]]:
    queries, documents = (as_texts(judgements, name).to_pylist() for name in (plan.query_id, plan.columns.id))
    grades = as_numbers(judgements, plan.relevance) if plan.relevance else np.ones(judgements.num_rows)
    found: dict[str, dict[str, float]] = {}
    for query, document, grade in zip(queries, documents, grades.tolist(), strict=True):
        if query is not None and document is not None and grade > 0:
            found.setdefault(query, {})[document] = grade
    return found


def _best_first(wanted: Mapping[str, float]) -> list[dict[str, str | float]]:
    return [{"id": one, "grade": wanted[one]} for one in sorted(wanted, key=lambda one: (-wanted[one], one))]


def _split(data: Data, development: pa.Table, asked: pa.Table, plan: Plan, how: str) -> Split:
    names = names_of(asked, plan)
    graded = [_best_first(wanted) for wanted in wanted_of(data, asked, plan)]
    truth = pa.table({"query_id": names, "wanted": pa.array(graded, pa.list_(GRADED)), **folding.marks_of(asked)})
    held = {**data, "queries": development}
    if plan.judged:
        known = as_texts(development, plan.query_id).combine_chunks()
        judgements = data["judgements"]
        held["judgements"] = judgements.filter(pc.is_in(as_texts(judgements, plan.query_id), value_set=known))
    return Split(held, _questions(asked, names, plan), {"queries": truth}, how)


def _questions(asked: pa.Table, names: pa.Array, plan: Plan) -> pa.Table:
    if plan.known_items:
        kept = [plan.query, *(name for name in plan.columns.narrow if name in asked.column_names)]
        bare = asked.select([name for name in dict.fromkeys(kept) if name != plan.query_id])
        return bare.add_column(0, plan.query_id, names)
    hidden = {plan.relevant, *HOUSE_COLUMNS}
    return asked.select([name for name in asked.column_names if name not in hidden])
