"""Tables for the tests of checks: an honest one, and how a test looks at one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case
from grundstein.core.contract import Column, Contract
from grundstein.evaluation.checks import Look


def customers(n: int = 1500, seed: int = 0) -> pa.Table:
    """Customers of whom about 30 % leave, for reasons that explain it in part (ROC AUC about .8)."""
    rng = np.random.default_rng(seed)
    months, price = rng.integers(1, 72, n), np.round(rng.gamma(8, 8, n), 2)
    plan = rng.choice(["monthly", "yearly", "two years"], n, p=[0.55, 0.25, 0.2])
    drive = 0.4 - 0.05 * months + 0.012 * price + 0.9 * (plan == "monthly") + rng.normal(0, 0.3, n)
    left = rng.random(n) < 1 / (1 + np.exp(-drive))
    return pa.table(
        {
            "customer": [f"c{k:05d}" for k in range(n)],
            "months": months,
            "price": price,
            "plan": plan,
            "region": rng.choice(["north", "south", "east", "west"], n),
            "left": np.where(left, "yes", "no"),
        }
    )


def look(table: pa.Table, target: str = "left", **more: object) -> Look:
    """What checks see of a table; `more` replaces fields of Look, `case` and `contract` are fields of theirs."""
    of_case = {"options": {"target": target, "positive": "yes" if target == "left" else None}, **more.pop("case", {})}
    known_at = more.pop("known_at", {})
    columns = tuple(Column(n, "text", known_at=known_at.get(n, "")) for n in table.column_names)
    contract = Contract("customers", columns, **{"key": ("customer",), **more.pop("contract", {})})
    fields = {"split": "random", "seed": 7, "target": target, **more}
    return Look(
        Case("leaving", "Who leaves?", "predict", {"rows": "customers"}, **of_case),
        SimpleNamespace(unit="customer"),
        {"rows": table},
        contract=contract,
        **fields,
    )


def codes(checked: object, *sections: str) -> set[str]:
    """The codes of findings, of some sections or all."""
    return {f.code for f in checked.findings if not sections or f.section in sections}


def fact(checked: object, code: str, name: str) -> object:
    """A fact of the first finding of a code."""
    return next(f.facts[name] for f in checked.findings if f.code == code)
