"""Room flow. In: a folder, a project or none -> Out: where it stands, and the pages that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.core.records import Promise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from grundstein.approval.assessing import Assessment
    from grundstein.core.assessing import Declared
    from grundstein.core.ports import Entry, Project


def assess(name: str, project: Project | None, declared: Sequence[Declared] = ()) -> Assessment:
    """Hold a project's records against what is asked; without a project nothing is proven.

    Refused where the ledger's chain is broken: what was changed afterwards proves nothing.
    """
    from grundstein.approval.assessing import assess as hold

    if project and (broken := project.ledger.verify()):
        raise Refused(f"The ledger is not as it was written: {broken[0]}.", "A whole chain.", "grundstein audit")
    entries = [*_replayed(project), *project.ledger.entries()] if project else []
    return hold(project.name if project else name, entries, declared)


def _replayed(project: Project) -> list[Entry]:
    """The promises of the replay's own ledger; nothing else of it counts."""
    return list(project.aside("replay").entries(Promise)) if project.has_aside("replay") else []


def write_assessment(told: Assessment, folder: Path, languages: Sequence[str] = ("en", "de")) -> list[Path]:
    """Write `assess.LANGUAGE.html` into a folder, which is made; returns the files."""
    from grundstein.approval.assess_page import page

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"assess.{language}.html" for language in languages]
    for path, language in zip(paths, languages, strict=True):
        path.write_text(page(told, language), encoding="utf-8")
    return paths
