"""Room cli. In: a program -> Out: the token with which it may ask a server, its end, or a list of them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from grundstein.cli.terminal import Json, grid, project, say, say_json


def access(
    context: typer.Context,
    act: Annotated[Literal["add", "remove", "list"], typer.Argument(help="add, remove or list.")],
    name: Annotated[str, typer.Argument(help="The program.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="answer, feedback or metrics; may be repeated.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="A case it may ask about; none: all.")] = None,
    as_json: Json = False,
) -> None:
    """Give a program the token that asks a server, take it back, or list who may ask.

    Example: grundstein access add shop --scope answer --scope feedback --case churn
    """
    from grundstein import flow

    opened = project(context)
    if act == "list":
        rows = flow.access_of(opened)
        return say_json(rows) if as_json else grid(rows)
    if act == "remove":
        flow.remove_access(opened, name)
        return say_json({"program": name, "token": None}) if as_json else say([("Ended", f"the token of {name}", "")])
    token = flow.add_access(opened, name, scope or [], case or [])
    if as_json:
        return say_json({"program": name, "token": token})
    return say([("Token", token, ""), ("Keep", f"it is shown once and asks as {name}; only its hash is kept", "")])


COMMANDS = (access,)
