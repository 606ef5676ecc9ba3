"""Room cli. In: a person who knows the business -> Out: what an answer is worth, written into the case."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from grundstein.cli.terminal import Json, project, say, say_json


def worth(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case.")],
    rule: Annotated[str | None, typer.Option(help="Today's rule as SQL.")] = None,
    acted: Annotated[str | None, typer.Option(help="On whom the rule was acted: a column, or nobody.")] = None,
    saved: Annotated[float | None, typer.Option(help="What one success of the action is worth.")] = None,
    success: Annotated[float | None, typer.Option(help="The share of actions that succeed, 0 to 1.")] = None,
    cost: Annotated[float | None, typer.Option(help="What one action costs.")] = None,
    right: Annotated[float | None, typer.Option(help="What a right category is worth.")] = None,
    wrong: Annotated[float | None, typer.Option(help="What a wrong category is worth; usually negative.")] = None,
    over: Annotated[float | None, typer.Option(help="Each unit of error above the truth; usually negative.")] = None,
    under: Annotated[float | None, typer.Option(help="Each unit of error below the truth; usually negative.")] = None,
    hit: Annotated[float | None, typer.Option(help="Each relevant answer shown.")] = None,
    metric: Annotated[str | None, typer.Option(help="The measure that decides, where nobody can name money.")] = None,
    assumed: Annotated[str | None, typer.Option(help="Amounts nobody has measured, with commas.")] = None,
    running_cost: Annotated[float | None, typer.Option(help="What running it costs per period.")] = None,
    volume: Annotated[float | None, typer.Option(help="Units per period.")] = None,
    period: Annotated[str | None, typer.Option(help="year, quarter, month, week or day.")] = None,
    worthwhile: Annotated[float | None, typer.Option(help="The gain per unit below which nobody would bother.")] = None,
    signed_by: Annotated[str | None, typer.Option(help="The roles that sign, with commas.")] = None,
    as_json: Json = False,
) -> None:
    """Say what an answer is worth, and learn which difference the data can show at all.

    Example: grundstein worth churn --saved 600 --success 0.3 --cost 60 --acted nobody --assumed success
    """
    from grundstein import flow
    from grundstein.cli import documents, show
    from grundstein.cli.questions import answered, asked, completed

    given: dict[str, Any] = {name: value for name, value in locals().items() if name in FLAGS and value is not None}
    opened = project(context)
    before = opened.case(case)
    form = flow.money_form(opened, case)
    answers = asked(before, form, given) if not given and sys.stdin.isatty() else answered(given)
    path = opened.write_case(completed(before, form, answers))
    if not as_json:
        told = flow.showable(opened, case)
        say([("Wrote", str(path.relative_to(opened.root)), "")])
        say([("Before", told.text(), told.code)] if told else [])
    entry = flow.evaluate(opened, case)
    if as_json:
        say_json(documents.experiment_json(opened.ledger, entry))
        return
    say(show.worth_rows(opened, entry))
    say([("Next", f"grundstein decide {case}", "")])


FLAGS = (
    *("rule", "acted", "saved", "success", "cost", "right", "wrong", "over", "under", "hit", "metric", "assumed"),
    *("running_cost", "volume", "period", "worthwhile", "signed_by"),
)
COMMANDS = (worth,)
