"""Room tasks. In: a corpus -> Out: its passages as an index, each with document, section and place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.tools.retrieval.compounds import parts_of
from grundstein.tools.retrieval.index import Document, Shape
from grundstein.tools.retrieval.languages import languages_of
from grundstein.tools.retrieval.passages import passages, sentences
from grundstein.tools.retrieval.shelf import Shelf, documents_of

if TYPE_CHECKING:
    import pyarrow as pa

    from grundstein.tools.retrieval.passages import Piece
    from grundstein.tools.retrieval.shelf import Columns


@dataclass(frozen=True)
class Place:
    """Where a passage stands: its document, the heading above it, and its first letter in the document's text."""

    document: str
    section: str
    start: int
    text: str

    def sentences(self) -> list[Piece]:
        """Return its sentences, placed in the passage."""
        return sentences(self.text)


def place_of(passage: Document) -> Place:
    """Return where a passage of the index stands."""
    told = passage.values
    return Place(told["document"], told["section"], int(told["start"]), passage.text)


def passages_of(table: pa.Table, columns: Columns) -> list[Document]:
    """Return the passages of a table's documents; the title and the heading above count as a passage's title."""
    found = []
    for document in {one.key: one for one in documents_of(table, columns)}.values():
        for piece in passages(document.text):
            told = {"document": document.key, "section": piece.section, "start": str(piece.start)}
            title = "\n".join(filter(None, (document.title, piece.section)))
            text = document.text[piece.start : piece.end]
            found.append(Document(f"{document.key}\x1f{piece.start}", title, text, told))
    return found


def shelf_of(corpus: pa.Table, columns: Columns, language: str) -> Shelf:
    """Return the shelf of a corpus' passages, its languages told and its compounds learnt."""
    texts = [one.whole for one in documents_of(corpus, columns)]
    languages = (language,) if language else languages_of(texts)
    return shelf(columns, Shape(languages, parts_of(texts, languages[0])))


def shelf(columns: Columns, shape: Shape) -> Shelf:
    """Return an empty shelf of passages."""
    return Shelf(columns, shape, passages_of)
