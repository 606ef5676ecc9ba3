"""Room tasks. In: phrases as people write them -> Out: patterns over folded words, and any German text as such words.

A phrase: `wort*` any ending, `*wort` any beginning, `(a|b)` either, `[wort]` may be missing, `...` up to
seven words, `....` up to fifteen.
Folded: lower case, umlauts and sharp s written out, one blank around each word, so that spelling does not matter.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe"})
WORD = re.compile(r"[^\W_]+")
BROKEN = re.compile(r"(?<=\w)-[ \t]*\r?\n\s*(?=[a-zäöüß])")
PART = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|(\.{3,4})|([^\s()\[\]]+)")
GAPS = {"...": r"(?:\S+ ){0,7}?", "....": r"(?:\S+ ){0,15}?"}
SHORTEST = 6


def folded(text: str) -> str:
    """Return the words of a text, folded: ' er arbeitete stets sorgfaeltig '; blank where it holds no word."""
    words = (word.lower().translate(WRITTEN_OUT) for word in words_in(text))
    return "".join((" ", " ".join(words), " "))


def words_in(text: str) -> list[str]:
    """The words as they are written, those broken at the end of a line put together."""
    return WORD.findall(BROKEN.sub("", unicodedata.normalize("NFKC", text).replace("\u00ad", "")))


def pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of the phrases in folded words; the longest phrase first. Nothing: never found."""
    made = sorted({_source(phrase) for phrase in phrases}, key=lambda one: (-len(one), one))
    return re.compile(f"(?<= )(?:{'|'.join(made)})" if made else r"(?!)")


def corrected(words: str, keys: Mapping[str, str]) -> str:
    """Replace words that are one slip (a letter wrong, missing, doubled or swapped) away from a key word.

    `keys` are slips and what was meant, from `slips`.
    """
    return " ".join(keys.get(word, word) for word in words.split(" "))


def slips(keys: Sequence[str], known: Iterable[str]) -> dict[str, str]:
    """Return every slip of a key word of six letters and more that is no `known` word, with the word meant."""
    wanted = [key for one in keys for key in folded(one).split()]
    real = {word for one in known for word in folded(one).split()} | set(wanted)
    letters = "abcdefghijklmnopqrstuvwxyz"
    found: dict[str, str] = {}
    for key in wanted:
        cuts = [(key[:place], key[place:]) for place in range(len(key) + 1)]
        made = {head + tail[1:] for head, tail in cuts if tail}
        made |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
        made |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in letters}
        made |= {head + letter + tail for head, tail in cuts for letter in letters}
        found |= {slip: key for slip in made - real if len(key) >= SHORTEST}
    return found


def _source(phrase: str) -> str:
    parts = []
    for either, maybe, gap, word in PART.findall(phrase):
        if gap:
            parts.append(GAPS[gap])
        elif maybe:
            parts.append(f"(?:{_alternatives(maybe)})?")
        else:
            parts.append(f"(?:{_alternatives(either)})" if either else _words(word))
    return "".join(parts)


def _alternatives(either: str) -> str:
    return "|".join(sorted((_words(one) for one in either.split("|")), key=len, reverse=True))


def _words(words: str) -> str:
    marked = words.replace("*", "\u2042").lower().translate(WRITTEN_OUT)
    return "".join(re.escape(word).replace("\u2042", r"[^ ]*") + " " for word in marked.split())
