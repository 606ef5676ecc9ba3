"""Room tasks. In: what a solution has learnt -> Out: `solution.json` with its plan and problem, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grundstein.tasks.predict.plan import Plan, Problem
from grundstein.tools import keeping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def keep(folder: Path, plan: Plan, problem: Problem, state: Mapping[str, Any]) -> None:
    """Write what a solution knows; the folder is made where it is missing."""
    keeping.keep(folder, {"plan": plan, "problem": problem, "state": dict(state)})


def kept(folder: Path) -> tuple[Plan, Problem, dict[str, Any]]:
    """Read what `keep` wrote."""
    content = keeping.kept(folder)
    plan = keeping.restored(Plan, content["plan"])
    return plan, keeping.restored(Problem, content["problem"]), content["state"]
