"""Room tasks. In: a split and answers -> Out: Values and metrics: how similar the named document is to the new one.

Nothing is decided by it: it says how much of what is new was there before. One measure serves all solutions: the
cosine of words and pieces, weighed by the documents of development.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grundstein.core.figures import Figure
from grundstein.core.task import Values
from grundstein.tasks.explore.corpus import corpus_of
from grundstein.tasks.explore.solutions import Nearest
from grundstein.tools.columns import as_texts
from grundstein.tools.sealing import periods
from grundstein.tools.terms import row_sums

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from grundstein.core.task import Split
    from grundstein.tasks.explore.options import Plan

    Floats = NDArray[np.float64]

STEPS = 20


def values(plan: Plan, split: Split, answers: pa.Table) -> Values:
    """Value each answer by its similarity."""
    truth = split.truth["corpus"]
    time = np.asarray(truth["_time"]) if "_time" in truth.column_names else None
    return Values(
        unit=np.asarray(truth["_unit"]),
        cluster=np.asarray(truth["_cluster"]),
        value=similarity(plan, split, answers),
        period=None if time is None else periods(time, plan.time == "_row"),
        worst=1.0,
    )


def similarity(plan: Plan, split: Split, answers: pa.Table) -> Floats:
    """How similar each named document is to the question, 0 for one that is not there."""
    fitted = Nearest(plan).fit(split.development, 0)
    if fitted.terms is None or not answers.num_rows:
        return np.zeros(answers.num_rows)
    place = {name: row for row, name in enumerate(fitted.ids)}
    rows = np.array([place.get(name, -1) for name in as_texts(answers, "document").to_pylist()], dtype=np.int64)
    asked = fitted.terms.matrix(corpus_of(split.questions, replace(plan, time="", keywords="")).whole)
    named = fitted.terms.matrix([fitted.texts[row] if row >= 0 else "" for row in rows])
    both = asked.multiply(named).tocsr()
    return np.clip(np.round(row_sums(both.data, both.indptr) / 2, 9), 0.0, 1.0)


def perfect(plan: Plan, split: Split) -> pa.Table:
    """The most similar document there is."""
    return Nearest(plan).fit(split.development, 0).answer(split.questions, {})


def metrics(plan: Plan, split: Split, answers: pa.Table) -> dict[str, float]:
    """`similarity`, and the share of documents that are nearly there already."""
    near = similarity(plan, split, answers)
    return {"similarity": float(near.mean()), "repeated": float((near >= 0.9).mean())}


def figures(plan: Plan, split: Split, answers: pa.Table) -> list[Figure]:
    """How much of what came was there before."""
    near = np.sort(similarity(plan, split, answers))[::-1]
    places = np.unique(np.linspace(0, len(near) - 1, STEPS).astype(np.int64))
    return [
        Figure(
            "similarity",
            "line",
            {"en": "How similar the nearest known document is", "de": "Wie ähnlich das nächste bekannte Dokument ist"},
            {
                "share": tuple(float((place + 1) / len(near)) for place in places),
                "similarity": tuple(map(float, near[places])),
            },
            "share",
            "similarity",
            labels={
                "en": {"share": "share of later documents, the most similar first", "similarity": "similarity"},
                "de": {"share": "Anteil späterer Dokumente, ähnlichste zuerst", "similarity": "Ähnlichkeit"},
            },
        )
    ]
