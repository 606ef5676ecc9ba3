"""Room tasks. In: documents -> Out: Nearest (the most similar known document) and First, what an archive answers by."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.tasks.explore.corpus import corpus_of
from grundstein.tasks.explore.options import Plan
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
    ids: tuple[str, ...] = ()
    name: str = "first document"

    def fit(self, data: Data, seed: int) -> Self:
        """Keep its id."""
        del seed
        return replace(self, ids=(corpus_of(data["corpus"], self.plan).ids[0],))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Name it, with no likeness claimed."""
        del live
        return answers_of([_known(self.ids)[0]] * questions.num_rows, np.zeros(questions.num_rows))

    def save(self, folder: Path) -> None:
        """Write JSON."""
        _keep(folder, self.plan, _known(self.ids))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(*_kept(folder))


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
        terms = self.terms
        if terms is None:
            raise Refused("this solution has not been fitted", "`fit` before `answer` and `save`", "fit it")
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
        _keep(folder, self.plan, _known(self.ids), self.texts)
        if self.terms is not None:
            self.terms.save(folder / "terms.npz")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, ids = _kept(folder)
        texts = json.loads((folder / "solution.json").read_text(encoding="utf-8"))["texts"]
        return cls(plan, ids, Terms.load(folder / "terms.npz"), texts=tuple(texts))


def answers_of(ids: list[str], near: np.ndarray[Any, Any]) -> pa.Table:
    """The columns of an answer: a document, and how similar it is, from 0 to 1."""
    return pa.table({"document": pa.array(ids, pa.string()), "similarity": pa.array(np.clip(near, 0.0, 1.0))})


def _nearest(asked: sp.csr_matrix, known: sp.csc_matrix) -> tuple[Any, Any]:
    near = (asked @ known).toarray() / 2  # two blocks, each of length 1
    near = np.round(near, 9)
    best = near.argmax(axis=1)
    return best, near[np.arange(len(best)), best]


def _known(ids: tuple[str, ...]) -> tuple[str, ...]:
    if not ids:
        raise Refused("this solution has not been fitted", "`fit` before `answer` and `save`", "fit it")
    return ids


def _keep(folder: Path, plan: Plan, ids: tuple[str, ...], texts: tuple[str, ...] = ()) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {"plan": plan.plain(), "ids": ids, "texts": texts}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1)
    (folder / "solution.json").write_text(text, encoding="utf-8")


def _kept(folder: Path) -> tuple[Plan, tuple[str, ...]]:
    content = json.loads((folder / "solution.json").read_text(encoding="utf-8"))
    return Plan.restored(content["plan"]), tuple(content["ids"])
