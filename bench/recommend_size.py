"""Bench. In: a made-up world of a million readers -> Out: time and memory of fits, speed of answers."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from grundstein.core.case import Case
from grundstein.tasks.recommend import TASK, ease
from tabled import table

SEED, BUDGET, ASKED, TASTES = 7, 8, 2_000, 200
LARGE, SMALL = (1_000_000, 50_000, 20), (20_000, 2_000, 20)
MEASURED = ("popularity", "item-kNN", "ALS")
CASE = Case(
    name="articles",
    question="Which articles should each reader be shown?",
    task="recommend",
    data={"events": "reading"},
    options={"user": "user", "item": "item"},
    time="at",
    metric="ndcg@10",
)
TEXT = """## Recommend, a large world
{users:,} readers, {items:,} articles, {events:,} events made up by {tastes} tastes and fashion; each solution in a
process of its own, one thread, tuned inside its fit by a budget of {budget} fits. *Peak* is the process's largest
memory, the table of events ({table:.1f} GB) within it. Answers: {asked:,} readers, after the history was read once.
EASE {ease}.

{rows}

EASE alone on {closed}: {seconds:.0f} CPU s, {memory:.2f} GB at the peak.
"""


def run(quick: bool) -> str:
    """Measure each solution in a process of its own."""
    shape, rows = SMALL if quick else LARGE, []
    for name in MEASURED:
        said = child(name, shape)
        rows.append({"solution": name, **said["row"]})
    closed = (800, 1_000, 20) if quick else (20_000, 17_000, 20)
    alone = child("EASE", closed)
    users, items, each = shape
    refused = min(users, items) > ease.LARGEST
    return TEXT.format(
        users=users,
        items=items,
        events=users * each,
        tastes=TASTES,
        budget=BUDGET,
        asked=ASKED,
        table=said["table"],
        ease="leaves itself out: its matrix would not fit" if refused else "could stand among them at this size",
        rows=table(rows),
        closed=f"{closed[0]:,} readers and {closed[1]:,} articles",
        seconds=alone["seconds"],
        memory=alone["memory"],
    )


def child(name: str, shape: tuple[int, int, int]) -> dict[str, Any]:
    """Measure in a process of its own; returns what it said."""
    done = subprocess.run([sys.executable, __file__, name, *map(str, shape)], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    said: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return said


def closed_form(shape: tuple[int, int, int]) -> None:
    """Fit EASE once on made-up choices; prints one line of JSON."""
    users, items, each = shape
    rng, count = np.random.default_rng(SEED), users * each
    places = (rng.integers(0, users, count), (items * rng.random(count) ** 2).astype(np.int64))
    matrix = sp.csr_matrix((np.ones(count), places), shape=(users, items))
    start = time.process_time()
    ease.ease(matrix, 200.0, 588)
    spent, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"seconds": spent, "memory": peak}))


def world(users: int, items: int, each: int) -> pa.Table:
    """Readers of one taste each, which six in ten of their events follow; articles rise and fall."""
    rng = np.random.default_rng(SEED)
    count = users * each
    lengths = rng.lognormal(0.0, 1.0, users)
    reader = np.sort(rng.choice(users, count, p=lengths / lengths.sum()))
    appeal = np.cumsum(1.0 / np.arange(1, items + 1) ** 0.8)
    article = rng.permutation(items)[np.searchsorted(appeal, rng.random(count) * appeal[-1])]
    own = rng.random(count) < 0.6
    shelf = items // TASTES
    article[own] = (reader[own] % TASTES) * shelf + (shelf * rng.random(int(own.sum())) ** 2).astype(np.int64)
    start = rng.random(items) * 0.5
    at = ((start[article] + 0.5 * rng.random(count)) * 365 * 86_400_000_000).astype(np.int64)
    users_, items_ = (pa.array(ids).cast(pa.string()) for ids in (reader, article))
    names = [pc.binary_join_element_wise(letter, ids, "") for letter, ids in (("u", users_), ("i", items_))]
    return pa.table({"user": names[0], "item": names[1], "at": pa.array(at).cast(pa.timestamp("us", "UTC"))})


def measure(name: str, shape: tuple[int, int, int]) -> None:
    """Fit and answer with one solution; prints one line of JSON."""
    from recommend import Frozen

    data = {"events": world(*shape)}
    [solution] = [one for one in (TASK.baseline(CASE), *TASK.candidates(CASE, BUDGET)) if one.name == name]
    start, wall = time.process_time(), time.monotonic()
    fitted = solution.fit(data, SEED)
    fit, took = time.process_time() - start, time.monotonic() - wall
    live = {"events": Frozen(data["events"])}
    fitted.answer(pa.table({"user": ["u1"]}), live)
    drawn = np.random.default_rng(SEED + 1).integers(0, shape[0], ASKED)
    start = time.process_time()
    fitted.answer(pa.table({"user": [f"u{user}" for user in drawn]}), live)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    row = {
        "fit, CPU s": round(fit, 1),
        "fit, minutes by the clock": round(took / 60, 1),
        "peak, GB": round(peak, 2),
        "answers a CPU s": int(ASKED / spent),
    }
    print(json.dumps({"row": row, "table": data["events"].nbytes / 1e9}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    world_of = (int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    if sys.argv[1] == "EASE":
        closed_form(world_of)
    else:
        measure(sys.argv[1], world_of)
