"""Room flow. In: a project -> Out: what in its ledger nobody signed; such a signature or release counts nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
