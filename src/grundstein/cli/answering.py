"""Room cli. In: a released case and rows -> Out: their answers, in the lake and in a file."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import Annotated

import typer

from grundstein.cli.terminal import Json, project, say, say_json


def answer(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="A case with a live release.")],
    rows: Annotated[str, typer.Option(help="A file or a governed table with the rows to answer.")],
    to: Annotated[Path | None, typer.Option(help="Write the answers: FILE.xlsx, FILE.csv or FILE.parquet.")] = None,
    as_json: Json = False,
) -> None:
    """Answer rows with what was signed and released; every answer is kept with its release.

    Example: grundstein answer churn --rows customers.csv --to answers.xlsx
    """
    from grundstein import flow

    opened = project(context)
    done = flow.answer(opened, case, rows)
    if to:
        flow.write_answers(opened, done, to)
    if as_json:
        say_json({"case": case, **vars(done), "file": str(to) if to else None})
        return
    aside = f"; {done.aside:,} put aside" if done.aside else ""
    say([("Answered", f"{done.rows:,} rows, {done.acted:,} to act on{aside}", "")])
    say([("Table", done.table, ""), ("Release", done.release[:12], "")])
    say([("File", str(to), "")] if to else [])


COMMANDS = (answer,)
