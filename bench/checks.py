"""Bench. In: clean public tables and planted faults -> Out: which checks find what, false alarms, CPU seconds."""

from __future__ import annotations

import io
import os
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from grundstein.core.case import Case
from grundstein.core.contract import Column, Contract
from grundstein.evaluation import checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SHARED = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
PLANTED = """Planted leaks found, by table. `weak` (half of the rows drawn anew) is beyond what rows can tell, and for a
number `missing` is no copy, only the upper half"""
ALARMS = ("GST-K01", "GST-K02", "GST-K09", "GST-K06", "GST-K07")


@dataclass(frozen=True)
class Known:
    """A public table and its target; `key` are columns that name the row."""

    table: pa.Table
    target: str
    positive: str = ""
    kind: str = ""
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    time: str = ""


def look(known: Known, seed: int) -> checks.Look:
    """What the checks would see of this table in `evaluate`."""
    options = {"target": known.target, "positive": known.positive or None, "kind": known.kind}
    case = Case("bench", "?", "predict", {"rows": "rows"}, options, ignore=known.ignore, time=known.time)
    contract = Contract("rows", tuple(Column(n, "text") for n in known.table.column_names), key=known.key)
    task = SimpleNamespace(unit="row")
    split = "time" if known.time else "random"
    return checks.Look(case, task, {"rows": known.table}, split, seed, target=known.target, contract=contract)


def telco() -> Known:
    """IBM's sample of telephone customers."""
    missing = csv.ConvertOptions(null_values=["", " "], strings_can_be_null=True)
    table = csv.read_csv(SHARED / "churn" / "Telco-Customer-Churn.csv", convert_options=missing)
    return Known(table, "Churn", "Yes", key=("customerID",))


def adult() -> Known:
    """Census income 1994, the training part."""
    names = csv.ReadOptions(column_names=[f"c{n}" for n in range(15)])
    table = csv.read_csv(SHARED / "tabular" / "adult" / "adult-train.csv", read_options=names)
    return Known(table, "c14", " >50K")


def bank() -> Known:
    """Calls of a bank in file order, development rows (the first three quarters)."""
    packed = zipfile.ZipFile(SHARED / "tabular" / "bank-additional.zip")
    content = packed.read("bank-additional/bank-additional-full.csv")
    table = csv.read_csv(io.BytesIO(content), parse_options=csv.ParseOptions(delimiter=";"))
    table = table.append_column("_row", pa.array(range(table.num_rows))).slice(0, table.num_rows * 3 // 4)
    return Known(table, "y", "yes", time="_row")


def ames() -> Known:
    """House prices of Ames."""
    table = csv.read_csv(SHARED / "tabular" / "ames" / "AmesHousing.csv")
    return Known(table, "SalePrice", key=("Order", "PID"))


def bundled(name: str, kind: str) -> Known:
    """One of scikit-learn's own tables."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    columns = {str(n): found.data[:, i] for i, n in enumerate(found.feature_names)}
    return Known(pa.table({**columns, "target": found.target}), "target", kind=kind)


CLEAN: dict[str, Callable[[], Known]] = {
    "Telco": telco,
    "Adult": adult,
    "Ames": ames,
    "breast cancer": lambda: bundled("breast_cancer", "two"),
    "wine": lambda: bundled("wine", "many"),
    "diabetes": lambda: bundled("diabetes", "number"),
    "iris": lambda: bundled("iris", "many"),
}


def truth(known: Known) -> NDArray[np.float64]:
    """The target as numbers."""
    return look(known, 0).goal.values


def _added(known: Known, **columns: object) -> Known:
    table = known.table
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return Known(table, known.target, known.positive, known.kind, known.key, known.ignore, known.time)


def _flipped(y: NDArray[np.float64], share: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.where(rng.random(len(y)) < share, rng.permutation(y), y)


def copy(known: Known, _rng: np.random.Generator) -> Known:
    """The answer under another name."""
    return _added(known, leak=truth(known) * 3 + 7)


def flipped(known: Known, rng: np.random.Generator) -> Known:
    """The answer, 5 % of the rows wrong."""
    y = truth(known)
    other = rng.permutation(y) if y.max() > 1 else 1 - y
    return _added(known, leak=np.where(rng.random(len(y)) < 0.05, other, y))


def missing(known: Known, rng: np.random.Generator) -> Known:
    """A date that is there exactly when the answer is yes (the first class, the upper half)."""
    y = truth(known)
    yes = y > np.median(y) if y.max() > 10 else y == 1
    days = [int(d) if there else None for d, there in zip(rng.integers(0, 900, len(y)), yes, strict=True)]
    return _added(known, leak=days)


def two_copies(known: Known, _rng: np.random.Generator) -> Known:
    """The answer twice, as text and as a number."""
    y = truth(known)
    return _added(known, leak=y * 3 + 7, leak_too=[f"k{v:g}" for v in y])


def two_flipped(known: Known, rng: np.random.Generator) -> Known:
    """Two copies, each 5 % wrong at other rows: they hide one another."""
    y = truth(known)
    return _added(known, leak=_flipped(y, 0.1, rng), leak_too=_flipped(y, 0.1, rng))


def weak(known: Known, rng: np.random.Generator) -> Known:
    """The answer, a quarter of the rows drawn anew: beyond what can be told from rows."""
    return _added(known, leak=_flipped(truth(known), 0.5, rng))


LEAKS = (copy, flipped, missing, two_copies, two_flipped, weak)


def oversampled(known: Known, rng: np.random.Generator) -> Known:
    """Rows of the rare class copied until both are equal."""
    y = truth(known)
    rare = np.flatnonzero(y == 1)
    more = rng.choice(rare, len(y) - 2 * len(rare))
    table = known.table.take(pa.array(np.concatenate([np.arange(len(y)), more])))
    return Known(table, known.target, known.positive, known.kind)


def interpolated(known: Known, rng: np.random.Generator) -> Known:
    """SMOTE by hand: new rows of the rare class between a row and one of its five nearest; categories from the row."""
    y, table = truth(known), known.table.drop(list(known.key))
    rare = table.take(pa.array(np.flatnonzero(y == 1)))
    numeric = [n for n in rare.column_names if checks.rows.is_number(rare[n]) and n != known.target]
    points = np.stack([np.nan_to_num(checks.rows.numbers(rare[n])) for n in numeric], axis=1)
    scaled = points / points.std(axis=0)
    base = rng.integers(0, len(points), len(y) - 2 * len(points))
    partner = np.array([rng.choice(np.argsort(((scaled - scaled[i]) ** 2).sum(axis=1))[1:6]) for i in base])
    invented = points[base] + rng.random((len(base), 1)) * (points[partner] - points[base])
    new = rare.take(pa.array(base))
    for place, name in enumerate(numeric):
        at = new.column_names.index(name)
        new = new.set_column(at, name, pa.array(invented[:, place]))
        table = table.set_column(table.column_names.index(name), name, pc.cast(table[name], pa.float64()))
    both = pa.concat_tables([table, new.select(table.column_names)])
    return Known(both.take(pa.array(rng.permutation(both.num_rows))), known.target, known.positive, known.kind)


RESAMPLED = (oversampled, interpolated)


def alarms(known: Known, seed: int) -> list[str]:
    """What the checks say that would worry a reader: `CODE column`."""
    found = checks.run(look(known, seed)).findings
    return [f"{f.code} {f.facts.get('column', f.facts.get('columns', ''))}".strip() for f in found if f.code in ALARMS]


def leaks(quick: bool) -> list[dict[str, object]]:
    """Share of planted leaks that are found, by table and kind of leak."""
    rows = []
    for name, load in CLEAN.items():
        known, repeats = load(), 1 if quick else 5
        row: dict[str, object] = {"table": name}
        for plant in LEAKS:
            hits = [_hit(plant(known, np.random.default_rng(seed)), seed) for seed in range(repeats)]
            row[plant.__name__] = f"{sum(hits)}/{repeats}"
        rows.append(row)
    return rows


def _hit(known: Known, seed: int) -> bool:
    found = checks.known.check(look(known, seed)).findings
    return any("leak" in str(f.facts.get("column", f.facts.get("columns", ""))) for f in found if f.section == "issue")


def false_alarms(quick: bool) -> list[dict[str, object]]:
    """Alarms on clean tables over samples of 60 % of the rows, and the CPU seconds of all checks together."""
    rows = []
    for name, load in CLEAN.items():
        known, repeats = load(), 2 if quick else 20
        start, found = time.process_time(), []
        for seed in range(repeats):
            n = known.table.num_rows
            part = np.sort(np.random.default_rng(seed).choice(n, int(n * 0.6), replace=False))
            smaller = known.table.take(pa.array(part))
            found += [alarms(Known(smaller, known.target, known.positive, known.kind, known.key), seed)]
        seconds = (time.process_time() - start) / repeats
        said = sorted({a for one in found for a in one})
        rows.append(
            {"table": name, "alarms": f"{sum(map(bool, found))}/{repeats}", "which": ", ".join(said), "s": seconds}
        )
    return rows


def resampled() -> list[dict[str, object]]:
    """Telco and Adult resampled beforehand: what is said of them."""
    return [
        {
            "table": name,
            "resampled": plant.__name__,
            "said": ", ".join(alarms(plant(load(), np.random.default_rng(1)), 0)),
        }
        for name, load in (("Telco", telco), ("breast cancer", CLEAN["breast cancer"]))
        for plant in RESAMPLED
    ]


def in_file_order() -> list[dict[str, object]]:
    """Bank marketing in file order: what is said of `duration`, and a random split against later rows without it."""
    known = bank()
    found = checks.run(look(known, 0)).findings
    honest = Known(known.table, known.target, known.positive, ignore=("duration",), time="_row")
    claimed = checks.run(look(honest, 0)).findings
    return [{"bank marketing": f.text()} for f in (*found, *claimed) if f.code in {"GST-K01", "GST-S05"}]


def table(rows: list[dict[str, object]]) -> str:
    """Rows as a Markdown table."""
    names = list(rows[0])
    lines = [[f"{r[n]:.2f}" if isinstance(r[n], float) else str(r[n]) for n in names] for r in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names), *lines))


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not SHARED.is_dir():
        return "## The first checks\nNot measured: the real data sets are not beside this checkout."
    parts = (
        (PLANTED, leaks(quick)),
        ("Tables resampled beforehand", resampled()),
        ("Bank marketing in file order, development rows", in_file_order()),
        ("False alarms on clean tables, and CPU seconds of all checks", false_alarms(quick)),
    )
    return "\n\n".join(["## The first checks", *(f"{title}:\n\n{table(rows)}" for title, rows in parts)])


if __name__ == "__main__":
    import sys

    print(run("--quick" in sys.argv))
