"""The encoder: a row by itself and in a batch gives the same numbers, and nothing that arrives breaks it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.tools.encoding import Encoder
from grundstein.tools.encoding_linear import Scorer

if TYPE_CHECKING:
    from pathlib import Path

ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(allow_nan=True, allow_infinity=True),
        "whole": st.none() | st.integers(-(2**40), 2**40),
        "flag": st.none() | st.booleans(),
        "colour": st.none() | st.sampled_from(["red", "green", "blue", "grün", "", "x" * 40]),
        "day": st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1)),
        "moment": st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        "note": st.none() | st.text(max_size=60),
    }
)
SCHEMA = pa.schema(
    {
        "number": pa.float64(),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "colour": pa.string(),
        "day": pa.date32(),
        "moment": pa.timestamp("us", "UTC"),
        "note": pa.string(),
    }
)


def learnt() -> tuple[Encoder, pa.Table]:
    rng = np.random.default_rng(7)
    rows = 240
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    words = ["die", "rechnung", "kam", "zu", "spät", "und", "der", "zähler", "war", "falsch", "abgelesen"]
    table = pa.table(
        {
            "number": [None if i % 9 == 0 else float(v) for i, v in enumerate(rng.normal(5, 3, rows))],
            "whole": rng.integers(0, 50, rows),
            "flag": [None if i % 11 == 0 else bool(i % 3) for i in range(rows)],
            "colour": [None if i % 13 == 0 else ["red", "green", "blue"][i % 3] for i in range(rows)],
            "day": [dt.date(2024, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 700, rows)],
            "moment": [start + dt.timedelta(hours=int(h)) for h in rng.integers(0, 9000, rows)],
            "note": [" ".join(rng.choice(words, 6)) + f" {i}" for i in range(rows)],
        },
        schema=SCHEMA,
    )
    return Encoder.fit(table, table.column_names), table


ENCODER, TABLE = learnt()


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_a_row_by_itself_is_encoded_bit_for_bit_as_in_a_batch(rows: list[dict[str, object]]) -> None:
    batch = pa.Table.from_pylist(rows, schema=SCHEMA)
    for form in (ENCODER.matrix, ENCODER.tree_matrix):
        whole = form(batch)
        single = np.vstack([form(batch.slice(i, 1)) for i in range(len(rows))])
        assert whole.tobytes() == single.tobytes()


@settings(max_examples=40, deadline=None)
@given(ROW)
def test_a_question_of_typed_values_is_encoded_bit_for_bit_as_its_row_in_a_table(row: dict[str, object]) -> None:
    table, raw = pa.Table.from_pylist([row], schema=SCHEMA), ENCODER.reader.question(row)
    assert ENCODER.layout.row(raw).tobytes() == ENCODER.matrix(table).tobytes()
    assert ENCODER.trees.row(raw).tobytes() == ENCODER.tree_matrix(table).tobytes()


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=9))
def test_scores_without_a_matrix_are_those_of_adding_up_its_columns(rows: list[dict[str, object]]) -> None:
    weights = np.random.default_rng(4).normal(size=(3, len(ENCODER.names)))
    weights[:, ::5] = 0.0
    batch = pa.Table.from_pylist(rows, schema=SCHEMA)
    added = np.repeat(np.array([[0.5, -1.0, 0.0]]), len(rows), axis=0)
    for column, matrix in enumerate(ENCODER.matrix(batch).T):
        added += matrix[:, None] * weights[None, :, column]
    scorer = Scorer(ENCODER.layout, weights, np.array([0.5, -1.0, 0.0]))
    assert np.array_equal(scorer.scores(ENCODER.reader.table(batch)), added.T)
    for row, wanted in zip(rows, added, strict=True):
        assert np.array_equal(scorer.scores(ENCODER.reader.question(row))[:, 0], wanted)


@settings(max_examples=20, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6))
def test_the_linear_matrix_is_always_finite(rows: list[dict[str, object]]) -> None:
    assert np.isfinite(ENCODER.matrix(pa.Table.from_pylist(rows, schema=SCHEMA))).all()


def test_every_kind_of_column_is_recognised() -> None:
    kinds = {feature.name: feature.kind for feature in ENCODER.features}
    assert kinds == {
        "number": "number",
        "whole": "number",
        "flag": "number",
        "colour": "category",
        "day": "moment",
        "moment": "moment",
        "note": "text",
    }


def test_names_match_the_columns_of_both_forms() -> None:
    assert ENCODER.matrix(TABLE).shape == (240, len(ENCODER.names))
    assert ENCODER.tree_matrix(TABLE).shape == (240, len(ENCODER.tree_names))
    assert [ENCODER.tree_names[i] for i in ENCODER.coded] == ["colour"]


def test_a_saved_encoder_gives_the_same_numbers_and_the_same_bytes(tmp_path: Path) -> None:
    ENCODER.save(tmp_path / "a.json")
    again = Encoder.load(tmp_path / "a.json")
    again.save(tmp_path / "b.json")
    assert again == ENCODER
    assert again.matrix(TABLE).tobytes() == ENCODER.matrix(TABLE).tobytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_an_unseen_level_is_zeros_and_a_rare_one_shares_a_column() -> None:
    table = pa.table({"c": ["a"] * 50 + ["b"] * 49 + ["rare"]})
    encoder = Encoder.fit(table, ["c"])
    assert encoder.names == ("c = a", "c = b", "c = (other)")
    assert encoder.matrix(pa.table({"c": ["b", "rare", "new"]})).tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1]]
    plain = Encoder.fit(table.slice(0, 99), ["c"])
    assert plain.matrix(pa.table({"c": ["a", "new", None]})).tolist() == [[1, 0], [0, 0], [0, 0]]


def test_an_unseen_level_is_not_taken_for_a_missing_one() -> None:
    encoder = Encoder.fit(pa.table({"c": ["a", "b", None] * 9}), ["c"])
    assert encoder.names == ("c = a", "c = b", "c is missing")
    assert encoder.matrix(pa.table({"c": ["new", None]})).tolist() == [[0, 0, 0], [0, 0, 1]]
    assert encoder.tree_matrix(pa.table({"c": ["b", "new"]})).tolist() == [[1], [2]]


def test_missing_values_and_infinities_are_told_apart_from_the_mean() -> None:
    encoder = Encoder.fit(pa.table({"x": [1.0, 2.0, 3.0, None, float("inf"), float("nan")]}), ["x"], bends=0)
    assert encoder.names == ("x", "x is missing")
    assert encoder.matrix(pa.table({"x": [2.0, None, float("-inf")]})).tolist() == [[0, 0], [0, 1], [0, 1]]


def test_a_code_like_99999999_does_not_flatten_the_rest() -> None:
    rng = np.random.default_rng(1)
    numbers = np.append(rng.normal(100, 10, 2000), [99999999.0] * 3)
    block = Encoder.fit(pa.table({"x": numbers}), ["x"]).matrix(pa.table({"x": numbers}))
    assert block[:2000, 0].std() > 0.5


def test_a_number_beyond_all_that_was_seen_still_counts_for_more() -> None:
    encoder = Encoder.fit(pa.table({"x": np.arange(100.0)}), ["x"], bends=0)
    first, second, third = encoder.matrix(pa.table({"x": [99.0, 1_000.0, 10_000.0]}))[:, 0]
    assert first < second < third < 5 * first


def test_bends_let_a_straight_line_follow_a_curve() -> None:
    x = np.linspace(0.0, 1.0, 400)
    curve = (x - 0.5) ** 2
    lost = []
    for bends in (0, 3):
        X = Encoder.fit(pa.table({"x": x}), ["x"], bends=bends).matrix(pa.table({"x": x}))
        design = np.column_stack([X, np.ones(400)])
        lost.append(np.square(design @ np.linalg.lstsq(design, curve)[0] - curve).sum())
    assert lost[1] < lost[0] / 20


def test_a_number_of_few_values_bends_at_each_inner_one() -> None:
    encoder = Encoder.fit(pa.table({"x": [1, 2, 3, 4] * 30}), ["x"])
    assert encoder.names == ("x", "x above 2", "x above 3")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None] * 60, "empty"),
        ([5] * 60, "constant"),
        (["same"] * 60, "constant"),
        (list(range(1000, 1060)), "id"),
        ([f"K-{i:05d}" for i in range(60)], "id"),
        ([float("nan")] * 60, "empty"),
        ([[1, 2]] * 60, "unreadable"),
    ],
)
def test_a_column_that_carries_nothing_is_left_out_with_its_reason(values: list[object], reason: str) -> None:
    encoder = Encoder.fit(pa.table({"c": values, "x": np.arange(60) % 7}), ["c", "x"])
    assert dict(encoder.left_out) == {"c": reason}
    assert encoder.names[0] == "x"
    assert not any(name.startswith("c") for name in encoder.names)


def test_two_thousand_columns_stay_bounded() -> None:
    rng = np.random.default_rng(2)
    levels = np.array([f"l{i}" for i in range(30)])
    columns = {f"n{i}": rng.normal(size=200) for i in range(1000)}
    table = pa.table(columns | {f"c{i}": rng.choice(levels, 200) for i in range(1000)})
    encoder = Encoder.fit(table, table.column_names)
    assert encoder.matrix(table).shape[1] < 6_000


def test_a_missing_column_names_the_nearest_one() -> None:
    with pytest.raises(Refused, match='did you mean "colours"'):
        ENCODER.matrix(TABLE.rename_columns(["number", "whole", "flag", "colours", "day", "moment", "note"]))


def test_words_where_numbers_were_learnt_are_refused_and_numbers_as_text_are_read() -> None:
    encoder = Encoder.fit(pa.table({"x": [1.0, 2.0, 4.0]}), ["x"])
    assert encoder.matrix(pa.table({"x": ["2"]})).tolist() == encoder.matrix(pa.table({"x": [2.0]})).tolist()
    with pytest.raises(Refused, match="numbers"):
        encoder.matrix(pa.table({"x": ["many"]}))


def test_the_clock_of_a_split_in_time_is_no_number_of_its_own() -> None:
    days = pa.table({"d": [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(100)]})
    assert Encoder.fit(days, ["d"]).names[0] == "d"
    assert Encoder.fit(days, ["d"], clock="d").names[0] == "d month sin"


def test_a_table_without_rows_gives_a_matrix_without_rows() -> None:
    assert ENCODER.matrix(TABLE.slice(0, 0)).shape == (0, len(ENCODER.names))
    assert ENCODER.tree_matrix(TABLE.slice(0, 0)).shape == (0, len(ENCODER.tree_names))
