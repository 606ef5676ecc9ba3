"""A promise is given with a warning where the gain moves in time, and rarely where it does not."""

from __future__ import annotations

import numpy as np

from grundstein.evaluation.steady import steady
from grundstein.tools.inference import Sample, sample


def gains(mean: float, seed: int, units: int = 500) -> Sample:
    random = np.random.default_rng(seed)
    return sample(random.normal(mean, 1.0, units), np.arange(units), np.arange(units) // 25)


def test_a_gain_that_moved_by_more_than_chance_is_warned_of():
    assert [one.code for one in steady(gains(1.0, 1), gains(0.2, 2))] == ["GST-P01"]
    assert [one.code for one in steady(gains(0.2, 1), gains(1.0, 2))] == ["GST-P01"]


def test_a_gain_that_stays_is_warned_of_in_less_than_one_in_fifty_worlds():
    assert sum(bool(steady(gains(0.5, seed), gains(0.5, seed + 1000))) for seed in range(200)) < 4


def test_a_difference_within_the_swing_of_the_periods_is_no_warning():
    random = np.random.default_rng(3)
    swing = np.repeat(random.normal(0, 2.0, 20), 25)
    part = sample(swing + random.normal(0, 0.1, 500), np.arange(500), np.arange(500) // 25)
    assert not steady(part, gains(part.mean + 0.6, 4))
