"""Room tools. In: texts -> Out: Terms, and each text as a sparse row: weights of its words, pairs of words and pieces.

Two blocks, each of length 1: words and pairs of neighbouring words; pieces of 2 to 5 letters inside each word with its
borders, which find German compounds and typing errors. A weight is (1 + log count) x log rarity (Salton & Buckley
1988). Pieces of a word are looked up once and kept: texts repeat their words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import scipy.sparse as sp
    from numpy.typing import NDArray

    Places = NDArray[np.int32]

WORD = re.compile(r"\b\w\w+\b")
PIECES = (2, 5)
LONGEST = 20_000
LONGEST_WORD = 60
MANY = 300_000
REMEMBERED = 200_000
NONE: Places = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Block:
    """Terms of one kind in the order of their columns, and how rare each is."""

    names: tuple[str, ...]
    rarity: NDArray[np.float64]

    @cached_property
    def places(self) -> dict[str, int]:
        """The column of each term."""
        return {name: place for place, name in enumerate(self.names)}

    def found(self, terms: Iterable[str]) -> Places:
        """The columns of those terms that have one, each as often as it comes."""
        place = self.places.get
        return np.array([found for term in terms if (found := place(term, -1)) >= 0], np.int32)


@dataclass(frozen=True, eq=False)
class Terms:
    """What was learnt of the texts of development; `matrix` weighs any text by it, each by itself."""

    words: Block
    pieces: Block
    known: dict[str, Places] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(cls, texts: Sequence[str]) -> tuple[Self, sp.csr_matrix]:
        """Learn the terms of texts, and weigh them; of very many terms those that one text alone holds are left out."""
        found = [lowered(text) for text in texts]
        columns: list[dict[str, int]] = [{}, {}]
        known: dict[str, list[int]] = {}
        words, counted_words = _learned(([_grown(columns[0], words_of(low))] for low in found), columns[0])
        pieces, counted_pieces = _learned((_seen(low, known, columns[1]) for low in found), columns[1])
        made = cls(words, pieces)
        return made, _joined(_weighed(counted_words, words), _weighed(counted_pieces, pieces))

    def matrix(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return weights of shape (texts, words + pieces), float64."""
        found = [lowered(text) for text in texts]
        words = _counted((self.words.found(words_of(low)) for low in found), len(self.words.names))
        pieces = _counted((self._pieces(low) for low in found), len(self.pieces.names))
        return _joined(_weighed(words, self.words), _weighed(pieces, self.pieces))

    def row(self, text: str) -> tuple[Places, NDArray[np.float64]]:
        """Return the columns of one text's terms and their weights: bit for bit its row of `matrix`."""
        low, after = lowered(text), len(self.words.names)
        columns, counts = _alike(np.concatenate((self.words.found(words_of(low)), self._pieces(low) + after)))
        weights = (1 + np.log(counts)) * self.rarity[columns]
        border = int(np.searchsorted(columns, after))
        for block in (slice(border), slice(border, None)):
            if len(weights[block]):
                weights[block] /= np.sqrt(np.add.accumulate(weights[block] ** 2)[-1])
        return columns, weights

    def said(self, text: str) -> tuple[list[str], NDArray[np.int64], Places]:
        """The words and pairs of a text; then, side by side, each term that is there: to which of them, its column.

        The pieces of what stands between blanks belong to the one word in it, else to all of it.
        """
        low, after = lowered(text), len(self.words.names)
        names: dict[str, int] = {}
        terms = [term for term in words_of(low) if term in self.words.places]
        parts = low.split()
        inside = [found[0] if len(found := WORD.findall(part)) == 1 else part for part in parts]
        pieces = [self._pieces(part) for part in parts]
        owners = [names.setdefault(one, len(names)) for one in (*terms, *inside)]
        many = np.array([1] * len(terms) + [len(one) for one in pieces], np.int64)
        columns = np.concatenate((self.words.found(terms), np.concatenate([NONE, *pieces]) + after))
        return list(names), np.repeat(np.array(owners, np.int64), many), columns

    @cached_property
    def rarity(self) -> NDArray[np.float64]:
        """How rare each term is, in the order of the columns."""
        return np.concatenate((self.words.rarity, self.pieces.rarity))

    def __len__(self) -> int:
        return len(self.words.names) + len(self.pieces.names)

    @property
    def names(self) -> tuple[str, ...]:
        """All terms in the order of the columns."""
        return self.words.names + self.pieces.names

    def save(self, path: Path) -> None:
        """Write one npz; the same terms write the same bytes."""
        np.savez_compressed(
            path,
            words=_packed(self.words.names),
            words_rarity=self.words.rarity,
            pieces=_packed(self.pieces.names),
            pieces_rarity=self.pieces.rarity,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as kept:
            words, pieces = (Block(_unpacked(kept[kind]), kept[f"{kind}_rarity"]) for kind in ("words", "pieces"))
            return cls(words, pieces)

    def _pieces(self, low: str) -> Places:
        known = self.known
        return np.concatenate([NONE, *(known[word] if word in known else self._learn(word) for word in low.split())])

    def _learn(self, word: str) -> Places:
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        self.known[word] = self.pieces.found(pieces_of(word))
        return self.known[word]


def lowered(text: str) -> str:
    """The text as it is compared: lower case, its first 20,000 letters."""
    return text[:LONGEST].lower()


def words_of(low: str) -> list[str]:
    """Words of two letters and more, and pairs of neighbours."""
    words = WORD.findall(low)
    return words + [f"{one} {two}" for one, two in pairwise(words)]


def pieces_of(word: str) -> list[str]:
    """Pieces of 2 to 5 letters of a word with a blank at each border; a word shorter than a piece is one itself."""
    padded = f" {word[:LONGEST_WORD]} "
    found: list[str] = []
    for length in range(PIECES[0], PIECES[1] + 1):
        if len(padded) <= length:
            found.append(padded)
            break
        found += [padded[start : start + length] for start in range(len(padded) - length + 1)]
    return found


def _grown(columns: dict[str, int], terms: Sequence[str]) -> list[int]:
    return [columns.setdefault(term, len(columns)) for term in terms]


def _seen(low: str, known: dict[str, list[int]], columns: dict[str, int]) -> list[list[int]]:
    words = low.split()
    for word in words:
        if word not in known:
            known[word] = _grown(columns, pieces_of(word))
    return [known[word] for word in words]


def _learned(found: Iterable[list[list[int]]], columns: dict[str, int]) -> tuple[Block, sp.csr_matrix]:
    """Return the terms in the order of their names, and how often each text holds them."""
    placed = (np.array([place for part in parts for place in part], np.int32) for parts in found)
    counts = _counted(placed, columns)
    often = np.bincount(counts.indices, minlength=len(columns)).astype(np.float64)
    least = 2 if len(columns) > MANY else 1
    names = list(columns)
    kept = sorted(np.flatnonzero(often >= least).tolist(), key=names.__getitem__)
    rarity = np.log((1 + counts.shape[0]) / (1 + often[kept])) + 1
    return Block(tuple(names[place] for place in kept), rarity), counts[:, kept].sorted_indices()


def _counted(found: Iterable[Places], columns: int | dict[str, int]) -> sp.csr_matrix:
    from scipy import sparse

    each = list(found)
    starts = np.concatenate([[0], np.cumsum([len(terms) for terms in each], dtype=np.int64)])
    width = columns if isinstance(columns, int) else len(columns)
    rows = (np.ones(starts[-1]), np.concatenate([NONE, *each]), starts)
    counts = sparse.csr_matrix(rows, shape=(len(each), width))
    counts.sum_duplicates()
    return counts


def _weighed(counts: sp.csr_matrix, block: Block) -> sp.csr_matrix:
    counts.data = (1 + np.log(counts.data)) * block.rarity[counts.indices]
    length = np.sqrt(row_sums(counts.data**2, counts.indptr))
    counts.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(counts.indptr))
    return counts


def _alike(places: Places) -> tuple[Places, NDArray[np.int64]]:
    """The different places in order, and how often each is there."""
    found = np.sort(places)
    first = np.ones(len(found) + 1, dtype=np.bool_)
    np.not_equal(found[1:], found[:-1], out=first[1:-1])
    starts = np.flatnonzero(first)
    return found[starts[:-1]], starts[1:] - starts[:-1]


def _joined(words: sp.csr_matrix, pieces: sp.csr_matrix) -> sp.csr_matrix:
    from scipy import sparse

    return sparse.hstack((words, pieces), format="csr")


def row_sums(data: NDArray[np.float64], starts: NDArray[Any]) -> NDArray[np.float64]:
    """Sum each row by itself, in order: the same bits alone and in a batch."""
    from scipy import sparse

    rows = sparse.csr_matrix((data, np.zeros(len(data), np.int32), starts), shape=(len(starts) - 1, 1))
    return np.asarray(rows @ np.ones(1))


def _packed(names: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode(), dtype=np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    text = packed.tobytes().decode()
    return tuple(text.split("\n")) if text else ()
