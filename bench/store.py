"""Bench. In: generated tables -> Out: what appends, upserts and many writers at once cost in the table store."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grundstein.lake.tidying import MANY, tidy_if_due
from grundstein.project.folder import create_project, open_project
from grundstein.tools.parquet import ROWS_A_FILE, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from grundstein.core.ports import TableStore
    from grundstein.project.folder import Folder

INTRO = "CPU seconds of the whole process; peers in the same run."
COLUMNS = "id, text key, 3 texts, 2 decimals, 2 numbers, date, instant"


class Clock:
    """CPU seconds between start and end."""

    seconds = 0.0


@contextmanager
def clock() -> Iterator[Clock]:
    """Measure the CPU seconds of what is inside."""
    measured, start = Clock(), time.process_time()
    yield measured
    measured.seconds = time.process_time() - start


def customers(first: int, count: int, seed: int) -> pa.Table:
    """Rows of a table of eleven columns; `id` goes on from `first`."""
    return named(np.arange(first, first + count), seed)


def named(ids: NDArray[np.int64], seed: int) -> pa.Table:
    """Rows with these ids, all other columns but the key drawn at random."""
    rng, count = np.random.default_rng(seed), len(ids)
    towns = pa.array(["Bonn", "Köln", "Kiel", "Ulm", "Jena"])
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "code": pa.array([f"K{number:09d}" for number in ids]),
            "town": towns.take(pa.array(rng.integers(0, 5, count))),
            "plan": pa.array(["small", "large"]).take(pa.array(rng.integers(0, 2, count))),
            "note": pa.array([f"called {number} times" for number in rng.integers(0, 999, count)]),
            "price": _amounts(rng, 10**6, count),
            "paid": _amounts(rng, 10**4, count),
            "score": pa.array(rng.random(count)),
            "visits": pa.array(rng.integers(0, 500, count), pa.int64()),
            "day": pa.array(rng.integers(15_000, 20_000, count).astype(np.int32)).cast(pa.date32()),
            "at": pa.array(rng.integers(10**15, 2 * 10**15, count), pa.timestamp("us", "UTC")),
        }
    )


def _amounts(rng: np.random.Generator, most: int, count: int) -> pa.Array:
    return (
        pa.array(rng.integers(0, most, count), pa.int64())
        .cast(pa.decimal128(19, 0))
        .cast(pa.decimal128(21, 2))
        .cast(pa.decimal128(18, 2))
    )


def staged(store: TableStore, table: str, rows: pa.Table, batch: str, rows_a_file: int = 10**6) -> list[Path]:
    """Files on their way into a table."""
    first = store.next_row(table)
    numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
    marks = pa.array([batch], pa.string()).take(pa.array(np.zeros(rows.num_rows, dtype=np.int64)))
    rows = rows.append_column("_row", numbers).append_column("_batch", marks)
    return write_parquet(rows, store.staging(table), rows_a_file)


def arrivals(start: int, end: int, changed: int, seed: int) -> pa.Table:
    """Rows to upsert: nine of ten are there already, spread over the ids from `start` to `end`, the tenth is new."""
    old = start + np.sort(np.random.default_rng(seed).choice(end - start, changed * 9 // 10, replace=False))
    return named(np.concatenate([old, np.arange(seed * 10**8, seed * 10**8 + changed - len(old))]), seed)


def appends(folder: Path, count: int) -> str:
    """The CPU seconds of small appends, after one that loads the libraries; tidying apart."""
    made = create_project(folder / "appends", salt="bench")
    single, tidied = [], 0.0
    for number in range(-1, count):
        rows = customers(10 * number, 10, number + 1)
        with clock() as one, made.tables.lease("t"):
            made.tables.append("t", staged(made.tables, "t", rows, f"{number + 1:064d}"), f"{number + 1:064d}")
        single.append(one.seconds)
        with clock() as rest:
            tidy_if_due(made, "t")
        tidied += rest.seconds
    first, last = mean(single[1:11]), mean(single[-10:])
    files = len(made.tables.files("t"))
    return f"""{count:,} appends of 10 rows, tidied after every {MANY}: the first ten {1000 * first:.0f} ms each, the
last ten {1000 * last:.0f} ms: {last / first:.2f} x (at most 2). Tidying costs {1000 * tidied / count:.0f} ms an append;
{files} files at the end, {made.tables.info("t").rows:,} rows."""


def upserts(folder: Path, rows: int, changed: int) -> str:
    """The upsert beside a plain rewrite of the files that it touches, and beside PyIceberg's own of the same rows."""
    lines = []
    for most, layout in ((rows // 20, "small files"), (ROWS_A_FILE, "files as ingest writes them")):
        made = create_project(folder / f"upserts-{most}", salt="bench")
        with made.tables.lease("t"):
            made.tables.append("t", staged(made.tables, "t", customers(0, rows, 1), "1", most), "1")
        for seed, what, start in ((2, "spread over", 0), (3, "among the latest 5 % of", rows - rows // 20)):
            lines += _compared(made, folder, f"{layout}: {what} {rows:,}", [start, rows, changed, seed], ["code"])
    few = changed // 50
    told = f"files as ingest writes them: {few:,} rows by a key of two columns, spread over {rows:,}"
    lines += _compared(made, folder, told, [0, rows, few, 4], ["id", "code"])
    text = f"""Upsert by a text key; {COLUMNS}. Limits: 2 x a plain rewrite of the files that it touches, by whichever
of PyArrow and DuckDB is faster; 1/20 of PyIceberg's own upsert of the same rows. The last column is what that plain
rewrite alone is to PyIceberg's own: nobody who writes these files again can be below it. By a key of two columns
PyIceberg's cost grows with each row, so that it is asked for fewer."""
    head = f"| {changed:,} rows | files touched | CPU s | to a plain rewrite | to PyIceberg's | that rewrite to it |"
    return "\n".join([text, "", head, "|---|---|---|---|---|---|", *lines])


def _compared(made: Folder, folder: Path, what: str, where: list[int], key: list[str]) -> list[str]:
    before, rows = made.tables.files("t"), arrivals(*where)
    theirs = _pyiceberg(made, rows, key)
    ours = _upsert(made, rows, what, key)
    touched = sorted(set(before) - set(made.tables.files("t")))
    plain = min(_plain_arrow(touched, folder), _plain_duckdb(touched, folder))
    told = f"| {what} | {len(touched)} of {len(before)} | {ours:.2f} | {ours / plain:.2f} x"
    return [f"{told} | 1/{theirs / ours:.1f} | 1/{theirs / plain:.1f} |"]


def _upsert(made: Folder, rows: pa.Table, batch: str, key: list[str]) -> float:
    with made.tables.lease("t"):
        files = staged(made.tables, "t", rows, batch)
        with clock() as spent:
            made.tables.upsert("t", files, key, batch)
    return spent.seconds


def _plain_arrow(files: Sequence[str], folder: Path) -> float:
    with clock() as spent:
        for file in files:
            with (
                pq.ParquetFile(file) as source,
                pq.ParquetWriter(
                    folder / "plain.parquet", source.schema_arrow, compression="zstd", store_decimal_as_integer=True
                ) as target,
            ):
                for group in range(source.num_row_groups):
                    target.write_table(source.read_row_group(group))
    return spent.seconds


def _plain_duckdb(files: Sequence[str], folder: Path) -> float:
    with clock() as spent:
        con = duckdb.connect()
        con.execute("SET TimeZone = 'UTC'")
        for file in files:
            con.execute(f"COPY (FROM '{file}') TO '{folder / 'plain.parquet'}' (FORMAT parquet, COMPRESSION zstd)")
    return spent.seconds


def _pyiceberg(made: Folder, rows: pa.Table, key: list[str]) -> float:
    """PyIceberg's own upsert, taken back; its way through the same catalogue, files and rows."""
    table = made.tables._warehouse.table("t")  # type: ignore[attr-defined]  # noqa: SLF001  (the peer's own door)
    numbers = pa.array(np.arange(rows.num_rows, dtype=np.int64))
    rows = rows.append_column("_row", numbers).append_column("_batch", pa.array(["4"] * rows.num_rows, pa.string()))
    head = table.current_snapshot().snapshot_id
    with clock() as spent:
        done = table.upsert(rows, join_cols=key)
    table.manage_snapshots().set_current_snapshot(head).commit()
    assert done.rows_updated + done.rows_inserted == rows.num_rows  # noqa: S101  (else it did other work)
    return spent.seconds


def many_writers(folder: Path, processes: int, commits: int) -> str:
    """Processes that append and upsert at once; returns what was lost or doubled."""
    root = create_project(folder / "writers", salt="bench").root
    start = time.perf_counter()
    context = get_context("spawn")
    workers = [context.Process(target=_write, args=(root, number, commits)) for number in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - start
    failed = sum(worker.exitcode != 0 for worker in workers)
    store = open_project(root).tables
    rows = store.read("t")
    ids, batches = rows["id"].to_pylist(), [commit.batch for commit in store.commits("t")]
    there = {number * 10_000 + 3 * n + i for number in range(processes) for n in range(commits) for i in range(3)}
    lost, doubled = len(there - set(ids)), len(ids) - len(set(ids))
    gaps = rows["_row"].to_pylist() != list(range(len(ids)))
    return f"""{processes} processes x {commits} commits at once, every other an upsert: {len(batches):,} commits,
{len(ids):,} rows; lost {lost}, doubled {doubled}, batches doubled {len(batches) - len(set(batches))}, processes refused
{failed}, rows numbered without a gap: {"no" if gaps else "yes"}; {took:.0f} s by the clock on a shared machine."""


def _write(root: Path, number: int, commits: int) -> None:
    made = open_project(root)
    for n in range(commits):
        batch = f"{number}.{n}"
        rows = customers(number * 10_000 + 3 * n, 3, n)
        with made.tables.lease("t"):
            if n % 2:
                again = customers(number * 10_000 + 3 * (n - 1), 3, n + 7)
                files = staged(made.tables, "t", pa.concat_tables([again, rows]), batch)
                made.tables.upsert("t", files, ["id"], batch)
            else:
                made.tables.append("t", staged(made.tables, "t", rows, batch), batch)
        tidy_if_due(made, "t")


def run(quick: bool = False) -> str:
    """Return the section's text."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = (
            appends(folder, 120 if quick else 1000),
            upserts(folder, *((200_000, 10_000) if quick else (2_000_000, 100_000))),
            many_writers(folder, *((3, 10) if quick else (8, 100))),
        )
    return "\n\n".join(["## The table store", INTRO, *parts])


if __name__ == "__main__":
    import sys

    print(run("--quick" in sys.argv))
