"""Room cli. In: tables that many batches have come to -> Out: the same rows in few files, and what that freed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grundstein.cli.terminal import Json, project, say, say_json

if TYPE_CHECKING:
    from grundstein.core.ports import Tidied


def tidy(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="A table; all of them where it is left out.")] = "",
    hours: Annotated[float, typer.Option(min=0, help="How long a file is kept that no version needs any more.")] = 24,
    as_json: Json = False,
) -> None:
    """Join small files and delete what nothing needs; rows, pinned versions and the ledger stay as they are.

    Example: grundstein tidy customers
    """
    from dataclasses import asdict

    from grundstein import flow

    done = flow.tidy(project(context), table, hours * 3600)
    if as_json:
        say_json([{"table": name, **asdict(one)} for name, one in done.items()])
        return
    say(("Tidied", _said(name, one), "") for name, one in done.items())
    say([("Next", "grundstein tables", "")])


def _said(name: str, one: Tidied) -> str:
    return (
        f"{name}: {one.joined:,} files joined, {one.expired:,} versions forgotten, "
        f"{one.deleted:,} files deleted ({one.freed / 1e6:,.1f} MB)"
    )


COMMANDS = (tidy,)
