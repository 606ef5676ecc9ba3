"""Room flow. In: the name of a case -> Out: its Question, its Snapshot, and Pinned: case, data, contract and seal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import canonical
from grundstein.core.contract import Contract
from grundstein.core.errors import Refused, offered
from grundstein.core.records import Experiment, Question, Seal, Snapshot
from grundstein.flow.released import opponent, opponent_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case
    from grundstein.core.findings import Finding
    from grundstein.core.ports import Entry, Project
    from grundstein.core.task import Data, Task
    from grundstein.evaluation.checks.twice import Filled
    from grundstein.evaluation.evaluate import Pinned

BUDGET = 8


def asked(project: Project, name: str) -> Entry:
    """Record the case as it stands; Refused for an idea."""
    case = project.case(name)
    if case.idea or not case.task or not case.data:
        raise Refused(
            f"The case {name} is an idea so far.",
            "A case with `task` and `data`, and without `idea: true`.",
            f"Complete cases/{name}.yaml",
        )
    return project.ledger.once(question_of(case))


def question_of(case: Case) -> Question:
    """The record of a case as it stands."""
    return Question(case.name, canonical(case))


def pin(entry: Entry, project: Project, test: Mapping[str, str] | None = None) -> Entry:
    """Pin the newest versions of the case's tables."""
    from grundstein.lake import snapshots

    question = cast("Question", entry.record)
    case = project.case(question.case)
    unknown = sorted(set(case.data) - {role.name for role in project.task(case.task).roles})
    if unknown:
        roles = ", ".join(role.name for role in project.task(case.task).roles)
        raise Refused(
            f"The task {case.task} has no role `{unknown[0]}`.", f"Roles: {roles}.", f"Correct cases/{case.name}.yaml"
        )
    also = {one.also.name: one.version for one in project.outside(case)} if case.also else {}
    known_at = _known_at(project, case)
    with project.tables.pinning():
        snapshot = snapshots.pin(project.tables, case, entry.id, test)
        released = opponent(project, case, snapshot)
        return project.ledger.once(replace(snapshot, also=also, known_at=known_at, released=released))


def _known_at(project: Project, case: Case) -> dict[str, str]:
    """What the contracts of the first role's tables say of when a column is known."""
    from grundstein.lake import snapshots

    first = project.task(case.task).roles[0].name
    tables = snapshots.named_tables(case.data[first]) if first in case.data else ()
    contracts = [found for name in reversed(tables) if (found := project.contract(name))]
    return {column.name: column.known_at for one in contracts for column in one.columns if column.known_at}


def pinned_of(entry: Entry, project: Project) -> Pinned:
    """Bring a Snapshot's case, data and seal together; writes time and entity into a contract that is silent."""
    from grundstein.evaluation.evaluate import Pinned
    from grundstein.evaluation.sealing import settled
    from grundstein.lake import snapshots

    snapshot = cast("Snapshot", entry.record)
    case = project.case(snapshot.case)
    task = project.task(case.task)
    missing = [role.name for role in task.roles if role.required and role.name not in case.data]
    if missing:
        raise Refused(
            f"The case {case.name} names no table for `{missing[0]}`.",
            "`data: {role: table}`.",
            f"Correct cases/{case.name}.yaml",
        )
    primary = snapshots.named_tables(case.data[task.roles[0].name])[0]
    before = project.contract(primary) or Contract(primary, ())
    case, contract = settled(case, before)
    if contract != before:
        project.write_contract(contract)
    data = snapshots.read(project.tables, case.data, snapshot, case.key)
    if case.key and case.entity not in data[task.roles[0].name].column_names:
        case = replace(case, entity="")
    data, seal = _sealed(project, snapshot, case, contract, task, data)
    in_use, changed = opponent_of(project, case, task, snapshot, contract.table)
    case, data, told = _as_known(project, entry, case, task, data, contract, seal)
    case = task.settle(case, data)
    _refuse_strangers(task, case, data)
    kept, found = project.ledger.once(seal), (*told, *changed)
    own = (case, task, snapshot.question, entry.id, seal, kept.id, data, contract, snapshot.digest)
    return Pinned(*own, BUDGET, project.lock, found, in_use)


def _as_known(
    project: Project, entry: Entry, case: Case, task: Task, data: Data, contract: Contract, seal: Seal
) -> tuple[Case, Data, tuple[Finding, ...]]:
    """Leave out what is known only afterwards, by the contract's word or by what two versions of a table show."""
    from grundstein.evaluation import timely
    from grundstein.evaluation.checks import twice

    snapshot, role = cast("Snapshot", entry.record), task.roles[0].name
    known = [name for name, said in snapshot.known_at.items() if said == "after"]
    shown = [one for one in _shown(project, entry, case, contract) if one.column not in (*known, *case.ignore)]
    shown = [one for one in shown if one.column in data[role].column_names]
    case, rows, told = timely.as_known(case, data[role], seal, snapshot.known_at, [one.column for one in shown])
    return case, {**data, role: rows}, (*told, *twice.findings(shown, snapshot.known_at))


def _shown(project: Project, entry: Entry, case: Case, contract: Contract) -> list[Filled]:
    """What the first and the last version pinned earlier show of columns that are filled when the answer comes."""
    from grundstein.evaluation.checks import twice

    target, table = str(case.options.get("target", "")), contract.table
    now = cast("Snapshot", entry.record).versions.get(table, "")
    rows = [row for row in project.ledger.entries(Snapshot) if row.sequence < entry.sequence]
    versions = dict.fromkeys(cast("Snapshot", row.record).versions.get(table, "") for row in rows)
    earlier = [version for version in versions if version not in ("", now)]
    found: dict[str, Filled] = {}
    for version in dict.fromkeys((*earlier[:1], *earlier[-1:])):
        try:
            if not target or set(project.tables.files(table, version)) <= set(project.tables.files(table, now)):
                continue
            old, new = (project.tables.read(table, one) for one in (version, now))
        except Refused:
            continue
        found |= {one.column: one for one in twice.filled_after(old, new, contract.key, target)}
    return list(found.values())


def _refuse_strangers(task: Task, case: Case, data: Data) -> None:
    """Refuse a case that names a column which its tables do not have."""
    for role, needed in task.contract(case).items():
        there = data[role].column_names if role in data else ()
        named = (*needed.names, *(case.ignore if role == task.roles[0].name else ()))
        for name in named:
            if role in data and name not in (*there, "_row"):
                said = offered(name, there)
                raise Refused(
                    f'The case {case.name} names the column "{name}", which {role} lack.',
                    said,
                    f"Correct cases/{case.name}.yaml",
                )


def _sealed(
    project: Project, snapshot: Snapshot, case: Case, contract: Contract, task: Task, data: Data
) -> tuple[Data, Seal]:
    from grundstein.evaluation import sealing
    from grundstein.lake import snapshots

    role, history = task.roles[0].name, _history(project, contract.table)
    last = snapshot.rows[contract.table]
    if snapshot.test:
        seal = sealing.given_seal(contract, project.salt, last)
        if any(_given(earlier) != _given(snapshot) for _, earlier in history):
            raise Refused(
                f"The table {contract.table} was evaluated before this test table was named.",
                "A test table named before the first evaluate, so that nobody could pick it.",
                f"grundstein decide {case.name}, without --test",
            )
        test = snapshots.read(project.tables, snapshot.test, snapshot, case.key)
        sealing.refuse_overlap(data[role], test[role], seal)
        return {**data, role: sealing.behind(data[role], test[role], last)}, seal
    own = case.data[role] == contract.table
    rows = data[role] if own else project.tables.read(contract.table, snapshot.versions[contract.table])
    before = [(earlier, pinned.rows[contract.table]) for earlier, pinned in history]
    seal = sealing.seal_table(rows, case, contract, project.salt, before)
    return (data if own else {**data, role: sealing.selected(data[role], rows, seal, case)}), seal


def _given(snapshot: Snapshot) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The given test tables of a snapshot, and the pinned versions of all tables: both were committed by digest."""
    return snapshot.test, snapshot.versions


def _history(project: Project, table: str) -> list[tuple[Seal, Snapshot]]:
    found = []
    for entry in project.ledger.entries(Experiment):
        experiment = cast("Experiment", entry.record)
        seal = cast("Seal", project.ledger.get(experiment.seal).record)
        if seal.table == table:
            found.append((seal, cast("Snapshot", project.ledger.get(experiment.snapshot).record)))
    return found
