"""A person's SELECT: which tables it reads, what it gives back, and that nothing it can say changes or opens a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grundstein.core.errors import Refused
from grundstein.tools import select_child
from grundstein.tools.select import Limits, pinned_tables, select, tables_of

SMALL = Limits(rows=1000, seconds=20, memory_mb=128, disk_mb=64)
CUSTOMERS = pa.table({"_row": [0, 1, 2], "Contract": ["Month-to-month", "Two year", None], "tenure": [1, 60, 5]})
LATER = pa.table({"_row": [3, 4], "Contract": ["=1+1", "One year"], "tenure": [7, None]})
ORDERS = pa.table({"_row": [1, 0], "customer": [2, 1], "items": [["a", "b"], ["c"]], "amount": [1.5, float("inf")]})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("lake")
    paths = {name: str(folder / f"{name}.parquet") for name in ("first", "second", "orders", "secret")}
    for name, table in (("first", CUSTOMERS), ("second", LATER), ("orders", ORDERS), ("secret", CUSTOMERS)):
        pq.write_table(table, paths[name])
    (folder / "plain.csv").write_text("a,b\n1,2\n")
    return {"customers": [paths["first"], paths["second"]], "orders": [paths["orders"]]}


def test_the_rows_of_all_files_come_in_the_order_of_arrival(lake: dict[str, list[str]]) -> None:
    rows = select("SELECT * FROM customers", lake, SMALL)
    assert rows.equals(pa.concat_tables([CUSTOMERS, LATER]))
    assert select("FROM orders SELECT _row, customer", lake, SMALL)["_row"].to_pylist() == [0, 1]
    backwards = {"customers": lake["customers"][::-1]}
    assert select("FROM customers", backwards, SMALL)["_row"].to_pylist() == [0, 1, 2, 3, 4]


def test_an_order_of_its_own_or_a_given_one_holds(lake: dict[str, list[str]]) -> None:
    down = select("SELECT * FROM customers ORDER BY tenure DESC NULLS LAST", lake, SMALL)
    assert down["tenure"].to_pylist() == [60, 7, 5, 1, None]
    keyed = select("SELECT Contract, tenure FROM customers", lake, SMALL, order_by=["tenure"])
    assert keyed["tenure"].to_pylist() == [1, 5, 7, 60, None]
    with pytest.raises(Refused, match="tenure"):
        select("SELECT tenure FROM customers", lake, SMALL, order_by=["tenur"])


def test_types_arrive_as_arrow_knows_them(lake: dict[str, list[str]]) -> None:
    sql = """SELECT sum(tenure) AS whole, sum(amount) AS broken, 1.50::DECIMAL(18, 2) AS money, true AS yes,
             DATE '2026-01-31' AS day, TIMESTAMPTZ '2026-01-31 12:00:00+02' AS at, INTERVAL 3 DAY AS span,
             [1::HUGEINT] AS list, 1 // 0 AS nothing, uuid() AS id FROM customers, orders"""
    row = select(sql, lake, SMALL)
    kinds = {field.name: str(field.type) for field in row.schema}
    assert kinds == {
        "whole": "int64",
        "broken": "double",
        "money": "decimal128(18, 2)",
        "yes": "bool",
        "day": "date32[day]",
        "at": "timestamp[us, tz=UTC]",
        "span": "string",
        "list": "list<element: int64>",
        "nothing": "int32",
        "id": "string",
    }
    assert row["whole"].to_pylist() == [146]
    assert row["broken"].to_pylist() == row["nothing"].to_pylist() == [None]
    assert row["at"][0].as_py().hour == 10


def test_a_name_that_comes_twice_is_numbered_and_keeps_its_own_values(lake: dict[str, list[str]]) -> None:
    row = select("SELECT 1 AS a, 2 AS a, 3 AS A, 4 AS a_2", lake, SMALL)
    assert row.to_pylist() == [{"a": 1, "a_3": 2, "A_4": 3, "a_2": 4}]
    joined = select("SELECT c.tenure, o.customer AS tenure FROM customers c JOIN orders o USING (_row)", lake, SMALL)
    assert sorted(joined.to_pylist(), key=str) == [{"tenure": 1, "tenure_2": 1}, {"tenure": 60, "tenure_2": 2}]


USEFUL = [
    "SUMMARIZE customers",
    "DESCRIBE customers",
    "VALUES (1), (2)",
    "SELECT unnest(items) FROM orders",
    "SELECT u FROM orders, unnest(orders.items) AS t(u)",
    "SELECT * FROM range(3)",
    "SELECT * FROM (PIVOT customers ON Contract IN ('Two year') USING sum(tenure))",
    "SELECT Contract, count(*) FILTER (WHERE tenure > 3) FROM customers GROUP BY ROLLUP (Contract)",
    "SELECT *, row_number() OVER (PARTITION BY Contract ORDER BY tenure) FROM customers QUALIFY true",
    "SELECT list_transform(items, lambda x: upper(x)), [x || '!' FOR x IN items] FROM orders",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t",
    "SELECT * EXCLUDE (tenure) REPLACE (lower(Contract) AS Contract) FROM Customers TABLESAMPLE 50%",
    "SELECT now() > TIMESTAMPTZ '2000-01-01', random() < 2, current_date > DATE '2000-01-01'",
    "SELECT a.tenure FROM customers a ASOF JOIN orders b ON a._row >= b._row",
    "SELECT * FROM customers WHERE _row IN (SELECT _row FROM orders) OR EXISTS (FROM orders) LIMIT (SELECT 1)",
    ";SELECT 1;;",
]


@pytest.mark.parametrize("sql", USEFUL)
def test_what_an_analyst_writes_runs(lake: dict[str, list[str]], sql: str) -> None:
    assert select(sql, lake, SMALL).num_columns >= 1


TABLES = [
    ("SELECT 1", ()),
    ("SELECT * FROM a, b JOIN c USING (x)", ("a", "b", "c")),
    ("SELECT (SELECT max(x) FROM b) FROM a WHERE y IN (SELECT y FROM c)", ("b", "a", "c")),
    ("WITH a AS (SELECT * FROM b) SELECT * FROM a, c", ("b", "c")),
    ("WITH a AS (SELECT * FROM a) SELECT * FROM a", ("a",)),
    ("WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b, A", ()),
    ("WITH b AS (SELECT * FROM a), a AS (SELECT 1) SELECT * FROM a, b", ("a",)),
    ("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t, u) SELECT * FROM t", ("u",)),
    ("SELECT * FROM (WITH a AS (SELECT 1) FROM a) x, a", ("a",)),
    ("SELECT (WITH q AS (FROM z) SELECT max(i) FROM q), i FROM q", ("z", "q")),
    ("FROM a UNION ALL (FROM b EXCEPT FROM c)", ("a", "b", "c")),
    ("SELECT sum(x) OVER w FROM a WINDOW w AS (ORDER BY (SELECT 1 FROM h))", ("h", "a")),
    ("SELECT list_transform(l, lambda x: x + (SELECT max(i) FROM zz)) FROM t", ("zz", "t")),
    ("FROM A, a", ("A",)),
    ("SUMMARIZE a", ("a",)),
    ('FROM "odd name"', ("odd name",)),
]


@pytest.mark.parametrize(("sql", "tables"), TABLES)
def test_the_tables_are_those_that_are_read_wherever_they_stand(sql: str, tables: tuple[str, ...]) -> None:
    assert sorted(tables_of(sql)) == sorted(tables)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now() FROM t",
        "SELECT current_date FROM t",
        "SELECT * FROM t WHERE day < current_timestamp",
        "SELECT random() FROM t",
        "SELECT * FROM t ORDER BY uuid()",
        "SELECT age(day) FROM t",
        "SELECT * FROM t USING SAMPLE 10 ROWS",
        "SELECT * FROM t TABLESAMPLE 10%",
    ],
)
def test_a_pinned_select_may_not_ask_clock_or_chance(sql: str) -> None:
    assert tables_of(sql) == ("t",)
    with pytest.raises(Refused, match="clock or on chance"):
        pinned_tables(sql)


def test_a_pinned_select_may_sample_with_a_seed() -> None:
    sql = "SELECT date_trunc('month', day) FROM t USING SAMPLE reservoir(10 ROWS) REPEATABLE (42)"
    assert pinned_tables(sql) == ("t",)


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
    ("WITH a AS (" * 40, "seconds|memory"),
]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits that a process sets for itself")
@pytest.mark.parametrize(("sql", "said"), BOMBS)
def test_what_takes_too_much_is_stopped_and_said(sql: str, said: str) -> None:
    limits = Limits(rows=1000 if "1001" in sql else 10**9, seconds=2, memory_mb=128, disk_mb=16)
    with pytest.raises(Refused, match=said):
        select(sql, {}, limits)


@pytest.mark.parametrize(
    ("sql", "said", "step"),
    [
        ("SELECT tenur FROM customers", 'column "tenur" not found', 'Did you mean "tenure"?'),
        ("SELECT * FROM custommers", 'no table "custommers"', "grundstein tables"),
        ("SELECT smu(tenure) FROM customers", '"smu"', "grundstein ingest"),
        ("SELECT datetrunk('month', DATE '2026-01-01')", '"datetrunk"', 'Did you mean "datetrunc"?'),
        ("SELECT Contract::INTEGER FROM customers", "Month-to-month", "try_cast"),
        ("SELECT avg(Contract) FROM customers", "avg(VARCHAR)", "Look at"),
        ("SELEC 1", "cannot be read at character 1", "Look at: SELEC 1"),
        ("SELECT tenure FROM customers GROUP BY Contract", "tenure", "Look at"),
    ],
)
def test_a_mistake_is_named_with_the_nearest_word(lake: dict[str, list[str]], sql: str, said: str, step: str) -> None:
    with pytest.raises(Refused) as refused:
        select(sql, lake, SMALL)
    assert said in refused.value.what
    assert step in refused.value.next_step
    assert "LINE 1" not in str(refused.value)


def test_the_child_sees_nothing_of_the_environment(lake: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRUNDSTEIN_TEST_SECRET", "hidden")
    import subprocess

    started: list[dict[str, str]] = []
    real = subprocess.Popen

    def spy(*arguments: object, **options: object) -> object:
        started.append(dict(options["env"]))  # type: ignore[call-overload]
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", spy)
    select("SELECT 1", lake, SMALL)
    assert started
    assert not [name for name in started[0] if "SECRET" in name or name in ("HOME", "PATH")]


def test_a_module_of_the_working_folder_is_not_taken_for_duckdb(
    lake: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "duckdb.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    assert select("SELECT 1 AS one", lake, SMALL).to_pylist() == [{"one": 1}]


def test_nothing_is_left_behind(lake: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    select("SELECT * FROM customers", lake, SMALL)
    with pytest.raises(Refused):
        select("SELECT tenur FROM customers", lake, SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_files_is_said_to_have_no_rows() -> None:
    with pytest.raises(Refused, match="no rows yet"):
        select("SELECT * FROM empty", {"empty": []}, SMALL)
