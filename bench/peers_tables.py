"""Bench. In: public tables -> Out: a training and a test file a table, which AutoGluon and this repository both get.

A row is in the test part by the salted hash of its place; Adult keeps its official test part. Columns that only number
the rows or know the answer are left out for both.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from tables import DATA, READ, _adult_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SALT = "grundstein-peers"
TEST_SHARE = 0.25


@dataclass(frozen=True)
class Asked:
    """A table's question: the target's column, the value that is yes (None: a number), the metric of both sides."""

    name: str
    target: str
    positive: str | None
    metric: str


ASKED = (
    Asked("telco", "Churn", "Yes", "roc_auc"),
    Asked("bank_churn", "Exited", "1", "roc_auc"),
    Asked("ames", "SalePrice", None, "rmse"),
    Asked("adult", "f14", ">50K", "roc_auc"),
    Asked("bikes", "cnt", None, "rmse"),
    Asked("bank_marketing", "y", "yes", "roc_auc"),
    Asked("credit", "Status", "2", "roc_auc"),
    Asked("electricity", "class", "1", "roc_auc"),
    Asked("mailing", "visit", "1", "roc_auc"),
    Asked("breast_cancer", "target", "1", "roc_auc"),
    Asked("diabetes", "target", None, "rmse"),
)


def write(folder: Path) -> None:
    """Write `NAME/train.parquet`, `test.parquet` and `asked.json` of each table that is not there yet."""
    for asked in ASKED:
        home = folder / asked.name
        if (home / "asked.json").exists():
            continue
        home.mkdir(parents=True, exist_ok=True)
        train, test = parts(asked.name)
        pq.write_table(train, home / "train.parquet")
        pq.write_table(test, home / "test.parquet")
        (home / "asked.json").write_text(json.dumps(asdict(asked)), encoding="utf-8")


def parts(name: str) -> tuple[pa.Table, pa.Table]:
    """Return the rows to learn from and the rows to be asked about."""
    if name == "adult":
        return _adult_part("adult-train.csv"), _adult_part("adult-test.csv")
    table = READERS[name]()
    held = np.array([_share(name, row) < TEST_SHARE for row in range(table.num_rows)])
    return table.filter(pa.array(~held)), table.filter(pa.array(held))


def _share(name: str, row: int) -> float:
    digest = blake2b(f"{SALT}:{name}:{row}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _read(*place: str) -> pa.Table:
    return csv.read_csv(DATA.joinpath(*place), convert_options=READ)


def _telco() -> pa.Table:
    return _read("churn", "Telco-Customer-Churn.csv").drop_columns(["customerID"])


def _bank_churn() -> pa.Table:
    return _read("churn", "Churn_Modelling_bank.csv").drop_columns(["RowNumber", "CustomerId"])


def _ames() -> pa.Table:
    return _read("tabular", "ames", "AmesHousing.csv").drop_columns(["Order", "PID"])


def _bikes() -> pa.Table:
    table = _read("drift-streams", "bike_sharing_hour.csv").drop_columns(["instant", "casual", "registered"])
    day = pc.cast(pc.strptime(table["dteday"], "%m/%d/%Y", "s"), pa.timestamp("us"))
    return table.set_column(table.column_names.index("dteday"), "dteday", day)


def _bank_marketing() -> pa.Table:
    with zipfile.ZipFile(DATA / "tabular" / "bank-additional.zip") as archive:
        raw = io.BytesIO(archive.read("bank-additional/bank-additional-full.csv"))
    table = csv.read_csv(raw, parse_options=csv.ParseOptions(delimiter=";"), convert_options=READ)
    return table.drop_columns(["duration"])


def _credit() -> pa.Table:
    """Rows whose status is known; 99999999 stands for an amount that nobody wrote down."""
    table = _read("tabular", "credit_scoring_gala.csv")
    table = table.filter(pc.greater(table["Status"], 0))
    for place, column in enumerate(table.columns):
        filled = pc.if_else(pc.equal(column, 99_999_999), pa.scalar(None, column.type), column)
        table = table.set_column(place, table.column_names[place], filled)
    return table


def _electricity() -> pa.Table:
    return _read("drift-streams", "elec2.csv")


def _mailing() -> pa.Table:
    return _read("uplift", "hillstrom.csv").drop_columns(["conversion", "spend"])


def _learned(name: str) -> pa.Table:
    """A table that comes with scikit-learn."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    columns = {str(column): bunch.data[:, place] for place, column in enumerate(bunch.feature_names)}
    return pa.table({**columns, "target": bunch.target})


READERS: dict[str, Callable[[], pa.Table]] = {
    "telco": _telco,
    "bank_churn": _bank_churn,
    "ames": _ames,
    "bikes": _bikes,
    "bank_marketing": _bank_marketing,
    "credit": _credit,
    "electricity": _electricity,
    "mailing": _mailing,
    "breast_cancer": partial(_learned, "breast_cancer"),
    "diabetes": partial(_learned, "diabetes"),
}
