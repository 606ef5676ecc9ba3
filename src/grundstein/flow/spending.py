"""Room flow. In: a case and what was answered so far -> Out: Capacity, how many may be acted on in this period yet."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.case import Case
    from grundstein.core.ports import Project
    from grundstein.production.capacity import Capacity


def capacity_now(project: Project, case: Case, at: datetime) -> Capacity | None:
    """Return a case's capacity, less what live answers acted on in the period of `at`; None where it names none.

    Counts `CASE__answers` and what the journal still holds, each answer once. From then on the one that holds it must
    count; two programs that answer the same case at once do not see each other's acts before they count anew.
    """
    from grundstein.production.answering import ANSWERS
    from grundstein.production.capacity import capacity_of

    capacity = capacity_of(case, project.timezone, at)
    if capacity is None:
        return None
    waiting = _waiting(project.root / "journal" / case.name, capacity.begin)
    capacity.acted = sum(waiting.values()) + _collected(project, case.name + ANSWERS, capacity.begin, set(waiting))
    return capacity


def _waiting(folder: Path, begin: datetime) -> dict[str, float]:
    """The acts that wait in the journal by their answer's id; a segment that goes meanwhile is in the table then."""
    from grundstein.production.journal import lines, segments

    found: dict[str, float] = {}
    for one in segments(folder):
        try:
            for line in lines(one.path):
                found.update(_act(line, begin))
        except FileNotFoundError:
            continue
    return found


def _act(line: bytes, begin: datetime) -> dict[str, float]:
    try:
        entry = json.loads(line)
        counts = entry["mode"] == "live" and datetime.fromisoformat(entry["at"]) >= begin
        return {str(entry["id"]): float(entry["answer"]["act"])} if counts else {}
    except (ValueError, KeyError, TypeError):
        return {}


def _collected(project: Project, table: str, begin: datetime, known: set[str]) -> float:
    """The sum of acts of a period's live answers, but for those that were counted already."""
    import pyarrow.parquet as pq

    if not project.tables.commits(table) or "act" not in project.tables.schema(table).names:
        return 0.0
    rows = pq.read_table(
        list(project.tables.files(table)),
        columns=["answer_id", "act"],
        filters=[("answered_at", ">=", begin), ("mode", "=", "live"), ("act", ">", 0.0)],
    )
    acts = np.asarray(rows["act"], dtype=float)
    if known:
        acts = acts[[name not in known for name in rows["answer_id"].to_pylist()]]
    return float(acts.sum())
