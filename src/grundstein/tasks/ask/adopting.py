"""Room tasks. In: somebody else's answers -> Out: the same as the columns of `Task.answers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.ask.answers import MACHINE, SILENT
from grundstein.tasks.ask.solutions import called
from grundstein.tools.columns import as_texts, shares_in

if TYPE_CHECKING:
    from grundstein.tasks.ask.options import Plan


def adopted(plan: Plan, given: pa.Table) -> pa.Table:
    """Read `answer`, and `document`, `passage`, `probability`, `act` where they are; an empty answer is silence."""
    if "answer" not in given.column_names:
        raise Refused("there is no column `answer`", nearest("answer", given.column_names), "bring a text each")
    rows = given.num_rows
    language = plan.language or "en"
    told = pc.fill_null(pc.utf8_trim_whitespace(as_texts(given, "answer")), "").combine_chunks()
    said = np.asarray(pc.not_equal(told, ""), dtype=np.float64)
    empty, none = pa.nulls(rows, pa.string()), pa.array([[]] * rows, pa.list_(pa.string()))
    own = {
        name: as_texts(given, name).combine_chunks() for name in ("document", "passage") if name in given.column_names
    }
    share, act = shares_in(given, "probability"), shares_in(given, "act")
    return pa.table(
        {
            "question_id": pa.array(called(given, plan), pa.string()),
            "answer": pc.if_else(pc.not_equal(told, ""), told, SILENT.get(language, SILENT["en"])),
            "document": own.get("document", empty),
            "section": empty,
            "passage": own.get("passage", empty),
            "start": pa.nulls(rows, pa.int64()),
            "end": pa.nulls(rows, pa.int64()),
            "probability": said if share is None else share,
            "act": said if act is None else act * said,
            "others": none,
            "cited": none,
            "by": pa.array([MACHINE.get(language, MACHINE["en"])] * rows, pa.string()),
        }
    )
