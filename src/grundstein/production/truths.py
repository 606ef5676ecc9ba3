"""Room production. In: answers, and truths that were told since -> Out: which truth belongs to which answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

BETWEEN = "\x1f"


def matched(answers: pa.Table, told: pa.Table, keys: Sequence[str]) -> Whole:
    """Return for each answer the row of `told` that is its truth, -1 where none was told yet.

    `told` has `told_at`, and `answer_id` or `keys`. What names an answer belongs to it; what names a unit belongs to
    the last answer about that unit that was given before. Of several the newest counts, of equals the last one.
    """
    place = _owners(answers, told, keys)
    found = np.full(answers.num_rows, -1, dtype=np.int64)
    order = np.argsort(_moments(told), kind="stable")
    order = order[place[order] >= 0]
    found[place[order]] = order
    return found


def corrected(answers: pa.Table, told: pa.Table, keys: Sequence[str], target: str) -> int:
    """Return how many answers were told different truths of, so that an older one does not count."""
    place = _owners(answers, told, keys)
    values = np.asarray(told[target].combine_chunks().dictionary_encode(null_encoding="encode").indices)
    pairs = np.unique(np.column_stack([place, values])[place >= 0], axis=0)
    return int((np.unique(pairs[:, 0], return_counts=True)[1] > 1).sum())


def _owners(answers: pa.Table, told: pa.Table, keys: Sequence[str]) -> Whole:
    """The answer that each telling is about, -1 where it is about none."""
    place = _by_name(answers, told)
    if keys and all(name in table.column_names for name in keys for table in (answers, told)):
        unnamed = np.flatnonzero(_nameless(told))
        place[unnamed] = _by_key(answers, told.take(pa.array(unnamed)), keys)
    return place


def _nameless(told: pa.Table) -> NDArray[np.bool_]:
    """Mark the tellings that name no answer: one that names an answer nobody knows is about no other one."""
    if "answer_id" not in told.column_names:
        return np.ones(told.num_rows, dtype=np.bool_)
    return np.asarray(pc.is_null(told["answer_id"]))


def _by_name(answers: pa.Table, told: pa.Table) -> Whole:
    """The answer that each telling names, -1 where it names none."""
    if "answer_id" not in told.column_names or "answer_id" not in answers.column_names:
        return np.full(told.num_rows, -1, dtype=np.int64)
    names = pa.chunked_array([pc.cast(told["answer_id"], pa.string()).combine_chunks()])
    known = pc.cast(answers["answer_id"], pa.string()).combine_chunks()
    return np.array(pc.fill_null(pc.index_in(names, value_set=known, skip_nulls=True), -1), dtype=np.int64)


def _by_key(answers: pa.Table, told: pa.Table, keys: Sequence[str]) -> Whole:
    """The last answer about each telling's unit that was given no later than it; -1 where there is none."""
    units = _units([answers, told], keys)
    rows, told_rows = answers.num_rows, told.num_rows
    when = np.concatenate([_given(answers), _moments(told)])
    later = np.repeat([0, 1], [rows, told_rows])
    order = np.lexsort((later, when, units))
    last = np.where(order < rows, np.arange(len(order)), -1)
    last = np.maximum.accumulate(last)
    found = np.where(last >= 0, order[np.maximum(last, 0)], -1)
    same = (found >= 0) & (units[np.maximum(found, 0)] == units[order]) & (units[order] >= 0)
    place = np.full(rows + told_rows, -1, dtype=np.int64)
    place[order] = np.where(same, found, -1)
    return place[rows:]


def _units(tables: Sequence[pa.Table], keys: Sequence[str]) -> Whole:
    """A number a unit over all tables, the same for equal keys; -1 where a part of the key lacks."""
    texts = [
        pc.binary_join_element_wise(*(pc.cast(table[name], pa.string()).combine_chunks() for name in keys), BETWEEN)
        for table in tables
    ]
    coded = pa.concat_arrays([pc.cast(text, pa.string()) for text in texts]).dictionary_encode()
    return np.array(pc.fill_null(coded.indices, -1), dtype=np.int64)


def _given(answers: pa.Table) -> Whole:
    """When each answer was given; the order of its row stands for it where nobody has written it down."""
    if "answered_at" not in answers.column_names:
        return np.full(answers.num_rows, np.iinfo(np.int64).min, dtype=np.int64)
    return _instants(answers["answered_at"])


def _moments(told: pa.Table) -> Whole:
    return _instants(told["told_at"])


def _instants(column: pa.ChunkedArray) -> Whole:
    """UTC microseconds; what has none counts as the earliest."""
    moments = pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64())
    return np.array(pc.fill_null(moments, np.iinfo(np.int64).min), dtype=np.int64)
