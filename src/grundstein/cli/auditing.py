"""Room cli. In: a project -> Out: its ledger, and whether everything is as it was committed, kept or written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from grundstein.cli.terminal import TERMINAL, Json, grid, project, say, say_json
from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from grundstein.core.ports import Entry


def audit(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="Only this case: its edits, openings and verdicts, in words.")] = "",
    head: Annotated[str, typer.Option(help="A head that an earlier report carries: is it in this ledger?")] = "",
    as_json: Json = False,
) -> None:
    """List the ledger, verify chain, tables, models and reports, and print the head that every report carries.

    Example: grundstein audit
    """
    from grundstein import flow

    opened = project(context)
    TERMINAL.step("walking the chain")
    if head and not flow.holds(opened, head):
        raise Refused(
            "That head is not in this ledger.",
            "The ledger that the report was written from.",
            "Find out who has replaced or rewritten ledger.sqlite, and bring it back from a backup",
        )
    broken, entries = flow.audit(opened), list(opened.ledger.entries())
    rows = [dict[str, object](line) for line in flow.trail(opened, case)] if case else [_row(e) for e in entries]
    end = opened.ledger.head()
    if as_json:
        say_json({"head": end.hash, "sequence": end.sequence, "born": end.born, "broken": broken, "rows": rows})
    else:
        grid(rows)
        say([("BROKEN", sentence, "") for sentence in broken])
        whole = f"whole, {len(entries)} rows since {end.born[:10]}; tables, models and reports as they were written"
        say([("Chain", "broken" if broken else whole, ""), ("Head", end.hash, "")])
    if broken:
        raise typer.Exit(1)


def _row(entry: Entry) -> dict[str, object]:
    record = entry.record
    about = getattr(record, "case", "") or getattr(record, "table", "") or getattr(record, "name", "")
    return {
        "row": entry.sequence,
        "kind": type(record).__name__,
        "about": str(about),
        "id": entry.id[:12],
        "at": entry.at[:19],
        "by": entry.person,
    }


COMMANDS = (audit,)
