"""A source that is read part by part ends as one that is read at once: rows, reasons, lines, texts and findings."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arriving import project, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.lake.ingest import ingest
from grundstein.lake.streaming import cutting, lines, pouring, stream

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.records import Batch
    from grundstein.project.folder import Folder

NUMBERS = {"decimal": ",", "thousands": "."}
CONTRACT = Contract(
    table="people",
    columns=(
        Column("id", "integer"),
        Column("amount", "decimal", source=NUMBERS, minimum=-100_000),
        Column("day", "date", source={"dates": "dmy"}),
        Column("at", "instant"),
        Column("rate", "number", source={**NUMBERS, "missing": "k.A.\n-"}),
        Column("paid", "boolean", source={"true": "ja", "false": "nein"}),
        Column("town", "text", allowed=("Köln", "Bonn", 'a "b"', "a;b", "two\nlines")),
        Column("note", "text"),
    ),
    key=("id",),
)
HEADER = "id;amount;day;at;rate;paid;town;note"
CELLS = {
    "amount": ["1.234,50", "-3,00", "12", "1234,5", "1,5 €", "1.5", "0x10", "-200000", "1,234"],
    "day": ["31.12.2023", "2023-02-28", "1.2.24", "31.02.2023", "2023-02-29"],
    "at": ["2023-05-06 07:08:09", "2023-05-06T07:08:09.5", "2023-03-26 02:30:00", "6.5.2023 07:08", "soon"],
    "rate": ["0,5", "12", "k.A.", "-", "", "nan", "1e3", "1.000.000"],
    "paid": ["ja", "nein", "JA", "", "yes"],
    "town": ["Köln", "Bonn", '"a ""b"""', '"a;b"', '"two\nlines"', "Berlin"],
    "note": ["", "frei", " ", "ähnlich", "\u00a0", "1_000"],
}
RECORD = st.tuples(st.integers(1, 300).map(str), *(st.sampled_from(cells) for cells in CELLS.values())).map(";".join)
ODD = st.sampled_from(
    ["", "1;2", HEADER, ";;;;;;;", "Summe", '9;1,00;x"y;;;;;', '"9;1,00', "9;1,00;;;;;Bonn;;", "9\0;;;;;;;"]
)
SOURCES = st.lists(st.one_of(RECORD, RECORD, RECORD, RECORD, ODD), max_size=60)
GOOD = [f"{n};{n},50;0{n % 9 + 1}.03.2024;2024-01-0{n % 9 + 1} 10:00:00;0,{n};ja;Bonn;frei" for n in range(1000, 1060)]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every file is large, and every part small."""
    for module, name, value in (
        (pouring, "LARGE", 1),
        (pouring, "LARGE_PACKED", 1),
        (pouring, "ROWS", 7),
        (pouring, "WINDOW", 600),
        (cutting, "BLOCK", 1500),
        (stream, "CHUNK", 700),
        (lines, "BLOCK", 500),
    ):
        monkeypatch.setattr(module, name, value)
    return monkeypatch


def seen(made: Folder, batch: Batch) -> tuple[Any, ...]:
    """What a reader sees of the table, and what was told, but for how many rows a sample had."""
    found = [made.tables.read("people").to_pylist()]
    found += [made.tables.read("people__rejected").to_pylist()] if batch.rejected else [[]]
    return *found, batch.rows, batch.rejected, {(f.code, str(dict(f.facts))) for f in batch.findings}


def both(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch, contract: Contract | None = CONTRACT) -> list[Any]:
    """Ingest a source at once and part by part, each into a project of its own."""
    found: list[Any] = []
    for name in ("once", "parts"):
        with monkeypatch.context() as patch:
            if name == "once":
                patch.setattr(pouring, "LARGE", 1 << 40)
                patch.setattr(pouring, "LARGE_PACKED", 1 << 40)
            made = project(folder / name, contract)
            try:
                found.append(seen(made, ingest(made, source, "people")))
            except Refused as refused:
                assert made.tables.names() == []
                found.append(type(refused))
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    odd=SOURCES,
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    packed=st.booleans(),
)
def test_part_by_part_and_at_once_agree_cell_by_cell_and_reason_by_reason(
    tmp_path_factory: pytest.TempPathFactory,
    parts: pytest.MonkeyPatch,
    odd: list[str],
    end: str,
    encoding: str,
    packed: bool,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    text = end.join([HEADER, *GOOD[:45], *odd, *GOOD[45:]]) + end
    source = folder / ("a.csv.gz" if packed else "a.csv")
    data = text.encode(encoding)
    source.write_bytes(gzip.compress(data) if packed else data)
    once, streamed = both(folder, str(source), parts)
    assert once == streamed


def test_rows_of_a_clean_and_of_a_dirty_part_keep_the_order_of_the_file(tmp_path: Path, parts: Any) -> None:
    rows = [f"{n},{n % 90},Bonn" for n in range(400)]
    rows[200] = '200,"2",Bonn"'
    made = project(tmp_path / "p")
    batch = ingest(made, write(tmp_path / "a.csv", *rows), "people")
    assert (batch.rows, batch.rejected) == (399, 1)
    assert made.tables.read("people")["id"].to_pylist() == [n for n in range(400) if n != 200]
    assert made.tables.read("people__rejected")["line"].to_pylist() == [202]


def test_a_key_of_the_arrival_or_the_table_puts_the_later_row_aside_with_its_line_and_text(
    tmp_path: Path, parts: Any
) -> None:
    made = project(tmp_path / "p")
    ingest(made, write(tmp_path / "a.csv", *(f"{n},20,Bonn" for n in range(300))), "people")
    batch = ingest(
        made, write(tmp_path / "b.csv", *(f"{n},30,Köln" for n in (*range(300, 600), 7, 450, 450))), "people"
    )
    assert (batch.rows, batch.rejected) == (300, 3)
    found = made.tables.read("people__rejected").to_pylist()
    assert [(row["line"], row["reason"], row["text"]) for row in found] == [
        (302, '"7" is there already as id', "7,30,Köln"),
        (303, '"450" is there already as id', "450,30,Köln"),
        (304, '"450" is there already as id', "450,30,Köln"),
    ]


def test_the_contract_of_a_large_new_table_is_proposed_by_a_sample_and_settled_by_all_rows(
    tmp_path: Path, parts: Any
) -> None:
    made = project(tmp_path / "p", None)
    rows = [f"{n % 700},{n},{'' if n == 650 else 'Bonn'}" for n in range(900)]
    rows[640] = "640,6.5,Bonn"
    batch = ingest(made, write(tmp_path / "a.csv", *rows), "people")
    assert (batch.rows, batch.rejected) == (900, 0)
    contract = made.contract("people")
    assert contract is not None
    assert [(c.name, c.type, c.required) for c in contract.columns] == [
        ("id", "integer", True),
        ("age", "number", True),
        ("town", "text", False),
    ]
    assert contract.key == ()
    assert "GST-D62" not in {finding.code for finding in batch.findings}


def test_bytes_that_are_not_utf8_late_in_the_file_are_read_in_the_old_encoding(tmp_path: Path, parts: Any) -> None:
    text = "\n".join(["id,age,town", *(f"{n},20,Bonn" for n in range(500)), "500,20,Köln", "501,20,Köln"])
    (tmp_path / "a.csv").write_bytes(text.encode("cp1252"))
    made = project(tmp_path / "p")
    batch = ingest(made, str(tmp_path / "a.csv"), "people")
    assert (batch.rows, batch.rejected) == (502, 0)
    assert made.tables.read("people")["town"].to_pylist()[-2:] == ["Köln", "Köln"]
    assert any(f.code == "GST-D31" and f.facts["encoding"] == "cp1252" for f in batch.findings)


def test_a_second_table_in_the_file_is_put_aside_to_its_end(tmp_path: Path, parts: pytest.MonkeyPatch) -> None:
    rows = [*(f"{n},20,Bonn" for n in range(200)), "id,age,city", *(f"{n},20,Bonn" for n in range(300, 500))]
    once, streamed = both(tmp_path, write(tmp_path / "a.csv", *rows), parts, None)
    assert once[2:4] == streamed[2:4] == (200, 201)
    assert [row["reason"] for row in once[1]] == [row["reason"] for row in streamed[1]]


def test_json_lines_and_parquet_are_read_part_by_part_as_at_once(tmp_path: Path, parts: pytest.MonkeyPatch) -> None:
    records = [{"id": n, "age": n % 90, "town": "Bonn"} | ({"late": n} if n == 180 else {}) for n in range(200)]
    lines_of = [json.dumps(record) for record in records]
    lines_of[90] = '{"id": 1, "id": 2}'
    (tmp_path / "a.jsonl").write_text("\n".join(lines_of), encoding="utf-8")
    table = pa.table({"id": range(100), "share": [None, 0.5] * 50, "town": ["Bonn", "Köln"] * 50})
    pq.write_table(table, tmp_path / "b.parquet", row_group_size=9)
    for name in ("a.jsonl", "b.parquet"):
        once, streamed = both(tmp_path / name.replace(".", ""), str(tmp_path / name), parts, None)
        assert once[:4] == streamed[:4]


def test_more_unreadable_records_than_readable_are_refused_and_nothing_is_written(tmp_path: Path, parts: Any) -> None:
    made = project(tmp_path / "p")
    rows = [*(f"{n},20,Bonn" for n in range(100)), *("only one" for _ in range(200))]
    with pytest.raises(Refused):
        ingest(made, write(tmp_path / "a.csv", *rows), "people")
    assert made.tables.names() == []


def test_files_of_a_folder_are_one_batch_whatever_their_kind_and_size(tmp_path: Path, parts: Any) -> None:
    made = project(tmp_path / "p")
    write(tmp_path / "x" / "a.csv", *(f"{n},20,Bonn" for n in range(300)), "1,2")
    write(tmp_path / "x" / "b.csv", *(f"{n},20,Köln" for n in range(300, 400)), "5,20,Köln")
    batch = ingest(made, str(tmp_path / "x"), "people")
    assert (batch.rows, batch.rejected, len(batch.contents)) == (400, 2, 2)
    found = made.tables.read("people__rejected").to_pylist()
    assert [(row["source"], row["line"]) for row in found] == [("a.csv", 302), ("b.csv", 102)]
    assert ingest(made, str(tmp_path / "x" / "b.csv"), "people").rows == 0
