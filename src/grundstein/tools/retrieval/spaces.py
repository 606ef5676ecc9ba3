"""Room tools. In: the terms of documents -> Out: Space, where texts may be near without a common word, and Cloud.

LSA (Deerwester et al. 1990): TF-IDF and a truncated SVD. Word vectors: positive pointwise mutual information of words
near each other and a truncated SVD, which is what word2vec factorises (Levy and Goldberg 2014).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.tools.retrieval.index import Document, Index

    Points = NDArray[np.float32]
    Terms = list[str]

MOST_WORDS = 40_000
SAMPLE = 100_000
WIDTH = 128
NEAR = 5
PART = 2_048


@dataclass(frozen=True, eq=False)
class Space:
    """The terms that have a place (with their language before them), how rare each is, and where it stands."""

    words: tuple[str, ...]
    rarity: NDArray[np.float64]
    places: Points
    _number: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def number(self) -> dict[str, int]:
        """The row of each term."""
        if not self._number:
            self._number.update({word: row for row, word in enumerate(self.words)})
        return self._number

    def points(self, texts: Sequence[Terms]) -> Points:
        """Return a point of length 1 for each text, 0 for one without a known term; shape (texts, dimensions)."""
        parts = [self._points(texts[start : start + PART]) for start in range(0, len(texts), PART)]
        return np.vstack(parts) if parts else np.zeros((0, self.places.shape[1]), dtype=np.float32)

    def _points(self, texts: Sequence[Terms]) -> Points:
        matrix = weighed(texts, self.number, self.rarity).astype(np.float32)
        found = np.asarray(matrix @ self.places)
        length = np.sqrt(np.einsum("ij,ij->i", found, found))[:, None]
        return np.divide(found, length, out=np.zeros_like(found), where=length > 0)

    def save(self, path: Path) -> None:
        """Write one npz; places are kept as they are used."""
        words = np.frombuffer("\n".join(self.words).encode(), dtype=np.uint8)
        places = self.places.astype(np.float16)
        np.savez_compressed(path, words=words, rarity=self.rarity, places=places)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as kept:
            words = tuple(kept["words"].tobytes().decode().split("\n"))
            return cls(words, kept["rarity"], kept["places"].astype(np.float32))


def weighed(texts: Sequence[Terms], number: dict[str, int], rarity: NDArray[np.float64]) -> Any:
    """Return texts x terms: (1 + log of how often) x rarity."""
    from scipy.sparse import csr_matrix

    columns, counts, ends = [], [], [0]
    for terms in texts:
        counted = Counter(number[term] for term in terms if term in number)
        columns += sorted(counted)
        counts += [counted[column] for column in sorted(counted)]
        ends.append(len(columns))
    indices = np.array(columns, dtype=np.int64)
    values = (1.0 + np.log(np.array(counts, dtype=np.float64))) * rarity[indices] if columns else np.zeros(0)
    return csr_matrix((values, indices, np.array(ends)), shape=(len(texts), len(number)))


def learn_meaning(texts: Sequence[Terms], seed: int, width: int = WIDTH) -> Space | None:
    """Return the space of LSA; None where the texts are too few or too alike to span one."""
    from scipy.sparse import diags

    words, rarity = _vocabulary(texts, 2)
    matrix = weighed(texts, {word: row for row, word in enumerate(words)}, rarity)
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return _spanned(
        words, rarity, diags(np.where(length > 0, 1.0 / np.maximum(length, 1e-12), 0.0)) @ matrix, seed, width
    )


def learn_words(texts: Sequence[Terms], seed: int, width: int = WIDTH) -> Space | None:
    """Return the space of word vectors; a text stands at the mean of its words, weighed by how rare they are."""
    words, rarity = _vocabulary(texts, 3, MOST_WORDS // 2)
    return _spanned(words, rarity, _information(texts, words), seed, width)


def _vocabulary(
    texts: Sequence[Terms], least: int, most: int = MOST_WORDS
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    counted: Counter[str] = Counter()
    for terms in texts:
        counted.update(set(terms))
    known = [word for word, count in counted.items() if least <= count <= 0.5 * len(texts)]
    words = tuple(sorted(sorted(known, key=lambda word: (-counted[word], word))[:most]))
    seen = np.array([counted[word] for word in words], dtype=np.float64)
    return words, np.log((1.0 + len(texts)) / (1.0 + seen)) + 1.0


def _spanned(words: tuple[str, ...], rarity: NDArray[np.float64], matrix: Any, seed: int, width: int) -> Space | None:
    from sklearn.decomposition import TruncatedSVD
    from threadpoolctl import threadpool_limits

    width = min(width, min(matrix.shape) // 4)
    if width < 2 or matrix.nnz == 0:
        return None
    with threadpool_limits(limits=1):
        found = TruncatedSVD(width, n_iter=4, random_state=seed).fit(matrix)
    return Space(words, rarity, found.components_.T.astype(np.float16).astype(np.float32))


def _information(texts: Sequence[Terms], words: tuple[str, ...]) -> Any:
    """Positive pointwise mutual information of words at most five apart, the context smoothed by 0.75."""
    from scipy.sparse import coo_matrix, csr_matrix

    number = {word: row for row, word in enumerate(words)}
    counted = csr_matrix((len(words), len(words)))
    for start in range(0, len(texts), PART):
        lines = [
            np.array([number[t] for t in terms if t in number], dtype=np.int64) for terms in texts[start : start + PART]
        ]
        ones, others = [], []
        for gap in range(1, NEAR + 1):
            ones += [line[:-gap] for line in lines if len(line) > gap]
            others += [line[gap:] for line in lines if len(line) > gap]
        if ones:
            rows, columns = np.concatenate(ones), np.concatenate(others)
            counted = counted + coo_matrix((np.ones(len(rows)), (rows, columns)), shape=counted.shape).tocsr()
    both = (counted + counted.T).tocoo()
    left = np.asarray(both.sum(axis=1)).ravel()
    right = left**0.75
    right = right / max(right.sum(), 1e-12)
    told = np.log(np.maximum(both.data, 1e-12) / np.maximum(left[both.row] * right[both.col], 1e-12))
    kept = told > 0
    return csr_matrix((told[kept], (both.row[kept], both.col[kept])), shape=both.shape)


@dataclass
class Cloud:
    """The points of an index' documents in a space, by slot; what came since it was last read is added."""

    space: Space
    epoch: int = -1
    held: Points = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32), repr=False)

    def read(self, index: Index) -> Points:
        """Return a point for each slot."""
        if self.epoch != index.epoch:
            self.epoch, self.held = index.epoch, np.zeros((0, self.space.places.shape[1]), dtype=np.float32)
        fresh = index.documents[len(self.held) :]
        if fresh:
            self.held = np.vstack([self.held, self.space.points([terms_of(index, one) for one in fresh])])
        return self.held


def terms_of(index: Index, document: Document | None) -> Terms:
    """Return a document's terms, its language before each."""
    if document is None:
        return []
    code = index.shape.language(document)
    return [f"{code}:{term}" for term in index.terms(document.whole, code)]


def sampled(index: Index, most: int = SAMPLE) -> list[Terms]:
    """Return the terms of the documents to learn from, spread over the index."""
    there: Iterable[Document] = [one for one in index.documents if one is not None]
    several = list(there)
    return [terms_of(index, one) for one in several[:: max(len(several) // most, 1)]]
