"""Room tasks. In: words, or a document's name -> Out: documents that hold them, or resemble it, with a piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Misused, Refused, nearest
from grundstein.core.task import Done
from grundstein.tasks.search.options import plan_of
from grundstein.tools.retrieval import asking, blending
from grundstein.tools.retrieval.shelf import Shelf, shape_of
from grundstein.tools.retrieval.snippets import snippet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from grundstein.core.case import Case
    from grundstein.core.ports import Project, TableStore
    from grundstein.tools.retrieval.index import Hits, Index

TAIL = {"parts": 1.0}


@dataclass(frozen=True)
class Governed:
    """A governed table as it is now."""

    tables: TableStore
    name: str

    @property
    def version(self) -> str:
        """Its newest version."""
        return self.tables.info(self.name).version

    def table(self) -> pa.Table:
        """All of it."""
        return self.tables.read(self.name)

    def since(self, version: str) -> pa.Table:
        """All of it: rows may have been replaced."""
        return self.table()


def find(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Find documents that hold the words; COLUMN=VALUE narrows."""
    index, shown = _index(project, case)
    words, narrow = _read(index, case, args)
    query = asking.words(index, asking.question_of(index, words))
    said = blending.spoken(index, words, ("parts",) if index.shape.split else (), {}, narrow)
    return _told(index, blending.ranked(said, blending.Recipe(tail=TAIL), shown), query)


def query(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Find documents by a query: "a phrase", title:word, -without, other words; COLUMN=VALUE narrows."""
    index, shown = _index(project, case)
    words, narrow = _read(index, case, args)
    asked = asking.parsed(index, words)
    return _told(index, index.find(asked, shown, narrow), asked)


def _read(index: Index, case: Case, args: Sequence[str]) -> tuple[str, dict[str, str]]:
    narrow = dict(arg.split("=", 1) for arg in args if "=" in arg and arg.partition("=")[0] in index.shape.values)
    words = " ".join(arg for arg in args if arg.partition("=")[0] not in narrow)
    if not words.strip():
        raise Misused("Nothing is looked for.", "Words.", f'grundstein do {case.name} find "words"')
    return words, narrow


def similar(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Find documents that resemble the one of this name, by the words that tell most of it."""
    index, shown = _index(project, case)
    if len(args) != 1:
        raise Misused("One document is to be named.", "Its name.", f"grundstein do {case.name} similar NAME")
    slot = index.slot(args[0])
    document = None if slot is None else index.documents[slot]
    if document is None:
        names = [one.key for one in index.documents if one is not None]
        raise Refused(f'there is no document "{args[0][:60]}"', nearest(args[0], names[:10_000]), "name another")
    query = asking.words(index, asking.like(index, document))
    hits = index.find(query, shown + 1)
    kept = hits.slots != slot
    return _told(index, type(hits)(hits.slots[kept][:shown], hits.scores[kept][:shown]), query)


def _index(project: Project, case: Case) -> tuple[Index, int]:
    plan = plan_of(case)
    live = Governed(project.tables, case.data["corpus"])
    table = live.table()
    return Shelf(plan.columns, shape_of(table, plan.columns, plan.language, split=True)).read(live), plan.k


def _told(index: Index, hits: Hits, query: Any) -> Done:
    said, lines = [], []
    for place, (slot, score) in enumerate(zip(hits.slots.tolist(), hits.scores.tolist(), strict=True), 1):
        document = index.documents[slot]
        if document is not None:
            piece = snippet(index, query, document)
            marked = [list(one) for one in piece.marked]
            own = {"id": document.key, "title": document.title, "score": score, "text": piece.text, "marked": marked}
            said.append(own)
            lines.append(f"{place:>3}  {document.key}  {document.title}".rstrip() + "\n     " + _line(piece.shown()))
    return Done("\n".join(lines) or "Nothing was found.", {"found": said})


def _line(text: str) -> str:
    return " ".join(text.split())
