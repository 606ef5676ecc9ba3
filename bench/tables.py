"""Bench. In: clean public tables -> Out: linear, trees and mean beside scikit-learn and LightGBM, on the same splits.

The sealed rows are asked once a split, by solutions that were tuned on the other rows alone; nothing is chosen here.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from grundstein.core.case import Case, Money
from grundstein.core.records import Seal
from grundstein.tasks.predict import TASK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.task import Split

DATA = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEED = 7
READ = csv.ConvertOptions(null_values=["", " ", "NA"], strings_can_be_null=True)
CHURN = Case(
    "churn",
    "Which customers will leave?",
    "predict",
    {"rows": "telco"},
    {"target": "Churn", "positive": "Yes"},
    baseline="Contract = 'Month-to-month' and tenure < 12",
    money=Money("action", {"saved": 600.0, "success": 0.30, "cost": 60.0}),
    acted="nobody",
    entity="customerID",
)


@dataclass(frozen=True)
class Result:
    """What one solution came to on the sealed rows, and the CPU seconds of fit and answer."""

    name: str
    metrics: dict[str, float]
    value: float
    seconds: float


def run(quick: bool) -> str:
    """Return the section's text."""
    if not DATA.is_dir():
        return "## Tables\nNot measured: the real data sets are not beside this checkout (set GRUNDSTEIN_DATA)."
    parts = [telco(3 if quick else 20), bank(), adult(), ames(2 if quick else 10)]
    return "\n\n".join(["## Tables, beside scikit-learn and LightGBM on the same rows", *parts])


def judged(case: Case, split: Split, names: Sequence[str] = ()) -> list[Result]:
    """Fit baseline, default and candidates (or those named) on development, ask the sealed questions."""
    listed = [TASK.baseline(case), *TASK.candidates(case, 9)]
    results = []
    for solution in listed:
        if names and solution.name not in names:
            continue
        start = time.process_time()
        answers = solution.fit(split.development, SEED).answer(split.questions, {})
        seconds = time.process_time() - start
        value = TASK.value(case, split, answers).value
        results.append(Result(solution.name, TASK.metrics(case, split, answers), float(value.mean()), seconds))
    return results


def telco(salts: int) -> str:
    """Telco churn over several salts: ours and a tuned logistic regression on identical rows."""
    table = numbered(csv.read_csv(DATA / "churn" / "Telco-Customer-Churn.csv", convert_options=READ))
    found: dict[str, list[tuple[float, float, float]]] = {}
    for salt in range(salts):
        seal = Seal("telco", "random", ("customerID",), "customerID", "", 0.25, "", f"salt-{salt}")
        split = TASK.seal({"rows": table}, CHURN, seal)
        for one in judged(CHURN, split):
            found.setdefault(one.name, []).append((one.metrics["roc_auc"], one.value, one.seconds))
        found.setdefault("scikit-learn", []).append(peer_logistic(CHURN, split))
    peer = np.array(found["scikit-learn"])[:, 0]
    lines = []
    for name, rows in found.items():
        each = np.array(rows)
        gap = each[:, 0] - peer
        money = f"{each[:, 1].mean():.2f}" if name != "scikit-learn" else "-"
        error = gap.std(ddof=1) / np.sqrt(salts) if salts > 1 else 0.0
        lines.append(
            f"| {name} | {each[:, 0].mean():.4f} | {gap.mean():+.4f} ({error:.4f}) | {gap.min():+.4f} | {money} "
            f"| {each[:, 2].mean():.2f} |"
        )
    head = f"**Telco churn**, {salts} salts, 25 % sealed; peer: one-hot, scaler, LogisticRegressionCV (10 strengths)."
    columns = "| | ROC AUC | less the peer's (standard error) | worst salt | money per unit | CPU s |"
    return "\n".join([head, "", columns, "|---|---|---|---|---|---|", *lines])


def peer_logistic(case: Case, split: Split) -> tuple[float, float, float]:
    """Return the peer's ROC AUC, no value, and its CPU seconds."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows, asked = split.development["rows"], split.questions
    texts, numbers = columns_of(case, rows)
    place = list(range(len(numbers)))
    coded = OneHotEncoder(handle_unknown="ignore", min_frequency=5)
    encoder = make_column_transformer((StandardScaler(), place), (coded, [len(numbers) + i for i in range(len(texts))]))
    settings = {"Cs": 10, "cv": 5, "scoring": "neg_log_loss", "max_iter": 1000, "l1_ratios": (0.0,)}
    model = make_pipeline(encoder, LogisticRegressionCV(**settings, use_legacy_attributes=False))
    truth = yes_of(case, rows)
    start = time.process_time()
    model.fit(as_objects(rows, numbers, texts), truth)
    told = model.predict_proba(as_objects(asked, numbers, texts))[:, 1]
    seconds = time.process_time() - start
    return float(roc_auc_score(yes_of(case, split.truth["rows"]), told)), 0.0, seconds


def bank() -> str:
    """Bank marketing in file order, the latest quarter sealed, without the column that knows the answer."""
    with zipfile.ZipFile(DATA / "tabular" / "bank-additional.zip") as archive:
        raw = archive.read("bank-additional/bank-additional-full.csv")
    table = numbered(csv.read_csv(io.BytesIO(raw), parse_options=csv.ParseOptions(delimiter=";"), convert_options=READ))
    case = Case("bank", "?", "predict", {"rows": "bank"}, {"target": "y", "positive": "yes"}, time="_row")
    last = int(0.75 * table.num_rows) - 1
    lines = []
    for name, ignore in (("without `duration`", ("duration",)), ("with it", ())):
        asked = Case(**{**vars(case), "ignore": ignore})
        split = TASK.seal({"rows": table}, asked, Seal("bank", "time", (), "", "_row", 0.0, str(last), "salt"))
        lines += [
            f"| {name}: {one.name} | {one.metrics['roc_auc']:.3f} | {one.metrics['average_precision']:.3f} "
            f"| {one.metrics['log_loss']:.3f} | {one.seconds:.1f} |"
            for one in judged(asked, split)
        ]
    head = "**Bank marketing**, file order, latest 25 % sealed (goal: linear ROC AUC of .735 without `duration`)."
    return "\n".join(
        [head, "", "| | ROC AUC | average precision | log loss | CPU s |", "|---|---|---|---|---|", *lines]
    )


def adult() -> str:
    """Adult with its official test part."""
    parts = [_adult_part(name) for name in ("adult-train.csv", "adult-test.csv")]
    table = numbered(pa.concat_tables(parts, promote_options="permissive"))
    case = Case("adult", "?", "predict", {"rows": "adult"}, {"target": "f14", "positive": ">50K"}, metric="log_loss")
    last = parts[0].num_rows - 1
    split = TASK.seal({"rows": table}, case, Seal("adult", "given", (), "", "", 0.0, str(last), "salt"))
    results = judged(case, split)
    lines = [
        f"| {one.name} | {one.metrics['roc_auc']:.4f} | {one.metrics['average_precision']:.4f} "
        f"| {one.metrics['log_loss']:.4f} | {one.seconds:.1f} |"
        for one in results
    ]
    total = sum(one.seconds for one in results)
    head = f"**Adult**, official test part (goal: .926 in 60 CPU s): {total:.0f} CPU s for all fits."
    return "\n".join(
        [head, "", "| | ROC AUC | average precision | log loss | CPU s |", "|---|---|---|---|---|", *lines]
    )


def _adult_part(name: str) -> pa.Table:
    table = csv.read_csv(
        DATA / "tabular" / "adult" / name, read_options=csv.ReadOptions(autogenerate_column_names=True)
    )
    for place, column in enumerate(table.columns):
        if pa.types.is_string(column.type):
            table = table.set_column(place, table.column_names[place], pc.utf8_rtrim(pc.utf8_trim(column, " "), "."))
    return table


def ames(salts: int) -> str:
    """House prices: ours beside LightGBM as it comes, on identical rows."""
    table = numbered(csv.read_csv(DATA / "tabular" / "ames" / "AmesHousing.csv", convert_options=READ))
    case = Case("ames", "?", "predict", {"rows": "ames"}, {"target": "SalePrice"}, metric="absolute_error")
    found: dict[str, list[tuple[float, float, float]]] = {}
    for salt in range(salts):
        split = TASK.seal({"rows": table}, case, Seal("ames", "random", ("PID",), "", "", 0.4, "", f"salt-{salt}"))
        for one in judged(case, split):
            found.setdefault(one.name, []).append((one.metrics["r2"], one.metrics["mae"], one.seconds))
        found.setdefault("LightGBM default", []).append(peer_boosting(case, split))
    peer = np.array(found["LightGBM default"])[:, 0]
    lines = []
    for name, rows in found.items():
        each = np.array(rows)
        gap = each[:, 0] - peer
        lines.append(
            f"| {name} | {each[:, 0].mean():.4f} | {gap.mean():+.4f} | {gap.min():+.4f} | {each[:, 1].mean():,.0f} "
            f"| {each[:, 2].mean():.2f} |"
        )
    head = f"**Ames house prices**, {salts} salts, 40 % sealed (goal: r2 not below LightGBM's default)."
    columns = "| | r2 | less the peer's | worst salt | mean absolute error | CPU s |"
    return "\n".join([head, "", columns, "|---|---|---|---|---|---|", *lines])


def peer_boosting(case: Case, split: Split) -> tuple[float, float, float]:
    """Return r2, mean absolute error and CPU seconds of LightGBM as it comes, texts as categories."""
    import lightgbm
    from sklearn.metrics import mean_absolute_error, r2_score
    from sklearn.preprocessing import OrdinalEncoder

    rows, asked = split.development["rows"], split.questions
    texts, numbers = columns_of(case, rows)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    start = time.process_time()
    left = as_objects(rows, numbers, texts)
    coded = encoder.fit_transform(left[:, len(numbers) :])
    X = np.hstack([left[:, : len(numbers)].astype(float), coded])
    places = list(range(len(numbers), X.shape[1]))
    model = lightgbm.LGBMRegressor(n_jobs=1, verbosity=-1).fit(
        X, rows["SalePrice"].to_numpy(), categorical_feature=places
    )
    right = as_objects(asked, numbers, texts)
    told = model.predict(
        np.hstack([right[:, : len(numbers)].astype(float), encoder.transform(right[:, len(numbers) :])])
    )
    seconds = time.process_time() - start
    truth = split.truth["rows"]["SalePrice"].to_numpy()
    return float(r2_score(truth, told)), float(mean_absolute_error(truth, told)), seconds


def numbered(table: pa.Table) -> pa.Table:
    """Add `_row`, as ingest does."""
    return table.append_column("_row", pa.array(np.arange(table.num_rows)))


def columns_of(case: Case, rows: pa.Table) -> tuple[list[str], list[str]]:
    """Return the text and the number columns that a peer may look at."""
    hidden = {case.options["target"], case.entity, "_row", "_unit", "_cluster", "_time", *case.ignore}
    names = [name for name in rows.column_names if name not in hidden]
    texts = [name for name in names if pa.types.is_string(rows[name].type)]
    return texts, [name for name in names if name not in texts]


def as_objects(rows: pa.Table, numbers: list[str], texts: list[str]) -> np.ndarray:
    """Return the peer's matrix: numbers with their mean where missing, texts with a word for it."""
    columns = []
    for name in numbers:
        column = np.array(pc.cast(rows[name], pa.float64()).to_numpy(zero_copy_only=False))
        columns.append(np.where(np.isnan(column), np.nanmean(column), column).astype(object))
    columns += [np.array(pc.fill_null(rows[name], "(missing)").to_pylist(), dtype=object) for name in texts]
    return np.column_stack(columns)


def yes_of(case: Case, rows: pa.Table) -> np.ndarray:
    """Return the target as 1 and 0."""
    return (np.array(rows[case.options["target"]].to_pylist()) == case.options["positive"]).astype(int)


if __name__ == "__main__":
    import sys

    print(run("--quick" in sys.argv))
