"""Looking at the lake: what is listed, shown, asked and written out; nothing here changes a table."""

from __future__ import annotations

import csv
import datetime as dt
import math
import zipfile
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.core.records import Batch
from grundstein.lake import looking, writing
from grundstein.lake.profile import profiles
from grundstein.project.folder import Folder, create_project
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
CONTRACT = Contract(
    table="people",
    columns=(
        Column("id", "integer", required=True, description="the person"),
        Column("town", "text", personal=True),
        Column("paid", "decimal", known_at="after"),
        Column("joined", "date"),
        Column("active", "boolean"),
    ),
    key=("id",),
    time="joined",
    owner="sales",
    description="who buys",
    freshness_days=30,
)


def _people(count: int, first: int = 0) -> pa.Table:
    numbers = range(first, first + count)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "town": pa.array([None if i % 10 == 9 else ("Bonn", "Köln", "Bonn")[i % 3] for i in numbers]),
            "paid": pa.array([Decimal(i).scaleb(-2) for i in numbers], pa.decimal128(18, 2)),
            "joined": pa.array([dt.date(2026, 1, 1) + dt.timedelta(days=i % 20) for i in numbers]),
            "active": pa.array([i % 4 == 0 for i in numbers]),
            "score": pa.array([None if i == first else i / 7 for i in numbers]),
            "_row": pa.array(numbers, pa.int64()),
            "_batch": pa.array(["b"] * count),
        }
    )


def _arrive(project: Folder, batch: str, **arrivals: pa.Table) -> None:
    with project.tables.lease(next(iter(arrivals)).removesuffix("__rejected")):
        for name, table in arrivals.items():
            project.tables.append(name, write_parquet(table, project.tables.staging(name)), batch)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = create_project(tmp_path_factory.mktemp("project"), salt="test")
    made.write_contract(CONTRACT)
    aside = pa.table({"line": pa.array([7], pa.int64()), "reason": ["id is empty"], "_row": pa.array([0], pa.int64())})
    _arrive(made, "one", people__rejected=aside, people=_people(60))
    _arrive(made, "two", people=_people(40, 60))
    _arrive(made, "three", orders=pa.table({"person": [1, 1], "_row": pa.array([0, 1], pa.int64())}))
    for batch, rows, rejected in (("one", 60, 1), ("two", 40, 0)):
        made.ledger.append(Batch("people", f"{batch}.csv", batch, rows, rejected, "v"))
    return made


def test_tables_are_listed_with_owner_and_what_was_put_aside(project: Folder) -> None:
    listed = {row["name"]: row for row in looking.tables(project).to_pylist()}
    assert list(listed) == ["orders", "people"]
    people = listed["people"]
    assert (people["rows"], people["columns"], people["owner"], people["rejected"]) == (100, 6, "sales", 1)
    assert dt.datetime.fromisoformat(people["changed_at"]).tzinfo
    assert listed["orders"]["owner"] == ""


def test_show_says_what_the_contract_says_and_what_the_columns_hold(project: Folder) -> None:
    shown = looking.show(project, "People", now=NOW)
    assert (shown.table, shown.owner, shown.rows, shown.rejected, shown.key) == ("people", "sales", 100, 1, ("id",))
    assert [(one.source, one.rows, one.rejected) for one in shown.batches] == [("one.csv", 60, 1), ("two.csv", 40, 0)]
    columns = {column.name: column for column in shown.columns}
    assert list(columns) == ["id", "town", "paid", "joined", "active", "score"]
    assert [columns[name].type for name in columns] == ["integer", "text", "decimal", "date", "boolean", "number"]
    assert (columns["id"].required, columns["id"].description, columns["town"].personal) == (True, "the person", True)
    assert columns["paid"].known_at == "after"


def test_the_profile_counts_exactly(project: Folder) -> None:
    columns = {column.name: column for column in looking.show(project, "people", now=NOW).columns}
    town, paid, joined, active, score = (columns[name] for name in ("town", "paid", "joined", "active", "score"))
    assert (town.missing, town.distinct, town.minimum, town.maximum) == (0.1, 2, "Bonn", "Köln")
    assert town.frequent == (("Bonn", 60), ("Köln", 30))
    assert town.histogram is None
    assert (paid.minimum, paid.maximum, paid.mean) == ("0.00", "0.99", pytest.approx(0.495))
    assert paid.histogram is not None
    assert sum(paid.histogram.counts) == 100
    assert (joined.minimum, joined.maximum, joined.distinct) == ("2026-01-01", "2026-01-20", 20)
    assert joined.histogram is not None
    assert joined.histogram.edges[0] == "2026-01-01"
    assert joined.histogram.counts == (10,) * 10
    assert active.frequent == ((False, 75), (True, 25))
    assert score.missing == 0.02
    assert not any(column.estimated for column in columns.values())


@given(
    st.lists(
        st.one_of(st.none(), st.floats(allow_nan=False, width=64), st.integers(-3, 3).map(float)),
        min_size=1,
        max_size=60,
    )
)
@settings(max_examples=25, deadline=None)
def test_a_histogram_counts_every_finite_number_once(numbers: list[float | None]) -> None:
    column = pa.table({"x": pa.array(numbers, pa.float64())})
    with TemporaryDirectory() as folder:
        file = f"{folder}/x.parquet"
        pq.write_table(column, file)
        found = profiles([file], column.schema, ["x"], len(numbers))["x"]
    finite = [number for number in numbers if number is not None and math.isfinite(number)]
    assert found.missing == numbers.count(None) / len(numbers)
    assert found.distinct == len({number for number in numbers if number is not None})
    if found.histogram:
        assert sum(found.histogram.counts) == len(finite)
        assert (found.histogram.edges[0], found.histogram.edges[-1]) == (min(finite), max(finite))
    else:
        assert len(set(finite)) <= 1 or (max(finite) - min(finite)) / 10 in (0.0, math.inf)


def test_freshness_is_measured_on_the_newest_time_in_the_table(project: Folder) -> None:
    late = looking.show(project, "people", now=NOW)
    assert late.newest == "2026-01-20"
    assert [(one.code, one.section) for one in late.findings] == [("GST-D13", "issue")]
    in_time = looking.show(project, "people", now=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    assert [(one.code, one.section) for one in in_time.findings] == [("GST-D14", "passed")]


def test_rows_put_aside_are_shown_like_a_table(project: Folder) -> None:
    shown = looking.show(project, "people__rejected")
    assert [column.name for column in shown.columns] == ["line", "reason"]
    assert shown.columns[1].frequent == (("id is empty", 1),)


def test_an_unknown_table_is_named_with_the_nearest(project: Folder) -> None:
    with pytest.raises(Refused, match='did you mean "people"'):
        looking.show(project, "poeple")
    with pytest.raises(Refused, match='did you mean "people"'):
        looking.sql(project, "SELECT * FROM poeple")


def test_sql_reads_governed_tables_only_in_the_order_of_arrival(project: Folder) -> None:
    rows = looking.sql(project, "SELECT * FROM People WHERE id < 70")
    assert rows["_row"].to_pylist() == list(range(70))
    joined = looking.sql(project, "SELECT count(*) AS n FROM people p JOIN orders o ON p.id = o.person")
    assert joined.to_pylist() == [{"n": 2}]
    assert looking.sql(project, "SELECT reason FROM people__rejected").to_pylist() == [{"reason": "id is empty"}]
    for table in ("people", "orders"):
        path = project.tables.files(table)[0]
        with pytest.raises(Refused):
            looking.sql(project, f"SELECT * FROM '{path}'")
    with pytest.raises(Refused, match="more than 50 rows"):
        looking.sql(project, "SELECT * FROM people", rows=50)


ODD = pa.table(
    {
        "text": ["=1+1", "+49 30 1", "@SUM(A1)", '=HYPERLINK("http://example.org")', "https://example.org", None],
        "digits": ["00012", "1e5", "-", "ä€😀", "line\nbreak", "\x01"],
        "whole": pa.array([1, -2, None, 4, 5, 6], pa.int64()),
        "long": pa.array([12345678901234567, 1, 2, 3, 4, None], pa.int64()),
        "money": pa.array(
            [Decimal("1234.50"), Decimal("-0.01"), None, Decimal(0), Decimal(1), Decimal(2)], pa.decimal128(18, 2)
        ),
        "number": [0.1, None, 1e300, -1.5, 2.0, 3.0],
        "yes": [True, False, None, True, True, True],
        "day": pa.array([dt.date(2026, 2, 28), dt.date(1899, 1, 1), None] + [dt.date(2000, 1, 1)] * 3),
        "seen": pa.array(
            [dt.datetime(2026, 2, 28, 23, 59, 59, tzinfo=dt.UTC), None] * 3, pa.timestamp("us", "Europe/Berlin")
        ),
        "list": [["a", "b"], [], None, ["c"], ["d"], ["e"]],
    }
)


def test_a_workbook_holds_real_dates_and_numbers_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    looking.write_out(ODD, path)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["text", "digits", "whole", "long", "money", "number", "yes", "day", "seen (UTC)", "list"]
    read = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    assert read["text"][:5] == tuple(ODD["text"].to_pylist()[:5])
    assert read["digits"][:5] == tuple(ODD["digits"].to_pylist()[:5])
    assert read["whole"][:2] == (1.0, -2.0)
    assert read["long"][:2] == ("12345678901234567", "1")
    assert read["money"][:2] == (1234.5, -0.01)
    assert read["yes"][:2] == (True, False)
    assert read["day"][:2] == (dt.date(2026, 2, 28), "1899-01-01")
    assert read["seen (UTC)"][0] == dt.datetime(2026, 2, 28, 23, 59, 59)  # noqa: DTZ001
    assert read["list"][0] == '["a", "b"]'
    sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    assert 'state="frozen"' in sheet
    styles = zipfile.ZipFile(path).read("xl/styles.xml").decode()
    assert "<b/>" in styles
    assert "#,##0.00" in styles


def test_the_same_rows_give_the_same_workbook(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        looking.write_out(ODD, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_csv_opens_in_excel_and_keeps_its_values(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    looking.write_out(ODD, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [
        "=1+1",
        "+49 30 1",
        "@SUM(A1)",
        '=HYPERLINK("http://example.org")',
        "https://example.org",
        "",
    ]
    assert rows[4]["digits"] == "line\nbreak"
    assert (rows[0]["long"], rows[0]["money"], rows[0]["day"]) == ("12345678901234567", "1234.50", "2026-02-28")
    assert rows[0]["list"] == '["a", "b"]'


def test_parquet_keeps_every_type(tmp_path: Path) -> None:
    looking.write_out(ODD, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").equals(ODD)


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".parquet"])
def test_an_empty_answer_still_has_its_header(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    looking.write_out(ODD.slice(0, 0), path)
    assert path.stat().st_size > 0
    if ending == ".xlsx":
        assert CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0][0] == "text"


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".parquet"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"yesterday")

    def full(parts: object, schema: pa.Schema, part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    for name in ("_write_excel", "_write_csv", "_write_parquet"):
        monkeypatch.setattr(writing, name, full)
    with pytest.raises(Refused, match="No space left"):
        looking.write_out(ODD, path)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(path.name, b"yesterday")]


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("out.xls", ODD, "out.xlsx"),
        ("out", ODD, "FILE.csv"),
        ("missing/out.csv", ODD, "no folder"),
        ("out.xlsx", pa.table({"a": pa.array(range(1_048_576), pa.int32())}), "1,048,575"),
        ("out.xlsx", pa.table({"a": ["x" * 32_768]}), "32,767"),
        ("out.xlsx", pa.table({"a": [["x" * 32_768]]}), "32,767"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, table: pa.Table, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        looking.write_out(table, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
