"""What the tests of predict share: small tables, their seals, one fit and one answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case, Money
from grundstein.core.records import Seal
from grundstein.tasks.predict import TASK

if TYPE_CHECKING:
    from grundstein.core.task import Solution, Split

CHURN = Money("action", {"saved": 300.0, "success": 0.4, "cost": 40.0})


def case_of(target: str = "left", **fields: Any) -> Case:
    options = {"target": target, **fields.pop("options", {})}
    return replace(Case("case", "Which?", "predict", {"rows": "table"}, options), **fields)


def people(rows: int = 400, seed: int = 1, **columns: Any) -> pa.Table:
    """Return a table with a yes/no target `left` that `months` and `plan` tell something about."""
    rng = np.random.default_rng(seed)
    months, plan = rng.integers(1, 60, rows), rng.choice(["basic", "plus", "pro"], rows)
    left = rng.random(rows) < 1 / (1 + np.exp(-(1.5 * (plan == "basic") - months / 12 + 1)))
    found = {
        "person": [f"P{n:05d}" for n in range(rows)],
        "months": months,
        "plan": plan.tolist(),
        "left": np.where(left, "yes", "no").tolist(),
        "_row": np.arange(rows),
    }
    return pa.table({**found, **columns})


def drawn(**fields: Any) -> Seal:
    return replace(Seal("table", "random", ("person",), "", "", 0.4, "", "salt"), **fields)


def later(cut: int) -> Seal:
    return Seal("table", "time", (), "", "_row", 0.0, str(cut), "salt")


def split_of(case: Case, table: pa.Table, seal: Seal | None = None) -> Split:
    return TASK.seal({"rows": table}, case, seal or drawn())


def answered(solution: Solution, split: Split, seed: int = 3) -> pa.Table:
    return solution.fit(split.development, seed).answer(split.questions, {})


def candidates(case: Case) -> dict[str, Solution]:
    return {solution.name: solution for solution in TASK.candidates(case, 9)}
