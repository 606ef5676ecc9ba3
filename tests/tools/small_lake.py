"""What the tests of SELECT share: two governed tables in three files, a file and a CSV beside them, small limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from grundstein.tools.select import Limits

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Limits(rows=1000, seconds=20, memory_mb=128, disk_mb=64)
CUSTOMERS = pa.table({"_row": [0, 1, 2], "Contract": ["Month-to-month", "Two year", None], "tenure": [1, 60, 5]})
LATER = pa.table({"_row": [3, 4], "Contract": ["=1+1", "One year"], "tenure": [7, None]})
ORDERS = pa.table({"_row": [1, 0], "customer": [2, 1], "items": [["a", "b"], ["c"]], "amount": [1.5, float("inf")]})


def small_lake(folder: Path) -> dict[str, list[str]]:
    """Write the files; returns those of each table."""
    paths = {name: str(folder / f"{name}.parquet") for name in ("first", "second", "orders", "secret")}
    for name, table in (("first", CUSTOMERS), ("second", LATER), ("orders", ORDERS), ("secret", CUSTOMERS)):
        pq.write_table(table, paths[name])
    (folder / "plain.csv").write_text("a,b\n1,2\n")
    return {"customers": [paths["first"], paths["second"]], "orders": [paths["orders"]]}
