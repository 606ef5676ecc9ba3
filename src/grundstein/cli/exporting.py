"""Room cli. In: a project and a folder -> Out: its experiments and releases where others look."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import Annotated, Literal

import typer

from grundstein.cli.terminal import Json, project, say, say_json


def export(
    context: typer.Context,
    form: Annotated[Literal["mlflow"], typer.Argument(help="mlflow: a store that `mlflow ui` shows.")],
    to: Annotated[Path, typer.Option(help="The folder of the store; made if new, added to if not.")],
    as_json: Json = False,
) -> None:
    """Write every experiment and release where others look; a signed release becomes a registered version.

    Example: grundstein export mlflow --to tracking
    """
    from grundstein.flow.exporting import export as write

    del form
    opened = project(context)
    told = write(opened, opened.exporter(to))
    store = f"sqlite:///{to.resolve() / 'mlflow.db'}"
    if as_json:
        return say_json({**vars(told), "apart": list(told.apart), "store": store})
    say([("Wrote", f"{told.runs} runs, {told.versions} of them registered versions; {told.known} were there", "")])
    say([("Run only", why, "") for why in told.apart])
    return say([("Next", f"mlflow ui --backend-store-uri {store}", "")])


COMMANDS = (export,)
