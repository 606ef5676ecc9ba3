"""Room tasks. In: probabilities of categories -> Out: answers, the best first, and which are given without asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.tools.columns import as_numbers, as_texts
from grundstein.tools.money import Policy, choose_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from grundstein.tasks.categorize.options import Plan

    Floats = NDArray[np.float64]

FLOOR = 0.001
ALONE = Policy(-1.0)


@dataclass(frozen=True)
class Finish:
    """From which probability on an answer is given without asking a person."""

    policy: Policy = ALONE


def finish(plan: Plan, top: Floats, right: NDArray[np.bool_]) -> Finish:
    """Choose, for money, which answers go to a person; `top` are probabilities made out of fold."""
    if not plan.money:
        return Finish()
    weights = np.ones(len(top))
    return Finish(choose_policy(top, right, weights, plan.stakes, plan.room, calibrated=True, direction=1))


def answer_table(labels: Sequence[str], parts: Iterable[Floats], finishing: Finish, top: int) -> pa.Table:
    """Return `answer`, `probability`, `act`, then the next best as `answer: 2`, `probability: 2`, ...

    `parts` are probabilities of shape (rows, labels), part by part. Of equal ones the first label comes first.
    """
    names = pa.array(labels, pa.string())
    found = [_best(part, min(top, len(labels))) for part in parts]
    width = min(top, len(labels))
    places = np.vstack([best for best, _ in found]) if found else np.zeros((0, width), dtype=np.int64)
    shares = np.vstack([share for _, share in found]) if found else np.zeros((0, width))
    columns: dict[str, Any] = {
        "answer": names.take(pa.array(places[:, 0])),
        "probability": shares[:, 0],
        "act": finishing.policy.act(shares[:, 0]),
    }
    for rank in range(1, width):
        columns[f"answer: {rank + 1}"] = names.take(pa.array(places[:, rank]))
        columns[f"probability: {rank + 1}"] = shares[:, rank]
    return pa.table(columns)


def answer_row(labels: Sequence[str], shares: Floats, finishing: Finish, top: int) -> dict[str, Any]:
    """Return the one answer of `answer_table` as plain values; `shares` of shape (labels,)."""
    places = np.argsort(-shares, kind="stable")[:top]
    best = shares[places]
    told: dict[str, Any] = {}
    for rank, (place, share) in enumerate(zip(places.tolist(), best.tolist(), strict=True)):
        behind = f": {rank + 1}" if rank else ""
        told[f"answer{behind}"], told[f"probability{behind}"] = labels[place], share
        if not rank:
            told["act"] = float(finishing.policy.act(best[:1])[0])
    return told


def ranked(answers: pa.Table) -> list[tuple[pa.ChunkedArray, Floats]]:
    """The offered categories with their probabilities, the best first."""
    names = [("answer", "probability")]
    while f"answer: {len(names) + 1}" in answers.column_names:
        names.append((f"answer: {len(names) + 1}", f"probability: {len(names) + 1}"))
    return [(as_texts(answers, label), as_numbers(answers, share)) for label, share in names]


def _best(shares: Floats, top: int) -> tuple[NDArray[np.int64], Floats]:
    order = np.argsort(-shares, axis=1, kind="stable")[:, :top]
    return order, np.take_along_axis(shares, order, axis=1)
