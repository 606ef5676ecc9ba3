"""Room flow. In: a file of what really happened -> Out: rows of `CASE__feedback`, whichever of its columns it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.production.answering import FEEDBACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.contract import Contract
    from grundstein.core.ports import Project
    from grundstein.core.records import Batch


def case_of_feedback(project: Project, table: str) -> str:
    """The case whose truths a table holds; empty where it is another table."""
    name = table.removesuffix(FEEDBACK)
    return name if table.endswith(FEEDBACK) and name in project.case_names() else ""


def take_truths(project: Project, source: str, name: str, settings: Mapping[str, str]) -> Batch:
    """Bring a file of truths into `CASE__feedback`: the target, and what names an answer or a unit.

    `told_at` is now in rows that do not say it. Rows that name nothing, or have no truth, are put aside.
    """
    from grundstein.lake.heading import columns_of
    from grundstein.lake.ingest import Filled, ingest_part

    whole = told_contract(project, name)
    there = columns_of(source, settings, whole)
    part = _part(whole, there, str(project.case(name).options["target"]))
    values = dict.fromkeys(whole.names) | {"told_at": datetime.now(UTC)}
    return ingest_part(project, source, part, Filled(whole, values), settings)


def told_contract(project: Project, name: str) -> Contract:
    """The contract of a case's truths, written where there is none; Refused where the case's rows have no contract."""
    from grundstein.flow.selecting import rows_contract
    from grundstein.production.entries import feedback_contract

    known = project.contract(name + FEEDBACK)
    if known is not None:
        return known
    case = project.case(name)
    main = rows_contract(project, case)
    if main is None or not case.options.get("target"):
        raise Refused(
            f"Nothing says what a truth about {name} looks like.",
            "A case that predicts a column of a governed table.",
            f"Name a table under `data:` in cases/{name}.yaml",
        )
    made = feedback_contract(name, case, main)
    project.write_contract(made)
    return made


def _part(whole: Contract, there: Sequence[str], target: str) -> Contract:
    """The contract of a file's columns: those of them that name something are required where no others do."""
    keys = [name for name in whole.names if name not in ("answer_id", "told_at", target)]
    by_key, by_name = bool(keys) and all(name in there for name in keys), "answer_id" in there
    if not (by_key or by_name):
        raise Refused(
            f"The file does not say whom its truths are about: it has {', '.join(there)}.",
            " or ".join(["answer_id", ", ".join(keys)] if keys else ["answer_id"]) + f", and {target}.",
            "Add a column that names the unit, as the table of the case has it.",
        )
    must = {target, *(() if by_key and by_name else keys if by_key else ("answer_id",))}
    columns = [replace(one, required=one.name in must) for one in whole.columns if one.name in {*there, target}]
    return replace(whole, columns=tuple(columns))
