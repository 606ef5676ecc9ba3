"""Room tools. In: lines of a log, one after the other -> Out: the template of each, and which of its words vary.

A line's masked words are its template. Templates that differ in one word only become one where that word has had
several values: few where the values are written small, as names are, more where they are not, as sentences are, or
where they say how something went. One pass; what was learnt is JSON, and lines read in two goes give the
templates of one.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grundstein.tools.logmasks import VARIABLE, Masks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Words = tuple[str, ...]

NAMES, VALUES, FIRST, FAMILY = 3, 6, 24, 32
STATES = frozenset(
    (
        *("accepted", "active", "closed", "completed", "connected", "denied", "disabled", "disconnected"),
        *("done", "down", "enabled", "error", "exited", "failed", "failure", "false", "finished", "found"),
        *("inactive", "invalid", "lost", "missing", "no", "none", "off", "offline", "ok", "on", "online"),
        *("open", "opened", "passed", "paused", "pending", "ready", "refused", "rejected", "restarted"),
        *("resumed", "running", "skipped", "started", "stopped", "succeeded", "success", "timeout", "true"),
        *("unknown", "unreachable", "up", "valid", "yes"),
    )
)
"""Words that say how something went: what they say is the news of a line, however many of them there are."""
MOST, REMEMBERED = 5_000, 100_000
UNKNOWN, OTHER = -1, 0


@dataclass(frozen=True)
class Proposal:
    """A mask for the case's `masks`: the word behind `mask`'s words varied. `values` some of them, in `templates`."""

    mask: str
    values: tuple[str, ...]
    templates: int


class Miner:
    """Finds templates. `names` and `values`: how many values of a word make it vary, where they are names and in all.

    Template 0 takes what comes after the first 5,000 templates, so that memory has a bound.
    """

    def __init__(self, masks: Sequence[str] = (), names: int = NAMES, values: int = VALUES) -> None:
        self._masks, self._names, self._values = Masks(masks), names, values
        self._words: list[Words] = [(VARIABLE,)]
        self._root: list[int] = [OTHER]
        self._number: dict[Words, int] = {}
        self._slots: dict[Words, dict[str, int] | None] = {}
        self._families: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._wide: dict[tuple[int, str], frozenset[int]] = {}
        self._known: dict[Words, int] = {}

    def add(self, lines: Iterable[str]) -> list[int]:
        """Learn from lines; returns the number that each had when it was read (see `now`)."""
        words, known, found = self._masks.words, self._known, []
        for line in lines:
            seen = words(line)
            number = known.get(seen)
            if number is None:
                number = self._place(self._masks.joined(seen))
                if len(known) >= REMEMBERED:
                    known.clear()
                known[seen] = number
            found.append(number)
        return found

    def now(self, number: int) -> int:
        """The template that a number stands for by now: templates become one, none is ever split."""
        while self._root[number] != number:
            number = self._root[number]
        return number

    def mine(self, lines: Iterable[str]) -> list[int]:
        """Learn from lines; returns the template of each as it is after the last."""
        return [self.now(number) for number in self.add(lines)]

    def look(self, lines: Iterable[str]) -> list[int]:
        """The template of each line, `UNKNOWN` where none fits; nothing is learnt."""
        asked: dict[Words, int] = {}
        found = []
        for line in lines:
            seen = self._masks.words(line)
            if seen not in asked:
                number = self._number.get(self._general(self._masks.joined(seen)))
                asked[seen] = UNKNOWN if number is None else self.now(number)
            found.append(asked[seen])
        return found

    def template(self, number: int) -> str:
        """How a template reads."""
        return " ".join(self._words[self.now(number)])

    def templates(self) -> dict[int, str]:
        """All templates by their number."""
        return {number: self.template(number) for number in range(len(self._root)) if self._root[number] == number}

    def state(self) -> dict[str, Any]:
        """All that was learnt, as JSON holds it."""
        return {
            "masks": list(self._masks.own),
            "names": self._names,
            "values": self._values,
            "templates": [" ".join(words) for words in self._words],
            "root": self._root,
            "vary": sorted(" ".join(words) for words, seen in self._slots.items() if seen is None),
            "wide": sorted([size, first, *sorted(places)] for (size, first), places in self._wide.items()),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Miner:
        """Go on where `state` was written."""
        miner = cls(state["masks"], state["names"], state["values"])
        miner._words = [tuple(text.split(" ")) if text else () for text in state["templates"]]
        miner._root = list(state["root"])
        miner._number = {words: number for number, words in enumerate(miner._words) if number != OTHER}
        miner._slots = {tuple(text.split(" ")): None for text in state["vary"]}
        miner._wide = {(size, first): frozenset(places) for size, first, *places in state["wide"]}
        for number, words in enumerate(miner._words[1:], 1):
            for slot, value in _slots(words):
                seen = miner._slots.setdefault(slot, {})
                if seen is not None:
                    seen[value] = number
            if words:
                miner._families[len(words), words[0]].append(number)
        return miner

    def proposed(self) -> list[Proposal]:
        """Masks that a person may take over: a word behind which names varied in one template, and stand in others."""
        behind: dict[str, dict[str, set[Words]]] = defaultdict(lambda: defaultdict(set))
        for words in self._words[1:]:
            for before, value in itertools.pairwise(words):
                if VARIABLE not in before and VARIABLE not in value:
                    behind[before][value].add(words)
        vary = {
            slot[at - 1]
            for slot, seen in self._slots.items()
            if seen is None
            for at in range(1, len(slot))
            if slot[at] == VARIABLE
        }
        found = []
        for before in sorted(word for word in vary & set(behind) if sum(map(str.isalpha, word)) >= NAMES):
            names = sorted(value for value in behind[before] if _small(value))
            if len(names) >= self._names:
                templates = {words for value in names for words in behind[before][value]}
                found.append(Proposal(f"{before} *", tuple(names[:5]), len(templates)))
        return found

    def _general(self, words: Words) -> Words:
        """The words with all that is known to vary masked."""
        wide = self._wide.get((len(words), words[0])) if words else None
        if wide:
            words = tuple(VARIABLE if at in wide else word for at, word in enumerate(words))
        at = 0
        while at < len(words):
            if words[at] != VARIABLE:
                slot = (*words[:at], VARIABLE, *words[at + 1 :])
                if self._slots.get(slot, self._slots) is None:
                    words, at = slot, 0
                    continue
            at += 1
        return words

    def _place(self, words: Words) -> int:
        words = self._general(words)
        number = self._number.get(words)
        if number is not None:
            return self.now(number)
        if len(self._words) > MOST:
            return OTHER
        number = len(self._words)
        self._words.append(words)
        self._root.append(number)
        self._number[words] = number
        self._compare(words, number)
        return self.now(number)

    def _compare(self, words: Words, number: int) -> None:
        """Hold a new template against those that differ from it in one word."""
        for slot, value in _slots(words):
            seen = self._slots.setdefault(slot, {})
            if seen is None:
                continue
            seen[value] = number
            least = 0 if words[0] == slot[0] else FIRST
            if len(seen) >= max(self._values, least) or sum(map(_small, seen)) >= max(self._names, least):
                self._slots[slot] = None
                self._unite(slot, list(seen.values()))
        if words:
            family = self._families[len(words), words[0]]
            family.append(number)
            if len(family) % FAMILY == 0:
                self._widen((len(words), words[0]), family)

    def _widen(self, name: tuple[int, str], family: Sequence[int]) -> None:
        """Let several words vary at once, where many templates of one length and first word differ in them."""
        living = [self._words[number] for number in family if self.now(number) == number]
        places = {at for at in range(1, name[0]) if len({words[at] for words in living}) >= FAMILY // 2}
        if places and len(living) >= FAMILY:
            self._wide[name] = self._wide.get(name, frozenset()) | places
            for number in list(family):
                self._unite(self._words[number], [number])

    def _unite(self, words: Words, numbers: Sequence[int]) -> None:
        self._known.clear()
        target = self._place(words)
        for number in numbers:
            old, new = self.now(number), self.now(target)
            if old != new:
                self._root[old] = new


def _slots(words: Words) -> list[tuple[Words, str]]:
    """A template with each of its words taken out, and that word."""
    return [((*words[:at], VARIABLE, *words[at + 1 :]), word) for at, word in enumerate(words) if word != VARIABLE]


def _small(word: str) -> bool:
    """Whether a word is written as names are: without a capital, and no state."""
    return word == word.lower() and word.strip(".,;:!()[]'\"") not in STATES
