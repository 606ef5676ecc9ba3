"""The capacity of a period is one, whoever asks: a file, a server that is still writing, a table that has it all."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from arriving_people import people
from journals import asked, journaled

from grundstein import flow
from grundstein.flow.answering import answers_of
from grundstein.flow.collecting import collect
from grundstein.flow.spending import capacity_now
from grundstein.production.journal import Journal
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def limited_root(evaluated_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("limited") / "project"
    shutil.copytree(evaluated_root, root)
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    with (root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("signed_by: [service]\ncapacity: 20\nperiod: day\n")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    flow.sign(project, "leaving", flow.add_person(project, "somebody"), "approve", "", solution="rule")
    flow.release(project, "leaving")
    return root


@pytest.fixture
def limited(limited_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(limited_root, tmp_path / "limited")
    return open_project(tmp_path / "limited")


def rows(folder: Path, n: int, seed: int) -> str:
    lines = list(csv.DictReader(people(n, seed, 2.5).splitlines()))
    path = folder / f"rows{seed}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["person", "tenure", "plan", "day"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
    return str(path)


def test_a_batch_acts_on_as_many_as_the_period_has_room_for_and_marks_the_others(limited):
    told = answers_of(limited, flow.answer(limited, "leaving", rows(limited.root, 1_200, 9)))
    act, beyond = np.asarray(told["act"]), np.asarray(told["beyond_capacity"])
    assert 19 < act.sum() + 1e-9 <= 20 + 1e-9
    assert beyond.sum() > 20
    assert not act[beyond].any()
    again = answers_of(limited, flow.answer(limited, "leaving", rows(limited.root, 300, 10)))
    assert np.asarray(again["act"]).sum() + act.sum() <= 20 + 1e-9


def test_what_a_server_acted_on_counts_before_and_after_it_was_collected_and_once(limited):
    now = datetime.now(UTC)
    case = limited.case("leaving")
    yesterday = (now - timedelta(days=2)).isoformat()
    lines = [asked(n, at=now.isoformat()) for n in range(5)]
    journaled(limited, [*lines, asked(6, at=yesterday), asked(1, at=now.isoformat(), mode="shadow", release="s")])
    journal = Journal(limited.root / "journal" / "leaving")
    journal.append(json.dumps(asked(7, at=now.isoformat())).encode())
    assert capacity_now(limited, case, now).acted == 6
    collect(limited, "leaving")
    assert capacity_now(limited, case, now).acted == 6
    journal.close()
    shutil.copytree(limited.root / "journal", limited.root / "kept")
    collect(limited, "leaving")
    shutil.copytree(limited.root / "kept", limited.root / "journal", dirs_exist_ok=True)
    assert capacity_now(limited, case, now).acted == 6


def test_a_case_that_names_no_capacity_has_none_to_count(evaluated):
    assert capacity_now(evaluated, evaluated.case("leaving"), datetime.now(UTC)) is None
