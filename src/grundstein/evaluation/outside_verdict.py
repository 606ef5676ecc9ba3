"""Room evaluation. In: answers put down, units whose truth came later -> Out: an Opening, and the Verdict on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, digest
from grundstein.core.findings import Finding
from grundstein.core.records import Opening, Outcome, Verdict
from grundstein.evaluation.decide import FREE
from grundstein.evaluation.experiment import contenders, live
from grundstein.evaluation.judge import Part, judge
from grundstein.evaluation.kept import kept_values
from grundstein.evaluation.openings import account, identical, identity, sketch
from grundstein.evaluation.outside import asked_of, offered
from grundstein.evaluation.prospective import split_of
from grundstein.tools.inference import MIN_CLUSTERS, opening_level
from grundstein.tools.matching import MATCHED, Written
from grundstein.tools.sealing import unit_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from grundstein.core.case import Also, Case
    from grundstein.core.ports import FileStore
    from grundstein.core.records import Experiment
    from grundstein.core.task import Split, Values
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.judge import Judgement
    from grundstein.evaluation.outside import Offer
    from grundstein.evaluation.prospective import Laid, Prospect


@dataclass(frozen=True)
class Question:
    """What is to be judged: whose answers, as they were put down, on which units; and what they did in development."""

    also: Also
    laid: Sequence[Laid]
    found: Prospect
    offer: Offer

    @property
    def first(self) -> Laid:
        """The earliest deposit that is judged."""
        return self.laid[int(self.found.source[self.found.rows].min())]


@dataclass(frozen=True)
class Chances:
    """How often one could have been lucky: deposits that cover the units, arrivals of rows since the first of them."""

    deposits: int
    arrivals: int

    @property
    def count(self) -> int:
        """The opening that it must be judged as: deposits + arrivals - 1.

        Whoever looks at the truth outside can pick one of D deposits, and the arrival after which to ask. At the b-th
        arrival each is judged at 2.5 % / (k(k+1)) with k = D + b - 1; over all D and b that sums to 2.5 %.
        """
        return max(self.deposits + self.arrivals - 1, 1)


def opening_of(
    pinned: Pinned,
    experiment: Experiment,
    asked: Question,
    chances: Chances,
    earlier: Mapping[str, Opening],
    verdicts: Iterable[Verdict],
) -> Opening:
    """Return the opening to be appended before the units are valued; one that is identical is free."""
    known_as = _identity(pinned, experiment, asked)
    same = identical(known_as, earlier)
    if same is not None:
        return earlier[same]
    units = _units(pinned, asked.found)
    cost = account(units, earlier, verdicts)
    count = max(cost.count, chances.count)
    facts = {"deposits": chances.deposits, "arrivals": chances.arrivals, "count": count}
    lucky = (Finding("GST-O05", "tip", facts),) if chances.count > 1 else ()
    return Opening(
        experiment="",
        case=pinned.case.name,
        identity=known_as,
        count=count,
        level=opening_level(count, cost.shown),
        units=len(np.unique(units)),
        sketch=sketch(units),
        findings=(*cost.findings, *lucky, *_counted(asked)),
    )


def verdict_of(
    pinned: Pinned, experiment: Experiment, experiment_id: str, asked: Question, opening: Opening, files: FileStore
) -> Verdict:
    """Judge the answers once against today's rule, the default and each trivial answer, on the units of the opening."""
    split, table = split_of(pinned, asked.found, asked.first.then, asked.first.key)
    opponents, rule = _opponents(pinned, split)
    written = Written(asked.also, _merged(pinned, asked))
    tested = offered(pinned, split, written, asked_of(pinned, split, asked.first.key, table), rule)
    needed = margins(pinned.case, asked.also, experiment)
    before = asked.offer.answered & ~np.isin(asked.offer.values.unit, _units(pinned, asked.found))
    kept = kept_values(experiment.differences, files)
    parts, covered = _parts(asked.offer, before, tested, opponents, kept)
    said = _judged(pinned.case, experiment, parts, needed, opening, asked.also.name, covered)
    qualifies = said.verdict == "qualifies"
    shown = tuple(_outcome(pinned, split, name, *one, experiment) for name, one in opponents.items())
    preview = tuple(one for one in experiment.outcomes if one.name in needed)
    return Verdict(
        opening="",
        experiment=experiment_id,
        case=pinned.case.name,
        verdict=said.verdict,
        winner=asked.also.name,
        figures=said.figures,
        level=opening.level,
        openings=opening.count,
        gains=said.gains,
        margins=needed,
        hardest=said.hardest,
        outcomes=(*shown, tested.outcome) if qualifies else (*preview, asked.offer.outcome),
        detectable=said.detectable,
        units_needed=said.units_needed,
        flips=(),
        findings=(*opening.findings, *said.findings),
        pictures=(),
    )


def margins(case: Case, also: Also, experiment: Experiment) -> dict[str, float]:
    """What the answers must gain per unit against each opponent; the price of calls is in their value already."""
    own = replace(case, running_cost=also.running_cost)
    standing = {one.name: one.standing for one in experiment.outcomes if one.name in experiment.margins}
    return {name: own.margin_against(of) for name, of in standing.items()}


def _rows(pinned: Pinned, found: Prospect) -> pa.Table:
    return pinned.data[pinned.task.roles[0].name].filter(pa.array(found.rows))


def _units(pinned: Pinned, found: Prospect) -> NDArray[np.int64]:
    return unit_hash(_rows(pinned, found), pinned.seal.key, pinned.seal.salt)


def _identity(pinned: Pinned, experiment: Experiment, asked: Question) -> str:
    rows = _rows(pinned, asked.found)
    fields = {name: value for name, value in vars(pinned.case).items() if name not in FREE}
    fields["money"] = vars(pinned.case.money) if pinned.case.money else None
    truth = np.sort(unit_hash(rows, (), pinned.seal.salt, "truth")).tobytes()
    return identity(
        questions=digest(canonical([one.deposit for one in asked.laid])),
        answers=canonical([asked.also.price, asked.also.running_cost]),
        truth=digest(truth),
        values=canonical(fields),
        margins=margins(pinned.case, asked.also, experiment),
        tolerance=pinned.case.tolerated,
    )


def _counted(asked: Question) -> tuple[Finding, ...]:
    """How many units are judged, which answers do not count, and who was never asked about."""
    found = asked.found
    facts = {"units": int(found.rows.sum()), "late": found.late, "open": found.open}
    new = (Finding("GST-O07", "tip", {"new": found.new}),) if found.new else ()
    return (Finding("GST-O04", "tip", facts), *new)


def _merged(pinned: Pinned, asked: Question) -> pa.Table:
    """For each judged unit the answer that was put down first for it, in the columns that all deposits have."""
    rows, key = pinned.data[pinned.task.roles[0].name], asked.first.key
    unit = unit_hash(rows, key, "", MATCHED)
    parts = []
    for place, one in enumerate(asked.laid):
        mine = np.isin(one.units, unit[asked.found.source == place])
        parts.append(one.given.filter(pa.array(mine)))
    used = [part for part in parts if part.num_rows]
    common = [name for name in used[0].column_names if all(name in part.column_names for part in used)]
    return pa.concat_tables([part.select(common) for part in used], promote_options="permissive")


def _opponents(pinned: Pinned, split: Split) -> tuple[dict[str, tuple[pa.Table, Values]], pa.Table]:
    """Each opponent's answers and values, fitted on what was known before; and the answers of today's rule."""
    task, case = pinned.task, pinned.case
    found = {}
    for row in contenders(task, case, 0):
        if row.standing != "candidate":
            fitted = row.solution.fit(split.development, pinned.seed)
            answers = fitted.answer(split.questions, live(task, split.development))
            found[row.solution.name] = (answers, task.value(case, split, answers))
    return found, next(iter(found.values()))[0]


def _parts(
    offer: Offer,
    before: NDArray[np.bool_],
    tested: Offer,
    opponents: Mapping[str, tuple[pa.Table, Values]],
    kept: Mapping[str, Values],
) -> tuple[dict[str, Part], bool]:
    """Both parts of each solution; development are the answered units that are not judged now (`before`).

    Where they are too few, development has nothing to add.
    """
    test = {offer.also.name: tested.values, **{name: values for name, (_, values) in opponents.items()}}
    covered = len(np.unique(offer.values.cluster[before])) >= MIN_CLUSTERS
    if not covered:
        return {name: Part(values, values) for name, values in test.items()}, False
    known = {**kept, offer.also.name: offer.values}
    return {name: Part(_taken(known[name], before), values) for name, values in test.items()}, True


def _taken(values: Values, keep: NDArray[np.bool_]) -> Values:
    period = None if values.period is None else values.period[keep]
    return replace(
        values, unit=values.unit[keep], cluster=values.cluster[keep], value=values.value[keep], period=period
    )


def _judged(
    case: Case,
    experiment: Experiment,
    parts: Mapping[str, Part],
    needed: Mapping[str, float],
    opening: Opening,
    name: str,
    covered: bool,
) -> Judgement:
    """Judge by the same rules as what was built; without development behind it nothing is foretold."""
    opponents = {one: part for one, part in parts.items() if one != name}
    first = opening.count == 1
    said = judge(
        parts[name], opponents, needed, opening.level, case.tolerated, _perfect_gain(experiment, needed), first
    )
    if covered or said.verdict == "qualifies":
        return said if covered else replace(said, detectable=None, units_needed=None)
    word = "not_enough_data" if said.verdict == "does_not_qualify" and not first else said.verdict
    return replace(said, verdict=word, gains={}, hardest="", detectable=None, units_needed=None)


def _perfect_gain(experiment: Experiment, needed: Mapping[str, float]) -> float:
    least = min(needed.values())
    opponents = [one for one in experiment.outcomes if one.name in needed]
    return min(experiment.perfect - one.value - needed[one.name] + least for one in opponents)


def _outcome(
    pinned: Pinned, split: Split, name: str, answers: pa.Table, values: Values, experiment: Experiment
) -> Outcome:
    standing = next(one.standing for one in experiment.outcomes if one.name == name)
    return Outcome(name, standing, float(values.value.mean()), pinned.task.metrics(pinned.case, split, answers))
