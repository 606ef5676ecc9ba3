"""Room tasks. In: somebody else's categories -> Out: the same as the columns of `Task.answers`, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.categorize.splitting import labels_of
from grundstein.tools.columns import as_texts, shares_in
from grundstein.tools.money import within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]


def adopted(plan: Plan, development: pa.Table, given: pa.Table) -> pa.Table:
    """Return `answer`, `probability` and `act`; Refused where they cannot be understood.

    An answer without `act` is given alone where its probability says that this pays, without either always.
    """
    if "answer" not in given.column_names:
        raise Refused("there is no answer", "a column `answer` with a category", "bring it")
    labels = pc.utf8_trim_whitespace(as_texts(given, "answer"))
    known = set(pc.unique(labels_of(development, plan)).to_pylist())
    told = pc.unique(labels).to_pylist()
    if told and not known & set(told):
        raise Refused(f'the answer "{told[0][:40]}" is no category', nearest(told[0], known), "mend the answers")
    share = shares_in(given, "probability")
    if share is None and plan.measure == "log_loss":
        raise Refused("answers without `probability` have no log_loss", "a column `probability`", "bring it")
    act = shares_in(given, "act")
    if act is None:
        act = _act(plan, share, given.num_rows)
    sure = np.ones(given.num_rows) if share is None else share
    return pa.table({"answer": labels, "probability": sure, "act": act})


def _act(plan: Plan, share: Floats | None, count: int) -> Floats:
    """Alone where it pays, and no more of them than the capacity holds: the surest."""
    even = plan.stakes.even if plan.money else None
    return within(plan.room, np.ones(count)) if share is None or even is None else within(plan.room, share, even)
