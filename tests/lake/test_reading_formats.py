"""JSON lines, Parquet, workbooks and packed files: the first bytes decide, not the ending."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw


def read(path, content=None, **options):
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_raw(path, options, None)


def workbook(path, **sheets):
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(at, column, cell, day)
                    elif cell is not None:
                        sheet.write(at, column, cell)
    return path


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(0, 9), max_size=2)
objects = st.dictionaries(st.text("abcd", min_size=1, max_size=2), values, max_size=4)


@given(st.lists(objects.filter(bool), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_lines_keep_every_value_as_the_source_writes_it(tmp_path, entries):
    raw = read(tmp_path / "f.jsonl", "\n".join(json.dumps(entry) for entry in entries))
    assert raw.table is not None
    for entry, row in zip(entries, raw.table.to_pylist(), strict=True):
        for name, value in entry.items():
            expected = value if value is None or isinstance(value, str) else json.dumps(value)
            assert row[name] == expected
        assert all(row[name] is None for name in row if name not in entry)


def test_json_numbers_keep_their_digits_and_objects_become_dotted_columns(tmp_path):
    raw = read(tmp_path / "f.jsonl", '{"a": 1.50, "b": {"c": 1e400, "d": [1.0, {"e": 2}]}}\n\n{"b": null, "a": 7}\n')
    assert raw.columns == ("a", "b.c", "b.d")
    assert raw.table.to_pylist() == [
        {"a": "1.50", "b.c": "1e400", "b.d": '[1.0, {"e": 2}]'},
        {"a": "7", "b.c": None, "b.d": None},
    ]
    assert raw.line.to_pylist() == [1, 3]


def test_json_lines_that_are_no_object_are_put_aside(tmp_path):
    good = '{"a": 1}\n' * 4
    raw = read(tmp_path / "f.jsonl", good + '{"a": 1\n[1]\n{"a": 1, "a": 2}\n{"b": {"c": 1}, "b.c": 2}\n')
    assert raw.rows == 4
    assert raw.broken.column("line").to_pylist() == [5, 6, 7, 8]
    reasons = raw.broken.column("reason").to_pylist()
    assert reasons[0].startswith("is no JSON")
    assert reasons[1:] == ["is no JSON object", 'has "a" twice', 'has "b.c" twice']


def test_a_list_of_objects_and_names_equal_but_for_case(tmp_path):
    assert read(tmp_path / "f.json", '[{"a": 1}, {"a": 2.0}]').table.column("a").to_pylist() == ["1", "2.0"]
    with pytest.raises(Refused, match="upper and lower case"):
        read(tmp_path / "g.json", '{"a": 1, "A": 2}')
    with pytest.raises(Refused, match="no record"):
        read(tmp_path / "h.jsonl", "[1, 2]")


def test_parquet_keeps_its_types_and_turns_nan_into_null(tmp_path):
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int32()),
            "x": [1.5, float("nan"), None],
            "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
            "at": pa.array([0, 1_000_000_000, None], pa.timestamp("ns")),
            "tags": [["x"], [], None],
            "inner": [{"n": 1}, {"n": 2}, {"n": None}],
            "big": pa.array([2**63 + 5, 1, 2], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "f.parquet")
    raw = read(tmp_path / "f.parquet")
    assert raw.table is None
    assert raw.typed.to_pylist()[1] == {
        "id": 2,
        "x": None,
        "kind": "b",
        "at": dt.datetime(1970, 1, 1, 0, 0, 1),  # noqa: DTZ001 the file says no zone, the cast will
        "tags": "[]",
        "inner.n": 2,
        "big": "1",
    }
    assert raw.typed.schema.field("id").type == pa.int64()
    assert raw.text[0].as_py() == '1\t1.5\ta\t1970-01-01 00:00:00.000000\t["x"]\t1\t9223372036854775813'


def test_a_sheet_is_read_with_its_row_numbers_and_dates(tmp_path):
    rows = [["Bericht"], [], ["nr", "tag", "betrag", "ja"], [1, dt.date(2024, 3, 31), 1.5, True], [2, None, 7, False]]
    raw = read(workbook(tmp_path / "f.xlsx", Daten=rows, Leer=[]))
    assert raw.columns == ("nr", "tag", "betrag", "ja")
    assert raw.table.to_pylist() == [
        {"nr": "1", "tag": "2024-03-31", "betrag": "1.5", "ja": "true"},
        {"nr": "2", "tag": None, "betrag": "7", "ja": "false"},
    ]
    assert raw.line.to_pylist() == [4, 5]
    assert raw.how["sheet"] == "Daten"


def test_several_sheets_with_data_are_refused_until_one_is_chosen(tmp_path):
    path = workbook(tmp_path / "f.xlsx", Januar=[["a"], [1]], Februar=[["a"], [2]])
    with pytest.raises(Refused, match="2 sheets") as refusal:
        read(path)
    assert "Januar, Februar" in refusal.value.expected
    assert read(path, sheet="Februar").table.to_pylist() == [{"a": "2"}]
    with pytest.raises(Refused, match="Februar"):
        read(path, sheet="Febuar")


def test_a_packed_file_is_read_and_an_archive_is_refused(tmp_path):
    assert read(tmp_path / "f.csv.gz", gzip.compress(b"a,b\n1,2\n")).table.to_pylist() == [{"a": "1", "b": "2"}]
    assert read(tmp_path / "f.jsonl.gz", gzip.compress(b'{"a": 1}')).table.to_pylist() == [{"a": "1"}]
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    with pytest.raises(Refused, match="archive") as refusal:
        read(tmp_path / "f.zip")
    assert "unpack" in refusal.value.next_step


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.xls", b"<html><table></table></html>", "web page"),
        ("f.csv", b"%PDF-1.7 ...", "PDF"),
        ("f.csv", b"SQLite format 3\0", "SQLite"),
        ("f.parquet", b"PAR1 and then nothing", "damaged"),
        ("f.xlsx", b"PK\x03\x04 and then nothing", "damaged"),
        ("f.csv.gz", b"\x1f\x8b and then nothing", "cannot be unpacked"),
    ],
)
def test_what_is_no_table_is_refused_by_its_content(tmp_path, name, content, said):
    with pytest.raises(Refused, match=said):
        read(tmp_path / name, content)
