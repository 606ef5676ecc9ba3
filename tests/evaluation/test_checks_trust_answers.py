"""Who is treated worse, whether probabilities mean what they say, how many cases can be answered alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, fact
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_data import many, number, people, probabilities, two

from grundstein.evaluation import checks
from grundstein.evaluation.checks import calibration, conformal, slices, treated
from grundstein.evaluation.checks.answered import answered

UNFAIR = {"GST-T30", "GST-T31", "GST-T32", "GST-T37", "GST-T39", "GST-T40", "GST-T41"}


def world(seed: int = 0, n: int = 4000) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.random.Generator]:
    rng = np.random.default_rng(seed)
    told = probabilities(n, rng)
    return told, rng.random(n) < told, people(n, rng), rng


def test_where_nobody_is_treated_differently_no_group_is_named():
    told = [codes(treated.check(two(*world(seed, 1500)[:3]))) & UNFAIR for seed in range(40)]
    assert sum(map(bool, told)) <= 3


def test_a_group_with_more_wrong_answers_is_named():
    told, came, columns, rng = world()
    here = np.flatnonzero(columns["nationality"] == "b")
    told[here] = rng.permutation(told[here])
    checked = treated.check(two(told, came, columns))
    assert (fact(checked, "GST-T30", "column"), fact(checked, "GST-T30", "value")) == ("nationality", "b")
    assert fact(checked, "GST-T30", "low") > 0


def test_a_group_that_is_judged_too_high_is_an_issue_with_what_was_foretold_and_what_came():
    told, _, columns, rng = world()
    came = rng.random(len(told)) < np.where(columns["gender"] == "f", told / 2, told)
    checked = treated.check(two(told, came, columns))
    assert "GST-T32" in codes(checked, "issue")
    assert fact(checked, "GST-T32", "told") > 1.5 * fact(checked, "GST-T32", "came")


def test_a_group_that_is_acted_on_more_often_is_told_with_how_often_yes_is_true():
    told, came, columns, _ = world()
    told = np.where(columns["nationality"] == "c", np.clip(told + 0.3, 0, 1), told)
    checked = treated.check(two(told, came, columns))
    assert fact(checked, "GST-T31", "value") == "c"
    assert fact(checked, "GST-T31", "truth") == pytest.approx(fact(checked, "GST-T31", "truth_rest"), abs=0.06)


def test_a_group_that_is_worse_off_than_today_is_an_issue():
    told, came, columns, rng = world()
    noisy = np.clip(told + rng.normal(0, 0.4, len(told)), 0.01, 0.99)
    here = columns["nationality"] == "b"
    checked = treated.check(two(np.where(here, noisy, told), came, columns, old=np.where(here, told, noisy)))
    assert "GST-T40" in codes(checked, "issue")
    assert fact(checked, "GST-T40", "new") > fact(checked, "GST-T40", "old")


def test_groups_below_thirty_are_not_judged_and_that_is_said():
    told, came, columns, _ = world(n=1500)
    columns["religion"] = np.where(np.arange(1500) < 20, "rare", "other")
    checked = treated.check(two(np.where(np.arange(1500) < 20, 0.99, told), came, columns))
    assert fact(checked, "GST-T34", "small") == 1
    assert "rare" not in str(checked.findings)


def test_a_group_is_compared_by_a_column_that_the_case_ignores():
    told, _, columns, rng = world()
    came = rng.random(len(told)) < np.where(columns["gender"] == "f", told / 2, told)
    seen = two(told, came, columns, ignore=("gender",))
    assert "gender" not in seen.judged.column_names
    assert fact(treated.check(seen), "GST-T32", "column") == "gender"


def test_one_loud_person_is_no_group():
    told, came, columns, _ = world(n=1500)
    told[:100], came[:100] = 0.9, False
    columns["nationality"][:100] = "d"
    assert fact(treated.check(two(told, came, columns)), "GST-T30", "value") == "d"
    cluster = np.where(np.arange(1500) < 100, -1, np.arange(1500))
    assert not codes(treated.check(two(told, came, columns, cluster=cluster))) & UNFAIR


def test_larger_errors_of_a_number_are_told_by_group():
    rng = np.random.default_rng(0)
    columns, told = people(3000, rng), rng.normal(100, 20, 3000)
    came = (
        told + rng.normal(0, 10, 3000) * np.where(columns["gender"] == "f", 2, 1) + 8 * (columns["nationality"] == "c")
    )
    checked = treated.check(number(told, came, columns))
    assert fact(checked, "GST-T37", "value") == "f"
    assert (fact(checked, "GST-T39", "value"), fact(checked, "GST-T39", "came") > 105) == ("c", True)


def test_where_no_column_tells_of_people_that_is_said():
    told, came, *_ = world(n=500)
    assert codes(treated.check(two(told, came, {"price": told}))) == {"GST-T36"}
    assert not treated.check(two(told, came, {"price": told}, affects="machines")).findings


def test_groups_of_people_stand_among_the_slices_also_when_ignored():
    told, came, columns, _ = world(n=1000)
    seen = two(told, came, columns, ignore=("gender",))
    assert {one.column for one in slices.slices(seen)} == {"gender", "nationality", "age"}


def test_units_that_were_acted_on_are_left_out():
    told, came, columns, rng = world(n=1000)
    columns["called"] = rng.choice(["yes", "no", None], 1000)
    new = answered(two(told, came, columns, acted="called"), "linear")
    assert len(new.truth) == (columns["called"] == "no").sum()


def test_probabilities_that_hold_pass():
    told = [calibration.check(two(*world(seed, 3000)[:3])) for seed in range(20)]
    assert sum("GST-T52" not in codes(one) for one in told) <= 1
    assert told[0].figures[0].shape == "diagonal"


def test_probabilities_that_boast_are_told_in_plain_shares():
    told, _, columns, rng = world()
    came = rng.random(len(told)) < told * 0.75
    checked = calibration.check(two(told, came, columns))
    assert "GST-T50" in codes(checked, "issue")
    assert fact(checked, "GST-T50", "told") > fact(checked, "GST-T50", "came") + 0.05


def test_a_slope_that_is_wrong_on_both_sides_is_found_though_the_mean_is_right():
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 1.2, 6000)
    came = rng.random(6000) < 1 / (1 + np.exp(-odds))
    told = 1 / (1 + np.exp(-2 * odds))
    assert abs(told.mean() - came.mean()) < 0.03
    assert "GST-T50" in codes(calibration.check(two(told, came, {"x": odds})))


def test_too_few_cases_say_nothing_about_probabilities():
    assert codes(calibration.check(two(*world(0, 80)[:3]))) == {"GST-T53"}


def classes(n: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    odds = np.exp(rng.normal(0, 2, (n, 3)))
    told = odds / odds.sum(axis=1, keepdims=True)
    drawn = (rng.random(n)[:, None] > told.cumsum(axis=1)).sum(axis=1)
    return told, np.array(["a", "b", "c"])[np.minimum(drawn, 2)]


def test_many_classes_are_told_by_how_sure_they_are():
    told, came = classes()
    assert codes(calibration.check(many(told, came, ["a", "b", "c"]))) == {"GST-T52"}
    sharp = told**4 / (told**4).sum(axis=1, keepdims=True)
    assert "GST-T51" in codes(calibration.check(many(sharp, came, ["a", "b", "c"])), "issue")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.1, 0.2]), st.booleans())
def test_sets_hold_the_truth_as_often_as_promised_however_bad_the_probabilities(seed: int, miss: float, by_class: bool):
    told, came, columns, rng = world(seed, 2000)
    told = np.clip(told ** rng.uniform(0.3, 3), 0.001, 0.999)
    found = conformal.sets(answered(two(told, came, columns), "linear"), miss, seed, by_class=by_class)
    assert found.held >= 1 - miss - 5 * found.error


def test_alone_and_with_a_person_make_a_thousand_and_the_promises_are_told_apart():
    checked = conformal.check(two(*world()[:3]))
    assert fact(checked, "GST-T60", "alone") + fact(checked, "GST-T60", "person") == 1000
    assert fact(checked, "GST-T60", "wrong") > 0.1 >= fact(checked, "GST-T61", "wrong") - 0.03
    alone = checked.figures[0].columns["alone"]
    assert list(alone) == sorted(alone)


def test_several_classes_are_answered_alone_where_one_is_left():
    checked = conformal.check(many(*classes(), ["a", "b", "c"]))
    assert 300 < fact(checked, "GST-T60", "alone") < 950


def test_a_promise_that_later_cases_break_is_an_issue():
    rng = np.random.default_rng(0)
    told = np.clip(rng.normal(0.7, 0.2, 3000), 0.02, 0.98)
    came = rng.random(3000) < np.where(np.arange(3000) < 1200, told, 1 - told)
    marks = {"_time": np.arange(3000)}
    checked = conformal.check(two(told, came, {"x": told}, split="time", marks=marks))
    assert codes(checked, "issue") == {"GST-T62"}


def test_the_range_of_a_number_holds_nine_of_ten_also_where_errors_lean_to_one_side():
    rng = np.random.default_rng(0)
    told = rng.normal(0, 3, 2000)
    checked = conformal.check(number(told, told + rng.exponential(1, 2000), {"x": told}))
    assert fact(checked, "GST-T63", "held") == pytest.approx(0.9, abs=0.03)
    assert fact(checked, "GST-T63", "width") == pytest.approx(3.0, abs=0.35)
    assert fact(checked, "GST-T63", "share") < 0.4


def test_few_cases_or_few_entities_carry_no_promise():
    told, came, columns, _ = world(n=1000)
    assert codes(conformal.check(two(told[:150], came[:150], {"x": told[:150]}))) == {"GST-T65"}
    assert codes(conformal.check(two(told, came, columns, cluster=np.arange(1000) % 10))) == {"GST-T65"}


def test_answers_of_another_shape_are_left_alone():
    told, came, columns, _ = world(n=500)
    seen = two(told, came, columns)
    lists = {"linear": pa.table({"items": [["a"]] * 500})}
    for check in (treated.check, calibration.check, conformal.check):
        assert not check(checks.Look(**{**vars(seen), "answers": lists})).findings
