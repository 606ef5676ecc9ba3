"""Room tasks. In: probabilities of yes -> Out: answers, and on which sessions to act, chosen for money."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.tools.money import choose_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.tasks.logs.options import Plan
    from grundstein.tools.money import Policy

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FLOOR = 0.001
FILE = "solution.json"


@dataclass(frozen=True)
class Labels:
    """How yes and no are written."""

    no: str
    yes: str


def labels_of(plan: Plan, said: list[str | None]) -> Labels:
    """The outcome that counts as yes, and the most frequent of the others."""
    yes = plan.positive or ""
    others = sorted(one for one in said if one is not None and one != yes)
    return Labels(max(dict.fromkeys(others), key=others.count, default="no"), yes)


def policy_of(plan: Plan, probability: Floats, yes: Flags) -> Policy:
    """Where acting pays, on probabilities that were made without these sessions' outcomes."""
    ones = np.ones(len(probability))
    return choose_policy(probability, yes, ones, plan.stakes, plan.room, calibrated=True)


def table_of(
    labels: Labels, sessions: Sequence[str | None], probability: Floats, act: Floats, yes: Flags | None = None
) -> pa.Table:
    """The columns of an answer; `yes` where the answer is not told by the probability."""
    names = pa.array([labels.no, labels.yes], pa.string())
    said = probability > 0.5 if yes is None else yes
    return pa.table(
        {
            "session": pa.array(sessions, pa.string()),
            "answer": names.take(pa.array(said.astype(np.int64))),
            "probability": pa.array(probability, pa.float64()),
            "act": pa.array(act, pa.float64()),
        }
    )


def keep(folder: Path, content: Mapping[str, Any]) -> None:
    """Write one JSON file; the same content gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    (folder / FILE).write_text(text, encoding="utf-8")


def kept(folder: Path) -> dict[str, Any]:
    """Read what `keep` wrote."""
    found: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return found
