"""What tests of signatures do to a project: read its denials, edit its case, decide again, turn a bit."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, cast

from grundstein import flow
from grundstein.core.records import Denial

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.project.folder import Folder


def denials(project: Folder) -> list[str]:
    return [cast("Denial", row.record).why for row in project.ledger.entries(Denial)]


def case_says(project: Folder, line: str) -> None:
    with (project.root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def decide_again(project: Folder) -> None:
    flow.advance(flow.decide(project, "leaving"), project)


def changed_byte(path: Path) -> None:
    path.chmod(path.stat().st_mode | stat.S_IWUSR)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
