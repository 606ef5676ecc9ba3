"""Room tools. In: texts -> Out: Alike, which texts are nearly the same, by MinHash and a check word by word.

Of each text the words and triples of neighbours are hashed, 64 minima are kept (Broder 1997); texts that agree in a
band of 4 are compared in full. Each is compared with the first few of its band only, so a thousand copies cost a
thousand comparisons, and memory grows with the number of texts alone.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tools.archive.words import sequence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

MINIMA, BAND = 64, 4
PRIME = np.uint64((1 << 61) - 1)
SAME = 0.8
FIRSTS = 3
FEWEST = 3
LONGEST = 4_000


@dataclass(frozen=True, eq=False)
class Alike:
    """`first` is the earliest text of each one's set (itself where it stands alone), `likeness` that to it (0 to 1)."""

    first: Rows
    likeness: NDArray[np.float64]

    @property
    def copies(self) -> NDArray[np.bool_]:
        """Texts that repeat an earlier one."""
        return self.first != np.arange(len(self.first))


def alike_of(texts: Sequence[str], seed: int) -> Alike:
    """Find near-duplicates: texts whose words and triples overlap by at least 0.8 (Jaccard)."""
    pieces = [_pieces(text) for text in texts]
    first = np.arange(len(texts))
    likeness = np.ones(len(texts))
    known = [place for place, one in enumerate(pieces) if len(one)]
    if not known:
        return Alike(first, likeness)
    bands = _bands([pieces[place] for place in known], seed)
    firsts: list[dict[int, list[int]]] = [{} for _ in range(bands.shape[1])]
    for place, row in zip(known, bands.tolist(), strict=True):
        near = dict.fromkeys(other for band, key in enumerate(row) for other in firsts[band].get(key, ()))
        scored = [(_overlap(pieces[other], pieces[place]), -other) for other in near]
        best = max(scored, default=(0.0, 0))
        if best[0] >= SAME:
            first[place], likeness[place] = first[-best[1]], best[0]
        for band, key in enumerate(row):
            held = firsts[band].setdefault(key, [])
            if len(held) < FIRSTS and first[place] == place:
                held.append(place)
    return Alike(first, likeness)


def _pieces(text: str) -> NDArray[np.uint64]:
    """Hashes of words and triples, sorted, each once; none for a text of fewer than three words."""
    words = [word.lower() for word in sequence_of(text)[:LONGEST]]
    if len(words) < FEWEST:
        return np.zeros(0, dtype=np.uint64)
    triples = [" ".join(words[place : place + 3]) for place in range(len(words) - 2)]
    return np.unique(np.array([zlib.crc32(one.encode()) for one in [*words, *triples]], dtype=np.uint64))


def _bands(pieces: Sequence[NDArray[np.uint64]], seed: int) -> Rows:
    """One number a band: texts of the same number there agree in four minima."""
    rng = np.random.default_rng(seed)
    factor = rng.integers(1, 1 << 29, MINIMA, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    shift = rng.integers(0, 1 << 60, MINIMA, dtype=np.uint64)
    starts = np.concatenate([[0], np.cumsum([len(one) for one in pieces])[:-1]])
    flat = np.concatenate(pieces)
    minima = np.empty((len(pieces), MINIMA), dtype=np.uint64)
    for place in range(MINIMA):
        minima[:, place] = np.minimum.reduceat((flat * factor[place] + shift[place]) % PRIME, starts)
    grouped = minima.reshape(len(pieces), MINIMA // BAND, BAND)
    mixed = np.zeros(grouped.shape[:2], dtype=np.uint64)
    for part in range(BAND):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + grouped[:, :, part]
    return mixed.view(np.int64)


def _overlap(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / max(len(one) + len(other) - both, 1)
