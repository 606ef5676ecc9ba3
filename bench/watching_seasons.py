"""Bench. In: a seed -> Out: rows of some years with seasons in them, a month after them, and what is planted in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

import watching_streams as streams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from watching_streams import Columns, Stream

SEASONS = {
    "wave": "a mean that swings through the year by 0.5 to 1.5 standard deviations",
    "jump": "a mean that is 0.8 to 1.5 standard deviations higher in one month",
    "week": "a mean that is 0.5 to 1.5 standard deviations higher at weekends",
}
PLANTS = {
    "mean": "a number without a season moves by 0.5 standard deviations",
    "mix": "a fifth of the rows takes another category",
    "season": "a number that swings by 1 standard deviation through the year moves by 1 more the way it went",
}
SATURDAY, THURSDAY = 5, 3


def stream(rng: np.random.Generator, what: str = "") -> tuple[Stream, int]:
    """2,000 to 8,000 rows of 1.2 to 3.2 years, a month of ticks soon after; `what` begins at a random row of it."""
    before = int(np.exp(rng.uniform(np.log(2_000), np.log(8_000))))
    sizes = np.maximum(rng.poisson(rng.uniform(40, 250), streams.TICKS), 1)
    end = np.datetime64("2025-01-01") + int(rng.integers(0, 365))
    earlier = np.sort(end - rng.uniform(0, 365 * rng.uniform(1.2, 3.2), before).astype("timedelta64[D]"))
    ticks = np.repeat(np.arange(streams.TICKS), sizes)
    when = np.concatenate([earlier, end + int(rng.integers(1, 60)) + ticks.astype("timedelta64[D]")])
    onset = int(rng.integers(100, max(len(ticks) - 700, 101)))
    columns = streams.columns(rng, len(when)) | _seasonal(rng, when, np.arange(len(when)) >= before + onset, what)
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    table = table.append_column(streams.TIME, pa.array(when.astype("datetime64[us]"), pa.timestamp("us")))
    return streams.Stream(table.slice(0, before), table.slice(before), ticks), onset


def undated(one: Stream) -> Stream:
    """The same without a time: every season is a change."""
    return replace(one, known=one.known.drop_columns([streams.TIME]), rows=one.rows.drop_columns([streams.TIME]))


def _seasonal(rng: np.random.Generator, when: NDArray[np.datetime64], late: NDArray[np.bool_], what: str) -> Columns:
    rows = len(when)
    month, day = (when.astype(f"datetime64[{unit}]").astype(np.int64) for unit in ("M", "D"))
    away = 2 * np.pi * (month % 12 - int(rng.integers(0, 12))) / 12
    weekend = (day + THURSDAY) % 7 >= SATURDAY
    parts = {
        "wave": rng.uniform(0.5, 1.5) * np.cos(away),
        "jump": rng.uniform(0.8, 1.5) * (np.cos(away) > 1 - 1e-9),
        "week": rng.uniform(0.5, 1.5) * weekend,
    }
    found: Columns = {name: 50 + 10 * (rng.standard_normal(rows) + part) for name, part in parts.items()}
    if what == "mix":
        found["planted"] = streams.remixed(rng, streams.mixing(rng, rng.standard_normal(rows)), late, 0.2)
    elif what:
        own = {"mean": 0.5 * late, "season": np.cos(away) + np.where(np.cos(away) > 0, 1.0, -1.0) * late}[what]
        found["planted"] = 50 + 10 * (rng.standard_normal(rows) + own)
    return found
