"""Room tools. In: lines of a log -> Out: their words, with what varies from line to line taken out of each.

One alternation for all kinds of things that vary, general to logs; a source's own masks stand before it. Words are
masked one by one and remembered, for most of them come again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIABLE = "<*>"
MOST_WORDS, LONGEST_LINE, LONGEST_WORD = 48, 4_000, 400
REMEMBERED = 100_000
ANY = "*"
CLOSED = r"[^\s,;:'\"()\[\]]+"
ADDRESS = r"\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\w)(?::\d+)?"
DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T_:-]\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?Z?)?\b"
CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b"
PATHS = rf"/(?:{ADDRESS}|(?<![<>*.)]/){CLOSED})|[A-Za-z]:\\{CLOSED}|[a-z]+:/+{CLOSED}"
OCTETS = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){3,}\b"
EMPTY = r"(?<=[(\[{])(?=[)\]}])"
NUMBERED = r"-?(?:[^\W\d]++[.-])*+[^\W\d]*+\d\w*+(?:[.-]-?\w++)*+"
"""A name or number of any kind with a digit in it: sizes, ids, hexadecimal, versions, hosts with numbers."""
GENERIC = rf"(?<!\w)(?:(?=\d)(?:{DATE}|{CLOCK}|{ADDRESS})|{PATHS}|{OCTETS}|{EMPTY}|{NUMBERED})"
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
SPOKEN_DATE = rf"\b(?:{WEEKDAY},? )?(?:{MONTH} <\*>|<\*> {MONTH})(?:,? <\*>)*"
LIST = r"<\*>(?:[ ,;|/]*<\*>)+"
JOINED = re.compile(f"{SPOKEN_DATE}|{LIST}")


class Masks(dict[str, str]):
    """What each word looks like with its variable parts masked; forgets all when it holds too many words.

    `own` are a source's masks: words followed by `*` ("user *" masks the word behind "user"), else a regular
    expression of what varies inside a word.
    """

    def __init__(self, own: Sequence[str] = ()) -> None:
        super().__init__()
        self.own = tuple(own)
        self._behind = frozenset(tuple(one.split()[:-1]) for one in own if _is_phrase(one))
        self._deepest = max(map(len, self._behind), default=0)
        patterns = [_checked(one) for one in own if not _is_phrase(one)]
        self._pattern = re.compile("|".join([*(f"(?:{one})" for one in patterns), GENERIC]))

    def __missing__(self, word: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        masked = self._pattern.sub(VARIABLE, word) if len(word) <= LONGEST_WORD else VARIABLE
        self[word] = masked
        return masked

    def words(self, line: str) -> tuple[str, ...]:
        """The masked words of a line's first line; at most 48."""
        return tuple(map(self.__getitem__, first_line(line).split(None, MOST_WORDS)[:MOST_WORDS]))

    def joined(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The same with masks that span words: dates in words, lists of any length, and the words behind others."""
        found = JOINED.sub(VARIABLE, " ".join(words)).split()
        if not self._behind:
            return tuple(found)
        for at in range(1, len(found)):
            if any(tuple(found[max(0, at - deep) : at]) in self._behind for deep in range(1, self._deepest + 1)):
                found[at] = VARIABLE
        return tuple(JOINED.sub(VARIABLE, " ".join(found)).split())


def first_line(text: str) -> str:
    """The first line of an entry, and no more of it than tells it from others."""
    end = text.find("\n", 0, LONGEST_LINE)
    return text[: LONGEST_LINE if end < 0 else end]


def _is_phrase(mask: str) -> bool:
    words = mask.split()
    return len(words) > 1 and words[-1] == ANY


def _checked(mask: str) -> str:
    try:
        compiled = re.compile(mask)
    except re.error as error:
        raise Refused(
            f"the mask `{mask}` is no regular expression: {error}",
            'a regular expression of what varies inside a word, or words and `*`: "user *"',
            "correct `masks`",
        ) from None
    if compiled.match(""):
        raise Refused(f"the mask `{mask}` fits an empty text", "something that varies", "correct `masks`")
    return mask
