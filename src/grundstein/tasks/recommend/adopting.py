"""Room tasks. In: somebody else's lists -> Out: the same as `user`, `items` and `scores`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.recommend import ranking
from grundstein.tasks.recommend.events import texts

if TYPE_CHECKING:
    from grundstein.tasks.recommend.options import Reading


def adopted(read: Reading, given: pa.Table) -> pa.Table:
    """Read `items`: a list, its JSON, or texts with | between them, best first; the first ones count."""
    name = "items" if "items" in given.column_names else "answer"
    for column in (read.user, name):
        if column not in given.column_names:
            told = nearest(column, given.column_names)
            raise Refused(f"there is no column `{column}`", told, "bring the user and `items`, best first")
    kind = given.schema.field(name).type
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    rows = given[name].to_pylist() if listed else [_list(text) for text in texts(given[name]).to_pylist()]
    items = [[str(item) for item in dict.fromkeys(row or ()) if item is not None][: read.depth] for row in rows]
    scores = [[1.0 / (place + 1) for place in range(len(one))] for one in items]
    return ranking.answer_table(texts(given[read.user]), items, scores)


def _list(text: str) -> list[object]:
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split("|") if part.strip()]
    try:
        return list(json.loads(text))
    except ValueError:
        raise Refused("a list of items cannot be read", 'a|b|c, or ["a", "b", "c"]', "mend `items`") from None
