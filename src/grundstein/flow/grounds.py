"""Room flow. In: a live release -> Out: Ground, what it rests on: case, rows, models and figures as signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from grundstein.core.contract import Contract
from grundstein.core.records import Experiment, Gain, Release, Seal, Snapshot, Verdict
from grundstein.flow.answering import answerer, signed_case

if TYPE_CHECKING:
    from pyarrow import Schema

    from grundstein.core.case import Case
    from grundstein.core.ports import Entry, Project
    from grundstein.core.task import Solution, Split, Task
    from grundstein.production.answering import Answerer


@dataclass(frozen=True)
class Ground:
    """All that a release rests on. `main` is the contract of the first role's table (empty of a SELECT)."""

    entry: Entry
    case: Case
    task: Task
    split: Split
    seal: Seal
    experiment: Experiment
    verdict: Verdict
    snapshot: Snapshot
    pinned_at: str
    main: Contract
    answers: Answerer

    @property
    def release(self) -> Release:
        """The release's record."""
        return cast("Release", self.entry.record)

    @property
    def target(self) -> str:
        """The column whose value is the truth; empty where the task has none."""
        return str(self.case.options.get("target", ""))

    @property
    def baseline(self) -> str:
        """The name of the baseline that it was judged against."""
        return next(one.name for one in self.experiment.outcomes if one.standing == "baseline")

    @property
    def signed(self) -> Gain:
        """The gain per unit over the baseline that was signed; nothing where the baseline itself was released."""
        if self.release.bond.solution == self.baseline:
            return Gain(0.0, 0.0, 0.0)
        return self.verdict.gains.get(self.baseline) or self.experiment.gains[self.release.bond.solution]

    @property
    def naming(self) -> tuple[str, ...]:
        """The columns that say whom a row is about: the entity, else the key."""
        return (self.case.entity,) if self.case.entity else self.main.key


def ground(project: Project, entry: Entry) -> Ground:
    """Bring together what a release rests on; the case is the one that was signed, whatever its file says now."""
    from grundstein.evaluation.sealing import settled
    from grundstein.evaluation.timely import as_known
    from grundstein.lake import snapshots

    release = cast("Release", entry.record)
    pinned = project.ledger.get(release.bond.snapshot)
    snapshot = cast("Snapshot", pinned.record)
    experiment = cast("Experiment", project.ledger.get(release.bond.experiment).record)
    seal = cast("Seal", project.ledger.get(experiment.seal).record)
    case = signed_case(project, release)
    task = project.task(case.task)
    role = task.roles[0].name
    main = project.contract(case.data[role]) or Contract(snapshots.named_tables(case.data[role])[0], ())
    case, main = settled(case, main)
    data = dict(snapshots.read(project.tables, case.data, snapshot))
    if case.key and case.entity not in data[role].column_names:
        case = replace(case, entity="")
    case, data[role], _ = as_known(case, data[role], seal, snapshot.known_at)
    case = task.settle(case, data)
    split = task.seal(data, case, seal)
    verdict = cast("Verdict", project.ledger.get(release.bond.verdict).record)
    answers = answerer(project, entry, _asked(split.questions.schema, data[role].schema, main.key))
    return Ground(entry, case, task, split, seal, experiment, verdict, snapshot, pinned.at, main, answers)


def _asked(questions: Schema, rows: Schema, key: tuple[str, ...]) -> Schema:
    """The columns of a question with its key, also where the case ignores that: it names answers and truths."""
    for name in key:
        if name in rows.names and name not in questions.names:
            questions = questions.append(rows.field(name))
    return questions


def solution_of(project: Project, found: Ground, name: str) -> Solution:
    """Load a solution that was judged beside the released one, its files checked."""
    model = next(one.model for one in found.experiment.outcomes if one.name == name)
    kind, _, kept = model.partition(":")
    return found.task.load(kind, project.files.folder(kept))
