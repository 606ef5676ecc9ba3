"""What the judge promises, on simulated values: the short form of `bench/judge.py`, where the full table is made."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from grundstein.tools.inference import interval, sample

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
    return importlib.import_module("judge")


@pytest.fixture(scope="module")
def rows(bench: ModuleType) -> list:
    return [row for row in bench.rows(quick=True) if row.cell.promised]


def test_no_cell_qualifies_noise_in_more_than_one_of_twenty(bench: ModuleType, rows: list) -> None:
    assert [row.cell for row in rows if bench.lower_limit(row.false, row.runs) > 0.05] == []


def test_every_cell_covers_the_true_gain(bench: ModuleType, rows: list) -> None:
    assert [row.cell for row in rows if bench.lower_limit(1 - row.covered, row.runs) > 0.07] == []


def test_the_detectable_gain_is_found_from_a_thousand_clusters(rows: list) -> None:
    assert np.mean([row.found for row in rows if row.cell.size >= 1000]) >= 0.80


@pytest.mark.parametrize("interval", ["t", "percentile", "bca"])
def test_standard_intervals_fail_where_a_candidate_acts_on_fewer(bench: ModuleType, rows: list, interval: str) -> None:
    shares = [getattr(row, interval) for row in rows if row.cell.shape == "acts on fewer" and row.cell.size == 250]
    assert bench.lower_limit(max(shares), 100) > 0.05


def test_averaging_rare_losses_lets_a_huge_one_hide(bench: ModuleType, rows: list) -> None:
    hidden = [row for row in rows if row.cell.world == "huge loss"]
    assert max(bench.lower_limit(row.averaged, row.runs) for row in hidden) > 0.05
    assert max(row.false for row in hidden) <= 0.05


@pytest.mark.parametrize("way", ["climbing", "votes"])
def test_twenty_openings_do_not_make_noise_qualify(bench: ModuleType, way: str) -> None:
    assert bench.lower_limit(bench.climb(way, bench.RULE, "development", 300), 300, 0.05) <= 0.025


def test_twenty_openings_without_accounting_do(bench: ModuleType) -> None:
    assert bench.climb("climbing", "no accounting", "values", 200) > 0.5
    assert bench.climb("votes", bench.RULE, "sealed", 300) > 0.05


def test_shocks_that_whole_periods_share_do_not_make_noise_qualify() -> None:
    rng = np.random.default_rng(5)
    period = np.arange(600) // 50
    qualified = np.zeros(2)
    for _ in range(400):
        noise = rng.standard_normal(600) + 0.3 * rng.standard_normal(12)[period]
        known = sample(rng.standard_normal(1800), np.arange(1800))
        for way, when in enumerate((period, None)):
            qualified[way] += interval(sample(noise, np.arange(600), when), known, 0.0125, 3.0).low > 0
    assert qualified[0] <= 400 * 0.025
    assert qualified[1] > 400 * 0.05
