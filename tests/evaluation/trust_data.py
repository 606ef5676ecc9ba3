"""Answers for the tests of trust: probabilities that come true, groups of people, and how a check looks at them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case
from grundstein.core.task import Values
from grundstein.evaluation.checks import Look


def probabilities(n: int, rng: np.random.Generator) -> np.ndarray:
    """What a useful model says; a third of the cases come true."""
    return 1 / (1 + np.exp(-rng.normal(-0.9, 1.3, n)))


def people(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "gender": rng.choice(["f", "m"], n),
        "nationality": rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
        "age": rng.integers(18, 80, n),
    }


def two(told: np.ndarray, came: np.ndarray, columns: dict[str, object], **more: object) -> Look:
    """A yes/no question, answered with `told` and today with `old`; `more` are fields of Look or of the case."""
    old = more.pop("old", told)
    answers = {"linear": yes_no(told), "rule": yes_no(old)}
    return _look(np.where(came, "yes", "no"), columns, answers, {"target": "left", "positive": "yes"}, more)


def number(told: np.ndarray, came: np.ndarray, columns: dict[str, object], **more: object) -> Look:
    """A number that was answered with `told`."""
    answers = {"linear": pa.table({"answer": told}), "rule": pa.table({"answer": more.pop("old", told)})}
    return _look(came, columns, answers, {"target": "left", "kind": "number"}, more)


def many(told: np.ndarray, came: np.ndarray, labels: list[str], **more: object) -> Look:
    """A question of several classes, answered with a column of probabilities each."""
    top = told.argmax(axis=1)
    table = pa.table({"answer": np.array(labels)[top], "probability": told.max(axis=1), "act": np.ones(len(top))})
    for place, label in enumerate(labels):
        table = table.append_column(f"probability: {label}", pa.array(told[:, place]))
    return _look(came, {}, {"linear": table, "rule": table}, {"target": "left", "kind": "many"}, more)


def yes_no(told: np.ndarray) -> pa.Table:
    yes = told > 0.5
    return pa.table({"answer": np.where(yes, "yes", "no"), "probability": told, "act": yes.astype(float)})


def _look(
    came: np.ndarray, columns: dict[str, object], answers: dict[str, pa.Table], options: object, more: dict
) -> Look:
    n = len(came)
    table = pa.table({"_row": np.arange(n), **columns, "left": came})
    of_case = {name: more.pop(name) for name in ("affects", "ignore", "acted", "risk", "time") if name in more}
    case = Case("leaving", "Who leaves?", "predict", {"rows": "rows"}, options, **({"affects": "customers"} | of_case))
    cluster = more.pop("cluster", np.arange(n))
    truth = table.select([name for name in ("_row", "left", of_case.get("acted", "")) if name in table.column_names])
    for name, values in more.pop("marks", {}).items():
        truth = truth.append_column(name, pa.array(values))
    hidden = {"left", "_row", *of_case.get("ignore", ())}
    fields = {"split": "random", "seed": 3, **more}
    return Look(
        case,
        SimpleNamespace(unit="customer"),
        {"rows": table},
        target="left",
        baseline="rule",
        winner="linear",
        values={name: Values(np.arange(n), cluster, np.zeros(n)) for name in answers},
        answers=answers,
        judged=table.select([name for name in table.column_names if name not in hidden]),
        happened=truth,
        **fields,
    )
