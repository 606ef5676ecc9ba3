"""A person's SELECT: which tables it reads, what it gives back, and how a mistake is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from small_lake import CUSTOMERS, LATER, SMALL, small_lake

from grundstein.core.errors import Refused
from grundstein.tools.select import pinned_tables, select, tables_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return small_lake(tmp_path_factory.mktemp("lake"))


def test_the_rows_of_all_files_come_in_the_order_of_arrival(lake: dict[str, list[str]]) -> None:
    rows = select("SELECT * FROM customers", lake, SMALL)
    assert rows.equals(pa.concat_tables([CUSTOMERS, LATER]))
    assert select("FROM orders SELECT _row, customer", lake, SMALL)["_row"].to_pylist() == [0, 1]
    backwards = {"customers": lake["customers"][::-1]}
    assert select("FROM customers", backwards, SMALL)["_row"].to_pylist() == [0, 1, 2, 3, 4]


def test_an_order_of_its_own_holds_else_that_of_arrival_else_that_of_the_key(lake: dict[str, list[str]]) -> None:
    down = select("SELECT * FROM customers ORDER BY tenure DESC NULLS LAST", lake, SMALL)
    assert down["tenure"].to_pylist() == [60, 7, 5, 1, None]
    keyed = select("SELECT Contract, tenure FROM customers", lake, SMALL, key=["tenure"])
    assert keyed["tenure"].to_pylist() == [1, 5, 7, 60, None]
    rowed = select("FROM customers", lake, SMALL, key=["tenure"])
    assert rowed["_row"].to_pylist() == [0, 1, 2, 3, 4]
    unkeyed = select("SELECT Contract FROM customers", lake, SMALL, key=["Contract", "tenure"])
    assert unkeyed["Contract"].to_pylist() == [*CUSTOMERS["Contract"].to_pylist(), *LATER["Contract"].to_pylist()]


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
