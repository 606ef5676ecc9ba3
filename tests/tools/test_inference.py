"""The judge's statistics, each test a rule."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from grundstein.tools.inference import (
    Sample,
    clopper_pearson,
    design_effect,
    detectable,
    interval,
    opening_level,
    pooled_effect,
    pooled_sd,
    rare_below,
    sample,
    units_needed,
)

LEVEL = 0.0125


def drawn(seed: int, units: int = 300, per_cluster: int = 1, periods: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, units // 3, units) if per_cluster == 0 else np.arange(units) // per_cluster
    difference = rng.normal(0.2, 1, units) + rng.normal(0, 1, units)[cluster]
    return sample(difference, cluster, np.arange(units) * periods // units if periods else None)


samples = st.builds(
    drawn,
    st.integers(0, 10**6),
    units=st.integers(60, 200),
    per_cluster=st.sampled_from([0, 1, 2]),
    periods=st.sampled_from([0, 5, 12]),
)


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


@given(samples, samples, st.floats(0.1, 1000))
@settings(max_examples=30, deadline=None)
def test_range_scales_with_the_currency(test: Sample, known: Sample, factor: float) -> None:
    one = interval(test, known, LEVEL, 8.0)
    other = interval(times(test, factor), times(known, factor), LEVEL, 8.0 * factor)
    assert np.allclose((other.low, other.mean, other.high), np.multiply((one.low, one.mean, one.high), factor))


@given(samples, samples)
@settings(max_examples=30, deadline=None)
def test_range_turns_round_when_the_two_solutions_are_exchanged(test: Sample, known: Sample) -> None:
    one = interval(test, known, LEVEL, 8.0)
    other = interval(times(test, -1), times(known, -1), LEVEL, 8.0)
    assert close(other.low, -one.high)
    assert close(other.high, -one.low)


@given(samples, samples, st.floats(-5, 5))
@settings(max_examples=30, deadline=None)
def test_width_does_not_move_with_a_constant_where_no_loss_is_rare(test: Sample, known: Sample, shift: float) -> None:
    moved, others = (
        replace(test, difference=test.difference + shift),
        replace(known, difference=known.difference + shift),
    )
    assert close(pooled_sd(moved, others), pooled_sd(test, known))
    assert close(pooled_effect(moved, others), pooled_effect(test, known))


@given(samples, st.integers(2, 4))
@settings(max_examples=30, deadline=None)
def test_units_repeated_within_their_clusters_do_not_narrow_the_range(test: Sample, times_: int) -> None:
    assume(test.clusters == test.units or design_effect(test) > 1)
    again = Sample(np.repeat(test.difference, times_), np.repeat(test.cluster, times_), test.clusters)
    one = interval(replace(test, period=None), None, LEVEL, 8.0)
    other = interval(again, None, LEVEL, 8.0)
    assert other.low <= one.low + 1e-9
    assert other.high >= one.high - 1e-9


@given(samples, samples)
@settings(max_examples=30, deadline=None)
def test_a_smaller_level_gives_a_wider_range_and_development_never_narrows_it(test: Sample, known: Sample) -> None:
    wide, narrow, alone = (interval(test, *rest, 8.0) for rest in ((known, 0.001), (known, 0.0125), (None, 0.0125)))
    assert wide.low <= narrow.low <= narrow.mean <= narrow.high <= wide.high
    assert narrow.low <= alone.low + 1e-9
    assert alone.high <= narrow.high + 1e-9


@given(samples, samples, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_range_knows_no_order_of_units(test: Sample, known: Sample, random: object) -> None:
    order = np.argsort(np.sin(np.arange(test.units) * 12.9898))
    period = None if test.period is None else test.period[order]
    shuffled = sample(test.difference[order], test.cluster[order], period)
    assert close(interval(test, known, LEVEL, 8.0).low, interval(shuffled, known, LEVEL, 8.0).low)


def test_without_clusters_and_development_the_range_is_students() -> None:
    test = drawn(1)
    reach = t.ppf(1 - LEVEL, 299) * test.difference.std(ddof=1) / math.sqrt(300)
    found = interval(test, None, LEVEL, 1.0)
    assert close(found.low, test.mean - reach)
    assert close(found.high, test.mean + reach)


def test_pooled_spread_weighs_development_three_to_one_whatever_its_size() -> None:
    test, known = drawn(1), times(drawn(2, units=90), 3)
    pooled = math.sqrt(0.75 * known.difference.var(ddof=1) + 0.25 * test.difference.var(ddof=1))
    assert close(pooled_sd(test, known), pooled)
    assert close(pooled_sd(test, times(drawn(2), 0.1)), test.difference.std(ddof=1))


def test_design_effect_is_one_for_single_units_and_grows_where_units_move_together() -> None:
    together = sample(np.repeat(drawn(3).difference, 4), np.repeat(np.arange(300), 4))
    assert design_effect(drawn(3)) == 1.0
    assert design_effect(together) == pytest.approx(2.0, rel=0.01)
    apart = sample(np.tile([1.0, -1.0], 300), np.repeat(np.arange(300), 2))
    assert design_effect(apart) == 1.0


def test_design_effect_of_development_is_brought_to_the_sizes_of_the_tests_clusters() -> None:
    large = sample(np.repeat(drawn(3).difference, 9), np.repeat(np.arange(300), 9))
    single, pairs = drawn(4), sample(drawn(5).difference, np.arange(300) // 2)
    assert pooled_effect(single, large) == pytest.approx(1.0)
    assert design_effect(pairs) < pooled_effect(pairs, large) <= math.sqrt(2)


def test_ten_periods_count_and_nine_do_not() -> None:
    shock = np.repeat([2.0, -2.0] * 5, 30)
    difference = drawn(6).difference + shock
    with_ten = interval(sample(difference, np.arange(300), np.arange(300) // 30), None, LEVEL, 1.0)
    with_nine = interval(sample(difference, np.arange(300), np.minimum(np.arange(300) // 30, 8)), None, LEVEL, 1.0)
    without = interval(sample(difference, np.arange(300)), None, LEVEL, 1.0)
    assert with_ten.low < without.low
    assert with_nine == without


def test_limit_of_a_share_is_clopper_and_pearsons() -> None:
    for seen, of in ((0, 250), (3, 1000), (9, 75), (5, 5)):
        exact = binomtest(seen, of, alternative="less").proportion_ci(1 - LEVEL, method="exact").high
        assert clopper_pearson(seen, of, LEVEL) == pytest.approx(exact, rel=1e-9)


def test_a_loss_never_seen_counts_at_its_limit_times_the_largest_loss() -> None:
    gains = sample(np.tile([0.0, 0.1], 200), np.arange(400))
    found = interval(gains, None, LEVEL, 5.0)
    assert found.rare
    assert found.bounded
    assert found.low < gains.mean - 5.0 * (1 - (LEVEL / 2) ** (1 / 400)) < found.mean
    assert interval(gains, None, LEVEL, 50.0).low < found.low


def test_nine_losses_are_rare_and_ten_are_not() -> None:
    def losing(clusters: int) -> Sample:
        return sample(np.where(np.arange(400) < clusters, -1.0, 0.1), np.arange(400))

    assert rare_below(losing(9), 5.0) == 0.0
    assert rare_below(losing(10), 5.0) is None
    assert rare_below(sample(losing(20).difference, np.arange(400) // 4), 5.0) == 0.0


def test_a_large_loss_is_rare_unless_it_cannot_happen() -> None:
    small = sample(np.where(np.arange(400) < 100, -0.1, 0.1), np.arange(400))
    assert rare_below(small, 0.9) is None
    assert rare_below(small, 1.1) == pytest.approx(-1.0)
    hidden = sample(np.where(np.arange(400) < 3, -7.0, small.difference), np.arange(400))
    assert rare_below(hidden, 10.0) == pytest.approx(-1.0)


def test_without_a_bound_a_rare_loss_leaves_the_range_open() -> None:
    found = interval(sample(np.tile([0.0, 0.1], 200), np.arange(400)), None, LEVEL, None)
    assert found.rare
    assert not found.bounded
    assert interval(drawn(1), None, LEVEL, None).bounded is False
    assert interval(drawn(1), None, LEVEL, 5.0).bounded


def test_levels_of_all_openings_together_stay_under_the_nominal_one() -> None:
    assert opening_level(1, False) == 0.0125 == opening_level(1, True)
    assert sum(opening_level(k, False) for k in range(1, 2000)) < 0.025
    assert sum(opening_level(k, True) for k in range(1, 60)) <= 0.025


def test_detectable_is_level_and_power_in_errors_and_shrinks_with_the_root_of_units() -> None:
    known = sample(np.tile([1.0, -1.0], 2000), np.arange(4000))
    assert detectable(known, 1000, 0.025, 1.0) == pytest.approx((1.95996 + 1.28155) / math.sqrt(1000), rel=1e-3)
    assert detectable(known, 4000, 0.025, 1.0) == pytest.approx((1.95996 + 1.28155) / math.sqrt(4000), rel=1e-3)


def test_detectable_is_unknown_where_a_rare_loss_has_no_bound() -> None:
    known = sample(np.where(np.arange(1000) < 4, -1.0, 0.1), np.arange(1000))
    assert detectable(known, 400, LEVEL, None) is None
    dear, cheap = detectable(known, 400, LEVEL, 5.0), detectable(known, 400, LEVEL, 1.0)
    assert dear is not None
    assert cheap is not None
    assert dear > cheap > 0


@given(samples, st.floats(-0.5, 0.5))
@settings(max_examples=25, deadline=None)
def test_units_needed_are_those_whose_detectable_gain_is_the_gain_seen(known: Sample, margin: float) -> None:
    needed = units_needed(known, margin, LEVEL, 1.0)
    gain = known.mean - margin
    if needed is None:
        assert gain <= 0
    else:
        reach = detectable(known, needed, LEVEL, 1.0)
        assert reach is not None
        assert reach <= gain


def times(part: Sample, factor: float) -> Sample:
    return replace(part, difference=part.difference * factor)


def test_a_bound_of_loss_that_is_smaller_than_a_loss_that_was_seen_is_raised_to_it() -> None:
    rng = np.random.default_rng(0)
    difference = np.where(rng.random(2_000) < 0.002, -50.0, 0.1)
    test = sample(difference, np.arange(2_000))
    stated = [interval(test, None, 0.0125, worst).low for worst in (0.01, 50.0)]
    assert stated[0] == stated[1] < 0
