"""Money per unit and where to start acting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grundstein.core.case import Money
from grundstein.tools.money import Policy, Stakes, choose_policy, number_worth, stakes, wanted_quantile

CHURN = Money("action", {"saved": 600.0, "success": 0.30, "cost": 60.0})
SCORE = st.integers(0, 20).map(lambda n: n / 20)


def test_saved_success_and_cost_become_the_cells_of_acting() -> None:
    assert stakes(CHURN) == Stakes(120.0, -60.0, 0.0, 0.0)
    assert stakes(CHURN).even == pytest.approx(1 / 3)


def test_many_classes_are_the_question_whether_the_answer_is_right() -> None:
    at_stake = stakes(Money("classes", {"right": 2.0, "wrong": -10.0, "ask": -1.0}))
    worth = at_stake.worth(np.array([1.0, 1.0, 0.0]), np.array([True, False, True]))
    assert worth.tolist() == [2.0, -10.0, -1.0]


def test_a_number_has_no_stakes_of_yes_and_no() -> None:
    with pytest.raises(KeyError):
        stakes(Money("number", {"over": 1.0}))


def test_an_error_costs_by_its_side_and_the_sign_of_the_amount_does_not_matter() -> None:
    for amounts in ({"over": 2.0, "under": 5.0}, {"over": -2.0, "under": -5.0}):
        money = Money("number", amounts)
        assert number_worth(money, np.array([3.0, 1.0]), np.array([1.0, 2.0])).tolist() == [-4.0, -5.0]
        assert wanted_quantile(money) == pytest.approx(5 / 7)
    assert wanted_quantile(None) == 0.5


def test_worst_bounds_the_difference_of_any_two_answers() -> None:
    at_stake = stakes(Money("cells", {"act_on_yes": 100.0, "act_on_no": -7.0, "skip_yes": -300.0}))
    assert at_stake.worst == 400.0


@given(st.lists(st.tuples(SCORE, st.booleans()), min_size=1, max_size=40))
def test_no_cut_earns_more_than_the_chosen_one(units: list[tuple[float, bool]]) -> None:
    scores, yes = np.array([u[0] for u in units]), np.array([u[1] for u in units])
    at_stake = stakes(CHURN)

    def earned(policy: Policy) -> float:
        return float(at_stake.worth(policy.act(scores), yes).sum())

    chosen = choose_policy(scores, yes, np.ones(len(units)), at_stake)
    assert earned(chosen) >= max(earned(Policy(cut)) for cut in np.arange(-0.025, 1.1, 0.05)) - 1e-9


@given(st.lists(st.tuples(SCORE, st.booleans()), min_size=1, max_size=40), st.floats(0.0, 1.0))
def test_a_capacity_is_never_exceeded_on_the_units_it_was_chosen_on(
    units: list[tuple[float, bool]], room: float
) -> None:
    scores, yes = np.array([u[0] for u in units]), np.array([u[1] for u in units])
    for calibrated in (False, True):
        policy = choose_policy(scores, yes, np.ones(len(units)), stakes(CHURN), room, calibrated)
        assert policy.act(scores).mean() <= room + 1e-9


def test_a_yes_no_rule_shares_a_capacity_in_equal_fractions() -> None:
    rule = np.array([1.0] * 40 + [0.0] * 60)
    policy = choose_policy(rule, rule > 0, np.ones(100), stakes(CHURN), room=0.10)
    assert policy.act(rule)[:40] == pytest.approx(np.full(40, 0.25))
    assert not policy.act(rule)[40:].any()


def test_where_acting_pays_on_a_no_the_low_probabilities_are_acted_on() -> None:
    loan = stakes(Money("cells", {"act_on_yes": -500.0, "act_on_no": 100.0}))
    policy = choose_policy(np.array([0.9, 0.5, 0.1, 0.1]), np.array([1, 1, 0, 0]) > 0, np.ones(4), loan)
    assert policy.act(np.array([0.9, 0.05])).tolist() == [0.0, 1.0]


def test_the_cut_of_theory_stands_unless_another_one_clearly_earned_more() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(2_000)
    honest = choose_policy(scores, rng.random(2_000) < scores, np.ones(2_000), stakes(CHURN), calibrated=True)
    assert honest.cut == pytest.approx(1 / 3)
    distorted = choose_policy(scores, rng.random(2_000) < scores**3, np.ones(2_000), stakes(CHURN), calibrated=True)
    assert distorted.cut > 0.5


def test_units_of_weight_zero_do_not_move_the_cut() -> None:
    scores, yes = np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False])
    weights = np.array([1.0, 1.0, 1.0, 0.0])
    other = yes.copy()
    other[3] = True
    assert choose_policy(scores, yes, weights, stakes(CHURN)) == choose_policy(scores, other, weights, stakes(CHURN))


def test_equal_earnings_act_on_fewer() -> None:
    at_stake = stakes(Money("cells", {"act_on_yes": 1.0, "act_on_no": -1.0}))
    policy = choose_policy(np.array([0.9, 0.5, 0.4]), np.array([True, False, True]), np.ones(3), at_stake)
    assert policy.act(np.array([0.9, 0.5, 0.4])).tolist() == [1.0, 0.0, 0.0]
