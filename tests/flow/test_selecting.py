"""A file is answered by a case whose rows a SELECT makes, where that SELECT reads the one table that the file fits."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import pytest
from arriving_people import people

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.flow.answering import answers_of
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
question: Who leaves?
task: predict
data: select person, tenure / 12.0 as years, plan, leaves, _row from people where tenure < 60
target: leaves
positive: "Yes"
baseline: years < 1
money: {saved: 600, success: 0.3, cost: 60, assumed: [success]}
worthwhile: 1
volume: 900
acted: nobody
signed_by: [service]
holdback: 0.2
"""


@pytest.fixture(scope="module")
def released_root(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("selected") / "project"
    shutil.copytree(made, root)
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    (root / "cases" / "leaving.yaml").write_text(CASE, encoding="utf-8")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    flow.sign(project, "leaving", flow.add_person(project, "somebody"), "approve", "", solution="rule")
    flow.release(project, "leaving")
    return root


@pytest.fixture
def released(released_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(released_root, tmp_path / "released")
    return open_project(tmp_path / "released")


def rows(folder: Path, n: int) -> Path:
    lines = list(csv.DictReader(people(n, 9, 2.5).splitlines()))
    path = folder / f"rows{n}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["person", "tenure", "plan", "day"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
    return path


def test_the_rows_of_a_file_go_through_the_select_and_are_answered_by_name(released: Folder) -> None:
    path = rows(released.root, 300)
    wanted = {line["person"]: float(line["tenure"]) for line in csv.DictReader(path.open(encoding="utf-8"))}
    told = answers_of(released, flow.answer(released, "leaving", str(path))).to_pylist()
    assert [one["person"] for one in told] == [name for name, tenure in wanted.items() if tenure < 60]
    assert all((one["act"] > 0) == (wanted[one["person"]] < 12 and not one["held_back"]) for one in told)
    assert released.tables.schema("leaving__selected").names[:2] == ["person", "years"]


def test_the_same_file_again_adds_nothing_and_another_only_its_own_rows(released: Folder) -> None:
    first = flow.answer(released, "leaving", str(rows(released.root, 300)))
    other = flow.answer(released, "leaving", str(rows(released.root, 40)))
    assert flow.answer(released, "leaving", str(rows(released.root, 300))) == first
    assert other.rows < 40
    assert released.tables.info("leaving__answers").rows == first.rows + other.rows


def test_a_select_that_leaves_nothing_of_a_file_is_said_so(released: Folder) -> None:
    path = rows(released.root, 300)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.split(",")[1] in ("tenure", "66")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Refused, match="leaves none of the rows"):
        flow.answer(released, "leaving", str(path))


def test_a_select_over_several_tables_takes_a_table_only(released: Folder) -> None:
    from grundstein.flow.selecting import source_table

    with pytest.raises(Refused, match="over 2 tables"):
        source_table("leaving", "select p.person from people p join people__rejected r on true")
