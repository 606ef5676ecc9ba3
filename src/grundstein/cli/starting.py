"""Room cli. In: nothing yet -> Out: a project, the demo, a new case, checked files, the schemas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from grundstein.cli.terminal import TERMINAL, Json, project, say, say_json

if TYPE_CHECKING:
    from grundstein.flow.checking import Checked


def init(
    folder: Annotated[str, typer.Argument(help="Where the project begins.")] = ".",
    name: Annotated[str, typer.Option(help="Its name; else the folder's.")] = "",
    currency: Annotated[str, typer.Option(help="The one currency of all amounts.")] = "EUR",
    ci: Annotated[
        Literal["none", "github", "gitlab", "both"],
        typer.Option(help="Write the pipeline that checks, evaluates and releases; also into a project that is there."),
    ] = "none",
) -> None:
    """Begin a project: `grundstein.yaml`, `contracts/`, `cases/`; with --ci the pipeline of its repository.

    Example: grundstein init my-project --currency EUR --ci github
    """
    from grundstein.project.ci_files import write_ci
    from grundstein.project.folder import FILE, create_project

    root = Path(folder)
    kinds = {"none": (), "both": ("github", "gitlab")}.get(ci, (ci,))
    if not kinds or not (root / FILE).is_file():
        made = create_project(root, TERMINAL, name=name or root.resolve().name, currency=currency)
        head = made.ledger.head()
        say([("Wrote", str(made.root / FILE), ""), ("Ledger", f"began with {head.hash[:12]}", "")])
    for one in write_ci(root, kinds):
        say([("Wrote", str(one.path), "")] if one.new else [("Kept", f"{one.path}, which was there", "")])
    say([("Next", "grundstein check" if kinds else "grundstein ingest FILE --table NAME", "")])


def demo(
    folder: Annotated[str, typer.Argument(help="Where the simulated company is written.")] = "demo-project",
) -> None:
    """Simulate a publisher's messy exports and walk the whole way: ingest, decide, sign, release, answer.

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
    template: Annotated[str, typer.Option(help="A commented case for a table: mail, receipts, tax, tickets.")] = "",
) -> None:
    """Write a new case, or an idea that the company should not forget.

    Example: grundstein new churn --task predict --data customers --target Churn --question "Who leaves?"
    """
    from grundstein.cli.making import write_new, write_template

    opened = project(context)
    if template:
        made = write_template(opened, case, template, data, target)
        say([*(("Wrote", str(path), "") for path in made), ("Next", f"Read it, then grundstein evaluate {case}", "")])
        return
    path = write_new(opened, case, question, task, data, target, idea)
    say([("Wrote", str(path), ""), ("Next", f"grundstein {'tried' if idea else 'evaluate'} {case}", "")])


def check(
    context: typer.Context,
    cases: Annotated[list[str] | None, typer.Argument(help="Only these cases, and what they read; else all.")] = None,
    since: Annotated[str, typer.Option(help="Only cases that changed since this git commit or branch.")] = "",
    names: Annotated[bool, typer.Option("--names", help="Print the cases that can be evaluated, and no more.")] = False,
    as_json: Json = False,
) -> None:
    """Check contracts, cases, rules and queries against each other and the company's standard; no data are touched.

    Example: grundstein check
    """
    from grundstein.flow import checking

    opened = project(context)
    wanted = list(cases or ()) or None
    if since:
        wanted = [one for one in checking.changed(opened, since) if wanted is None or one in wanted]
    found = checking.check(opened, wanted)
    if as_json:
        say_json(_checked(opened.name, found))
    elif names and not found.faults:
        for name in found.ready:
            typer.echo(name)
    else:
        for fault in found.faults:
            typer.echo(f"{fault}  {fault.finding.code}", err=names)
    if not as_json and not names:
        say([("Careful", one.text(), one.code) for one in found.tips])
        say([("Found", _counted(found), "")] if found.passed is None else [("Checked", found.passed.text(), "")])
    if found.faults:
        raise typer.Exit(1)


def _counted(found: Checked) -> str:
    files = len({one.file for one in found.faults})
    faults, cases = len(found.faults), len(found.cases)
    told = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((faults, "fault"), (files, "file"), (cases, "case"))]
    return f"{told[0]} in {told[1]}; {told[2]} checked"


def _checked(name: str, found: Checked) -> dict[str, Any]:
    return {
        "project": name,
        "standard": found.standard,
        "cases": found.cases,
        "contracts": found.contracts,
        "queries": found.queries,
        "ready": found.ready,
        "faults": [
            {"file": one.file, "line": one.line, "code": one.finding.code, "text": one.finding.text()}
            for one in found.faults
        ],
        "tips": [{"code": one.code, "text": one.text()} for one in found.tips],
    }


def schema(what: Annotated[str, typer.Argument(help="case, project, contract or standard.")] = "case") -> None:
    """Print the JSON schema of a file that people write.

    Example: grundstein schema case > case.schema.json
    """
    from grundstein.core.errors import Misused, offered
    from grundstein.project.folder import schemas

    known = schemas()
    if what not in known:
        raise Misused(f'There is no schema "{what}".', offered(what, known), "grundstein schema case")
    say_json(known[what])


COMMANDS = (init, demo, new, check, schema)
