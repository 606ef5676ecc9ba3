"""Bench. In: citeulike-a, 5,551 libraries of 16,980 articles -> Out: what readers, tags and both find."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grundstein.core.task import Data, Solution, Split

SEED, GIVEN, LEVEL, BUDGET = 7, 10, 2.24, 6
LIBRARIES = Case(
    name="libraries",
    question="Which articles belong into a reader's library?",
    task="recommend",
    data={"events": "reading", "items": "articles"},
    options={"user": "user", "item": "item", "k": 300, "properties": "tags"},
    time="_row",
    metric="recall@20",
)
CITED = Case(
    name="cited",
    question="What do readers of this article also need?",
    task="recommend",
    data={"events": "reading", "items": "articles", "judgements": "citations"},
    options={"user": "user", "item": "item", "asked": "item", "related": "cited", "properties": "tags"},
    time="_row",
    metric="ndcg@10",
)
TEXT = """
**citeulike-a**, {given} articles of each library to learn from, drawn anew (the published draw is not at hand, so the
published figures are no peers in this run: content 0.2235 / 0.4950, best collaborative 0.099 / 0.230, Ferrari Dacrema
et al. 2021). {users:,} libraries have more than that; all {items:,} articles are ranked. REC is the mean over
libraries, *pooled* counts articles; settings come from a fifth of the articles given.

"""
LINKED = """
**Readers of this article also read**, with citations as truth: {items:,} articles are asked about, settings and weights
come from the citations of other articles. Gain over the better single source: {gain:+.0%}
[{low:+.0%}, {high:+.0%}].

"""


def run(folder: Path, live: Callable[[Data], dict[str, object]], quick: bool) -> str:
    """Return both tables."""
    return libraries(folder, live, quick) + cited(folder, live, quick)


@cache
def tables(folder: Path) -> tuple[list[list[int]], pa.Table, pa.Table]:
    """Libraries, articles with their tags, citations."""
    rows = {name: (folder / f"{name}.dat").read_text().splitlines() for name in ("users", "item-tag", "citations")}
    words = (folder / "tags.dat").read_text().splitlines()
    read = {name: [[int(word) for word in line.split()[1:]] for line in found] for name, found in rows.items()}
    tags = [[words[tag].strip() for tag in row if tag < len(words)] for row in read["item-tag"]]
    items = pa.table({"item": [_name(n) for n in range(len(tags))], "tags": pa.array(tags, pa.list_(pa.string()))})
    links = [(_name(one), _name(other)) for one, row in enumerate(read["citations"]) for other in row]
    pairs = {"item": [one for one, _ in links], "cited": [other for _, other in links]}
    return read["users"], items, pa.table(pairs)


def libraries(folder: Path, live: Callable[[Data], dict[str, object]], quick: bool) -> str:
    """Ten articles a library to learn from, all others to find."""
    shelves, items, _ = tables(folder)
    split = drawn(shelves[:500] if quick else shelves, items)
    head = "| solution | REC@50 | REC@300 | REC@50 pooled | fit, CPU s | answer, CPU s |\n|---|---|---|---|---|---|\n"
    text = TEXT.format(given=GIVEN, users=split.questions.num_rows, items=items.num_rows) + head
    for solution in [TASK.baseline(LIBRARIES), *TASK.candidates(LIBRARIES, 2 if quick else BUDGET)]:
        start = time.process_time()
        fitted = solution.fit(split.development, SEED)
        middle = time.process_time()
        lists = fitted.answer(split.questions, live(split.development))["items"].to_pylist()
        end = time.process_time()
        few, many, pooled = found(split, lists, 50), found(split, lists, 300), found(split, lists, 50, pooled=True)
        text += f"| {named(solution, fitted)} | {few:.3f} | {many:.3f} | {pooled:.3f} "
        text += f"| {middle - start:.1f} | {end - middle:.1f} |\n"
    return text


def drawn(shelves: list[list[int]], items: pa.Table) -> Split:
    """Draw what each library gives; the order of the rows carries nothing."""
    rng = np.random.default_rng(SEED)
    orders = [rng.permutation(shelf).tolist() for shelf in shelves]
    given = [(user, item) for user, order in enumerate(orders) for item in order[:GIVEN]]
    given = [given[place] for place in rng.permutation(len(given))]
    rows = given + [(user, item) for user, order in enumerate(orders) for item in order[GIVEN:]]
    seal = Seal("reading", "given", (), "", "", 0.0, str(len(given) - 1), "bench")
    return TASK.seal({"events": events(rows), "items": items}, LIBRARIES, seal)


def found(split: Split, lists: list[list[str]], most: int, *, pooled: bool = False) -> float:
    """Return the share of the wanted articles among the first of each list: the mean over users, or of all articles."""
    wanted = [set(row) for row in split.truth["events"]["items"].to_pylist()]
    hits = np.array([len(set(shown[:most]) & want) for shown, want in zip(lists, wanted, strict=True)], dtype=float)
    counts = np.array([len(want) for want in wanted], dtype=float)
    there = counts > 0
    return float(hits.sum() / counts.sum()) if pooled else float((hits[there] / counts[there]).mean())


def cited(folder: Path, live: Callable[[Data], dict[str, object]], quick: bool) -> str:
    """Articles as questions; a quarter of those with citations is asked about."""
    shelves, items, links = tables(folder)
    rows = [(user, item) for user, shelf in enumerate(shelves[:500] if quick else shelves) for item in shelf]
    seal = Seal("reading", "given", (), "", "", 0.25, str(len(rows)), "bench")
    split = TASK.seal({"events": events(rows), "items": items, "judgements": links}, CITED, seal)
    values, text = {}, "| solution | nDCG@10 | recall@20 | fit, CPU s |\n|---|---|---|---|\n"
    for solution in [TASK.baseline(CITED), *TASK.candidates(CITED, 2 if quick else BUDGET)]:
        start = time.process_time()
        fitted = solution.fit(split.development, SEED)
        took = time.process_time() - start
        answers = fitted.answer(split.questions, live(split.development))
        values[solution.name] = TASK.value(CITED, split, answers).value
        recall = TASK.metrics(CITED, split, answers)["recall@20"]
        text += f"| {named(solution, fitted)} | {values[solution.name].mean():.3f} | {recall:.3f} | {took:.1f} |\n"
    return LINKED.format(items=split.questions.num_rows, **gain(values)) + text


def gain(values: dict[str, np.ndarray]) -> dict[str, float]:
    """Return what the hybrid gains over the best of the others, as a share of it, with its range."""
    alone = {name: value for name, value in values.items() if name != "hybrid"}
    best = max(alone, key=lambda name: alone[name].mean())
    more, scale = values["hybrid"] - alone[best], alone[best].mean()
    reach = LEVEL * more.std(ddof=1) / np.sqrt(len(more))
    return {"gain": more.mean() / scale, "low": (more.mean() - reach) / scale, "high": (more.mean() + reach) / scale}


def named(solution: Solution, fitted: Solution) -> str:
    """The name, and of a mixture the sources that won and their weights."""
    parts, weights = getattr(fitted, "parts", ()), getattr(fitted, "weights", ())
    told = ", ".join(f"{weight:g} x {part}" for part, weight in zip(parts, weights, strict=True))
    return f"{solution.name} ({told})" if len(parts) > 1 else solution.name


def events(rows: list[tuple[int, int]]) -> pa.Table:
    """Events in the order of their rows."""
    users, items = [f"{user:04d}" for user, _ in rows], [_name(item) for _, item in rows]
    return pa.table({"user": users, "item": items, "_row": np.arange(len(rows))})


def _name(item: int) -> str:
    return f"{item:05d}"
