"""Tidying changes no row, forgets no batch, and never touches a file that a pinned version names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from writing_tables import append, content, opened, staged, upsert

from grundstein.core.errors import Refused
from grundstein.stores.compacting import RECENT, neighbours
from grundstein.stores.warehouse import Kept

if TYPE_CHECKING:
    from collections.abc import Collection

    from grundstein.core.ports import Tidied
    from grundstein.stores.tables import IcebergTables

HOUR = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> IcebergTables:
    return opened(tmp_path)


def tidy(store: IcebergTables, keep: Collection[str] = (), age: float = HOUR) -> Tidied:
    with store.lease("t"), store.pinning():
        joined = store.compact("t")
        return replace(store.tidy("t", keep, age), joined=joined)


def small_appends(store: IcebergTables, count: int, name: str = "t") -> list[str]:
    return [append(store, name, [(f"{name}{n}", n)], f"{name}{n}").version for n in range(count)]


def bytes_of(store: IcebergTables, version: str) -> dict[str, bytes]:
    return {file: Path(file).read_bytes() for file in store.files("t", version)}


def test_small_files_become_one_with_the_same_rows_in_order(store: IcebergTables) -> None:
    small_appends(store, 30)
    before = content(store, "t")
    assert store.untidied("t") == 30
    assert tidy(store).joined == 30
    assert len(store.files("t")) == 1
    assert content(store, "t") == before
    assert store.changed("t") == []
    assert (store.next_row("t"), store.info("t").rows, store.untidied("t")) == (30, 30, 0)
    assert append(store, "t", [("new", 1)], "new").rows == 31


def test_a_pinned_version_stays_byte_for_byte_and_others_go(store: IcebergTables) -> None:
    versions = small_appends(store, 5)
    upsert(store, "t", [("t0", 100)], "up")
    pinned = {version: bytes_of(store, version) for version in (versions[2], store.info("t").version)}
    rows = {version: content(store, "t", version) for version in pinned}
    infos = {version: store.info("t", version) for version in pinned}
    for round_ in range(3):
        for n in range(RECENT):
            upsert(store, "t", [("t1", 1000 * round_ + n), (f"more{round_}{n}", n)], f"more{round_}.{n}")
        tidy(store, set(pinned), age=0)
    for version, files in pinned.items():
        assert bytes_of(store, version) == files
        assert content(store, "t", version) == rows[version]
        assert store.info("t", version) == infos[version]
        assert store.changed("t", version) == []
    with pytest.raises(Refused, match="has no version"):
        store.files("t", versions[3])


def test_batches_of_expired_versions_are_still_known(store: IcebergTables) -> None:
    versions = small_appends(store, RECENT + 10)
    done = tidy(store)
    assert done.expired == 11
    commits = store.commits("t")
    assert [commit.batch for commit in commits] == [f"t{n}" for n in range(RECENT + 10)]
    assert [commit.version for commit in commits] == versions
    assert [bool(commit.note) for commit in commits] == [False] * 11 + [True] * (RECENT - 1)
    before = store.info("t")
    assert append(store, "t", [("t0", 0)], "t0") == upsert(store, "t", [("t0", 5)], "t0") == before
    assert before.batches == tuple(f"t{n}" for n in range(RECENT + 10))


def test_files_are_deleted_only_after_no_version_has_named_them_for_the_age(store: IcebergTables) -> None:
    small_appends(store, RECENT + 10)
    for file in store.files("t"):
        os.utime(file, (0, 0))
    tidy(store)
    assert tidy(store).deleted == 0
    data = store._folders.data("t")
    assert len(list(data.iterdir())) == RECENT + 11
    small_appends_more = [append(store, "t", [(f"x{n}", n)], f"x{n}") for n in range(RECENT)]
    done = tidy(store, age=0)
    assert done.deleted > RECENT
    assert done.freed > 0
    assert len(list(data.iterdir())) < len(small_appends_more) + 5
    assert len(content(store, "t")) == 2 * RECENT + 10


def test_a_second_tidying_finds_nothing_to_do(store: IcebergTables) -> None:
    small_appends(store, 3)
    tidy(store)
    version = store.info("t").version
    done = tidy(store)
    assert (done.joined, done.expired, done.deleted) == (0, 0, 0)
    assert store.info("t").version == version


def test_the_same_history_tidied_gives_the_same_version_anywhere(tmp_path: Path) -> None:
    found = []
    for place in ("one", "two"):
        store = opened(tmp_path / place)
        small_appends(store, 4)
        tidy(store)
        found.append((store.info("t").version, store.info("t").digest))
    assert found[0] == found[1]


def test_rows_put_aside_keep_showing_after_both_tables_were_tidied(store: IcebergTables) -> None:
    for n in range(RECENT + 5):
        with store.lease("t"):
            store.append("t__rejected", staged(store, "t__rejected", [(f"bad{n}", n)], f"{n}"), f"{n}")
            store.append("t", staged(store, "t", [(f"good{n}", n)], f"{n}"), f"{n}")
    aside = content(store, "t__rejected")
    with store.lease("t"):
        for name in ("t", "t__rejected"):
            assert store.compact(name) == RECENT + 5
            store.tidy(name, (), 0)
    assert content(store, "t__rejected") == aside
    with store.lease("t"):
        store.append("t__rejected", staged(store, "t__rejected", [("half", 0)], "never came"), "never came")
    assert content(store, "t__rejected") == aside
    with store.lease("t"):
        assert store.next_row("t__rejected") == RECENT + 5
    assert content(store, "t__rejected") == aside


def test_another_reader_of_iceberg_sees_the_same_rows_after_tidying(store: IcebergTables) -> None:
    small_appends(store, 25)
    upsert(store, "t", [("t3", 33)], "up")
    tidy(store, age=0)
    table = store._warehouse.table("t")
    assert table is not None
    assert sorted(table.scan().to_arrow()["value"].to_pylist()) == sorted([*range(3), 33, *range(4, 25)])


def test_files_of_the_lake_cannot_be_written_over(store: IcebergTables) -> None:
    small_appends(store, 2)
    tidy(store, age=0)
    upsert(store, "t", [("t0", 7)], "up")
    modes = {file.stat().st_mode & 0o777 for file in store._folders.data("t").iterdir()}
    assert modes == {0o444}


def kept(*sizes: int) -> list[Kept]:
    return [Kept(f"{n}", 1, size, None) for n, size in enumerate(sizes)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [
        ([], []),
        ([1], []),
        ([1, 1], ["01"]),
        ([60, 1, 1, 60, 1], ["12"]),
        ([40, 40, 40, 40, 40], ["01", "23"]),
        ([0, 90, 0, 0], ["23"]),
    ],
)
def test_small_neighbours_are_joined_up_to_the_target_and_large_files_left_alone(
    sizes: list[int], runs: list[str]
) -> None:
    assert ["".join(one.path for one in run) for run in neighbours(kept(*sizes), 100)] == runs


def test_writing_tidying_outside_the_lease_is_an_error_of_the_program(store: IcebergTables) -> None:
    for write in (lambda: store.tidy("t", (), 0), lambda: store.compact("t")):
        with pytest.raises(RuntimeError, match="inside"):
            write()
    with store.lease("t"):
        assert (store.compact("t"), store.tidy("t", (), 0).deleted) == (0, 0)
