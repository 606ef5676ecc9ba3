"""Room flow. In: the files that people write -> Out: every fault in them, with file and line; data are not touched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.core.ports import REJECTED
from grundstein.core.records import Release
from grundstein.core.standard import Standard, shortfalls, sounds_personal
from grundstein.flow import standards
from grundstein.flow.fitting import Misfit, Shelf, looked_up, misfits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.errors import GrundsteinError
    from grundstein.core.ports import Project

SETTINGS = "grundstein.yaml"
PLACE = re.compile(r"(?P<file>\S+\.ya?ml)(?:, line \d+)?: (?P<what>.*)", re.DOTALL)
DEEP = re.compile(r"line (\d+)")


@dataclass(frozen=True)
class Fault:
    """What is wrong on one line of one file."""

    file: str
    line: int
    finding: Finding

    def __str__(self) -> str:
        said = " ".join(self.finding.text().split())
        return f"{self.file}:{self.line}: {said}"


@dataclass(frozen=True)
class Checked:
    """What was checked and what was found; `ready` are the cases that can be evaluated as far as files tell."""

    cases: tuple[str, ...]
    contracts: tuple[str, ...]
    queries: int
    standard: tuple[str, ...]
    faults: tuple[Fault, ...]
    ready: tuple[str, ...] = ()
    tips: tuple[Finding, ...] = field(default=())

    @property
    def passed(self) -> Finding | None:
        """The finding that all is well; None where it is not."""
        counts = {"cases": len(self.cases), "contracts": len(self.contracts), "queries": self.queries}
        return None if self.faults else Finding("GST-N19", "passed", counts)


def check(project: Project, names: Sequence[str] | None = None) -> Checked:
    """Check every contract, case, rule and query of the folder, or of the cases that are named.

    Of named cases: their files, the contracts of the tables that they read, the settings and the standard.
    """
    for name in names or ():
        if name not in project.case_names():
            project.case(name)
    wanted = tuple(project.case_names() if names is None else names)
    faults: list[Fault] = []
    standard = _standard(project, faults)
    cases = _cases(project, wanted, faults)
    contracts, broken = _contracts(project, faults)
    shelf = Shelf(contracts, frozenset(broken))
    read = [*contracts, *broken] if names is None else _read_by(cases.values(), shelf)
    if names is not None:
        kept = {f"contracts/{name}.yaml" for name in read}
        faults = [one for one in faults if not one.file.startswith("contracts/") or one.file in kept]
    for name in read:
        faults += _contract_faults(project, name, contracts.get(name), standard)
    for name, case in cases.items():
        found = [*misfits(project, case, shelf), *_people(project, case, standard)]
        found += [((place,), one) for place, one in shortfalls(case, project.papers.stated(name), standard)]
        faults += _placed(project, f"cases/{name}.yaml", found)
    queries = project.papers.queries() if names is None else ()
    for file, line, sql in queries:
        faults += [Fault(file, line, one) for one in looked_up(sql.strip(), shelf, file, steady=False)[0]]
    faults += _high_risk(project)
    ready = tuple(name for name, case in cases.items() if not case.idea and case.task and case.data)
    told = {(one.file, one.line, one.finding.code, str(one)): one for one in faults}
    sorted_ = tuple(told[key] for key in sorted(told))
    return Checked(wanted, tuple(sorted(read)), len(queries), standard.files, sorted_, ready, _tips(project, cases))


def changed(project: Project, since: str) -> tuple[str, ...]:
    """The cases that changed since a git commit or branch: by their own file, or one that they read."""
    files = set(project.papers.changed(since))
    found = []
    for name in project.case_names():
        try:
            case = project.case(name)
        except Refused:
            case = None
        if f"cases/{name}.yaml" in files or (case is not None and files & set(_files_of(case))):
            found.append(name)
    return tuple(found)


def _files_of(case: Case) -> Iterator[str]:
    """The files besides its own on which a case's figures rest, as far as git holds them."""
    for table in _tables_of(case):
        yield f"contracts/{table}.yaml"
    for one in case.also:
        if one.kind == "python":
            yield one.python.rpartition(":")[0]


def _tables_of(case: Case) -> list[str]:
    from grundstein.lake import snapshots

    try:
        return [name for source in case.data.values() for name in snapshots.named_tables(source)]
    except Refused:
        return []


def _standard(project: Project, faults: list[Fault]) -> Standard:
    try:
        return project.standard
    except Refused as error:
        faults += _told(SETTINGS, error)
        return Standard()


def _cases(project: Project, names: Iterable[str], faults: list[Fault]) -> dict[str, Case]:
    found = {}
    for name in names:
        try:
            found[name] = project.case(name)
        except Refused as error:
            faults += _told(f"cases/{name}.yaml", error)
    return found


def _contracts(project: Project, faults: list[Fault]) -> tuple[dict[str, Contract], list[str]]:
    found: dict[str, Contract] = {}
    broken = []
    for name in project.papers.contracts():
        try:
            one = project.contract(name)
        except Refused as error:
            broken.append(name)
            faults += _told(f"contracts/{name}.yaml", error)
        else:
            found |= {name: one} if one else {}
    return found, broken


def _told(file: str, error: GrundsteinError) -> Iterator[Fault]:
    """One fault for each error of a file, at the file and line that its sentence names."""
    for one in (error, *error.others):
        placed, deep = PLACE.fullmatch(one.what), DEEP.search(one.what)
        line = int(deep[1]) if deep else 1
        named = placed["file"] if placed else file
        at = file if named == file.rpartition("/")[2] else named
        said = {"what": placed["what"] if placed else one.what, "expected": one.expected}
        yield Fault(at, line, Finding("GST-N01", "issue", said))


def _contract_faults(project: Project, name: str, one: Contract | None, standard: Standard) -> list[Fault]:
    from grundstein.production.answering import ANSWERS, QUESTIONS

    file = f"contracts/{name}.yaml"
    if one is None:
        return []
    found = list(_contradictions(name, one, file))
    if not name.endswith((ANSWERS, QUESTIONS, REJECTED)):
        found += _unowned(project, name, one, standard)
    return _placed(project, file, found)


def _contradictions(name: str, one: Contract, file: str) -> Iterator[Misfit]:
    if one.table != name:
        yield ("schema", 0, "name"), Finding("GST-N17", "issue", {"file": file, "what": f"is about {one.table}"})
    seen: set[str] = set()
    for number, column in enumerate(one.names):
        if column.casefold() in seen:
            said = {"file": file, "what": f"has the column {column} twice"}
            yield ("schema", 0, "properties", number), Finding("GST-N17", "issue", said)
        seen.add(column.casefold())


def _unowned(project: Project, name: str, one: Contract, standard: Standard) -> Iterator[Misfit]:
    if standard.contract_owner and not one.owner.strip():
        yield ("customProperties",), Finding("GST-N14", "issue", {"table": name})
    marked = project.papers.marked(name) if standard.personal_words else ()
    for number, column in enumerate(one.names):
        if column not in marked and sounds_personal(column, standard.personal_words):
            place = ("schema", 0, "properties", number)
            yield place, Finding("GST-N15", "issue", {"column": column, "table": name})


def _people(project: Project, case: Case, standard: Standard) -> Iterator[Misfit]:
    """Roles that a case, or the standard for it, asks to sign and in which nobody can."""
    from grundstein.approval.signing import is_high

    if case.idea:
        return
    for number, role in enumerate(case.signed_by):
        yield from _empty(project, role, "signed_by", ("signed_by", number))
    for role in standard.approvers_of(case):
        yield from _empty(project, role, "approvers", ("affects",))
    if (is_high(case) or standard.is_high(case)) and not project.high_risk:
        place = next((one for one in ("risk", "affects") if one in project.papers.stated(case.name)), "question")
        yield (place,), Finding("GST-N08", "issue")


def _high_risk(project: Project) -> list[Fault]:
    found: list[Misfit] = []
    for number, role in enumerate(project.high_risk):
        found += _empty(project, role, "high_risk", ("high_risk", number))
    return _placed(project, SETTINGS, found)


def _empty(project: Project, role: str, named: str, place: tuple[str | int, ...]) -> Iterator[Misfit]:
    if role not in project.roles:
        said = {"field": named, "role": role, "near": nearest(role, project.roles)}
        yield place, Finding("GST-N06", "issue", said)
    elif not project.roles[role]:
        yield place, Finding("GST-N07", "issue", {"field": named, "role": role})


def _placed(project: Project, file: str, found: Iterable[Misfit]) -> list[Fault]:
    return [Fault(file, project.papers.line(file, place), one) for place, one in found]


def _read_by(cases: Iterable[Case], shelf: Shelf) -> list[str]:
    """The tables with a contract that cases read."""
    named = {table.casefold() for case in cases for table in _tables_of(case)}
    return [name for name in (*shelf.contracts, *shelf.broken) if name.casefold() in named]


def _tips(project: Project, cases: Iterable[str]) -> tuple[Finding, ...]:
    """Live releases that were signed under another standard than today's; none where no ledger was begun."""
    if not project.begun:
        return ()
    live = {}
    for row in project.ledger.entries(Release):
        put = cast("Release", row.record)
        if put.mode == "live":
            live[put.case] = put.bond
    try:
        found = {name: standards.changed(project, live[name], name) for name in cases if name in live}
    except Refused:
        return ()
    told = [(name, fields) for name, fields in found.items() if fields]
    return tuple(Finding("GST-N18", "tip", {"case": name, "fields": ", ".join(fields)}) for name, fields in told)
