"""Lines of a journal as a server writes them, for the project of `conftest`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grundstein.production.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grundstein.project.folder import Folder

RELEASE = "r" * 64


def asked(number: int, at: str = "2026-01-05T08:00:00+00:00", **more: Any) -> dict[str, Any]:
    """An answer about person `number`, and the question."""
    question = {"person": f"p{number:05d}", "tenure": number % 70, "plan": "month", "day": "2026-01-05"}
    answer = {"answer": "Yes", "probability": number / 1_000, "act": 1.0, "held_back": False}
    line = {"kind": "answer", "id": f"a{number}", "at": at, "release": RELEASE, "mode": "live"}
    return {**line, "question": question, "answer": answer, **more}


def told(truth: Any, at: str = "2026-02-05T08:00:00+00:00", **about: Any) -> dict[str, Any]:
    """A truth about an answer (`id`) or a unit (`key`)."""
    return {"kind": "feedback", "at": at, **about, "truth": truth}


def journaled(project: Folder, lines: Iterable[dict[str, Any] | bytes], most_bytes: int = 16 << 20) -> None:
    """Write lines to the journal of the case and end its last segment."""
    journal = Journal(project.root / "journal" / "leaving", most_bytes)
    for line in lines:
        journal.append(line if isinstance(line, bytes) else json.dumps(line).encode())
    journal.close()
