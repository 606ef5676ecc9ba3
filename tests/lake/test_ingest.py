"""What ingest promises: nothing twice, nothing lost, nothing guessed, every bad row kept with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arriving import CONTRACT, project, rows, write
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Misused, Refused
from grundstein.core.records import Batch
from grundstein.lake.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.project.folder import Folder


@pytest.fixture
def made(tmp_path: Path) -> Folder:
    return project(tmp_path / "p")


def codes(batch: Batch) -> set[str]:
    return {finding.code for finding in batch.findings}


def aside(made: Folder) -> list[tuple[str, int, str, str]]:
    columns = ["source", "line", "reason", "text"]
    return [tuple(r[c] for c in columns) for r in made.tables.read("people__rejected").to_pylist()]


def test_rows_arrive_typed_numbered_and_named_by_their_batch(made: Folder, tmp_path: Path) -> None:
    batch = ingest(made, write(tmp_path / "a.csv", "1,20,Bonn", "2,,Köln"), "people")
    assert (batch.rows, batch.rejected, batch.source) == (2, 0, "a.csv")
    table = made.tables.read("people")
    assert table.schema.types == [pa.int64(), pa.int64(), pa.string(), pa.int64(), pa.string()]
    assert table.to_pylist()[1] == {"id": 2, "age": None, "town": "Köln", "_row": 1, "_batch": batch.content}
    assert made.ledger.get(next(made.ledger.entries(Batch)).id).record == batch
    assert codes(batch) >= {"GST-D10"}


def test_the_same_content_adds_nothing_under_another_name_either(made: Folder, tmp_path: Path) -> None:
    first = ingest(made, write(tmp_path / "a.csv", "1,20,Bonn"), "people")
    again = ingest(made, write(tmp_path / "copy of a.csv", "1,20,Bonn"), "people")
    assert (again.rows, again.rejected, again.version, again.content) == (0, 0, first.version, first.content)
    assert codes(again) == {"GST-D01"}
    assert len(list(made.ledger.entries(Batch))) == 1
    assert made.tables.info("people").version == first.version


def test_the_same_work_has_the_same_id_in_another_project(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "1,20,Bonn", "2,-1,Köln")
    batches = [ingest(project(tmp_path / name), source, "people") for name in ("one", "two")]
    assert batches[0] == batches[1]


def test_every_broken_rule_puts_its_row_aside_with_line_reason_and_text(made: Folder, tmp_path: Path) -> None:
    lines = ["1,20,Bonn", ",21,Bonn", "3,121,Bonn", "4,-1,Berlin", "5,old,Bonn", "1,22,Köln", "6,6"]
    batch = ingest(made, write(tmp_path / "a.csv", *lines), "people")
    assert (batch.rows, batch.rejected) == (1, 6)
    found = aside(made)
    assert [(source, line, text) for source, line, _, text in found] == [
        ("a.csv", number, text) for number, text in enumerate(lines[1:], start=3)
    ]
    reasons = [reason for _, _, reason, _ in found]
    assert reasons[0] == "id is empty, and it is required"
    assert reasons[1] == 'age "121" is outside the range; maximum 120'
    assert reasons[2] == 'age "-1" is outside the range; minimum 0; town "Berlin" is not allowed; allowed: Bonn, Köln'
    assert "age" in reasons[3]
    assert "old" in reasons[3]
    assert reasons[4] == '"1" is there already as id'
    assert codes(batch) >= {f"GST-D0{n}" for n in (2, 3, 4, 5, 6, 7, 9)}


def test_a_key_that_the_table_has_puts_the_later_row_aside(made: Folder, tmp_path: Path) -> None:
    ingest(made, write(tmp_path / "a.csv", "1,20,Bonn"), "people")
    batch = ingest(made, write(tmp_path / "b.csv", "2,20,Bonn", "1,99,Köln"), "people")
    assert (batch.rows, batch.rejected) == (1, 1)
    assert rows(made) == ((1, 20, "Bonn", 0), (2, 20, "Bonn", 1))


def test_a_row_that_is_put_aside_does_not_hold_its_key(made: Folder, tmp_path: Path) -> None:
    ingest(made, write(tmp_path / "a.csv", "1,-5,Bonn", "1,5,Bonn"), "people")
    assert rows(made) == ((1, 5, "Bonn", 0),)


def test_a_key_of_two_columns_is_the_pair(tmp_path: Path) -> None:
    made = project(tmp_path / "p", replace(CONTRACT, key=("id", "town")))
    batch = ingest(made, write(tmp_path / "a.csv", "1,20,Bonn", "1,20,Köln", "2,20,Köln", "1,7,Köln"), "people")
    assert (batch.rows, batch.rejected) == (3, 1)


def test_findings_and_records_hold_no_value_of_a_row(made: Folder, tmp_path: Path) -> None:
    batch = ingest(made, write(tmp_path / "a.csv", "4711,20,Bonn", "4711,20,Bonn", "4712,999,Bonn"), "people")
    texts = " ".join(finding.text(language) for finding in batch.findings for language in ("en", "de"))
    assert "471" not in texts + str(batch.findings)
    assert "999" not in texts


def test_the_first_ingest_proposes_a_contract_and_later_ones_keep_to_it(tmp_path: Path) -> None:
    made = project(tmp_path / "p", None)
    batch = ingest(made, write(tmp_path / "a.csv", *(f"{n},{20 + n},Bonn" for n in range(9))), "people")
    contract = made.contract("people")
    assert contract is not None
    assert [(c.name, c.type) for c in contract.columns] == [("id", "integer"), ("age", "integer"), ("town", "text")]
    assert "GST-D11" in codes(batch)
    later = ingest(made, write(tmp_path / "b.csv", "100,old,Bonn", "101,30,Bonn"), "people")
    assert (later.rows, later.rejected) == (1, 1)
    assert "GST-D11" not in codes(later)


def test_changed_columns_are_refused_and_nothing_is_written(made: Folder, tmp_path: Path) -> None:
    first = ingest(made, write(tmp_path / "a.csv", "1,20,Bonn"), "people")
    for header in ("id,age,city", "id,age", "id,age,town,shoe"):
        line = ",".join("1" for _ in header.split(","))
        with pytest.raises(Refused):
            ingest(made, write(tmp_path / "b.csv", line, header=header), "people")
    assert made.tables.info("people").version == first.version
    assert made.tables.names() == ["people"]
    assert len(list(made.ledger.entries(Batch))) == 1


def test_columns_in_another_order_are_taken_by_name(made: Folder, tmp_path: Path) -> None:
    ingest(made, write(tmp_path / "a.csv", "Bonn,1,20", header="town,id,age"), "people")
    assert rows(made) == ((1, 20, "Bonn", 0),)


def test_a_folder_is_one_source_and_only_its_new_files_are_taken_later(made: Folder, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    write(folder / "2024-01.csv", "1,20,Bonn", "2,-1,Bonn")
    write(folder / "deep" / "2024-02.csv", "3,20,Bonn")
    (folder / "notes.md").write_text("not data", encoding="utf-8")
    (folder / ".hidden.csv").write_text("x\n", encoding="utf-8")
    first = ingest(made, str(folder), "people")
    assert (first.rows, first.rejected, first.source) == (2, 1, "exports")
    assert aside(made)[0][:2] == ("2024-01.csv", 3)
    write(folder / "2024-03.csv", "4,20,Köln")
    write(folder / "2024-03 copy.csv", "4,20,Köln")
    second = ingest(made, str(folder), "people")
    assert (second.rows, second.rejected) == (1, 0)
    assert {"GST-D12", "GST-D10"} <= codes(second)
    assert "GST-D01" in codes(ingest(made, str(folder / "*.csv"), "people"))
    assert [row[0] for row in rows(made)] == [1, 3, 4]


def test_files_of_one_source_with_other_columns_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    made = project(tmp_path / "p", None)
    write(tmp_path / "x" / "a.csv", "1,20,Bonn", "2,20,Bonn")
    write(tmp_path / "x" / "b.csv", "3,20,Bonn", header="id,age,city")
    with pytest.raises(Refused):
        ingest(made, str(tmp_path / "x"), "people")
    assert made.tables.names() == []
    assert made.contract("people") is None


def test_a_source_without_rows_adds_nothing_and_says_so(made: Folder, tmp_path: Path) -> None:
    ingest(made, write(tmp_path / "a.csv", "1,20,Bonn"), "people")
    with pytest.raises(Refused, match="no record"):
        ingest(made, write(tmp_path / "b.csv"), "people")
    pq.write_table(made.tables.read("people").select(["id", "age", "town"]).slice(0, 0), tmp_path / "c.parquet")
    batch = ingest(made, str(tmp_path / "c.parquet"), "people")
    assert (batch.rows, batch.rejected) == (0, 0)
    assert "GST-D15" in codes(batch)
    assert len(rows(made)) == 1


def test_a_table_cannot_begin_without_a_row(tmp_path: Path) -> None:
    made = project(tmp_path / "p", None)
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), tmp_path / "a.parquet")
    for source in (write(tmp_path / "a.csv"), str(tmp_path / "a.parquet")):
        with pytest.raises(Refused):
            ingest(made, source, "people")
    assert made.contract("people") is None
    assert made.tables.names() == []


def test_a_batch_of_bad_rows_only_is_kept_aside(made: Folder, tmp_path: Path) -> None:
    batch = ingest(made, write(tmp_path / "a.csv", "1,-1,Bonn"), "people")
    assert (batch.rows, batch.rejected) == (0, 1)
    assert rows(made) == ()
    assert len(aside(made)) == 1
    assert ingest(made, write(tmp_path / "b.csv", "1,1,Bonn"), "people").rows == 1


def test_a_changed_type_in_the_contract_is_refused(made: Folder, tmp_path: Path) -> None:
    ingest(made, write(tmp_path / "a.csv", "1,20,Bonn"), "people")
    columns = tuple(replace(c, type="number") if c.name == "age" else c for c in CONTRACT.columns)
    made.write_contract(replace(CONTRACT, columns=columns))
    with pytest.raises(Refused, match=r"age \(double, was int64\)"):
        ingest(made, write(tmp_path / "b.csv", "2,20,Bonn", "3,-1,Bonn"), "people")
    assert len(rows(made)) == 1
    assert made.tables.names() == ["people"]


def test_columns_with_a_name_of_the_house_are_refused(made: Folder, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="_row"):
        ingest(made, write(tmp_path / "a.csv", "1,2,3,4", header="id,age,town,_row"), "people")


def test_parquet_keeps_its_types_and_its_infinite_numbers_apart(tmp_path: Path) -> None:
    made = project(tmp_path / "p", None)
    table = pa.table({"key": ["a", "b", "c"], "share": [0.5, float("inf"), None]})
    pq.write_table(table, tmp_path / "a.parquet")
    batch = ingest(made, str(tmp_path / "a.parquet"), "people")
    assert (batch.rows, batch.rejected) == (2, 1)
    assert "GST-D08" in codes(batch)
    assert aside(made)[0][2] == 'share "inf" is infinite'
    assert "b" in aside(made)[0][3]


@pytest.mark.parametrize(("source", "said"), [("nowhere.csv", "exports.csv"), ("none/*.csv", "Nothing to read")])
def test_a_source_that_is_not_there_names_what_is_near(made: Folder, tmp_path: Path, source: str, said: str) -> None:
    write(tmp_path / "exports.csv")
    with pytest.raises(Refused, match=r"There is no file|Nothing to read") as caught:
        ingest(made, str(tmp_path / source), "people")
    assert said in str(caught.value)


def test_rejected_rows_are_no_table_to_ingest_into(made: Folder, tmp_path: Path) -> None:
    with pytest.raises(Misused, match="people put aside"):
        ingest(made, write(tmp_path / "a.csv"), "people__rejected")


FIELDS = st.one_of(st.integers(-3, 130).map(str), st.sampled_from(["", "x", "1.5", "Bonn", "Köln", '"a,b"', "ä ö"]))
ODD = st.lists(FIELDS, min_size=1, max_size=4).map(",".join).filter(lambda line: line.strip(', "'))
GOOD = st.tuples(st.integers(1, 9), st.integers(0, 120), st.sampled_from(["Bonn", "Köln"])).map(
    "{0[0]},{0[1]},{0[2]}".format
)
LINES = st.lists(st.one_of(GOOD, GOOD, ODD), max_size=12)
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(
    max_examples=10, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=st.lists(LINES, min_size=1, max_size=3))
def test_every_row_of_a_source_is_taken_or_put_aside(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    made = project(folder / "p")
    sources = [("1000,30,Bonn", *lines, "1001,30,Köln", "1002,30,Köln") for lines in files]
    for number, lines in enumerate(sources):
        write(folder / "source" / f"{number}.csv", *lines)
    try:
        batch = ingest(made, str(folder / "source"), "people")
    except Refused:
        assert made.tables.names() == []
        return
    assert batch.rows + batch.rejected == sum(len(lines) for lines in set(sources))
    kept = made.tables.read("people")
    assert kept.num_rows == batch.rows == len(set(kept["id"].to_pylist()))
    texts = [text for *_, text in aside(made)] if batch.rejected else []
    assert len(texts) == batch.rejected
    assert set(texts) <= {line for lines in sources for line in lines}
