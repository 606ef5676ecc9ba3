"""What the guard of `sql` costs: an aggregate and a point filter, beside DuckDB on the same Parquet files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

MADE = """
COPY (
  SELECT i AS id, 'customer ' || (i % 1000003) AS customer, (hash(i) % 50)::INTEGER AS region,
    (hash(i + 1) % 100000) / 100.0 AS amount, DATE '2020-01-01' + (i % 2000)::INTEGER AS day,
    ['new', 'open', 'closed', 'lost'][1 + (hash(i + 2) % 4)::INTEGER] AS state,
    (hash(i + 3) % 1000000) / 7.0 AS a, (hash(i + 4) % 1000000) / 3.0 AS b, hash(i + 5) % 9973 AS c,
    'note ' || (hash(i + 6) % 100) AS note, i AS _row
  FROM range({low}, {high}) t(i)
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
AGGREGATE = "SELECT region, state, count(*) AS n, sum(amount) AS total FROM rows GROUP BY ALL ORDER BY ALL"
POINT = "SELECT * FROM rows WHERE id = {id}"
RAW = """
import duckdb, sys, json
files, sql = json.load(sys.stdin)
con = duckdb.connect(config={"threads": 1})
con.execute("CREATE VIEW rows AS SELECT * FROM read_parquet(" + repr(files) + ")")
print(len(con.sql(sql).fetchall()))
"""
GUARDED = """
import sys, json
from grundstein.tools.select import select
files, sql = json.load(sys.stdin)
print(select(sql, {"rows": files}).num_rows)
"""


def run(quick: bool) -> str:
    """Return the section's text."""
    rows, times = (300_000, 1) if quick else (10_000_000, 5)
    with tempfile.TemporaryDirectory() as name:
        large, small = _made(Path(name), "large", rows), _made(Path(name), "small", 10)
        asked = {"aggregate": AGGREGATE, "point filter": POINT.format(id=rows // 3)}
        lines = [_row(label, sql, large, small, times) for label, sql in asked.items()]
    return f"""## The guarded SELECT, {rows:,} rows
`tools.select` (syntax tree checked, engine locked, a child process with hard limits) beside DuckDB on the same files,
one thread each, the fewest of {times} runs. Start-up apart: what the same query costs on 10 rows is taken off both.

| query | guarded, CPU s | raw, CPU s | ratio | start-up guarded / raw, CPU s |
|---|---|---|---|---|
{chr(10).join(lines)}
"""


def _made(folder: Path, name: str, rows: int) -> list[str]:
    parts = max(1, rows // 2_500_000)
    paths = [folder / f"{name}-{part}.parquet" for part in range(parts)]
    for part, path in enumerate(paths):
        low, high = rows * part // parts, rows * (part + 1) // parts
        duckdb.connect().execute(MADE.format(low=low, high=high, path=path))
    return [str(path) for path in paths]


def _row(label: str, sql: str, large: list[str], small: list[str], times: int) -> str:
    spent = {
        (program, files is large): min(_cpu(program, files, sql) for _ in range(times))
        for program in (GUARDED, RAW)
        for files in (large, small)
    }
    guarded = spent[GUARDED, True] - spent[GUARDED, False]
    raw = spent[RAW, True] - spent[RAW, False]
    start = f"{spent[GUARDED, False]:.2f} / {spent[RAW, False]:.2f}"
    return f"| {label} | {guarded:.2f} | {raw:.2f} | {guarded / max(raw, 0.01):.2f} | {start} |"


def _cpu(program: str, files: list[str], sql: str) -> float:
    before = os.times()
    words = [sys.executable, "-c", program]
    subprocess.run(words, input=json.dumps([files, sql]), text=True, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
