"""Room cli. In: a case with time -> Out: what past dates would have promised, and what came later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from grundstein.cli.terminal import Json, grid, project, say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.records import Promise


def replay(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case; its rows are sealed by time.")],
    steps: Annotated[int, typer.Option(min=1, max=200, help="How many past dates.")] = 8,
    as_json: Json = False,
) -> None:
    """Decide at past dates with what was known then, and hold each promise against what came later.

    Example: grundstein replay churn --steps 12
    """
    from grundstein import flow

    told = flow.replay(project(context), case, steps)
    if as_json:
        say_json({"case": case, "promises": [_document(one) for one in told], **_counts(told)})
        return
    grid([_shown(one) for one in told])
    say(_summary(told))


def _document(one: Promise) -> dict[str, Any]:
    from grundstein.cli import documents

    told = documents.findings(one.findings)
    parts = {"promised": vars(one.promised), "widened": vars(one.widened), "held": one.held, "findings": told}
    return {name: value for name, value in vars(one).items() if name not in parts} | parts


def _counts(told: Sequence[Promise]) -> dict[str, int]:
    calm = [one for one in told if not one.findings]
    return {"decisions": len(told), "warned": len(told) - len(calm), "unwarned_held": sum(one.held for one in calm)}


def _shown(one: Promise) -> dict[str, Any]:
    return {
        "as of": one.at.split("T")[0],
        "verdict": one.verdict.replace("_", " "),
        "candidate": one.winner,
        "promised": f"{one.promised.mean:+.4g}",
        "for later": f"[{one.widened.low:+.4g}, {one.widened.high:+.4g}]",
        "came": f"{one.later:+.4g}",
        "held": "yes" if one.held else "no",
        "warned": ", ".join(finding.code for finding in one.findings),
    }


def _summary(told: Sequence[Promise]) -> list[tuple[str, str, str]]:
    if not told:
        return [("Replay", "No past date has enough rows on both sides.", "")]
    count = _counts(told)
    calm = count["decisions"] - count["warned"]
    kept = f"{count['unwarned_held']} of {calm} promises without a warning held what came later"
    return [
        ("Kept", f"{kept}; {count['warned']} of {count['decisions']} were given with a warning.", ""),
        ("Meaning", "Gain per unit over today's rule, on development rows; the sealed part stays closed.", ""),
    ]


COMMANDS = (replay,)
