"""Room tasks. In: events (who used what, when) -> Out: ranked items a user, judged on what the users did later."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Data, Role, Solution, Split, Task, Values, Verb
from grundstein.tasks.recommend import adopting, judging, options, splitting
from grundstein.tasks.recommend.example import example
from grundstein.tasks.recommend.neighbours import ItemNeighbours
from grundstein.tasks.recommend.popularity import Nobody, Popularity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyarrow import Table

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.records import Seal

KINDS: Mapping[str, type[Popularity | ItemNeighbours | Nobody]] = {
    kind.__name__: kind for kind in (Popularity, ItemNeighbours, Nobody)
}


class Recommend:
    """Which items to show each user; the opponent is what everybody reads, lately."""

    name: str = "recommend"
    unit: str = "user"
    options: type = options.Options
    roles: tuple[Role, ...] = (Role("events", live=True), Role("items", required=False))
    verbs: Mapping[str, Verb] = MappingProxyType({})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """What `events` and `items` must hold."""
        return options.contracts(case)

    def answers(self, case: Case) -> Contract:
        """`user`, `items` (list of texts, best first) and `scores` (list of numbers)."""
        return options.answers(case)

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """Seal the latest events; a unit is a user who has some."""
        return splitting.sealed_split(data, case, options.reading(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterator[Split]:
        """Three splits forward in time, each learning from all that came before."""
        return splitting.forward_folds(development, case, options.reading(case), seed)

    def baseline(self, case: Case) -> Solution:
        """Popularity, its half-life tuned."""
        return Popularity(options.reading(case))

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Show nothing."""
        return (Nobody(options.reading(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """Item-kNN, and its blend with popularity."""
        read = options.reading(case)
        return tuple(ItemNeighbours(read, budget, blended) for blended in (False, True))

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by its class name."""
        if kind not in KINDS:
            raise Refused(f'recommend knows no solution "{kind}"', nearest(kind, KINDS), "evaluate the case again")
        return KINDS[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: Table) -> Table:
        """Somebody else's lists as `user`, `items` and `scores`."""
        return adopting.adopted(options.reading(case), given)

    def value(self, case: Case, split: Split, answers: Table) -> Values:
        """Money by `hit` per relevant item shown, else the case's metric; one number a user."""
        return judging.values(options.reading(case), split, answers)

    def perfect(self, case: Case, split: Split) -> Table:
        """The lists of somebody who knows the truth."""
        return judging.perfect(options.reading(case), split)

    def metrics(self, case: Case, split: Split, answers: Table) -> dict[str, float]:
        """`ndcg@10`, `mrr@10`, `recall@20`; items shown (`acted`) and relevant ones (`right`) per user."""
        return judging.metrics(options.reading(case), split, answers)

    def figures(self, case: Case, split: Split, answers: Table) -> list[Figure]:
        """Hits by place, and worth by how much is known of a user."""
        return judging.figures(options.reading(case), split, answers)

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """Nothing that the checks do not say."""
        return ()

    def form(self, case: Case) -> str:
        """Money of each relevant answer shown."""
        return "ranking"

    def measure(self, case: Case) -> str:
        """Return "money", or the metric that decides."""
        return options.measure(case)

    def example(self, seed: int, signal: bool) -> tuple[Case, Data]:
        """A small case with tastes to find, or with none."""
        return example(seed, signal)


TASK: Task = Recommend()
