"""A project whose rule is released, made once and copied for each test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from serving_project import decided, put, with_programs

from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def decided_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = decided(tmp_path_factory.mktemp("decided") / "project")
    with_programs(project)
    return project.root


@pytest.fixture(scope="session")
def served_root(decided_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(decided_root, root)
    put(open_project(root), "rule")
    return root


@pytest.fixture
def served(served_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(served_root, tmp_path / "served")
    return open_project(tmp_path / "served")
