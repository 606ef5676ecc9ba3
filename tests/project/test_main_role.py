"""A case that names one table means the table that its task needs first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grundstein.project.folder import create_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("task", "fields", "role"),
    [
        ("predict", "target: answer", "rows"),
        ("logs", "session: file", "lines"),
        ("recommend", "user: u\nitem: i", "events"),
    ],
)
def test_one_table_is_the_one_that_its_task_needs_first(tmp_path: Path, task: str, fields: str, role: str) -> None:
    project = create_project(tmp_path, name="p", salt="tests")
    (tmp_path / "cases" / "some.yaml").write_text(
        f"question: What?\ntask: {task}\ndata: one\n{fields}\n", encoding="utf-8"
    )
    assert dict(project.case("some").data) == {role: "one"}
