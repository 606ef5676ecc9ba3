"""Room tasks. In: documents -> Out: Nearest (the most similar known document) and First, what an archive answers by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from grundstein.tasks.explore.corpus import corpus_of
from grundstein.tasks.explore.options import Plan
from grundstein.tools.keeping import fitted, keep, kept, restored
from grundstein.tools.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import scipy.sparse as sp

    from grundstein.core.task import Data, LiveTable

PART = 256


@dataclass(frozen=True)
class First:
    """Always the first document of the archive."""

    plan: Plan
    ids: tuple[str, ...] | None = None
    name: str = "first document"

    def fit(self, data: Data, seed: int) -> Self:
        """Keep its id."""
        del seed
        return replace(self, ids=(corpus_of(data["corpus"], self.plan).ids[0],))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Name it, with no likeness claimed."""
        del live
        return answers_of([fitted(self.ids)[0]] * questions.num_rows, np.zeros(questions.num_rows))

    def save(self, folder: Path) -> None:
        """Write JSON."""
        keep(folder, {"plan": self.plan, "ids": fitted(self.ids)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told = kept(folder)
        return cls(restored(Plan, told["plan"]), tuple(told["ids"]))


@dataclass(frozen=True)
class Nearest:
    """The document whose words and pieces of words are most like those of the question."""

    plan: Plan
    ids: tuple[str, ...] = ()
    terms: Terms | None = None
    name: str = "nearest document"
    texts: tuple[str, ...] = field(default=(), repr=False)
    weighed: list[sp.csr_matrix] = field(default_factory=list, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Learn the terms of the documents."""
        del seed
        corpus = corpus_of(data["corpus"], self.plan)
        terms, _ = Terms.fit(corpus.whole)
        return replace(self, ids=tuple(corpus.ids), terms=terms, texts=tuple(corpus.whole), weighed=[])

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Name the most similar document; of equally similar ones the first."""
        del live
        terms = fitted(self.terms)
        if not self.weighed:
            self.weighed.append(terms.matrix(self.texts).T.tocsc())
        asked = corpus_of(questions, replace(self.plan, time="", keywords="")).whole
        found = [
            _nearest(terms.matrix(asked[start : start + PART]), self.weighed[0]) for start in range(0, len(asked), PART)
        ]
        best = np.concatenate([one for one, _ in found]) if found else np.zeros(0, dtype=np.int64)
        near = np.concatenate([one for _, one in found]) if found else np.zeros(0)
        return answers_of([self.ids[place] for place in best.tolist()], near)

    def save(self, folder: Path) -> None:
        """Write JSON and npz."""
        keep(folder, {"plan": self.plan, "ids": self.ids, "texts": self.texts})
        fitted(self.terms).save(folder / "terms.npz")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        told, terms = kept(folder), Terms.load(folder / "terms.npz")
        return cls(restored(Plan, told["plan"]), tuple(told["ids"]), terms, texts=tuple(told["texts"]))


def answers_of(ids: list[str], near: np.ndarray[Any, Any]) -> pa.Table:
    """The columns of an answer: a document, and how similar it is, from 0 to 1."""
    return pa.table({"document": pa.array(ids, pa.string()), "similarity": pa.array(np.clip(near, 0.0, 1.0))})


def _nearest(asked: sp.csr_matrix, known: sp.csc_matrix) -> tuple[Any, Any]:
    near = (asked @ known).toarray() / 2  # two blocks, each of length 1
    near = np.round(near, 9)
    best = near.argmax(axis=1)
    return best, near[np.arange(len(best)), best]
