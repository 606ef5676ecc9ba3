"""A range that holds at every look, and what going on is expected to cost."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grundstein.core.records import Gain
from grundstein.production import measuring
from grundstein.tools import inference


def sample(values):
    return inference.sample(values, np.arange(len(values)))


def test_the_range_holds_the_mean_at_forty_looks_at_once_where_a_range_for_one_look_does_not():
    rng = np.random.default_rng(5)
    sizes = np.unique(np.geomspace(30, 3_000, 40).astype(int))
    drawn = rng.exponential(1, (600, 3_000)) - 1
    means = np.cumsum(drawn, axis=1)[:, sizes - 1] / sizes
    errors = drawn.std() / np.sqrt(sizes)
    reach = np.array([measuring.reach(int(size)) for size in sizes])
    held = (np.abs(means) <= reach * errors).all(axis=1).mean()
    once = (np.abs(means) <= 1.96 * errors).all(axis=1).mean()
    assert held >= 0.95
    assert once < 0.8


def test_too_few_independent_units_have_no_range():
    assert measuring.measured(sample(np.arange(29.0)), None, None) is None
    assert measuring.measured(sample(np.arange(30.0)), None, None) is not None


@given(st.integers(30, 100_000))
def test_the_range_of_all_looks_is_wider_than_that_of_one_and_never_absurd(clusters):
    assert 2.9 < measuring.reach(clusters) < 4
    assert 0 < measuring.level(clusters) < inference.LEVEL


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 20), st.floats(0.1, 20), st.integers(30, 5_000))
def test_what_is_expected_lies_between_what_was_signed_and_what_was_measured(signed, mean, wide, narrow, clusters):
    before, now = Gain(signed, signed - wide, signed + wide), Gain(mean, mean - narrow, mean + narrow)
    ahead = measuring.expected(before, 0.0125, now, clusters)
    assert min(signed, mean) - 1e-9 <= ahead <= max(signed, mean) + 1e-9


def test_little_truth_leaves_the_expectation_at_what_was_signed_and_much_moves_it():
    signed = Gain(20.0, 15.0, 25.0)
    vague = measuring.expected(signed, 0.0125, Gain(0.0, -90.0, 90.0), 40)
    sure = measuring.expected(signed, 0.0125, Gain(0.0, -1.0, 1.0), 4_000)
    assert vague > 19
    assert sure < 1


def test_calibration_is_looked_at_when_the_truths_have_grown_by_half():
    assert [measuring.calibration_look(n) for n in (99, 100, 149, 150, 225, 1_000)] == [0, 1, 1, 2, 3, 6]
