"""A folder to work in, and the command line in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doors import Door

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRUNDSTEIN_PROJECT", raising=False)
    return Door(tmp_path, capsys)
