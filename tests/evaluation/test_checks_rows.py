"""Rows that stand twice, were invented, or are too few; columns that say nothing."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, customers, fact, look
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from grundstein.evaluation.checks import classes, columns, duplicates, entities, resampled, rows


def taken(table: pa.Table, places: np.ndarray) -> pa.Table:
    return table.take(pa.array(places))


def rare(table: pa.Table, target: str = "left", value: str = "yes") -> np.ndarray:
    return np.flatnonzero(np.asarray(table[target]) == value)


def oversampled(table: pa.Table, target: str = "left", value: str = "yes") -> pa.Table:
    few = rare(table, target, value)
    more = np.random.default_rng(0).choice(few, table.num_rows - 2 * len(few))
    return taken(table, np.concatenate([np.arange(table.num_rows), more]))


def interpolated(table: pa.Table, numeric: list[str], target: str = "left", value: str = "yes") -> pa.Table:
    """New rows of the rare class, each between a row and one of its five nearest."""
    rng, few = np.random.default_rng(0), taken(table, rare(table, target, value))
    points = np.stack([np.nan_to_num(rows.numbers(few[n])) for n in numeric], axis=1)
    scaled = points / points.std(axis=0)
    base = rng.integers(0, len(points), table.num_rows - 2 * len(points))
    near = np.stack([np.argsort(((scaled - scaled[i]) ** 2).sum(axis=1))[1:6] for i in base])
    partner = near[np.arange(len(base)), rng.integers(0, 5, len(base))]
    invented = points[base] + rng.random((len(base), 1)) * (points[partner] - points[base])
    new = taken(few, base)
    for place, name in enumerate(numeric):
        new = new.set_column(new.column_names.index(name), name, pa.array(invented[:, place]))
        table = table.set_column(table.column_names.index(name), name, pa.array(rows.numbers(table[name])))
    return pa.concat_tables([table, new.select(table.column_names)])


def test_an_honest_table_has_no_copies_and_nothing_invented():
    seen = look(customers())
    assert codes(resampled.check(seen)) == {"GST-K08"}
    assert not duplicates.check(seen).findings


def test_random_oversampling_is_flagged():
    checked = resampled.check(look(oversampled(customers())))
    assert fact(checked, "GST-K06", "value") == "yes"
    assert fact(checked, "GST-K06", "balance") == pytest.approx(0.5, abs=0.01)


def test_rows_invented_by_interpolation_are_flagged():
    checked = resampled.check(look(interpolated(customers(), ["months", "price"])))
    assert fact(checked, "GST-K07", "value") == "yes"
    assert "months" in fact(checked, "GST-K07", "columns")


def test_invented_rows_are_found_between_others_where_every_number_is_fine():
    rng = np.random.default_rng(1)
    n = 900
    fine = pa.table(
        {**{f"x{k}": rng.normal(size=n) for k in range(4)}, "left": np.where(np.arange(n) % 4 == 0, "yes", "no")}
    )
    seen = look(fine, contract={"key": ()})
    assert codes(resampled.check(seen)) == {"GST-K08"}
    filled = look(interpolated(fine, [f"x{k}" for k in range(4)]), contract={"key": ()})
    assert fact(resampled.check(filled), "GST-K07", "share") > 0.1


def test_copies_in_every_class_are_no_sign_of_resampling_but_are_told():
    table = customers()
    twice = look(pa.concat_tables([table, table.slice(0, 300)]))
    assert codes(resampled.check(twice)) == {"GST-K08"}
    assert fact(duplicates.check(twice), "GST-C07", "copies") == 300


def test_telco_resampled_beforehand_is_flagged(shared_data):
    missing = csv.ConvertOptions(null_values=["", " "], strings_can_be_null=True)
    table = csv.read_csv(shared_data / "churn" / "Telco-Customer-Churn.csv", convert_options=missing)
    table = table.drop(["customerID"])
    case = {"options": {"positive": "Yes"}}

    def said(rows_of: pa.Table) -> set[str]:
        seen = look(rows_of, target="Churn", case=case, contract={"key": ()})
        return codes(resampled.check(seen)) | codes(duplicates.check(seen), "issue")

    assert said(table) == {"GST-K08"}
    assert "GST-K06" in said(oversampled(table, "Churn", "Yes"))
    assert "GST-K07" in said(interpolated(table, ["tenure", "MonthlyCharges", "TotalCharges"], "Churn", "Yes"))


def test_equal_rows_under_other_keys_are_found_across_the_split():
    table = customers()
    other_keys = pa.array([f"d{k}" for k in range(100)])
    questions = table.slice(0, 100).drop(["left"]).set_column(0, "customer", other_keys)
    crossed = look(table, questions=questions)
    assert fact(duplicates.sealed(crossed), "GST-S01", "copies") == 100
    fresh = look(table, questions=customers(400, seed=9).drop(["left"]))
    assert codes(duplicates.sealed(fresh)) == {"GST-S06"}


def test_entities_on_both_sides_are_an_issue_unless_time_divides_them():
    table = customers()
    household = pa.array([f"h{k // 3}" for k in range(table.num_rows)])
    table = table.append_column("household", household)
    development, questions = table.slice(0, 1000), table.slice(999, 500).drop(["left"])
    seen = look(development, questions=questions, contract={"entity": "household"})
    assert fact(entities.sealed(seen), "GST-S02", "both") == 1
    assert codes(entities.sealed(seen), "issue") == {"GST-S02"}
    in_time = look(development, questions=questions, contract={"entity": "household"}, split="time")
    assert codes(entities.sealed(in_time), "tip") == {"GST-S02"}


def test_a_column_named_like_an_id_with_several_rows_a_value_is_asked_about():
    table = customers().append_column("account_id", pa.array([k // 4 for k in range(1500)]))
    assert fact(entities.check(look(table)), "GST-S07", "entities") == 375
    assert not entities.check(look(table, contract={"entity": "account_id"})).findings


def test_each_kind_of_useless_column_is_named():
    table = customers()
    n = table.num_rows
    strange = {
        "empty": pa.nulls(n, pa.string()),
        "constant": pa.array(["x"] * n),
        "serial": pa.array(range(n)),
        "ratio": pa.array([math.inf] * 3 + [1.5] * (n - 3)),
        "note": pa.array([f"customer wrote on day {k}" for k in range(n)]),
    }
    for name, values in strange.items():
        table = table.append_column(name, values)
    checked = columns.check(look(table))
    assert fact(checked, "GST-C01", "columns") == "empty"
    assert fact(checked, "GST-C02", "columns") == "constant"
    assert fact(checked, "GST-C03", "columns") == "serial"
    assert fact(checked, "GST-C04", "rows") == 3
    assert fact(checked, "GST-C05", "column") == "note"
    assert codes(columns.check(look(customers()))) == {"GST-C06"}


@pytest.mark.parametrize(("rare_rows", "section"), [(3, "issue"), (20, "tip"), (40, "passed")])
def test_a_rare_class_is_an_issue_below_ten_and_a_tip_below_thirty(rare_rows: int, section: str):
    table = customers(400)
    answers = pa.array(["yes" if k < rare_rows else "no" for k in range(400)])
    checked = classes.check(look(table.set_column(table.column_names.index("left"), "left", answers)))
    assert [f.section for f in checked.findings] == [section]


def test_the_rare_class_is_named_with_its_count():
    table = customers(400)
    answers = pa.array(["yes"] * 4 + ["no"] * 396)
    checked = classes.check(look(table.set_column(table.column_names.index("left"), "left", answers)))
    assert fact(checked, "GST-L04", "classes") == "yes (4)"


cells = st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([0.0, 1.5, None]), st.booleans())


@settings(max_examples=50, deadline=None)
@given(st.lists(cells, min_size=1, max_size=30))
def test_rows_have_one_number_exactly_when_they_are_equal(content):
    kinds = (pa.string(), pa.float64(), pa.bool_())
    table = pa.table({f"c{k}": pa.array([row[k] for row in content], kind) for k, kind in enumerate(kinds)})
    ids = rows.same_rows(table, table.column_names)
    for one in range(len(content)):
        assert (ids == ids[one]).tolist() == [row == content[one] for row in content]
