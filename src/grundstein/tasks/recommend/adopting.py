"""Room tasks. In: somebody else's lists -> Out: the same as the task answers, under the same rules of the business."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import texts
from grundstein.tasks.recommend.shelf import shelf_of

if TYPE_CHECKING:
    from grundstein.core.task import Data
    from grundstein.tasks.recommend.options import Reading


def adopted(read: Reading, development: Data, given: pa.Table) -> pa.Table:
    """Read `items`: a list, its JSON, or texts with | between them, best first; the first that may be shown count."""
    name = "items" if "items" in given.column_names else "answer"
    for column in (read.key, name):
        if column not in given.column_names:
            told = nearest(column, given.column_names)
            raise Refused(f"there is no column `{column}`", told, f"bring the {read.asked} and `items`, best first")
    kind = given.schema.field(name).type
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    rows = given[name].to_pylist() if listed else [_list(text) for text in texts(given[name]).to_pylist()]
    items = _permitted(read, development, [[str(item) for item in row or () if item is not None] for row in rows])
    scores = [[1.0 / (place + 1) for place in range(len(one))] for one in items]
    bases = ["given" if one else "nothing" for one in items]
    return ranking.answer_table(read, texts(given[read.key]), items, scores, bases)


def _permitted(read: Reading, development: Data, rows: list[list[str]]) -> list[list[str]]:
    """Without a table of items all may be shown; with one, those on its shelf."""
    if "items" not in development:
        return [list(dict.fromkeys(row))[: read.depth] for row in rows]
    shelf = shelf_of(development["items"], read, ())
    return [shelf.named(row, read.depth) for row in rows]


def _list(text: str | None) -> list[object]:
    if text is None or not text.lstrip().startswith("["):
        return [part.strip() for part in (text or "").split("|") if part.strip()]
    try:
        return list(json.loads(text))
    except ValueError:
        raise Refused("a list of items cannot be read", 'a|b|c, or ["a", "b", "c"]', "mend `items`") from None
