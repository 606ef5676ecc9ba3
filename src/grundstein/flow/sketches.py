"""Room flow. In: a live release -> Out: the Sketch of its snapshot, read once and kept in the project's cache.

The cache is named by all that a sketch is made of; without it the snapshot is read again and the same comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import pyarrow as pa

from grundstein.core.canonical import canonical, digest
from grundstein.core.contract import Contract
from grundstein.core.task import Frugal, Questioned
from grundstein.flow.answering import answerer, signed_case
from grundstein.tools.sealing import HOUSE_COLUMNS, unit_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Entry, Project
    from grundstein.core.records import Experiment, Release, Seal, Snapshot
    from grundstein.core.task import Split, Task
    from grundstein.production.sketching import Sketch

CACHE = (".grundstein", "watch")
SAID = ("answer", "probability")


@dataclass(frozen=True)
class Signed:
    """What the ledger says of a release, before a row is read; `case` as it was signed.

    `main` is the contract of the first role's table (empty of a SELECT), `personal` the columns that tell of a person.
    """

    entry: Entry
    case: Case
    task: Task
    seal: Seal
    experiment: Experiment
    snapshot: Snapshot
    pinned_at: str
    main: Contract
    personal: tuple[str, ...]

    @property
    def release(self) -> Release:
        """The release's record."""
        return cast("Release", self.entry.record)


class Opened(NamedTuple):
    """The case as its rows settle it, the columns of a question with its key, and the rows, split."""

    case: Case
    question: pa.Schema
    split: Split


def signed(project: Project, entry: Entry) -> Signed:
    """Read what a release rests on from the ledger and the contract."""
    from grundstein.evaluation.sealing import settled
    from grundstein.lake import snapshots

    release = cast("Release", entry.record)
    pinned = project.ledger.get(release.bond.snapshot)
    experiment = cast("Experiment", project.ledger.get(release.bond.experiment).record)
    seal = cast("Seal", project.ledger.get(experiment.seal).record)
    case = signed_case(project, release)
    task = project.task(case.task)
    source = case.data[task.roles[0].name]
    tables = snapshots.named_tables(source)
    case, main = settled(case, project.contract(source) or Contract(tables[0], ()))
    contracts = [found for name in tables if (found := project.contract(name))]
    personal = sorted({column.name for one in contracts for column in one.columns if column.personal})
    snapshot = cast("Snapshot", pinned.record)
    return Signed(entry, case, task, seal, experiment, snapshot, pinned.at, main, tuple(personal))


def opened(project: Project, found: Signed) -> Opened:
    """Read the snapshot of a release and split it as it was split."""
    from grundstein.evaluation.timely import as_known
    from grundstein.lake import snapshots

    case, role = found.case, found.task.roles[0].name
    data = dict(snapshots.read(project.tables, case.data, found.snapshot, case.key))
    if case.key and case.entity not in data[role].column_names:
        case = replace(case, entity="")
    case, data[role], _ = as_known(case, data[role], found.seal, found.snapshot.known_at)
    case = found.task.settle(case, data)
    split = found.task.seal(data, case, found.seal)
    return Opened(case, _asked(split.questions.schema, data[role].schema, found.main.key), split)


def _asked(questions: pa.Schema, rows: pa.Schema, key: tuple[str, ...]) -> pa.Schema:
    """The columns of a question with its key, also where the case ignores that: it names answers and truths."""
    for name in key:
        if name in rows.names and name not in questions.names:
            questions = questions.append(rows.field(name))
    return questions


def sketch(project: Project, found: Signed) -> Sketch:
    """Return what watching needs of a release's snapshot, from the cache where it is there; a case has one there."""
    from grundstein.production import sketching

    made_of = (sketching.FORM, found.entry.id, found.snapshot.digest, found.seal.salt, project.lock)
    name = digest(canonical([*made_of, canonical(found.main), found.personal]))
    path = project.root.joinpath(*CACHE, found.case.name, f"{name}.npz")
    known = sketching.kept(path)
    if known is None:
        project.progress.step(f"{found.case.name}: reading what was signed")
        known = _sketch(project, found, opened(project, found))
        sketching.keep(path, known)
    return known


def naming(case: Case, main: Contract) -> tuple[str, ...]:
    """The columns that say whom a row is about: the entity, else the key."""
    return (case.entity,) if case.entity else main.key


def _sketch(project: Project, found: Signed, rows: Opened) -> Sketch:
    """The columns of the questions as learnt from and judged; the answers as they were to the sealed questions.

    Columns that only number or name their rows are left out: later rows have other numbers. Where a question is no row
    of the first role's table, the sealed questions alone say what questions are like.
    """
    from grundstein.evaluation.checks.rows import numbers_rows
    from grundstein.evaluation.experiment import live
    from grundstein.production import drifting, seasons, sketching

    case, split = rows.case, rows.split
    development, sealed = split.development[found.task.roles[0].name], split.questions
    names = naming(case, found.main)
    hidden = {*HOUSE_COLUMNS, *names, *found.main.key, case.time}
    learned = sealed.slice(0, 0) if isinstance(found.task, Questioned) else development.select(sealed.column_names)
    both = pa.concat_tables([learned, sealed], promote_options="permissive")
    shown = [name for name in sealed.column_names if name not in hidden and not numbers_rows(both[name], name)]
    each = once_each(both, names)
    asked = drifting.references(each, shown, dict.fromkeys(found.personal, project.salt))
    fresh = sealed if sealed.num_rows >= drifting.FEWEST or not learned.num_rows else learned
    solution = answerer(project, found.entry, rows.question).solution
    told = solution.answer(fresh, live(found.task, split.development))
    said = drifting.references(told, [name for name in SAID if name in told.column_names])
    return sketching.Sketch(
        canonical(case),
        split.how,
        rows.question,
        tuple(sealed.column_names),
        _valued(found.task, case, development),
        asked,
        said,
        seasons.kept(each, case.time, asked),
    )


def _valued(task: Task, case: Case, development: pa.Table) -> pa.Table | None:
    """The one column that values rest on, in order of its values; None where they rest on more."""
    if not isinstance(task, Frugal):
        return None
    name = task.valued_by(case)
    return development.select([name]).sort_by(name)


def once_each(rows: pa.Table, naming: Sequence[str]) -> pa.Table:
    """The last row about each unit: rows about the same one are no independent draws."""
    names = [name for name in naming if name in rows.column_names]
    if not names or not rows.num_rows:
        return rows
    hashed = unit_hash(rows, names, "")[::-1]
    last = rows.num_rows - 1 - np.unique(hashed, return_index=True)[1]
    return rows.take(pa.array(np.sort(last)))
