"""A rule is one scalar expression from an allow-list: what it answers, and everything that is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.tools import sql_words
from grundstein.tools.expression import check, columns_of, evaluate, kind
from grundstein.tools.syntax import engine

ROWS = pa.table(
    {
        "_row": pa.array([0, 1, 2, 3], pa.int64()),
        "Contract": ["Month-to-month", "Two year", None, "One year"],
        "tenure": pa.array([1, 60, 5, None], pa.int64()),
        "charges": pa.array([Decimal("10.50"), Decimal("0.00"), Decimal("3.25"), None], pa.decimal128(18, 2)),
        "since": pa.array([dt.date(2026, 1, 31), dt.date(2020, 2, 29), None, dt.date(1999, 12, 31)]),
        "seen": pa.array([dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)] * 4, pa.timestamp("us", "UTC")),
        "paper less": [True, False, None, True],
        "user": ["a", "b", "c", "d"],
    }
)

ANSWERS = [
    ("Contract = 'Month-to-month' and tenure < 12", "boolean", [True, False, None, False]),
    ("contract = 'Two year'", "boolean", [False, True, None, False]),
    ("tenure", "number", [1, 60, 5, None]),
    ("charges * 2", "number", [21, 0, 6.5, None]),
    ("1 / charges", "number", [1 / 10.5, None, 1 / 3.25, None]),
    ("tenure // 0", "number", [None] * 4),
    ("ln(tenure - 1)", "number", [None, pytest.approx(4.0775, abs=1e-3), pytest.approx(1.3863, abs=1e-3), None]),
    ('not "paper less"', "boolean", [False, True, None, False]),
    ("coalesce(tenure, 0) between 1 and 5", "boolean", [True, False, True, False]),
    ("case when tenure > 10 then 'loyal' else 'new' end", "text", ["new", "loyal", "new", "new"]),
    ("lower(Contract) like '%year%'", "boolean", [False, True, None, True]),
    ("user in ('a', 'd')", "boolean", [True, False, False, True]),
    ("since < date '2021-01-01' -- long ago", "boolean", [False, True, None, True]),
    ("extract(year from since)", "number", [2026, 2020, None, 1999]),
    ("hour(seen)", "number", [23, 23, 23, 23]),
    ("if(tenure > 10, 1, 0)", "number", [0, 1, 0, 0]),
    ("try_cast(Contract as double)", "number", [None] * 4),
    ("Contract = 'with ''select'' in it'", "boolean", [False, False, None, False]),
    ("_row", "number", [0, 1, 2, 3]),
    ("true", "boolean", [True] * 4),
]


@pytest.mark.parametrize(("rule", "word", "answer"), ANSWERS)
def test_a_rule_answers_each_row_in_the_order_of_the_table(rule: str, word: str, answer: list[object]) -> None:
    check(rule, ROWS.column_names)
    assert kind(rule, ROWS) == word
    assert evaluate(rule, ROWS).to_pylist() == answer


@given(
    st.lists(st.integers(-(2**40), 2**40) | st.none(), max_size=30), st.lists(st.integers(1, 7), max_size=6), st.data()
)
@settings(max_examples=30, deadline=None)
def test_each_row_is_answered_by_itself(numbers: list[int | None], cuts: list[int], data: st.DataObject) -> None:
    column = pa.chunked_array(
        [pa.array(numbers[at : at + 3], pa.int64()) for at in range(0, len(numbers), 3)], pa.int64()
    )
    table = pa.table({"x": column})
    whole = evaluate("x * 2 + 1", table).to_pylist()
    assert whole == [None if x is None else 2 * x + 1 for x in numbers]
    at = data.draw(st.integers(0, len(numbers)))
    assert evaluate("x * 2 + 1", table.slice(0, at)).to_pylist() == whole[:at]


def test_the_columns_are_those_that_the_rule_reads_spelled_as_the_table_spells_them() -> None:
    rule = "CONTRACT = 'x' or tenure < 3 and contract <> 'tenure' or \"paper less\""
    assert columns_of(rule) == ("CONTRACT", "tenure", "contract", "paper less")
    assert columns_of(rule, ROWS.column_names) == ("Contract", "tenure", "paper less")
    assert columns_of("1 < 2") == ()


REFUSED = [
    ("", "empty"),
    ("  ", "empty"),
    ("tenur < 3", 'Did you mean "tenure"?'),
    ('Contract = "Month-to-month"', "single quotes: 'Month-to-month'"),
    ("rowid", "rowid"),
    ("rows", '"rows"'),
    ("rows.tenure", 'Write "tenure"'),
    ("tenure; select 2", "query"),
    ("tenure; drop table rows", "cannot be read"),
    ("tenure, charges", "more than one expression"),
    ("tenure as x", "cannot be read"),
    ("tenure desc", "cannot be read"),
    ("tenure from rows", "cannot be read"),
    ("1) as answer from rows --", "cannot be read"),
    ("1) as answer from rows union (values (2)", "cannot be read"),
    ("1) as answer from rows, (from rows", "cannot be read"),
    ("1) as answer from rows limit (1", "cannot be read"),
    ("1), (2", "more than one expression"),
    ("(select 1)", "query"),
    ("tenure in (select 1)", "query"),
    ("exists(from rows)", "subquery"),
    ("tenure = any([1])", "subquery"),
    ("with x as (values (1)) tenure", "query"),
    ("sum(tenure)", "reads many rows"),
    ("count(*)", "reads many rows"),
    ("sum(tenure) filter (where true)", "reads many rows"),
    ("abs(distinct tenure)", "reads many rows"),
    ("row_number() over ()", "window"),
    ("lag(tenure) over (order by _row)", "window"),
    ("random()", "clock or chance"),
    ("uuid() = 'x'", "clock or chance"),
    ("now() > seen", "clock or chance"),
    ("age(seen) > interval 3 day", "clock or chance"),
    ("since < current_date", "Name the day itself"),
    ("seen < current_timestamp", "Name the day itself"),
    ("*", "*"),
    ("columns('t.*')", "*"),
    ("$1", "$"),
    ("?", "parameter"),
    ("#1", "position"),
    ("x -> x + 1", "lambda"),
    ("[1, 2]", "list_value"),
    ("{'a': 1}", "struct_pack"),
    ("repeat('x', 1000000000)", "repeat"),
    ("lpad(user, 1000000000, 'x')", "lpad"),
    ("replace(user, 'a', 'aaaaaaaaaa')", "replace"),
    ("list_sum(range(500000000))", "list_sum"),
    ("printf('%1000000000d', 1)", "printf"),
    ("factorial(10)", "factorial"),
    ("read_text('/etc/passwd')", "read_text"),
    ("read_csv('x')", "read_csv"),
    ("read_parquet('x')", "read_parquet"),
    ("glob('*')", "glob"),
    ("getenv('HOME')", "getenv"),
    ("current_setting('TimeZone')", "current_setting"),
    ("getvariable('x')", "getvariable"),
    ("nextval('x')", "nextval"),
    ("sleep_ms(100000)", "sleep_ms"),
    ("write_log('x')", "write_log"),
    ("query('select 1')", "query"),
    ("main.abs(tenure)", "without a dot"),
    ("tenure.abs()", "without a dot"),
    ("tenure::uuid", "uuid"),
    ("tenure::mood", "mood"),
    ("tenure collate nocase", "this form of SQL"),
    ("default", "this form of SQL"),
    ("$$a$$ = user", "$"),
    ("user = E'\\'' or (((", "E'"),
    ("1 /* ' */ + 1", "/*"),
    ("/* never closed", "/*"),
    ("user = 'never closed", "cannot be read"),
    ("user = 'x\x00'", "NUL"),
    ("(" * 101 + "1" + ")" * 101, "nested too deeply"),
    ("(" * 100, "cannot be read"),
    ("1" + "+1" * 1500, "nested too deeply"),
    ("1" + " " * 4000, "4,000"),
    ("(with a as (" * 40, "query"),
]


@pytest.mark.parametrize(("rule", "said"), REFUSED)
def test_what_is_not_on_the_list_is_refused_with_three_lines(rule: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        check(rule, ROWS.column_names)
    error = refused.value
    assert said.casefold() in str(error).casefold()
    assert all(line.strip() and "\n" not in line for line in (error.what, error.expected, error.next_step))
    with pytest.raises(Refused):
        evaluate(rule, ROWS)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("Contract < 12", "VARCHAR"),
        ("tenure < 'abc'", "abc"),
        ("cast(Contract as integer) > 3", "Month-to-month"),
        ("cast(tenure * 1000 as tinyint) > 0", "out of range"),
        ("abs(tenure, 2)", "abs"),
        ("since", "date"),
        ("null", "null"),
    ],
)
def test_a_rule_that_does_not_fit_the_rows_is_refused(rule: str, said: str) -> None:
    check(rule, ROWS.column_names)
    with pytest.raises(Refused, match=said):
        evaluate(rule, ROWS)


def test_the_lists_name_functions_that_duckdb_has_and_no_row_function_is_an_aggregate_or_unsteady() -> None:
    found = duckdb.connect().execute("SELECT lower(function_name), function_type, stability FROM duckdb_functions()")
    rows = found.fetchall()
    assert {name for name, *_ in rows} >= sql_words.SELECT_FUNCTIONS - {"->"}
    row_rows = [row for row in rows if row[0] in sql_words.ROW_FUNCTIONS and row[1] not in ("table", "table_macro")]
    assert {kind for _, kind, _ in row_rows} <= {"scalar", "macro"}
    assert {stability for _, kind, stability in row_rows if kind == "scalar"} == {"CONSISTENT"}
    unsteady = {name for name, kind, stability in rows if kind == "scalar" and stability != "CONSISTENT"}
    assert unsteady & sql_words.SELECT_FUNCTIONS <= sql_words.CLOCK | sql_words.CHANCE | {"error"}


def test_every_cursor_of_the_engine_is_closed_in_utc_and_cannot_be_opened() -> None:
    with engine() as cursor:
        for setting, value in (
            ("TimeZone", "UTC"),
            ("enable_external_access", False),
            ("python_enable_replacements", False),
            ("lock_configuration", True),
            ("error_on_division_by_zero", False),
            ("threads", 1),
        ):
            assert cursor.execute("SELECT current_setting(?)", [setting]).fetchone() == (value,)
        for sentence in ("SET TimeZone = 'Asia/Tokyo'", "SET enable_external_access = true", "FROM '/etc/passwd'"):
            with pytest.raises(duckdb.Error):
                cursor.execute(sentence)
