"""Room tasks. In: examples and a person at a terminal -> Out: what the person says of each, up to where it stops."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.tasks.categorize.agreement import Item
    from grundstein.tasks.categorize.queue import Example

STOP, SKIP, BACK = ("q", "stop", "quit"), ("", "s", "skip"), ("z", "back")
LONGEST = 1_500
HELP = "a number, another category, Enter to skip, z to go back, q to stop"


def asked(found: Sequence[Example], categories: Sequence[str], left: int) -> list[tuple[Item, str, str]]:
    """Ask about one example after the other; returns item, category and what was offered first.

    The end of the input, and Ctrl-C, stop as `q` does.
    """
    said: dict[int, str] = {}
    known = list(categories)
    place = 0
    _say(f"{len(found)} examples, {left:,} items without a label. Say {HELP}.\n")
    while place < len(found):
        one = found[place]
        _say(f"\n[{place + 1}/{len(found)}, {one.why}] {', '.join(map(str, one.item))}\n{one.text[:LONGEST]}\n")
        _say("".join(f"  {n + 1}  {label}\n" for n, label in enumerate(one.offered)))
        word = _word()
        if word.lower() in STOP:
            break
        if word.lower() in BACK:
            place = max(place - 1, 0)
            continue
        if word.lower() not in SKIP:
            label = _meant(word, one.offered, known)
            if not label:
                continue
            said[place] = label
            known += [label] if label not in known else []
        place += 1
    return [(found[n].item, label, (*found[n].offered, "")[0]) for n, label in sorted(said.items())]


def _meant(word: str, offered: Sequence[str], known: Sequence[str]) -> str:
    """The category that a word stands for; a new one is taken once it was typed twice, empty: ask again."""
    if word.isdigit() and 0 < int(word) <= len(offered):
        return offered[int(word) - 1]
    same = [label for label in known if label.lower() == word.lower()]
    begins = [label for label in known if label.lower().startswith(word.lower())]
    if same or len(begins) == 1:
        return (same or begins)[0]
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    _say(f'"{word}" is new{": did you mean " + ", ".join(near) + "?" if near else ""}; type it again to make it.\n')
    return word if _word() == word else ""


def _word() -> str:
    try:
        return input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return STOP[0]


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
