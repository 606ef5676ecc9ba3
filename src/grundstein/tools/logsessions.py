"""Room tools. In: entries of a log in order -> Out: the session of each, by a rule that a person wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

FILE, GAP = "file", "gap"


@dataclass
class Sessions:
    """Which session an entry belongs to: `file`, `gap:MINUTES` of silence, or a regular expression with a group."""

    rule: str
    number: int = 1
    file: str = ""
    last: datetime | None = None
    pattern: re.Pattern[str] | None = None
    gap: float = 0.0

    def __post_init__(self) -> None:
        kind, sign, minutes = self.rule.partition(":")
        if kind == GAP and sign:
            self.gap = _minutes(minutes) * 60
        elif self.rule not in ("", FILE):
            self.pattern = _pattern(self.rule)

    def of(self, file: str, time: datetime | None, text: str) -> str | None:
        """The session of the next entry; None where it belongs to none."""
        if self.pattern is not None:
            found = self.pattern.search(text)
            return (found[1] if self.pattern.groups else found[0]) if found else None
        if not self.gap:
            return file
        if file != self.file:
            self.file, self.number, self.last = file, 1, None
        if time is not None:
            if self.last is not None and abs((time - self.last).total_seconds()) > self.gap:
                self.number += 1
            self.last = time
        return f"{file}#{self.number}"


def _minutes(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) <= 0:
        raise Refused(f'"gap:{text}" says no minutes', 'a number above 0, as in "gap:30"', "correct the session")
    return float(text)


def _pattern(rule: str) -> re.Pattern[str]:
    try:
        return re.compile(rule)
    except re.error as error:
        raise Refused(
            f"the session `{rule}` is no regular expression: {error}",
            '`file`, `gap:MINUTES` or an expression such as "(blk_-?[0-9]+)"',
            "correct the session",
        ) from None
