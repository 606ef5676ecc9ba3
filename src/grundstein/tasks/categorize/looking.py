"""Room tasks. In: the words of a rule and a text -> Out: the first word that the text holds, as RE2 sees it.

RE2 takes a millisecond to make ready what a letter is in all scripts, too long for one text. A word and a text of
Latin-1 letters, beside punctuation and pictures, are therefore looked at by Python's own expressions: there the two
agree on what is a letter and on upper and lower case. Everything else goes to RE2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTER = r"[\pL\pN_]"
LATIN = "0-9A-Za-z_ª²³µ¹º¼-¾À-ÖØ-öø-ÿ"
STRANGE = re.compile("[^\x00-\xff\u2000-\u206f\u20a0-\u20bf\ufe0f\U0001f300-\U0001faff]")
BLANKS = r"[\t\n\f\r ]+"


def is_pattern(word: str) -> bool:
    """Whether a word is a regular expression between slashes."""
    return len(word) > 2 and word.startswith("/") and word.endswith("/")


def pattern_of(word: str) -> str:
    """A word as a pattern: it begins where a word begins; between slashes it is a regular expression (RE2) already."""
    if is_pattern(word):
        return word[1:-1]
    return f"(?:^|[^{LETTER[1:-1]}])" + r"\s+".join(re.escape(part) for part in word.split())


def held(words: Sequence[str], text: str) -> str:
    """Return the first word that is in the text, empty where none is."""
    plain = STRANGE.search(text) is None
    low = text.lower() if plain else ""
    return next((word for word in words if _holds(word, text, low, plain)), "")


def _holds(word: str, text: str, low: str, plain: bool) -> bool:
    own = _compiled(word) if plain else None
    if own is None:
        found = pc.match_substring_regex(pa.array([text], pa.string()), pattern_of(word), ignore_case=True)
        return bool(found[0].as_py())
    first, expression = own
    return first in low and expression.search(low) is not None


@lru_cache(maxsize=10_000)
def _compiled(word: str) -> tuple[str, re.Pattern[str]] | None:
    """The word's first part and its expression, in lower case; None where it is not of plain letters."""
    parts = word.lower().split()
    if is_pattern(word) or not parts or STRANGE.search(word):
        return None
    return parts[0], re.compile(f"(?<![{LATIN}])" + BLANKS.join(map(re.escape, parts)))
