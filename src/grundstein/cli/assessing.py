"""Room cli. In: a folder, maybe a project -> Out: where it stands: proven, declared or not yet, and what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grundstein.cli.terminal import TERMINAL, Json, grid, say, say_json

if TYPE_CHECKING:
    from grundstein.approval.assessing import Assessed, Assessment, Walked
    from grundstein.project.folder import Folder

WORDS = {"not_yet": "not yet", "not_recorded": "no record shows it"}


def assess(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option(help="Write the page there, in English and German.")] = None,
    as_json: Json = False,
) -> None:
    """Say where you are now and what you can already do; an empty folder will do.

    Example: grundstein assess --to pages
    """
    from grundstein.flow.assessing import assess as hold
    from grundstein.flow.assessing import write_assessment
    from grundstein.project.assessing import read_declared

    opened = _project(context.obj)
    folder = opened.root if opened else Path(context.obj or ".")
    TERMINAL.step("reading the records")
    told = hold(folder.resolve().name, opened, read_declared(folder))
    pages = write_assessment(told, to, opened.languages if opened else ("en", "de")) if to else []
    if as_json:
        return say_json(document(told) | {"pages": [str(path) for path in pages]})
    _print(told)
    return say([("Wrote", str(path), "") for path in pages])


def document(told: Assessment) -> dict[str, Any]:
    """All of it for a program."""
    return {
        "name": told.name,
        "head": told.head or None,
        "score": {"total": told.score, **told.sums},
        "steps": [_step(one) for one in told.steps],
        "next": [{"what": one.name, "command": one.command} for one in told.next],
        "advice": [
            {"what": one.advice.title["en"], "lacking": [step.name for step in one.lacking], "there": one.there}
            for one in told.advice
        ],
        "rows": [_row(one) for one in told.rows],
    }


def _project(named: str) -> Folder | None:
    """The project that is meant; None in a folder without one."""
    from grundstein.project.folder import find, open_project

    start = Path(named) if named else None
    return open_project(start, TERMINAL) if find(start) else None


def _print(told: Assessment) -> None:
    grid([_line(one) for one in told.rows])
    done = [one for one in told.steps if one.proof]
    say([("", "", ""), ("Proven", f"{len(done)} of {len(told.steps)} steps", "")])
    say([("Today", one.step.can["en"], "") for one in done])
    sums = ", ".join(f"{group} {points:g}" for group, points in told.sums.items())
    say([("Score", f"{told.score:g} of 7: the least of {sums} (ML Test Score)", "")])
    say([("Not yet", _waits(one), "") for one in told.advice if one.lacking])
    say([("Next", f"{one.command}    ({one.title['en'].lower()})", "") for one in told.next])


def _waits(one: Any) -> str:
    lacking = ", ".join(step.title["en"].lower() for step in one.lacking)
    there = "is there, but lacks below it" if one.there else "lacks below it"
    return f"{one.advice.title['en'].lower()} {there}: {lacking}"


def _line(one: Assessed) -> dict[str, Any]:
    state = one.level if one.proof and one.points < 1 else WORDS.get(one.state, one.state)
    why = one.why("en") or one.row.command
    record = one.proof.entry.id[:12] if one.proof else ""
    return {"row": one.row.name, "what": one.row.title["en"], "state": state, "record": record, "why": why}


def _step(one: Walked) -> dict[str, Any]:
    record = one.proof.entry.id if one.proof else None
    return {"step": one.step.name, "record": record, "why": one.why("en") or None, "command": one.step.command}


def _row(one: Assessed) -> dict[str, Any]:
    said = one.declared
    return {
        "row": one.row.name,
        "of": one.row.of,
        "what": one.row.title["en"],
        "source": one.row.source,
        "state": one.state,
        "level": one.level or None,
        "points": one.points,
        "record": one.proof.entry.id if one.proof else None,
        "at": one.proof.entry.at if one.proof else None,
        "why": one.why("en") or None,
        "declared": vars(said) if said else None,
        "command": one.row.command or None,
    }


COMMANDS = (assess,)
