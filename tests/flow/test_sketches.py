"""What watching needs of a snapshot is read once: a later tick opens none of its files, and says the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from watched import NAME, asked, rows, seen, told, written

from grundstein import flow
from grundstein.flow import signing, watching
from grundstein.flow.sketches import opened, signed
from grundstein.flow.worth import judged_units
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(live_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(live_root, tmp_path / "live")
    return open_project(tmp_path / "live")


def cached(project: Folder) -> Path:
    [path] = (project.root / ".grundstein" / "watch" / NAME).glob("*.npz")
    return path


def test_a_second_tick_opens_no_file_of_the_snapshot(project):
    first, second = rows(600, 30), rows(300, 31)
    asked(project, first)
    flow.tick(project, NAME)
    looks = seen(project).looks
    asked(project, second)
    told(project, first)
    flow.ingest(project, written(project, "own.csv", second, (*second[0],)), "people")
    live = watching.ground(project, signing.current(project, NAME))
    for number, file in enumerate(project.tables.files("people", live.snapshot.versions["people"])):
        shutil.move(file, project.root / f"gone{number}")
    [done] = flow.tick(open_project(project.root), NAME)
    assert not done.refused
    assert seen(project).looks > looks
    assert seen(project).measured is not None


def test_deleting_or_spoiling_the_cache_changes_nothing_but_time(project):
    asked(project, rows(300, 32))
    flow.tick(project, NAME)
    before, whole = seen(project), cached(project).read_bytes()
    cached(project).write_bytes(whole[: len(whole) // 2])
    flow.tick(project, NAME)
    assert cached(project).read_bytes() == whole
    cached(project).unlink()
    [done] = flow.tick(project, NAME)
    assert cached(project).read_bytes() == whole
    assert seen(project) == before
    assert not done.fresh


def test_values_rest_on_the_kept_column_as_they_do_on_all_rows(project):
    some = rows(300, 33)
    asked(project, some)
    told(project, some)
    found = watching.ground(project, signing.current(project, NAME))
    split = judged_units(project, found).split
    whole = replace(split, development=opened(project, signed(project, found.entry)).split.development)
    answers = found.answers.solution.answer(split.questions, found.answers.live)
    case = replace(found.case, acted="nobody")
    one, other = (found.task.value(case, each, answers) for each in (split, whole))
    assert list(split.development["rows"].column_names) == ["leaves"]
    assert one.value.tolist() == other.value.tolist()
    assert one.worst == other.worst
