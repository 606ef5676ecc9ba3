"""Room tasks. In: somebody else's lists -> Out: the same as `query_id`, `ids` and `scores`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.search.judging import answer_table
from grundstein.tasks.search.solutions import called
from grundstein.tools.columns import as_texts

if TYPE_CHECKING:
    from grundstein.tasks.search.options import Plan


def adopted(plan: Plan, given: pa.Table) -> pa.Table:
    """Read `ids`, `items` or `answer`: a list, its JSON, or texts with | between them, best first."""
    name = next((one for one in ("ids", "items") if one in given.column_names), "answer")
    if name not in given.column_names:
        raise Refused("there is no column `ids`", nearest("ids", given.column_names), "bring documents, best first")
    kind = given.schema.field(name).type
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    rows = given[name].to_pylist() if listed else [_list(text or "") for text in as_texts(given, name).to_pylist()]
    lists = [[str(one) for one in dict.fromkeys(row or ()) if one is not None][: plan.depth] for row in rows]
    scores = [[1.0 / (place + 1) for place in range(len(one))] for one in lists]
    return answer_table(called(given, plan), lists, scores)


def _list(text: str) -> list[object]:
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split("|") if part.strip()]
    try:
        return list(json.loads(text))
    except ValueError:
        raise Refused("a list of documents cannot be read", 'a|b|c, or ["a", "b", "c"]', "mend `ids`") from None
