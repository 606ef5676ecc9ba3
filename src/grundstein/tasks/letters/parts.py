"""Room tasks. In: the text of a letter -> Out: Line, each sentence with its section, its side and its reading."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from grundstein.tasks.letters.codes import codes
from grundstein.tasks.letters.grading import SILENT, Reading, prepared, read
from grundstein.tasks.letters.rules import grammar, patterns, table
from grundstein.tasks.letters.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.tasks.letters.rules import Pattern

SECTIONS = ("intro", "company", "tasks", "performance", "behaviour", "ending", "closing", "other")
GRADED = ("performance", "behaviour")
BULLET = re.compile(r"^\s*[-–•*·▪◦]\s")
LISTED = re.compile(r"^[^.:]{0,40}(?:[Aa]ufgabe|[Tt]ätigkeit|[Ss]chwerpunkt)[^.:]{0,60}:")
PERSON = re.compile(r" (?:er|sie|herr|frau|ihr|ihm) ")
SIGNED = re.compile(r"^[^.]{0,60},\s*(?:den|am)?\s*(?:\d{1,2}\.\s*(?:\d{1,2}\.|[A-ZÄ][a-zä]+)\s*\d{2,4})$")


@dataclass(frozen=True)
class Line:
    """One sentence: `words` are its folded words; `aspects` the sides of the work that it speaks of."""

    text: str
    words: str
    section: str
    aspects: tuple[str, ...] = ()
    reading: Reading = SILENT

    @property
    def overall(self) -> bool:
        """Whether it judges the work as a whole."""
        return self.section == "performance" and _is_overall(self.words)


@cache
def known() -> tuple[Mapping[str, Pattern], Mapping[str, Pattern], Mapping[str, Pattern]]:
    """Patterns of the sections, the aspects and the people."""
    content = table("sections")
    return patterns(content["sections"]), patterns(content["aspects"]), patterns(content["people"])


def lines_of(text: str, locale: str = "de") -> list[Line]:
    """Split a letter and say of each sentence which part it is, and of performance and behaviour which grade."""
    found: list[Line] = []
    for sentence in sentences(text):
        words = prepared(sentence)
        section = _section(sentence, words, found)
        found.append(Line(sentence, words, section))
    return [_read(line, locale) for line in found]


def people_in(words: str) -> dict[str, int]:
    """Who is named, and where first."""
    hits = {name: pattern.search(words) for name, pattern in known()[2].items()}
    return {name: hit.start() for name, hit in hits.items() if hit}


def _read(line: Line, locale: str) -> Line:
    if line.section not in GRADED:
        return line
    aspects = tuple(name for name, pattern in known()[1].items() if pattern.search(line.words))
    return replace(line, aspects=aspects, reading=read(line.text, locale))


def _section(sentence: str, words: str, before: list[Line]) -> str:
    seen = {line.section for line in before}
    told = {name for name, pattern in known()[0].items() if pattern.search(words)}
    late = bool(seen & {"performance", "behaviour"})
    if SIGNED.match(sentence) or (not told and "closing" in seen):
        return "other"
    if not late and (BULLET.match(sentence) or LISTED.match(sentence)):
        return "tasks"
    leaving = _leaving(told) if late or seen & {"ending", "closing"} else ""
    if leaving or _is_overall(words):
        return leaving or "performance"
    if late:
        return "behaviour" if "behaviour" in told else _after(before, words)
    return _early(told, words, before)


def _leaving(told: set[str]) -> str:
    """The closing or the ending, where a sentence behind the first praise is one; else empty."""
    if "closing" in told:
        return "closing"
    return "ending" if "ending" in told and "intro" not in told else ""


def _after(before: list[Line], words: str) -> str:
    """A sentence behind the first praise: it goes on where the last one was, unless it speaks of work."""
    last = next((line.section for line in reversed(before) if line.section != "other"), "other")
    if last == "behaviour" and any(pattern.search(words) for pattern in known()[1].values()) and not people_in(words):
        return "performance"
    return last if last in GRADED or last in {"ending", "closing"} else "performance"


def _early(told: set[str], words: str, before: list[Line]) -> str:
    """A sentence before any praise."""
    for name in ("tasks", "intro", "company"):
        if name in told and not (name == "company" and not before):
            return name
    if any(code.pattern.search(words) for code in codes().values()):
        return "behaviour" if "behaviour" in told else "performance"
    graded = _praises(words)
    if "behaviour" in told and graded:
        return "behaviour"
    done = any(line.section == "tasks" for line in before) and PERSON.search(words)
    if graded and (done or any(pattern.search(words) for pattern in known()[1].values())):
        return "performance"
    last = before[-1].section if before else "other"
    return "tasks" if PERSON.search(words) or last == "intro" else last


def _praises(words: str) -> bool:
    return bool(read(words).rule)


def _is_overall(words: str) -> bool:
    return any(pattern.search(words) for pattern in grammar().ladder.heads.values())
