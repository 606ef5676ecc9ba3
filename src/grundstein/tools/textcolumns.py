"""Room tools. In: the texts of one column -> Out: a bounded set of its terms, and each text as their TF-IDF weights.

Terms are words, pairs of words and pieces of words of 3 to 5 letters: pieces find German compounds and typing errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

LOOKED_AT = 20_000


@dataclass(frozen=True)
class TextTerms:
    """The terms that have a column, with the weight of each (log of how rare it is)."""

    words: tuple[str, ...]
    pieces: tuple[str, ...]
    rarity: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All terms in the order of their columns."""
        return self.words + self.pieces

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> TextTerms:
        """Build from parsed JSON."""
        return cls(tuple(plain["words"]), tuple(plain["pieces"]), tuple(plain["rarity"]))


def fit_terms(texts: Sequence[str | None], most: int) -> TextTerms:
    """Choose at most `most` terms: the most frequent of those that at least 3 texts and at most half of them hold."""
    seen = [text or "" for text in texts[:LOOKED_AT]]
    words, often_words = _frequent(seen, "word", (1, 2), most // 2)
    pieces, often_pieces = _frequent(seen, "char_wb", (3, 5), most - most // 2)
    often = np.concatenate([often_words, often_pieces])
    rarity = np.log((1 + len(seen)) / (1 + often)) + 1
    return TextTerms(words, pieces, tuple(map(float, rarity)))


def weigh_terms(terms: TextTerms, texts: Sequence[str | None]) -> NDArray[np.float64]:
    """Return TF-IDF weights of shape (texts, terms): 1 + log of the count, times rarity, each text of length 1."""
    filled = [text or "" for text in texts]
    counts = np.hstack([_counts(filled, "word", (1, 2), terms.words), _counts(filled, "char_wb", (3, 5), terms.pieces)])
    weights = np.zeros_like(counts)
    held = counts > 0
    weights[held] = 1 + np.log(counts[held])
    weights *= np.array(terms.rarity)
    length = np.sqrt(_row_sums(weights * weights))
    return weights / np.where(length > 0, length, 1.0)[:, None]


def _frequent(
    texts: list[str], analyzer: str, lengths: tuple[int, int], most: int
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    from sklearn.feature_extraction.text import CountVectorizer

    try:
        counter = CountVectorizer(analyzer=analyzer, ngram_range=lengths, min_df=3, max_df=0.5, max_features=most)
        counts = counter.fit_transform(texts)
    except ValueError:  # no term is left: texts of stop characters alone
        return (), np.zeros(0, dtype=np.int64)
    return tuple(map(str, counter.get_feature_names_out())), np.asarray((counts > 0).sum(axis=0)).ravel()


def _counts(texts: list[str], analyzer: str, lengths: tuple[int, int], terms: tuple[str, ...]) -> NDArray[np.float64]:
    from sklearn.feature_extraction.text import CountVectorizer

    if not terms or not texts:
        return np.zeros((len(texts), len(terms)))
    counter = CountVectorizer(analyzer=analyzer, ngram_range=lengths, vocabulary=list(terms))
    return counter.transform(texts).toarray().astype(np.float64)


def _row_sums(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum each row, column by column: the order of additions does not depend on the number of rows."""
    total = np.zeros(len(matrix))
    for column in matrix.T:
        total += column
    return total
