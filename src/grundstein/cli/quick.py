"""Room cli. In: a file and the column to be told -> Out: a project, a contract and a case, and what was guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.cli.terminal import TERMINAL
from grundstein.core.case import Case
from grundstein.core.errors import Misused, Refused, offered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.contract import Contract
    from grundstein.core.records import Batch
    from grundstein.project.folder import Folder

YES = ("yes", "ja", "true", "wahr", "1", "y", "j", "churn", "churned", "positive")
SOME_CLASSES = 50


@dataclass(frozen=True)
class Begun:
    """What a file became: lines to print before and after the evaluation."""

    project: Folder
    case: str
    rows: list[tuple[str, str, str]]
    wrote: list[tuple[str, str, str]]


def from_file(folder: str, source: Path, target: str, settings: Mapping[str, str]) -> Begun:
    """Open or begin the nearest project, ingest the file, and write the case where there is none."""
    from grundstein import flow
    from grundstein.lake import looking

    if not target:
        raise Misused(f"{source} is a file.", "The column to be told.", f"grundstein evaluate {source} --target COLUMN")
    if not source.exists():
        raise Refused(f"There is no file {source}.", "A file that exists, or the name of a case.", "ls")
    project = _project(folder)
    table, name = _word(source.name.split(".")[0]), _word(target)
    batch = flow.ingest(project, str(source), table, settings)
    contract = project.contract(table)
    if contract is None or target not in contract.names:
        raise Refused(
            f'{source.name} has no column "{target}".',
            offered(target, contract.names if contract else ()),
            "Correct --target",
        )
    profile = looking.show(project, table)
    values = _values(profile, target)
    made = name not in project.case_names()
    if made:
        project.write_case(_case(name, table, target, values))
    case = project.case(name)
    read = _read(batch, contract, project.tables.info(table).rows)
    guessed = ("Guessed", f"{_question(values, case, contract.column(target).type)}; {_unit(contract)}", "")
    files = ["grundstein.yaml", f"contracts/{table}.yaml", f"cases/{name}.yaml"]
    return Begun(project, name, [*read, guessed], [("Wrote", "  ".join(files), "")] if made else [])


def _project(folder: str) -> Folder:
    from grundstein.project.folder import create_project, find, open_project

    start = Path(folder) if folder else None
    if find(start) is not None:
        return open_project(start, TERMINAL)
    return create_project(start or Path.cwd(), TERMINAL)


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower() or "table"


def _values(profile: Any, target: str) -> dict[str, int]:
    column = next(one for one in profile.columns if one.name == target)
    return {str(value): count for value, count in column.frequent}


def _case(name: str, table: str, target: str, values: Mapping[str, int]) -> Case:
    options: dict[str, Any] = {"target": target}
    if len(values) == 2:
        options["positive"] = _positive(values)
    question = (
        f"Which {target} will a row of {table} have?"
        if len(values) != 2
        else f"Whose {target} will be {options['positive']}?"
    )
    return Case(name=name, question=question, task="predict", data={"rows": table}, options=options)


def _positive(values: Mapping[str, int]) -> str:
    named = [value for value in values if value.lower() in YES]
    return named[0] if len(named) == 1 else min(values, key=lambda value: (values[value], value))


def _read(batch: Batch, contract: Contract, there: int) -> list[tuple[str, str, str]]:
    rows = [("Read", f"{there + batch.rejected:,} rows, {len(contract.columns)} columns", "")]
    if batch.rejected:
        rows.append(("", f"{batch.rejected:,} rows break the contract: kept aside in {contract.table}__rejected", ""))
    return rows + [("", one.text(), one.code) for one in batch.findings if one.section in ("issue", "tip")]


def _question(values: Mapping[str, int], case: Case, kind: str) -> str:
    positive, total = str(case.options.get("positive") or ""), sum(values.values())
    if positive in values:
        return f'yes/no question; "{positive}" {values[positive]:,} ({100 * values[positive] / total:.1f} %)'
    if kind in ("text", "boolean"):
        return f"one of {len(values) if len(values) < SOME_CLASSES else 'many'} categories"
    return "a number"


def _unit(contract: Contract) -> str:
    if contract.entity and contract.key != (contract.entity,):
        return f"many rows per {contract.entity}"
    return f"one row per {', '.join(contract.key)}" if contract.key else "no key: a row is known by its content"
