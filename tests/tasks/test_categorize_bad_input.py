"""Bad texts and odd categories: each is answered, told or refused in words, and none takes longer than it must."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from grundstein import flow
from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment
from grundstein.evaluation.experiment import Frozen
from grundstein.project.folder import create_project
from grundstein.tasks.categorize import TASK

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.task import Solution

CASE = Case(
    "teams",
    "Which team?",
    "categorize",
    {"rows": "mails"},
    {"target": "team", "text": "mail", "clean": "mail"},
    money=Money("classes", {"right": 1.0, "wrong": -4.0, "ask": 0.0}),
    worthwhile=0.01,
)
WORDS = {"Technik": "Absturz Passwort", "Abo": "kündigen verlängern"}


def mails(rows: int = 120) -> pa.Table:
    """Mails to two teams."""
    teams = [list(WORDS)[n % 2] for n in range(rows)]
    said = [f"Guten Tag, {WORDS[team]} Nummer {n}" for n, team in enumerate(teams)]
    return pa.table({"mail": said, "team": teams, "_row": np.arange(rows)})


def text(rows: pa.Table, case: Case = CASE) -> Solution:
    """The candidate that reads the text."""
    return next(one for one in TASK.candidates(case, 9) if one.name == "text").fit({"rows": rows}, 1)


ODD: dict[str, Any] = {
    "empty": "",
    "missing": None,
    "blanks": " \n\t ",
    "one long line": "Absturz " * 500_000,
    "letters without a blank": "a" * 5_000_000,
    "quoted only": "> alt\n" * 50_000,
    "binary": "".join(map(chr, range(1, 256))) * 100,
    "signs": "🙂" * 1_000 + "\u202e\u200b\ufeff",
    "a rule's traps": "(((" * 10_000 + "[[[" + "\\" * 1_000,
    "other letters": "Привет мир " * 100,
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_text_is_answered_with_a_probability(name: str) -> None:
    solution = text(mails())
    told = solution.answer(
        pa.table({"mail": pa.array([ODD[name]], pa.string())}), {"rows": Frozen(mails())}
    ).to_pylist()
    assert told[0]["answer"] in WORDS
    assert 0.0 <= told[0]["probability"] <= 1.0


def test_odd_texts_can_be_learnt_from() -> None:
    rows = mails()
    odd = pa.table({"mail": pa.array(list(ODD.values()), pa.string()), "team": ["Abo"] * len(ODD)})
    joined = pa.concat_tables([rows.drop_columns(["_row"]), odd])
    solution = text(joined.append_column("_row", pa.array(range(joined.num_rows))))
    told = solution.answer(pa.table({"mail": ["Absturz nach dem Passwort"]}), {"rows": Frozen(joined)})
    assert told["answer"].to_pylist() == ["Technik"]


def test_one_odd_text_does_not_change_the_answer_to_another() -> None:
    solution, live = text(mails()), {"rows": Frozen(mails())}
    alone = solution.answer(pa.table({"mail": ["kündigen"]}), live).to_pylist()[0]
    batch = pa.table({"mail": pa.array(["kündigen", *ODD.values()], pa.string())})
    assert solution.answer(batch, live).to_pylist()[0] == alone


def test_one_category_alone_is_refused_in_words() -> None:
    rows = mails()
    with pytest.raises(Refused, match=r'"team" is "Abo" in every row'):
        text(rows.set_column(1, "team", [["Abo"] * rows.num_rows]))


def test_a_category_that_nothing_before_knew_is_wrong_and_told() -> None:
    rows = mails(200)
    late = rows.set_column(1, "team", [[team if n < 100 else "Neu" for n, team in enumerate(rows["team"].to_pylist())]])
    case = replace(CASE, time="_row")
    folds = list(TASK.folds({"rows": late}, case, 0))
    found = {one.code: one for one in TASK.findings(case, {"rows": late}, folds)}
    assert found["GST-Y04"].facts["share"] > 0.1
    fold = folds[0]
    told = text(fold.development["rows"], case).answer(fold.questions, {"rows": Frozen(fold.development["rows"])})
    assert TASK.metrics(case, fold, told)["accuracy"] < 1.0


def test_a_thousand_categories_of_one_example_are_evaluated_and_told(tmp_path: Path) -> None:
    project = create_project(tmp_path / "p", salt="tests")
    lines = [f"{n},Frage {n} zu Wort{n % 50},T{n}" for n in range(1_000)]
    (tmp_path / "t.csv").write_text("\n".join(["id,mail,team", *lines]) + "\n", encoding="utf-8")
    flow.ingest(project, str(tmp_path / "t.csv"), "mails")
    project.write_case(CASE)
    record = flow.evaluate(project, "teams").record
    assert isinstance(record, Experiment)
    found = {one.code: one.facts for one in record.findings}
    assert found["GST-Y04"]["share"] == 1.0
    assert found["GST-Y05"]["rare"] == found["GST-Y05"]["categories"]
    assert record.outcomes


def test_rows_without_any_category_are_refused_in_words(tmp_path: Path) -> None:
    project = create_project(tmp_path / "p", salt="tests")
    (tmp_path / "t.csv").write_text(
        "id,mail,team\n" + "".join(f"{n},Frage {n},\n" for n in range(100)), encoding="utf-8"
    )
    flow.ingest(project, str(tmp_path / "t.csv"), "mails")
    project.write_case(CASE)
    with pytest.raises(Refused, match="0 units"):
        flow.evaluate(project, "teams")
