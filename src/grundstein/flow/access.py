"""Room flow. In: a program's name, scopes and cases -> Out: its token, shown once; who may ask a server, by hash."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, cast, get_args, get_type_hints

from grundstein.core.canonical import digest
from grundstein.core.errors import Refused, offered
from grundstein.core.records import Access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.ports import Project

SCOPES: tuple[str, ...] = get_args(get_args(get_type_hints(Access)["scopes"])[0])


def add_access(project: Project, name: str, scopes: Sequence[str], cases: Sequence[str] = ()) -> str:
    """Give a program a token and return it; only its sha256 is kept, an earlier token of that program ends.

    Refused: no scope or an unknown one, a case that is not there.
    """
    if not name.strip() or name != name.strip():
        raise Refused("A program needs a name.", "A name to find it by.", "grundstein access add NAME --scope answer")
    wrong = next((one for one in scopes if one not in SCOPES), "" if scopes else "(none)")
    if wrong:
        raise Refused(f'"{wrong}" is no scope.', offered(wrong, SCOPES), "--scope answer")
    for case in cases:
        project.case(case)
    token = secrets.token_urlsafe(32)
    number = sum(1 for _ in project.ledger.entries(Access)) + 1
    known = tuple(cast("Any", one) for one in dict.fromkeys(scopes))
    project.ledger.append(Access(name, digest(token), known, tuple(dict.fromkeys(cases)), number))
    return token


def remove_access(project: Project, name: str) -> None:
    """End a program's token; a server that runs takes notice by itself."""
    known = {one.name: one for one in _newest(project)}
    if name not in known or not known[name].token:
        named = [one.name for one in known.values() if one.token]
        raise Refused(f"{name} has no token.", offered(name, named), "grundstein access list")
    number = sum(1 for _ in project.ledger.entries(Access)) + 1
    project.ledger.append(Access(name, "", (), (), number))


def access_of(project: Project) -> list[dict[str, str]]:
    """Each program with its scopes and cases, and whether its token counts."""
    return [
        {
            "program": one.name,
            "scopes": ", ".join(one.scopes),
            "cases": ", ".join(one.cases) or ("all" if one.token else ""),
            "token": "yes" if one.token else "no",
        }
        for one in _newest(project)
    ]


def doors(project: Project) -> dict[str, Access]:
    """Who may ask, by the sha256 of the token: looking one up tells nothing about another."""
    return {one.token: one for one in _newest(project) if one.token}


def _newest(project: Project) -> list[Access]:
    rows = {said.name: said for row in project.ledger.entries(Access) if isinstance(said := row.record, Access)}
    return [rows[name] for name in sorted(rows)]
