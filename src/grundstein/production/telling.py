"""Room production. In: what was found of a release -> Out: a line in `watch/CASE.jsonl` for each thing that is new.

A finding is told once, and again only when it became another: found, more or less grave, or over. What the file says
was told is told, whatever broke off; a line that a crash tore is passed over and told again.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from grundstein.core.findings import Finding

SPOKEN = ("issue", "tip")
OVER = "over"
SUBJECTS = ("column", "table", "name")
Line = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """The lines of one case; `sent` lies beside them and says how many of them the webhook has taken."""

    path: Path

    def lines(self) -> list[Line]:
        """Every line, in order."""
        found = []
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and "code" in row:
                found.append(row)
        return found

    def tell(self, findings: Sequence[Finding], about: Mapping[str, str]) -> list[Line]:
        """Add a line for what is new, graver, milder or over since the last one of its release; returns them."""
        lines = news(self.lines(), findings, about)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for line in lines:
            self._add(line)
        return lines

    def waiting(self) -> list[Line]:
        """The lines that the webhook has not taken yet."""
        return self.lines()[self._sent() :]

    def took(self) -> None:
        """Remember that the webhook has all lines."""
        staged = self._mark.with_suffix(".tmp")
        staged.write_text(str(len(self.lines())), encoding="utf-8")
        staged.replace(self._mark)

    @property
    def _mark(self) -> Path:
        return self.path.with_suffix(".sent")

    def _sent(self) -> int:
        text = self._mark.read_text(encoding="utf-8").strip() if self._mark.exists() else ""
        return int(text) if text.isdigit() else 0

    def _add(self, line: Line) -> None:
        """One write a line, beginning on a line of its own, so that a torn one spoils nothing after it."""
        text = json.dumps(line, ensure_ascii=False, sort_keys=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            start = b"\n" if os.fstat(descriptor).st_size and not _ends(self.path) else b""
            os.write(descriptor, start + text.encode() + b"\n")
        finally:
            os.close(descriptor)


def _ends(path: Path) -> bool:
    """Whether the file ends where a line does."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def news(lines: Iterable[Line], findings: Sequence[Finding], about: Mapping[str, str]) -> list[Line]:
    """The lines to add: what is found now against what was told last of this release."""
    told = {_mark(line): line for line in lines if line.get("release") == about["release"]}
    spoken = [finding for finding in findings if finding.section in SPOKEN]
    now = {f"{finding.code} {subject(finding.facts)}".strip(): finding for finding in spoken}
    found = [
        _line(finding, mark, about)
        for mark, finding in now.items()
        if told.get(mark, {}).get("section") != finding.section
    ]
    over = [
        {**line, **about, "section": OVER} for mark, line in told.items() if mark not in now and line["section"] != OVER
    ]
    return found + over


def subject(facts: Mapping[str, Any]) -> str:
    """What a finding is about, where one code may be found of several things."""
    return next((str(facts[name]) for name in SUBJECTS if name in facts), "")


def _mark(line: Line) -> str:
    return f"{line['code']} {line.get('subject', '')}".strip()


def _line(finding: Finding, mark: str, about: Mapping[str, str]) -> Line:
    what = mark.partition(" ")[2]
    said = {"code": finding.code, "section": finding.section, "subject": what, "text": finding.text()}
    return {**about, **said, "facts": dict(finding.facts)}
