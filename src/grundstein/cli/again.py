"""Room cli. In: a released case and newer rows -> Out: its next verdict, or why it is due or not."""

from __future__ import annotations

from typing import Annotated

import typer

from grundstein.cli.terminal import Json, project, say, say_json


def again(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="A case with a live release.")],
    if_due: Annotated[bool, typer.Option("--if-due", help="Only where its `again:` says so.")] = False,
    as_json: Json = False,
) -> None:
    """Evaluate a released case on its newest rows: what is in use is one more opponent. Releases nothing.

    Example: grundstein again churn
    The sealed part stays closed where development shows too small a chance. What was stopped goes on.
    """
    from grundstein import flow
    from grundstein.cli import documents, show

    opened = project(context)
    why = flow.due(opened, case)
    if if_due and not why:
        found = flow.hint(opened, case)
        if as_json:
            say_json({"case": case, "due": "", "verdict": None})
        else:
            say([("Not due", found.text() if found else "no new rows since the last evaluation", "")])
        return
    entry = flow.again(opened, case, why)
    if as_json:
        say_json(documents.verdict_json(opened.ledger, entry) | {"due": why})
    else:
        say([("Due", why, "")] if why else [])
        say(show.verdict_rows(opened, entry))


COMMANDS = (again,)
