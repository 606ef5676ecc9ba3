"""Columns that come later: the table gets them, its rows keep what they had, older versions stay as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from grundstein.core.errors import Refused
from grundstein.stores.tables import IcebergTables
from grundstein.tools.parquet import field_ids, write_parquet

if TYPE_CHECKING:
    from pathlib import Path


def rows(first: int, **columns: list[object]) -> pa.Table:
    many = len(next(iter(columns.values())))
    house = {"_row": pa.array(range(first, first + many), pa.int64()), "_batch": ["b"] * many}
    return pa.table({**columns, **house})


def taken(tables: IcebergTables, content: pa.Table, batch: str) -> str:
    with tables.lease("answers"):
        return tables.append("answers", write_parquet(content, tables.staging("answers")), batch).version


def widened(tables: IcebergTables, **columns: pa.DataType) -> int:
    with tables.lease("answers"):
        return tables.widen("answers", pa.schema(list(columns.items())))


@pytest.fixture
def tables(tmp_path: Path) -> IcebergTables:
    made = IcebergTables(tmp_path / "lake")
    taken(made, rows(0, person=["a", "b"], answer=["yes", "no"]), "one")
    taken(made, rows(2, person=["c"], answer=["no"]), "two")
    return made


def test_a_column_that_comes_later_is_empty_in_the_rows_before_it(tables: IcebergTables) -> None:
    assert widened(tables, more=pa.float64()) == 1
    found = tables.read("answers")
    assert found["more"].null_count == 3
    assert found["person"].to_pylist() == ["a", "b", "c"]
    assert found["_row"].to_pylist() == [0, 1, 2]
    wide = pa.table({**{n: found[n] for n in found.column_names}}).slice(0, 0)
    more = pa.table(
        {"person": ["d"], "answer": ["yes"], "_row": pa.array([3], pa.int64()), "_batch": ["b"], "more": [1.5]}
    )
    taken(tables, more.select(wide.column_names), "three")
    assert tables.read("answers")["more"].to_pylist() == [None, None, None, 1.5]


def test_a_version_from_before_is_read_as_it_was(tables: IcebergTables) -> None:
    before = tables.info("answers").version
    seen, digest = tables.read("answers", before), tables.info("answers", before).digest
    widened(tables, more=pa.float64())
    assert tables.read("answers", before).equals(seen)
    assert tables.info("answers", before).digest == digest
    assert not tables.changed("answers", before)


def test_columns_that_are_there_change_nothing(tables: IcebergTables) -> None:
    before = tables.info("answers").version
    assert widened(tables, answer=pa.string()) == 0
    assert widened(tables) == 0
    assert tables.info("answers").version == before


def test_batches_that_came_before_are_still_known(tables: IcebergTables) -> None:
    widened(tables, more=pa.string())
    batches = [commit.batch for commit in tables.commits("answers") if commit.batch]
    assert batches == ["one", "two"]
    assert tables.next_row("answers") == 3


def test_other_engines_find_the_new_column_by_its_number(tables: IcebergTables) -> None:
    import pyarrow.parquet as pq

    widened(tables, more=pa.float64(), why=pa.string())
    table = tables._warehouse.table("answers")
    assert table is not None
    numbers = {field.name: field.field_id for field in table.schema().fields}
    schema = pq.read_schema(tables.files("answers")[0])
    assert [numbers[name] for name in schema.names] == field_ids(schema)
    assert table.scan().to_arrow()["why"].null_count == 3


def test_the_same_columns_give_the_same_version_anywhere(tmp_path: Path) -> None:
    versions = set()
    for place in ("here", "there"):
        made = IcebergTables(tmp_path / place)
        taken(made, rows(0, person=["a"]), "one")
        widened(made, more=pa.float64())
        versions.add(made.info("answers").version)
    assert len(versions) == 1


def test_a_table_with_lists_gets_no_more_columns(tmp_path: Path) -> None:
    made = IcebergTables(tmp_path)
    taken(made, rows(0, items=[["x", "y"]]), "one")
    with pytest.raises(Refused, match="another column: more"):
        widened(made, more=pa.float64())


def test_small_files_are_joined_after_it(tables: IcebergTables) -> None:
    widened(tables, more=pa.float64())
    with tables.lease("answers"):
        tables.compact("answers")
    assert tables.read("answers").num_rows == 3
