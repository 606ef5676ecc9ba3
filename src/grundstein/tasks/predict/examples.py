"""Room tasks. In: a seed -> Out: a small case of this task with something to find, or with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case, Money

if TYPE_CHECKING:
    from grundstein.core.task import Data

ROWS = 900


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Subscribers who leave or stay; with `signal` their contract, age and calls tell, without it nothing does."""
    rng = np.random.default_rng(seed)
    months = rng.integers(1, 72, ROWS)
    contract = rng.choice(["monthly", "yearly", "two years"], ROWS, p=[0.5, 0.3, 0.2])
    calls = rng.poisson(1.5, ROWS)
    fee = np.round(rng.gamma(4.0, 9.0, ROWS), 2)
    odds = np.where(contract == "monthly", 1.0, -1.5) - months / 24 + 0.9 * calls + (fee - 36) / 30 - 0.9
    leaves = rng.random(ROWS) < (1 / (1 + np.exp(-1.3 * odds)) if signal else 0.3)
    rows = pa.table(
        {
            "subscriber": [f"S{number:05d}" for number in rng.permutation(ROWS)],
            "months": months,
            "contract": contract.tolist(),
            "calls": [None if missing else int(n) for n, missing in zip(calls, rng.random(ROWS) < 0.05, strict=True)],
            "fee": fee,
            "left": np.where(leaves, "yes", "no").tolist(),
            "_row": np.arange(ROWS),
        }
    )
    case = Case(
        name="leaving",
        question="Which subscribers will leave?",
        task="predict",
        data={"rows": "subscribers"},
        options={"target": "left", "positive": "yes"},
        baseline="contract = 'monthly' and months < 12",
        money=Money("action", {"saved": 300.0, "success": 0.4, "cost": 40.0}),
        acted="nobody",
        entity="subscriber",
        worthwhile=0.5,
    )
    return case, {"rows": rows}
