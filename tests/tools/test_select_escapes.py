"""Nothing that a person can write as a SELECT changes a file, opens another one, or takes the machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import duckdb
import pytest
from small_lake import SMALL, small_lake

from grundstein.core.errors import Refused
from grundstein.tools import select_child
from grundstein.tools.select import Limits, select
from grundstein.tools.syntax import SAFE_SETTINGS


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return small_lake(tmp_path_factory.mktemp("lake"))


ESCAPES = [
    "COPY customers TO '{orders}'",
    "COPY (SELECT 1) TO '{orders}' (FORMAT parquet)",
    "COPY customers FROM '{orders}'",
    "SELECT 1; COPY (SELECT 1) TO '{orders}' (FORMAT parquet)",
    "SELECT 1; SELECT 2",
    "SELECT 1) TO '{orders}' (FORMAT parquet); --",
    "EXPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/other.db' AS other",
    "DETACH memory",
    "USE memory.main",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SET VARIABLE x = 1",
    "CREATE TABLE t AS SELECT 1",
    "CREATE MACRO f(a) AS a",
    "CREATE SECRET s (TYPE s3)",
    "DROP VIEW customers",
    "ALTER TABLE customers RENAME TO x",
    "INSERT INTO customers VALUES (1)",
    "UPDATE customers SET tenure = 1",
    "DELETE FROM customers",
    "MERGE INTO customers USING orders ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE customers",
    "BEGIN TRANSACTION",
    "WITH a AS (INSERT INTO customers VALUES (1) RETURNING *) SELECT * FROM a",
    "WITH a AS (DELETE FROM customers RETURNING *) SELECT * FROM a",
    "WITH a AS (UPDATE customers SET tenure = 1 RETURNING *) SELECT * FROM a",
    "SELECT * FROM (SHOW TABLES)",
    "SHOW ALL TABLES",
    "SHOW customers",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM '{orders}'",
    'SELECT * FROM "{secret}"',
    "SELECT * FROM '{folder}/plain.csv'",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM '/proc/self/environ'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM 'https://example.org/x.csv'",
    "SELECT * FROM read_csv('{folder}/plain.csv')",
    "SELECT * FROM read_csv_auto('{folder}/plain.csv')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM read_parquet(['{orders}'])",
    "SELECT * FROM parquet_scan('{secret}')",
    "SELECT * FROM parquet_metadata('{orders}')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('{folder}/plain.csv')",
    "SELECT * FROM sniff_csv('{folder}/plain.csv')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('customers')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM pragma_database_list()",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM seq_scan(1)",
    "SELECT * FROM repeat_row(1, num_rows = 5)",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_tables",
    "SELECT * FROM main.customers",
    "SELECT * FROM memory.main.customers",
    "SELECT * FROM customers AT (VERSION => 1)",
    "SELECT * FROM engine",
    "SELECT * FROM request",
    "SELECT * FROM statements",
    "SELECT getenv('HOME')",
    "SELECT current_setting('allowed_paths')",
    "SELECT getvariable('x')",
    "SELECT nextval('s')",
    "SELECT write_log('x')",
    "SELECT sleep_ms(100000)",
    "SELECT pg_sleep(1000)",
    "SELECT json_serialize_plan('SELECT 1')",
    "SELECT json_deserialize_sql('x')",
    "SELECT current_query(), version()",
    "SELECT main.current_setting('TimeZone')",
    "SELECT 'TimeZone'.current_setting()",
    "SELECT list_aggregate([1], 'sum')",
    "SELECT finalize(to_aggregate_state('x', 'y'))",
    "SELECT __internal_compress_string_utinyint('x')",
    "SELECT row_number() OVER (ORDER BY getenv('HOME'))",
    "SELECT 1 LIMIT getenv('HOME')",
    "SELECT 1 ORDER BY current_setting('x')",
    "SELECT 'x'::regclass",
    "SELECT 'x'::mood",
    "SELECT $1",
    "SELECT ?",
    "SELECT * FROM customers, customers.items",
    "",
    ";",
    "-- nothing",
    "SELECT",
    "SELECT '",
    "SELECT \x00",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
    "SELECT 1" + " + 1" * 4000,
    "SELECT '" + "x" * 20_000 + "'",
]


def _state(files: dict[str, list[str]]) -> dict[str, str]:
    folder = Path(files["orders"][0]).parent
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("sql", ESCAPES)
def test_every_escape_is_refused_with_three_lines_and_leaves_the_files_byte_for_byte(
    lake: dict[str, list[str]], sql: str
) -> None:
    orders = lake["orders"][0]
    places = {"{orders}": orders, "{secret}": orders.replace("orders", "secret"), "{folder}": str(Path(orders).parent)}
    for sign, place in places.items():
        sql = sql.replace(sign, place)
    before = _state(lake)
    with pytest.raises(Refused) as refused:
        select(sql, lake, SMALL)
    error = refused.value
    assert all(line.strip() and "\n" not in line for line in (error.what, error.expected, error.next_step))
    assert _state(lake) == before


@pytest.mark.parametrize(
    "sql", ESCAPES[: ESCAPES.index("WITH a AS (DELETE FROM customers RETURNING *) SELECT * FROM a")]
)
def test_the_child_stops_what_changes_something_even_where_the_parent_let_it_pass(
    lake: dict[str, list[str]], tmp_path: Path, sql: str
) -> None:
    sql = sql.replace("{orders}", lake["orders"][0]).replace("{folder}", str(tmp_path))
    before = _state(lake)
    with pytest.raises((duckdb.Error, ValueError)):
        _child_alone(lake, tmp_path, sql)
    assert _state(lake) == before


def test_the_child_opens_no_other_file_even_where_the_parent_let_it_pass(
    lake: dict[str, list[str]], tmp_path: Path
) -> None:
    secret = lake["orders"][0].replace("orders", "secret")
    for sql in (
        f"FROM '{secret}'",
        f"FROM read_text('{secret}')",
        "FROM glob('/etc/*')",
        "FROM read_csv('/etc/passwd')",
    ):
        with pytest.raises(duckdb.Error, match=r"disabled|ermission"):
            _child_alone(lake, tmp_path, sql)


def _child_alone(files: dict[str, list[str]], folder: Path, sql: str) -> None:
    limits = {"threads": 1, "memory_mb": 128, "disk_mb": 16, "folder": str(folder)}
    with select_child.connect(limits) as engine:
        select_child.answer(engine, sql, {"views": files, "out": str(folder / "answer.parquet")}, 10)


BOMBS = [
    ("SELECT list_sum(range(500000000))", "memory"),
    ("SELECT repeat('x', 2000000000) || repeat('y', 2000000000)", "memory"),
    ("SELECT string_agg(repeat('a', 1000000), '') FROM range(100000)", "memory"),
    ("SELECT * FROM range(30000000) ORDER BY hash(range)", "memory or disk"),
    ("SELECT md5(range::VARCHAR), * FROM range(3000000)", "memory or disk"),
    ("SELECT * FROM range(1001)", "1,000 rows"),
    ("SELECT count(*) FROM range(200000) a, range(200000000) b WHERE a.range + b.range < 0", "seconds"),
    ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t", "seconds|memory"),
    ("WITH a AS (" * 40, "seconds|memory|read to its end"),
]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits that a process sets for itself")
@pytest.mark.parametrize(("sql", "said"), BOMBS)
def test_what_takes_too_much_is_stopped_and_said(sql: str, said: str) -> None:
    limits = Limits(
        rows=1000 if "1001" in sql else 10**9, seconds=2 if "seconds" in said else 120, memory_mb=128, disk_mb=16
    )
    with pytest.raises(Refused, match=said):
        select(sql, {}, limits)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits that a process sets for itself")
def test_processor_time_is_said_even_where_the_parents_clock_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grundstein.tools.select._Child._stop", lambda _: None)
    with pytest.raises(Refused, match="ran longer"):
        select(BOMBS[6][0], {}, Limits(seconds=0))


def test_no_engine_writes_in_the_background_where_a_failure_could_wait_forever() -> None:
    with duckdb.connect(config=SAFE_SETTINGS) as engine:
        assert engine.sql("SELECT current_setting('async_threads')").fetchall() == [(0,)]
