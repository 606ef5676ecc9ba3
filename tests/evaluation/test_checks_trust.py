"""Drift is told where it is large and sure; what tells of people is named where people are touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, customers, fact, look
from hypothesis import given
from hypothesis import strategies as st
from trust_data import people, probabilities, two

from grundstein.core.case import Case
from grundstein.evaluation.checks import drift, sensitive
from grundstein.evaluation.checks.people import at_work, ground, touched

if TYPE_CHECKING:
    from grundstein.evaluation import checks

CHANGED = {"GST-T01", "GST-T02", "GST-T08"}


def halves(table: pa.Table, seed: int = 0, **more: object) -> checks.Look:
    """Two parts of a table, drawn by chance: development, and the sealed questions."""
    sealed = np.random.default_rng(seed).random(table.num_rows) < 0.4
    questions = table.filter(pa.array(sealed)).drop(["left"])
    return replace(look(table.filter(pa.array(~sealed)), **more), questions=questions)


def changed(seen: checks.Look, name: str, values: object) -> checks.Look:
    place = seen.questions.column_names.index(name)
    return replace(seen, questions=seen.questions.set_column(place, name, pa.array(values)))


def test_a_split_by_chance_is_not_called_a_drift():
    table = customers(2000)
    told = [codes(drift.sealed(halves(table, seed))) & CHANGED for seed in range(20)]
    assert sum(map(bool, told)) <= 1


def test_a_number_that_moved_is_an_issue_with_its_mean_before_and_after():
    seen = halves(customers(3000))
    moved = changed(seen, "price", np.asarray(seen.questions["price"]) * 1.4)
    checked = drift.sealed(moved)
    assert codes(checked, "issue") == {"GST-T01"}
    assert fact(checked, "GST-T01", "names") == "price"
    assert fact(checked, "GST-T04", "mean_after") > 1.3 * fact(checked, "GST-T04", "mean_before")


def test_a_category_that_grew_is_told_with_its_shares():
    seen = halves(customers(3000))
    values = np.where(np.arange(seen.questions.num_rows) % 3 == 0, "east", np.asarray(seen.questions["region"]))
    checked = drift.sealed(changed(seen, "region", values))
    assert fact(checked, "GST-T03", "value") == "east"
    assert fact(checked, "GST-T03", "after") > fact(checked, "GST-T03", "before") + 0.2


def test_a_column_that_is_no_longer_filled_is_told():
    seen = halves(customers(3000))
    gone = np.arange(seen.questions.num_rows) % 2 == 0
    checked = drift.sealed(changed(seen, "price", pa.array(np.asarray(seen.questions["price"]), mask=gone)))
    assert fact(checked, "GST-T05", "after") == pytest.approx(0.5, abs=0.01)


def test_a_small_change_is_not_told_however_sure():
    seen = halves(customers(20_000))
    moved = changed(seen, "price", np.asarray(seen.questions["price"]) * 1.03)
    assert "price" not in str(drift.sealed(moved).findings)


def test_many_small_changes_that_add_up_are_told_together():
    rng = np.random.default_rng(0)
    wide = {f"x{k}": rng.normal(size=4000) for k in range(60)}
    seen = halves(pa.table({**wide, "left": rng.choice(["yes", "no"], 4000)}), contract={"key": ()})
    for name in wide:
        seen = changed(seen, name, np.asarray(seen.questions[name]) + 0.09)
    assert codes(drift.sealed(seen), "issue") == {"GST-T08"}


def test_rows_of_one_entity_count_once():
    rng = np.random.default_rng(1)
    branch = np.repeat([f"b{k}" for k in range(60)], 100)
    height = np.repeat(rng.normal(size=60), 100)
    table = pa.table({"branch": branch, "height": height, "left": rng.choice(["yes", "no"], 6000)})
    sealed = np.repeat(rng.random(60) < 0.4, 100)
    seen = look(table.filter(pa.array(~sealed)), contract={"key": (), "entity": "branch"})
    apart = replace(seen, questions=table.filter(pa.array(sealed)).drop(["left"]))
    assert not codes(drift.sealed(apart)) & CHANGED


def test_in_a_split_by_time_a_change_is_a_tip():
    seen = halves(customers(3000), split="time")
    moved = changed(seen, "price", np.asarray(seen.questions["price"]) * 1.4)
    assert not codes(drift.sealed(moved), "issue")
    assert "GST-T01" in codes(drift.sealed(moved), "tip")


def dated(seed: int = 0) -> pa.Table:
    table = customers(3000, seed)
    return table.append_column("day", pa.array([date(2025, 1, 1) + timedelta(days=k // 10) for k in range(3000)]))


def test_later_rows_are_compared_with_earlier_ones_in_development():
    table = dated()
    calm = drift.check(look(table, case={"time": "day"}))
    assert codes(calm) == {"GST-T07"}
    price = np.asarray(table["price"]) + np.where(np.arange(3000) > 2200, 40, 0)
    checked = drift.check(look(table.set_column(2, "price", pa.array(price)), case={"time": "day"}))
    assert fact(checked, "GST-T02", "names") == "price"
    assert checked.figures[0].columns["column"] == ("price",)


def test_the_time_itself_is_not_called_a_drift():
    table = dated().append_column("billed", dated()["day"])
    assert codes(drift.check(look(table, case={"time": "day"}))) == {"GST-T07"}


def test_free_text_is_compared_by_whether_it_is_filled_and_numbers_of_rows_not_at_all():
    table = customers(1000)
    words = [f"word{k} and more {k % 7}" for k in range(1000)]
    seen = halves(table.append_column("note", pa.array(words)).append_column("serial", pa.array(range(1000))))
    assert fact(drift.sealed(seen), "GST-T06", "columns") == 5
    gone = changed(seen, "note", pa.array([None] * seen.questions.num_rows, pa.string()))
    assert fact(drift.sealed(gone), "GST-T05", "column") == "note"


def test_numbers_without_end_do_not_reach_the_record():
    table = customers(1000)
    price = np.where(np.arange(1000) % 50 == 0, np.inf, np.asarray(table["price"]))
    seen = halves(table.set_column(table.column_names.index("price"), "price", pa.array(price)))
    checked = drift.sealed(changed(seen, "price", np.asarray(seen.questions["price"]) * 2))
    assert all(np.isfinite(v) for f in checked.findings for v in f.facts.values() if isinstance(v, float))


@given(
    st.sampled_from(["SeniorCitizen", "Geschlecht", "marital-status", "native-country", "GEBURTSDATUM", "customer_age"])
)
def test_names_that_tell_of_people_are_known(name: str):
    assert ground(name)


@pytest.mark.parametrize(
    "name",
    ["vehicle_age", "Garage Cars", "Sussex", "average", "Mo Sold", "Vertragsalter", "message", "carrier", "usage"],
)
def test_names_that_only_look_like_it_are_not(name: str):
    assert not ground(name)


def case(**fields: object) -> Case:
    return Case("c", "?", "predict", {"rows": "r"}, **fields)


def test_whom_the_answers_touch_is_read_from_the_case():
    assert touched(case()) is None
    assert touched(case(affects="machines")) is False
    assert touched(case(affects="Kunden")) is True
    assert touched(case(risk="high")) is True
    assert at_work(case(affects="applicants"))
    assert not at_work(case(affects="customers"))


def seen_people(n: int = 1500, **more: object) -> checks.Look:
    rng = np.random.default_rng(2)
    told, columns = probabilities(n, rng), people(n, rng)
    columns["title"] = np.where(rng.random(n) < 0.95, np.where(columns["gender"] == "f", "Ms", "Mr"), "Dr")
    return two(told, rng.random(n) < told, columns, **more)


def test_sensitive_columns_are_a_tip_for_customers_and_an_issue_at_work():
    assert "GST-T21" in codes(sensitive.check(seen_people()), "tip")
    assert "GST-T20" in codes(sensitive.check(seen_people(affects="staff")), "issue")
    assert codes(sensitive.check(seen_people(affects=""))) == {"GST-T22"}
    assert not sensitive.check(seen_people(affects="machines")).findings


def test_a_column_that_tells_a_sensitive_one_is_named_also_where_that_is_left_out():
    checked = sensitive.check(seen_people(ignore=("gender",)))
    assert (fact(checked, "GST-T25", "column"), fact(checked, "GST-T25", "proxy")) == ("gender", "title")
    assert fact(checked, "GST-T21", "columns") == "nationality, age"


def test_columns_that_say_nothing_of_people_pass():
    assert codes(sensitive.check(look(customers(), case={"affects": "customers"}))) == {"GST-T24"}
