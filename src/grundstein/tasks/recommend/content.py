"""Room tasks. In: texts and properties of items -> Out: Content, which scores items nobody has chosen yet, too.

Two blocks of weights, each of length 1 an item: words of its texts, and its properties, of which each value is a word
of its own (a list, or values with | between them). A weight is (1 + log count) x log rarity (Salton & Buckley 1988);
an item keeps its 100 heaviest of a block, so that long texts cost no more than short ones.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from grundstein.tasks.recommend.events import texts
from grundstein.tasks.recommend.likeness import nearest_only

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.recommend.options import Reading
    from grundstein.tasks.recommend.shelf import Shelf

WORD = re.compile(r"\w\w+")
LONGEST, HEAVIEST = 20_000, 100


@dataclass(frozen=True)
class Vocabulary:
    """The words of one block in order, and how rare each is."""

    words: tuple[str, ...]
    rarity: NDArray[np.float64]

    @classmethod
    def of(cls, bags: Sequence[Counter[str]]) -> Self:
        """Learn the words of some items."""
        often = Counter(word for bag in bags for word in bag)
        words = tuple(sorted(often))
        counts = np.array([often[word] for word in words], dtype=np.float64)
        there = sum(1 for bag in bags if bag)
        return cls(words, np.log((1.0 + there) / (1.0 + counts)) + 1.0)

    def weights(self, bags: Sequence[Counter[str]]) -> sp.csr_matrix:
        """Return the weights of items, items x words; a word that was not learnt says nothing."""
        place = {word: number for number, word in enumerate(self.words)}
        starts, columns, counts = [0], [], []
        for bag in bags:
            found = [(place[word], count) for word, count in bag.items() if word in place]
            columns += [column for column, _ in found]
            counts += [count for _, count in found]
            starts.append(len(columns))
        places = np.array(columns, dtype=np.int64)
        data = (1.0 + np.log(np.array(counts, dtype=np.float64))) * self.rarity[places]
        matrix = sp.csr_matrix((data, places, starts), shape=(len(bags), len(self.words)))
        return _length_one(nearest_only(matrix, HEAVIEST))


@dataclass(frozen=True, eq=False)
class Content:
    """What an item is, by its texts and properties: cosines of both, summed over what a user chose."""

    text: Vocabulary
    properties: Vocabulary
    kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(cls, shelf: Shelf, read: Reading) -> Self:
        """Learn the words of the items on a shelf."""
        words, properties = bags_of(shelf, read)
        return cls(Vocabulary.of(words), Vocabulary.of(properties))

    def scores(self, rows: sp.csr_matrix, shelf: Shelf, read: Reading) -> NDArray[np.float32]:
        """Score every item on the shelf for each row of a history."""
        items, turned = self._matrices(shelf, read)
        found: NDArray[np.float32] = (rows.astype(np.float32) @ items @ turned).toarray()
        return found

    def knows(self, rows: sp.csr_matrix, shelf: Shelf, read: Reading) -> NDArray[np.bool_]:
        """Mark the rows that hold an item with a text or a property."""
        items, _ = self._matrices(shelf, read)
        return np.asarray(rows.astype(bool) @ (np.diff(items.indptr) > 0)).astype(bool)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is saved."""
        blocks = {"text": self.text, "properties": self.properties}
        words = {name: np.frombuffer("\n".join(block.words).encode(), np.uint8) for name, block in blocks.items()}
        return {**words, **{f"{name}_rarity": block.rarity for name, block in blocks.items()}}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Read what `arrays` returned."""

        def block(name: str) -> Vocabulary:
            text = arrays[name].tobytes().decode()
            return Vocabulary(tuple(text.split("\n")) if text else (), arrays[f"{name}_rarity"])

        return cls(block("text"), block("properties"))

    def _matrices(self, shelf: Shelf, read: Reading) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        if self.kept.get("shelf") is not shelf:
            words, properties = bags_of(shelf, read)
            parts = [self.text.weights(words), self.properties.weights(properties)]
            items = sp.hstack(parts, format="csr").astype(np.float32)
            self.kept.update(shelf=shelf, items=items, turned=items.T.tocsr())
        return self.kept["items"], self.kept["turned"]


def bags_of(shelf: Shelf, read: Reading) -> tuple[list[Counter[str]], list[Counter[str]]]:
    """Return how often each item on a shelf holds a word of its texts, and which properties it has."""
    words: list[Counter[str]] = [Counter() for _ in shelf.ids]
    properties: list[Counter[str]] = [Counter() for _ in shelf.ids]
    if shelf.table is None:
        return words, properties
    for name in read.text:
        for bag, text in zip(words, _joined(shelf.table[name]), strict=True):
            bag.update(WORD.findall(text[:LONGEST].lower()))
    for name in read.properties:
        for bag, values in zip(properties, _values(shelf.table[name]), strict=True):
            bag.update(f"{name}={value}" for value in values)
    return words, properties


def _joined(column: pa.ChunkedArray) -> list[str]:
    return [" ".join(one) for one in _values(column)] if _is_list(column) else texts(column).fill_null("").to_pylist()


def _values(column: pa.ChunkedArray) -> Iterable[list[str]]:
    """Return the distinct values of each row, in order; a line break within a value counts as a blank."""
    rows = column.to_pylist() if _is_list(column) else [(text or "").split("|") for text in texts(column).to_pylist()]
    for row in rows:
        found = (" ".join(str(value).split()) for value in row or () if value is not None)
        yield [value for value in dict.fromkeys(found) if value]


def _is_list(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_list(column.type) or pa.types.is_large_list(column.type))


def _length_one(matrix: sp.csr_matrix) -> sp.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(matrix.indptr))
    return matrix
