"""Bench. In: numbered pieces of long work -> Out: their results; what an earlier run finished is not done again.

Results are appended to a file under the folder for temporary files, one line a piece: remove it to measure anew.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
FOLDER = Path(tempfile.gettempdir()) / "grundstein-bot"


def kept(name: str, numbers: Iterable[int], work: Callable[[int], T]) -> list[T]:
    """Return the result of each number, in order."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known: dict[int, T] = {one["number"]: one["result"] for one in map(json.loads, lines)}
    found = []
    for number in numbers:
        if number not in known:
            known[number] = work(number)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"number": number, "result": known[number]}) + "\n")
        found.append(known[number])
    return found
