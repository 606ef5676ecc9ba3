"""Room tools. In: a question and an index -> Out: what speaks for each document, and one ranking of it all.

The words rank; what else speaks for a document is added with a weight. Words count relative to the best document's, so
that a weight means the same for every question.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from grundstein.tools.retrieval import asking
from grundstein.tools.retrieval.index import NOTHING, Hits
from grundstein.tools.retrieval.links import spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.tools.retrieval.asking import Question
    from grundstein.tools.retrieval.index import Index
    from grundstein.tools.retrieval.spaces import Cloud

    Floats = NDArray[np.float64]

REACH, BESIDE = 1_000, 400
HEAD = 20
NEAREST = 100
THINNED = 16
DIGITS = 5
BELIEVED = 8
WIDER = 24
SIGNALS = ("title", "parts", "pairs", "feedback", "meaning", "vectors", "references")
OWN_SCALE = frozenset({"parts", "feedback", "references"})


@dataclass(frozen=True)
class Recipe:
    """The weight of each signal beside the words.

    The first `HEAD` places are ranked by `weights`; those below by `tail`, which reaches further, where it is given.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    tail: Mapping[str, float] | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The signals that carry weight anywhere."""
        return tuple(name for name in SIGNALS if self.weights.get(name) or (self.tail or {}).get(name))


@dataclass(frozen=True)
class Spoken:
    """What speaks for the documents that came near: by words (at most 1), and by each signal; arrays of one length."""

    slots: NDArray[np.int64]
    words: Floats
    signals: Mapping[str, Floats]

    def scores(self, weights: Mapping[str, float]) -> Floats:
        """Return words and weighed signals in one number."""
        total = self.words.copy()
        for name, weight in weights.items():
            if weight and name in self.signals:
                total += weight * self.signals[name]
        return total

    def order(self, scores: Floats) -> NDArray[np.int64]:
        """Return the places of the best first; equal ones by the order of their arrival."""
        return np.lexsort((self.slots, -np.round(scores, DIGITS)))


def spoken(
    index: Index,
    text: str | None,
    names: Sequence[str],
    clouds: Mapping[str, Cloud],
    narrow: Mapping[str, str] | None = None,
    links: Mapping[str, Sequence[str]] | None = None,
) -> Spoken:
    """Return what speaks for the documents that come nearest: 1,000 by words, 400 by each signal, 100 in each space."""
    question = asking.question_of(index, text)
    body = index.find(asking.words(index, question), REACH, narrow)
    most = float(body.scores[0]) if len(body.scores) else 0.0
    hits: dict[str, Hits] = {}
    for name in names:
        if name == "parts":
            hits[name] = index.find(asking.parts(index, text, question), BESIDE, narrow)
        elif name == "title":
            hits[name] = index.find(asking.words(index, question, "title"), BESIDE, narrow)
        elif name == "pairs":
            hits[name] = index.find(asking.pairs(index, question), BESIDE, narrow)
        elif name == "feedback":
            hits[name] = widened(index, body, narrow)
        elif name == "references":
            hits[name] = spread(index, body, links or {})
    near = {name: nearness(index, clouds[name], question) for name in names if name in clouds}
    if narrow:
        reached = [body.slots, *(one.slots for name, one in hits.items() if name != "references")]
    else:
        reached = [body.slots, *(one.slots for one in hits.values()), *(nearest_in(index, n) for n in near.values())]
    slots = _distinct(np.concatenate(reached))
    found = {
        name: _at(one, slots, (float(one.scores[0]) if len(one.scores) else 0.0) if name in OWN_SCALE else most)
        for name, one in hits.items()
    }
    return Spoken(
        slots,
        _at(body, slots, most),
        {**found, **{name: told[slots].astype(np.float64).round(DIGITS) for name, told in near.items()}},
    )


def ranked(one: Spoken, recipe: Recipe, depth: int) -> Hits:
    """Return the best documents: the head by its weights, what follows by those of the tail; scores fall throughout."""
    scores = one.scores(recipe.weights)
    order = one.order(scores)
    order = order[scores[order] > 0]
    if recipe.tail is not None and len(order):
        head, further = order[:HEAD], one.scores(recipe.tail)
        follow = one.order(further)
        follow = follow[(further[follow] > 0) & ~np.isin(follow, head)]
        order = np.concatenate([head, follow])
    shown = order[:depth]
    return Hits(one.slots[shown], np.minimum.accumulate(scores[shown]) if len(shown) else scores[shown])


def widened(index: Index, body: Hits, narrow: Mapping[str, str] | None = None) -> Hits:
    """Ask again with the terms that tell most of the best documents (Lavrenko and Croft 2001)."""
    best = body.first(BELIEVED)
    if not len(best.slots):
        return NOTHING
    told: Counter[tuple[str, str]] = Counter()
    for slot, score in zip(best.slots.tolist(), best.scores.tolist(), strict=True):
        document = index.documents[slot]
        if document is not None:
            code = index.shape.language(document)
            terms = index.terms(document.whole, code)
            for term, count in Counter(terms).items():
                told[code, term] += score * count / max(len(terms), 1)
    total = len(index) + 1.0
    rare = {
        pair: mass * np.log(total / (index.frequency(f"body_{pair[0]}", pair[1]) + 0.5)) for pair, mass in told.items()
    }
    chosen = sorted(rare, key=lambda pair: (-rare[pair], pair))[:WIDER]
    most = rare[chosen[0]] if chosen else 0.0
    if most <= 0:
        return NOTHING
    terms_weighed = [index.term(f"body_{code}", term, float(rare[code, term] / most)) for code, term in chosen]
    return index.find(asking.either(terms_weighed), BESIDE, narrow)


def nearness(index: Index, cloud: Cloud, question: Question) -> NDArray[np.float32]:
    """Return the cosine of the question and each document in a space, by slot; 0 for documents that are gone."""
    terms = [f"{code}:{term}" for code, found in question.terms.items() for term in found]
    point = cloud.space.points([terms])[0]
    return cloud.read(index) @ point


def nearest_in(index: Index, told: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the slots of the 100 documents that are nearest, those with nothing in common left out."""
    among = _high(told)
    best = among[np.argsort(-told[among], kind="stable")[:NEAREST]]
    there = [slot for slot in best.tolist() if told[slot] > 0 and index.documents[slot] is not None]
    return np.array(sorted(there), dtype=np.int64)


def _high(told: NDArray[np.float32]) -> NDArray[np.int64]:
    """At least the 100 highest, told by a sample: ordering all of a large corpus costs more than comparing it."""
    sample = np.sort(told[::THINNED])
    wanted = 3 * NEAREST // THINNED
    if len(sample) > 2 * wanted:
        high = np.flatnonzero(told >= sample[-wanted])
        if len(high) >= NEAREST:
            return high
    return np.arange(len(told))


def _distinct(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    ordered = np.sort(slots)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _at(hits: Hits, slots: NDArray[np.int64], most: float) -> Floats:
    """The scores of some documents relative to `most`, 0 for those that were not found."""
    told = np.zeros(len(slots))
    if not len(hits.slots) or most <= 0:
        return told
    order = np.argsort(hits.slots)
    place = np.minimum(np.searchsorted(hits.slots[order], slots), len(order) - 1)
    same = hits.slots[order][place] == slots
    told[same] = hits.scores[order][place[same]] / most
    return told
