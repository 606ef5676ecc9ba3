"""Room tools. In: a query and a document it found -> Out: Snippet, the piece of text that shows why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grundstein.tools.retrieval.languages import engine

if TYPE_CHECKING:
    from grundstein.tools.retrieval.index import Document, Index

LONG = 240


@dataclass(frozen=True)
class Snippet:
    """A piece of a document; `marked` are the places of what was looked for, as (start, end) in `text`."""

    text: str
    marked: tuple[tuple[int, int], ...]

    def shown(self, before: str = "[", after: str = "]") -> str:
        """Return the piece with signs around what was looked for."""
        parts, last = [], 0
        for start, end in self.marked:
            parts += [self.text[last:start], before, self.text[start:end], after]
            last = end
        return "".join([*parts, self.text[last:]])


def snippet(index: Index, query: Any, document: Document, most: int = LONG) -> Snippet:
    """Return the piece that holds most of the query, at most so many letters; the beginning where it holds none."""
    code = index.shape.language(document)
    record = engine().Document()
    record.add_text(f"body_{code}", document.whole)
    if query is not None:
        maker = engine().SnippetGenerator.create(index.searcher, query, index.schema, f"body_{code}")
        maker.set_max_num_chars(most)
        found = maker.snippet_from_doc(record)
        if found.fragment():
            return _in_letters(found.fragment(), [(one.start, one.end) for one in found.highlighted()])
    return Snippet(document.whole[:most], ())


def _in_letters(text: str, places: list[tuple[int, int]]) -> Snippet:
    """Places come in bytes of UTF-8."""
    raw = text.encode()
    letters = [(len(raw[:start].decode()), len(raw[:end].decode())) for start, end in sorted(places)]
    apart: list[tuple[int, int]] = []
    for start, end in letters:
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return Snippet(text, tuple(apart))
