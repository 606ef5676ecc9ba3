"""The seal belongs to the table: no case can move it, and what was once development is never sealed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused
from grundstein.core.records import Seal
from grundstein.evaluation.sealing import behind, given_seal, refuse_overlap, seal_findings, seal_table, settled
from grundstein.tools.sealing import known_rows, periods, sealed_rows, unit_hash

COLUMNS = (Column("id", "text"), Column("day", "date"), Column("who", "text"), Column("x", "integer"))
KEYED = Contract("t", COLUMNS, key=("id",))
TIMED = Contract("t", COLUMNS, key=("id",), time="day")
CASE = Case("c", "Q?", "predict", {"rows": "t"})


def table(n: int, start: int = 0, days: int = 100) -> pa.Table:
    numbers = np.arange(start, start + n)
    day = np.datetime64("2024-01-01") + (numbers * days // max(start + n, 1)).astype("timedelta64[D]")
    columns = {
        "id": [f"k{i}" for i in numbers],
        "day": pa.array(day, pa.date32()),
        "who": [f"w{i % 50}" for i in numbers],
    }
    return pa.table({**columns, "x": numbers, "_row": pa.array(numbers, pa.int64())})


def test_the_share_falls_with_the_size_of_the_table() -> None:
    shares = [seal_table(table(n), CASE, KEYED, "s", ()).share for n in (500, 5_000, 100_000)]
    assert shares == [0.40, 0.25, 0.10]


def test_the_share_of_a_table_may_fall_and_never_rise() -> None:
    large = seal_table(table(5_000), CASE, KEYED, "s", ())
    assert seal_table(table(500), CASE, KEYED, "s", [(large, 5_000)]).share == 0.25


def test_about_the_share_is_sealed_and_the_rest_is_known() -> None:
    rows = table(4_000)
    seal = seal_table(rows, CASE, KEYED, "s", ())
    sealed = sealed_rows(rows, seal)
    assert 0.22 < sealed.mean() < 0.28
    assert (sealed == ~known_rows(rows, seal, 0)).all()


def test_another_salt_seals_other_units() -> None:
    rows = table(2_000)
    masks = [sealed_rows(rows, seal_table(rows, CASE, KEYED, salt, ())) for salt in ("a", "b")]
    assert (masks[0] != masks[1]).any()


def test_the_name_of_a_case_or_its_target_moves_nothing() -> None:
    rows = table(2_000)
    other = Case("other", "Another?", "predict", {"rows": "select * from t"}, {"target": "x"})
    assert seal_table(rows, CASE, KEYED, "s", ()) == seal_table(rows, other, KEYED, "s", ())


@settings(max_examples=40, deadline=None)
@given(st.integers(50, 400), st.integers(2, 60))
def test_with_time_every_sealed_row_is_later_than_every_known_one(n: int, days: int) -> None:
    rows = table(n, days=days)
    seal = seal_table(rows, CASE, TIMED, "s", ())
    sealed, known = sealed_rows(rows, seal), known_rows(rows, seal, 0)
    day = np.asarray(rows["day"])
    assert sealed.any()
    assert known.any()
    assert day[sealed].min() > day[known].max()
    assert 0.25 <= sealed.mean() <= 0.5 + 1 / days


def test_the_cut_goes_forward_and_never_back() -> None:
    early = seal_table(table(400), CASE, TIMED, "s", ())
    wider = table(400, start=4_000)
    later = seal_table(wider, CASE, TIMED, "s", [(early, 400)])
    assert later.cut >= early.cut
    assert seal_table(table(100), CASE, TIMED, "s", [(later, 4_400)]).cut == later.cut


def test_development_keeps_only_rows_whose_truth_was_known_before_the_cut() -> None:
    rows = table(400)
    seal = seal_table(rows, CASE, TIMED, "s", ())
    near = known_rows(rows, seal, 0) & ~known_rows(rows, seal, 10)
    assert 30 <= near.sum() <= 50


def test_a_slice_of_a_table_keeps_the_cut_of_the_table() -> None:
    rows = table(400)
    seal = seal_table(rows, CASE, TIMED, "s", ())
    assert not sealed_rows(rows.slice(0, 100), seal).any()


def test_file_order_is_cut_by_row() -> None:
    rows = table(400)
    seal = seal_table(rows, CASE, Contract("t", COLUMNS, time="_row"), "s", ())
    assert sealed_rows(rows, seal).tolist() == [False] * 300 + [True] * 100


def test_a_table_of_one_instant_is_sealed_by_key_and_the_reader_is_told() -> None:
    rows = table(400, days=1)
    seal = seal_table(rows, CASE, TIMED, "s", ())
    assert seal.how == "random"
    assert [one.code for one in seal_findings(CASE, TIMED, seal)] == ["GST-E05"]


def test_a_random_split_on_a_table_with_time_is_told() -> None:
    case = Case("c", "Q?", "predict", {"rows": "t"}, split="random")
    seal = seal_table(table(400), case, TIMED, "s", ())
    assert [one.code for one in seal_findings(case, TIMED, seal)] == ["GST-E03"]


def test_an_entity_is_wholly_sealed_or_wholly_known() -> None:
    rows = table(2_000)
    seal = seal_table(rows, CASE, Contract("t", COLUMNS, key=("id",), entity="who"), "s", ())
    sealed = sealed_rows(rows, seal)
    who = np.asarray(rows["who"])
    assert seal.how == "entity"
    assert not set(who[sealed]) & set(who[~sealed])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["key", "content", "entity", "time"]), st.sampled_from(["key", "content", "entity", "time"]))
def test_a_unit_once_used_in_development_is_never_sealed_however_the_contract_changes(first: str, second: str) -> None:
    shapes = {
        "key": KEYED,
        "content": Contract("t", COLUMNS),
        "entity": Contract("t", COLUMNS, entity="who"),
        "time": TIMED,
    }
    rows = table(900)
    before = seal_table(rows, CASE, shapes[first], "s", ())
    used = known_rows(rows, before, 0)
    after = seal_table(rows, CASE, shapes[second], "s", [(before, 900)])
    assert not (sealed_rows(rows, after) & used).any()


def test_rows_that_came_after_an_evaluation_may_be_sealed() -> None:
    before = seal_table(table(900), CASE, KEYED, "s", ())
    after = seal_table(table(1_800), CASE, TIMED, "s", [(before, 900)])
    sealed = np.flatnonzero(sealed_rows(table(1_800), after))
    assert (sealed > 900).sum() > 400


def test_the_case_speaks_only_where_the_contract_is_silent() -> None:
    case = Case("c", "Q?", "predict", {"rows": "t"}, time="day")
    assert settled(case, KEYED)[1].time == "day"
    assert settled(CASE, TIMED)[0].time == "day"
    with pytest.raises(Refused, match="contract of t says"):
        settled(Case("c", "Q?", "predict", {"rows": "t"}, time="x"), TIMED)
    with pytest.raises(Refused, match='"day"'):
        settled(Case("c", "Q?", "predict", {"rows": "t"}, time="dya"), KEYED)


def test_a_given_test_table_stands_behind_the_rows_and_is_all_that_is_sealed() -> None:
    rows, test = table(100), table(40, start=1_000)
    seal = given_seal(KEYED, "s", 100)
    both = behind(rows, test, 100)
    assert sealed_rows(both, seal).sum() == 40
    assert both["id"].to_pylist()[-40:] == test["id"].to_pylist()


def test_a_given_test_table_that_shares_units_with_development_is_refused() -> None:
    with pytest.raises(Refused, match="10 units"):
        refuse_overlap(table(100), table(40, start=90), given_seal(KEYED, "s", 100))


def test_a_given_test_table_that_lacks_a_column_is_refused() -> None:
    with pytest.raises(Refused, match='"who"'):
        behind(table(100), table(40).drop_columns(["who"]), 100)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=5), min_size=1, max_size=20), st.text(max_size=4), st.text(max_size=4))
def test_a_unit_s_hash_depends_on_its_key_and_the_salt_alone(keys: list[str], salt: str, label: str) -> None:
    rows = pa.table({"id": keys, "x": range(len(keys))})
    whole = unit_hash(rows, ["id"], salt, label)
    alone = [int(unit_hash(rows.slice(i, 1), ["id"], salt, label)[0]) for i in range(len(keys))]
    assert whole.tolist() == alone
    assert (whole >= 0).all()


def test_periods_are_the_coarsest_that_give_ten() -> None:
    day = 86_400_000_000
    assert len(np.unique(periods(np.arange(300) * day, of_rows=False))) == 10
    assert len(np.unique(periods(np.arange(1_000), of_rows=True))) == 20


def test_a_seal_says_all_that_it_rests_on() -> None:
    seal = seal_table(table(500), CASE, KEYED, "s", ())
    assert seal == Seal("t", "random", ("id",), "", "", 0.40, "", "s")
