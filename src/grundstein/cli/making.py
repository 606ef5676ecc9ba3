"""Room cli. In: a folder or a question -> Out: the demo's decisions, or a new case file."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import typer

from grundstein.cli.terminal import TERMINAL, say
from grundstein.core.case import Case
from grundstein.core.errors import Misused, Refused, offered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grundstein.core.contract import Contract
    from grundstein.project.folder import Folder

MARK = "This folder was written by `grundstein demo` and is written anew by it.\n"
SEED = 7


def run_demo(folder: Path) -> None:
    """Write the simulated company anew, ingest its exports, decide its cases, say where the reports lie."""
    from grundstein import flow
    from grundstein.cli.show import verdict_rows
    from grundstein.demo import exports as demo
    from grundstein.project.folder import create_project

    _cleared(folder)
    exports = demo.write(folder, SEED)
    settings = {
        "currency": exports.currency,
        "timezone": exports.timezone,
        "roles": {role: [] for role in exports.roles},
    }
    project = create_project(folder, TERMINAL, name=exports.company, salt="demo", **settings)
    (project.root / "DEMO").write_text(MARK, encoding="utf-8")
    for one in exports.tables:
        batch = flow.ingest(project, str(one.source), one.table, one.options)
        say([("Ingested", f"{one.table}: {batch.rows:,} rows, {batch.rejected:,} kept aside with their reason", "")])
    for name in exports.decided:
        say([("", "", ""), ("Case", f"{name}: {project.case(name).question}", "")])
        entry = flow.decide(project, name)
        flow.advance(entry, project)
        say(verdict_rows(project, entry))
    pages = [
        project.root / "reports" / f"{n}.{language}.html" for n in exports.decided for language in project.languages
    ]
    say([("", "", ""), *(("Open", str(page), "") for page in pages)])


def write_new(project: Folder, name: str, question: str, task: str, data: str, target: str, idea: bool) -> Path:
    """Write `cases/NAME.yaml`; Refused where it is there."""
    if name in project.case_names():
        raise Refused(f"There is a case {name} already.", "A new name.", f"Edit cases/{name}.yaml")
    if not question:
        raise Misused(
            "A case needs its question.", 'For example --question "Who will leave next month?"', "grundstein new --help"
        )
    if not idea and not (task and data):
        raise Misused(
            "A case needs a task and data, an idea does not.", "--task and --data, or --idea.", "grundstein new --help"
        )
    options: dict[str, Any] = {"target": target} if target else {}
    return project.write_case(
        Case(name=name, question=question, task=task, data={"rows": data} if data else {}, options=options, idea=idea)
    )


def write_template(project: Folder, name: str, kind: str, data: str, target: str) -> list[Path]:
    """Write the case file of a template, commented, for a governed table; asks for the table where nobody named it.

    A table of mails that has a team and an intent gets a case for each. Refused where a case is there, or the table's
    columns do not fit.
    """
    from grundstein.project.template_files import TEMPLATES, columns_for, filled

    if kind not in TEMPLATES:
        raise Misused(f'There is no template "{kind}".', offered(kind, TEMPLATES), "grundstein new --help")
    table = data or _asked_table(project)
    contract = project.contract(table)
    if contract is None:
        raise Refused(
            f'There is no table "{table}".',
            offered(table, project.papers.contracts()),
            "grundstein ingest FILE --table NAME",
        )
    targets = [target] if target else _targets(kind, contract)
    made = []
    for number, one in enumerate(targets):
        case = name if not number else f"{name}_{one}"
        if case in project.case_names():
            raise Refused(f"There is a case {case} already.", "A new name.", f"Edit cases/{case}.yaml")
        columns = columns_for(kind, contract, one)
        path = project.root / "cases" / f"{case}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(filled(kind, case, contract, columns, _more(project, table, columns)), encoding="utf-8")
        project.case(case)
        made.append(path)
    return made


def _targets(kind: str, contract: Contract) -> list[str]:
    """The column to be told; of mails an intent besides the team, where the table has both."""
    from grundstein.project.template_files import columns_for

    first = columns_for(kind, contract)["target"][0]
    intents = [one for one in contract.names if one.casefold() in ("intent", "anliegen") and one != first]
    return [first, *intents[:1]] if kind == "mail" else [first]


def _more(project: Folder, table: str, columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What the project says: a role with people, roles for high risk, a table that lists the categories."""
    roles = [role for role, people in project.roles.items() if people and role not in project.high_risk]
    contracts = [one for name in project.papers.contracts() if "__" not in name and (one := project.contract(name))]
    target = columns["target"][0]
    charts = [one.table for one in contracts if target in (one.names[0], *one.key) and one.table != table]
    return {
        "signed_by": f"[{roles[0]}]" if roles else "",
        "risk": "high" if project.high_risk else "",
        "categories": charts[0] if charts else "",
    }


def _asked_table(project: Folder) -> str:
    tables = [name for name in project.papers.contracts() if "__" not in name]
    if len(tables) == 1:
        return tables[0]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Misused(
            "A template needs a table.",
            f"--data with one of: {', '.join(tables) or 'none is there yet'}.",
            "grundstein new --help",
        )
    return str(typer.prompt(f"Which table ({', '.join(tables)})"))


def _cleared(folder: Path) -> None:
    if folder.exists():
        if not (folder / "DEMO").is_file():
            raise Refused(
                f"{folder} is there and is no demo.",
                "A new folder, or an earlier demo's.",
                "grundstein demo ANOTHER-FOLDER",
            )
        shutil.rmtree(folder)
