"""Room tasks. In: what is cited to each question -> Out: the table of answers, with the words of a machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.tasks.ask.library import Place
    from grundstein.tools.retrieval.passages import Piece

SHOWN = 3
SILENT = {"de": "Der Bestand sagt dazu nichts Belegbares.", "en": "The corpus does not say."}
MACHINE = {
    "de": "Automatisch beantwortet von einer Maschine, die zitiert; bitte die Stelle prüfen.",
    "en": "Answered automatically by a machine that cites; please check the passage.",
}


@dataclass(frozen=True)
class Given:
    """One answer: the sentence that is cited, in its passage; without a passage the corpus does not say.

    `text` stands for the sentence where an answer was written from the passages.
    """

    share: float = 0.0
    act: bool = False
    passage: Place | None = None
    piece: Piece | None = None
    others: tuple[Place, ...] = field(default=())
    text: str = ""


def answer_table(names: Sequence[str | None], given: Sequence[Given], language: str) -> pa.Table:
    """Return the columns of `Task.answers`; a silent answer offers passages and cites none."""
    return pa.table(
        {
            "question_id": pa.array(names, pa.string()),
            **_columns([_row(one, language) for one in given]),
        }
    )


def _row(one: Given, language: str) -> dict[str, Any]:
    cited = one.passage if one.act else None
    piece = one.piece if cited else None
    silent = SILENT.get(language, SILENT["en"])
    sentence = cited.text[piece.start : piece.end] if cited and piece else ""
    offered = [place for place in ((*(() if cited or not one.passage else (one.passage,)), *one.others)) if place]
    return {
        "answer": (one.text or sentence or silent) if cited else silent,
        "document": cited.document if cited else None,
        "section": cited.section or None if cited else None,
        "passage": cited.text if cited else None,
        "start": cited.start + piece.start if cited and piece else None,
        "end": cited.start + piece.end if cited and piece else None,
        "probability": min(max(one.share, 0.0), 1.0),
        "act": float(one.act and cited is not None),
        "others": [place.text for place in offered[:SHOWN]],
        "cited": [place.document for place in offered[:SHOWN]],
        "by": MACHINE.get(language, MACHINE["en"]),
    }


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, pa.Array]:
    texts, listed = pa.string(), pa.list_(pa.string())
    kinds = {
        **dict.fromkeys(("answer", "document", "section", "passage"), texts),
        **dict.fromkeys(("start", "end"), pa.int64()),
        **dict.fromkeys(("probability", "act"), pa.float64()),
        **dict.fromkeys(("others", "cited"), listed),
        "by": texts,
    }
    return {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
