"""Room tasks. In: somebody else's answers -> Out: the same as the columns of `Task.answers`, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused, nearest
from grundstein.tasks.logs.answers import Labels, labels_of, table_of
from grundstein.tasks.logs.sessions import grouped, outcomes_of, session_column
from grundstein.tools.columns import YES, as_texts, shares_in
from grundstein.tools.money import within

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Data
    from grundstein.tasks.logs.options import Plan

NO = ("no", "nein", "false", "falsch", "0", "n", "f")


def adopted(plan: Plan, development: Data, given: pa.Table) -> pa.Table:
    """Return `answer`, `probability` and `act`; what is left out is filled by the plainest rule.

    Refused where an answer is no outcome, or where log_loss decides and no probability is given.
    """
    labels = labels_of(plan, outcomes_of(development, plan, grouped(development["lines"], plan)))
    share = shares_in(given, "probability")
    if share is None and plan.measure == "log_loss":
        raise Refused(
            "answers without `probability` cannot be measured by log_loss",
            "a column `probability`, from 0 to 1",
            "bring it, or say what an answer is worth: `money`, or `metric: accuracy`",
        )
    yes = _yes(labels, given, share)
    sure = yes.astype(np.float64) if share is None else share
    act = shares_in(given, "act")
    if act is None:
        even, way = plan.stakes.even, plan.stakes.direction
        cut = 0.5 if share is None or even is None else way * even
        act = within(plan.room, way * sure if share is not None else np.where(yes == (way > 0), 1.0, 0.0), cut)
    column = session_column(plan, given.column_names)
    names = as_texts(given, column).to_pylist() if column in given.column_names else [None] * given.num_rows
    return table_of(labels, names, sure, act, yes)


def _yes(labels: Labels, given: pa.Table, share: NDArray[np.float64] | None) -> NDArray[np.bool_]:
    """Whether each answer says yes: as it is written, where it is silent by its probability."""
    texts = as_texts(given, "answer").to_pylist() if "answer" in given.column_names else [None] * given.num_rows
    known = {labels.yes: True, labels.no: False}
    known |= {word: flag for flag, words in ((True, YES), (False, NO)) for word in words if word not in known}
    found = []
    for at, text in enumerate(texts):
        if text is None and share is not None:
            found.append(bool(share[at] > 0.5))
            continue
        said = known.get((text or "").strip(), known.get((text or "").strip().casefold()))
        if said is None:
            told = nearest(text or "", (labels.yes, labels.no))
            raise Refused(f'the answer "{(text or "")[:40]}" is no outcome', told, "mend the answers")
        found.append(said)
    return np.array(found, dtype=np.bool_)
