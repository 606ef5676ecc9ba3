"""A project whose people leave or stay, answers of vendors to it, and rows that come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from arriving_people import people

from grundstein import flow
from grundstein.core.records import Deposit, Opening, Verdict
from grundstein.flow.depositing import deposit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grundstein.flow.outside import Judged
    from grundstein.project.folder import Folder

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
"""
WORLD = people(2_000, 11, 2.5).splitlines()
HEADER, ROWS = WORLD[0], WORLD[1:]
KNOWN, LATER = ROWS[:600], ROWS[600:]


def came(project: Folder, rows: Iterable[str], name: str) -> None:
    """Ingest rows as one arrival."""
    path = project.root / f"{name}.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    flow.ingest(project, str(path), "people")


def truths(rows: Iterable[str], right: float = 1.0, seed: int = 0) -> list[tuple[str, str]]:
    """Answers that are right in a share of cases, the others turned round."""
    rng = np.random.default_rng(seed)
    fields = [row.split(",") for row in rows]
    turned = {"Yes": "No", "No": "Yes"}
    return [(row[0], row[-1] if rng.random() < right else turned[row[-1]]) for row in fields]


def noise(rows: Sequence[str], seed: int) -> list[tuple[str, str]]:
    """Answers drawn without looking."""
    drawn = np.random.default_rng(seed).random(len(rows)) < 0.3
    return [(row.split(",")[0], "Yes" if yes else "No") for row, yes in zip(rows, drawn, strict=True)]


def answers(project: Folder, said: Iterable[tuple[str, str]], name: str = "vendor", head: str = "person,answer") -> str:
    """Write answers to a file; returns its path."""
    path = project.root / f"{name}.csv"
    path.write_text("\n".join([head, *(",".join(row) for row in said)]) + "\n", encoding="utf-8")
    return str(path)


def judged(project: Folder, said: Iterable[tuple[str, str]], name: str = "vendor") -> Judged:
    """Put answers down and judge what can be judged."""
    return flow.judge(project, answers(project, said, name), "leaving")


def laid_down(project: Folder, said: Iterable[tuple[str, str]], name: str) -> None:
    """Put answers down and nothing else."""
    import pyarrow as pa

    pinned = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    keys, texts = zip(*said, strict=True)
    deposit(project, pinned, name, "file", name, pa.table({"person": keys, "answer": texts}), ("person",))


def verdict(told: Judged) -> Any:
    """The verdict's record."""
    assert told.verdict is not None
    assert isinstance(told.verdict.record, Verdict)
    return told.verdict.record


def counted(project: Folder) -> tuple[int, int, int]:
    """How many deposits, openings and verdicts the ledger holds."""
    deposits, openings, verdicts = (len(list(project.ledger.entries(kind))) for kind in (Deposit, Opening, Verdict))
    return deposits, openings, verdicts
