"""The answer under another name, or as an average over these very rows, is found; honest columns are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, customers, fact, look
from sklearn.datasets import load_wine

from grundstein.evaluation.checks import known, renamed


def with_columns(table: pa.Table, **columns: object) -> pa.Table:
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def rare_customers(share: float, n: int = 3000) -> pa.Table:
    table = customers(n)
    left = np.random.default_rng(5).random(n) < share
    return table.set_column(table.column_names.index("left"), "left", pa.array(np.where(left, "yes", "no")))


def wrong(answer: np.ndarray, share: float) -> np.ndarray:
    return answer ^ (np.random.default_rng(2).random(len(answer)) < share)


@pytest.mark.parametrize("prevalence", [0.05, 0.2, 0.5])
def test_a_copy_with_one_row_in_ten_wrong_is_found_however_rare_the_answer(prevalence: float):
    table = rare_customers(prevalence)
    copied = with_columns(table, flag=wrong(np.asarray(table["left"]) == "yes", 0.10))
    assert fact(known.check(look(copied)), "GST-K09", "column") == "flag"


def test_a_question_names_the_column_and_the_line_that_answers_it():
    table = customers()
    copied = with_columns(table, flag=np.asarray(table["left"]) == "yes")
    (finding,) = (f for f in known.check(look(copied)).findings if f.section == "issue")
    for language in ("en", "de"):
        said = finding.text(language)
        assert "contracts/customers.yaml" in said
        assert "`known_at: after`" in said
        assert said.count("flag") >= 2


def test_codes_that_each_have_one_answer_are_found():
    table = customers()
    yes = np.asarray(table["left"]) == "yes"
    code = np.random.default_rng(1).integers(0, 6, len(yes)) + 6 * yes
    coded = with_columns(table, status=[f"S{k}" for k in code])
    assert fact(known.check(look(coded)), "GST-K09", "column") == "status"


def numbers(n: int = 1200) -> pa.Table:
    rng = np.random.default_rng(3)
    size, year = rng.gamma(5, 20, n), rng.integers(1950, 2010, n)
    price = size * 900 + (year - 1950) * 300 + rng.normal(0, 25_000, n)
    return pa.table({"size": size, "year": year, "price": price})


def number_look(table: pa.Table):
    return look(table, target="price", contract={"key": ()})


def test_a_number_cut_into_bands_or_filled_above_a_limit_is_found():
    table = numbers()
    price = np.asarray(table["price"])
    band = [f"B{k}" for k in np.searchsorted(np.quantile(price, [0.2, 0.5, 0.8]), price)]
    above = [float(k % 30) if p > np.quantile(price, 0.8) else None for k, p in enumerate(price)]
    for column in (band, above):
        found = known.check(number_look(with_columns(table, extra=column)))
        assert fact(found, "GST-K09", "column") == "extra"
    honest = [f"B{k}" for k in np.searchsorted(np.quantile(np.asarray(table["size"]), [0.2, 0.5, 0.8]), table["size"])]
    assert "GST-K09" not in codes(known.check(number_look(with_columns(table, extra=honest))))


def grouped(seed: int, of_number: bool) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """A table whose answer depends on a group, the group's true mean, and its mean over these rows and as many more."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 150, 6000)
    true = rng.uniform(0.05, 0.6, 150)
    answer = true[group] * 100 + rng.normal(0, 20, 6000) if of_number else (rng.random(6000) < true[group]) * 1.0
    mean = np.bincount(group, weights=answer) / np.bincount(group)
    here = slice(0, 4000)
    table = pa.table({"noise": rng.normal(size=4000), "answer": answer[here]})
    return table, (true * 100 if of_number else true)[group][here], mean[group][here]


@pytest.mark.parametrize("of_number", [True, False])
def test_an_average_over_these_rows_is_told_from_the_true_rate(of_number: bool):
    for seed in range(5):
        table, true, own = grouped(seed, of_number)
        case = {"options": {"kind": "number"}} if of_number else {"options": {"positive": "1"}}

        def said(column: np.ndarray, table: pa.Table = table, case: object = case) -> dict[str, int]:
            seen = look(with_columns(table, rate=column), target="answer", case=case, contract={"key": ()})
            return renamed.averages(seen.sample)

        assert said(own).keys() == {"rate"}
        assert not said(true)
        assert not said(true + np.random.default_rng(seed).normal(0, 0.01, 4000))


@pytest.mark.parametrize(("flawed", "code"), [(0.0, "GST-K09"), (0.04, "GST-K01")])
def test_running_numbers_given_in_the_order_of_the_answer_are_found(flawed: float, code: str):
    table = customers()
    order = np.lexsort((np.arange(table.num_rows), wrong(np.asarray(table["left"]) == "yes", flawed)))
    place = np.empty(table.num_rows, dtype=np.int64)
    place[order] = np.arange(table.num_rows)
    assert fact(known.check(look(with_columns(table, file_number=place))), code, "column") == "file_number"


def test_a_number_that_keeps_the_classes_apart_is_found_beside_strong_honest_ones():
    found = load_wine()
    columns = {str(name): found.data[:, place] for place, name in enumerate(found.feature_names)}
    leak = found.target + np.random.default_rng(0).normal(0, 0.1, len(found.target))
    table = pa.table({**columns, "left": found.target})
    case = {"options": {}}
    honest = known.check(look(table, kind="many", case=case, contract={"key": ()}))
    leaky = known.check(look(with_columns(table, leak=leak), kind="many", case=case, contract={"key": ()}))
    assert codes(honest) == {"GST-K03"}
    assert fact(leaky, "GST-K09", "column") == "leak"
