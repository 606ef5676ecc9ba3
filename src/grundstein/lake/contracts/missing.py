"""Room lake. In: where a column has no value -> Out: the value of another column that says exactly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FEW, MOST = 3, 200


def explained(table: pa.Table, name: str, missing: NDArray[np.bool_], others: Iterable[str]) -> str:
    """Return `tenure 0` where the rows without a value are exactly those with tenure 0, "" where nothing says it.

    `table` holds texts; `missing` flags its rows. Asked for a few columns of a table that is not too wide.
    """
    count = int(missing.sum())
    if not FEW <= count < len(missing) or table.num_columns > MOST:
        return ""
    mask, first = pa.array(missing), int(np.flatnonzero(missing)[0])
    for other in others:
        value = table[other][first].as_py()
        if other == name or value is None or not value.strip():
            continue
        same = pc.fill_null(pc.equal(table[other], value), False)
        if pc.sum(same).as_py() == count and pc.all(pc.equal(same, mask)).as_py():
            return f"{other} {value.strip()[:20]}"
    return ""
