"""`also:` is checked field by field: a table, an endpoint or an object, its secrets named and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grundstein.core.case import Also
from grundstein.core.errors import Refused
from grundstein.project.folder import Folder, create_project

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
question: Who leaves?
task: predict
data: people
target: leaves
money: {saved: 600, success: 0.3, cost: 60}
also:
  # asked first
  - name: vendor
    endpoint: https://scores.example/churn?version=2
    price: 0.02
    headers: {X-Api-Key: "${env:VENDOR_KEY}"}
    columns: [tenure]
  - {name: shelf, table: bought}
  - {name: forest, python: "models/own.py:forest", takes: dicts}
"""


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    return create_project(tmp_path / "p", name="p")


def write(project: Folder, text: str) -> None:
    (project.root / "cases" / "churn.yaml").write_text(text, encoding="utf-8")


def test_each_entry_is_read_as_written_and_secrets_stay_names(project: Folder) -> None:
    write(project, CASE)
    vendor, shelf, forest = project.case("churn").also
    assert vendor == Also(
        "vendor",
        endpoint="https://scores.example/churn?version=2",
        price=0.02,
        headers={"X-Api-Key": "${env:VENDOR_KEY}"},
        columns=("tenure",),
    )
    assert (shelf.kind, forest.kind, forest.takes) == ("table", "python", "dicts")


def test_what_was_read_and_written_again_is_the_same(project: Folder) -> None:
    write(project, CASE)
    before = project.case("churn")
    project.write_case(before)
    assert project.case("churn") == before


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("endpoint: https", "endpont: https", 9, '"endpoint"'),
        ("table: bought", "tabel: bought", 13, '"table"'),
        ("endpoint: https", "endpoint: ftp", 9, "no address"),
        ("https://scores", "https://me:pw@scores", 9, "name or a password"),
        ("version=2", "api_key=abc123", 9, "shows a secret"),
        ('"${env:VENDOR_KEY}"', "abc123", 11, "shows a secret"),
        ("https://", "http://", 9, "unencrypted"),
        ("name: shelf", "name: Vendor", 13, "comes twice"),
        ("name: shelf", "name: the shelf", 13, "no name"),
        ("table: bought", "table: bought, python: a.py:b", 13, "table and python"),
        ("{name: shelf, table: bought}", "{name: shelf}", 13, "none of them"),
        ("table: bought", "table: bought, timeout: 3", 13, "`timeout`"),
        ("takes: dicts", "takes: frames", 14, "frames"),
        ("models/own.py:forest", "../own.py:forest", 14, "no object"),
        ("models/own.py:forest", "own.py", 14, "no object"),
        ("price: 0.02", "price: -1", 10, "-1"),
        ("money: {saved: 600, success: 0.3, cost: 60}\n", "", 9, "`price` is money"),
    ],
)
def test_a_mistake_names_its_line_and_what_was_meant(project: Folder, old: str, new: str, line: int, said: str) -> None:
    assert old in CASE
    write(project, CASE.replace(old, new))
    with pytest.raises(Refused) as refused:
        project.case("churn")
    assert f"line {line}:" in str(refused.value)
    assert said in str(refused.value)
    assert "abc123" not in str(refused.value)
    assert "pw@" not in str(refused.value)


def test_on_this_machine_a_secret_may_go_unencrypted(project: Folder) -> None:
    write(project, CASE.replace("https://scores.example", "http://127.0.0.1:8080"))
    assert project.case("churn").also[0].kind == "endpoint"


def test_a_table_that_is_not_there_is_refused_with_the_nearest_name(project: Folder) -> None:
    write(project, CASE)
    with pytest.raises(Refused, match='There is no table "bought"'):
        project.outside(project.case("churn"))
