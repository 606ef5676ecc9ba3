"""Room cli. In: anybody's answers to a case -> Out: their deposit, a preview, and the verdict on what came later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from grundstein.cli.terminal import Json, finding_rows, project, say, say_json

if TYPE_CHECKING:
    from grundstein.core.records import Deposit, Experiment, Verdict
    from grundstein.flow.outside import Judged
    from grundstein.project.folder import Folder

Row = tuple[str, str, str]


def judge(
    context: typer.Context,
    answers: Annotated[str, typer.Argument(help="A file, a table, or the name of an entry under `also:`.")],
    case: Annotated[str, typer.Option(help="The case that they answer.")],
    name: Annotated[str, typer.Option(help="What they are called; else the file's or the table's name.")] = "",
    as_json: Json = False,
) -> None:
    """Put anybody's answers down; judge them on units whose outcome comes later.

    Example: grundstein judge vendor.csv --case churn
    """
    from grundstein import flow

    opened = project(context)
    told = flow.judge(opened, answers, case, name)
    say_json(judged_json(told)) if as_json else say(judged_rows(opened, told, answers))


def judged_rows(project: Folder, told: Judged, answers: str) -> list[Row]:
    """What was put down, what it did in development, and the verdict or what is missing for one."""
    from grundstein.cli import show

    one = cast("Deposit", told.deposit.record)
    strange = f"; {told.unknown:,} of them to units that are not there yet" if told.unknown else ""
    rows: list[Row] = [("Answers", f"{told.name}: {one.units:,} units, by {', '.join(one.key)}{strange}", "")]
    first = "put down now" if told.new else f"put down on {told.deposit.at[:10]}"
    rows.append(("Deposit", f"{first}, row {told.deposit.sequence} of the ledger; {one.open:,} outcomes were open", ""))
    rows += [*_preview(project, told), *finding_rows(told.findings, "Noticed", "issue", "tip")]
    if told.verdict is not None:
        pages = [f"reports/{one.case}.{told.name}.{language}.html" for language in project.languages]
        return [*rows, *show.verdict_rows(project, told.verdict)[:-1], ("Report", "  ".join(pages), "")]
    command = f"grundstein judge {answers} --case {one.case}"
    return [*rows, ("Next", f"{command}, as soon as {told.missing} more outcomes have come", "")]


def _preview(project: Folder, told: Judged) -> list[Row]:
    from grundstein.cli import show

    experiment, share = cast("Experiment", told.experiment.record), told.offer.outcome.metrics["answered"]
    if not share:
        return [("PREVIEW", "none: it answers no development row", "")]
    gain, baseline = told.gain, next(one.name for one in experiment.outcomes if one.standing == "baseline")
    unit = f"{project.currency} per {experiment.unit}" if experiment.money else f"{experiment.measure} a unit"
    span = f"{gain.mean:+.4g} [{gain.low:.4g}, {gain.high:.4g}] {unit}"
    return [("PREVIEW", f"{span} against {show.called(baseline)}, on development rows that it may have seen", "")]


def judged_json(told: Judged) -> dict[str, Any]:
    """The document of `judge`: `verdict` is null where too few outcomes have come since; then `missing` says how many.

    The figures under `preview` are those of development rows; under `judged` those that the verdict shows.
    """
    from grundstein.cli import documents

    one, outcome = cast("Deposit", told.deposit.record), told.offer.outcome
    verdict = cast("Verdict", told.verdict.record) if told.verdict else None
    found = (*told.findings, *(verdict.findings if verdict else ()))
    preview = {"value": outcome.value, "gain": documents.gain_json(told.gain), "metrics": dict(outcome.metrics)}
    return {
        "case": one.case,
        "name": told.name,
        "kind": told.kind,
        "deposit": {
            "id": told.deposit.id,
            "sequence": told.deposit.sequence,
            "at": told.deposit.at,
            "new": told.new,
            "units": one.units,
            "open": one.open,
            "unknown": told.unknown,
        },
        "preview": preview,
        "verdict": verdict.verdict if verdict else None,
        "units": int(told.prospect.rows.sum()) if told.prospect else 0,
        "missing": told.missing,
        "openings": verdict.openings if verdict else 0,
        "figures": verdict.figures if verdict else "development",
        "gains": {name: documents.gain_json(gain) for name, gain in verdict.gains.items()} if verdict else {},
        "margins": dict(verdict.margins) if verdict else {},
        "findings": documents.findings(found),
    }


COMMANDS = (judge,)
