"""Bench. In: real customers, resampled to millions -> Out: what an answer costs alone, with reasons, and in millions.

Each kind of solution is judged, signed and released in a project of its own. Batches run in a process of their own,
beside the model's own predictions on a matrix that is encoded already.
"""

from __future__ import annotations

import math
import os
import resource
import shutil
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa

from grundstein import flow
from grundstein.flow.answering import answerer, live_release
from grundstein.project.folder import create_project, open_project
from grundstein.tasks.predict import LEARNERS, Predict
from grundstein.tasks.predict.learned import Learned
from grundstein.tasks.predict.plan import plan_of
from grundstein.tools.parquet import ParquetFiles
from public import SHARED
from tabled import table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grundstein.project.folder import Folder

CASE = """\
question: Which customers will leave next month?
task: predict
data: customers
target: Churn
positive: "Yes"
baseline: "Contract = 'Month-to-month' and tenure < 12"
money: {saved: 600, success: 0.30, cost: 60, assumed: [success]}
volume: 7043
acted: nobody
signed_by: [service]
"""
INTRO = (
    "Telco customers: 19 columns of the real table. One answer goes from typed values to label, probability and act; a "
    "batch from a governed table to a committed one, reading and writing included, beside the predictions that the "
    "model's library makes of a matrix that is encoded already."
)
WHY = "Released to be measured beside the others."
KINDS = ("rule", "linear", "trees", "mean")
PART = 250_000
OWN_ROWS = 200_000
MEGABYTE = 1_024
WANTED = 0.7


def made(root: Path, rows: int) -> None:
    """A project with customers, a case, and the table `many`."""
    project = create_project(root, name="bench", salt="bench")
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    flow.ingest(project, str(SHARED / "churn" / "Telco-Customer-Churn.csv"), "customers")
    (root / "cases" / "churn.yaml").write_text(CASE, encoding="utf-8")
    many(project, rows)


def released(root: Path, kind: str) -> Path:
    """A copy of the project that answers with this kind of solution: the only candidate, judged, signed, released."""
    copy = root.with_name(kind)
    shutil.copytree(root, copy, copy_function=lambda a, b: (os.link if a.endswith(".parquet") else shutil.copy2)(a, b))
    only = LEARNERS if kind == "mean" else (kind,) if kind in LEARNERS else ("linear",)
    project = open_project(copy)
    with patch.object(Predict, "candidates", lambda _, case, __: [Learned(plan_of(case), only)]):
        flow.advance(flow.decide(project, "churn"), project)
        token = flow.add_person(project, "somebody")
        flow.sign(project, "churn", token, "approve", WHY, solution=kind)
    flow.release(project, "churn", solution=kind)
    return copy


def many(project: Folder, rows: int) -> None:
    """A governed table `many` of customers drawn from the real ones, each with a name of its own."""
    known = project.tables.read("customers").drop_columns(["Churn", "_row", "_batch"])
    rng = np.random.default_rng(1)
    with project.tables.lease("many"):
        files = None
        for start in range(0, rows, PART):
            count = min(PART, rows - start)
            part = known.take(pa.array(rng.integers(0, known.num_rows, count)))
            part = part.set_column(0, "customerID", pa.array([f"C{n:09d}" for n in range(start, start + count)]))
            part = part.append_column("_row", pa.array(np.arange(start, start + count)))
            part = part.append_column("_batch", pa.array(["bench"] * count))
            files = files or ParquetFiles(project.tables.staging("many"), part.schema)
            files.write(part)
        if files is not None:
            project.tables.append("many", files.close(), "bench")


def cost(work: Callable[[Any], object], things: Sequence[Any], turns: int) -> float:
    """CPU microseconds of one turn, warmed up."""
    for thing in things[:20]:
        work(thing)
    start = time.process_time()
    for turn in range(turns):
        work(things[turn % len(things)])
    return (time.process_time() - start) / turns * 1e6


def one_by_one(root: Path, kind: str, quick: bool) -> dict[str, object]:
    """CPU of one answer from typed values to act, alone and with three reasons; answers that differ from a batch's."""
    project = open_project(root)
    known = project.tables.read("customers").drop_columns(["Churn"])
    ready = answerer(project, live_release(project, "churn"), known.schema)
    questions = known.drop_columns(["_row", "_batch"])
    asked = questions.to_pylist()
    batch = ready.solution.answer(questions, {}).to_pylist()
    rows = [ready.row(one, "x") for one in asked[: 700 if quick else None]]
    differ = sum(any(row[name] != told[name] for name in told) for row, told in zip(rows, batch, strict=False))
    turns = 200 if quick else 3_000
    return {
        "solution": kind,
        "one answer, CPU us": cost(lambda one: ready.row(one, "x"), asked, turns),
        "three reasons, CPU us": cost(lambda one: ready.reasons(one, 3), asked, turns // 4),
        "rows compared": f"{len(rows):,}",
        "differ from the batch": differ,
    }


def batch(root: Path, kind: str) -> dict[str, float]:
    """Answer `many`: CPU seconds and peak memory; then the model's own predictions for as many rows."""
    project = open_project(root)
    start = time.process_time()
    done = flow.answer(project, "churn", "many")
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    return {
        "rows": done.rows,
        "seconds": seconds,
        "peak": peak,
        "own": own(project, done.rows) if kind != "rule" else 0,
    }


def own(project: Folder, rows: int) -> float:
    """CPU seconds of the model's own predictions for `rows`, from matrices that are there."""
    solution: Any = answerer(project, live_release(project, "churn"), project.tables.schema("many")).solution
    some = next(iter(pa.Table.from_batches([one]) for one in project.tables.stream("many")))
    some = pa.concat_tables([some] * math.ceil(OWN_ROWS / some.num_rows)).slice(0, OWN_ROWS)
    spent = 0.0
    for model in solution.fitted.models:
        boosters = getattr(model, "boosters", ())
        X = (solution.fitted.encoder.tree_matrix if boosters else solution.fitted.encoder.matrix)(some)
        model.of(X[:9]) if not boosters else [one.predict(X[:9], num_threads=1) for one in boosters]
        start = time.process_time()
        model.of(X) if not boosters else [one.predict(X, num_threads=1) for one in boosters]
        spent += time.process_time() - start
    return spent * rows / OWN_ROWS


def together(root: Path, kind: str) -> dict[str, object]:
    """What answering `many` costs, in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        told = pool.apply(batch, (root, kind))
    return {
        "solution": kind,
        "rows": f"{told['rows']:,.0f}",
        "CPU s": f"{told['seconds']:.1f}",
        "CPU us a row": told["seconds"] / told["rows"] * 1e6,
        "the model's own CPU s": f"{told['own']:.1f}" if told["own"] else "",
        "own / whole": f"{told['own'] / told['seconds']:.2f}" if told["own"] else "",
        "peak memory, MB": f"{told['peak']:,.0f}",
    }


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not SHARED.is_dir():
        return "## Answering\nNot measured: the real data sets are not beside this checkout."
    rows = 300_000 if quick else 10_000_000
    alone, batches = [], []
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder) / "project", rows)
        for kind in KINDS:
            root = released(Path(folder) / "project", kind)
            alone.append(one_by_one(root, kind, quick))
            batches.append(together(root, kind))
            shutil.rmtree(root)
    shares = {str(row["solution"]): float(str(row["own / whole"])) for row in batches if row["own / whole"]}
    met = [kind for kind, share in shares.items() if share >= WANTED]
    missed = [kind for kind in shares if kind not in met]
    said = f"Wanted: own / whole at least {WANTED}. Met by: {', '.join(met) or 'none'}. Missed by: "
    parts = (
        "## Answering",
        INTRO,
        "One question at a time:",
        table(alone),
        "A governed table at once:",
        table(batches),
        f"{said}{', '.join(missed) or 'none'}.",
    )
    return "\n\n".join(parts)


if __name__ == "__main__":
    import sys

    print(run("--quick" in sys.argv))
