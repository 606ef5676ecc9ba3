"""Bench. In: real customers, resampled to millions -> Out: what an answer costs alone, with reasons, and in millions.

Each kind of solution answers the same case in turn. Batches run in a process of their own, beside the model's own
predictions on a matrix that is encoded already.
"""

from __future__ import annotations

import math
import resource
import tempfile
import time
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from grundstein import flow
from grundstein.flow.answering import answerer, live_release
from grundstein.project.folder import create_project, open_project
from grundstein.tools.parquet import ParquetFiles
from public import SHARED
from tabled import table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grundstein.core.records import Release
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
KINDS = ("rule", "linear", "trees", "mean")
PART = 250_000
OWN_ROWS = 200_000
MEGABYTE = 1_024
WANTED = 0.7


def made(root: Path) -> Folder:
    """A project whose rule is signed and released, and a model of each kind beside it, fitted on the same rows."""
    project = create_project(root, name="bench", salt="bench")
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    flow.ingest(project, str(SHARED / "churn" / "Telco-Customer-Churn.csv"), "customers")
    (root / "cases" / "churn.yaml").write_text(CASE, encoding="utf-8")
    project = open_project(root)
    flow.advance(flow.decide(project, "churn"), project)
    flow.sign(project, "churn", flow.add_person(project, "somebody"), "approve", "", solution="rule")
    flow.release(project, "churn", solution="rule")
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "churn"), project), project)
    for solution in pinned.task.candidates(pinned.case, len(KINDS)):
        folder = root / "models" / solution.name
        solution.fit(pinned.split.development, pinned.seed).save(folder)
    return project


def released(root: Path, kind: str) -> Folder:
    """The project, answering with this kind of solution: the rule as it was signed, a model as if it were."""
    project = open_project(root)
    said = cast("Release", live_release(project, "churn").record)
    if kind != "rule":
        model = f"Learned:{project.files.keep(root / 'models' / kind)}"
        said = replace(said, bond=replace(said.bond, model=model, solution=kind))
    project.ledger.append(said)
    return project


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


def one_by_one(root: Path, quick: bool) -> list[dict[str, object]]:
    """CPU of one answer from typed values to act, alone and with three reasons; answers that differ from a batch's."""
    found = []
    for kind in KINDS:
        project = released(root, kind)
        known = project.tables.read("customers")
        ready = answerer(project, live_release(project, "churn"), known.drop_columns(["Churn"]).schema)
        questions = known.drop_columns(["_row", "_batch", "Churn"])
        asked = questions.to_pylist()
        batch = ready.solution.answer(questions, {}).to_pylist()
        rows = [{**ready.row(one, "x")} for one in asked[: 700 if quick else None]]
        differ = sum(any(row[name] != told[name] for name in told) for row, told in zip(rows, batch, strict=False))
        turns = 200 if quick else 3_000
        found.append(
            {
                "solution": kind,
                "one answer, CPU us": cost(lambda one, ready=ready: ready.row(one, "x"), asked, turns),
                "three reasons, CPU us": cost(lambda one, ready=ready: ready.reasons(one, 3), asked, turns // 4),
                "rows compared": f"{len(rows):,}",
                "differ from the batch": differ,
            }
        )
    return found


def batch(root: Path, kind: str) -> dict[str, float]:
    """Answer `many`: CPU seconds and peak memory; then the model's own predictions for as many rows."""
    project = released(root, kind)
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


def in_batches(root: Path, rows: int) -> list[dict[str, object]]:
    """Each kind of solution in a process of its own."""
    many(open_project(root), rows)
    found: list[dict[str, object]] = []
    for kind in KINDS:
        with get_context("spawn").Pool(1) as pool:
            told = pool.apply(batch, (root, kind))
        ratio = f"{told['own'] / told['seconds']:.2f}" if told["own"] else ""
        found.append(
            {
                "solution": kind,
                "rows": f"{told['rows']:,.0f}",
                "CPU s": f"{told['seconds']:.1f}",
                "CPU us a row": told["seconds"] / told["rows"] * 1e6,
                "the model's own CPU s": f"{told['own']:.1f}" if told["own"] else "",
                "own / whole": ratio,
                "peak memory, MB": f"{told['peak']:,.0f}",
            }
        )
    return found


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not SHARED.is_dir():
        return "## Answering\nNot measured: the real data sets are not beside this checkout."
    rows = 300_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        made(root)
        alone = one_by_one(root, quick)
        together = in_batches(root, rows)
    met = [str(row["solution"]) for row in together if row["own / whole"] and float(str(row["own / whole"])) >= WANTED]
    missed = [str(row["solution"]) for row in together if row["own / whole"] and str(row["solution"]) not in met]
    said = f"Wanted: own / whole at least {WANTED}. Met by: {', '.join(met) or 'none'}. Missed by: "
    parts = (
        "## Answering",
        INTRO,
        "One question at a time:",
        table(alone),
        "A governed table at once:",
        table(together),
        f"{said}{', '.join(missed) or 'none'}.",
    )
    return "\n\n".join(parts)


if __name__ == "__main__":
    import sys

    print(run("--quick" in sys.argv))
