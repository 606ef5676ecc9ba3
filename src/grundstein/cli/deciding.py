"""Room cli. In: a case, or a file and a column -> Out: experiment, worth, verdict, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grundstein.cli.terminal import TERMINAL, Json, project, say, say_json

Test = Annotated[
    list[str] | None, typer.Option(help="[ROLE=]TABLE: a given test table, named before the first evaluate.")
]


def evaluate(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="A case, or a file with --target.")],
    target: Annotated[str, typer.Option(help="With a file: the column to be told.")] = "",
    dates: Annotated[str, typer.Option(help="With a file: order of ambiguous dates: dmy, mdy or ymd.")] = "",
    header: Annotated[str, typer.Option(help="With a file: the line of the header, or none.")] = "",
    test: Test = None,
    as_json: Json = False,
) -> None:
    """Compare today's rule and the candidates on development rows; the sealed part stays closed.

    Example: grundstein evaluate Telco-Customer-Churn.csv --target Churn
    """
    from grundstein import flow
    from grundstein.cli import documents, show
    from grundstein.cli.quick import from_file

    given = {name: value for name, value in (("dates", dates), ("header", header)) if value}
    begun = from_file(context.obj, Path(case), target, given) if target or Path(case).suffix else None
    opened = begun.project if begun else project(context)
    entry = flow.evaluate(opened, begun.case if begun else case, show.tests(test))
    if as_json:
        say_json(documents.experiment_json(opened.ledger, entry))
        return
    say(begun.rows if begun else [])
    say(show.experiment_rows(opened, entry))
    say(begun.wrote if begun else [])
    say(show.next_after_evaluate(entry))


def decide(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case.")],
    test: Test = None,
    as_json: Json = False,
) -> None:
    """Open the sealed part, count it, judge the winner once, and write the report.

    Example: grundstein decide churn
    """
    from grundstein import flow
    from grundstein.cli import documents, show

    opened = project(context)
    entry = flow.decide(opened, case, show.tests(test))
    flow.advance(entry, opened)
    if as_json:
        say_json(documents.verdict_json(opened.ledger, entry))
    else:
        say(show.verdict_rows(opened, entry))


def report(
    context: typer.Context, case: Annotated[str, typer.Argument(help="The case.")], as_json: Json = False
) -> None:
    """Write the report of a case again, from its records; a preview where nothing is decided yet.

    Example: grundstein report churn
    """
    from grundstein import flow

    opened = project(context)
    pages = flow.report(opened, case)
    if as_json:
        say_json({"case": case, "reports": [str(page) for page in pages]})
    else:
        say([("Report", str(page), "") for page in pages])


def tried(
    context: typer.Context, words: Annotated[str, typer.Argument(help="Words of the question.")], as_json: Json = False
) -> None:
    """Find cases by words, with what came of them and why.

    Example: grundstein tried "cancel subscription"
    """
    from grundstein import flow
    from grundstein.cli.show import print_attempts

    found = flow.tried(project(context), words)
    say_json(found) if as_json else print_attempts(found, f'Nobody has tried "{words}" here yet.')


def rundown(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="An ISO date.")] = "1970-01-01",
    as_json: Json = False,
) -> None:
    """Show on a page what was tried, failed, learned and decided.

    Example: grundstein rundown --since 2026-01-01
    """
    from grundstein import flow
    from grundstein.cli.show import print_rundown

    found = flow.rundown(project(context), since)
    say_json(found) if as_json else print_rundown(found, since)


def do(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case.")],
    verb: Annotated[str, typer.Argument(help="A verb of its task; without one they are listed.")] = "",
    args: Annotated[list[str] | None, typer.Argument(help="What the verb takes.")] = None,
    as_json: Json = False,
) -> None:
    """Run a verb that a task brings of its own.

    Example: grundstein do mails label
    """
    from grundstein import flow

    done = flow.do(project(context), case, verb, args or [])
    TERMINAL.clear()
    say_json(done.said) if as_json else typer.echo(done.text)


COMMANDS = (evaluate, decide, report, tried, rundown, do)
