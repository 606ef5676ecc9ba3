"""Room flow. In: a project -> Out: what in its ledger nobody signed; such a signature or release counts nowhere."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, cast

from grundstein.core.errors import Refused
from grundstein.core.records import Denial, SignOff

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from grundstein.core.ports import Entry, Project
    from grundstein.core.records import Release


def forged(project: Project) -> Iterator[str]:
    """One sentence for each signature and release that cannot be genuine."""
    from grundstein.approval.genuine import flaws

    rows = list(project.ledger.entries())
    kinds = {row.sequence: type(row.record).__name__ for row in rows}
    for sequence, why in flaws(rows).items():
        yield f"row {sequence} ({kinds[sequence]}) cannot be genuine: {why}"


def refuse_forged(project: Project, row: Entry) -> None:
    """Refuse to answer with a release that nobody signed."""
    from grundstein.approval.genuine import flaws

    why = flaws(project.ledger.entries()).get(row.sequence)
    if why:
        raise Refused(
            f"The release of {cast('Release', row.record).case} in row {row.sequence} cannot be genuine: {why}.",
            "A release whose signatures stand in the ledger.",
            "grundstein audit, and ask who can write the ledger",
        )


def refuse_strange(rows: Sequence[Entry], person: str, token: str) -> None:
    """Refuse to sign on while the ledger holds a signature in a person's name that their token did not make."""
    from grundstein.approval.genuine import not_mine

    for row in not_mine(rows, person, token):
        raise Refused(
            f"Row {row.sequence} holds a signature in the name of {person} that their token did not make.",
            "Only signatures that a person gave.",
            f"Find out who wrote row {row.sequence}; grundstein people add gives a new token",
        )


def signatures(project: Project, token: str) -> list[dict[str, str | int]]:
    """Every signature in the name of the person whose token it is, and whether this token made it."""
    from grundstein.approval.genuine import flaws, not_mine
    from grundstein.approval.signing import known_person, people

    rows = list(project.ledger.entries())
    person = known_person(rows, token)
    strange = {row.sequence for row in not_mine(rows, person, token)}
    given, wrong = people(rows)[person], flaws(rows)
    since = max(row.sequence for row in rows if row.record == given)
    found: list[dict[str, str | int]] = []
    for row in rows:
        said = row.record
        if isinstance(said, SignOff) and said.person == person:
            told = "no" if row.sequence in strange or row.sequence in wrong else "yes"
            mine = told if row.sequence > since else "an earlier token"
            found.append({"row": row.sequence, "case": said.case, "said": said.decision, "at": row.at, "mine": mine})
    return found


def read_token(project: Project, case: str, path: Path) -> str:
    """Read a token from a file of one's own that nobody else can read; what is refused is written to the ledger.

    Where the system knows no owners (Windows) its own rights alone protect the file.
    """
    what = _open_to_others(path)
    if what:
        project.ledger.append(Denial(case, "sign", what))
        raise Refused(what, "A file of your own that nobody else can read.", f"chmod 600 {path}, as its owner")
    return path.read_text(encoding="utf-8").strip()


def _open_to_others(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        return f"The token's file cannot be read: {error.strerror}."
    if not hasattr(os, "geteuid"):
        return ""
    if found.st_uid != os.geteuid():
        return "The token's file belongs to somebody else."
    return "Others can read the token's file." if stat.S_IMODE(found.st_mode) & 0o077 else ""
