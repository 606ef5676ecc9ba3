"""Room tasks. In: a sentence -> Out: Reading, its grade as a range and why: the words, the rule and its source.

An overall judgement (satisfied, expectations, recognition) is read from the ladder. Any other sentence by its praising
words: each has a grade of its own, moved by the words before it ("very") and by how often it held ("always").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING

from grundstein.tasks.letters.closing import farewell
from grundstein.tasks.letters.phrases import corrected, folded, words_in
from grundstein.tasks.letters.rules import Grammar, grammar
from grundstein.tasks.letters.sentences import sentences

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from grundstein.tasks.letters.rules import Range

BEST, WORST = 1.0, 6.0
MOVED = {"always": -0.9, "both": -1.0, "whole": -0.8, "regular": -0.4, "once": 0.0, "mostly": 0.8}
WEAKENED = 1.2
SPREAD = 0.4
NOUNS = ("keit", "heit", "schaft", "keiten")
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
    kind: str


def read(text: str, locale: str = "de") -> Reading:
    """Read a sentence, or several that belong together; `locale` is de, at or ch."""
    parts = [(part, prepared(part)) for part in sentences(text[:LONGEST])]
    last = " ".join(words for _, words in parts)
    bye = _farewell(grammar(), last) if last else None
    found = [bye] if bye else [one for one in (_sentence(words) for _, words in parts) if one.rule]
    whole = _joined(found) if found else SILENT
    whole = replace(whole, words=written(text, whole.words)) if whole.words else whole
    return _swiss(whole) if locale == "ch" and whole.rule else whole


def prepared(text: str) -> str:
    """Folded words with slips of key words corrected."""
    words = corrected(folded(text), grammar().words.spelling)
    return words.replace(" zufrieden stellend", " zufriedenstellend").replace(" immer wieder ", " wiederholt ")


def written(text: str, phrases: Sequence[str]) -> tuple[str, ...]:
    """Phrases of folded words as the text writes them; one that is not found stays as it is."""
    plain = words_in(text[:LONGEST])
    folds = [prepared(word).strip() for word in plain]
    found = []
    for phrase in phrases:
        parts = phrase.split()
        places = (place for place in range(len(plain)) if folds[place : place + len(parts)] == parts)
        place = next(places, None)
        found.append(phrase if place is None else " ".join(plain[place : place + len(parts)]))
    return tuple(found)


def _farewell(known: Grammar, words: str) -> Reading | None:
    """Thanks, regret and wishes, read together; None where there are none."""
    kind = next((name for name in ("top", "high", "good") if known.words.praise[name][1].search(words)), "")
    stressed = bool(known.words.often["always"].search(words)), bool(known.words.stronger["very"][1].search(words))
    told = farewell(words, kind, stressed)
    return _about(told[0], "farewell", told[1]) if told else None


def _sentence(words: str) -> Reading:
    if not words.strip():
        return SILENT
    known = grammar()
    complaint = _told(known.words.no_complaint[1], words)
    if complaint:
        return _fixed("no_complaint", known.words.no_complaint[0], complaint)
    return _overall(known, words) or _any(known, words)


def _overall(known: Grammar, words: str) -> Reading | None:
    """An overall judgement by the ladder; None where the sentence is none. Two heads are read each by its own words."""
    every = {name: [hit.span() for hit in pattern.finditer(words)] for name, pattern in known.ladder.heads.items()}
    hits = sorted(span for name, spans in every.items() if name != "performance" for span in spans)
    if not hits:
        return _rung(known, words) if every["performance"] else None
    cut = next((start for start, _ in hits if start >= hits[0][1]), None)
    if cut is None:
        return _rung(known, words)
    cut = words.rfind(" und ", hits[0][1] - 1, cut)
    if cut < 0:
        return _rung(known, words)
    found = [one for one in (_rung(known, words[: cut + 1]), _rung(known, words[cut:])) if one]
    return _joined(found) if found else None


def _rung(known: Grammar, words: str) -> Reading | None:
    """The rung of one head: its degree and how often it held, or that it was tried, denied or taken back."""
    ladder = known.ladder
    heads = {name: hits for name, pattern in ladder.heads.items() if (hits := _told(pattern, words))}
    if not heads:
        return None
    head = next(iter(heads.values()))[:1]
    tried, denied = _told(known.words.tried[1], words), _denied(known, words)
    if tried or denied:
        rule = "tried" if tried else "denied"
        return _fixed(rule, ladder.tried if tried else ladder.denied, (*tried, *denied, *head))
    rest = known.words.weakened.sub(_blank, words)
    degree, held = next(((n, hits) for n, p in ladder.degrees.items() if (hits := _told(p, rest))), ("plain", ()))
    often, times = _often(known, rest)
    often = often if often in ladder.cells[degree] else "once"
    back = _weakened(known, words, sums_up=degree != "plain" or often != "once")
    if back:
        return _fixed(f"{degree} weakened", ladder.weakened[degree], (*times, *held, *back, *head))
    cell = f"{degree} {often}"
    court = "satisfaction" in heads and any(hit.startswith("voll") for hit in held)
    source = ladder.sources.get(cell, "usage") if court else "usage"
    return _fixed(cell, ladder.cells[degree][often], (*times, *held, *head), source)


def _any(known: Grammar, words: str) -> Reading:
    tried = _told(known.words.tried[1], words)
    if tried:
        return _fixed("tried", known.words.tried[0], tried)
    under, where, rest = _conditions(known, words)
    praised = _praised(known, rest)
    denied = _denied(known, words)
    if denied and praised:
        return _fixed("denied", known.words.denied[0], (*denied, praised[0].words))
    often, times = _often(known, words)
    if not praised:
        return SILENT
    back = _weakened(known, words, sums_up=often in {"always", "both", "whole"})
    moved = MOVED[often] + (WEAKENED if back else 0.0)
    grades = [one.grade for one in praised]
    moved *= _reach(known, rest, often, praised)
    weak = any(one.kind in {"fair", "enough", "low"} for one in praised)
    grade = 0.5 * fmean(grades) + 0.5 * (max(grades) if weak else min(grades))
    grade = min(max(grade + moved + under, BEST), WORST)
    return _about(grade, "composed", (*times, *back, *where, *(one.words for one in praised)))


def _reach(known: Grammar, words: str, often: str, praised: list[Praise]) -> float:
    """The share of the praise that a word of time reaches, at least a half: what comes after its first one."""
    pattern = known.words.often.get("always" if often == "both" else often)
    hit = pattern.search(words) if pattern else None
    if not hit:
        return 1.0
    place = _place(words, hit.start())
    return max(sum(one.place > place for one in praised) / len(praised), 0.5)


def _conditions(known: Grammar, words: str) -> tuple[float, tuple[str, ...], str]:
    """How far the conditions move the grade, their words, and the words without them: they praise nobody."""
    for moves, pattern in known.words.conditions.values():
        hits = _told(pattern, words)
        if hits:
            return moves, hits, pattern.sub(_blank, words)
    return 0.0, (), words


def _praised(known: Grammar, words: str) -> list[Praise]:
    """Praising words in their order, each with the word before it that moves it; a bare noun counts only alone."""
    tokens, moves, taken = words.split(), _moves(known, words), _taken(known, words)
    found = []
    for start, (end, kind, grade) in sorted(taken.items()):
        before = start - 1
        while before >= 0 and (tokens[before] in JOINING or before in taken) and before not in moves:
            before -= 1
        moved = moves.get(before, 0.0)
        said = [tokens[before]] if moved else []
        found.append(Praise(start, max(grade + moved, BEST), " ".join([*said, *tokens[start:end]]), kind))
    return [one for one in found if one.kind not in {"bare", "managed"}] or found


def _taken(known: Grammar, words: str) -> dict[int, tuple[int, str, float]]:
    """Where a praising word starts: where it ends, its kind and its grade; of several kinds the best has it."""
    taken: dict[int, tuple[int, str, float]] = {}
    bare = known.words.praise["bare"][0]
    for kind, (grade, pattern) in sorted(known.words.praise.items(), key=lambda item: item[1][0]):
        for hit in pattern.finditer(words):
            start, end = _place(words, hit.start()), _place(words, hit.end())
            if not any(start < other_end and other < end for other, (other_end, *_) in taken.items()):
                noun = hit.group().rstrip().endswith(NOUNS) and grade < bare
                taken[start] = (end, "bare", bare) if noun else (end, kind, grade)
    return taken


def _moves(known: Grammar, words: str) -> dict[int, float]:
    """How far the word at a place moves the praise after it; of several words the last one carries it."""
    found: dict[int, float] = {}
    for moves, pattern in known.words.stronger.values():
        for hit in pattern.finditer(words):
            found.setdefault(_place(words, hit.end()) - 1, moves)
    return found


def _often(known: Grammar, words: str) -> tuple[str, tuple[str, ...]]:
    """How often it held, with the words that say so; "both" is always and in every respect."""
    said = {name: hits for name, pattern in known.words.often.items() if (hits := _told(pattern, words))}
    for name in ("seldom", "mostly"):
        if name in said:
            return "mostly", said[name]
    if {"always", "whole"} <= said.keys():
        return "both", (*said["always"], *said["whole"])
    return next(iter(said.items()), ("once", ()))


def _weakened(known: Grammar, words: str, *, sums_up: bool) -> tuple[str, ...]:
    """Words that take it back; those that may sum up do not where that is all they do."""
    hits = _told(known.words.weakened, words)
    return hits if sums_up else (*hits, *_told(known.words.summing, words))


def _denied(known: Grammar, words: str) -> tuple[str, ...]:
    _, pattern, fine = known.words.denied
    return () if fine.search(words) else _told(pattern, words)


def _blank(hit: re.Match[str]) -> str:
    """As many words without meaning."""
    return "- " * hit.group().count(" ")


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
