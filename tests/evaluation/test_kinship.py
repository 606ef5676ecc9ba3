"""Rows are known again under other tables, keys and columns; other rows of the same kind are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from grundstein.evaluation.kinship import same_rows, twins


def rows(n: int, seed: int, start: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"k{start + i}" for i in range(n)],
            "amount": rng.normal(size=n).round(4),
            "age": rng.integers(18, 90, n),
            "plan": rng.choice(["month", "year"], n),
            "_row": np.arange(n),
        }
    )


OLD, OTHER = rows(800, 1), rows(800, 2, 5_000)
COPIES = {
    "as it is": OLD,
    "other keys": OLD.set_column(0, "id", pa.array([f"z{i}" for i in range(800)])),
    "no key": OLD.drop_columns(["id"]),
    "columns renamed and turned round": OLD.drop_columns(["id"])
    .rename_columns(["a", "b", "c", "_row"])
    .select([2, 1, 0]),
    "numbers as text": OLD.drop_columns(["id"]).set_column(1, "age", OLD["age"].cast(pa.string())),
    "a column added": OLD.drop_columns(["id"]).append_column(
        "lucky", pa.array(np.random.default_rng(3).integers(0, 9, 800))
    ),
    "a column dropped": OLD.drop_columns(["id", "plan"]),
    "in another order": OLD.drop_columns(["id"]).take(pa.array(np.random.default_rng(4).permutation(800))),
    "half of them": OLD.drop_columns(["id"]).slice(0, 400),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_copies_are_known_again(copy: pa.Table) -> None:
    half = copy.num_rows // 2
    assert same_rows(copy.slice(0, half), copy.slice(half), OLD).share > 0.9


def test_each_row_is_found_in_its_place() -> None:
    order = np.random.default_rng(5).permutation(800)
    copy = OLD.drop_columns(["id"]).take(pa.array(order))
    assert same_rows(copy.slice(0, 400), copy.slice(400), OLD).place.tolist() == order[:400].tolist()


def test_other_rows_of_the_same_kind_are_not_taken_for_old_ones() -> None:
    assert same_rows(OTHER.slice(0, 400), OTHER.slice(400), OLD).share == 0.0


def test_where_rows_cannot_be_told_apart_nothing_is_claimed() -> None:
    plain = OLD.select(["plan", "age"])
    assert same_rows(plain.slice(0, 400), plain.slice(400), OLD.select(["plan", "age"])).share == 0.0


def test_copies_within_a_table_are_twins_and_equal_rows_by_chance_are_not() -> None:
    names = ["amount", "age", "plan"]
    assert twins(OLD.slice(0, 200), OLD, names) == 1.0
    assert twins(OTHER, OLD, names) == 0.0
    assert twins(OTHER, OLD, ["age", "plan"]) == 0.0
    assert twins(OLD.slice(0, 0), OLD, names) == 0.0
