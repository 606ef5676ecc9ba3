"""Room tools. In: a table of somebody's answers and the keys of units -> Out: which answer belongs to which unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest, offered
from grundstein.tools.sealing import HOUSE_COLUMNS, unit_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grundstein.core.case import Also
    from grundstein.core.ports import Asked

    Hashes = NDArray[np.int64]

ANSWERS = ("answer", "probability", "act", "items", "scores")
CASED = ("answer", "items")
OF_LABEL = "probability: "
MATCHED = "match"


@dataclass(frozen=True)
class Written:
    """Answers that lie there: a governed table or a file. `version` pins what was read."""

    also: Also
    table: pa.Table
    version: str = ""

    def written(self) -> pa.Table:
        """All answers with the columns that name a unit."""
        return self.table

    def answers(self, asked: Asked) -> pa.Table:
        """One row a question; null where there is no answer to it."""
        names = tuple(asked.keys.column_names)
        given = plain(self.table, names, asked.target, asked.keys.schema, self.also.name)
        return taken(given, asked.keys)


def plain(table: pa.Table, key: Sequence[str], target: str, like: pa.Schema, name: str) -> pa.Table:
    """Return key and answers under the house's names, ordered by key, without rows that name no unit or say nothing.

    The answer may stand under the target's own name. Refused where a column is missing or a key comes twice.
    """
    for column in key:
        if column not in table.column_names:
            raise _missing(name, column, table, f"The column `{column}`, which names a unit.")
    source = {column: column for column in table.column_names if column in ANSWERS or column.startswith(OF_LABEL)}
    if target and target in table.column_names and "answer" not in source:
        source["answer"] = target
    if not source.keys() & {*CASED, "probability"}:
        raise _missing(name, "answer", table, "A column `answer`" + (f" or `{target}`." if target else "."))
    columns = {column: _like(table[column], like.field(column).type) for column in key}
    found = pa.table({**columns, **{word: table[column] for word, column in source.items()}})
    said = next(found[word].is_valid() for word in (*CASED, "probability") if word in source)
    for column in key:
        said = pc.and_(said, found[column].is_valid())
    found = found.filter(said)
    hashes = unit_hash(found, key, "", MATCHED)
    order = np.argsort(hashes, kind="stable")
    twice = int((np.diff(hashes[order]) == 0).sum())
    if twice:
        raise Refused(
            f"{name} answers {twice} units more than once (by {', '.join(key)}).",
            "One answer a unit.",
            "Remove the repeated rows, or say which one holds",
        )
    return found.take(pa.array(order))


def taken(given: pa.Table, keys: pa.Table) -> pa.Table:
    """Return the answers of `given` (from `plain`) for each row of `keys`; null where there is none."""
    place = places(unit_hash(given, keys.column_names, "", MATCHED), unit_hash(keys, keys.column_names, "", MATCHED))
    wanted = pa.array(place, mask=place < 0)
    return given.select([name for name in given.column_names if name not in keys.column_names]).take(wanted)


def places(there: Hashes, wanted: Hashes) -> Hashes:
    """Return for each wanted hash its place in `there` (rising), -1 where it is not."""
    if not len(there):
        return np.full(len(wanted), -1, dtype=np.int64)
    found = np.minimum(np.searchsorted(there, wanted), len(there) - 1)
    return np.where(there[found] == wanted, found, -1)


def shown(asked: Asked, columns: Sequence[str], private: bool) -> list[str]:
    """Return the columns that an outside candidate sees: those it names, else all but those that name a unit.

    With `private` also without persons' data. Refused with the nearest name, or where nothing is left.
    """
    there = [name for name in asked.questions.column_names if name not in HOUSE_COLUMNS]
    for name in columns:
        if name not in there:
            raise Refused(
                f'`columns` names "{name}", which the questions lack.',
                offered(name, there),
                "Correct `columns` under `also:`",
            )
    hidden = {*asked.naming, *(asked.personal if private else ())}
    found = list(columns) or [name for name in there if name not in hidden]
    if not found:
        raise Refused(
            "No column is left to be shown: those that name a unit or hold persons' data are kept here.",
            f"`columns:` with what may be shown; there are: {', '.join(there)}.",
            "Add `columns: [...]` under `also:`",
        )
    return found


def _like(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cast a key to the type that it has in the lake; what cannot be cast names no unit there."""
    if column.type == kind:
        return column
    try:
        return pc.cast(column, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = pa.array([_one(value, kind) for value in column.to_pylist()], kind)
        return pa.chunked_array([values])


def _one(value: object, kind: pa.DataType) -> object:
    try:
        return pa.scalar(value).cast(kind).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _missing(name: str, column: str, table: pa.Table, expected: str) -> Refused:
    names = [one for one in table.column_names if one not in HOUSE_COLUMNS]
    told = nearest(column, names)
    return Refused(f"{name} has no column `{column}`.", f"{expected} {told[:1].upper()}{told[1:]}", "Rename the column")
