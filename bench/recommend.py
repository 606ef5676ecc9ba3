"""Bench. In: MovieLens 100k -> Out: popularity against item-kNN, forward in time and on the random split that leaks."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK
from grundstein.tasks.recommend.events import events_of
from grundstein.tasks.recommend.options import reading
from grundstein.tasks.recommend.popularity import Popularity, popular

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grundstein.core.task import Data, Solution, Split

SHARED = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEED, BUDGET, LEVEL = 7, 9, 2.24
FILMS = Case(
    name="films",
    question="Which films should each user be shown?",
    task="recommend",
    data={"events": "ratings"},
    options={"user": "user", "item": "film"},
    time="at",
    metric="ndcg@10",
)
TEXT = """## Recommend
MovieLens 100k, full ranking over all 1,682 films, a film already rated is never shown. *Known* are users with ratings
before the cut; everybody else can only be shown what is popular. Gain: nDCG@10 of all users above the baseline, with
its range at the level of a first opening. *Plain popularity* counts all ratings alike, as libraries do; the baseline
tunes its half-life on the latest fifth of development, as the candidates tune themselves.

The same 80/20 cut twice: forward in time, and drawn at random so that later ratings may be learned from.
"""
LESSON = """
The random split promises {promised:+.3f} for item-kNN over the baseline; forward in time it is {kept:+.3f}. Against
plain popularity, item-kNN would have looked {plain:+.3f} better for the known users: the opponent was not tuned.
"""


@dataclass(frozen=True)
class Frozen:
    """The events as they stand while judging."""

    rows: pa.Table
    version: str = "development"

    def table(self) -> pa.Table:
        """All events."""
        return self.rows

    def since(self, version: str) -> pa.Table:
        """None: nothing comes while judging."""
        del version
        return self.rows.slice(0, 0)


class PlainPopularity(Popularity):
    """All events count alike: what popularity is elsewhere."""

    def fit(self, data: Data, seed: int) -> PlainPopularity:
        """Count."""
        del seed
        found = events_of(data["events"], self.read)
        return replace(self, items=found.item_ids, scores=popular(found, 0.0))


@dataclass(frozen=True)
class Result:
    """One solution on one split: value of each user, means by metric, seconds of CPU."""

    name: str
    value: NDArray[np.float64]
    metrics: dict[str, float]
    known: float
    fit: float
    answer: float


def run(quick: bool) -> str:
    """Return the section's text."""
    if not SHARED.is_dir():
        return "## Recommend\nNot measured: the real data sets are not beside this checkout (set GRUNDSTEIN_DATA)."
    ratings = films()
    cut = str(int(np.sort(np.asarray(ratings["at"].cast(pa.int64())))[int(0.8 * ratings.num_rows)]))
    parts, gains = [TEXT], {}
    for how, title in (("time", "Forward in time"), ("random", "Drawn at random (for contrast)")):
        case = FILMS if how == "time" else replace(FILMS, split="random")
        seal: Any = Seal("ratings", how, (), "", "at" if how == "time" else "", 0.2, cut, "bench")
        split = TASK.seal({"events": ratings}, case, seal)
        results = measured(case, split, 3 if quick else BUDGET)
        parts.append(table(title, split, results))
        gains[how] = results
    return "\n".join(parts) + LESSON.format(**lesson(gains))


def films() -> pa.Table:
    """The ratings as events, every rating counted alike."""
    lines = np.loadtxt(SHARED / "recommender" / "ml-100k" / "u.data", dtype=np.int64)
    at = pa.array(lines[:, 3] * 1_000_000, pa.int64()).cast(pa.timestamp("us", "UTC"))
    return pa.table({"user": lines[:, 0], "film": lines[:, 1], "at": at})


def measured(case: Case, split: Split, budget: int) -> list[Result]:
    """Fit, answer and value each solution; the baseline comes first."""
    rows = set(split.development["events"]["user"].cast(pa.string()).to_pylist())
    known = np.array([user in rows for user in split.questions["user"].to_pylist()])
    listed = [TASK.baseline(case), PlainPopularity(reading(case), "plain popularity"), *TASK.candidates(case, budget)]
    return [_measured(case, split, one, known) for one in listed]


def _measured(case: Case, split: Split, one: Solution, known: NDArray[np.bool_]) -> Result:
    start = time.process_time()
    fitted = one.fit(split.development, SEED)
    middle = time.process_time()
    answers = fitted.answer(split.questions, {"events": Frozen(split.development["events"])})
    end = time.process_time()
    value = TASK.value(case, split, answers).value
    metrics = TASK.metrics(case, split, answers)
    return Result(one.name, value, metrics, float(value[known].mean()), middle - start, end - middle)


def table(title: str, split: Split, results: list[Result]) -> str:
    """Return one split's table; the share of users known before stands in its head."""
    users, events = split.questions.num_rows, split.development["events"].num_rows
    head = f"**{title}**: {events:,} ratings to learn from, {users} users asked.\n\n"
    head += "| solution | nDCG@10 | known users | recall@20 | MRR@10 | gain | fit, CPU s | answer |\n"
    head += "|---|---|---|---|---|---|---|---|\n"
    return head + "".join(_row(one, results[0]) for one in results)


def _row(one: Result, baseline: Result) -> str:
    gain = one.value - baseline.value
    reach = LEVEL * gain.std(ddof=1) / np.sqrt(len(gain))
    shown = (
        "baseline"
        if one is baseline
        else f"{gain.mean():+.3f} [{gain.mean() - reach:+.3f}, {gain.mean() + reach:+.3f}]"
    )
    figures = " | ".join(f"{one.metrics[name]:.3f}" for name in ("recall@20", "mrr@10"))
    times = f"{one.fit:.2f} | {one.answer:.2f}"
    return f"| {one.name} | {one.metrics['ndcg@10']:.3f} | {one.known:.3f} | {figures} | {shown} | {times} |\n"


def lesson(results: dict[str, list[Result]]) -> dict[str, float]:
    """Return what each split would have said of item-kNN."""

    def means(how: str) -> dict[str, Result]:
        return {one.name: one for one in results[how]}

    forward, drawn = means("time"), means("random")
    return {
        "promised": float(drawn["item-kNN"].value.mean() - drawn["popularity"].value.mean()),
        "kept": float(forward["item-kNN"].value.mean() - forward["popularity"].value.mean()),
        "plain": forward["item-kNN"].known - forward["plain popularity"].known,
    }
