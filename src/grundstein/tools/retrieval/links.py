"""Room tools. In: which document refers to which -> Out: what was found speaks for what it is linked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from grundstein.tools.columns import as_texts
from grundstein.tools.retrieval.index import NOTHING, Hits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from grundstein.core.task import LiveTable
    from grundstein.tools.retrieval.index import Index

SPREAD = 50


def links_of(table: pa.Table, citing: str, cited: str) -> dict[str, tuple[str, ...]]:
    """Return for each document those that it refers to and that refer to it, each once."""
    found: dict[str, dict[str, None]] = {}
    for one, other in zip(as_texts(table, citing).to_pylist(), as_texts(table, cited).to_pylist(), strict=True):
        if one is not None and other is not None and one != other:
            found.setdefault(one, {})[other] = None
            found.setdefault(other, {})[one] = None
    return {name: tuple(others) for name, others in found.items()}


def spread(index: Index, body: Hits, links: Mapping[str, Sequence[str]]) -> Hits:
    """Let the best 50 documents speak for those they are linked to: each its score, divided among its links.

    One step of a random walk with the found documents as its start (Haveliwala 2002).
    """
    told: dict[int, float] = {}
    best = body.first(SPREAD)
    for slot, score in zip(best.slots.tolist(), best.scores.tolist(), strict=True):
        document = index.documents[slot]
        others = links.get(document.key, ()) if document is not None else ()
        for other in others:
            place = index.slot(other)
            if place is not None:
                told[place] = told.get(place, 0.0) + score / len(others) ** 0.5
    if not told:
        return NOTHING
    slots = np.array(sorted(told), dtype=np.int64)
    scores = np.array([told[slot] for slot in slots.tolist()])
    order = np.lexsort((slots, -scores))
    return Hits(slots[order], scores[order])


@dataclass
class Graph:
    """The links of a live table, read once a version; nothing where there is no such table."""

    citing: str
    cited: str
    _live: Any = field(default=None, repr=False)
    _version: str = ""
    _held: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)

    def read(self, live: LiveTable | None) -> Mapping[str, Sequence[str]]:
        """Return the links of the newest version."""
        if live is None:
            return {}
        version = live.version
        if live is not self._live or version != self._version:
            self._held = links_of(live.table(), self.citing, self.cited)
            self._live, self._version = live, version
        return self._held
