"""The four verdicts, each test a rule of the judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.task import Values
from grundstein.evaluation.judge import Judgement, Part, foretell, judge

LEVEL = 0.0125


def values(amounts: np.ndarray, worst: float | None = 1.0, per_cluster: int = 1, start: int = 0) -> Values:
    unit = np.arange(start, start + len(amounts), dtype=np.int64)
    return Values(unit, unit // per_cluster, np.asarray(amounts, dtype=np.float64), None, worst)


def part(gain: float, units: int = 1000, seed: int = 0, **how: object) -> Part:
    """A solution whose units are worth `gain` on average, with a spread of 1."""
    rng = np.random.default_rng(seed)
    return Part(
        values(rng.normal(gain, 1, 3 * units), start=units, **how),  # type: ignore[arg-type]
        values(rng.normal(gain, 1, units), **how),  # type: ignore[arg-type]
    )


def judged(
    candidate: Part | None,
    opponents: dict[str, Part] | None = None,
    margin: float = 0.0,
    tolerance: float = 0.1,
    perfect: float | None = None,
    first: bool = True,
) -> Judgement:
    rivals = opponents or {"rule": part(0.0, seed=1)}
    return judge(candidate, rivals, dict.fromkeys(rivals, margin), LEVEL, tolerance, perfect, first)


def test_a_clear_gain_over_every_opponent_qualifies_with_sealed_figures() -> None:
    found = judged(part(1.0), {"rule": part(0.0, seed=1), "nobody": part(-1.0, seed=2)}, margin=0.5)
    assert found.verdict == "qualifies"
    assert found.figures == "sealed"
    assert found.hardest == "rule"
    assert found.gains["rule"].low > 0.5
    assert found.gains["nobody"].mean == pytest.approx(2.0, abs=0.2)


def test_the_margin_is_compared_and_not_taken_off_the_gain() -> None:
    near, far = judged(part(1.0), margin=0.0), judged(part(1.0), margin=0.5)
    assert near.gains == far.gains


def test_one_opponent_that_is_not_beaten_is_enough_not_to_qualify() -> None:
    found = judged(part(1.0), {"rule": part(0.0, seed=1), "everybody": part(0.97, seed=2)}, tolerance=0.0)
    assert found.verdict == "not_enough_data"
    assert found.hardest == "everybody"


def test_each_opponent_has_its_own_margin() -> None:
    rivals = {"rule": part(0.0, seed=1), "nobody": part(0.0, seed=2)}
    assert judge(part(0.5), rivals, {"rule": 0.1, "nobody": 0.1}, LEVEL, 0.1, None).verdict == "qualifies"
    assert judge(part(0.5), rivals, {"rule": 0.1, "nobody": 0.9}, LEVEL, 0.1, None).verdict == "does_not_qualify"


def test_a_gain_that_cannot_reach_the_margin_does_not_qualify() -> None:
    assert judged(part(0.0), margin=0.5).verdict == "does_not_qualify"
    assert judged(part(0.4), margin=0.5, tolerance=0.0).verdict == "not_enough_data"
    assert judged(part(0.4), margin=0.5, tolerance=0.2).verdict == "does_not_qualify"


def test_between_the_two_there_are_not_enough_data_and_it_says_how_many_are_needed() -> None:
    found = judged(part(0.05, seed=3), tolerance=0.0)
    assert found.verdict == "not_enough_data"
    assert found.figures == "development"
    assert found.detectable is not None
    assert found.units_needed is not None
    assert found.units_needed > 1000


def test_a_verdict_that_does_not_qualify_shows_development_and_nothing_sealed() -> None:
    candidate, rule = part(0.0), part(0.0, seed=1)
    sealed = replace(candidate.test, value=candidate.test.value[::-1].copy())
    one = judged(candidate, {"rule": rule}, margin=0.5)
    other = judged(Part(candidate.development, sealed), {"rule": rule}, margin=0.5)
    assert one == other
    assert one.gains["rule"].mean == pytest.approx(float(np.mean(candidate.development.value - rule.development.value)))


def test_after_the_first_opening_hopeless_is_said_by_development_alone() -> None:
    good, bad, rule = part(0.6), part(0.0), part(0.0, seed=1)
    hopeless_when_sealed = Part(good.development, bad.test)
    hopeless_in_development = Part(bad.development, good.test)
    assert judged(hopeless_when_sealed, {"rule": rule}, 0.5).verdict == "does_not_qualify"
    assert judged(hopeless_when_sealed, {"rule": rule}, 0.5, first=False).verdict == "not_enough_data"
    assert judged(hopeless_in_development, {"rule": rule}, 0.58, first=False).verdict == "does_not_qualify"


def test_nothing_to_judge_is_not_applicable() -> None:
    found = judged(None)
    assert found.verdict == "not_applicable"
    assert [finding.code for finding in found.findings] == ["GST-J01"]


def test_perfect_answers_worth_less_than_the_margin_are_not_applicable() -> None:
    found = judged(part(1.0), margin=0.5, perfect=0.4)
    assert found.verdict == "not_applicable"
    assert [finding.code for finding in found.findings] == ["GST-J03"]
    assert judged(part(1.0), margin=0.5, perfect=0.6).verdict == "qualifies"


def test_biased_values_never_qualify() -> None:
    candidate, rule = part(3.0), part(0.0, seed=1)
    bent = replace(rule.test, biased="acted, and nobody left alone")
    for biased in (Part(rule.development, bent), Part(replace(rule.development, biased="as above"), rule.test)):
        found = judged(candidate, {"rule": biased})
        assert found.verdict == "not_enough_data"
        assert [finding.code for finding in found.findings] == ["GST-J02"]
        assert all(finding.text("de") for finding in found.findings)


def test_fewer_than_thirty_clusters_are_not_enough_however_many_units() -> None:
    rivals = {"rule": part(0.0, units=290, seed=1, per_cluster=10)}
    found = judged(part(3.0, units=290, per_cluster=10), rivals)
    assert found.verdict == "not_enough_data"
    assert found.findings[0].facts == {"clusters": 29, "needed": 30}
    rivals = {"rule": part(0.0, units=300, seed=1, per_cluster=10)}
    assert judged(part(3.0, units=300, per_cluster=10), rivals).verdict == "qualifies"


def test_rare_losses_without_a_bound_are_not_enough_data_and_with_one_they_count() -> None:
    def saving(worst: float | None) -> dict[str, Part]:
        return {"rule": Part(values(np.zeros(3000), worst, start=1000), values(np.zeros(1000), worst))}

    def candidate(worst: float | None) -> Part:
        amounts = np.where(np.arange(3000) % 1000 < 3, -1.0, 0.5)
        return Part(values(amounts, worst, start=1000), values(amounts[:1000], worst))

    open_ended = judged(candidate(None), saving(None))
    assert open_ended.verdict == "not_enough_data"
    assert [finding.code for finding in open_ended.findings] == ["GST-J05"]
    bounded = judged(candidate(1.0), saving(1.0))
    assert bounded.verdict == "qualifies"
    assert [finding.code for finding in bounded.findings] == ["GST-J06"]
    assert judged(candidate(60.0), saving(60.0)).verdict == "not_enough_data"


def test_values_of_other_units_or_without_a_number_are_refused() -> None:
    candidate, rule = part(1.0), part(0.0, seed=1)
    strangers = replace(rule.test, unit=rule.test.unit + 1)
    with pytest.raises(ValueError, match="same units"):
        judged(candidate, {"rule": Part(rule.development, strangers)})
    broken = replace(rule.test, value=np.where(rule.test.unit == 5, np.nan, rule.test.value))
    with pytest.raises(ValueError, match="finite"):
        judged(candidate, {"rule": Part(rule.development, broken)})


def test_foretelling_reads_development_only_and_agrees_with_the_judge() -> None:
    candidate, rule = part(0.05, seed=3), part(0.0, seed=1)
    told = foretell(candidate.development, {"rule": rule.development}, {"rule": 0.0}, 1000, LEVEL)
    found = judged(candidate, {"rule": rule}, tolerance=0.0)
    assert (told.gains, told.hardest, told.detectable, told.units_needed) == (
        found.gains,
        found.hardest,
        found.detectable,
        found.units_needed,
    )


@given(st.integers(0, 10**6), st.floats(-0.3, 0.3), st.floats(0.0, 0.3), st.floats(-3, 3))
@settings(max_examples=25, deadline=None)
def test_money_added_to_every_answer_of_all_solutions_changes_nothing(
    seed: int, gain: float, margin: float, bonus: float
) -> None:
    candidate, rule = part(gain, 200, seed), part(0.0, 200, seed + 1)
    one = judged(candidate, {"rule": rule}, margin)
    other = judged(more(candidate, bonus), {"rule": more(rule, bonus)}, margin)
    assert one.verdict == other.verdict
    assert other.gains["rule"].low == pytest.approx(one.gains["rule"].low)


@given(st.integers(0, 10**6), st.floats(-0.5, 0.5), st.floats(0.0, 0.3))
@settings(max_examples=25, deadline=None)
def test_nobody_qualifies_who_also_does_not_and_a_higher_margin_never_helps(
    seed: int, gain: float, margin: float
) -> None:
    rank = {"does_not_qualify": 0, "not_enough_data": 1, "qualifies": 2}
    candidate, rivals = part(gain, 200, seed), {"rule": part(0.0, 200, seed + 1)}
    easy, hard = (judged(candidate, rivals, asked, 0.05).verdict for asked in (margin, margin + 0.1))
    assert rank[hard] <= rank[easy]


def more(solution: Part, bonus: float) -> Part:
    return Part(
        replace(solution.development, value=solution.development.value + bonus),
        replace(solution.test, value=solution.test.value + bonus),
    )
