"""Two versions of the same rows show what is written when the answer comes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.evaluation.checks import twice


def versions(n: int = 400, still_open: int = 100, seed: int = 0) -> tuple[pa.Table, pa.Table]:
    """Calls before and after: some answers came, with the length of the call; the balance changes for everybody."""
    rng = np.random.default_rng(seed)
    key, answer = [f"k{i}" for i in range(n)], rng.choice(["yes", "no"], n)
    came = np.arange(n) >= still_open
    balance, seconds = rng.normal(size=n), rng.integers(10, 900, n)
    earlier = {"id": key, "age": rng.integers(18, 80, n), "balance": balance}
    before = {**earlier, "seconds": pa.nulls(n, pa.int64()), "answer": pa.nulls(n, pa.string())}
    after = {
        **earlier,
        "balance": balance + 1,
        "seconds": pa.array(seconds, mask=~came),
        "answer": pa.array(answer, mask=~came),
    }
    return pa.table(before), pa.table(after)


def test_what_is_filled_exactly_when_the_answer_comes_is_named_with_its_rows():
    (found,) = twice.filled_after(*versions(), ["id"], "answer")
    assert (found.column, found.rows, found.became, found.others) == ("seconds", 300, 300, 0.0)


def test_what_changes_for_everybody_is_not_named():
    before, after = versions()
    assert "balance" not in {one.column for one in twice.filled_after(before, after, ["id"], "answer")}


def test_a_field_filled_for_one_answer_alone_is_named_too():
    before, after = versions()
    date = pa.array([i if a == "yes" else None for i, a in enumerate(after["answer"].to_pylist())])
    before, after = before.append_column("ended", pa.nulls(400, pa.int64())), after.append_column("ended", date)
    assert {one.column for one in twice.filled_after(before, after, ["id"], "answer")} == {"seconds", "ended"}


def test_where_no_answer_is_open_any_more_only_what_was_empty_counts():
    found = twice.filled_after(*versions(still_open=0), ["id"], "answer")
    assert {one.column for one in found} == {"seconds"}


def test_rows_are_matched_by_their_key_whatever_their_order():
    before, after = versions()
    turned = after.take(pa.array(np.random.default_rng(1).permutation(400)[:350]))
    (found,) = twice.filled_after(before, turned, ["id"], "answer")
    assert found.column == "seconds"
    assert found.rows == found.became


def test_without_a_key_the_number_of_the_row_counts():
    before, after = (one.append_column("_row", pa.array(range(400))).drop(["id"]) for one in versions())
    assert [one.column for one in twice.filled_after(before, after, (), "answer")] == ["seconds"]


def test_the_owners_before_is_contradicted_as_an_issue():
    filled = twice.filled_after(*versions(), ["id"], "answer")
    assert [(f.code, f.section) for f in twice.findings(filled, {})] == [("GST-K15", "tip")]
    assert [(f.code, f.section) for f in twice.findings(filled, {"seconds": "before"})] == [("GST-K16", "issue")]
    assert "300 of 300" in twice.findings(filled, {})[0].text()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.integers(0, 300))
def test_values_that_change_whatever_the_answer_are_hardly_ever_named(seed, rate, still_open):
    rng = np.random.default_rng(seed)
    before, after = versions(400, still_open, seed)
    moved = np.where(rng.random(400) < rate, 1, 0)
    before = before.drop(["seconds"]).append_column("x", pa.array(np.zeros(400, dtype=np.int64)))
    after = after.drop(["seconds"]).append_column("x", pa.array(moved))
    assert not twice.filled_after(before, after, ["id"], "answer")
