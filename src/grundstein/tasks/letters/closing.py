"""Room tasks. In: the last sentences of a letter -> Out: Closing, what the closing formula holds and its grade."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from grundstein.tasks.letters.rules import pattern_of, patterns, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.tasks.letters.parts import Line

PARTS = ("regret", "thanks", "professional", "private", "success")
MONTHS = ("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november")
DATE = re.compile(
    r"(\d{1,2})\.\s*(?:(\d{1,2})\.|(Januar|Jänner|Februar|März|Maerz|April|Mai|Juni|Juli|August|September|Oktober|"
    r"November|Dezember))\s*(\d{4})"
)
OTHER = re.compile(r"prüfung|abschluss|geboren|geb\.|jubiläum")
USUAL_DAYS = {15}


@dataclass(frozen=True)
class Closing:
    """Which of the five parts are there, the grade by their number, and the words that show each."""

    held: Mapping[str, str]
    grade: int
    retired: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that are missing; who retires is wished no career."""
        return tuple(part for part in PARTS if part not in self.held)


@cache
def _known() -> dict[str, Any]:
    content = table("closing")
    return {
        "parts": patterns(content["parts"]),
        "wishes": pattern_of(content["wishes"]["words"]),
        "retired": pattern_of(content["retired"]["words"]),
        "ending": patterns(content["ending"]),
        "sentence": {**content["sentence"], **{n: pattern_of(content["sentence"][n]) for n in ("again", "head")}},
        "grade": {int(count): int(grade) for count, grade in content["grade"].items()},
    }


def farewell(words: str, praise: str, stressed: tuple[bool, bool]) -> tuple[float, tuple[str, ...]] | None:
    """The grade of folded words that thank, regret or wish, with what they hold; None where they do not.

    `praise` names the strongest kind of praise in them, `stressed` whether they say "always" and "very".
    """
    rules = _known()["sentence"]
    if not rules["head"].search(words):
        return None
    held = {part: hit.group().strip() for part, pattern in _known()["parts"].items() if (hit := pattern.search(words))}
    moves = rules["moves"]
    grade = rules["start"] + sum(moves[part] for part in ("regret", "thanks", "success") if part in held)
    grade += moves["wishes"] if held.keys() & {"professional", "private", "success"} else 0.0
    grade += moves["professional and private"] if {"professional", "private"} <= held.keys() else 0.0
    grade += moves["again"] if rules["again"].search(words) else 0.0
    grade += rules["praise"].get(praise, 0.0) + stressed[0] * rules["always"] + stressed[1] * rules["very"]
    return min(max(grade, 1.0), 6.0), tuple(dict.fromkeys(held.values()))


def closing_of(lines: Sequence[Line]) -> Closing:
    """Read the sentences of the ending and the closing."""
    known = _known()
    held: dict[str, str] = {}
    last = [line.words for line in lines if line.section in {"ending", "closing"}]
    retired = any(known["retired"].search(words) for words in last)
    for words in last:
        wishing = bool(known["wishes"].search(words))
        for part, pattern in known["parts"].items():
            hit = pattern.search(words)
            if hit and part not in held and (wishing or part in {"regret", "thanks"}):
                held[part] = hit.group().strip()
    if retired and held.keys() & {"private", "success"}:
        held |= {part: "retired" for part in ("professional", "success") if part not in held}
    return Closing(held, known["grade"][len(held)], retired)


def endings(lines: Sequence[Line]) -> dict[str, str]:
    """What the end of the employment says: `mutual`, `own`, `odd date`, each with its words."""
    told: dict[str, str] = {}
    for line in lines:
        if line.section in {"ending", "closing"}:
            for name, pattern in _known()["ending"].items():
                hit = pattern.search(line.words)
                if hit:
                    told.setdefault(name, hit.group().strip())
    for line in lines:
        if line.section in {"intro", "ending", "company"}:
            odd = _odd_end(line)
            if odd:
                told.setdefault("odd date", odd)
    return told


def _odd_end(line: Line) -> str:
    """The last day where employments seldom end: neither the end of a month nor its middle; empty otherwise."""
    dates = [hit for hit in DATE.finditer(line.text) if _ends(line, hit.start())]
    for hit in dates:
        day, month = int(hit.group(1)), int(hit.group(2)) if hit.group(2) else _month(hit.group(3))
        year = int(hit.group(4))
        if 1 <= month <= 12 and 1900 < year < 2200 and day not in USUAL_DAYS | {calendar.monthrange(year, month)[1]}:
            return hit.group()
    return ""


def _ends(line: Line, place: int) -> bool:
    before = line.text[:place].lower().rstrip()
    if OTHER.search(before[-30:]):
        return False
    before = re.sub(r"\b(?:zum|den|einschließlich)$", "", before).rstrip()
    return before.endswith("bis") or (
        line.section == "ending" and re.search(r"\b(?:am|zum|mit dem)$", line.text[:place].rstrip()) is not None
    )


def _month(name: str) -> int:
    folded = name.lower().replace("maerz", "märz").replace("jänner", "januar")
    return MONTHS.index(folded) + 1 if folded in MONTHS else 12
