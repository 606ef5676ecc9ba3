"""Room cli. In: live releases -> Out: what watching found of them, once or for ever, for a person or a scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from grundstein.cli.terminal import Json, project, say, say_json

if TYPE_CHECKING:
    from grundstein.core.records import Observation
    from grundstein.flow.watching import Ticked

Named = Annotated[str, typer.Argument(help="A case with a live release; all of them where it is left out.")]


def tick(context: typer.Context, case: Named = "", as_json: Json = False) -> None:
    """Look at live releases once: drift, value so far against what was signed, what is due. For cron, Airflow, Dagster.

    Example: grundstein tick churn
    Run as often as you like: nothing new changes nothing. Exit: 0 done, 1 one case was refused or another tick runs.
    """
    from grundstein import flow

    opened = project(context)
    done = flow.tick(opened, case)
    if as_json:
        say_json([document(one) for one in done])
    else:
        _say(done)
        hints = [found for one in done if not (one.again or one.refused) and (found := flow.hint(opened, one.case))]
        say(("Tip", found.text(), found.code) for found in hints)
    if any(one.refused for one in done):
        raise typer.Exit(1)


def watch(
    context: typer.Context,
    case: Named = "",
    minutes: Annotated[float, typer.Option(min=0.01, help="Pause between two looks.")] = 15,
) -> None:
    """Tick again and again until Ctrl-C; says what is new.

    Example: grundstein watch churn --minutes 60
    """
    from grundstein import flow

    for one in flow.watch(project(context), case, minutes * 60):
        if one.fresh or one.told or one.refused:
            _say([one])


def document(one: Ticked) -> dict[str, Any]:
    """What one tick did, as a program reads it."""
    from dataclasses import asdict

    said = cast("Observation", one.observation.record) if one.observation else None
    seen = {**asdict(said), "id": one.observation.id, "at": one.observation.at} if said and one.observation else None
    if said and seen:
        seen["findings"] = [{**asdict(finding), "text": finding.text()} for finding in said.findings]
    return {
        "case": one.case,
        "collected": one.collected,
        "fresh": one.fresh,
        "observation": seen,
        "told": list(one.told),
        "unsent": one.unsent,
        "again": one.again,
        "refused": one.refused,
    }


def _say(done: list[Ticked]) -> None:
    for one in done:
        _say_one(one)
    if not done:
        say([("Watched", "no case has a live release", ""), ("Next", "grundstein release CASE", "")])


def _say_one(one: Ticked) -> None:
    if one.refused or one.observation is None:
        say([("Refused", f"{one.case}: {one.refused}", "")])
        return
    said = cast("Observation", one.observation.record)
    say([("Watched", f"{one.case}: {said.answers:,} answers, {said.truths:,} truths that count", "")])
    labels = {"issue": "Issue", "tip": "Tip", "passed": "Passed"}
    shown = [finding for finding in said.findings if finding.section in labels]
    say((labels[finding.section], finding.text(), finding.code) for finding in shown)
    say(("Over", line["text"], line["code"]) for line in one.told if line["section"] == "over")
    say([("Unsent", f"the webhook did not take it: {one.unsent}", "GST-W44")] if one.unsent else [])
    say([("Again", one.again, "")] if one.again else [])


COMMANDS = (tick, watch)
