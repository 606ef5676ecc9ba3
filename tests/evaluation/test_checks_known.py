"""Columns that know the answer are found, honest ones are left alone."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, customers, fact, look
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv
from sklearn import datasets
from sklearn.metrics import roc_auc_score

from grundstein.evaluation.checks import known, quick

ASKED = {"GST-K01", "GST-K02", "GST-K04", "GST-K09"}


def with_column(table: pa.Table, **columns: object) -> pa.Table:
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def yes(table: pa.Table) -> np.ndarray:
    return np.asarray(table["left"]) == "yes"


def flipped(table: pa.Table, share: float, seed: int = 1) -> np.ndarray:
    answer = yes(table)
    return answer ^ (np.random.default_rng(seed).random(len(answer)) < share)


def test_honest_columns_are_not_asked_about():
    checked = known.check(look(customers()))
    assert codes(checked) == {"GST-K03"}


def test_a_copy_under_another_name_is_found():
    table = customers()
    checked = known.check(look(with_column(table, status=np.where(yes(table), "closed", "active"))))
    assert codes(checked) == {"GST-K09"}
    assert fact(checked, "GST-K09", "column") == "status"


def test_a_copy_with_one_row_in_twenty_wrong_is_found():
    table = customers()
    checked = known.check(look(with_column(table, flag=flipped(table, 0.05).astype(int))))
    assert fact(checked, "GST-K09", "column") == "flag"


def test_two_flawed_copies_do_not_hide_one_another():
    table = customers()
    leaky = with_column(table, one=flipped(table, 0.05, 1), two=flipped(table, 0.05, 2))
    found = {f.facts["column"] for f in known.check(look(leaky)).findings if f.section == "issue"}
    assert found == {"one", "two"}


def test_a_column_filled_exactly_when_the_answer_is_yes_is_found():
    table = customers()
    days = [int(d) if there else None for d, there in zip(np.arange(table.num_rows) % 90, yes(table), strict=True)]
    assert fact(known.check(look(with_column(table, closed_after=days))), "GST-K09", "column") == "closed_after"


def graded(table: pa.Table, seed: int = 3) -> np.ndarray:
    """A strong but imperfect trace of the answer, such as the length of a call."""
    return np.round(np.random.default_rng(seed).gamma(2, 60, table.num_rows) * np.where(yes(table), 5, 1))


def test_a_graded_trace_of_the_answer_is_found_by_what_is_lost_without_it():
    table = customers()
    checked = known.check(look(with_column(table, seconds=graded(table))))
    assert fact(checked, "GST-K01", "column") == "seconds"
    assert fact(checked, "GST-K01", "share") >= known.SHARE


def test_near_copies_of_a_trace_are_asked_about_together():
    table = customers()
    seconds = graded(table)
    checked = known.check(look(with_column(table, seconds=seconds, minutes=seconds / 60)))
    assert fact(checked, "GST-K02", "columns") == "minutes, seconds"


def test_the_question_is_not_asked_again_when_the_owner_has_answered_it():
    table = customers()
    leaky = with_column(table, seconds=graded(table), flag=yes(table))
    checked = known.check(look(leaky, known_at={"seconds": "before", "flag": "before"}))
    assert not codes(checked) & ASKED
    assert codes(checked) >= {"GST-K10"}


def test_a_column_that_the_owner_says_is_written_afterwards_is_an_issue_whatever_its_skill():
    checked = known.check(look(customers(), known_at={"region": "after"}))
    assert fact(checked, "GST-K04", "column") == "region"


def test_an_ignored_column_is_not_asked_about():
    table = customers()
    checked = known.check(look(with_column(table, flag=yes(table)), case={"ignore": ("flag",)}))
    assert codes(checked) == {"GST-K03"}


def test_one_class_of_many_that_a_column_marks_is_found():
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "c"], 900)
    table = pa.table({"x": rng.normal(size=900), "paid": [1 if g == "b" else None for g in group], "left": group})
    checked = known.check(look(table, case={"options": {"kind": "many"}}, contract={"key": ()}))
    assert fact(checked, "GST-K09", "column") == "paid"


def test_a_copy_of_a_number_is_found_and_a_strong_reason_is_not():
    rng = np.random.default_rng(0)
    area = rng.gamma(5, 20, 1200)
    price = area * 2000 + rng.normal(0, 30_000, 1200)
    table = pa.table({"area": area, "taxed": price * 1.19 + 5, "price": price})
    copied = known.check(look(table, target="price", contract={"key": ()}))
    assert fact(copied, "GST-K09", "column") == "taxed"
    honest = known.check(look(table.drop(["taxed"]), target="price", contract={"key": ()}))
    assert codes(honest) <= {"GST-K03", "GST-K01"}


@pytest.mark.parametrize(
    ("name", "kind"), [("breast_cancer", "two"), ("wine", "many"), ("diabetes", "number"), ("iris", "many")]
)
def test_the_bundled_clean_tables_raise_no_alarm(name: str, kind: str):
    found = getattr(datasets, f"load_{name}")()
    columns = {str(n): found.data[:, i] for i, n in enumerate(found.feature_names)}
    table = pa.table({**columns, "left": found.target})
    checked = known.check(look(table, kind=kind, case={"options": {}}, contract={"key": ()}))
    assert not codes(checked) & ASKED


def test_the_length_of_a_call_is_asked_about_in_file_order(shared_data):
    packed = zipfile.ZipFile(shared_data / "tabular" / "bank-additional.zip")
    content = packed.read("bank-additional/bank-additional-full.csv")
    table = csv.read_csv(io.BytesIO(content), parse_options=csv.ParseOptions(delimiter=";"))
    table = table.append_column("_row", pa.array(range(table.num_rows)))
    early = look(table.slice(0, 30_891), target="y", case={"time": "_row", "options": {"positive": "yes"}})
    checked = known.check(early)
    assert [f.facts["column"] for f in checked.findings if f.section == "issue"] == ["duration"]


@pytest.mark.parametrize("file", ["churn/Telco-Customer-Churn.csv", "tabular/ames/AmesHousing.csv"])
def test_honest_real_tables_raise_no_alarm(shared_data, file: str):
    missing = csv.ConvertOptions(null_values=["", " "], strings_can_be_null=True)
    table = csv.read_csv(shared_data / file, convert_options=missing)
    target = "Churn" if "Churn" in table.column_names else "SalePrice"
    key = ("customerID",) if target == "Churn" else ("Order", "PID")
    assert not codes(known.check(look(table, target=target, contract={"key": key}))) & ASKED


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=40))
def test_the_area_under_the_curve_is_scikit_learns(pairs):
    answer, scores = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], dtype=float)
    expected = roc_auc_score(answer, scores) if 0 < answer.sum() < len(answer) else 0.5
    assert quick.auc(answer, scores) == pytest.approx(expected)


def test_the_skill_of_a_number_is_that_of_its_order():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    pairs = x[:, None] * 0.8 + rng.normal(size=(4000, 1)) * 0.6
    taken = rng.integers(0, 4000, (20_000, 2))
    agree = np.mean((x[taken[:, 0]] > x[taken[:, 1]]) == (pairs[taken[:, 0], 0] > pairs[taken[:, 1], 0]))
    assert quick.skill(x, pairs, "number") == pytest.approx(agree, abs=0.02)
