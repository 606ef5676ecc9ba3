"""Room cli. In: a folder or a question -> Out: the demo's decisions, or a new case file."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from grundstein.cli.terminal import TERMINAL, say
from grundstein.core.case import Case
from grundstein.core.errors import Misused, Refused

if TYPE_CHECKING:
    from pathlib import Path

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


def _cleared(folder: Path) -> None:
    if folder.exists():
        if not (folder / "DEMO").is_file():
            raise Refused(
                f"{folder} is there and is no demo.",
                "A new folder, or an earlier demo's.",
                "grundstein demo ANOTHER-FOLDER",
            )
        shutil.rmtree(folder)
