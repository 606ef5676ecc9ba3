"""Copies are told from equal rows that chance makes; entities are asked about where their rows share the answer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from checks_data import codes, customers, fact, look
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris

from grundstein.evaluation.checks import duplicates, entities, resampled, rows


def coarse(n: int = 4000, seed: int = 0) -> pa.Table:
    """Few columns with few values: about a quarter of the rows equal another by chance."""
    rng = np.random.default_rng(seed)
    plans, regions = rng.choice(12, n), rng.choice(20, n, p=np.arange(20, 0, -1) / 210)
    return pa.table(
        {
            "plan": [f"p{k}" for k in plans],
            "region": [f"r{k}" for k in regions],
            "age": rng.integers(18, 80, n),
            "left": rng.choice(["yes", "no"], n),
        }
    )


def seen(table: pa.Table, **more: object):
    return look(table, contract={"key": ()}, **more)


def twice(table: pa.Table, count: int) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, count)])


def test_equal_rows_that_chance_makes_are_told_but_no_issue():
    checked = duplicates.check(seen(coarse()))
    assert codes(checked, "tip") == {"GST-C07"}
    assert fact(checked, "GST-C07", "chance") >= 0.8 * fact(checked, "GST-C07", "copies")


def test_copies_among_equal_rows_that_chance_makes_are_an_issue():
    checked = duplicates.check(seen(twice(coarse(), 400)))
    assert codes(checked, "issue") == {"GST-C07"}
    beyond = fact(checked, "GST-C07", "copies") - fact(checked, "GST-C07", "chance")
    assert 250 <= beyond <= 650


def test_copies_across_the_split_are_told_from_chance_too():
    table, fresh = coarse(), coarse(1000, seed=9)
    assert codes(duplicates.sealed(seen(table, questions=fresh.drop(["left"]))), "tip") == {"GST-S01"}
    copied = pa.concat_tables([fresh.slice(0, 700), table.slice(0, 300)]).drop(["left"])
    assert codes(duplicates.sealed(seen(table, questions=copied)), "issue") == {"GST-S01"}


def test_columns_too_few_to_tell_rows_apart_raise_no_issue():
    table = coarse().select(["plan", "left"])
    assert codes(duplicates.check(seen(table))) == {"GST-C07"}
    assert not codes(duplicates.check(seen(table)), "issue")


def test_one_pair_of_equal_rows_is_no_issue():
    found = load_iris()
    table = pa.table({**{str(k): found.data[:, k] for k in range(4)}, "left": found.target})
    assert not codes(duplicates.check(seen(table, kind="many", case={"options": {}})), "issue")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.5]))
def test_the_share_of_copies_is_between_nothing_and_all(seed, share):
    table = coarse(500, seed)
    found = rows.beyond_chance(twice(table, int(500 * share)), table.column_names)
    assert 0.0 <= found <= 1.0


def test_without_a_pair_there_is_nothing_beyond_chance():
    assert rows.beyond_chance(pa.table({"x": [1.5, 2.5, 3.5]}), ["x"]) == 0.0


def test_rare_classes_copied_until_all_are_equal_are_found_one_by_one():
    rng = np.random.default_rng(2)
    group = rng.choice(["a", "b", "c"], 1200, p=[0.7, 0.2, 0.1])
    table = pa.table({"x": rng.normal(size=1200), "y": rng.normal(size=1200), "left": group})
    assert codes(resampled.check(seen(table, kind="many", case={"options": {}}))) == {"GST-K08"}
    most = int((group == "a").sum())
    more = [rng.choice(np.flatnonzero(group == g), most - int((group == g).sum())) for g in ("b", "c")]
    filled = table.take(pa.array(np.concatenate([np.arange(1200), *more])))
    found = resampled.check(seen(filled, kind="many", case={"options": {}})).findings
    assert {f.facts["value"] for f in found if f.code == "GST-K06"} == {"b", "c"}


def visits(share_the_answer: bool) -> pa.Table:
    table = customers(600)
    places = np.random.default_rng(4).permutation(np.repeat(np.arange(500), 3))
    answers = np.asarray(table["left"])[places]
    if not share_the_answer:
        answers = np.random.default_rng(5).permutation(answers)
    table = table.take(pa.array(places)).drop(["customer", "left"])
    return table.append_column("left", pa.array(answers)).append_column(
        "household", pa.array([f"family {k}" for k in places])
    )


def test_a_text_whose_rows_share_the_answer_is_asked_about_whatever_its_name():
    checked = entities.check(seen(visits(share_the_answer=True)))
    assert fact(checked, "GST-S07", "column") == "household"
    assert fact(checked, "GST-S07", "shared") > 0.9
    assert not entities.check(seen(visits(share_the_answer=False))).findings


@pytest.mark.parametrize(("shared", "section"), [(True, "issue"), (False, "tip")])
def test_a_column_named_like_an_id_is_an_issue_where_its_rows_share_the_answer(shared: bool, section: str):
    table = visits(share_the_answer=shared)
    named = table.rename_columns([{"household": "account_id"}.get(n, n) for n in table.column_names])
    assert [(f.code, f.section) for f in entities.check(seen(named)).findings] == [("GST-S07", section)]
