"""A project is a folder: found upwards, opened, never begun twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.project.folder import FILE, create_project, open_project

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = Contract(
    "customers",
    (
        Column("id", "text", required=True, personal=True),
        Column("amount", "decimal", scale=4, minimum=0.0, source={"decimal": ",", "missing": "-\nn/a"}),
        Column("kind", "text", allowed=("a", "b"), description="what it is", known_at="before"),
        Column("day", "date"),
    ),
    key=("id",),
    entity="id",
    time="day",
    owner="sales",
    freshness_days=3.0,
)


def test_the_nearest_folder_upwards_is_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_project(tmp_path / "p", name="mine")
    inside = tmp_path / "p" / "cases"
    monkeypatch.chdir(inside)
    monkeypatch.delenv("GRUNDSTEIN_PROJECT", raising=False)
    assert open_project().name == "mine"


def test_the_environment_names_a_project_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_project(tmp_path / "p", name="mine")
    monkeypatch.setenv("GRUNDSTEIN_PROJECT", str(tmp_path / "p"))
    assert open_project().name == "mine"


def test_without_a_project_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="grundstein init"):
        open_project(tmp_path)


def test_a_project_is_not_begun_twice(tmp_path: Path) -> None:
    create_project(tmp_path / "p")
    with pytest.raises(Refused, match="already"):
        create_project(tmp_path / "p")


def test_the_salt_of_the_first_row_cannot_be_replaced_by_the_settings(tmp_path: Path) -> None:
    first = create_project(tmp_path / "p", salt="one")
    assert first.salt == "one"
    (first.root / FILE).write_text("name: p\nsalt: two\n", encoding="utf-8")
    with pytest.raises(Refused, match="salt"):
        _ = open_project(first.root).salt


def test_a_salt_that_nobody_gave_is_drawn_and_stays(tmp_path: Path) -> None:
    salt = create_project(tmp_path / "p").salt
    assert len(salt) == 32
    assert open_project(tmp_path / "p").salt == salt


def test_a_contract_survives_its_standard_form(tmp_path: Path) -> None:
    project = create_project(tmp_path / "p")
    project.write_contract(CONTRACT)
    assert project.contract("customers") == CONTRACT
    assert project.contract("others") is None


def test_what_a_person_added_to_a_contract_stays(tmp_path: Path) -> None:
    project = create_project(tmp_path / "p")
    path = project.write_contract(CONTRACT)
    text = path.read_text(encoding="utf-8").replace("status: draft", "status: active   # agreed in May\nteam: sales")
    path.write_text(text, encoding="utf-8")
    project.write_contract(CONTRACT)
    again = path.read_text(encoding="utf-8")
    assert "# agreed in May" in again
    assert "team: sales" in again
    assert "status: active" in again


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("physicalType: date", "physicalType: dat", '"date"'),
        ("value: day", "value: dya", '"day"'),
        ("schema:", "shema:", "schema"),
    ],
)
def test_a_contract_with_a_typo_is_refused_with_the_word_that_was_meant(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    project = create_project(tmp_path / "p")
    path = project.write_contract(CONTRACT)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(Refused, match=said):
        project.contract("customers")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("currency: Euro", "currency"),
        ("timezone: Berlin", "timezone"),
        ("nmae: x", '"name"'),
        ("languages: [fr]", "languages"),
    ],
)
def test_a_typo_in_the_settings_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / FILE).write_text(f"name: p\n{line}\n", encoding="utf-8")
    with pytest.raises(Refused, match=said):
        open_project(tmp_path)


def test_a_secret_comes_from_the_environment_or_a_file_and_is_missed_when_it_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text("name: ${env:GRUNDSTEIN_TEST_NAME}\n", encoding="utf-8")
    monkeypatch.setenv("GRUNDSTEIN_TEST_NAME", "from outside")
    assert open_project(tmp_path).name == "from outside"
    monkeypatch.delenv("GRUNDSTEIN_TEST_NAME")
    with pytest.raises(Refused, match="GRUNDSTEIN_TEST_NAME"):
        open_project(tmp_path)


def test_an_unknown_task_names_the_tasks_there_are(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="predict"):
        create_project(tmp_path / "p").task("predikt")
