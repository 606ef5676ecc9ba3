"""Room approval. In: the ledger's records and the case as it stood -> Out: Story, all that a report may speak of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from grundstein.approval.memory import edits
from grundstein.core.canonical import restore
from grundstein.core.case import Case
from grundstein.core.records import Batch, Experiment, Gain, Opening, Question, Release, Seal, Snapshot, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.findings import Finding
    from grundstein.core.ports import Entry, Head, Ledger
    from grundstein.core.records import Outcome, Promise

Kind = Literal["list", "sort", "number", "rank", "other"]
THOUSAND = 1000.0
CHALLENGERS = ("candidate", "outside")


class Attempt(NamedTuple):
    """An earlier answer to this question, or to another one on the same tables; `verdict` is a verdict's word."""

    case: str
    verdict: str
    date: str
    why: str


class Step(NamedTuple):
    """One record of the trail: its kind, its id and the ISO date it was written."""

    kind: str
    id: str
    date: str


class InUse(NamedTuple):
    """What answers today: the solution and the ISO date of its release."""

    solution: str
    since: str


@dataclass(frozen=True)
class Story:
    """All that a report may speak of. Without a verdict it is the preview of an experiment.

    `edits` are the changes of the case since its first evaluation, `batches` the arrivals at its tables, `promises`
    those of a replay of the same snapshot. `in_use` is the released model that stood against the winner.
    """

    question: Case
    snapshot: Snapshot
    experiment: Experiment
    verdict: Verdict | None
    head: Head
    currency: str
    project: str
    edits: tuple[str, ...] = ()
    tried: tuple[Attempt, ...] = ()
    trail: tuple[Step, ...] = ()
    opening: Opening | None = None
    seal: Seal | None = None
    batches: tuple[Batch, ...] = ()
    promises: tuple[Promise, ...] = ()
    in_use: InUse | None = None

    @property
    def sealed(self) -> bool:
        """Whether the figures are of the sealed part."""
        return self.verdict is not None and self.verdict.figures == "sealed"

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each solution did, on the rows that the figures are of."""
        return (self.verdict.outcomes if self.verdict else ()) or self.experiment.outcomes

    @property
    def baseline(self) -> Outcome | None:
        """Today's rule, or the simplest thing that works."""
        return next((outcome for outcome in self.outcomes if outcome.standing == "baseline"), None)

    @property
    def released(self) -> Outcome | None:
        """How what is in use today did, where it was compared."""
        return next((outcome for outcome in self.outcomes if outcome.standing == "released"), None)

    @property
    def winner(self) -> Outcome | None:
        """The one candidate that was judged; of a deposit the answers from outside."""
        return next((o for o in self.outcomes if o.name == self._judged and o.standing in CHALLENGERS), None)

    @property
    def _judged(self) -> str:
        return self.verdict.winner if self.verdict else self.experiment.winner

    @property
    def running_cost(self) -> float:
        """What running the judged solution costs in a period, by the case."""
        if self.winner is None or self.winner.standing != "outside":
            return self.question.running_cost
        return next((one.running_cost for one in self.question.also if one.name == self._judged), 0.0)

    @property
    def margins(self) -> Mapping[str, float]:
        """What the winner must gain per unit against each opponent."""
        return (self.verdict.margins if self.verdict else {}) or self.experiment.margins

    @property
    def gains(self) -> Mapping[str, Gain]:
        """The winner's gain per unit against each opponent, before the margin; a preview knows the baseline's alone."""
        judged = self.verdict.gains if self.verdict else {}
        order = [outcome.name for outcome in self.outcomes]
        known = {name: judged[name] for name in order if name in judged and name in self.margins}
        alone = self.experiment.gains.get(self._judged)
        return known or ({self.baseline.name: alone} if alone and self.baseline else {})

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks and the judge found, each once; what both looked at as the judge saw it."""
        judged = self.verdict.findings if self.verdict else ()
        seen = {finding.code for finding in judged}
        found: list[Finding] = []
        for finding in (*judged, *(one for one in self.experiment.findings if one.code not in seen)):
            if finding not in found:
                found.append(finding)
        return tuple(found)

    @property
    def tested(self) -> int:
        """Units of the sealed part."""
        return self.opening.units if self.opening else self.experiment.units_test

    @property
    def last_day(self) -> str:
        """The ISO date of the newest record of the trail; empty where there is none."""
        return max((step.date for step in self.trail), default="")

    @property
    def kind(self) -> Kind:
        """What the answers are: a list to act on, a sorting into classes, a number, a ranking, or something else."""
        measure, form = self.experiment.measure, self.question.money.form if self.question.money else ""
        metrics = {name for outcome in self.outcomes for name in outcome.metrics}
        if form == "classes":
            return "sort"
        if form == "ranking" or "@" in measure or any("@" in name for name in metrics):
            return "rank"
        if form == "number" or measure == "absolute_error" or "mae" in metrics:
            return "number"
        if "f1_macro" in metrics and "roc_auc" not in metrics:
            return "sort"
        return "list" if "acted" in metrics else "other"

    @property
    def factor(self) -> float:
        """What a value per unit is multiplied by to be read: units of a period, or 1,000; 1 where it is no money."""
        if not self.experiment.money:
            return 1.0
        return self.question.volume or THOUSAND

    def cost(self, outcome: Outcome) -> float:
        """Running cost of a solution in a period: the case's for a candidate, its own for today's rule and others."""
        if not (self.experiment.money and self.question.volume):
            return 0.0
        by_standing = {"baseline": self.question.baseline_cost}
        by_standing |= dict.fromkeys(("candidate", "released"), self.question.running_cost)
        if outcome.standing == "outside":
            return next((one.running_cost for one in self.question.also if one.name == outcome.name), 0.0)
        return by_standing.get(outcome.standing, 0.0)

    def result(self, outcome: Outcome) -> float:
        """What a solution brings, scaled and after its running cost."""
        return outcome.value * self.factor - self.cost(outcome)

    def gain_over(self, opponent: str) -> Gain | None:
        """The winner's gain against an opponent, scaled and after the difference in running cost."""
        gain, winner = self.gains.get(opponent), self.winner
        against = next((outcome for outcome in self.outcomes if outcome.name == opponent), None)
        if gain is None or winner is None or against is None:
            return None
        extra = self.cost(winner) - self.cost(against)
        return Gain(*(part * self.factor - extra for part in (gain.mean, gain.low, gain.high)))

    def needed_over(self, opponent: str) -> float:
        """What a gain must exceed, scaled and after the difference in running cost."""
        against = next((outcome for outcome in self.outcomes if outcome.name == opponent), None)
        margin = self.margins.get(opponent, self.question.worthwhile)
        if against is None or self.winner is None:
            return margin * self.factor
        return margin * self.factor - (self.cost(self.winner) - self.cost(against))

    @property
    def hardest(self) -> str:
        """The opponent that is hardest to beat: the verdict's, else the one whose range comes nearest to its margin."""
        if self.verdict and self.verdict.hardest in self.gains:
            return self.verdict.hardest
        return min(self.gains, key=lambda name: self.gains[name].low - self.margins.get(name, 0.0), default="")


def story(entry: Entry, ledger: Ledger, name: str, currency: str, replayed: Sequence[Promise] = ()) -> Story:
    """Gather what led to a Verdict (or to an Experiment: a preview) from the ledger alone."""
    verdict = entry.record if isinstance(entry.record, Verdict) else None
    run = ledger.get(verdict.experiment) if verdict else entry
    experiment = cast("Experiment", run.record)
    asked, pinned, sealed = (ledger.get(i) for i in (experiment.question, experiment.snapshot, experiment.seal))
    opened = ledger.get(verdict.opening) if verdict and verdict.opening else None
    snapshot = cast("Snapshot", pinned.record)
    rows = [row for row in ledger.entries() if row.sequence <= entry.sequence]
    arrived = _arrivals(rows, snapshot)
    path = [*arrived, asked, pinned, sealed, run, *([opened] if opened else []), *([entry] if verdict else [])]
    return Story(
        question=case_of(cast("Question", asked.record)),
        snapshot=snapshot,
        experiment=experiment,
        verdict=verdict,
        head=ledger.head(),
        currency=currency,
        project=name,
        edits=tuple(edits([q for q in _questions(rows) if q.case == experiment.case])),
        tried=_tried(rows, entry, snapshot),
        trail=tuple(Step(type(row.record).__name__, row.id, row.at[:10]) for row in path),
        opening=cast("Opening", opened.record) if opened else None,
        seal=cast("Seal", sealed.record),
        batches=tuple(cast("Batch", row.record) for row in arrived),
        promises=tuple(one for one in replayed if one.snapshot == experiment.snapshot),
        in_use=_in_use(ledger, snapshot),
    )


def _in_use(ledger: Ledger, snapshot: Snapshot) -> InUse | None:
    entry = ledger.get(snapshot.released) if snapshot.released else None
    return InUse(cast("Release", entry.record).bond.solution, entry.at[:10]) if entry else None


def case_of(question: Question) -> Case:
    """Return the case as it stood when it was asked."""
    return cast("Case", restore(Case, json.loads(question.fields)))


def _questions(rows: Sequence[Entry]) -> list[Question]:
    return [row.record for row in rows if isinstance(row.record, Question)]


def _arrivals(rows: Sequence[Entry], snapshot: Snapshot) -> list[Entry]:
    """The batches that the pinned versions hold, in order of arrival."""
    open_tables, found = set(snapshot.versions), []
    for row in rows:
        if isinstance(row.record, Batch) and row.record.table in open_tables:
            found.append(row)
            if row.record.version == snapshot.versions[row.record.table]:
                open_tables.discard(row.record.table)
    return found


def _tried(rows: Sequence[Entry], subject: Entry, snapshot: Snapshot) -> tuple[Attempt, ...]:
    """Earlier verdicts of this case, or of another one on the same tables; the newest first."""
    by_id = {row.id: row.record for row in rows}
    found = []
    for row in rows:
        if not isinstance(row.record, Verdict) or row.id == subject.id:
            continue
        run = by_id.get(row.record.experiment)
        pinned = by_id.get(run.snapshot) if isinstance(run, Experiment) else None
        if isinstance(pinned, Snapshot) and set(pinned.versions) & set(snapshot.versions):
            found.append(Attempt(row.record.case, row.record.verdict, row.at[:10], _why(row.record)))
    return tuple(reversed(found))


def _why(verdict: Verdict) -> str:
    """What decided, in a form that needs no language: winner, opponent, gain per unit with its range."""
    gain = verdict.gains.get(verdict.hardest)
    if gain is None:
        return verdict.winner
    return f"{verdict.winner} – {verdict.hardest}: {gain.mean:+.3g} [{gain.low:+.3g} … {gain.high:+.3g}]"
