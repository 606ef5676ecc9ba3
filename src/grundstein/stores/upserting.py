"""Room stores. In: a table's files, arriving files and a key -> Out: new files for those that change, and for new keys.

DuckDB finds by the key which rows change, with a bounded memory: it looks only into files whose least and greatest key
have an arriving one between them. A file is written again only if one of its rows changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grundstein.core.errors import Refused, nearest
from grundstein.stores.rewriting import Changes, kept, replaced
from grundstein.tools.syntax import quoted, read_parquet, spilling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy.typing import NDArray

    from grundstein.stores.datafiles import Arrival

MEMORY = "512MB"
MANY_FILES = 200
HOUSE = ("_row", "_batch")


class Target(NamedTuple):
    """A data file of the table: where it lies, its first `_row`, its rows."""

    path: Path
    first: int
    rows: int


class Upserted(NamedTuple):
    """`rewritten` maps a place in the table's files to the file that replaces it; `added` are files of new keys."""

    rewritten: dict[int, Path]
    added: list[Path]
    new: int
    updated: int
    unchanged: int


def check_key(name: str, key: Sequence[str], schema: pa.Schema) -> None:
    """Refused where the key is empty or names no column."""
    columns = [column for column in schema.names if column not in HOUSE]
    strange = [column for column in key if column not in columns]
    if strange or not key:
        raise Refused(
            f"`{strange[0]}` is no column of {name}." if strange else f"No key is named for {name}.",
            f"Columns that tell rows apart: {nearest(strange[0] if strange else '', columns)}",
            f"Write `key` in contracts/{name}.yaml, or --key COLUMN.",
        )


def upserted(
    name: str, key: Sequence[str], there: Sequence[Target], staged: Sequence[Arrival], folder: Path
) -> Upserted:
    """Write to `folder` what an upsert changes; `staged` begin with the `_row` that the first new key gets.

    A row whose key is in the table replaces it and keeps its `_row`; one that is equal in all columns changes nothing.
    """
    arriving = _files([one.path for one in staged])
    with spilling(folder, MEMORY) as con:
        _check_values(con, name, key, arriving)
        if not there:
            return Upserted({}, *_added(staged, np.empty(0, dtype=np.int64), folder), 0, 0)
        matched = _matched(con, name, key, _between(con, key[0], there, arriving), arriving)
        rewritten, updated = _rewritten(con, key, there, staged, folder) if len(matched) else ({}, 0)
    added, new = _added(staged, matched, folder)
    return Upserted(rewritten, added, new, updated, len(matched) - updated)


def _check_values(con: duckdb.DuckDBPyConnection, name: str, key: Sequence[str], arriving: str) -> None:
    names = ", ".join(map(quoted, key))
    nulls = con.execute(f"SELECT {', '.join(f'count(*) - count({quoted(k)})' for k in key)} FROM {arriving}").fetchall()
    empty = [(column, count) for column, count in zip(key, nulls[0], strict=True) if count]
    if empty:
        raise Refused(
            f"{empty[0][1]:,} arriving rows have no `{empty[0][0]}`, which is in the key of {name}.",
            "A value in every column of the key.",
            "Put those rows aside (`required: true` in the contract), or choose another key.",
        )
    twice = con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {arriving} GROUP BY {names} HAVING count(*) > 1)")
    if count := twice.fetchall()[0][0]:
        raise Refused(
            f"{count:,} keys ({', '.join(key)}) arrive more than once for {name}.",
            "One row a key: nobody can tell which of two is right.",
            "Put the repeated rows aside, or add to the key what tells them apart.",
        )


def _between(con: duckdb.DuckDBPyConnection, column: str, there: Sequence[Target], arriving: str) -> list[Target]:
    """The files that may hold an arriving key, by the bounds of its first column that stand in their footers."""
    import pyarrow.parquet as pq

    there = [one for one in there if one.rows]
    found = [_bounds(pq.read_metadata(one.path), column) for one in there]
    told = [bounds for bounds in found if bounds]
    if not 0 < len(told) == len(there) <= MANY_FILES:
        return there
    inside = ", ".join([f"bool_or({quoted(column)} BETWEEN ? AND ?)"] * len(told))
    near = con.execute(f"SELECT {inside} FROM {arriving}", [bound for bounds in told for bound in bounds]).fetchall()
    return [one for one, may in zip(there, near[0], strict=True) if may]


def _bounds(footer: pq.FileMetaData, column: str) -> tuple[Any, Any] | None:
    """The least and greatest value of a column; None where a footer does not say, or says too little of NaN."""
    place = footer.schema.names.index(column)
    groups = [footer.row_group(number).column(place) for number in range(footer.num_row_groups)]
    told = [group.statistics for group in groups]
    if not told or any(s is None or not s.has_min_max or isinstance(s.min, float) for s in told):
        return None
    return min(s.min for s in told), max(s.max for s in told)


def _matched(
    con: duckdb.DuckDBPyConnection, name: str, key: Sequence[str], there: Sequence[Target], arriving: str
) -> NDArray[np.int64]:
    """Fill the table `hit` with the `_row` of old and new rows of one key; returns the new ones."""
    if not there:
        return np.empty(0, dtype=np.int64)
    con.execute(
        f"CREATE TEMP TABLE hit AS SELECT there._row AS old, arriving._row AS new "
        f"FROM {_files([one.path for one in there])} AS there JOIN {arriving} AS arriving "
        f"ON {_equal('there', 'arriving', key)}"
    )
    new = con.execute("SELECT new FROM hit ORDER BY new").fetchnumpy()["new"].astype(np.int64)
    if len(new) and (repeated := int(np.sum(np.diff(new) == 0))):
        raise Refused(
            f"{name} itself holds {repeated:,} of the arriving keys ({', '.join(key)}) more than once.",
            "A table in which the key names one row.",
            "Choose a key that does, or ingest into a new table.",
        )
    return new


def _rewritten(
    con: duckdb.DuckDBPyConnection, key: Sequence[str], there: Sequence[Target], staged: Sequence[Arrival], folder: Path
) -> tuple[dict[int, Path], int]:
    places = _places(con.execute("SELECT old FROM hit").fetchnumpy()["old"], there)
    kept_from_there = ", ".join(quoted(column) for column in ("_row", *key))
    changes = Changes(
        con.sql(
            f"SELECT hit.old AS _row, arriving.* EXCLUDE ({kept_from_there}) FROM hit "
            f"JOIN {_files([one.path for one in staged])} AS arriving ON arriving._row = hit.new ORDER BY hit.old"
        ).to_arrow_reader(65_536)
    )
    written, updated = {}, 0
    for place in places:
        target = folder / f"rewritten-{place:05d}.parquet"
        if differ := replaced(there[place].path, target, changes):
            written[place] = target
        else:
            target.unlink()
        updated += differ
    return written, updated


def _added(staged: Sequence[Arrival], matched: NDArray[np.int64], folder: Path) -> tuple[list[Path], int]:
    """The files of the keys that are new: the staged ones where all are, else written again without the others."""
    rows = sum(one.rows for one in staged)
    if not len(matched):
        return [one.path for one in staged if one.rows], rows
    keep = np.ones(rows, dtype=bool)
    first = done = staged[0].first
    keep[matched - first] = False
    files = []
    for number, one in enumerate(staged):
        part = keep[one.first - first : one.first - first + one.rows]
        if part.any():
            files.append(folder / f"added-{number:05d}.parquet")
            done += kept(one.path, files[-1], part, done)
    return files, int(keep.sum())


def _places(rows: NDArray[np.int64], there: Sequence[Target]) -> list[int]:
    """The places of the files that hold these `_row`."""
    full = [place for place, one in enumerate(there) if one.rows]
    starts = np.array([there[place].first for place in full], dtype=np.int64)
    return [full[found] for found in np.unique(np.searchsorted(starts, rows, side="right") - 1)]


def _files(paths: Sequence[Path]) -> str:
    return read_parquet(map(str, paths))


def _equal(left: str, right: str, key: Sequence[str]) -> str:
    return " AND ".join(f"{left}.{quoted(column)} = {right}.{quoted(column)}" for column in key)
