"""Where the answer is weak, what a split can show, whether more rows help; and no check ends an evaluation."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, customers, fact, look
from pyarrow import csv

from grundstein.core.errors import Refused
from grundstein.core.task import Values
from grundstein.evaluation import checks
from grundstein.evaluation.checks import curve, slices, splitting


def values(value: np.ndarray) -> Values:
    unit = np.arange(len(value))
    return Values(unit, unit, value.astype(float))


def compared(gain: np.ndarray, table: pa.Table) -> checks.Look:
    """A look at a winner whose gain over the rule is given for each row."""
    noise = np.random.default_rng(4).normal(0, 3, len(gain))
    both = {"rule": values(noise), "linear": values(noise + gain)}
    return look(table, values=both, judged=table.drop(["left"]), baseline="rule", winner="linear")


def gains(table: pa.Table, where: np.ndarray, there: float, elsewhere: float) -> np.ndarray:
    return np.where(where, there, elsewhere) + np.random.default_rng(5).normal(0, 2, table.num_rows)


def test_a_group_where_the_winner_loses_is_an_issue():
    table = customers()
    checked = slices.check(compared(gains(table, np.asarray(table["region"]) == "east", -3, 2), table))
    assert codes(checked, "issue") == {"GST-M01"}
    assert (fact(checked, "GST-M01", "column"), fact(checked, "GST-M01", "value")) == ("region", "east")
    assert fact(checked, "GST-M01", "high") < 0
    assert checked.figures[0].columns["slice"][0] == "region: east"


def test_a_group_that_gains_less_is_a_tip():
    table = customers()
    checked = slices.check(compared(gains(table, np.asarray(table["plan"]) == "two years", 0.2, 2), table))
    assert codes(checked, "tip") == {"GST-M02"}
    assert fact(checked, "GST-M02", "value") == "two years"


def test_chance_differences_between_many_groups_are_not_told():
    table = customers()
    told = 0
    for seed in range(20):
        gain = np.random.default_rng(seed).normal(1, 4, table.num_rows)
        told += "GST-M03" not in codes(slices.check(compared(gain, table)))
    assert told <= 3


def test_one_loud_entity_is_no_group_of_its_own():
    table = customers()
    east = np.flatnonzero(np.asarray(table["region"]) == "east")
    gain = np.full(table.num_rows, 2.0) + np.random.default_rng(5).normal(0, 2, table.num_rows)
    gain[east[:60]] = -30.0
    seen = compared(gain, table)
    clusters = np.arange(table.num_rows)
    clusters[east[:60]] = -1
    loud = {name: Values(v.unit, clusters, v.value) for name, v in seen.values.items()}
    one_entity = look(table, values=loud, judged=seen.judged, baseline="rule", winner="linear")
    assert "GST-M01" in codes(slices.check(seen))
    assert "GST-M01" not in codes(slices.check(one_entity))


def test_without_values_there_are_no_groups():
    assert not slices.check(look(customers())).findings


def test_a_learning_curve_rises_and_is_drawn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 80))
    answer = np.where(x.sum(axis=1) + rng.normal(0, 6, 600) > 0, "yes", "no")
    steep = pa.table({**{f"x{k}": x[:, k] for k in range(80)}, "left": answer})
    finding, figure = curve.curve(look(steep, contract={"key": ()}))
    assert finding.code == "GST-L01"
    reached = figure.columns["reached"]
    assert reached[0] < reached[-1]
    assert len(figure.columns["rows"]) == len(reached) == 4


def test_a_flat_curve_says_that_more_rows_will_hardly_help():
    finding, _ = curve.curve(look(customers(6000)))
    assert (finding.code, finding.section) == ("GST-L02", "passed")


def test_a_curve_of_noise_foretells_nothing():
    rng = np.random.default_rng(0)
    noise = pa.table({"x": rng.normal(size=500), "left": rng.choice(["yes", "no"], 500)})
    assert curve.curve(look(noise, contract={"key": ()}))[0].section == "skipped"


def test_telco_has_rows_enough(shared_data):
    table = csv.read_csv(shared_data / "churn" / "Telco-Customer-Churn.csv")
    case = {"options": {"positive": "Yes"}}
    checked = checks.run(look(table, target="Churn", case=case, contract={"key": ("customerID",)}))
    assert {"GST-L02", "GST-S04", "GST-K03", "GST-K08"} <= codes(checked)
    assert not codes(checked, "issue")


def dated(table: pa.Table) -> pa.Table:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    days = [start + timedelta(hours=k) for k in range(table.num_rows)]
    return table.append_column("opened", pa.array(days, pa.timestamp("us", tz="UTC")))


def test_a_table_without_date_is_told_that_later_rows_cannot_be_tested():
    assert codes(splitting.check(look(customers()))) == {"GST-S04"}


def test_a_date_that_nobody_named_is_asked_about():
    checked = splitting.check(look(dated(customers())))
    assert fact(checked, "GST-S08", "columns") == "opened"


def test_where_nothing_drifts_a_random_split_claims_what_time_shows():
    checked = splitting.check(look(dated(customers(3000)), split="time", contract={"time": "opened"}))
    assert [f.section for f in checked.findings if f.code == "GST-S05"] == ["passed"]


def test_a_random_split_claims_too_much_where_reasons_change():
    table = dated(customers(3000))
    turned = np.where(np.arange(3000) % 600 < 300, 1, -1) * np.where(np.asarray(table["left"]) == "yes", 1, -1)
    wave = np.arange(3000) // 300
    table = table.append_column("wave", pa.array([f"w{w}" for w in wave]))
    table = table.append_column("said", pa.array([f"{t}{w}" for t, w in zip(turned, wave, strict=True)]))
    checked = splitting.check(look(table, split="time", contract={"time": "opened"}))
    assert fact(checked, "GST-S05", "random") > fact(checked, "GST-S05", "time") + 0.05


def test_bank_marketing_shows_what_a_random_split_claims(shared_data):
    packed = zipfile.ZipFile(shared_data / "tabular" / "bank-additional.zip")
    content = packed.read("bank-additional/bank-additional-full.csv")
    table = csv.read_csv(io.BytesIO(content), parse_options=csv.ParseOptions(delimiter=";"))
    table = table.append_column("_row", pa.array(range(table.num_rows)))
    case = {"options": {"positive": "yes"}, "time": "_row", "ignore": ("duration",)}
    early, late = table.slice(0, 30_891), table.slice(30_891)
    seen = look(early, target="y", case=case, split="time", truth=late, questions=late.drop(["y"]))
    checked = checks.run_sealed(seen)
    assert fact(checked, "GST-S05", "random") == pytest.approx(0.79, abs=0.015)
    assert fact(checked, "GST-S05", "time") < 0.76
    assert codes(splitting.check(seen), "tip") == {"GST-S05"}


def test_a_check_that_breaks_is_skipped_with_its_reason_and_the_others_run(monkeypatch):
    def broken(_look: checks.Look) -> checks.Checked:
        raise ZeroDivisionError("row 17 of Anna")

    def refusing(_look: checks.Look) -> checks.Checked:
        raise Refused("The column is gone.", "a column", "name it")

    monkeypatch.setattr(checks, "CHECKS", (broken, refusing, *checks.CHECKS))
    checked = checks.run(look(customers()))
    reasons = [f.facts["reason"] for f in checked.findings if f.code == "GST-X02"]
    assert len(reasons) == 2
    assert reasons[1] == "The column is gone."
    assert "Anna" not in reasons[0]
    assert "GST-K03" in codes(checked)


def test_a_question_without_target_is_not_checked_for_one():
    table = pa.table({"user": [1, 2, 3] * 20, "item": list(range(60))})
    checked = checks.run(look(table, target="", contract={"key": ()}))
    assert "GST-X01" in codes(checked, "not_applicable")
    assert not codes(checked, "skipped")
    assert not {c for c in codes(checked) if c.startswith(("GST-K", "GST-L", "GST-M"))}


def test_the_same_look_gives_the_same_findings_whatever_ran_before():
    first, second = (checks.run(look(customers())) for _ in range(2))
    assert first == second


def test_every_sentence_can_be_written_in_both_languages():
    table = customers().append_column("flag", pa.array(np.asarray(customers()["left"]) == "yes"))
    for finding in checks.run(look(table)).findings:
        assert finding.text("en")
        assert finding.text("de")


def test_hard_tables_break_no_check():
    n = 60
    hard = {
        "all missing": pa.nulls(n, pa.string()),
        "mixed": pa.array([None if k % 2 else float(k) for k in range(n)]),
        "infinite": pa.array([np.inf] * n),
        "same": pa.array([1] * n),
        "listed": pa.array([[k] for k in range(n)]),
        "left": pa.array(["yes"] * 3 + ["no"] * 57),
    }
    checked = checks.run(look(pa.table(hard), contract={"key": ()}))
    assert not codes(checked, "skipped") - {"GST-L03"}
    alone = checks.run(look(pa.table({"left": hard["left"]}), contract={"key": ()}))
    assert "GST-X02" not in codes(alone)
    one_class = checks.run(look(pa.table({"x": range(9), "left": ["no"] * 9}), contract={"key": ()}))
    assert "GST-X02" not in codes(one_class)
