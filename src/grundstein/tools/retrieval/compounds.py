"""Room tools. In: the texts of a corpus -> Out: the words that compounds are made of, with linking letters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grundstein.tools.retrieval.languages import JOINED, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LINKS = {"de": ("s", "es", "n", "en"), "nl": ("s", "en", "n"), "da": ("s", "e"), "sv": ("s",), "no": ("s", "e")}
SHORTEST = 4
SEEN_IN = 3
MOST = 60_000


def parts_of(texts: Iterable[str], language: str) -> tuple[str, ...]:
    """Return the simple words of a corpus, each also with the letters that link it; none where words are not joined.

    A word counts that stands in three texts and is not itself two others joined; the most frequent 60,000.
    """
    if language not in JOINED:
        return ()
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update({word for word in words_of(text) if len(word) >= SHORTEST and word.isalpha()})
    common = sorted((word for word, count in counted.items() if count >= SEEN_IN), key=lambda w: (-counted[w], w))
    words = set(common[:MOST])
    linked = words | {word + link for word in words for link in LINKS.get(language, ())}
    joined = {word for word in words if _is_joined(word, linked, words)}
    return tuple(sorted(linked - joined))


def _is_joined(word: str, firsts: set[str], lasts: set[str]) -> bool:
    return any(word[:cut] in firsts and word[cut:] in lasts for cut in range(SHORTEST, len(word) - SHORTEST + 1))
