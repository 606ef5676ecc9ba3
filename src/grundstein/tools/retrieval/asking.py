"""Room tools. In: what a person typed -> Out: Question, its terms, and queries made of them; nothing typed can fail.

A question is words and no query language: quotes, colons and minus signs are passed over. `parsed` is for those who ask
for a query language.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused, nearest
from grundstein.tools.retrieval.languages import PLAIN, engine, language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grundstein.tools.retrieval.index import Document, Index

MOST_TERMS = 64
LONGEST = 200_000
ELSEWHERE = 0.5
SLOP = 4
SPOKEN = (("ae", "a"), ("oe", "o"), ("ue", "u"))
WRITTEN = re.compile(r"\s*([^\s:\"]+)\s*:\s*(?:\"([^\"]*)\"|(\S+))|\"([^\"]*)\"|(\S+)")


@dataclass(frozen=True)
class Question:
    """The terms of a question by language, in order, with how much each language counts; `cut`: it had too many."""

    terms: Mapping[str, tuple[str, ...]]
    share: Mapping[str, float]
    cut: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing can be looked for."""
        return not any(self.terms.values())


def question_of(index: Index, text: str | None, most: int = MOST_TERMS) -> Question:
    """Return the terms of a text; of one that has too many the `most` that tell most, by how rare they are.

    A question in one of the corpus' languages counts half in the others. A German word that is spelled with ae, oe, ue
    is looked for with its umlaut where the corpus does not have it otherwise.
    """
    said = (text or "")[:LONGEST]
    languages = index.shape.languages
    own = language_of(said) if len(languages) > 1 else PLAIN
    terms, cut = {}, len(text or "") > LONGEST
    for code in languages:
        found = [_known(index, code, term) for term in index.terms(said, code)]
        kept = _telling(index, f"body_{code}", found, most)
        cut = cut or len(kept) < len(set(found))
        terms[code] = tuple(term for term in found if term in kept)[: 2 * most]
    return Question(terms, {code: ELSEWHERE if own in languages and own != code else 1.0 for code in languages}, cut)


def words(index: Index, question: Question, kind: str = "body") -> Any:
    """Return the query for any of the words in `body` (title and text) or `title`; None where there are none."""
    parts = [
        index.term(f"{kind}_{code}", term, count * question.share[code])
        for code, terms in question.terms.items()
        for term, count in Counter(terms).items()
    ]
    return either(parts)


def parts(index: Index, text: str | None, question: Question) -> Any:
    """Return the query for the parts of compounds; None where the index does not split any."""
    said = (text or "")[:LONGEST]
    found = []
    for code in index.shape.split:
        terms = index.parted(said, code)
        kept = _telling(index, f"parts_{code}", terms, MOST_TERMS)
        counted = Counter(term for term in terms if term in kept)
        found += [index.term(f"parts_{code}", term, n * question.share[code]) for term, n in counted.items()]
    return either(found)


def pairs(index: Index, question: Question) -> Any:
    """Return the query for words that stand near each other in the question and in a document."""
    query = engine().Query
    found = []
    for code, terms in question.terms.items():
        beside = dict.fromkeys((one, other) for one, other in pairwise(terms) if one != other)
        for one, other in list(beside)[:MOST_TERMS]:
            near = query.phrase_query(index.schema, f"body_{code}", [one, other], SLOP)
            found.append(query.boost_query(near, question.share[code]))
    return either(found)


def phrase(index: Index, text: str, kind: str = "body") -> Any:
    """Return the query for these words one after the other, stop words between them left out."""
    query = engine().Query
    found = []
    for code in index.shape.languages:
        terms = index.terms(text[:LONGEST], code)[:MOST_TERMS]
        if len(terms) == 1:
            found.append(index.term(f"{kind}_{code}", terms[0]))
        elif terms:
            found.append(query.phrase_query(index.schema, f"{kind}_{code}", terms, 1))
    return either(found)


def like(index: Index, document: Document, most: int = 32) -> Question:
    """Return a document's most telling terms as a question, for those that resemble it."""
    return question_of(index, document.whole, most)


def parsed(index: Index, text: str) -> Any:
    """Return the query for a text that is meant as one: "a phrase", title:word, -without, all others as words.

    Refused where a field is named that there is not.
    """
    tantivy = engine()
    found = []
    for name, quoted, plain, alone, word in WRITTEN.findall(text[:LONGEST]):
        without = word.startswith("-") or name.startswith("-")
        kind = name.lstrip("-")
        if kind and kind not in ("title", "body"):
            raise Refused(
                f'there is no field "{kind[:40]}"', nearest(kind, ("title", "body")), "title:word, or no colon"
            )
        wanted = quoted or plain or alone or word.lstrip("-")
        one = phrase(index, wanted, kind or "body")
        if one is not None:
            must = quoted or alone or kind
            occurs = tantivy.Occur.MustNot if without else tantivy.Occur.Must if must else tantivy.Occur.Should
            found.append((occurs, one))
    if all(occurs == tantivy.Occur.MustNot for occurs, _ in found):
        return None
    return tantivy.Query.boolean_query(found)


def either(found: Iterable[Any]) -> Any:
    """Return the query for any of several; None where there is none."""
    tantivy = engine()
    several = [(tantivy.Occur.Should, one) for one in found]
    return tantivy.Query.boolean_query(several) if several else None


def _known(index: Index, code: str, term: str) -> str:
    if code != "de" or not any(spoken in term for spoken, _ in SPOKEN) or index.frequency("body_de", term):
        return term
    other = term
    for spoken, short in SPOKEN:
        other = other.replace(spoken, short)
    return other if index.frequency("body_de", other) else term


def _telling(index: Index, field: str, terms: list[str], most: int) -> set[str]:
    counted = Counter(terms)
    if len(counted) <= most:
        return set(counted)
    seen = {term: index.frequency(field, term) for term in counted}
    telling = {term: counted[term] * log((len(index) + 1.0) / (seen[term] + 0.5)) for term in counted if seen[term]}
    return set(sorted(telling, key=lambda term: (-telling[term], term))[:most])
