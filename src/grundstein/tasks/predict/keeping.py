"""Room tasks. In: plain state -> Out: `solution.json` in a folder, and back; the same state writes the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from grundstein.tasks.predict.plan import Plan, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "solution.json"


def keep(folder: Path, plan: Plan, problem: Problem, state: Mapping[str, Any]) -> None:
    """Write what a solution knows; the folder is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"plan": plan.plain(), "problem": asdict(problem), "state": dict(state)}
    (folder / FILE).write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1), encoding="utf-8")


def kept(folder: Path) -> tuple[Plan, Problem, dict[str, Any]]:
    """Read what `keep` wrote."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    problem = Problem(content["problem"]["kind"], tuple(content["problem"]["labels"]))
    return Plan.restored(content["plan"]), problem, content["state"]
