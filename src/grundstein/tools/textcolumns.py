"""Room tools. In: the texts of one column -> Out: a bounded set of its terms, and each text as their TF-IDF weights.

Terms are words, pairs of words and pieces of words of 3 to 5 letters: pieces find German compounds and typing errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """`rarity` as an array."""
        return np.array(self.rarity)

    @cached_property
    def analysers(self) -> tuple[tuple[Callable[[str], list[str]], dict[str, int]], ...]:
        """What takes a text apart, and the column of each term: words and pairs of them, then pieces."""
        from sklearn.feature_extraction.text import CountVectorizer

        words = CountVectorizer(analyzer="word", ngram_range=(1, 2)).build_analyzer()
        pieces = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5)).build_analyzer()
        places = {term: place for place, term in enumerate(self.words)}
        after = {term: place for place, term in enumerate(self.pieces, start=len(self.words))}
        return tuple(pair for pair in ((words, places), (pieces, after)) if pair[1])

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
    width = len(terms.names)
    found: list[int] = []
    for row, text in enumerate(texts):
        for analyse, places in terms.analysers if text else ():
            found += [row * width + places[term] for term in analyse(text or "") if term in places]
    counts = np.bincount(np.array(found, dtype=np.int64), minlength=len(texts) * width).astype(np.float64)
    counts = counts.reshape(len(texts), width)
    weights = np.zeros_like(counts)
    held = counts > 0
    weights[held] = 1 + np.log(counts[held])
    weights *= terms.weights
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


def _row_sums(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum each row, column by column: the order of additions does not depend on the number of rows."""
    if len(matrix) == 1 and matrix.size:
        return np.add.accumulate(matrix[0])[-1:]
    total = np.zeros(len(matrix))
    for column in matrix.T:
        total += column
    return total
