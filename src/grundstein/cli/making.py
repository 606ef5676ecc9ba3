"""Room cli. In: a folder or a question -> Out: the demo's whole way, or a new case file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from grundstein.cli.terminal import TERMINAL, say
from grundstein.core.case import Case
from grundstein.core.errors import Misused, Refused, offered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract
    from grundstein.core.records import Release, SignOff, Verdict
    from grundstein.demo import Exports
    from grundstein.project.folder import Folder

MARK = "This folder was written by `grundstein demo` and is written anew by it.\n"
SEED = 7
SIMULATED = "simulated by the demo, which plays all roles"
PLAYED = "one program plays all of them here; in a company who evaluates may not sign, and tokens are people's own"


def run_demo(folder: Path) -> None:
    """Write the simulated company anew and walk the whole way: ingest, decide, sign, release, answer."""
    from grundstein.demo import exports as demo
    from grundstein.project.folder import create_project

    _cleared(folder)
    exports = demo.write(folder, SEED)
    settings = {
        "currency": exports.currency,
        "timezone": exports.timezone,
        "roles": {role: list(people) for role, people in exports.roles.items()},
    }
    project = create_project(folder, TERMINAL, name=exports.company, salt="demo", **settings)
    (project.root / "DEMO").write_text(MARK, encoding="utf-8")
    say([("Wrote", f"{folder}: the exports of {exports.company}, a simulated publisher", "")])
    _ingested(project, exports)
    verdicts = {name: _decided(project, name, folder / "reports") for name in exports.decided}
    say([("", "", ""), ("Roles", PLAYED, "")])
    for name in verdicts:
        say([_signed(project, name)])
    for name in (name for name, verdict in verdicts.items() if verdict == "qualifies"):
        say(_at_work(project, name, exports.new_rows[name], folder / "answers.xlsx"))
    say([("", "", ""), *_to_try(folder, next(iter(verdicts)))])


def _ingested(project: Folder, exports: Exports) -> None:
    from grundstein import flow

    told = []
    for one in exports.tables:
        batch = flow.ingest(project, str(one.source), one.table, one.options)
        aside = f" ({batch.rejected:,} more kept aside with their reason)" if batch.rejected else ""
        told.append(f"{one.table} {batch.rows:,}{aside}")
    say([("Ingested", f"rows of {', '.join(told)}", "")])


def _decided(project: Folder, name: str, reports: Path) -> str:
    """Decide a case, say what was found and where its report lies; returns the verdict's word."""
    from grundstein import flow
    from grundstein.cli.show import called, verdict_rows

    entry = flow.decide(project, name)
    flow.advance(entry, project)
    told = [row for row in verdict_rows(project, entry) if row[0] in ("VERDICT", "Flips") or called("rule") in row[1]]
    pages = [str(reports / f"{name}.{language}.html") for language in project.languages]
    asked = ("Case", f"{name}: {project.case(name).question}", "")
    say([("", "", ""), asked, *dict.fromkeys(told), ("Report", "  ".join(pages), "")])
    return cast("Verdict", entry.record).verdict


def _signed(project: Folder, name: str) -> tuple[str, str, str]:
    """Sign a case as the first person of each role that must; their tokens are kept nowhere."""
    from grundstein import flow
    from grundstein.cli.show import called

    told = []
    for role in flow.standing(project, name, deep=False).missing:
        person = project.roles[role][0]
        token = flow.add_person(project, person)
        said = cast("SignOff", flow.sign(project, name, token, "approve", SIMULATED).record)
        told.append(f"{called(said.bond.solution)} for {name}, by the {person[:1].lower()}{person[1:]}")
    return ("Signed", "; ".join(told), "")


def _at_work(project: Folder, name: str, rows: Path, answers: Path) -> list[tuple[str, str, str]]:
    """Release what was signed, and answer a few rows with it."""
    from grundstein import flow
    from grundstein.cli.show import called

    put = cast("Release", flow.release(project, name).record)
    done = flow.answer(project, name, str(rows))
    flow.write_answers(project, done, answers)
    told = f"{done.rows:,} rows of {rows.name}, {done.acted:,} to act on: {answers}"
    return [
        ("Released", f"{called(put.bond.solution)} for {name}, until {put.until}", ""),
        ("Answered", told, ""),
    ]


def _to_try(folder: Path, case: str) -> list[tuple[str, str, str]]:
    """The next commands, as they are typed here."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "grundstein" else "grundstein"
    said = (
        ("audit", "reads everything again that was committed, kept or signed"),
        (f"show {case}", "where the case stands"),
        (f"watch {case}", "looks at what is at work, again and again"),
        (f"serve {case}", "answers over HTTP (first: make extras)"),
    )
    lines = [f"{program} --project {folder} {command:<18}{why}" for command, why in said]
    return [("Next" if not place else "", line, "") for place, line in enumerate(lines)]


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
