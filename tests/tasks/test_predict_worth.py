"""Predict: what an answer is worth, whom today's rule has spoiled, and what today's rule and its like answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from predicting import CHURN, answered, case_of, later, people, split_of

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.predict import TASK

YES = {"positive": "yes"}
CASE = case_of(money=CHURN, acted="nobody", options=YES)
RULE = replace(CASE, baseline="plan = 'basic' and months < 20")


def picked(table: pa.Table) -> np.ndarray:
    return (np.array(table["plan"].to_pylist()) == "basic") & (table["months"].to_numpy() < 20)


def yes_of(table: pa.Table) -> np.ndarray:
    return np.array(table["left"].to_pylist()) == "yes"


def test_money_pays_saved_times_success_less_cost_for_whom_is_acted_on() -> None:
    split = split_of(RULE, people())
    answers = answered(TASK.baseline(RULE), split)
    act, yes = picked(split.questions), yes_of(split.truth["rows"])
    assert answers["act"].to_numpy().tolist() == act.astype(float).tolist()
    values = TASK.value(RULE, split, answers)
    assert values.value.tolist() == np.where(act, np.where(yes, 80.0, -40.0), 0.0).tolist()
    assert values.worst == 80.0
    assert not values.biased


def test_a_yes_no_rule_is_as_probable_as_it_was_right_in_development() -> None:
    split = split_of(RULE, people())
    rows = split.development["rows"]
    yes, act = yes_of(rows), picked(rows)
    answers = answered(TASK.baseline(RULE), split)
    said = answers["probability"].to_numpy()[picked(split.questions)]
    assert said == pytest.approx((yes[act].sum() + 0.5) / (act.sum() + 1))


def test_a_rule_that_says_nothing_does_not_act() -> None:
    table = people(months=pa.nulls(400, pa.int64()))
    assert not answered(TASK.baseline(RULE), split_of(RULE, table))["act"].to_numpy().any()


def test_a_score_is_ranked_and_its_start_is_chosen_in_development() -> None:
    case = replace(CASE, baseline="60 - months")
    split = split_of(case, people())
    answers = answered(TASK.baseline(case), split)
    months, act = split.questions["months"].to_numpy(), answers["act"].to_numpy()
    assert 0 < act.sum() < len(act)
    assert months[act == 1].max() < months[act == 0].min()
    rising = answers["probability"].to_numpy()[np.argsort(-months, kind="stable")]
    assert (np.diff(rising) >= 0).all()


def test_a_yes_no_rule_shares_a_capacity_in_equal_fractions() -> None:
    case = replace(RULE, capacity=50.0, volume=1_000.0)
    split = split_of(case, people())
    share = picked(split.development["rows"]).mean()
    answers = answered(TASK.baseline(case), split)
    act = answers["act"].to_numpy()
    assert act[picked(split.questions)] == pytest.approx(0.05 / share)
    one = int(np.flatnonzero(picked(split.questions) & yes_of(split.truth["rows"]))[0])
    assert TASK.value(case, split, answers).value[one] == pytest.approx(80.0 * 0.05 / share)


def test_everybody_within_a_capacity_is_a_draw() -> None:
    case = replace(CASE, capacity=50.0, volume=1_000.0)
    split = split_of(case, people())
    everybody = next(one for one in TASK.trivial(case) if one.name == "everybody")
    assert answered(everybody, split)["act"].to_numpy() == pytest.approx(0.05)


def spoiled(held_back: float, seed: int = 4) -> tuple[Case, pa.Table]:
    """Today's rule acted on all it picks but a share held back; half of those it acted on were saved by that."""
    rng, table = np.random.default_rng(seed), people(3_000, seed)
    called = picked(table) & (rng.random(3_000) >= held_back)
    left = np.where(called & (rng.random(3_000) < 0.5), "no", table["left"].to_pylist())
    return replace(RULE, acted="called"), people(3_000, seed, called=called, left=left.tolist())


def test_units_left_alone_stand_for_those_that_were_acted_on() -> None:
    case, table = spoiled(0.25)
    split = split_of(case, table)
    values = TASK.value(case, split, answered(TASK.baseline(case), split))
    called = np.array(split.truth["rows"]["called"].to_pylist())
    rule = picked(split.questions)
    rows = split.development["rows"]
    share = 1 - np.array(rows["called"].to_pylist())[picked(rows)].mean()
    assert not values.value[called].any()
    yes = yes_of(split.truth["rows"])
    assert values.value[rule & ~called] == pytest.approx(np.where(yes, 80.0, -40.0)[rule & ~called] / share)
    assert values.worst == pytest.approx(80.0 / share)
    assert not values.biased


def test_weights_bring_back_the_value_that_acting_destroyed() -> None:
    case, table = spoiled(0.25)
    truth = replace(RULE, acted="nobody")
    clean = split_of(truth, people(3_000, 4))
    honest = TASK.value(truth, clean, answered(TASK.baseline(truth), clean)).value.mean()
    split = split_of(case, table)
    told = TASK.value(case, split, answered(TASK.baseline(case), split)).value.mean()
    naive = TASK.value(truth, split, answered(TASK.baseline(truth), split)).value.mean()
    assert abs(told - honest) < abs(naive - honest)


def test_a_ranking_rule_is_cut_where_acting_began() -> None:
    rng, table = np.random.default_rng(1), people(3_000)
    called = (table["months"].to_numpy() < 15) & (rng.random(3_000) < 0.8)
    case = replace(CASE, acted="called", baseline="60 - months")
    split = split_of(case, people(3_000, called=called))
    values = TASK.value(case, split, answered(TASK.baseline(case), split))
    assert not values.biased
    assert values.worst == pytest.approx(80.0 / 0.2, rel=0.15)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"acted": ""}, "nobody said"),
        ({"acted": "called", "baseline": ""}, "no rule says"),
        ({"acted": "called"}, "was left alone"),
    ],
)
def test_values_that_acting_has_spoiled_say_so(fields: dict[str, str], reason: str) -> None:
    case = replace(RULE, **fields)
    split = split_of(case, people(called=picked(people())))
    values = TASK.value(case, split, answered(TASK.baseline(case), split))
    assert reason in values.biased


def test_nobody_acted_on_yet_spoils_nothing() -> None:
    case = replace(RULE, acted="called")
    split = split_of(case, people(called=[False] * 400))
    assert not TASK.value(case, split, answered(TASK.baseline(case), split)).biased


def test_everybody_acted_on_is_no_crash() -> None:
    case = replace(RULE, acted="called")
    split = split_of(case, people(called=["yes"] * 400))
    for solution in (TASK.baseline(case), *TASK.trivial(case), *TASK.candidates(case, 3)):
        answers = answered(solution, split)
        assert TASK.value(case, split, answers).biased
        assert TASK.metrics(case, split, answers) == {}


def test_a_metric_is_clipped_and_bounded() -> None:
    case = case_of(metric="log_loss", options=YES)
    split = split_of(case, people())
    sure = pa.table({"answer": ["yes"] * 4, "probability": [1.0, 0.0, 0.5, 1.0], "act": [1.0] * 4})
    few = replace(split, questions=split.questions.slice(0, 4), truth={"rows": split.truth["rows"].slice(0, 4)})
    values = TASK.value(case, few, sure)
    assert values.value.min() >= np.log(0.001)
    assert values.worst == pytest.approx(np.log(999))
    assert TASK.value(replace(case, metric="accuracy"), few, sure).worst == 1.0


def test_asking_a_person_is_worth_what_the_case_says() -> None:
    money = Money("classes", {"right": 2.0, "wrong": -10.0, "ask": -1.0})
    case = case_of("plan", money=money)
    split = split_of(case, people())
    count = split.questions.num_rows
    truth = split.truth["rows"]["plan"].to_pylist()
    ask = pa.table({"answer": truth, "probability": np.ones(count), "act": np.zeros(count)})
    assert set(TASK.value(case, split, ask).value.tolist()) == {-1.0}
    assert set(TASK.value(case, split, TASK.perfect(case, split)).value.tolist()) == {2.0}
    assert TASK.value(case, split, ask).worst == 12.0
    linear = answered(next(iter(TASK.candidates(case, 1))), split)
    assert linear["act"].to_numpy().mean() < 0.2, "nothing tells the plan, so a person is asked"


def test_too_much_and_too_little_have_their_own_price() -> None:
    case = case_of("months", money=Money("number", {"over": 1.0, "under": 9.0}))
    split = split_of(case, people())
    values = {s.name: TASK.value(case, split, answered(s, split)) for s in TASK.candidates(case, 3)}
    assert values["linear"].worst is None
    assert TASK.value(replace(case, worst=500.0), split, TASK.perfect(case, split)).worst == 500.0
    even = case_of("months", metric="absolute_error")
    fair = TASK.value(case, split, answered(next(iter(TASK.candidates(even, 1))), split))
    assert values["linear"].value.mean() > fair.value.mean(), "predictions move to the cheaper side"


def test_perfect_answers_keep_to_the_capacity() -> None:
    case = replace(CASE, capacity=50.0, volume=1_000.0)
    split = split_of(case, people())
    share = yes_of(split.development["rows"]).mean()
    act = TASK.perfect(case, split)["act"].to_numpy()
    assert act[yes_of(split.truth["rows"])] == pytest.approx(0.05 / share)
    assert not act[~yes_of(split.truth["rows"])].any()


def test_values_in_time_carry_their_period() -> None:
    case = replace(CASE, time="_row")
    split = split_of(case, people(), later(299))
    period = TASK.value(case, split, answered(TASK.baseline(case), split)).period
    assert period is not None
    assert (np.diff(period) >= 0).all()
    assert len(np.unique(period)) == 20


def test_a_rule_for_many_classes_names_one_of_them() -> None:
    case = case_of("plan", baseline="CASE WHEN months < 20 THEN 'basic' ELSE 'pro' END")
    split = split_of(case, people())
    answers = answered(TASK.baseline(case), split)
    assert set(answers["answer"].to_pylist()) == {"basic", "pro"}
    assert 0 < TASK.metrics(case, split, answers)["accuracy"] < 1
    number = replace(case, baseline="months * 2")
    with pytest.raises(Refused, match="CASE WHEN"):
        TASK.baseline(number).fit(split.development, 1)


def test_a_rule_for_a_number_is_the_number_or_the_mean_of_its_groups() -> None:
    table = people()
    case = case_of("months", baseline="CASE WHEN plan = 'pro' THEN 40 ELSE NULL END")
    split = split_of(case, table)
    told = answered(TASK.baseline(case), split)["answer"].to_numpy()
    mean = split.development["rows"]["months"].to_numpy().mean()
    assert set(np.round(told, 6)) == {40.0, round(float(mean), 6)}
    grouped = answered(TASK.baseline(replace(case, baseline="plan = 'pro'")), split)["answer"].to_numpy()
    assert len(set(grouped)) == 2


def test_no_rule_is_answered_by_the_majority_or_by_two_steps() -> None:
    table = people(1_500)
    split = split_of(CASE, table)
    steps = TASK.baseline(CASE).fit(split.development, 1)
    assert "months" in steps.sentence
    nothing = people(1_500, left=np.random.default_rng(0).choice(["yes", "no"], 1_500, p=[0.3, 0.7]).tolist())
    case = case_of(metric="accuracy", options=YES)
    majority = TASK.baseline(case).fit(split_of(case, nothing).development, 1)
    assert majority.sentence == ""


def test_a_table_that_only_names_its_rows_is_answered_by_the_majority() -> None:
    split = split_of(CASE, people().select(["person", "left", "_row"]))
    assert TASK.baseline(CASE).fit(split.development, 1).sentence == ""
    with pytest.raises(ValueError, match="no column"):
        answered(next(iter(TASK.candidates(CASE, 1))), split)
