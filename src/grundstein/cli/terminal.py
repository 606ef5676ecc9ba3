"""Room cli. In: rows of text -> Out: a terminal that a person reads, a quiet pipe, or one JSON document."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grundstein.core.findings import Finding
    from grundstein.project.folder import Folder

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LABEL = 10
WIDE = 78


@dataclass
class Terminal:
    """Progress for a person at a terminal; silent in a pipe."""

    shown: bool = False

    def step(self, text: str) -> None:
        """Show what is being done, on one line that is written over."""
        if sys.stderr.isatty():
            self.shown = True
            sys.stderr.write(f"\r\x1b[2K{text[:WIDE]} ...")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.shown:
            sys.stderr.write("\r\x1b[2K")
            self.shown = False


TERMINAL = Terminal()


def project(context: typer.Context) -> Folder:
    """Open the project that the command line means."""
    from grundstein.project.folder import open_project

    return open_project(Path(context.obj) if context.obj else None, TERMINAL)


def say(rows: Iterable[tuple[str, str, str]]) -> None:
    """Print label, text and finding code, one row a line; long texts go on below."""
    TERMINAL.clear()
    for label, text, code in rows:
        typer.echo(f"{label:<{LABEL}}{text:<{WIDE if code else 0}}{'  ' + code if code else ''}".rstrip())


def say_json(content: Any) -> None:
    """Print one JSON document on standard output."""
    TERMINAL.clear()
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str, allow_nan=False))


def grid(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as a table; tab-separated in a pipe."""
    TERMINAL.clear()
    if not rows:
        return
    names = list(rows[0])
    if not sys.stdout.isatty():
        for row in (names, *(row.values() for row in rows)):
            typer.echo("\t".join("" if value is None else str(value) for value in row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*names, box=None, header_style="bold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def finding_rows(findings: Iterable[Finding], label: str, *sections: str) -> list[tuple[str, str, str]]:
    """Rows of the findings of some sections."""
    return [(label, one.text(), one.code) for one in findings if one.section in sections]
