"""What a person writes into a case is checked field by field; an error names file, line and the nearest word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.project.cases import case_content
from grundstein.project.folder import Folder, create_project
from grundstein.project.models import CaseFile, MoneyFile

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
# why this case exists
question: Which customers will leave next month?
decision: Customer Success calls those on the list
task: predict
data: customers
target: Churn
positive: "Yes"
entity: customerID
ignore: []
baseline: "Contract = 'Month-to-month' and tenure < 12"   # today's rule
money: {saved: 600, success: 0.30, cost: 60, assumed: [success]}
running_cost: 8000
volume: 7043
worthwhile: 0.50
acted: nobody
holdback: 0.05
affects: customers
signed_by: [customer-success]
"""


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    return create_project(tmp_path / "p", name="p")


def write(project: Folder, text: str) -> None:
    (project.root / "cases" / "churn.yaml").write_text(text, encoding="utf-8")


def test_the_design_s_example_is_read_as_written(project: Folder) -> None:
    write(project, CASE)
    case = project.case("churn")
    assert case.money == Money("action", {"saved": 600.0, "success": 0.3, "cost": 60.0}, ("success",))
    assert (case.options["target"], case.options["positive"]) == ("Churn", "Yes")
    assert (case.data, case.acted, case.volume) == ({"rows": "customers"}, "nobody", 7043.0)


def test_what_was_read_and_written_again_is_the_same_and_keeps_its_comments(project: Folder) -> None:
    write(project, CASE)
    before = project.case("churn")
    path = project.write_case(before)
    assert project.case("churn") == before
    assert "# why this case exists" in path.read_text(encoding="utf-8")


FIELDS = [line.split(":")[0] for line in CASE.splitlines() if line[0] != "#"]


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("question", "task")])
def test_a_typo_in_a_field_names_the_line_and_the_field_that_was_meant(project: Folder, field: str) -> None:
    typo = field[:-1] + field[-1] * 2 if len(field) > 4 else field + "s"
    text = "\n".join(typo + line[len(field) :] if line.startswith(field + ":") else line for line in CASE.splitlines())
    write(project, text)
    with pytest.raises(Refused) as refused:
        project.case("churn")
    said = str(refused.value)
    assert typo in said or "is missing" in said
    assert f'"{field}"' in said or f"`{field}`" in said


@pytest.mark.parametrize("amount", ["saved", "success", "cost"])
def test_a_typo_in_money_is_caught_too(project: Folder, amount: str) -> None:
    write(project, CASE.replace(f"{amount}:", f"{amount}x:"))
    with pytest.raises(Refused, match=f'{amount}x(.|\n)*"{amount}"'):
        project.case("churn")


def test_an_unquoted_yes_is_explained(project: Folder) -> None:
    write(project, CASE.replace('positive: "Yes"', "positive: Yes"))
    with pytest.raises(Refused) as refused:
        project.case("churn")
    assert "line 7" in refused.value.what
    assert "YAML reads as true" in refused.value.what
    assert "quotes" in refused.value.next_step


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("volume: 7043", "volume: -1", "volume"),
        ("volume: 7043", "volume: many", "volume"),
        ("success: 0.30", "success: 30", "success"),
        ("holdback: 0.05", "holdback: 5", "holdback"),
        ("assumed: [success]", "assumed: [sucess]", "assumed"),
        ("cost: 60", "right: 60", "one form"),
        ("task: predict", "task: predikt", "predict"),
        ("data: customers", "data: [customers]", "data"),
        ("worthwhile: 0.50", "worthwhile: .nan", "worthwhile"),
        ("money: {", "money: [", "YAML"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_with_its_place(project: Folder, old: str, new: str, said: str) -> None:
    write(project, CASE.replace(old, new))
    with pytest.raises(Refused, match=said):
        project.case("churn")


def test_a_missing_case_names_the_nearest_one(project: Folder) -> None:
    write(project, CASE)
    with pytest.raises(Refused, match='"churn"'):
        project.case("churm")


def test_an_idea_needs_only_its_question(project: Folder) -> None:
    write(project, "question: Could we read invoices?\nidea: true\n")
    assert project.case("churn").idea


def test_staff_and_applicants_make_a_case_high_risk(project: Folder) -> None:
    write(project, CASE.replace("affects: customers", "affects: applicants"))
    assert project.case("churn").risk == "high"


numbers = st.floats(0.001, 1e6, allow_nan=False)
words = st.text(st.characters(categories=["L", "N"], max_codepoint=0x17F), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words,
    numbers,
    st.lists(words, max_size=3, unique=True),
    st.sampled_from(["saved", "right", "over", "hit", "act_on_yes"]),
)
def test_every_case_survives_writing_and_reading(
    project: Folder, word: str, number: float, more: list[str], amount: str
) -> None:
    forms = {"saved": "action", "right": "classes", "over": "number", "hit": "ranking", "act_on_yes": "cells"}
    case = Case(
        name="c",
        question=word,
        task="predict",
        data={"rows": word},
        options={"target": word, "positive": None},
        ignore=tuple(more),
        money=Money(forms[amount], {amount: number}, (amount,)),
        volume=number,
        horizon_days=number,
        signed_by=tuple(more),
    )
    project.write_case(case)
    read = project.case("c")
    assert read == replace(case, options=read.options)
    assert read.options["target"] == word


def test_every_field_of_a_file_says_what_it_means() -> None:
    for model in (CaseFile, MoneyFile):
        assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_a_written_case_holds_only_what_differs_from_silence() -> None:
    assert case_content(Case("c", "Q?", "predict", {"rows": "t"})) == {"question": "Q?", "data": "t", "task": "predict"}
