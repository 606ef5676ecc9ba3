"""Room tasks. In: a sentence -> Out: Reading, its grade as a range and why: the words, the rule and its source.

An overall judgement (satisfied, expectations, recognition) is read from the ladder. Any other sentence by its praising
words: each has a grade of its own, moved by the words before it ("very") and by how often it held ("always").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from grundstein.tasks.letters.grammar import Grammar, grammar
from grundstein.tasks.letters.phrases import corrected, folded
from grundstein.tasks.letters.sentences import sentences

if TYPE_CHECKING:
    import re

    from grundstein.tasks.letters.grammar import Range

BEST, WORST = 1.0, 6.0
ALWAYS, MOSTLY, SELDOM, WEAKENED = -0.9, 0.8, 1.6, 1.2
SPREAD = 0.4
JOINING = {"und", "sowie", "oder", "als", "auch", "wie"}
LONGEST = 20_000


@dataclass(frozen=True)
class Reading:
    """A grade from 1 (best) to 6 with the best and worst reading; `rule` is empty where nothing speaks of a grade."""

    grade: float
    low: int
    high: int
    rule: str = ""
    words: tuple[str, ...] = ()
    source: str = "usage"

    @property
    def cite(self) -> str:
        """What the reading rests on, as it is cited."""
        return grammar().sources[self.source].cite

    @property
    def fixed(self) -> bool:
        """Whether a court has fixed this reading."""
        return grammar().sources[self.source].kind == "court"


SILENT = Reading(3.0, 1, 6)


@dataclass(frozen=True)
class Praise:
    """One praising word: where it stands, and its grade with the words before it."""

    place: int
    grade: float
    words: str


def read(text: str, locale: str = "de") -> Reading:
    """Read a sentence, or several that belong together; `locale` is de, at or ch."""
    found = [one for one in (_sentence(part) for part in sentences(text[:LONGEST])) if one.rule]
    whole = _joined(found) if found else SILENT
    return _swiss(whole) if locale == "ch" and whole.rule else whole


def prepared(text: str) -> str:
    """Folded words with slips of key words corrected."""
    return corrected(folded(text), grammar().words.spelling)


def _sentence(text: str) -> Reading:
    words = prepared(text)
    if not words.strip():
        return SILENT
    known = grammar()
    complaint = _told(known.words.no_complaint[1], words)
    if complaint:
        return _fixed("no_complaint", known.words.no_complaint[0], complaint)
    return _overall(known, words) or _any(known, words)


def _overall(known: Grammar, words: str) -> Reading | None:
    """An overall judgement by the ladder; None where the sentence is none."""
    ladder = known.ladder
    head = [hit for pattern in ladder.heads.values() for hit in _told(pattern, words)]
    if not head:
        return None
    tried = _told(known.words.tried[1], words)
    denied = _denied(known, words)
    if tried or denied:
        rule = "tried" if tried else "denied"
        return _fixed(rule, ladder.tried if tried else ladder.denied, (*tried, *denied, *head[:1]))
    held = {name: hits for name, pattern in ladder.degrees.items() if (hits := _told(pattern, words))}
    often, times = _often(known, words)
    degree = next((name for name in ladder.degrees if name in held), "plain")
    if degree == "whole" and set(times) <= set(held["whole"]):
        often = "once"
    back = _weakened(known, words, often == "always" or degree == "utmost")
    said = (*times, *held.get(degree, ()), *back, *head[:1])
    if back:
        return _fixed(f"{degree} weakened", ladder.weakened[degree], said)
    cell = f"{degree} {often}"
    return _fixed(cell, ladder.cells[degree][often], said, ladder.sources.get(cell, "usage"))


def _any(known: Grammar, words: str) -> Reading:
    tried = _told(known.words.tried[1], words)
    if tried:
        return _fixed("tried", known.words.tried[0], tried)
    praised = _praised(known, words)
    denied = _denied(known, words)
    if denied and praised:
        return _fixed("denied", known.words.denied[0], (*denied, praised[0].words))
    often, times = _often(known, words)
    if not praised:
        return SILENT
    back = _weakened(known, words, often == "always")
    moved = {"always": ALWAYS, "mostly": MOSTLY, "seldom": SELDOM, "once": 0.0}[often] + (WEAKENED if back else 0.0)
    grades = [one.grade for one in praised]
    grade = min(max(0.5 * fmean(grades) + 0.5 * min(grades) + moved, BEST), WORST)
    return _about(grade, "composed", (*times, *back, *(one.words for one in praised)))


def _praised(known: Grammar, words: str) -> list[Praise]:
    """Praising words in their order, each with the words before it that make it stronger; none is counted twice."""
    taken: dict[int, tuple[float, int]] = {}
    for _, (grade, pattern) in sorted(known.words.praise.items(), key=lambda item: item[1][0]):
        for hit in pattern.finditer(words):
            start, end = _place(words, hit.start()), _place(words, hit.end())
            if not any(start < other_end and other < end for other, (_, other_end) in taken.items()):
                taken[start] = (grade, end)
    tokens = words.split()
    moves = _moves(known, words)
    found = []
    for start, (grade, end) in sorted(taken.items()):
        before = start - 1
        while before >= 0 and (tokens[before] in JOINING or before in taken) and before not in moves:
            before -= 1
        moved = moves.get(before, 0.0) if before >= 0 else 0.0
        said = [tokens[before]] if moved else []
        found.append(Praise(start, max(grade + moved, BEST), " ".join([*said, *tokens[start:end]])))
    return found


def _moves(known: Grammar, words: str) -> dict[int, float]:
    """How far the word at a place moves the praise after it; of several words the last one carries it."""
    found: dict[int, float] = {}
    for moves, pattern in known.words.stronger.values():
        for hit in pattern.finditer(words):
            found.setdefault(_place(words, hit.end()) - 1, moves)
    return found


def _often(known: Grammar, words: str) -> tuple[str, tuple[str, ...]]:
    for name in ("seldom", "mostly", "always"):
        hits = _told(known.words.often[name], words)
        if hits:
            return ("mostly" if name == "seldom" else name), hits
    return "once", ()


def _weakened(known: Grammar, words: str, always: bool) -> tuple[str, ...]:
    """Words that take it back; those that may sum up do not where it always held."""
    hits = _told(known.words.weakened, words)
    return hits if always else (*hits, *_told(known.words.summing, words))


def _denied(known: Grammar, words: str) -> tuple[str, ...]:
    _, pattern, fine = known.words.denied
    return () if fine.search(words) else _told(pattern, words)


def _told(pattern: re.Pattern[str], words: str) -> tuple[str, ...]:
    return tuple(hit.group().strip() for hit in pattern.finditer(words))


def _place(words: str, character: int) -> int:
    """The number of the word that starts at a character of folded words."""
    return words.count(" ", 0, character) - 1


def _fixed(rule: str, cell: Range, words: tuple[str, ...], source: str = "usage") -> Reading:
    low, likely, high = cell
    return Reading(float(likely), low, high, rule, tuple(dict.fromkeys(words)), source)


def _about(grade: float, rule: str, words: tuple[str, ...]) -> Reading:
    low, high = (whole_grade(min(max(grade + way, BEST), WORST)) for way in (-SPREAD, SPREAD))
    return Reading(round(grade, 2), low, high, rule, tuple(dict.fromkeys(words)))


def whole_grade(grade: float) -> int:
    """The whole grade of a number; a half counts as the worse."""
    return math.floor(grade + 0.5)


def _joined(found: list[Reading]) -> Reading:
    if len(found) == 1:
        return found[0]
    grade = fmean(one.grade for one in found)
    low, high = whole_grade(fmean(one.low for one in found)), whole_grade(fmean(one.high for one in found))
    words = tuple(dict.fromkeys(word for one in found for word in one.words))
    return Reading(round(grade, 2), low, high, "several", words)


def _swiss(one: Reading) -> Reading:
    """In Switzerland no court has fixed a ladder: a step to either side stays open."""
    return Reading(one.grade, max(one.low - 1, 1), min(one.high + 1, 6), one.rule, one.words)
