"""Room tasks. In: events (who used what, when) -> Out: ranked items a user, judged on what the users did later."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.core.task import Data, Role, Solution, Split, Task, Values, Verb
from grundstein.tasks.recommend import adopting, judging, leaking, notices, options, splitting
from grundstein.tasks.recommend.example import example
from grundstein.tasks.recommend.factors import installed
from grundstein.tasks.recommend.mixture import Mixture
from grundstein.tasks.recommend.popularity import HouseList, Nobody, Popularity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyarrow import Table

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.figures import Figure
    from grundstein.core.findings import Finding
    from grundstein.core.records import Seal

KINDS: Mapping[str, type[Popularity | HouseList | Mixture | Nobody]] = {
    kind.__name__: kind for kind in (Popularity, HouseList, Mixture, Nobody)
}


class Recommend:
    """Which items to show each user; the opponent is what everybody reads, lately."""

    name: str = "recommend"
    unit: str = "user"
    options: type = options.Options
    roles: tuple[Role, ...] = (
        Role("events", live=True),
        Role("items", required=False, live=True),
        Role("judgements", required=False),
    )
    rule_role: str = "items"
    verbs: Mapping[str, Verb] = MappingProxyType({})

    def settle(self, case: Case, data: Data) -> Case:
        """Nothing is left to be told by the data."""
        return case

    def contract(self, case: Case) -> Mapping[str, Contract]:
        """What `events` and `items` must hold."""
        return options.contracts(case)

    def answers(self, case: Case) -> Contract:
        """`user` or `item`, `items` (list of texts, best first), `scores` (list of numbers), `basis`."""
        return options.answers(case)

    def seal(self, data: Data, case: Case, seal: Seal) -> Split:
        """Seal the latest events; a unit is a user who has some."""
        return splitting.sealed_split(data, case, options.reading(case), seal)

    def folds(self, development: Data, case: Case, seed: int) -> Iterator[Split]:
        """Three splits forward in time, each learning from all that came before."""
        return splitting.forward_folds(development, case, options.reading(case), seed)

    def unit_of(self, case: Case) -> str:
        """A user, or an item where items are asked about."""
        return options.reading(case).asked

    def question(self, case: Case) -> Contract:
        """The one column of a question: a user, or an item."""
        return options.question(case)

    def baseline(self, case: Case) -> Solution:
        """The case's own list, else popularity with its half-life tuned."""
        read = options.reading(case)
        return HouseList(read) if read.listed else Popularity(read)

    def trivial(self, case: Case) -> Iterable[Solution]:
        """Show nothing."""
        return (Nobody(options.reading(case)),)

    def candidates(self, case: Case, budget: int) -> Iterable[Solution]:
        """One source of scores each, simplest first, then mixtures of several."""
        read = options.reading(case)
        found = [Mixture(read, "item-kNN", ("item-kNN",), budget=budget)]
        found.append(Mixture(read, "item-kNN + popularity", ("item-kNN",), blended=True, budget=budget))
        alone = ["RP3beta", "EASE", *(["ALS"] if installed() else []), *(["content"] if read.described else [])]
        found += [Mixture(read, name, (name,), budget=budget) for name in alone]
        if read.described:
            found.append(Mixture(read, "hybrid", ("item-kNN/EASE", "content"), blended=True, budget=budget))
        return tuple(found)

    def load(self, kind: str, folder: Path) -> Solution:
        """Read a saved solution by its class name."""
        if kind not in KINDS:
            raise Refused(f'recommend knows no solution "{kind}"', nearest(kind, KINDS), "evaluate the case again")
        return KINDS[kind].load(folder)

    def adopt(self, case: Case, development: Data, given: Table) -> Table:
        """Somebody else's lists as the task answers, under the same rules."""
        return adopting.adopted(options.reading(case), development, given)

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
        """Hits by place, worth by how much is known, reach, and what leaks of the future."""
        read = options.reading(case)
        rows = leaking.leaks(split.development["events"], read)
        return [*judging.figures(read, split, answers), *([leaking.picture(rows, read)] if rows else [])]

    def findings(self, case: Case, development: Data, folds: Sequence[Split]) -> Sequence[Finding]:
        """What leaks, who could be judged, what cannot be shown."""
        return notices.notices(options.reading(case), development, folds)

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
