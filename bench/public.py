"""Bench. In: public and simulated tables -> Out: each with its target, as the checks would see it in `evaluate`."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import csv

from grundstein.core.case import Case
from grundstein.core.contract import Column, Contract
from grundstein.evaluation import checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SHARED = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Known:
    """A table and its target; `key` are columns that name the row, `ignore` those that an honest case leaves out."""

    table: pa.Table
    target: str
    positive: str = ""
    kind: str = ""
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    time: str = ""
    entity: str = ""

    def with_rows(self, rows: NDArray[np.int64]) -> Known:
        """The same table with these rows."""
        return replace(self, table=self.table.take(pa.array(rows)))

    def some(self, most: int, seed: int) -> Known:
        """At most so many rows, drawn by chance, in the order of the table."""
        n = self.table.num_rows
        drawn = np.random.default_rng(seed).permutation(n)[:most]
        return self if n <= most else self.with_rows(np.sort(drawn))

    def added(self, **columns: object) -> Known:
        """The table with more columns."""
        table = self.table
        for name, values in columns.items():
            table = table.append_column(name, pa.array(values))
        return replace(self, table=table)


def look(known: Known, seed: int, questions: pa.Table | None = None) -> checks.Look:
    """What the checks would see of this table in `evaluate`; with `questions`, in `decide`."""
    options = {"target": known.target, "positive": known.positive or None, "kind": known.kind}
    case = Case("bench", "?", "predict", {"rows": "rows"}, options, ignore=known.ignore, time=known.time)
    columns = tuple(Column(n, "text") for n in known.table.column_names)
    contract = Contract("rows", columns, key=known.key, entity=known.entity)
    split, task = "time" if known.time else "random", SimpleNamespace(unit="row")
    more = {"target": known.target, "contract": contract, "questions": questions}
    return checks.Look(case, task, {"rows": known.table}, split, seed, **more)


def truth(known: Known) -> NDArray[np.float64]:
    """The target as numbers."""
    return look(known, 0).goal.values


def read(path: str, **options: object) -> pa.Table:
    """A CSV file of the shared data."""
    return csv.read_csv(SHARED / path, **options)


def telco() -> Known:
    """IBM's sample of telephone customers."""
    missing = csv.ConvertOptions(null_values=["", " "], strings_can_be_null=True)
    table = read("churn/Telco-Customer-Churn.csv", convert_options=missing)
    return Known(table, "Churn", "Yes", key=("customerID",))


def churn() -> Known:
    """Customers of a bank who left or stayed."""
    return Known(read("churn/Churn_Modelling_bank.csv"), "Exited", "1", key=("RowNumber", "CustomerId"))


def adult() -> Known:
    """Census income 1994, the training part."""
    names = csv.ReadOptions(column_names=[f"c{n}" for n in range(15)])
    return Known(read("tabular/adult/adult-train.csv", read_options=names), "c14", " >50K")


def bank() -> Known:
    """Calls of a bank in file order, development rows (the first three quarters)."""
    packed = zipfile.ZipFile(SHARED / "tabular" / "bank-additional.zip")
    content = packed.read("bank-additional/bank-additional-full.csv")
    table = csv.read_csv(io.BytesIO(content), parse_options=csv.ParseOptions(delimiter=";"))
    table = table.append_column("_row", pa.array(range(table.num_rows))).slice(0, table.num_rows * 3 // 4)
    return Known(table, "y", "yes", time="_row")


def bank_honest() -> Known:
    """The same without the length of the call."""
    return replace(bank(), ignore=("duration",))


def credit() -> Known:
    """Loans that were paid back or not."""
    table = read("tabular/credit_scoring_gala.csv")
    known = Known(table, "Status", "2")
    return known.with_rows(np.flatnonzero(np.asarray(table["Status"]) > 0))


def ames() -> Known:
    """House prices of Ames."""
    return Known(read("tabular/ames/AmesHousing.csv"), "SalePrice", key=("Order", "PID"))


def hillstrom() -> Known:
    """Visits after a mailing; buying and spending come after the visit."""
    return Known(read("uplift/hillstrom.csv"), "visit", "1", ignore=("conversion", "spend"))


def elec2() -> Known:
    """The price of electricity, up or down, in file order."""
    table = read("drift-streams/elec2.csv")
    return Known(table.append_column("_row", pa.array(range(table.num_rows))), "class", "1", time="_row")


def bikes() -> Known:
    """Hired bikes by hour; the two parts of the sum are left out."""
    table = read("drift-streams/bike_sharing_hour.csv")
    return Known(table, "cnt", key=("instant",), ignore=("casual", "registered", "dteday"), time="instant")


def wholesale() -> Known:
    """Customers of a wholesaler: restaurants or shops."""
    return Known(read("segmentation/wholesale_customers.csv"), "Channel", "2")


def bundled(name: str, kind: str) -> Known:
    """One of scikit-learn's own tables."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    columns = {str(n): found.data[:, i] for i, n in enumerate(found.feature_names)}
    return Known(pa.table({**columns, "target": found.target}), "target", kind=kind)


def generated(name: str, kind: str, **options: object) -> Known:
    """One of scikit-learn's simulated tables."""
    from sklearn import datasets

    x, y = getattr(datasets, f"make_{name}")(random_state=3, **options)
    return Known(pa.table({**{f"x{k}": x[:, k] for k in range(x.shape[1])}, "target": y}), "target", kind=kind)


def customers(n: int = 3_000, seed: int = 0) -> Known:
    """Simulated customers of whom about 30 % leave, for reasons that explain it in part."""
    rng = np.random.default_rng(seed)
    months, price = rng.integers(1, 72, n), np.round(rng.gamma(8, 8, n), 2)
    plan = rng.choice(["monthly", "yearly", "two years"], n, p=[0.55, 0.25, 0.2])
    drive = 0.4 - 0.05 * months + 0.012 * price + 0.9 * (plan == "monthly") + rng.normal(0, 0.3, n)
    left = np.where(rng.random(n) < 1 / (1 + np.exp(-drive)), "yes", "no")
    region = rng.choice(["north", "south", "east", "west"], n)
    table = {"months": months, "price": price, "plan": plan, "region": region, "left": left}
    return Known(pa.table(table), "left", "yes")


def orders(n: int = 3_000, seed: int = 0) -> Known:
    """Simulated orders and the days until delivery, a number with a long tail."""
    rng = np.random.default_rng(seed)
    country, weight = rng.choice(["DE", "AT", "FR", "PL"], n), np.round(rng.gamma(2, 3, n), 1)
    stock, weekday = rng.random(n) < 0.7, rng.integers(0, 7, n)
    days = 2 + 2.5 * (country != "DE") + 0.3 * weight + 4 * ~stock + 0.8 * (weekday > 4)
    table = {"country": country, "weight": weight, "stock": stock, "weekday": weekday}
    return Known(pa.table({**table, "days": np.round(days * rng.lognormal(0, 0.4, n), 1)}), "days")


def simulated(seed: int) -> Known:
    """An honest table of a random shape: numbers, categories, gaps; one reason may carry much more than the others."""
    rng = np.random.default_rng(seed)
    n, width = int(rng.integers(200, 4000)), int(rng.integers(3, 25))
    weights, columns, drive, last = rng.standard_t(3, width), {}, np.zeros(n), np.zeros(n)
    for place in range(width):
        last = rng.normal(size=n) + (1.3 * last if rng.random() < 0.3 else 0.0)
        last /= last.std()
        drive += weights[place] * last
        columns[f"x{place}"] = _disguised(last, rng)
    y = drive / drive.std() + rng.uniform(0.3, 2) * rng.normal(size=n)
    kind = ("number", "two", "many")[seed % 3]
    if kind == "number":
        return Known(pa.table({**columns, "y": np.round(np.exp(y / 2) * 100, 1)}), "y", kind=kind)
    cuts = [0.4, 0.7, 0.9] if kind == "many" else [rng.uniform(0.5, 0.95)]
    answers = np.array(["no", "yes", "maybe", "later"])[np.digitize(y, np.quantile(y, cuts))]
    return Known(pa.table({**columns, "y": answers}), "y", "yes" if kind == "two" else "", kind)


def _disguised(z: NDArray[np.float64], rng: np.random.Generator) -> pa.Array:
    """A normal variable as it may stand in a table."""
    forms = (
        lambda: z,
        lambda: np.round(np.exp(z) * 20, 2),
        lambda: np.digitize(z, [-1, -0.3, 0.3, 1]),
        lambda: np.array([f"c{k}" for k in np.digitize(z, np.linspace(-2, 2, int(rng.integers(2, 40))))]),
        lambda: (z > rng.normal()).astype(int),
    )
    gaps = rng.random(len(z)) < (1 / (1 + np.exp(1 - z)) if rng.random() < 0.3 else 0.0)
    return pa.array(forms[int(rng.integers(0, 5))](), mask=gaps)


CLEAN: dict[str, Callable[[], Known]] = {
    "Telco": telco,
    "bank churn": churn,
    "Adult": adult,
    "bank marketing without `duration`": bank_honest,
    "credit": credit,
    "Ames": ames,
    "Hillstrom": hillstrom,
    "Elec2": elec2,
    "bikes": bikes,
    "wholesale": wholesale,
    "iris": lambda: bundled("iris", "many"),
    "wine": lambda: bundled("wine", "many"),
    "breast cancer": lambda: bundled("breast_cancer", "two"),
    "diabetes": lambda: bundled("diabetes", "number"),
    "digits": lambda: bundled("digits", "many"),
    "make_classification": lambda: generated("classification", "two", n_samples=2_000, n_features=15, flip_y=0.05),
    "make_classification, 4 classes": lambda: generated(
        "classification", "many", n_samples=2_000, n_informative=6, n_classes=4
    ),
    "make_regression": lambda: generated("regression", "number", n_samples=1_500, n_features=12, noise=20.0),
    "make_friedman1": lambda: generated("friedman1", "number", n_samples=1_500, noise=1.0),
    "make_friedman2": lambda: generated("friedman2", "number", n_samples=1_500, noise=100.0),
    "make_hastie_10_2": lambda: generated("hastie_10_2", "two", n_samples=2_000),
    "simulated customers": customers,
    "simulated orders": orders,
}
