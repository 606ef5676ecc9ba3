"""Room lake. In: typed rows on the disk, a key, the table's files -> Out: which rows repeat a key.

DuckDB does it, spilling to the disk where memory is short; only keys whose hashes are alike are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.tools.syntax import quoted, read_parquet, spilling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from grundstein.lake.streaming.staging import Spool

MEMORY = "384MB"
MOST = 20_000_000
AT = "_at"
NONE = np.empty(0, np.int64)


def repeated(
    spool: Spool, key: Sequence[str], there: Sequence[str], folder: Path, last: bool = False
) -> NDArray[np.int64]:
    """Return the positions of rows whose key an earlier one has, in the arrival or in the table's files `there`.

    `last`: of rows with one key in the arrival the last one stays, and the table's do not matter.
    """
    names = ", ".join(map(quoted, key))
    with spilling(folder, MEMORY) as con:
        tables = ["arriving"]
        if there and not last:
            _same_types(spool, key, there)
            tables.append(read_parquet(there))
        alike = _alike(con, spool, key, tables)
        if alike is not None and not len(alike):
            return NONE
        only = ""
        if alike is not None:
            con.register("alike", pa.table({"hashed": alike}))
            only = f"SEMI JOIN alike ON hash({names}) = hashed"
        con.register("arriving", spool.reader(key))
        con.execute(f"CREATE TEMP TABLE keys AS SELECT * FROM arriving {only}")
        for files in tables[1:]:
            con.execute(f"INSERT INTO keys BY NAME SELECT {names}, -1 AS {AT} FROM {files} {only}")
        con.execute(f"CREATE TEMP TABLE twice AS SELECT {names} FROM keys GROUP BY {names} HAVING count(*) > 1")
        if not (con.execute("SELECT count(*) FROM twice").fetchone() or (0,))[0]:
            return NONE
        found = con.execute(
            f"SELECT {AT} FROM (SELECT {AT}, row_number() OVER (PARTITION BY {names} ORDER BY {AT} "
            f"{'DESC' if last else 'ASC'}) AS place FROM keys SEMI JOIN twice USING ({names})) "
            f"WHERE place > 1 AND {AT} >= 0 ORDER BY {AT}"
        )
        return np.asarray(found.fetchnumpy()[AT], np.int64)


def _alike(
    con: duckdb.DuckDBPyConnection, spool: Spool, key: Sequence[str], tables: Sequence[str]
) -> NDArray[np.uint64] | None:
    """The hashes that several keys have, so that the keys of few rows need comparing; None where rows are too many."""
    names, found, rows = ", ".join(map(quoted, key)), [], spool.rows
    for files in tables[1:]:
        rows += con.execute(f"SELECT count(*) FROM {files}").fetchall()[0][0]
    if rows > MOST:
        return None
    con.register("arriving", spool.reader(key))
    for files in tables:
        hashed = con.execute(f"SELECT hash({names}) AS hashed FROM {files}").fetchnumpy()["hashed"]
        found.append(np.asarray(hashed, np.uint64))
    hashes = np.concatenate(found) if len(found) > 1 else found[0]
    found.clear()
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def _same_types(spool: Spool, key: Sequence[str], there: Sequence[str]) -> None:
    import pyarrow.parquet as pq

    types = pq.read_schema(there[0])
    for name in key:
        if name in types.names and types.field(name).type != spool.schema.field(name).type:
            raise Refused(
                f"The contract says that {name} is {spool.schema.field(name).type}, the table holds "
                f"{types.field(name).type}.",
                "A key of the type that it has in the table.",
                f"Set the type of {name} back in the contract, or ingest into another table.",
            )
