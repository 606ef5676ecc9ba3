"""A batch is in the table as a whole or not at all, whenever the process is killed, stopped or met by another."""

from __future__ import annotations

import shutil
import signal
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from arriving import State, child, die_at, ingest_in_child, project, state, write

from grundstein.core.records import Batch
from grundstein.lake.ingest import ingest, reconcile
from grundstein.project.folder import open_project

if TYPE_CHECKING:
    from pathlib import Path

FIRST = ("1,20,Bonn", "2,200,Bonn", "3,30,Köln")
SECOND = ("4,40,Bonn", "3,31,Bonn", "5,fifty,Bonn", "6,60,Berlin", "7,70,Köln")
DEATHS = [0.0, 0.2, 0.4, 0.55, 0.65, 0.75, 0.82, 0.88, 0.94, 0.97, 1.0]


class Scene:
    """A project as it stood before an ingest that dies, and as it is after one that does not."""

    def __init__(self, folder: Path, new: bool) -> None:
        self.before = folder / "before"
        project(self.before, *([None] if new else []))
        self.source = write(folder / "second.csv", *SECOND)
        if new:
            self.source = write(folder / "first.csv", "1,20,Bonn", "2,21,Bonn", "3,30,Köln", "4,one,two,many")
        else:
            ingest(open_project(self.before), write(folder / "first.csv", *FIRST), "people")
        self.old = state(self.before)
        done, log = self.copy(folder / "done"), folder / "log"
        process = child(die_at, done, self.source, 0, signal.SIGKILL, log)
        process.join()
        self.events, self.new = int(log.read_text(encoding="utf-8")), state(done)

    def copy(self, folder: Path) -> Path:
        shutil.copytree(self.before, folder)
        return folder

    def die(self, folder: Path, part: float, sign: int) -> tuple[State, int]:
        """Die after a part of all events in a copy; returns what is seen then, and the process's exit code."""
        root = self.copy(folder / "copy")
        process = child(die_at, root, self.source, 1 + int(part * (self.events - 1)), sign, folder / "log")
        process.join()
        seen = state(root)
        ingest(open_project(root), self.source, "people")
        assert state(root) == self.new
        assert_nothing_left(root)
        return seen, process.exitcode


def assert_nothing_left(root: Path) -> None:
    made = open_project(root)
    named = {file for name in made.tables.names() for file in made.tables.files(name)}
    assert {str(file) for file in (root / "lake" / "data").rglob("*/data/*.parquet")} == named
    assert not any((root / "lake" / "staging").iterdir())


@pytest.fixture(scope="module", params=[False, True], ids=["table", "new"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"), request.param)


def test_the_scene_has_rows_to_take_and_rows_to_put_aside(scene: Scene) -> None:
    assert len(scene.new.rows) > len(scene.old.rows)
    assert len(scene.new.aside) > len(scene.old.aside)
    assert len(scene.new.batches) == len(scene.old.batches) + 1


@pytest.mark.parametrize("death", DEATHS)
def test_kill_9_leaves_the_table_as_before_or_after_and_a_rerun_completes(
    scene: Scene, tmp_path: Path, death: float
) -> None:
    seen, code = scene.die(tmp_path, death, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert (seen.rows, seen.aside) in ((scene.old.rows, scene.old.aside), (scene.new.rows, scene.new.aside))


@pytest.mark.parametrize("death", [0.1, 0.6, 0.85, 0.96])
def test_ctrl_c_leaves_the_table_as_before_or_after_and_frees_its_lease(
    scene: Scene, tmp_path: Path, death: float
) -> None:
    seen, code = scene.die(tmp_path, death, signal.SIGINT)
    assert code == 0
    assert (seen.rows, seen.aside) in ((scene.old.rows, scene.old.aside), (scene.new.rows, scene.new.aside))


def test_two_processes_at_once_end_with_both_batches_and_consecutive_rows(tmp_path: Path) -> None:
    root = project(tmp_path / "p").root
    sources = [write(tmp_path / f"{n}.csv", *(f"{n}{i},30,Bonn" for i in range(5)), f"{n}9,-1,Bonn") for n in (1, 2, 3)]
    start = get_context("forkserver").Barrier(3)
    processes = [child(ingest_in_child, root, source, start) for source in sources]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    seen = state(root)
    assert sorted(row[0] for row in seen.rows) == [10 * n + i for n in (1, 2, 3) for i in range(5)]
    assert [len(seen.aside), len(set(seen.batches)), len(seen.batches)] == [3, 3, 3]


def test_two_processes_with_the_same_new_file_take_it_once(tmp_path: Path) -> None:
    root = project(tmp_path / "p", None).root
    source = write(tmp_path / "a.csv", *FIRST)
    start = get_context("forkserver").Barrier(2)
    processes = [child(ingest_in_child, root, source, start) for _ in range(2)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert [len(state(root).rows), len(state(root).batches)] == [3, 1]


def test_a_ledger_that_lost_its_row_is_repaired_from_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(tmp_path / "p")
    with monkeypatch.context() as patch:
        patch.setattr(type(made.ledger), "once", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            ingest(made, write(tmp_path / "a.csv", *FIRST), "people")
    assert list(made.ledger.entries(Batch)) == []
    assert reconcile(made, "people") == 1
    assert reconcile(made, "people") == 0
    [entry] = made.ledger.entries(Batch)
    assert isinstance(entry.record, Batch)
    assert (entry.record.rows, entry.record.rejected) == (2, 1)
    assert entry.record.version == made.tables.info("people").version
    assert any(finding.code == "GST-D06" for finding in entry.record.findings)
