"""Room tasks. In: a seed -> Out: a small recommend case, with tastes to find or with none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case

if TYPE_CHECKING:
    from grundstein.core.task import Data

USERS, ITEMS, TASTES, EVENTS, DAYS = 400, 120, 6, 24, 240
START = 1_735_689_600_000_000
DAY = 86_400_000_000


def example(seed: int, signal: bool) -> tuple[Case, Data]:
    """Return readers and articles: with `signal` three in four are read by taste, else only by popularity."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(USERS), EVENTS)
    appeal = 1.0 / np.arange(1, ITEMS + 1) ** 0.7
    rng.shuffle(appeal)
    taste_of_item = rng.integers(0, TASTES, ITEMS)
    taste_of_user = rng.integers(0, TASTES, USERS)
    items = np.empty(len(users), dtype=np.int64)
    for taste in range(TASTES):
        own = np.flatnonzero(taste_of_user[users] == taste)
        by_taste = appeal * np.where(taste_of_item == taste, 1.0, 0.0)
        chances = 0.75 * by_taste / by_taste.sum() + 0.25 * appeal / appeal.sum() if signal else appeal / appeal.sum()
        items[own] = rng.choice(ITEMS, len(own), p=chances)
    at = START + rng.integers(0, DAYS * DAY, len(users))
    order = np.argsort(at, kind="stable")
    case = Case(
        name="articles",
        question="Which articles should each reader be shown?",
        task="recommend",
        data={"events": "reading", "items": "articles"},
        options={"user": "reader", "item": "article", "k": 10},
        time="at",
        metric="ndcg@10",
    )
    table = pa.table(
        {
            "reader": pa.array([f"R-{u:04d}" for u in users[order]]),
            "article": pa.array([f"A-{i:03d}" for i in items[order]]),
            "at": pa.array(at[order], pa.int64()).cast(pa.timestamp("us", "UTC")),
        }
    )
    articles = pa.table({"article": pa.array([f"A-{i:03d}" for i in range(ITEMS)])})
    return case, {"events": table, "items": articles}
