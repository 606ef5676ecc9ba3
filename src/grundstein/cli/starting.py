"""Room cli. In: nothing yet -> Out: a project, the demo, a new case, checked files, the schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grundstein.cli.terminal import TERMINAL, Json, project, say, say_json


def init(
    folder: Annotated[str, typer.Argument(help="Where the project begins.")] = ".",
    name: Annotated[str, typer.Option(help="Its name; else the folder's.")] = "",
    currency: Annotated[str, typer.Option(help="The one currency of all amounts.")] = "EUR",
) -> None:
    """Begin a project: `grundstein.yaml`, `contracts/`, `cases/`.

    Example: grundstein init my-project --currency EUR
    """
    from grundstein.project.folder import create_project

    made = create_project(Path(folder), TERMINAL, name=name or Path(folder).resolve().name, currency=currency)
    head = made.ledger.head()
    say([("Wrote", str(made.root / "grundstein.yaml"), ""), ("Ledger", f"began with {head.hash[:12]}", "")])
    say([("Next", "grundstein ingest FILE --table NAME", "")])


def demo(
    folder: Annotated[str, typer.Argument(help="Where the simulated company is written.")] = "demo-project",
) -> None:
    """Simulate a publisher's messy exports, ingest them, decide its cases, and say where the reports lie.

    Example: grundstein demo
    """
    from grundstein.cli.making import run_demo

    run_demo(Path(folder))


def new(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case's name.")],
    question: Annotated[str, typer.Option(help="The question in a person's words.")] = "",
    task: Annotated[str, typer.Option(help="The shape of the question: predict, recommend.")] = "",
    data: Annotated[str, typer.Option(help="A table or a SELECT.")] = "",
    target: Annotated[str, typer.Option(help="predict: the column to be told.")] = "",
    idea: Annotated[bool, typer.Option(help="An idea only: remembered, not yet evaluated.")] = False,
) -> None:
    """Write a new case, or an idea that the company should not forget.

    Example: grundstein new churn --task predict --data customers --target Churn --question "Who leaves?"
    """
    from grundstein.cli.making import write_new

    opened = project(context)
    path = write_new(opened, case, question, task, data, target, idea)
    say([("Wrote", str(path), ""), ("Next", f"grundstein {'tried' if idea else 'evaluate'} {case}", "")])


def check(context: typer.Context, as_json: Json = False) -> None:
    """Check every file of the folder, for a person or for CI; no data are touched.

    Example: grundstein check
    """
    opened = project(context)
    found = {"project": opened.name, "cases": [], "contracts": []}
    for name in opened.case_names():
        opened.case(name)
        found["cases"].append(name)  # type: ignore[attr-defined]
    for path in sorted((opened.root / "contracts").glob("*.yaml")):
        opened.contract(path.stem)
        found["contracts"].append(path.stem)  # type: ignore[attr-defined]
    if as_json:
        say_json(found)
    else:
        say([("Checked", f"{len(found['cases'])} cases, {len(found['contracts'])} contracts: all can be read", "")])


def schema(what: Annotated[str, typer.Argument(help="case, project or contract.")] = "case") -> None:
    """Print the JSON schema of a file that people write.

    Example: grundstein schema case > case.schema.json
    """
    from grundstein.core.errors import Misused, nearest
    from grundstein.project.folder import schemas

    known = schemas()
    if what not in known:
        raise Misused(f'There is no schema "{what}".', nearest(what, known).capitalize(), "grundstein schema case")
    say_json(known[what])


COMMANDS = (init, demo, new, check, schema)
