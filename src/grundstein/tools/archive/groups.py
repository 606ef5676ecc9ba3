"""Room tools. In: which words texts hold -> Out: Groups of texts with names, and how far they can be believed.

Words get a place by the company they keep: the logarithm of how much more often two stand in one text than chance
would have it (Levy & Goldberg 2014), each text counting once whatever its length, reduced by singular values; a text
stands at the mean of its words, k-means groups the texts. How stable that is: two halves of the texts are grouped by
everything anew, and the adjusted Rand index says how far they agree on all texts (Ben-Hur 2002; von Luxburg 2010).
The same is done with texts of equal lengths whose words are dealt at random: where nothing is, nothing must be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from grundstein.tools.archive.words import Words

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

SIZES = (2, 4, 6, 8, 12, 16, 24, 32)
SMALLEST = 12
FEWEST = 40
DIMENSIONS = 60
PAIRS, NULLS = 3, 2
LEARNT = 5_000
CLEAR = 4.0
STABLE, APART, ALIKE = 0.4, 0.2, 0.02
NAMED, TOP = 4, 10


@dataclass(frozen=True, eq=False)
class Space:
    """Where words stand: (words, dimensions); texts are placed by the mean of their words, each by its rarity."""

    places: Floats
    rarity: Floats

    def texts(self, held: sp.csr_matrix) -> Floats:
        """Return unit vectors (texts, dimensions); zeros for a text none of whose words stands anywhere."""
        from scipy import sparse

        found = np.asarray((held @ sparse.diags(self.rarity)) @ self.places, dtype=np.float64)
        length = np.sqrt((found**2).sum(axis=1, keepdims=True))
        return found / np.where(length > 1e-9, length, 1.0)


@dataclass(frozen=True)
class Tried:
    """One number of groups: how far two halves agree, with the real words and with dealt ones."""

    count: int
    agreement: tuple[float, ...]
    chance: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean agreement."""
        return float(np.mean(self.agreement))

    @property
    def gain(self) -> float:
        """How far the worst agreement is above what dealt words give; two groups agree well or not at all by luck."""
        return min(self.agreement) - float(np.mean(self.chance))


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of texts: `of` is -1 for a text that belongs nowhere. `each` is how well two halves find a group again."""

    of: Rows
    names: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    each: tuple[float, ...]
    coherence: tuple[float, ...]
    chosen: Tried | None
    tried: tuple[Tried, ...]
    places: Floats

    @property
    def found(self) -> bool:
        """Whether the archive has groups at all."""
        return bool(self.names)


@dataclass(frozen=True, eq=False)
class _Halves:
    """Pairs of halves of the same texts, each with its own space."""

    held: sp.csr_matrix
    seed: int
    pairs: int

    @cached_property
    def spaces(self) -> list[tuple[tuple[Rows, Floats], tuple[Rows, Floats]]]:
        """For each pair and half: its rows, and all texts as this half places them."""
        found = []
        for pair in range(self.pairs):
            mixed = np.random.default_rng([self.seed, pair]).permutation(self.held.shape[0])
            cut = len(mixed) // 2
            one, two = (np.sort(half) for half in (mixed[:cut], mixed[cut:]))
            placed = [(rows, space_of(self.held[rows], self.seed).texts(self.held)) for rows in (one, two)]
            found.append((placed[0], placed[1]))
        return found

    def labels(self, count: int) -> list[tuple[Rows, Rows]]:
        """The groups of all texts as each half sees them."""
        return [(_grouped(*one, count, self.seed), _grouped(*two, count, self.seed + 1)) for one, two in self.spaces]

    def agreement(self, count: int) -> tuple[float, ...]:
        """The adjusted Rand index of each pair, over texts that either half places; 0 where they are none."""
        from sklearn.metrics import adjusted_rand_score

        found = []
        for one, two in self.labels(count):
            there = (one >= 0) & (two >= 0)
            agreed = float(adjusted_rand_score(one[there], two[there])) if there.sum() > count else 0.0
            found.append(agreed if len(np.unique(one[there])) > 1 else 0.0)
        return tuple(found)


def groups_of(words: Words, seed: int, most: int = max(SIZES)) -> Groups:
    """Group texts by their words; without stable groups `names` is empty and each text belongs nowhere."""
    from threadpoolctl import threadpool_limits

    for library in ("sklearn.cluster", "sklearn.utils.extmath"):
        import_module(library)  # what is loaded later is not limited
    with threadpool_limits(limits=1):
        count = words.held.shape[0]
        sizes = [size for size in SIZES if size <= most and size * SMALLEST <= count]
        space = space_of(words.held, seed) if words.held.nnz else None
        places = np.zeros((count, 1)) if space is None else space.texts(words.held)
        if space is None or not sizes or count < FEWEST:
            return _none(count, (), places)
        real, dealt = _Halves(words.held, seed, PAIRS), _Halves(shuffled(words.held, seed), seed, NULLS)
        tried = tuple(Tried(size, real.agreement(size), dealt.agreement(size)) for size in sizes)
        most_gain = max(one.gain for one in tried)
        best = max((one for one in tried if one.gain >= most_gain - ALIKE), key=lambda one: one.count)
        if best.mean < STABLE or min(best.agreement) < max(best.chance) + APART:
            return _none(count, tried, places)
        return _named(words, _grouped(np.arange(count), places, best.count, seed), best, tried, real, places)


def space_of(held: sp.csr_matrix, seed: int) -> Space:
    """Place words by the company they keep; zeros where no two keep company clearly above chance."""
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    count, width = held.shape
    often = np.asarray(held.sum(axis=0), dtype=np.float64).ravel()
    rarity = np.log((1 + count) / (1 + often)) + 1
    company = _company(held, often)
    dimensions = min(DIMENSIONS, width - 1)
    if company.nnz < 4 * DIMENSIONS or dimensions < 2:
        return Space(np.zeros((width, 1)), rarity)
    left, size, _ = randomized_svd(company, dimensions, n_iter=5, random_state=seed % 2**32)
    return Space(np.asarray(left * np.sqrt(size)), np.where(sparse.csr_matrix(company).getnnz(axis=1) > 0, rarity, 0.0))


def shuffled(held: sp.csr_matrix, seed: int) -> sp.csr_matrix:
    """Deal all words anew over texts of the same lengths: what is left is chance."""
    dealt = held.copy()
    dealt.indices = np.random.default_rng([seed, 99]).permutation(held.indices)
    dealt.sum_duplicates()
    dealt.data = np.ones_like(dealt.data)
    return dealt


def _company(held: sp.csr_matrix, often: Floats) -> sp.csr_matrix:
    from scipy import sparse

    length = np.asarray(held.sum(axis=1), dtype=np.float64).ravel()
    weighed = sparse.diags(1 / np.maximum(length, 1.0)) @ held
    together, counts = (held.T @ weighed).tocsr(), (held.T @ held).tocsr()
    together.sort_indices()
    counts.sort_indices()
    row = np.repeat(np.arange(held.shape[1]), np.diff(counts.indptr))
    upper = (row < counts.indices) & (counts.data >= (2 if held.shape[0] < 1_000 else 4))
    row, column, much, seen = row[upper], counts.indices[upper], together.data[upper], counts.data[upper]
    total = max(float(length.sum()), 1.0)
    chance = often[row] * often[column] / total
    error = np.sqrt(held.shape[0] * often[row] * often[column]) / total
    clear = much - chance > CLEAR * error
    weight = np.log(much[clear] / chance[clear]) * seen[clear] / (seen[clear] + 4)
    half = sparse.csr_matrix((weight, (row[clear], column[clear])), shape=(held.shape[1],) * 2)
    return (half + half.T).tocsr()


def _grouped(rows: Rows, places: Floats, count: int, seed: int) -> Rows:
    """Group all texts by k-means learnt on some rows; -1 for a text that stands nowhere."""
    from sklearn.cluster import KMeans

    there = np.abs(places).sum(axis=1) > 0
    known = rows[there[rows]]
    if len(known) < count:
        return np.full(len(places), -1)
    rng = np.random.default_rng(seed)
    taken = known if len(known) <= LEARNT else np.sort(rng.choice(known, LEARNT, replace=False))
    made = KMeans(count, n_init=2, max_iter=50, random_state=seed % 2**32).fit(places[taken])
    return np.where(there, made.predict(places), -1)


def _none(count: int, tried: tuple[Tried, ...], places: Floats) -> Groups:
    return Groups(np.full(count, -1), (), (), (), (), None, tried, places)


def _named(words: Words, of: Rows, best: Tried, tried: tuple[Tried, ...], real: _Halves, places: Floats) -> Groups:
    """Order groups by size, name them, and say how well each is found again and how its words hold together."""
    order = np.argsort(-np.bincount(of[of >= 0], minlength=best.count), kind="stable")
    rank = np.empty(best.count, dtype=np.int64)
    rank[order] = np.arange(best.count)
    of = np.where(of >= 0, rank[of], -1)
    terms = [_terms(words, of == group) for group in range(best.count)]
    names = tuple(" · ".join(_readable([words.shown[place] for place in one])[:NAMED]) or "–" for one in terms)
    labels = [half for pair in real.labels(best.count) for half in pair]
    each = tuple(float(np.mean([_overlap(of == group, half) for half in labels])) for group in range(best.count))
    coherence = tuple(coherence_of(words, one[:TOP]) for one in terms)
    shown = tuple(tuple(words.shown[place] for place in one[:TOP]) for one in terms)
    return Groups(of, names, shown, each, coherence, best, tried, places)


def _terms(words: Words, inside: NDArray[np.bool_]) -> list[int]:
    """Columns that speak for a group: frequent in it and rarer elsewhere."""
    own = np.asarray(words.held[inside].mean(axis=0), dtype=np.float64).ravel()
    overall = np.asarray(words.held.mean(axis=0), dtype=np.float64).ravel()
    score = own * np.log((own + 1e-4) / (overall + 1e-4))
    return [int(place) for place in np.argsort(-score, kind="stable")[: 3 * TOP] if score[place] > 0]


def _readable(terms: Sequence[str]) -> list[str]:
    """Leave out a word that stands in a longer term of the best ones, and what repeats a word."""
    found: list[str] = []
    for term in terms:
        parts = set(term.lower().split())
        longer = [one for one in terms[:TOP] if parts < set(one.lower().split())]
        said = {word for one in found for word in one.lower().split()}
        if not longer and not parts & said:
            found.append(term)
    return found or list(terms[:1])


def _overlap(inside: NDArray[np.bool_], labels: Rows) -> float:
    """The best Jaccard overlap of a group with a group of other labels (Hennig 2007)."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    both = np.bincount(labels[inside & (labels >= 0)], minlength=len(sizes))
    return float((both / np.maximum(sizes + inside.sum() - both, 1)).max()) if len(sizes) else 0.0


def coherence_of(words: Words, terms: Sequence[int]) -> float:
    """How far the words of a group stand in the same texts: mean normalised pointwise mutual information (-1 to 1)."""
    single = [place for place in terms if " " not in words.names[place]]
    if len(single) < 2:
        return 0.0
    part = words.held[:, single]
    together = (part.T @ part).toarray() / words.held.shape[0]
    own = np.diag(together)
    upper = np.triu_indices(len(single), 1)
    share, chance = together[upper], np.outer(own, own)[upper]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(share > 0, np.log(share / chance) / -np.log(np.minimum(share, 1 - 1e-12)), -1.0)
    return float(found.mean())
