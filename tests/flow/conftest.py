"""A project with a small table and a case that says what an answer is worth, made once and copied for each test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from arriving_people import people

from grundstein import flow
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CASE = """\
question: Who leaves?
task: predict
data: people
target: leaves
positive: "Yes"
baseline: tenure < 12
money: {saved: 600, success: 0.3, cost: 60, assumed: [success]}
worthwhile: 1
volume: 900
acted: nobody
"""


ROLES = "roles: {service: [first, second, both], finance: [third, both]}\nhigh_risk: [finance]\n"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "project"
    project = create_project(root, name="p", salt="tests")
    (root / "people.csv").write_text(people(900, 3, 2.5), encoding="utf-8")
    flow.ingest(project, str(root / "people.csv"), "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    (root / "cases" / "leaving.yaml").write_text(CASE, encoding="utf-8")
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Folder:
    shutil.copytree(made, tmp_path / "project")
    return open_project(tmp_path / "project")


@pytest.fixture(scope="session")
def evaluated_root(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("evaluated") / "project"
    shutil.copytree(made, root)
    flow.evaluate(open_project(root), "leaving")
    return root


@pytest.fixture
def evaluated(evaluated_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(evaluated_root, tmp_path / "evaluated")
    return open_project(tmp_path / "evaluated")


@pytest.fixture(scope="session")
def decided_root(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("decided") / "project"
    create_project(root, name="p", salt="tests")
    (root / "people.csv").write_text(people(2000, 3, 2.5), encoding="utf-8")
    flow.ingest(open_project(root), str(root / "people.csv"), "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write(ROLES)
    shutil.copy(made / "cases" / "leaving.yaml", root / "cases" / "leaving.yaml")
    with (root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("signed_by: [service]\n")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    return root


@pytest.fixture
def decided(decided_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(decided_root, tmp_path / "decided")
    return open_project(tmp_path / "decided")


@pytest.fixture
def tokens(decided: Folder) -> Mapping[str, str]:
    return {name: flow.add_person(decided, name) for name in ("first", "second", "third", "both")}


WATCHED = CASE + "signed_by: [service]\nholdback: 0.3\n"


@pytest.fixture(scope="session")
def live_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("live") / "project"
    create_project(root, name="p", salt="tests", roles={"service": ["somebody"]})
    (root / "people.csv").write_text(people(2_000, 3, 2.5), encoding="utf-8")
    flow.ingest(open_project(root), str(root / "people.csv"), "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    (root / "cases" / "leaving.yaml").write_text(WATCHED, encoding="utf-8")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    flow.sign(project, "leaving", flow.add_person(project, "somebody"), "approve", "")
    flow.release(project, "leaving")
    return root
