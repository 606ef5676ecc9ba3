"""Room tasks. In: the files of `grammar/` -> Out: Grammar, the same with every phrase compiled; read once a process."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from grundstein.tasks.letters.phrases import folded, pattern, slips

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    Pattern = re.Pattern[str]
    Range = tuple[int, int, int]


@dataclass(frozen=True)
class Source:
    """What a reading rests on: a court, a law, or usage, which nobody has fixed."""

    kind: str
    cite: str
    cite_de: str
    says: Mapping[str, str]

    def cited(self, language: str) -> str:
        """How it is cited in a language."""
        return self.cite_de if language == "de" else self.cite


@dataclass(frozen=True)
class Ladder:
    """The overall judgement: `cells` by degree and how often, each [best, most likely, worst] reading."""

    heads: Mapping[str, Pattern]
    degrees: Mapping[str, Pattern]
    cells: Mapping[str, Mapping[str, Range]]
    weakened: Mapping[str, Range]
    tried: Range
    denied: Range
    sources: Mapping[str, str]


@dataclass(frozen=True)
class Words:
    """What grades any other sentence; `praise` and `stronger` by name, with the grade or how far it moves."""

    often: Mapping[str, Pattern]
    weakened: Pattern
    summing: Pattern
    tried: tuple[Range, Pattern]
    denied: tuple[Range, Pattern, Pattern]
    no_complaint: tuple[Range, Pattern]
    stronger: Mapping[str, tuple[float, Pattern]]
    conditions: Mapping[str, tuple[float, Pattern]]
    praise: Mapping[str, tuple[float, Pattern]]
    spelling: Mapping[str, str]


@dataclass(frozen=True)
class Grammar:
    """The whole grammar."""

    sources: Mapping[str, Source]
    ladder: Ladder
    words: Words


@cache
def grammar() -> Grammar:
    """Read the files."""
    sources = {
        name: Source(one["kind"], one["cite"], one.get("cite_de", one["cite"]), {"en": one["en"], "de": one["de"]})
        for name, one in table("sources").items()
    }
    return Grammar(sources, _ladder(table("ladder")), _words(table("words")))


def table(name: str) -> dict[str, Any]:
    """The content of one file of `grammar/`."""
    text = files("grundstein.tasks.letters").joinpath("grammar").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def pattern_of(phrases: list[str]) -> Pattern:
    """Phrases, compiled."""
    return pattern(phrases)


def patterns(groups: Mapping[str, list[str]]) -> dict[str, Pattern]:
    """Phrases by name, compiled."""
    return {name: pattern(phrases) for name, phrases in groups.items()}


def _ladder(content: Mapping[str, Any]) -> Ladder:
    cells = {degree: {often: _range(cell) for often, cell in row.items()} for degree, row in content["ladder"].items()}
    weakened = {degree: _range(cell) for degree, cell in content["weakened"].items()}
    beyond = content["beyond"]
    heads, degrees = patterns(content["heads"]), patterns(content["degrees"])
    return Ladder(
        heads, degrees, cells, weakened, _range(beyond["tried"]), _range(beyond["denied"]), content["sources"]
    )


def _words(content: Mapping[str, Any]) -> Words:
    denied, tried, complaint = (content[name] for name in ("denied", "tried", "never_a_complaint"))
    spelling = content["spelling"]
    meant = {folded(slip).strip(): folded(word).strip() for slip, word in spelling["meant"].items()}
    return Words(
        often=patterns(content["often"]),
        weakened=pattern(content["weakened"]["words"]),
        summing=pattern(content["weakened"]["summing"]),
        tried=(_range(tried["grade"]), pattern(tried["words"])),
        denied=(_range(denied["grade"]), pattern(denied["words"]), pattern(denied["except"])),
        no_complaint=(_range(complaint["grade"]), pattern(complaint["words"])),
        stronger={name: (one["moves"], pattern(one["words"])) for name, one in content["stronger"].items()},
        conditions=_conditions(content["conditions"]),
        praise={name: (one["grade"], pattern(one["words"])) for name, one in content["praise"].items()},
        spelling=slips(spelling["keys"], spelling["known"]) | meant,
    )


def _conditions(content: Mapping[str, Any]) -> dict[str, tuple[float, Pattern]]:
    nouns = content["nouns"]
    levels = {name: one for name, one in content.items() if name != "nouns"}
    return {n: (one["moves"], pattern(w.replace("NOUNS", nouns) for w in one["words"])) for n, one in levels.items()}


def _range(cell: list[int]) -> Range:
    low, likely, high = cell
    return low, likely, high
