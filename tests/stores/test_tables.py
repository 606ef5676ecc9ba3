"""One suite over every table store: what the flow may rely on, and what survives a crash or a move."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.stores.datafiles import digest_of
from grundstein.stores.tables import IcebergTables
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable

    from grundstein.core.ports import TableInfo, TableStore

STORES: dict[str, Callable[[Path], TableStore]] = {"iceberg": lambda root: IcebergTables(root, wait=0.3)}


@pytest.fixture(params=sorted(STORES))
def open_store(request: pytest.FixtureRequest) -> Callable[[Path], TableStore]:
    return STORES[request.param]


@pytest.fixture
def store(open_store: Callable[[Path], TableStore], tmp_path: Path) -> TableStore:
    return open_store(tmp_path / "lake")


def add(store: TableStore, name: str, texts: list[str], batch: str, note: str = "") -> TableInfo:
    with store.lease(name):
        first = store.next_row(name)
        rows = pa.table({"text": texts, "_row": pa.array(range(first, first + len(texts)), pa.int64())})
        rows = rows.set_column(0, "text", rows["text"].cast(pa.string()))
        rows = rows.append_column("_batch", pa.array([batch] * len(texts), pa.string()))
        return store.append(name, write_parquet(rows, store.staging(name)), batch, note)


def texts(store: TableStore, name: str, version: str = "") -> list[str]:
    return store.read(name, version)["text"].to_pylist()


def test_every_type_of_a_contract_comes_back_as_it_went_in(store: TableStore) -> None:
    columns = {
        "integer": pa.array([2**62, None], pa.int64()),
        "number": pa.array([0.1, None], pa.float64()),
        "decimal, 2": pa.array([Decimal("-1.25"), None], pa.decimal128(18, 2)),
        "Text: ä/ö.ü": pa.array(["", None], pa.string()),
        "boolean": pa.array([False, None], pa.bool_()),
        "date": pa.array([date(1066, 10, 14), None], pa.date32()),
        "instant": pa.array([datetime(2024, 3, 31, 1, 0, 0, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "_row": pa.array([0, 1], pa.int64()),
        "_batch": pa.array(["b", "b"], pa.string()),
    }
    table = pa.table(columns)
    with store.lease("types"):
        store.append("types", write_parquet(table, store.staging("types")), "b")
    assert store.read("types").equals(table)
    assert store.schema("types").equals(table.schema, check_metadata=True)
    with store.stream("types") as reader:
        assert reader.read_all().equals(table)


def test_a_version_stays_readable_after_later_appends(store: TableStore) -> None:
    first = add(store, "t", ["a", "b"], "1")
    files = [(f, Path(f).read_bytes()) for f in store.files("t")]
    second = add(store, "t", ["c"], "2")
    assert texts(store, "t", first.version) == ["a", "b"]
    assert texts(store, "t") == texts(store, "t", second.version) == ["a", "b", "c"]
    assert [(f, Path(f).read_bytes()) for f in store.files("t", first.version)] == files
    assert store.info("t", first.version) == first
    assert (second.rows, second.batches) == (3, ("1", "2"))


def test_a_digest_is_over_the_sha256_of_the_files(store: TableStore) -> None:
    import hashlib

    add(store, "t", ["a"], "1")
    info = add(store, "t", ["b"], "2")
    assert info.digest == digest_of([hashlib.sha256(Path(f).read_bytes()).hexdigest() for f in store.files("t")])


def test_the_same_appends_give_the_same_versions_and_digests_anywhere(
    open_store: Callable[[Path], TableStore], tmp_path: Path
) -> None:
    infos = []
    for folder in ("one", "two"):
        store = open_store(tmp_path / folder)
        infos.append([add(store, "t", ["a"], "1"), add(store, "t", ["b"], "2")])
    assert [(i.version, i.digest) for i in infos[0]] == [(i.version, i.digest) for i in infos[1]]


def test_a_batch_that_is_there_is_not_added_again(store: TableStore) -> None:
    first = add(store, "t", ["a"], "1")
    add(store, "t", ["b"], "2")
    assert add(store, "t", ["a"], "1") == first
    assert texts(store, "t") == ["a", "b"]


def test_notes_are_kept_with_their_commits_in_order(store: TableStore) -> None:
    add(store, "t", ["a"], "1", note='{"ä": 1}')
    add(store, "t", ["b"], "2")
    assert [(c.batch, c.note) for c in store.commits("t")] == [("1", '{"ä": 1}'), ("2", "")]
    assert store.commits("nowhere") == []


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 3), min_size=1, max_size=4), number=st.integers(0, 10**9))
def test_rows_are_numbered_without_a_gap_in_order_of_arrival(
    open_store: Callable[[Path], TableStore], tmp_path_factory: pytest.TempPathFactory, sizes: list[int], number: int
) -> None:
    store = open_store(tmp_path_factory.mktemp("lake"))
    for n, size in enumerate(sizes):
        add(store, "t", [f"{n}.{i}" for i in range(size)], f"{n}")
    table = store.read("t")
    assert table["_row"].to_pylist() == list(range(sum(sizes)))
    assert table["text"].to_pylist() == [f"{n}.{i}" for n, size in enumerate(sizes) for i in range(size)]
    assert store.info("t").rows == store.next_row("t") == sum(sizes)


def test_many_files_of_one_batch_keep_their_order(store: TableStore) -> None:
    rows = pa.table({"_row": pa.array(range(10), pa.int64())})
    with store.lease("t"):
        files = write_parquet(rows, store.staging("t"), rows_a_file=3)
        store.append("t", files, "b")
    assert len(store.files("t")) == 4
    assert store.read("t")["_row"].to_pylist() == list(range(10))


def test_other_columns_are_refused_with_the_likely_rename(store: TableStore) -> None:
    add(store, "t", ["a"], "1")
    with store.lease("t"):
        rows = pa.table({"texts": ["a"], "_row": pa.array([1], pa.int64()), "_batch": ["2"]})
        with pytest.raises(Refused, match="new: texts; missing: text") as caught:
            store.append("t", write_parquet(rows, store.staging("t")), "2")
    assert caught.value.next_step == 'did you mean "text"?'
    assert texts(store, "t") == ["a"]


def test_another_type_is_refused(store: TableStore) -> None:
    add(store, "t", ["a"], "1")
    rows = pa.table({"text": [1], "_row": pa.array([1], pa.int64()), "_batch": ["2"]})
    with store.lease("t"), pytest.raises(Refused, match=r"text \(int64, was string\)"):
        store.append("t", write_parquet(rows, store.staging("t")), "2")


def test_files_without_field_ids_or_with_other_row_numbers_are_errors_of_the_program(store: TableStore) -> None:
    rows = pa.table({"_row": pa.array([0], pa.int64())})
    with store.lease("t"):
        pq.write_table(rows, store.staging("t") / "x.parquet")
        with pytest.raises(ValueError, match="field ids"):
            store.append("t", list(store.staging("t").parent.rglob("*.parquet")), "1")
        late = pa.table({"_row": pa.array([5], pa.int64())})
        with pytest.raises(ValueError, match="must go on from 0"):
            store.append("t", write_parquet(late, store.staging("t")), "1")
    assert store.names() == []


def test_writing_outside_the_lease_is_an_error_of_the_program(store: TableStore) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        store.append("t", [], "1")
    with pytest.raises(RuntimeError, match="inside"):
        store.staging("t")


@pytest.mark.parametrize("name", ["", "2024", "a b", "a.b", "../up", "a-b", "x" * 200])
def test_a_name_that_sql_or_a_folder_would_not_take_is_refused(store: TableStore, name: str) -> None:
    with pytest.raises(Refused, match="cannot be the name"):
        store.lease(name)


def test_names_that_differ_in_capitals_only_are_refused(store: TableStore) -> None:
    add(store, "Kunden", ["a"], "1")
    with pytest.raises(Refused, match='table "Kunden" in capitals'):
        store.lease("kunden")


def test_an_unknown_table_or_version_names_what_there_is(store: TableStore) -> None:
    info = add(store, "customers", ["a"], "1")
    with pytest.raises(Refused, match='There is no table "custmers"') as caught:
        store.read("custmers")
    assert 'did you mean "customers"?' in caught.value.expected
    with pytest.raises(Refused, match="has no version 7") as caught:
        store.info("customers", "7")
    assert info.version in caught.value.expected


def test_looking_into_an_empty_folder_makes_no_file(store: TableStore, tmp_path: Path) -> None:
    assert store.names() == []
    with pytest.raises(Refused, match="there is none yet"):
        store.info("t")
    assert list(tmp_path.iterdir()) == []


def test_a_second_writer_is_refused_after_its_wait_and_may_go_on_later(
    store: TableStore, open_store: Callable[[Path], TableStore], tmp_path: Path
) -> None:
    other = open_store(tmp_path / "lake")
    with store.lease("t"), store.lease("t__rejected"):
        with pytest.raises(Refused, match="Somebody else has been writing t"):
            other.lease("t").__enter__()
        with other.lease("another"):
            pass
    assert add(other, "t", ["a"], "1").rows == 1


def test_the_kernel_gives_back_the_lease_of_a_killed_process(
    open_store: Callable[[Path], TableStore], tmp_path: Path
) -> None:
    program = (
        "import sys, time; from pathlib import Path; from grundstein.stores.lease import FileLease\n"
        "with FileLease(Path(sys.argv[1]), 5): print('held', flush=True); time.sleep(60)"
    )
    lock = tmp_path / "lake" / "locks" / "t.lock"
    holder = subprocess.Popen([sys.executable, "-c", program, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Refused):
        add(open_store(tmp_path / "lake"), "t", ["a"], "1")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert add(open_store(tmp_path / "lake"), "t", ["a"], "1").rows == 1


def test_rejected_rows_show_only_where_their_batch_is_in_the_main_table(store: TableStore) -> None:
    add(store, "t", ["a"], "1")
    with store.lease("t"):
        add_inside(store, "t__rejected", ["bad"], "2")
        assert store.names() == ["t"]
        add_inside(store, "t", ["b"], "2")
        assert store.names() == ["t", "t__rejected"]
    assert texts(store, "t__rejected") == ["bad"]


def test_rejected_rows_of_a_batch_that_never_came_are_undone_by_the_next_writer(
    store: TableStore, open_store: Callable[[Path], TableStore], tmp_path: Path
) -> None:
    with store.lease("t"):
        add_inside(store, "t__rejected", ["first"], "1")
        add_inside(store, "t", ["a"], "1")
        add_inside(store, "t__rejected", ["half"], "2")
    assert texts(store, "t__rejected") == ["first"]
    other = open_store(tmp_path / "lake")
    with other.lease("t"):
        assert other.next_row("t__rejected") == 1
        add_inside(other, "t__rejected", ["half"], "2")
        add_inside(other, "t", ["b"], "2")
    assert texts(other, "t__rejected") == ["first", "half"]
    assert other.read("t__rejected")["_row"].to_pylist() == [0, 1]


def add_inside(store: TableStore, name: str, rows: list[str], batch: str) -> None:
    with store.lease(name):
        add(store, name, rows, batch)


def test_files_that_no_commit_names_are_deleted_by_the_next_writer(store: TableStore, tmp_path: Path) -> None:
    add(store, "t", ["a"], "1")
    data = Path(store.files("t")[0]).parent
    orphan = data / f"{1:012d}-{'0' * 64}.parquet"
    orphan.write_bytes(b"left behind")
    (tmp_path / "lake" / "staging" / "t" / "old").mkdir(parents=True)
    with store.lease("t"):
        assert not orphan.exists()
        assert not (tmp_path / "lake" / "staging" / "t").exists()
        folder = store.staging("t")
    assert not folder.exists()
    assert texts(store, "t") == ["a"]


def test_a_moved_project_reads_its_versions_and_takes_more(
    open_store: Callable[[Path], TableStore], tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "Neuer Ordner #1 50%"
    first = add(open_store(old / "lake"), "t", ["a"], "1")
    old.rename(new)
    store = open_store(new / "lake")
    assert store.info("t") == first
    assert texts(store, "t") == ["a"]
    add(store, "t", ["b"], "2")
    assert texts(store, "t") == ["a", "b"]
    assert all(Path(file).is_relative_to(new) for file in store.files("t"))
    assert not old.exists()


def test_a_copy_and_its_original_go_their_own_ways(open_store: Callable[[Path], TableStore], tmp_path: Path) -> None:
    import shutil

    original = open_store(tmp_path / "one")
    add(original, "t", ["a"], "1")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    add(open_store(tmp_path / "two"), "t", ["b"], "2")
    assert texts(original, "t") == ["a"]
    assert texts(open_store(tmp_path / "two"), "t") == ["a", "b"]


class TestIceberg:
    """What only the Iceberg store promises."""

    @pytest.fixture
    def tables(self, tmp_path: Path) -> IcebergTables:
        return IcebergTables(tmp_path / "lake", wait=1)

    def test_a_changed_byte_in_a_file_is_found(self, tables: IcebergTables) -> None:
        add(tables, "t", ["a"], "1")
        assert tables.changed("t") == []
        file = Path(tables.files("t")[0])
        content = bytearray(file.read_bytes())
        content[20] ^= 1
        file.write_bytes(content)
        assert tables.changed("t") == [file.name]

    def test_another_reader_of_iceberg_sees_the_same_rows(self, tables: IcebergTables) -> None:
        add(tables, "t", ["a", "b"], "1")
        add(tables, "t", ["c"], "2")
        table = tables._warehouse.table("t")
        assert table is not None
        assert sorted(table.scan().to_arrow()["text"].to_pylist()) == ["a", "b", "c"]

    def test_no_value_of_a_row_stands_in_the_metadata(self, tables: IcebergTables) -> None:
        add(tables, "t", ["Erika Mustermann"], "1")
        table = tables._warehouse.table("t")
        assert table is not None
        entries = table.inspect.entries().to_pylist()
        assert all(not entry["data_file"]["lower_bounds"] for entry in entries)
        assert not any(b"Mustermann" in f.read_bytes() for f in tables._folders.metadata("t").iterdir())

    def test_many_appends_keep_few_manifests_and_old_metadata(self, tables: IcebergTables, tmp_path: Path) -> None:
        infos = [add(tables, "t", [f"{n}"], f"{n}") for n in range(25)]
        table = tables._warehouse.table("t")
        assert table is not None
        head = table.current_snapshot()
        assert head is not None
        assert len(head.manifests(table.io)) < 20
        assert len(list((tmp_path / "lake" / "data" / "t" / "metadata").glob("*.json"))) <= 22
        assert texts(tables, "t", infos[10].version) == [f"{n}" for n in range(11)]
        assert np.array_equal(tables.read("t")["_row"].to_numpy(), np.arange(25))
