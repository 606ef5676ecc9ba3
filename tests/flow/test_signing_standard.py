"""What a company asks binds its teams: it stops a verdict, adds signers, and what was signed under it names its day."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from signers import case_says, decide_again, denials

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Demand, Opening, Release, SignOff
from grundstein.flow import pinning
from grundstein.flow.checking import check
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from collections.abc import Mapping

APPROVERS = "approvers: {customers: [finance]}\n"


@pytest.fixture(autouse=True)
def _one_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One candidate is enough here."""
    monkeypatch.setattr(pinning, "BUDGET", 1)


def standard(project: Folder, text: str) -> Folder:
    """Write a standard, or take it away; the project as it is opened next."""
    path = project.root / "standard.yaml"
    if text:
        path.write_text(text, encoding="utf-8")
    else:
        path.unlink()
    return open_project(project.root)


def signed(project: Folder, tokens: Mapping[str, str], *names: str) -> None:
    for name in names:
        flow.sign(project, "leaving", tokens[name], "approve", "")


def bound(project: Folder) -> str:
    return cast("Release", flow.release(project, "leaving").record).bond.standard


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("required: [decision]\n", "`decision`"),
        (APPROVERS, "does not say `affects`"),
        ("least_holdback: 0.1\n", "holdback"),
        ("tasks: [recommend]\n", "predict"),
    ],
)
def test_a_case_that_falls_short_is_neither_decided_nor_signed_and_nothing_is_opened(decided, tokens, text, said):
    project = standard(decided, text)
    before = len(list(project.ledger.entries(Opening)))
    case_says(project, "tolerance: 2")
    with pytest.raises(Refused, match=said):
        flow.decide(project, "leaving")
    assert len(list(project.ledger.entries(Opening))) == before
    with pytest.raises(Refused, match=said):
        signed(project, tokens, "first")
    assert denials(project)


def test_an_experiment_that_was_made_before_is_not_opened_past_the_standard(decided):
    project = standard(decided, "required: [decision]\n")
    experiment = flow.evaluate(project, "leaving")
    with pytest.raises(Refused, match="decision"):
        flow.advance(experiment, project)


def test_the_standard_s_approvers_sign_besides_those_that_the_case_names(decided, tokens):
    case_says(decided, "affects: our customers")
    project = standard(decided, APPROVERS)
    signed(project, tokens, "first")
    with pytest.raises(Refused, match="finance"):
        flow.release(project, "leaving")
    signed(project, tokens, "third")
    assert bound(project)


def test_words_of_high_risk_in_the_question_ask_for_the_role_that_is_named_for_it(decided, tokens):
    project = standard(decided, "high_risk_words: [leaves]\n")
    signed(project, tokens, "first")
    with pytest.raises(Refused, match="finance"):
        flow.release(project, "leaving")


def test_an_approver_who_is_taken_out_of_the_standard_after_the_verdict_must_sign_all_the_same(decided, tokens):
    case_says(decided, "affects: customers\ntolerance: 2")
    project = standard(decided, APPROVERS)
    decide_again(project)
    project = standard(project, "")
    signed(project, tokens, "first")
    with pytest.raises(Refused, match="finance"):
        flow.release(project, "leaving")


def test_a_high_risk_that_is_taken_out_of_the_standard_after_the_verdict_stays_one(decided, tokens):
    case_says(decided, "tolerance: 2")
    project = standard(decided, "high_risk_words: [leaves]\n")
    decide_again(project)
    project = standard(project, "")
    signed(project, tokens, "first")
    with pytest.raises(Refused, match="finance"):
        flow.release(project, "leaving")


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("", APPROVERS, "approvers"),
        (APPROVERS, APPROVERS + "least_holdback: 0\nlongest_valid_days: 90\n", "longest_valid_days"),
        ("required: [worthwhile, money]\n", "required: [money]\n", "required"),
        ("required: [money]\n", "", "required"),
    ],
)
def test_a_standard_that_changes_after_the_signature_voids_it_and_the_field_is_named(
    decided, tokens, before, after, field
):
    case_says(decided, "affects: customers")
    project = standard(decided, before) if before else decided
    signed(project, tokens, "first", *(["third"] if "finance" in before else []))
    project = standard(project, after)
    with pytest.raises(Refused, match=f"lacks a signature: finance|standard was changed: {field}"):
        flow.release(project, "leaving")


def test_a_change_that_asks_nothing_else_of_this_case_leaves_its_signature_alone(decided, tokens):
    case_says(decided, "affects: customers")
    project = standard(decided, APPROVERS)
    signed(project, tokens, "first", "third")
    project = standard(
        project, "approvers: {customers: [finance], staff: [works-council]}\nhigh_risk_words: [credit]\n"
    )
    assert bound(project)


def test_a_release_is_bound_to_what_the_standard_said_and_an_edit_afterwards_is_told_by_check(decided, tokens):
    case_says(decided, "affects: customers")
    project = standard(decided, APPROVERS)
    signed(project, tokens, "first", "third")
    demand = cast("Demand", project.ledger.get(bound(project)).record)
    assert '"approvers":["finance"]' in demand.asks
    assert check(project).tips == ()
    (tip,) = check(standard(project, "required: [money]\n" + APPROVERS)).tips
    assert (tip.code, tip.facts["fields"]) == ("GST-N18", "required")


def test_a_signature_never_counts_longer_than_the_standard_allows(decided, tokens):
    project = standard(decided, "longest_valid_days: 30\n")
    signed(project, tokens, "first")
    entry = list(project.ledger.entries(SignOff))[-1]
    assert cast("SignOff", entry.record).until <= str(entry.at[:4] + "-12-31")
    assert project.valid_days == 30


def test_where_nothing_is_asked_nothing_is_written_down(decided, tokens):
    signed(decided, tokens, "first")
    assert bound(decided) == ""
    assert not list(decided.ledger.entries(Demand))


def test_a_project_that_weakens_the_company_s_standard_is_neither_decided_nor_signed_nor_released(decided, tokens):
    signed(decided, tokens, "first")
    (decided.root / "company.yaml").write_text("least_holdback: 0.1\n", encoding="utf-8")
    with (decided.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("standard: company.yaml\n")
    project = standard(decided, "least_holdback: 0.01\n")
    for act in (
        lambda: flow.decide(project, "leaving"),
        lambda: flow.sign(project, "leaving", tokens["second"], "approve", ""),
        lambda: flow.release(project, "leaving"),
    ):
        with pytest.raises(Refused, match=r"weaker than company\.yaml, line 1"):
            act()
