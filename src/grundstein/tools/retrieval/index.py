"""Room tools. In: documents by name, changing -> Out: Index, which finds them by their words the moment they change."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.core.errors import Refused, offered
from grundstein.tools.retrieval.languages import JOINED, PLAIN, analyzer, engine, language_of, splitter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Slots = NDArray[np.int64]
    Floats = NDArray[np.float64]

HEAP = 128_000_000
STALE = 0.2
TIES = 4_096
FEW = 64
DIGITS = 4


@dataclass(frozen=True)
class Document:
    """One document: its name, what is searched in, and the values that a search may be narrowed by."""

    key: str
    title: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """Title and text."""
        return f"{self.title}\n{self.text}" if self.title else self.text

    @property
    def digest(self) -> bytes:
        """Eight bytes by which a change of the document shows."""
        parts = (self.title, self.text, *(f"{name}\x1e{self.values[name]}" for name in sorted(self.values)))
        return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()


@dataclass(frozen=True)
class Hits:
    """What was found, best first: places of documents in the index, and their scores."""

    slots: Slots
    scores: Floats

    def first(self, count: int) -> Hits:
        """Return the best."""
        return Hits(self.slots[:count], self.scores[:count])


NOTHING = Hits(np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True)
class Shape:
    """How an index reads its documents: languages, parts of compounds, values to narrow by.

    With several languages each document is read in its own, and a query in all.
    """

    languages: tuple[str, ...] = (PLAIN,)
    parts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def split(self) -> tuple[str, ...]:
        """The languages whose compounds are split."""
        return tuple(code for code in self.languages if self.parts and code in JOINED)

    def language(self, document: Document) -> str:
        """The language that a document is read in; the corpus' own where it does not tell."""
        if len(self.languages) == 1:
            return self.languages[0]
        own = language_of(document.whole)
        return own if own in self.languages else self.languages[0]


class Index:
    """Documents in memory, found by their words. One thread writes; the same documents in the same order rank alike.

    Each document has a slot that it keeps; that of one that is gone holds None. Where too many are gone all are given
    new slots, and `epoch` goes up.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.documents: list[Document | None] = []
        self.epoch = 0
        self._slots: dict[str, int] = {}
        self._digests: dict[str, bytes] = {}
        self._splitters = {code: splitter(code, shape.parts) for code in shape.split}
        self._blank = engine().Document
        self._open()

    def __len__(self) -> int:
        return len(self._slots)

    def slot(self, key: str) -> int | None:
        """Return a document's slot, None where it is not in the index."""
        return self._slots.get(key)

    def keys_of(self, slots: Slots) -> list[str]:
        """Return the names of documents by their slots."""
        found = (self.documents[slot] for slot in slots.tolist())
        return [one.key for one in found if one is not None]

    def become(self, documents: Iterable[Document]) -> None:
        """Hold exactly these documents: new ones are added, changed ones replaced, others dropped.

        Of two with one name the later one counts.
        """
        wanted = {document.key: (document, document.digest) for document in documents}
        gone = [key for key in self._slots if key not in wanted]
        fresh = [pair for key, pair in wanted.items() if self._digests.get(key) != pair[1]]
        lost = len(self.documents) - len(self._slots) + len(gone) + sum(one.key in self._slots for one, _ in fresh)
        if lost > STALE * max(len(wanted), 1):
            self._forget()
            gone, fresh = [], list(wanted.values())
        self._write(gone, fresh)

    def put(self, documents: Iterable[Document]) -> None:
        """Add documents, replacing those of the same name."""
        latest = {document.key: (document, document.digest) for document in documents}
        self._write([], list(latest.values()))

    def drop(self, keys: Iterable[str]) -> None:
        """Take documents out; they are never found again. Names that are not there are passed over."""
        self._write([key for key in dict.fromkeys(keys) if key in self._slots], [])

    def terms(self, text: str, language: str) -> list[str]:
        """Return the terms of a text in a language, in order."""
        found: list[str] = analyzer(language).analyze(text)
        return found

    def parted(self, text: str, language: str) -> list[str]:
        """Return the terms of a text in a language with its compounds taken apart."""
        found: list[str] = self._splitters[language].analyze(text)
        return found

    def frequency(self, field_name: str, term: str) -> int:
        """In how many documents of a field a term stands; those replaced since the index was opened may still count."""
        return int(self.searcher.doc_freq(field_name, term))

    def term(self, field_name: str, term: str, weight: float = 1.0) -> Any:
        """Return the query for one term of a field."""
        found = engine().Query.term_query(self.schema, field_name, term, "freq")
        return found if weight == 1.0 else engine().Query.boost_query(found, weight)

    def find(self, query: Any, depth: int, narrow: Mapping[str, str | Sequence[str]] | None = None) -> Hits:
        """Return the best `depth` documents of a tantivy query; equal scores by the order of their arrival.

        `narrow` keeps those whose value is the one named, or one of them. Refused where the index has no such value.
        """
        if query is None or depth < 1 or not self._slots:
            return NOTHING
        if narrow:
            query = self._narrowed(query, narrow)
        asked = depth + 1
        while True:
            found = self.searcher.search(query, asked, count=False).hits
            tied = len(found) == asked and round(found[-1][0], DIGITS) == round(found[depth - 1][0], DIGITS)
            if not tied or asked >= max(TIES, depth + 1):
                break
            asked = asked + FEW if asked == depth + 1 else min(asked * 4, TIES)
        scores = np.array([score for score, _ in found], dtype=np.float64).round(DIGITS)
        places = self.searcher.fast_field_values("slot", [place for _, place in found])
        slots = np.array(places, dtype=np.int64)
        order = np.lexsort((slots, -scores))[:depth]
        return Hits(slots[order], scores[order])

    def _narrowed(self, query: Any, narrow: Mapping[str, str | Sequence[str]]) -> Any:
        tantivy = engine()
        parts = [(tantivy.Occur.Must, query)]
        for name, wanted in narrow.items():
            if name not in self.shape.values:
                raise Refused(
                    f'the documents cannot be narrowed by "{name}"', offered(name, self.shape.values), "name another"
                )
            several = [wanted] if isinstance(wanted, str) else list(wanted)
            one = tantivy.Query.term_set_query(self.schema, f"value_{self.shape.values.index(name)}", several)
            parts.append((tantivy.Occur.Must, tantivy.Query.const_score_query(one, 0.0)))
        return tantivy.Query.boolean_query(parts)

    def _open(self) -> None:
        tantivy = engine()
        built = tantivy.SchemaBuilder()
        built.add_text_field("key", tokenizer_name="raw", index_option="basic")
        built.add_integer_field("slot", fast=True)
        for place in range(len(self.shape.values)):
            built.add_text_field(f"value_{place}", tokenizer_name="raw", index_option="basic")
        for code in self.shape.languages:
            built.add_text_field(f"body_{code}", tokenizer_name=code, index_option="position")
            built.add_text_field(f"title_{code}", tokenizer_name=code, index_option="position")
        for code in self.shape.split:
            built.add_text_field(f"parts_{code}", tokenizer_name=f"{code}_parts", index_option="freq")
        self.schema = built.build()
        self._index = tantivy.Index(self.schema)
        for code in self.shape.languages:
            self._index.register_tokenizer(code, analyzer(code))
        for code in self.shape.split:
            self._index.register_tokenizer(f"{code}_parts", self._splitters[code])
        self._writer = self._index.writer(HEAP, 1)
        self.searcher = self._index.searcher()

    def _forget(self) -> None:
        self.documents, self._slots, self._digests = [], {}, {}
        self.epoch += 1
        self._open()

    def _write(self, gone: Sequence[str], fresh: Sequence[tuple[Document, bytes]]) -> None:
        for key in (*gone, *(one.key for one, _ in fresh if one.key in self._slots)):
            self._writer.delete_documents_by_term("key", key)
            self.documents[self._slots.pop(key)] = None
            del self._digests[key]
        for one, digest in fresh:
            slot = len(self.documents)
            self._writer.add_document(self._record(one, slot))
            self.documents.append(one)
            self._slots[one.key], self._digests[one.key] = slot, digest
        if gone or fresh:
            self._writer.commit()
            self._index.reload()
            self.searcher = self._index.searcher()

    def _record(self, one: Document, slot: int) -> Any:
        record = self._blank()
        record.add_text("key", one.key)
        record.add_integer("slot", slot)
        code = self.shape.language(one)
        record.add_text(f"body_{code}", one.whole)
        if one.title:
            record.add_text(f"title_{code}", one.title)
        if code in self._splitters:
            record.add_text(f"parts_{code}", one.whole)
        for place, name in enumerate(self.shape.values):
            if one.values.get(name):
                record.add_text(f"value_{place}", one.values[name])
        return record
