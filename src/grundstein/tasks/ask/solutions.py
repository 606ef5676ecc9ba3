"""Room tasks. In: questions and a live corpus -> Out: First (the baseline), Silent, and Cited."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from grundstein.tasks.ask import library
from grundstein.tasks.ask.answers import SHOWN, Given, answer_table
from grundstein.tasks.ask.options import Plan
from grundstein.tasks.ask.reading import seen, terms_of, wanted_of
from grundstein.tasks.ask.tuning import Judgement, judgement, tried
from grundstein.tools.columns import as_texts
from grundstein.tools.keeping import fitted, keep, kept, restored
from grundstein.tools.retrieval import asking
from grundstein.tools.retrieval.index import Shape
from grundstein.tools.retrieval.passages import Piece
from grundstein.tools.retrieval.shelf import Columns, Shelf, Still

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from grundstein.core.task import Data, LiveTable
    from grundstein.tasks.ask.tuning import Tried
    from grundstein.tools.retrieval.index import Index


@dataclass
class Shelves:
    """What one list of solutions shares: the passages of a corpus, and the questions that were looked up in it."""

    shelves: list[tuple[pa.Table, Shelf]] = field(default_factory=list)
    asked: list[tuple[pa.Table, pa.Table, int, list[Tried]]] = field(default_factory=list)

    def shelf(self, plan: Plan, corpus: pa.Table) -> Shelf:
        """Return the shelf of a corpus."""
        for table, shelf in self.shelves:
            if table is corpus:
                return shelf
        self.shelves = [*self.shelves[-1:], (corpus, library.shelf_of(corpus, plan.columns, plan.language))]
        return self.shelves[-1][1]

    def tried(self, plan: Plan, index: Index, data: Data, seed: int) -> list[Tried]:
        """Return the development questions as they were looked up."""
        for questions, corpus, number, several in self.asked:
            if questions is data["questions"] and corpus is data["corpus"] and number == seed:
                return several
        self.asked = [*self.asked[-3:], (data["questions"], data["corpus"], seed, tried(plan, index, data, seed))]
        return self.asked[-1][3]


@dataclass(frozen=True, eq=False)
class First:
    """Answers every question: the first passage of a search for its words, and the sentence that holds most of them."""

    plan: Plan
    name: str = "first passage"
    shelf: Shelf | None = field(default=None, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Tell the corpus' language."""
        return replace(self, shelf=library.shelf_of(data["corpus"], self.plan.columns, self.plan.language))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return the first passage of each search."""
        shelf = fitted(self.shelf)
        index = shelf.read(live["corpus"])
        given = [self._given(index, text) for text in as_texts(questions, self.plan.question).to_pylist()]
        return answer_table(called(questions, self.plan), given, shelf.shape.languages[0])

    def _given(self, index: Index, text: str | None) -> Given:
        hits = index.find(asking.words(index, asking.question_of(index, text)), SHOWN + 1)
        places = [library.place_of(one) for one in (index.documents[slot] for slot in hits.slots.tolist()) if one]
        if not places:
            return Given()
        wanted = wanted_of(index, text, None)
        told = places[0].text
        there = places[0].sentences() or [Piece(0, 0)]
        held = [wanted.share(terms_of(index, told[one.start : one.end])) for one in there]
        return Given(1.0, True, places[0], there[held.index(max(held))], tuple(places[1:]))

    def save(self, folder: Path) -> None:
        """Write `solution.json`."""
        _keep(folder, self.plan, fitted(self.shelf).shape)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, shape, _ = _kept(folder)
        return cls(plan, shelf=library.shelf(plan.columns, shape))


@dataclass(frozen=True, eq=False)
class Cited:
    """Cites one sentence with its passage, or says that the corpus does not say.

    `choosing`: the sentence among those of the best passages; without it the best passage, and silence alone is learnt.
    """

    plan: Plan
    name: str
    choosing: bool = True
    judged: Judgement | None = None
    shelf: Shelf | None = field(default=None, repr=False)
    shelves: Shelves = field(default_factory=Shelves, compare=False, repr=False)

    def fit(self, data: Data, seed: int) -> Self:
        """Learn which sentence answers and when none does."""
        shelf = self.shelves.shelf(self.plan, data["corpus"])
        index = shelf.read(Still(data["corpus"]))
        several = self.shelves.tried(self.plan, index, data, seed)
        return replace(self, judged=judgement(self.plan, several, self.choosing), shelf=shelf)

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return what is cited to each question from the corpus as it is now."""
        shelf = fitted(self.shelf)
        index = shelf.read(live["corpus"])
        given = [self.given(index, text, before) for text, before in asked_in(questions, self.plan)]
        return answer_table(called(questions, self.plan), given, shelf.shape.languages[0])

    def given(self, index: Index, text: str | None, before: str | None) -> Given:
        """Return the answer to one question."""
        judged = fitted(self.judged)
        one = seen(index, text, before)
        row, share = judged.choose(one)
        if row < 0:
            return Given()
        number, piece = one.pieces[row]
        others = [place for other, place in enumerate(one.places) if other != number]
        return Given(share, share > judged.least, one.places[number], piece, tuple(others[:SHOWN]))

    def save(self, folder: Path) -> None:
        """Write `solution.json`."""
        shape, judged = fitted(self.shelf).shape, fitted(self.judged)
        _keep(folder, self.plan, shape, name=self.name, choosing=self.choosing, judged=judged)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        plan, shape, told = _kept(folder)
        judged = restored(Judgement, told["judged"])
        return cls(plan, told["name"], told["choosing"], judged, library.shelf(plan.columns, shape))


@dataclass(frozen=True)
class Silent:
    """Never answers: every question goes to a person."""

    plan: Plan
    name: str = "a person answers"

    def fit(self, data: Data, seed: int) -> Self:
        """Return itself: there is nothing to learn."""
        del data, seed
        return self

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return silence."""
        del live
        return answer_table(called(questions, self.plan), [Given()] * questions.num_rows, self.plan.language)

    def save(self, folder: Path) -> None:
        """Write `solution.json`."""
        _keep(folder, self.plan, Shape())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(_kept(folder)[0])


def asked_in(questions: pa.Table, plan: Plan) -> list[tuple[str | None, str | None]]:
    """Return each question and what was said before."""
    asked = as_texts(questions, plan.question).to_pylist()
    there = plan.context and plan.context in questions.column_names
    before = as_texts(questions, plan.context).to_pylist() if there else [None] * len(asked)
    return list(zip(asked, before, strict=True))


def called(questions: pa.Table, plan: Plan) -> Sequence[str | None]:
    """Return the questions' names, None where they have none."""
    there = plan.question_id in questions.column_names
    names: list[str | None] = (
        as_texts(questions, plan.question_id).to_pylist() if there else [None] * questions.num_rows
    )
    return names


def _keep(folder: Path, plan: Plan, shape: Shape, **state: object) -> None:
    keep(folder, {"plan": plan, "languages": shape.languages, "parts": shape.parts, "state": state})


def _kept(folder: Path) -> tuple[Plan, Shape, dict[str, Any]]:
    about = kept(folder)
    plan = restored(Plan, about["plan"], columns=Columns)
    return plan, Shape(tuple(about["languages"]), tuple(about["parts"])), about["state"]
