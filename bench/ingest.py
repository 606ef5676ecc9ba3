"""Bench. In: a generated CSV of 10 M rows -> Out: CPU and memory of an ingest beside DuckDB's COPY to Parquet, one run.

Types are certain where the contract holds texts, dates and instants alone: what is no such value cannot be read as one.
Whole numbers and decimals need a guard, since engines read "1.5", "1e3" or "0x10" as whole numbers without a word.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.contract import Column, Contract

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, SMALL = 10_000_000, 300_000
CHUNK = 250_000
BAD = 0.001
TOWNS = ("München", "Köln", "Bonn", "Düsseldorf", "Saarbrücken", "Görlitz", "Berlin", "Hamburg")
WORDS = ("Rückruf", "Kündigung", "Lieferung", "verspätet", "bezahlt", "offen", "Störung", "geprüft", "Anfrage", "Maß")
GUARDED = ("order_id", "customer_id", "amount", "quantity", "discount")
COLUMNS = (
    *(Column("order_id", "integer"), Column("customer_id", "integer", required=True), Column("ordered_on", "date")),
    *(Column("paid_at", "instant"), Column("amount", "decimal", minimum=0), Column("quantity", "integer", maximum=100)),
    *(Column("discount", "number", source={"missing": "n/a"}), Column("category", "text"), Column("town", "text")),
    *(Column("note", "text"), Column("email", "text", personal=True)),
)
HEADER = ",".join(column.name for column in COLUMNS)
HEAD = """## Ingest, beside DuckDB

A generated CSV of 11 columns (ids, a date, an instant, amounts, categories, texts with umlauts, missing values), 0.1 %
of its rows bad in one of five ways. DuckDB writes what it can read to Parquet. The ingest also hashes the file, checks
the contract and the key, keeps each bad row with line, reason and text, and commits to the table. *Types certain*: a
contract of texts, dates and instants. Start-up (an ingest of 10 rows, CPU s: {start}) is taken off. At most 1,000 MB.
"""
CODE = """
import sys
from pathlib import Path
from grundstein.lake.ingest import ingest
from grundstein.project.folder import open_project
batch = ingest(open_project(Path(sys.argv[1])), sys.argv[2], sys.argv[3])
print(batch.rows, batch.rejected)
"""
COPY = """
import sys, duckdb
con = duckdb.connect(config={"threads": 2})
con.execute("SET enable_progress_bar = false")
read = f"read_csv('{sys.argv[2]}', store_rejects = true)"
con.execute(f"COPY (SELECT * FROM {read}) TO '{sys.argv[1]}' (FORMAT parquet, COMPRESSION zstd)")
print(con.execute(f"SELECT count(*) FROM '{sys.argv[1]}'").fetchone()[0], 0)
"""


def run(quick: bool) -> str:
    """Return the section's text."""
    sizes = (SMALL,) if quick else (1_000_000, ROWS)
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin = {kind: _spent(kind, folder, _written(folder, 10), 0) for kind in ("copy", "texts", "guards")}
        for rows in sizes:
            source = _written(folder, rows)
            size = source.stat().st_size / 1e9
            peer = _spent("copy", folder, source, rows)
            limit = peer.seconds - begin["copy"].seconds
            lines.append(
                f"| {rows:,} ({size:.2f} GB) | DuckDB COPY to zstd Parquet | {limit:.1f} | 1 | | {peer.peak:.0f} |"
            )
            for kind, words, most in (
                ("texts", "ingest, types certain", 1.3),
                ("guards", "ingest, numbers guarded", 1.6),
            ):
                own = _spent(kind, folder, source, rows)
                seconds = own.seconds - begin[kind].seconds
                told = f"{words}; {own.rows:,} rows taken, {own.rejected:,} put aside"
                lines.append(f"| | {told} | {seconds:.1f} | {seconds / limit:.2f} | {most} | {own.peak:.0f} |")
            source.unlink()
    start = ", ".join(f"{kind} {one.seconds:.1f}" for kind, one in begin.items())
    head = HEAD.format(start=start)
    table = ["| rows | what | CPU s | times COPY | at most | peak MB |", "|---|---|---|---|---|---|", *lines]
    return "\n".join([head, *table])


class Spent:
    """What a process spent: CPU seconds, its peak in MB, rows taken and put aside."""

    def __init__(self, command: list[str], threads: int) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
            out = process.stdout.read() if process.stdout else ""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
        if status:
            raise RuntimeError(f"{command[2][:60]} failed")
        self.seconds, self.peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
        self.rows, self.rejected = map(int, out.split()[-2:])


def _spent(kind: str, folder: Path, source: Path, rows: int) -> Spent:
    if kind == "copy":
        target = folder / "copy.parquet"
        found = Spent([sys.executable, "-c", COPY, str(target), str(source)], 2)
        target.unlink()
        return found
    from grundstein.project.folder import create_project

    root = folder / f"{kind}-{rows}"
    made = create_project(root, salt="bench")
    certain = tuple(Column(c.name, "text") if c.name in GUARDED else c for c in COLUMNS)
    made.write_contract(Contract("orders", certain if kind == "texts" else COLUMNS, key=("order_id",)))
    found = Spent([sys.executable, "-c", CODE, str(root), str(source), "orders"], 2)
    subprocess.run(["rm", "-rf", str(root)], check=True)
    return found


def _written(folder: Path, rows: int) -> Path:
    """Write the CSV file, the same bytes for the same number of rows."""
    path = folder / f"{rows}.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        for start in range(0, rows, CHUNK):
            rng = np.random.default_rng(start)
            lines = _lines(np.arange(start, min(rows, start + CHUNK)), rng)
            text = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "\n")[0].as_py()
            file.write(text.encode() + b"\n")
    return path


def _lines(number: NDArray[np.int64], rng: np.random.Generator) -> pa.Array:
    many = len(number)
    columns = [
        _text(number * 7919 % 1_000_000_007),
        _text(rng.integers(1, 2_000_000, many)),
        pa.array(np.datetime64("2019-01-01") + rng.integers(0, 2000, many)).cast(pa.string()),
        pa.array(np.datetime64("2019-01-01T00:00:00") + rng.integers(0, 170_000_000, many)).cast(pa.string()),
        pc.cast(pc.cast(pa.array(rng.integers(100, 1_000_000, many)), pa.decimal128(20, 0)), pa.string()),
        _text(rng.integers(1, 101, many)),
        _text(rng.integers(0, 10_000, many) / 10_000),
        _of([f"kind-{n}" for n in range(12)], rng, many),
        _of(TOWNS, rng, many),
        pc.binary_join_element_wise(*(_of(WORDS, rng, many) for _ in range(3)), " "),
        pc.binary_join_element_wise("person", _text(rng.integers(0, 1_000_000, many)), "@example.com", ""),
    ]
    cents = _text(rng.integers(10, 100, many))
    columns[4] = pc.binary_join_element_wise(columns[4], cents, ".")
    for at, empty in ((5, ""), (6, "n/a"), (9, "")):
        columns[at] = pc.if_else(pa.array(rng.random(many) < 0.03), empty, columns[at])
    wrong = rng.random(many) < BAD
    way = rng.integers(0, 5, many)
    for at, column, value in ((0, 5, "zwei"), (1, 2, "2021-02-30"), (2, 4, "-1.00"), (3, 10, "one,too many")):
        columns[column] = pc.if_else(pa.array(wrong & (way == at)), value, columns[column])
    twice = pa.array(wrong & (way == 4) & (number > 0))
    columns[0] = pc.if_else(twice, _text((number - 1) * 7919 % 1_000_000_007), columns[0])
    return pc.binary_join_element_wise(*columns, ",")


def _text(values: NDArray[np.generic]) -> pa.Array:
    return pc.cast(pa.array(values), pa.string())


def _of(words: tuple[str, ...] | list[str], rng: np.random.Generator, many: int) -> pa.Array:
    return pa.array(words).take(pa.array(rng.integers(0, len(words), many)))


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
