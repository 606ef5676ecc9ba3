"""Room tools. In: a live table of documents -> Out: Shelf, the index of its newest version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from grundstein.tools.columns import as_texts
from grundstein.tools.retrieval.compounds import parts_of
from grundstein.tools.retrieval.index import Document, Index, Shape
from grundstein.tools.retrieval.languages import languages_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from grundstein.core.task import LiveTable


@dataclass(frozen=True)
class Columns:
    """The columns of a table that hold a document's name, titles, texts, and what a search may be narrowed by."""

    id: str
    title: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Still:
    """A table that stands still, as a live one."""

    rows: pa.Table
    version: str = "still"

    def table(self) -> pa.Table:
        """The whole table."""
        return self.rows

    def since(self, version: str) -> pa.Table:
        """Nothing comes."""
        return self.rows.slice(0, 0) if version == self.version else self.rows


@dataclass
class Shelf:
    """The index of a table, up to date whenever the table's version is another; `reader` makes its documents."""

    columns: Columns
    shape: Shape
    reader: Callable[[pa.Table, Columns], list[Document]] | None = None
    _index: Index | None = field(default=None, repr=False)
    _live: Any = field(default=None, repr=False)
    _version: str = ""
    _table: Any = field(default=None, repr=False)

    def read(self, live: LiveTable) -> Index:
        """Return the index of the newest version."""
        if self._index is None:
            self._index = Index(self.shape)
        version = live.version
        if live is not self._live or version != self._version:
            table = live.table()
            if table is not self._table:
                self._index.become((self.reader or documents_of)(table, self.columns))
            self._live, self._version, self._table = live, version, table
        return self._index


def documents_of(table: pa.Table, columns: Columns) -> list[Document]:
    """Return a table's documents; rows without a name are left out, empty titles and texts are empty."""
    keys = as_texts(table, columns.id).to_pylist()
    titles, texts = (_joined(table, names) for names in (columns.title, columns.text))
    values = {name: as_texts(table, name).to_pylist() for name in columns.narrow}
    found = []
    for row, key in enumerate(keys):
        if key is not None:
            own = {name: told[row] for name, told in values.items() if told[row] is not None}
            found.append(Document(key, titles[row], texts[row], own))
    return found


def shape_of(table: pa.Table, columns: Columns, language: str = "", *, split: bool = False) -> Shape:
    """Return how an index should read a table: in the language named or those found, compounds split where asked."""
    texts = [one.whole for one in documents_of(table, columns)]
    languages = (language,) if language else languages_of(texts)
    parts = parts_of(texts, languages[0]) if split else ()
    return Shape(languages, parts, columns.narrow)


def _joined(table: pa.Table, names: tuple[str, ...]) -> list[str]:
    several = [pc.fill_null(as_texts(table, name), "").to_pylist() for name in names]
    if not several:
        return [""] * table.num_rows
    return several[0] if len(several) == 1 else ["\n".join(filter(None, row)) for row in zip(*several, strict=True)]
