"""Bench. In: customers of whom some are saved by a call -> Out: how often the measured range holds the true gain."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from grundstein import flow
from grundstein.flow.grounds import Ground, ground, solution_of
from grundstein.flow.signing import current
from grundstein.flow.worth import counted, differences
from grundstein.production import measuring
from grundstein.production.answering import Call
from grundstein.project.folder import Folder, create_project, open_project
from grundstein.tools import inference

if TYPE_CHECKING:
    from grundstein.core.ports import Entry
    from grundstein.core.task import Solution
    from grundstein.tools.inference import Sample

SUCCESS, SAVED, COST, HORIZON = 0.3, 600.0, 60.0, 30
DAYS, A_DAY, LATE, NEVER, LOOKS = 75, 80, 10, 0.1, 20
START = datetime(2026, 1, 1, tzinfo=UTC)
CASE = f"""\
question: Who leaves next month?
task: predict
data: people
target: leaves
positive: "Yes"
baseline: tenure < 12
money: {{saved: {SAVED:g}, success: {SUCCESS}, cost: {COST:g}, assumed: [success]}}
volume: 10000
acted: nobody
horizon: {HORIZON}
holdback: HOLDBACK
signed_by: [service]
"""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lives:
    """What happens to those who are asked about: answers, truths as they are told, and the questions behind them."""

    answers: pa.Table
    told: pa.Table
    questions: pa.Table


@dataclass(frozen=True)
class Run:
    """Whether each range held the true gain: at all looks at once, and at the last one."""

    all_looks: bool
    last: bool
    one_look_all: bool
    everybody: bool
    as_told: bool
    units: int
    width: float


def people(rng: np.random.Generator, rows: int) -> tuple[pa.Table, Floats]:
    """Customers and the probability that each leaves where nobody calls."""
    tenure, plan = rng.integers(0, 72, rows), rng.choice(["month", "year"], rows)
    odds = 2.5 * ((plan == "month") - 0.5) - 2.5 * (tenure - 36) / 36 - 0.8
    names = [f"p{k:07d}" for k in rng.choice(10_000_000, rows, replace=False)]
    return pa.table({"person": names, "tenure": tenure, "plan": plan}), 1 / (1 + np.exp(-odds))


def released(holdback: float) -> tuple[Folder, Ground]:
    """A project whose model was decided, signed and released."""
    import pyarrow.csv

    root = Path(tempfile.mkdtemp())
    rng = np.random.default_rng(20261122)
    rows, chance = people(rng, 3_000)
    leaves = pa.array(np.where(rng.random(rows.num_rows) < chance, "Yes", "No"))
    create_project(root, name="bench", salt="bench", roles={"service": ["somebody"]})
    pyarrow.csv.write_csv(rows.append_column("leaves", leaves), root / "people.csv")
    flow.ingest(open_project(root), str(root / "people.csv"), "people")
    (root / "cases" / "leaving.yaml").write_text(CASE.replace("HOLDBACK", str(holdback)), encoding="utf-8")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    flow.sign(project, "leaving", flow.add_person(project, "somebody"), "approve", "")
    flow.release(project, "leaving")
    return project, ground(project, cast("Entry", current(project, "leaving")))


def lived(found: Ground, rng: np.random.Generator) -> Lives:
    """Ask about some customers every day; who is called may be saved. Who leaves is known sooner than who stays."""
    rows, chance = people(rng, DAYS * A_DAY)
    questions = rows.append_column("_row", pa.array(np.arange(rows.num_rows)))
    days = np.repeat(np.arange(DAYS), A_DAY)
    answers = pa.concat_tables(
        found.answers.answer(questions.slice(day * A_DAY, A_DAY), Call(str(day), START + timedelta(days=day)))
        for day in range(DAYS)
    )
    answers = answers.append_column("_row", questions["_row"]).append_column("_batch", pa.array(days.astype(str)))
    acted = np.asarray(answers["act"]) > rng.random(rows.num_rows)
    would = rng.random(rows.num_rows) < chance
    left = would & ~(acted & (rng.random(rows.num_rows) < SUCCESS))
    known = days + np.where(left, rng.uniform(0, HORIZON, rows.num_rows), HORIZON)
    known += rng.uniform(0, LATE, rows.num_rows)
    told = pa.table(
        {
            "answer_id": answers["answer_id"],
            "leaves": np.where(left, "Yes", "No"),
            "told_at": pa.array([START + timedelta(days=float(day)) for day in known], pa.timestamp("us", "UTC")),
        }
    )
    return Lives(answers, told.filter(pa.array(rng.random(rows.num_rows) >= NEVER)), questions)


def true_gain(found: Ground, baseline: Solution) -> float:
    """What the model gains per customer, from the probabilities of 200,000 of them, with nobody called."""
    rows, chance = people(np.random.default_rng(7), 200_000)
    new, old = (np.asarray(one.answer(rows, {})["act"]) for one in (found.answers.solution, baseline))
    return float(((new - old) * (SAVED * SUCCESS * chance - COST)).mean())


def seen(found: Ground, baseline: Solution, lives: Lives, day: int) -> tuple[Sample, float | None] | None:
    """The differences of all units that count on a day, by the product's own rules."""
    moment = START + timedelta(days=day)
    answers = lives.answers.filter(pa.compute.less_equal(lives.answers["answered_at"], moment))
    told = lives.told.filter(pa.compute.less_equal(lives.told["told_at"], moment))

    def asked(some: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
        return lives.questions.take(some["question"]), np.arange(some.num_rows)

    split = counted(found, answers, told, moment, asked).split
    if not split.questions.num_rows:
        return None
    pair = [one.answer(split.questions, {}) for one in (baseline, found.answers.solution)]
    return differences(found, split, *pair)


def run(found: Ground, baseline: Solution, development: Sample | None, truth: float, seed: int) -> Run:
    """Follow one release for months and look every second day from the first truth on."""
    mine = replace(found, answers=replace(found.answers, salt=str(seed)))
    lives = lived(mine, np.random.default_rng([20261122, seed]))
    days = np.linspace(HORIZON + 2, DAYS + HORIZON + LATE, LOOKS).astype(int)
    held, once, widths, units = [], [], [0.0], 0
    for day in days:
        pair = seen(mine, baseline, lives, int(day))
        gain = measuring.measured(pair[0], development, pair[1]) if pair else None
        if pair is None or gain is None:
            continue
        single = inference.interval(pair[0], development, inference.LEVEL, pair[1])
        held.append(gain.low <= truth <= gain.high)
        once.append(single.low <= truth <= single.high)
        widths.append(gain.high - gain.low)
        units = pair[0].units
    naive = [
        _naive(mine, baseline, replace(lives, answers=_all_held(lives.answers)), development, truth, int(days[-1])),
        _naive(_without_horizon(mine), baseline, lives, development, truth, int(days[LOOKS // 3])),
    ]
    return Run(all(held), held[-1], all(once), naive[0], naive[1], units, widths[-1])


def _naive(found: Ground, baseline: Solution, lives: Lives, development: Sample | None, truth: float, day: int) -> bool:
    pair = seen(found, baseline, lives, day)
    gain = measuring.measured(pair[0], development, pair[1]) if pair else None
    return gain is not None and gain.low <= truth <= gain.high


def _all_held(answers: pa.Table) -> pa.Table:
    everybody = pa.array(np.ones(answers.num_rows, dtype=np.bool_))
    return answers.set_column(answers.column_names.index("held_back"), "held_back", everybody)


def _without_horizon(found: Ground) -> Ground:
    return replace(found, case=replace(found.case, horizon_days=0.0))


def baseline_of(project: Folder, found: Ground) -> Solution:
    """Today's rule, as it was judged."""
    return solution_of(project, found, found.baseline)
