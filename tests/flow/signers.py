"""What tests of signatures do to a project: read its denials, edit its case, decide again, turn a bit, forge a row."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from grundstein import flow
from grundstein.core.canonical import canonical, digest, record_id
from grundstein.core.records import Denial

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.records import Record
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


def by_hand(project: Folder, *records: Record, person: str = "mallory") -> list[int]:
    """Rows written into the file itself, with the hashes that keep the chain whole."""
    made = []
    for record in records:
        head = project.ledger.head()
        around = {"at": datetime.now(UTC).isoformat(timespec="microseconds"), "host": "h", "person": person}
        values: dict[str, Any] = {
            "sequence": head.sequence + 1,
            "id": record_id(record),
            "kind": type(record).__name__,
            "content": canonical(record),
            "around": canonical({**around, "seconds": {}}),
            "previous": head.hash,
        }
        values["hash"] = digest(canonical(values))
        with sqlite3.connect(project.root / "ledger.sqlite") as file:
            file.execute(f"INSERT INTO ledger ({', '.join(values)}) VALUES ({', '.join('?' * 7)})", [*values.values()])
        made.append(values["sequence"])
    assert not project.ledger.verify()
    return made


def named(project: Folder, row: int, why: str) -> bool:
    return any(f"row {row} " in sentence and why in sentence for sentence in flow.audit(project))
