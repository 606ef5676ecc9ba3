"""Room stores. In: answers by the digest of their question -> Out: a file that has them again, whatever broke off."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class KeptAnswers:
    """One line an answer, added as it comes. A line that was torn by a crash is passed over: it is asked again."""

    path: Path

    def read(self) -> dict[str, Mapping[str, Any]]:
        """Every kept answer by its question's digest; of two to the same question the first."""
        found: dict[str, Mapping[str, Any]] = {}
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            try:
                row = json.loads(line)
                found.setdefault(row["question"], row["answer"])
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def add(self, question: str, answer: Mapping[str, Any]) -> None:
        """Add one answer in one write. It begins on a line of its own, so that a torn line spoils nothing after it."""
        line = json.dumps({"question": question, "answer": answer}, ensure_ascii=False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as file:
            file.write(f"\n{line}\n".encode())
