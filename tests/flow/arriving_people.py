"""A small table of people who leave or stay."""

from __future__ import annotations

import numpy as np


def people(n: int, seed: int, signal: float) -> str:
    """Who leaves depends on tenure and plan, by `signal`; each row has a day, the rows are in its order."""
    rng = np.random.default_rng(seed)
    tenure, plan = rng.integers(0, 72, n), rng.choice(["month", "year"], n)
    odds = signal * ((plan == "month") - 0.5) - signal * (tenure - 36) / 36 - 0.8
    leaves = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    day = (np.datetime64("2023-01-01") + np.arange(n) * 700 // n).astype(str)
    lines = [f"p{i:05d},{t},{p},{d},{v}" for i, (t, p, d, v) in enumerate(zip(tenure, plan, day, leaves, strict=True))]
    return "\n".join(["person,tenure,plan,day,leaves", *lines]) + "\n"
