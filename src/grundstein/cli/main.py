"""Room cli. In: words on a command line -> Out: steps of the flow, and what a person or a program reads of them."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from grundstein import __version__
from grundstein.cli import (
    access,
    again,
    answering,
    asking,
    assessing,
    auditing,
    deciding,
    exporting,
    judging,
    looking,
    replaying,
    serving,
    signing,
    starting,
    tidying,
    watching,
)
from grundstein.core.errors import GrundsteinError, offered

EPILOG = "Exit: 0 done, whatever the verdict; 1 refused, with the reason; 2 the command is not written right."
NO_ROOM = ("disk is full", "No space left")
UNREAD = "disk I/O error"
ALLOWED = "Room on the disk, and leave to read and write there."
DEBUG = "Set GRUNDSTEIN_DEBUG=1, run it again and report what it prints; tables and ledger are whole"
AGAIN = "Make room or give leave, then run it again: tables and ledger are as before or after a step"
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog=EPILOG, invoke_without_command=True)
def start(
    context: typer.Context,
    project: Annotated[str, typer.Option(help="The project's folder; else the nearest one upwards.")] = "",
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """From a messy export to a decision that a department signs.

    Example: grundstein evaluate Telco-Customer-Churn.csv --target Churn
    """
    context.obj = project
    if version:
        typer.echo(__version__)
        raise typer.Exit


MODULES = (
    *(starting, looking, tidying, deciding, judging, replaying, signing, answering, access, serving, watching, again),
    *(asking, auditing, assessing),
    exporting,
)
COMMANDS = {one.__name__: one for module in MODULES for one in module.COMMANDS}
for name, command in COMMANDS.items():
    # A verb has options of its own, which only its task knows.
    app.command(name=name, context_settings={"ignore_unknown_options": name == "do"})(command)


def main() -> None:
    """Run the command line; an error is three lines: what, expected, next."""
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run one command line; returns the exit code."""
    try:
        code = app(words, standalone_mode=False, prog_name="grundstein")
    except GrundsteinError as error:
        return _said(error.what, error.expected, error.next_step, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _said(
            "Stopped.", "Nothing is half done: tables and ledger are as before or after a step.", "Run it again", 130
        )
    except typer.TyperException as error:
        return _misused(error)
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _fault(error)
    return code if isinstance(code, int) else 0


def _fault(error: Exception) -> int:
    if os.environ.get("GRUNDSTEIN_DEBUG"):
        raise error
    if any(words in str(error) for words in NO_ROOM):
        return _said("The disk is full.", "Room where the project is, and for temporary files.", AGAIN, 1)
    told = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, OSError) or UNREAD in told:
        return _said(f"The system refused: {told}", ALLOWED, AGAIN, 1)
    return _said(f"A fault of the program: {type(error).__name__}: {told}", "No fault.", DEBUG, 1)


def _misused(error: typer.TyperException) -> int:
    told = getattr(error, "format_message", lambda: str(error))()
    what = str(told).split(". Did you mean")[0]
    word = what.split("'")[1] if what.startswith("No such command") else ""
    expected = offered(word, COMMANDS) if word else "A command as its help shows it."
    path = getattr(getattr(error, "ctx", None), "command_path", "grundstein")
    return _said(what, expected, f"{path} --help", 2)


def _said(what: str, expected: str, next_step: str, code: int) -> int:
    for label, text in (("Error", what), ("Expected", expected), ("Next", next_step)):
        typer.echo(f"{label:<9} {text}", err=True)
    return code
