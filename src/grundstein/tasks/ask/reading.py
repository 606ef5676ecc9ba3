"""Room tasks. In: a question and an index of passages -> Out: Seen, sentences that may answer and what speaks for each.

What a question asks is told by its words; a rare word counts more (its inverse document frequency over passages).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from math import log
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tasks.ask.library import place_of
from grundstein.tools.retrieval import asking, blending

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.ask.library import Place
    from grundstein.tools.retrieval.index import Index
    from grundstein.tools.retrieval.passages import Piece

    Floats = NDArray[np.float64]

RECIPE = blending.Recipe({"parts": 1.0, "pairs": 0.1, "title": 0.1})
PASSAGES = 5
REACHED = 200
CONTEXT = 0.3
CODE, BEGINNING = 3, 5
AMOUNT = re.compile(
    r"\b(wann|wie\s?viele?n?r?|wie (lange?|hoch|oft|groß|alt|weit|schnell|schwer)"
    r"|in welche[mr] (jahr|jahrhundert|monat)|welche[rs]? (anteil|zahl|anzahl|prozentsatz|betrag)"
    r"|when|how (many|much|long|old|often|far|high|large|fast)"
    r"|what (year|percentage|date|share|number)|which year)\b",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d|\b(zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|two|three|four|five|six|seven|eight|ten)\b")
OF_SENTENCES = ("held", "local", "near", "passage", "rank", "amount", "place")
OF_QUESTIONS = ("passage", "held", "unknown", "margin", "words", "share")


@dataclass(frozen=True)
class Wanted:
    """The terms of a question with how rare each is, and whether it asks for an amount or a date."""

    weights: Mapping[str, float]
    amount: bool

    @property
    def mass(self) -> float:
        """The weight of all terms."""
        return sum(self.weights.values())

    def share(self, terms: Iterable[str]) -> float:
        """Return how much of the question's weight these terms hold, from 0 to 1."""
        there = set(terms)
        return sum(weight for term, weight in self.weights.items() if term in there) / self.mass if self.mass else 0.0

    def near(self, terms: Iterable[str]) -> float:
        """Return the same where a long word also counts for one that begins like it."""
        there = set(terms)
        begun = {_beginning(term) for term in there} - {""}
        held = [w for term, w in self.weights.items() if term in there or _beginning(term) in begun]
        return sum(held) / self.mass if self.mass else 0.0

    def local(self, terms: Iterable[str], several: Sequence[Collection[str]]) -> float:
        """Return the share held where a word counts the more, the fewer of these sentences have it."""
        there, most = set(terms), log(len(several) + 1.0)
        held = 0.0
        for term, weight in self.weights.items():
            if term in there:
                held += weight * log((len(several) + 1.0) / (sum(term in one for one in several) + 0.5))
        return held / (self.mass * most) if self.mass and most else 0.0


@dataclass(frozen=True)
class Seen:
    """The sentences of the best passages: passage and piece of each, and its features (sentences x `OF_SENTENCES`)."""

    places: tuple[Place, ...]
    pieces: tuple[tuple[int, Piece], ...]
    features: Floats
    unknown: float
    words: int
    margin: float

    def text(self, row: int) -> str:
        """Return a sentence."""
        number, piece = self.pieces[row]
        return self.places[number].text[piece.start : piece.end]

    def told(self, row: int, share: float) -> list[float]:
        """Return what speaks for the question being answered by a sentence of this probability: `OF_QUESTIONS`."""
        passage = float(self.features[:, OF_SENTENCES.index("passage")].max())
        held = float(self.features[row, OF_SENTENCES.index("held")])
        return [passage, held, self.unknown, self.margin, log(1.0 + self.words), share]


def seen(index: Index, question: str | None, context: str | None = None, without: Collection[str] = ()) -> Seen:
    """Look a question up; what was said before counts a little. `without` are documents that are passed over."""
    return _seen(index, wanted_of(index, question, context), _found(index, question, context, without))


def within(index: Index, question: str | None, document: str) -> Seen:
    """Look a question up in one document: all its sentences."""
    own = [one for one in index.documents if one is not None and place_of(one).document == document]
    return _seen(index, wanted_of(index, question, None), [(place_of(one), one.title, 1.0) for one in own])


def _seen(index: Index, wanted: Wanted, ranked: Sequence[tuple[Place, str, float]]) -> Seen:
    strongest = ranked[0][2] if ranked else 1.0
    pieces, rows = [], []
    for number, (place, title, score) in enumerate(ranked):
        several = place.sentences()
        pieces += [(number, one) for one in several]
        rows += _features(index, wanted, place, several, title, score / strongest)
    known = wanted.share(term for term in wanted.weights if frequency(index, term))
    margin = 1.0 - ranked[1][2] / strongest if len(ranked) > 1 else 1.0
    features = np.array(rows, dtype=np.float64).reshape(len(rows), len(OF_SENTENCES))
    places = tuple(place for place, _, _ in ranked)
    return Seen(places, tuple(pieces), features, 1.0 - known, len(wanted.weights), margin)


def wanted_of(index: Index, question: str | None, context: str | None) -> Wanted:
    """Return what a question asks for."""
    weights = {term: rarity(index, term) for term in terms_of(index, question or "")[: 2 * asking.MOST_TERMS]}
    for term in terms_of(index, context or "")[: 2 * asking.MOST_TERMS]:
        weights.setdefault(term, CONTEXT * rarity(index, term))
    return Wanted(weights, bool(AMOUNT.search(question or "")))


def terms_of(index: Index, text: str) -> list[str]:
    """Return the terms of a text in each language of the corpus, compounds taken apart; the language stands first."""
    found = []
    for code in index.shape.languages:
        read = index.parted(text, code) if code in index.shape.split else index.terms(text, code)
        found += [f"{code}:{term}" for term in read]
    return found


def frequency(index: Index, term: str) -> int:
    """In how many passages a term stands."""
    code, _, own = term.partition(":")
    return index.frequency(f"{'parts' if code in index.shape.split else 'body'}_{code}", own)


def rarity(index: Index, term: str) -> float:
    """The inverse document frequency of a term."""
    there = frequency(index, term)
    return log(1.0 + (len(index) - min(there, len(index)) + 0.5) / (there + 0.5))


def _found(
    index: Index, question: str | None, context: str | None, without: Collection[str]
) -> list[tuple[Place, str, float]]:
    """The best passages with their titles and scores."""
    scores: dict[int, float] = {}
    for text, share in ((question, 1.0), (context, CONTEXT)):
        if text:
            hits = blending.ranked(blending.spoken(index, text, RECIPE.used, {}), RECIPE, REACHED)
            for slot, score in zip(hits.slots.tolist(), hits.scores.tolist(), strict=True):
                scores[slot] = scores.get(slot, 0.0) + share * score
    best = sorted(scores, key=lambda slot: (-round(scores[slot], blending.DIGITS), slot))
    there = [(index.documents[slot], scores[slot]) for slot in best]
    placed = [(place_of(one), one.title, score) for one, score in there if one is not None]
    return [one for one in placed if one[0].document not in without][:PASSAGES]


def _features(
    index: Index, wanted: Wanted, place: Place, several: Sequence[Piece], title: str, rank: float
) -> list[list[float]]:
    texts = [place.text[one.start : one.end] for one in several]
    read = [set(terms_of(index, text)) for text in texts]
    whole = wanted.share([*chain.from_iterable(read), *terms_of(index, title)])
    last = max(len(texts) - 1, 1)
    rows = []
    for row, (text, terms) in enumerate(zip(texts, read, strict=True)):
        amount = float(wanted.amount and bool(NUMBER.search(text)))
        near, local = wanted.near(terms), wanted.local(terms, read)
        rows.append([wanted.share(terms), local, near, whole, rank, amount, row / last])
    return rows


def _beginning(term: str) -> str:
    return term[: CODE + BEGINNING] if len(term) >= CODE + BEGINNING else ""
