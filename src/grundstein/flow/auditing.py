"""Room flow. In: a project -> Out: one sentence for each thing that is not as it was committed, kept or written."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import digest
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Report, Snapshot
from grundstein.flow.forging import forged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grundstein.core.ports import Project


def audit(project: Project) -> list[str]:
    """Walk the chain; read again signatures, each table as it is and as it was pinned, every model, the reports."""
    kept = (*_tables(project), *_models(project), *_reports(project))
    return [*project.ledger.verify(), *forged(project), *kept]


def holds(project: Project, head: str) -> bool:
    """Tell whether a head that an earlier report carries is in the chain."""
    return any(row.hash == head for row in project.ledger.entries())


def _tables(project: Project) -> Iterator[str]:
    for name, versions in _versions(project).items():
        there = []
        for version in versions:
            try:
                there.append(project.tables.info(name, version).version)
            except Refused as error:
                yield f"{name}: {error.what}"
        for file in project.tables.changed(name, *there) if there else ():
            yield f"{name}: {file} is not what was committed"


def _versions(project: Project) -> dict[str, list[str]]:
    """The newest version of each table, and every one that a Snapshot pins."""
    found = {name: [project.tables.info(name).version] for name in project.tables.names()}
    for row in project.ledger.entries(Snapshot):
        for name, version in cast("Snapshot", row.record).versions.items():
            known = found.setdefault(name, [])
            if version and version not in known:
                known.append(version)
    return found


def _models(project: Project) -> Iterator[str]:
    seen = set()
    for row in project.ledger.entries(Experiment):
        for one in cast("Experiment", row.record).outcomes:
            kept = one.model.partition(":")[2]
            if kept and kept not in seen:
                seen.add(kept)
                try:
                    project.files.folder(kept)
                except Refused as error:
                    yield f"{cast('Experiment', row.record).case}, {one.name}: {error.what}"


def _reports(project: Project) -> Iterator[str]:
    newest = {cast("Report", row.record).case: cast("Report", row.record) for row in project.ledger.entries(Report)}
    for case, told in newest.items():
        for language, sha256 in told.pages.items():
            page = project.page(case, language)
            if page and digest(page) != sha256:
                yield f"reports/{case}.{language}.html is not what was written"
