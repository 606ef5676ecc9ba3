"""Room tasks. In: queries and a live corpus -> Out: Blend (words alone are the baseline), and Nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from threadpoolctl import threadpool_limits

from grundstein.tasks.search.judging import answer_table
from grundstein.tasks.search.options import Plan
from grundstein.tasks.search.tuning import Asked, tuned
from grundstein.tools.columns import as_texts
from grundstein.tools.keeping import fitted, keep, kept, restored
from grundstein.tools.retrieval import blending, spaces
from grundstein.tools.retrieval.blending import Recipe
from grundstein.tools.retrieval.index import Shape
from grundstein.tools.retrieval.links import Graph
from grundstein.tools.retrieval.shelf import Columns, Shelf, Still, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from grundstein.core.task import Data, LiveTable
    from grundstein.tools.retrieval.index import Hits, Index
    from grundstein.tools.retrieval.spaces import Cloud

LEARNERS = {"meaning": spaces.learn_meaning, "vectors": spaces.learn_words}


@dataclass
class Shelves:
    """What one list of solutions shares: an index of each shape over the same table, and the spaces learnt from it."""

    shapes: list[tuple[pa.Table, bool, Shape]] = field(default_factory=list)
    shelves: list[Shelf] = field(default_factory=list)
    clouds: list[tuple[pa.Table, str, int, Cloud | None]] = field(default_factory=list)

    def shape(self, plan: Plan, corpus: pa.Table, split: bool) -> Shape:
        """Return how this corpus is read; compounds are split where asked."""
        for table, divided, shape in self.shapes:
            if table is corpus and divided == split:
                return shape
        found = shape_of(corpus, plan.columns, plan.language, split=split)
        self.shapes = [*self.shapes[-3:], (corpus, split, found)]
        return found

    def shelf(self, plan: Plan, shape: Shape) -> Shelf:
        """Return the shelf of a shape."""
        for one in self.shelves:
            if one.columns == plan.columns and one.shape == shape:
                return one
        self.shelves = [*self.shelves[-3:], Shelf(plan.columns, shape)]
        return self.shelves[-1]

    def cloud(self, index: Index, corpus: pa.Table, name: str, seed: int) -> Cloud | None:
        """Return the space that a signal looks in, None where the corpus does not span one."""
        for table, known, number, cloud in self.clouds:
            if table is corpus and known == name and number == seed:
                return cloud
        space = LEARNERS[name](spaces.sampled(index), seed)
        made = spaces.Cloud(space) if space else None
        self.clouds = [*self.clouds[-5:], (corpus, name, seed, made)]
        return made


@dataclass(frozen=True, eq=False)
class Blend:
    """Ranks by words (BM25 over stems) and, with weights from the queries it learns from, by its `signals`."""

    plan: Plan
    name: str
    signals: tuple[str, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
    shape: Shape | None = None
    clouds: Mapping[str, Cloud] = field(default_factory=dict, repr=False)
    shelves: Shelves = field(default_factory=Shelves, compare=False, repr=False)

    @cached_property
    def graph(self) -> Graph:
        """The links between documents, read once a version."""
        return Graph(self.plan.columns.id, self.plan.cites)

    def fit(self, data: Data, seed: int) -> Self:
        """Tell the corpus' language, learn its spaces, choose the weights on the queries."""
        with threadpool_limits(limits=1):
            return self._fit(data, seed)

    def _fit(self, data: Data, seed: int) -> Self:
        corpus = data["corpus"]
        shape = self.shelves.shape(self.plan, corpus, "parts" in self.signals)
        index = self.shelves.shelf(self.plan, shape).read(Still(corpus))
        learnt = {name: self.shelves.cloud(index, corpus, name, seed) for name in self.signals if name in LEARNERS}
        clouds = {name: cloud for name, cloud in learnt.items() if cloud is not None}
        fitted = replace(self, shape=shape, clouds=clouds)
        used = tuple(name for name in self.signals if fitted.has(name))
        links = fitted.links({role: Still(table) for role, table in data.items()})
        recipe = tuned(Asked.of(data, self.plan, index, used, clouds, links, seed), self.plan) if used else Recipe()
        return replace(fitted, recipe=recipe)

    def has(self, name: str) -> bool:
        """Whether this corpus has what a signal looks at."""
        assert self.shape is not None  # noqa: S101  (asked by `fit` alone)
        if name in LEARNERS:
            return name in self.clouds
        return bool({"title": self.plan.columns.title, "parts": self.shape.split}.get(name, True))

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return each query's documents from the corpus as it is now; none for a query without a word."""
        index = self.shelf().read(live["corpus"])
        links = self.links(live)
        with threadpool_limits(limits=1):
            found = [self.found(index, text, narrow, links) for text, narrow in asked_in(questions, self.plan)]
        lists = [index.keys_of(one.slots) for one in found]
        return answer_table(called(questions, self.plan), lists, [one.scores.tolist() for one in found])

    def links(self, live: Mapping[str, LiveTable]) -> Mapping[str, Sequence[str]]:
        """Return which documents are linked, as it is now; nothing where this solution does not look at it."""
        wanted = "references" in self.signals and self.plan.cites
        return self.graph.read(live.get("references")) if wanted else {}

    def found(
        self,
        index: Index,
        text: str | None,
        narrow: Mapping[str, str],
        links: Mapping[str, Sequence[str]] | None = None,
    ) -> Hits:
        """Return what is found for one query."""
        said = blending.spoken(index, text, self.recipe.used, self.clouds, narrow, links)
        return blending.ranked(said, self.recipe, self.plan.depth)

    def shelf(self) -> Shelf:
        """Return the index' keeper."""
        return self.shelves.shelf(self.plan, fitted(self.shape))

    def save(self, folder: Path) -> None:
        """Write `solution.json` and the spaces that carry weight."""
        shape = self.shelf().shape
        heavy = [name for name in self.clouds if name in self.recipe.used]
        about: dict[str, Any] = {
            "plan": self.plan,
            "name": self.name,
            "signals": self.signals,
            "weights": dict(self.recipe.weights),
            "tail": None if self.recipe.tail is None else dict(self.recipe.tail),
            "languages": shape.languages,
            "parts": shape.parts,
            "spaces": heavy,
        }
        keep(folder, about)
        for name in heavy:
            self.clouds[name].space.save(folder / f"{name}.npz")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        about = kept(folder)
        plan = restored(Plan, about["plan"], columns=Columns)
        clouds = {name: spaces.Cloud(spaces.Space.load(folder / f"{name}.npz")) for name in about["spaces"]}
        shape = Shape(tuple(about["languages"]), tuple(about["parts"]), plan.columns.narrow)
        recipe = Recipe(about["weights"], about["tail"])
        return cls(plan, about["name"], tuple(about["signals"]), recipe, shape, clouds)


@dataclass(frozen=True)
class Nothing:
    """Finds nothing: an empty list for every query, worth 0."""

    plan: Plan
    name: str = "nothing"

    def fit(self, data: Data, seed: int) -> Self:
        """Return itself: there is nothing to learn."""
        del data, seed
        return self

    def answer(self, questions: pa.Table, live: Mapping[str, LiveTable]) -> pa.Table:
        """Return empty lists."""
        del live
        empty: list[list[Any]] = [[]] * questions.num_rows
        return answer_table(called(questions, self.plan), empty, empty)

    def save(self, folder: Path) -> None:
        """Write `solution.json`."""
        keep(folder, {"plan": self.plan})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(restored(Plan, kept(folder)["plan"], columns=Columns))


def asked_in(questions: pa.Table, plan: Plan) -> Iterator[tuple[str | None, dict[str, str]]]:
    """Yield each query's text, and what narrows it: columns of the corpus that the query fixes."""
    names = [name for name in plan.columns.narrow if name in questions.column_names]
    fixed = [as_texts(questions, name).to_pylist() for name in names]
    for row, text in enumerate(as_texts(questions, plan.query).to_pylist()):
        told = {name: column[row] for name, column in zip(names, fixed, strict=True)}
        yield text, {name: value for name, value in told.items() if value}


def called(questions: pa.Table, plan: Plan) -> pa.Array:
    """Return the queries' names, null where they have none."""
    if plan.query_id in questions.column_names:
        return as_texts(questions, plan.query_id).combine_chunks()
    return pa.nulls(questions.num_rows, pa.string())
