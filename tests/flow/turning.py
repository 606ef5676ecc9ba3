"""A project whose customers leave by rules that turn round later, with a model that was released before they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grundstein import flow
from grundstein.core.records import Experiment, Opening, Round, Verdict
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
question: Who leaves?
task: predict
data: people
target: leaves
positive: "Yes"
baseline: tenure < 12
money: {act_on_yes: 120, act_on_no: -60}
worthwhile: 1
volume: 900
signed_by: [service]
"""


def arrivals(n: int, seed: int, name: str, turned: float = 0.0) -> str:
    """People as CSV, named by `name`; `turned`: how far calls drive away instead of keeping (0 to 1)."""
    rng = np.random.default_rng(seed)
    tenure, calls, age = rng.integers(0, 72, n), rng.integers(0, 10, n), rng.integers(18, 80, n)
    plan = rng.choice(["month", "year"], n)
    keeps = (1 - 2 * turned) * (calls - 4.5) / 2
    odds = 1.6 * ((plan == "month") - 0.5) - (tenure - 36) / 18 - keeps - (age - 49) / 25 - 0.8
    leaves = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    rows = zip(tenure, calls, age, plan, leaves, strict=True)
    lines = [f"{name}{i:05d},{t},{c},{a},{p},{v}" for i, (t, c, a, p, v) in enumerate(rows)]
    return "\n".join(["person,tenure,calls,age,plan,leaves", *lines]) + "\n"


def came(project: Folder, text: str, name: str) -> None:
    """Ingest rows as one arrival."""
    path = project.root / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    flow.ingest(project, str(path), "people")


def released(root: Path, rows: str, case: str = CASE) -> Folder:
    """A project with a released model, made of these rows."""
    project = create_project(root, name="p", salt="tests")
    came(project, rows, "first")
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    (root / "cases" / "leaving.yaml").write_text(case, encoding="utf-8")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    flow.sign(project, "leaving", flow.add_person(project, "somebody"), "approve", "")
    flow.release(project, "leaving")
    return project


def counted(project: Folder) -> dict[str, int]:
    """How many rounds, experiments, openings and verdicts the ledger holds."""
    return {kind.__name__: len(list(project.ledger.entries(kind))) for kind in (Round, Experiment, Opening, Verdict)}
