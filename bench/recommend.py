"""Bench. In: MovieLens 100k -> Out: popularity against item-kNN, forward in time and on the random split that leaks."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

import recommend_articles
from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK
from grundstein.tasks.recommend.events import Histories, events_of
from grundstein.tasks.recommend.factors import ROUNDS, Factors
from grundstein.tasks.recommend.leaking import leaks
from grundstein.tasks.recommend.options import reading
from grundstein.tasks.recommend.popularity import Popularity, popular
from grundstein.tasks.recommend.shelf import Shelves
from recommend_peers import MODELS, Peer

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
tunes its half-life inside development, as the candidates tune themselves; `implicit` stands beside them as it comes.

The same ratings cut twice: 80/20 forward in time, and 75/25 drawn at random so that later ratings may be learned from
(published there, nDCG@10: BiVAE 0.475, BPR 0.442, LightGCN 0.420, SAR 0.382).
"""
LESSON = """
The random split promises {promised:+.3f} for item-kNN over the baseline; forward in time it is {kept:+.3f}. Against
plain popularity, item-kNN would have looked {plain:+.3f} better for the known users: the opponent was not tuned.

Development of the forward split, item-kNN by how much of the future leaks in: {leaks}.
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
        return replace(self, items=found.item_ids, scores=popular(found, 0.0), shelves=Shelves(), cache=Histories())


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
    for how, title in (("time", "Forward in time, 80/20"), ("random", "Drawn at random, 75/25 (for contrast)")):
        case = FILMS if how == "time" else replace(FILMS, split="random")
        seal: Any = Seal("ratings", how, (), "", "at" if how == "time" else "", 0.25, cut, "bench")
        split = TASK.seal({"events": ratings}, case, seal)
        results = measured(case, split, 3 if quick else BUDGET)
        parts.append(table(title, split, results))
        gains[how] = results
        if how == "time":
            told = ", ".join(
                f"{row.way} {row.likeness:.3f}" for row in leaks(split.development["events"], reading(case))
            )
    films_text = "\n".join(parts) + LESSON.format(**lesson(gains), leaks=told)
    return films_text + als() + recommend_articles.run(SHARED / "recommender" / "citeulike-a", live, quick)


def live(data: Data) -> dict[str, Any]:
    """The live tables as they stand while judging."""
    return {name: Frozen(data[name]) for name in ("events", "items") if name in data}


def als() -> str:
    """Fit the library's ALS alone and ours in turns, with the same settings."""
    rng = np.random.default_rng(SEED)
    users, items = rng.integers(0, 6040, 1_160_000), (3706 * rng.random(1_160_000) ** 2).astype(np.int64)
    matrix = sp.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=(6040, 3706))
    spent: dict[str, list[float]] = {"ours": [], "alone": []}
    for _ in range(3):
        start = time.process_time()
        Factors.fit(matrix, 64, 10.0, 0.1, SEED)
        middle = time.process_time()
        with threadpool_limits(1):
            model = AlternatingLeastSquares(64, 0.1, 10.0, iterations=ROUNDS, num_threads=1, random_state=SEED)
            model.fit(matrix, show_progress=False)
        spent["ours"].append(middle - start)
        spent["alone"].append(time.process_time() - middle)
    ours, alone = min(spent["ours"]), min(spent["alone"])
    return (
        f"\nALS, 64 factors, {ROUNDS} rounds on {matrix.shape[0]:,} x {matrix.shape[1]:,} with {matrix.nnz:,} choices: "
        f"{ours:.2f} CPU s, implicit alone {alone:.2f} ({ours / alone:.2f} times), the better of three each.\n"
    )


def films() -> pa.Table:
    """The ratings as events, every rating counted alike."""
    lines = np.loadtxt(SHARED / "recommender" / "ml-100k" / "u.data", dtype=np.int64)
    at = pa.array(lines[:, 3] * 1_000_000, pa.int64()).cast(pa.timestamp("us", "UTC"))
    return pa.table({"user": lines[:, 0], "film": lines[:, 1], "at": at})


def measured(case: Case, split: Split, budget: int) -> list[Result]:
    """Fit, answer and value each solution; the baseline comes first."""
    rows = set(split.development["events"]["user"].cast(pa.string()).to_pylist())
    known = np.array([user in rows for user in split.questions["user"].to_pylist()])
    listed: list[Any] = [TASK.baseline(case), PlainPopularity(reading(case), "plain popularity")]
    listed += [*TASK.candidates(case, budget), *(Peer(reading(case), name) for name in MODELS)]
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
