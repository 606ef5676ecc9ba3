"""Room tasks. In: somebody else's grades -> Out: the same as the columns of `Task.answers`, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.errors import Refused
from grundstein.tasks.letters.splitting import BEST, WORST
from grundstein.tasks.letters.worth import answer_table
from grundstein.tools.columns import as_numbers

if TYPE_CHECKING:
    import pyarrow as pa


def adopted(given: pa.Table) -> pa.Table:
    """Return `answer` with a range of its own whole grade where none is given; Refused where one is no grade."""
    if "answer" not in given.column_names:
        raise Refused("there is no answer", "a column `answer` with grades from 1 to 6", "bring it")
    told = as_numbers(given, "answer")
    if not ((told >= BEST) & (told <= WORST)).all():
        raise Refused("an answer is empty or no grade", "a number from 1 (best) to 6 in every row", "mend the answers")
    whole = np.floor(told + 0.5)
    low, high = (as_numbers(given, name) if name in given.column_names else whole for name in ("low", "high"))
    return answer_table(told, low, high, ["given"] * len(told))
