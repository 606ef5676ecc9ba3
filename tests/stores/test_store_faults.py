"""An upsert or a tidying that dies anywhere leaves the table as before or after; the next writer cleans up."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from writing_tables import append, content, opened, staged, upsert

from grundstein.stores import tables

CHANGES = frozenset(("rename", "unlink", "open", "write", "close", "mkdir", "chmod", "execute", "commit", "utime"))
OURS = str(Path(tables.__file__).parent)
AFTER = [("k1", 10), ("k5", 50), ("new", 1)]


def work(what: str, folder: Path) -> None:
    store = opened(folder)
    with store.lease("t"):
        if what == "upsert":
            store.upsert("t", staged(store, "t", AFTER, "up"), ["key"], "up", "note")
        else:
            store.compact("t")
            with store.pinning():
                store.tidy("t", (), 0)


def die(what: str, folder: Path, event: int, log: Path) -> None:
    """Work, and kill this process before the numbered change of a file; how many there were goes to `log`."""
    seen = 0

    def watch(frame: Any, kind: str, argument: Any) -> None:
        nonlocal seen
        ours = kind == "call" and frame.f_code.co_filename.startswith(OURS)
        if ours or (kind == "c_call" and getattr(argument, "__name__", "") in CHANGES):
            seen += 1
            if seen == event:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    work(what, folder)
    sys.setprofile(None)
    log.write_text(str(seen), encoding="utf-8")


def without_room(what: str, folder: Path, most: int) -> None:
    """Work where no file may grow over `most` bytes, which is what a full disk looks like to a program."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    work(what, folder)


def child(target: Any, *arguments: Any) -> int:
    context = get_context("forkserver")
    context.set_forkserver_preload(["grundstein.stores.tables", "grundstein.stores.catalogue", "pyarrow.parquet"])
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode or 0


@pytest.fixture(scope="module", params=["upsert", "tidy"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, int]:
    folder = tmp_path_factory.mktemp("scene")
    store = opened(folder / "before")
    for n in range(3):
        append(store, "t", [(f"k{3 * n + i}", i) for i in range(3)], f"{n}")
    store.close()
    shutil.copytree(folder / "before", folder / "done")
    assert child(die, request.param, folder / "done", 0, folder / "log") == 0
    return request.param, folder, int((folder / "log").read_text(encoding="utf-8"))


def expected(folder: Path) -> list[list[tuple[object, ...]]]:
    return [content(opened(folder / name), "t") for name in ("before", "done")]


def assert_cleaned_and_done(what: str, copy: Path, folder: Path) -> None:
    work(what, copy)
    store = opened(copy)
    assert content(store, "t") == content(opened(folder / "done"), "t")
    assert store.changed("t") == []
    table = store._warehouse.table("t")
    assert table is not None
    named = store._warehouse.named(table, table.metadata.snapshots)
    assert {str(file) for file in store._folders.data("t").iterdir()} <= named
    assert not any((copy / "lake" / "staging").iterdir())
    batches = [commit.batch for commit in store.commits("t")]
    assert len(batches) == len(set(batches))


@pytest.mark.parametrize("part", [0.0, 0.3, 0.5, 0.65, 0.8, 0.9, 0.96, 1.0])
def test_kill_9_leaves_the_table_as_before_or_after_and_a_rerun_completes(
    scene: tuple[str, Path, int], tmp_path: Path, part: float
) -> None:
    what, folder, events = scene
    copy = tmp_path / "copy"
    shutil.copytree(folder / "before", copy)
    assert child(die, what, copy, 1 + int(part * (events - 1)), tmp_path / "log") == -signal.SIGKILL
    assert content(opened(copy), "t") in expected(folder)
    assert_cleaned_and_done(what, copy, folder)


@pytest.mark.parametrize("most", [10, 700, 3_000, 6_000])
def test_without_room_nothing_is_half_and_a_rerun_completes(
    scene: tuple[str, Path, int], tmp_path: Path, most: int
) -> None:
    what, folder, _ = scene
    copy = tmp_path / "copy"
    shutil.copytree(folder / "before", copy)
    child(without_room, what, copy, most)
    assert content(opened(copy), "t") in expected(folder)
    assert_cleaned_and_done(what, copy, folder)


def test_several_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    context = get_context("forkserver")
    workers = [context.Process(target=write_many, args=(tmp_path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    rows = content(opened(tmp_path), "t")
    assert [row[2] for row in rows] == list(range(16))
    assert sorted(str(row[0]) for row in rows) == sorted([*(f"{w}.{n}" for w in range(3) for n in range(5)), "shared"])
    assert len(opened(tmp_path).commits("t")) == 15


def write_many(folder: Path, number: int) -> None:
    store = opened(folder, wait=120)
    for n in range(5):
        upsert(store, "t", [("shared", 10 * number + n), (f"{number}.{n}", n)], f"{number}.{n}")
