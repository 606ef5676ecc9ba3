"""Somebody else's lists for users are judged on what the users did after the lists were put down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from grundstein import flow
from grundstein.project.folder import Folder, create_project

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.records import Verdict

USERS, KINDS, BOOKS = 80, 4, 10
CASE = """\
question: What to show each reader?
task: recommend
data: {events: reads}
user: reader
item: book
k: 5
time: at
money: {hit: 1}
"""
TASTE = np.random.default_rng(2).integers(0, KINDS, USERS)


def read(start: str, days: int, count: int, seed: int) -> list[tuple[str, str, str]]:
    rng = np.random.default_rng(seed)
    users = rng.integers(0, USERS, count)
    kind = np.where(rng.random(count) < 0.8, TASTE[users], rng.integers(0, KINDS, count))
    books = kind * BOOKS + rng.integers(0, BOOKS, count)
    at = np.sort(np.datetime64(start, "h") + rng.integers(0, days * 24, count).astype("timedelta64[h]"))
    return [
        (f"u{u:03d}", f"b{b:02d}", f"{str(t).replace('T', ' ')}:00:00")
        for u, b, t in zip(users, books, at, strict=True)
    ]


def came(project: Folder, rows: list[tuple[str, str, str]], name: str) -> None:
    path = project.root / f"{name}.csv"
    path.write_text("\n".join(["reader,book,at", *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    flow.ingest(project, str(path), "reads")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr("grundstein.flow.pinning.BUDGET", 1)
    project = create_project(tmp_path / "p", name="p", salt="tests")
    came(project, read("2024-01-01", 300, 900, 1), "early")
    (project.root / "cases" / "shelf.yaml").write_text(CASE, encoding="utf-8")
    lists = [[f"b{TASTE[u] * BOOKS + n:02d}" for n in range(BOOKS)] for u in range(USERS)]
    lines = [json.dumps({"reader": f"u{u:03d}", "items": json.dumps(items)}) for u, items in enumerate(lists)]
    (project.root / "bought.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return project


def test_lists_are_judged_on_what_is_dated_after_them(project: Folder) -> None:
    first = flow.judge(project, str(project.root / "bought.jsonl"), "shelf")
    assert first.verdict is None
    assert first.offer.outcome.metrics["answered"] == 1.0
    came(project, read("2024-11-01", 20, 300, 3), "known outside")
    second = flow.judge(project, str(project.root / "bought.jsonl"), "shelf")
    assert second.prospect is not None
    assert (second.verdict, second.prospect.clusters) == (None, 0)
    came(project, read("2199-01-01", 30, 900, 4), "later")
    told = flow.judge(project, str(project.root / "bought.jsonl"), "shelf")
    assert told.verdict is not None
    said = cast("Verdict", told.verdict.record)
    assert said.verdict == "qualifies"
    assert said.openings == 2
    assert set(said.gains) == {"popularity", "nobody"}
