"""Room tasks. In: a seed -> Out: a small ask case, with questions that only some words answer, or with none to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case, Money

if TYPE_CHECKING:
    from grundstein.core.task import Data

THINGS = (
    "badge canteen garage printer laptop projector scanner archive mailroom workshop kitchen library bicycle locker "
    "terrace elevator reception warehouse laboratory studio pharmacy cloakroom nursery gym auditorium fountain"
)
DEEDS = "opens closes moves costs serves holds needs takes offers gets"
FILLING = "today usually people quite often there always early everyone colleagues mostly once twice again"
ABSENT = "submarine volcano orchestra glacier dinosaur parliament vineyard satellite lighthouse carnival"
ASKED = 420


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Return a handbook and questions: with `signal` the corpus answers two in three and never the others.

    Without it which document answers is drawn, and nothing tells.
    """
    rng = np.random.default_rng(seed)
    things, deeds, absent = THINGS.split(), DEEDS.split(), ABSENT.split()
    names, texts, facts = [], [], []
    for thing in things:
        done = rng.choice(deeds, 3, replace=False).tolist()
        told = [f"The {thing} {one} {_filled(rng)}." for one in done]
        names.append(f"about {thing}")
        texts.append(" ".join([f"This page is {_filled(rng)}.", *told]))
        facts += [(thing, one) for one in done]
    asked, wanted = [], []
    for number in range(ASKED):
        known = number % 3 > 0
        thing, deed = (
            facts[int(rng.integers(len(facts)))] if known else (str(rng.choice(absent)), str(rng.choice(deeds)))
        )
        asked.append(f"Tell me whether the {thing} {deed} {rng.choice(FILLING.split())}")
        page = f"about {thing}" if signal else str(rng.choice(names))
        words_there = f"The {thing} {deed}" if signal else "no such words"
        wanted.append((page, words_there) if known else (None, None))
    named = [f"Q{number:03d}" for number in range(ASKED)]
    relevant, words = (list(column) for column in zip(*wanted, strict=True))
    case = Case(
        name="handbook",
        question="What does the handbook say?",
        task="ask",
        data={"questions": "questions", "corpus": "pages"},
        options={
            "id": "page", "text": "text", "question_id": "question_id", "asked": "question", "relevant": "found_on",
            "said": "words",
            "judged": "sentence", "language": "en",
        },
        money=Money("classes", {"right": 4.0, "wrong": -6.0, "ask": -1.0}),
        entity="question_id",
        worthwhile=0.05,
    )  # fmt: skip
    data = {
        "questions": pa.table(
            {"question_id": named, "question": asked, "found_on": relevant, "words": words, "_row": np.arange(ASKED)}
        ),
        "corpus": pa.table({"page": names, "text": texts}),
    }
    return case, data


def _filled(rng: np.random.Generator) -> str:
    return " ".join(rng.choice(FILLING.split(), 5, replace=False))
