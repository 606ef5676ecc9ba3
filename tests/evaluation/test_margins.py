"""What must be gained: one reading of margin and tolerance for built and outside answers alike."""

from __future__ import annotations

from dataclasses import replace

from grundstein.core.case import Case, Money

CASE = Case(
    "c", "?", "predict", {"rows": "t"}, money=Money("cells", {"act_on_yes": 1.0}),
    worthwhile=1.0, running_cost=500.0, baseline_cost=300.0, volume=100.0, baseline="x > 1",
)  # fmt: skip


def test_the_running_cost_of_a_rule_counts_against_the_rule_alone():
    assert CASE.margin_against("baseline") == 3.0
    assert CASE.margin_against("trivial") == CASE.margin_against("default") == 6.0


def test_a_rule_that_the_case_does_not_state_has_no_running_cost():
    assert replace(CASE, baseline="").margin_against("baseline") == 6.0


def test_what_is_worthwhile_is_tolerated_where_the_case_says_nothing():
    assert (CASE.tolerated, replace(CASE, tolerance=0.0).tolerated, replace(CASE, tolerance=2.0).tolerated) == (1, 0, 2)
