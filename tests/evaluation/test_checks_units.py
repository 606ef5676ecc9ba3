"""Where a task judges sessions, columns are counted by session, not by the lines of which they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from checks_data import codes, fact

from grundstein.core.case import Case
from grundstein.evaluation.checks import columns
from grundstein.evaluation.checks.look import Look
from grundstein.tasks.logs import TASK

if TYPE_CHECKING:
    from collections.abc import Mapping

CASE = Case("runs", "Which fails?", "logs", {"lines": "lines"}, {"outcome": "end"}, metric="accuracy", entity="session")


def lines(sessions: int, each: int) -> pa.Table:
    """Every line says something of its own; each session has one error, most lines are of level INFO."""
    rows = [(run, line) for run in range(sessions) for line in range(each)]
    columns: Mapping[str, list[object]] = {
        "session": [f"run {run}" for run, _ in rows],
        "text": [f"step {line} of run {run} took {run * each + line} ms" for run, line in rows],
        "level": ["ERROR" if line == 1 else "INFO" for _, line in rows],
        "end": ["bad" if run % 3 == 0 else "good" for run, _ in rows],
        "_row": list(range(len(rows))),
    }
    return pa.table(columns)


def looked(table: pa.Table) -> Look:
    folds = list(TASK.folds({"lines": table}, CASE, 1))
    judged = pa.concat_tables([fold.questions for fold in folds], promote_options="permissive")
    return Look(CASE, TASK, {"lines": table}, "random", 1, target="", judged=judged)


def test_texts_are_counted_by_session() -> None:
    checked = columns.check(looked(lines(120, 5)))
    assert fact(checked, "GST-C05", "distinct") == 120


def test_many_lines_of_few_sessions_are_not_many_texts() -> None:
    assert "GST-C05" not in codes(columns.check(looked(lines(60, 20))))


def test_a_level_that_is_the_same_in_every_session_is_one_value() -> None:
    checked = columns.check(looked(lines(120, 5)))
    assert fact(checked, "GST-C02", "columns") == "level"
    alone = Look(CASE, TASK, {"lines": lines(120, 5)}, "random", 1)
    assert "GST-C02" not in codes(columns.check(alone))
