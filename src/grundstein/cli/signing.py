"""Room cli. In: a person and a case -> Out: a token, a signature, a release; what stands in the way is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from grundstein.cli.terminal import Json, grid, project, say, say_json
from grundstein.core.errors import Misused

if TYPE_CHECKING:
    from grundstein.core.ports import Entry
    from grundstein.core.records import Release, SignOff
    from grundstein.project.folder import Folder

VARIABLE = "GRUNDSTEIN_TOKEN"
TokenFile = Annotated[Path | None, typer.Option(help=f"A file of your own with the token; else {VARIABLE}.")]
Solution = Annotated[str, typer.Option(help="The winner or today's rule; else the winner where it qualifies.")]


def people(
    context: typer.Context,
    act: Annotated[Literal["add", "remove", "list", "check"], typer.Argument(help="add, remove, list or check.")],
    name: Annotated[str, typer.Argument(help="The person, as grundstein.yaml lists the roles.")] = "",
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Give a person the token that signs, take it back, list who may sign, or check what was signed by one's own token.

    Example: grundstein people add NAME
    """
    from grundstein import flow
    from grundstein.flow.forging import signatures

    opened = project(context)
    if act == "list":
        rows = flow.people_of(opened)
        return say_json(rows) if as_json else grid(rows)
    if act == "check":
        signed = signatures(opened, _token(opened, "", token_file))
        return say_json(signed) if as_json else grid(signed)
    if act == "remove":
        flow.remove_person(opened, name)
        return say_json({"person": name, "token": None}) if as_json else say([("Ended", f"the token of {name}", "")])
    token = flow.add_person(opened, name)
    if as_json:
        return say_json({"person": name, "token": token})
    return say([("Token", token, ""), ("Keep", f"it is shown once and signs as {name}; only its hash is kept", "")])


def sign(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case.")],
    approve: Annotated[
        bool | None, typer.Option("--approve/--refuse", help="The decision.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; a refusal needs one.")] = "",
    role: Annotated[str, typer.Option(help="The role in which to sign, where there are several.")] = "",
    solution: Solution = "",
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Show what the report says first, and sign or refuse it as the person whose token it is.

    Example: grundstein sign churn --approve
    """
    from grundstein import flow
    from grundstein.cli import show

    opened = project(context)
    found = flow.standing(opened, case, solution)
    if not as_json:
        say(show.verdict_rows(opened, opened.ledger.get(found.bond.verdict)))
        say([("Signs for", _named(found.bond.solution), ""), ("Missing", ", ".join(found.missing) or "nothing", "")])
    decided = _decision(approve)
    entry = flow.sign(opened, case, _token(opened, case, token_file), decided, reason, role, solution)
    after = flow.standing(opened, case, solution, deep=False)
    say_json(_signed(entry, after.missing)) if as_json else say(_sign_rows(entry, after.missing))


def release(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case.")],
    solution: Solution = "",
    shadow: Annotated[bool, typer.Option(help="Answer beside the live release, compared only.")] = False,
    back: Annotated[bool, typer.Option(help="Make the release before the live one live again.")] = False,
    as_json: Json = False,
) -> None:
    """Put the signed solution to work; never one that was fitted again.

    Example: grundstein release churn
    """
    from grundstein import flow

    opened = project(context)
    entry = flow.roll_back(opened, case) if back else flow.release(opened, case, solution, shadow=shadow)
    put = cast("Release", entry.record)
    if as_json:
        say_json({"release": entry.id, "at": entry.at, **_release(put)})
        return
    words = "Back to" if put.back else "Shadow" if put.mode == "shadow" else "Released"
    say([(words, f"{_named(put.bond.solution)} of {case}, until {put.until}", ""), ("Release", entry.id[:12], "")])


def _token(opened: Folder, case: str, path: Path | None) -> str:
    from grundstein.flow.forging import read_token

    if path:
        return read_token(opened, case, path)
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE].strip()
    if not sys.stdin.isatty():
        raise Misused("No token is given.", f"--token-file FILE, or {VARIABLE} is set.", "grundstein people add NAME")
    return str(typer.prompt("Token", hide_input=True)).strip()


def _decision(approve: bool | None) -> str:
    if approve is None and sys.stdin.isatty():
        approve = typer.confirm("Approve?")
    if approve is None:
        raise Misused("Nothing was decided.", "--approve or --refuse.", "grundstein sign CASE --approve")
    return "approve" if approve else "refuse"


def _named(solution: str) -> str:
    from grundstein.cli.show import called

    return called(solution)


def _signed(entry: Entry, missing: tuple[str, ...]) -> dict[str, Any]:
    said = cast("SignOff", entry.record)
    return {"signature": entry.id, "at": entry.at, **vars(said), "bond": vars(said.bond), "missing": list(missing)}


def _sign_rows(entry: Entry, missing: tuple[str, ...]) -> list[tuple[str, str, str]]:
    said = cast("SignOff", entry.record)
    word = "Approved" if said.decision == "approve" else "Refused"
    rows = [(word, f"by {said.person} as {said.role}, until {said.until}", "")]
    if said.decision == "refuse":
        return [*rows, ("Reason", said.reason, "")]
    waits = f"waits for {', '.join(missing)}" if missing else f"grundstein release {said.case}"
    return [*rows, ("Next", waits, "")]


def _release(put: Release) -> dict[str, Any]:
    return {**vars(put), "bond": vars(put.bond), "signatures": list(put.signatures)}


COMMANDS = (people, sign, release)
