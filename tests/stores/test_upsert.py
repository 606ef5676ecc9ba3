"""Rows whose key is there replace what is there, keep their place, and touch no file that they do not change."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from writing_tables import append, changed_model, content, opened, staged, upsert

from grundstein.core.errors import Refused
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from grundstein.stores.tables import IcebergTables

BATCHES = st.lists(
    st.dictionaries(st.sampled_from("abcdefghij"), st.none() | st.integers(0, 2), max_size=6), min_size=1, max_size=5
)


@pytest.fixture
def store(tmp_path: Path) -> IcebergTables:
    return opened(tmp_path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, rows_a_file=st.integers(1, 4))
def test_any_upserts_leave_what_a_dictionary_would_hold(
    tmp_path_factory: pytest.TempPathFactory, batches: list[dict[str, int | None]], rows_a_file: int
) -> None:
    store, model = opened(tmp_path_factory.mktemp("lake")), {}
    versions = []
    for number, batch in enumerate(batches):
        rows, before = list(batch.items()), model
        model = changed_model(before, rows, f"{number}")
        info = upsert(store, "t", rows, f"{number}", rows_a_file)
        same = sum(key in before and before[key][0] == value for key, value in rows)
        assert (info.added, info.updated, info.unchanged) == (
            len(model) - len(before),
            sum(key in before for key, _ in rows) - same,
            same,
        )
        versions.append((info, [(key, v, row, b) for row, (key, (v, b)) in enumerate(model.items())]))
    for info, expected in versions:
        assert content(store, "t", info.version) == expected
        assert store.info("t", info.version).rows == len(expected)
        assert store.changed("t", info.version) == []
    assert store.next_row("t") == len(model)
    assert versions[-1][0].batches == tuple(f"{n}" for n in range(len(batches)))


def test_files_without_a_change_stay_and_changed_ones_keep_their_place(store: IcebergTables) -> None:
    append(store, "t", [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1), ("f", 1)], "1", rows_a_file=2)
    before = store.files("t")
    info = upsert(store, "t", [("d", 2), ("g", 1), ("a", 1)], "2")
    after = store.files("t")
    assert (info.updated, info.added, info.unchanged) == (1, 1, 1)
    assert [a == b for a, b in zip(before, after, strict=False)] == [True, False, True]
    assert [Path(file).name[:12] for file in after] == [f"{row:012d}" for row in (0, 2, 4, 6)]
    assert content(store, "t")[3] == ("d", 2, 3, "2")
    assert all(Path(file).exists() for file in before)


def test_an_upsert_that_changes_nothing_adds_no_file_and_is_remembered(store: IcebergTables) -> None:
    append(store, "t", [("a", 1), ("b", None)], "1")
    before = store.files("t")
    info = upsert(store, "t", [("b", None)], "2")
    assert store.files("t") == before
    assert (info.unchanged, info.digest) == (1, store.info("t", store.commits("t")[0].version).digest)
    assert [(commit.batch, commit.note) for commit in store.commits("t")] == [("1", "note of 1"), ("2", "note of 2")]
    assert upsert(store, "t", [("b", 9)], "2") == info


def test_the_same_upserts_give_the_same_versions_and_bytes_anywhere(tmp_path: Path) -> None:
    infos = []
    for place in ("one", "two"):
        store = opened(tmp_path / place)
        append(store, "t", [(f"{n}", n) for n in range(50)], "1", rows_a_file=7)
        infos.append(upsert(store, "t", [(f"{n}", -n) for n in range(40, 60)], "2"))
    assert [(info.version, info.digest) for info in infos[:1]] == [(info.version, info.digest) for info in infos[1:]]


def test_a_table_that_is_not_there_is_made_and_an_empty_batch_too(store: IcebergTables) -> None:
    assert upsert(store, "t", [], "0").rows == 0
    assert upsert(store, "t", [("a", 1)], "1").added == 1
    assert upsert(store, "t", [], "2").rows == 1
    assert content(store, "t") == [("a", 1, 0, "1")]


def test_every_type_of_a_contract_is_replaced_as_it_went_in(store: IcebergTables) -> None:
    def rows(batch: str, first: int, amount: str) -> pa.Table:
        return pa.table(
            {
                "id 1": pa.array([1, 2], pa.int64()),
                "day": pa.array([10, None], pa.int32()).cast(pa.date32()),
                "amount": pa.array([Decimal(amount), None], pa.decimal128(18, 2)),
                "at": pa.array([1_000_001, None], pa.timestamp("us", "UTC")),
                "yes": pa.array([True, None], pa.bool_()),
                "share": pa.array([0.1, None], pa.float64()),
                "_row": pa.array([first, first + 1], pa.int64()),
                "_batch": pa.array([batch] * 2, pa.string()),
            }
        )

    with store.lease("t"):
        store.append("t", write_parquet(rows("1", 0, "1.25"), store.staging("t")), "1")
        info = store.upsert("t", write_parquet(rows("2", 2, "-0.75"), store.staging("t")), ["id 1"], "2")
    assert (info.updated, info.unchanged) == (1, 1)
    expected = rows("2", 0, "-0.75").set_column(7, "_batch", pa.array(["2", "1"], pa.string()))
    assert store.read("t").equals(expected)


@pytest.mark.parametrize(
    ("one", "other", "new", "kind"),
    [
        (Decimal("-1.25"), Decimal("100.00"), Decimal("99.99"), pa.decimal128(18, 2)),
        (-1, 10**12, 5, pa.int64()),
        (0, 20_000, 10_000, pa.date32()),
        (-1, 10**15, 7, pa.timestamp("us", "UTC")),
        (0.1, float("inf"), float("nan"), pa.float64()),
        ("Z", "ä", "z", pa.string()),
        ("", "z" * 5_000, "z" * 4_999, pa.large_string()),
        (False, True, None, pa.bool_()),
    ],
)
def test_a_key_of_any_type_finds_its_row_in_whatever_file_it_stands(
    store: IcebergTables, one: object, other: object, new: object, kind: pa.DataType
) -> None:
    def rows(keys: list[object], values: list[int], first: int, batch: str) -> pa.Table:
        numbers = pa.array(range(first, first + len(keys)), pa.int64())
        days = pa.array(keys, pa.int32()).cast(kind) if kind == pa.date32() else pa.array(keys, kind)
        return pa.table({"key": days, "value": values, "_row": numbers, "_batch": [batch] * len(keys)})

    with store.lease("t"):
        store.append("t", write_parquet(rows([one, other], [1, 2], 0, "1"), store.staging("t"), 1), "1")
        coming = [other] if new is None else [new, other]
        arriving = rows(coming, [3, 4][-len(coming) :], 2, "2")
        info = store.upsert("t", write_parquet(arriving, store.staging("t")), ["key"], "2")
    assert (info.updated, info.added) == (1, len(coming) - 1)
    assert store.read("t")["value"].to_pylist() == [1, 4, 3][: 1 + len(coming)]


def test_a_file_whose_keys_lie_elsewhere_is_not_looked_into(store: IcebergTables) -> None:
    append(store, "t", [("a", 1), ("b", 1), ("y", 1), ("z", 1)], "1", rows_a_file=2)
    first = Path(store.files("t")[0])
    whole = first.read_bytes()
    first.chmod(0o644)
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    first.write_bytes(whole[:4] + bytes(footer - 4) + whole[footer:])
    assert upsert(store, "t", [("y", 2), ("zz", 1)], "2").updated == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1), (None, 2)], "1 arriving rows have no `key`"),
        ([("x", 1), ("x", 2)], r"1 keys \(key\) arrive more than once"),
        ([("twice", 1)], "itself holds 1 of the arriving keys"),
    ],
)
def test_keys_that_do_not_name_one_row_are_refused_and_change_nothing(
    store: IcebergTables, rows: list[tuple[str | None, int]], said: str
) -> None:
    info = append(store, "t", [("a", 1), ("twice", 1), ("twice", 2)], "1")
    with pytest.raises(Refused, match=said):
        upsert(store, "t", rows, "2")
    assert store.info("t") == info
    assert len(list(Path(store.files("t")[0]).parent.iterdir())) == 1


def test_a_key_that_is_no_column_is_refused_with_the_nearest(store: IcebergTables) -> None:
    with store.lease("t"), pytest.raises(Refused, match="`kye` is no column") as caught:
        store.upsert("t", staged(store, "t", [("a", 1)], "1"), ["kye"], "1")
    assert 'did you mean "key"?' in caught.value.expected


def test_many_upserts_keep_few_manifests(store: IcebergTables) -> None:
    append(store, "t", [("a", 0)], "first")
    for number in range(25):
        upsert(store, "t", [("a", -1 - number)], f"{number}")
    table = store._warehouse.table("t")
    assert table is not None
    head = table.current_snapshot()
    assert head is not None
    assert len(head.manifests(table.io)) <= 20
    assert content(store, "t") == [("a", -25, 0, "24")]
    assert table.scan().to_arrow()["value"].to_pylist() == [-25]


def test_lists_are_kept_as_they_went_in_for_other_readers_too(store: IcebergTables) -> None:
    rows = pa.table(
        {
            "user": ["a", "b", "c"],
            "items": pa.array([["x", "y"], [], None], pa.list_(pa.string())),
            "scores": pa.array([[1.0, 0.5], [], None], pa.list_(pa.float64())),
            "_row": pa.array([0, 1, 2], pa.int64()),
            "_batch": ["1"] * 3,
        }
    )
    with store.lease("t"):
        store.append("t", write_parquet(rows, store.staging("t")), "1")
    assert store.read("t").to_pydict() == rows.to_pydict()
    table = store._warehouse.table("t")
    assert table is not None
    assert table.scan().to_arrow()["items"].to_pylist() == [["x", "y"], [], None]
