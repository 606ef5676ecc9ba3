"""Room tools. In: texts -> Out: Words, which words and pairs of neighbours each text holds, and how they are written.

Words that carry no subject (German and English) and what more than half of the texts hold are left out; pairs end where
a sentence or a part of one does.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

WORD = re.compile(r"[^\W\d_](?:[\w\-]{0,58}\w)?")
BREAK = re.compile(r"[.!?;:,()\[\]\n\"„“»«]+")
LONGEST = 20_000
MOST = 8_000
MANY = 2_000
LOWER = 0.25
LISTED = files("grundstein.tools.archive").joinpath("empty.txt").read_text(encoding="utf-8")
EMPTY = frozenset(LISTED.partition("\n")[2].split())


@dataclass(frozen=True, eq=False)
class Words:
    """`held` is 1 where a text (row) holds a word or pair (column); `shown` is how each is mostly written."""

    names: tuple[str, ...]
    shown: tuple[str, ...]
    held: sp.csr_matrix
    times: sp.csr_matrix

    @property
    def often(self) -> NDArray[np.float64]:
        """In how many texts each stands."""
        return np.asarray(self.held.sum(axis=0), dtype=np.float64).ravel()

    @property
    def rarity(self) -> NDArray[np.float64]:
        """The logarithm of how rare each is."""
        return np.log((1 + self.held.shape[0]) / (1 + self.often)) + 1


def words_of(texts: Sequence[str], least: int = 0, most: int = MOST) -> Words:
    """Count the words and pairs of texts; kept are those in `least` texts (0: 2, of many texts 4), at most `most`."""
    from scipy import sparse

    places: dict[str, int] = {}
    surfaces: dict[str, Counter[str]] = defaultdict(Counter)
    indices: list[int] = []
    starts = [0]
    for text in texts:
        indices += [places.setdefault(term, len(places)) for term in _terms(text, surfaces)]
        starts.append(len(indices))
    data = np.ones(len(indices), dtype=np.float32)
    times = sparse.csr_matrix((data, np.array(indices, np.int64), starts), shape=(len(texts), len(places)))
    times.sum_duplicates()
    often = np.bincount(times.indices, minlength=len(places))
    names = list(places)
    kept = _kept(often, names, len(texts), least or (2 if len(texts) < MANY else 4), most)
    times = times[:, kept]
    held = times.copy()
    held.data = np.ones_like(held.data)
    chosen = tuple(names[place] for place in kept)
    return Words(chosen, tuple(_shown(name, surfaces) for name in chosen), held, times)


def sequence_of(text: str) -> list[str]:
    """The words of a text as they stand, at most its first 20,000 letters."""
    return WORD.findall(text[:LONGEST])


def _terms(text: str, surfaces: dict[str, Counter[str]]) -> list[str]:
    found: list[str] = []
    for part in BREAK.split(text[:LONGEST]):
        words = sequence_of(part)
        low = [word.lower() for word in words]
        full = [word not in EMPTY and len(word) > 1 for word in low]
        for word, lower, carries in zip(words, low, full, strict=True):
            if carries:
                surfaces[lower][word] += 1
                found.append(lower)
        numbered = zip(low, full, strict=True)
        found += [f"{one} {two}" for (one, a), (two, b) in pairwise(numbered) if a and b]
    return found


def _kept(often: NDArray[np.int64], names: list[str], count: int, least: int, most: int) -> list[int]:
    common = max(count * 0.5, least + 1)
    fit = np.flatnonzero((often >= min(least, max(count - 1, 1))) & ((often <= common) | (count < 10)))
    first = fit[np.argsort(-often[fit], kind="stable")][:most]
    return sorted(first.tolist(), key=names.__getitem__)


def _shown(name: str, surfaces: dict[str, Counter[str]]) -> str:
    return " ".join(_written(word, surfaces[word]) for word in name.split(" "))


def _written(word: str, seen: Counter[str]) -> str:
    """In lower case where that is not rare (titles write all words large), else as it is mostly written."""
    if not seen or seen[word] >= LOWER * sum(seen.values()):
        return word
    return min(seen, key=lambda one: (-seen[one], one))
