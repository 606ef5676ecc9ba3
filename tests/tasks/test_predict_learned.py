"""Predict's candidates: the same work gives the same bytes, and no table that arrives breaks a fit."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from example_seals import files_of, loaded
from predicting import CHURN, answered, candidates, case_of, drawn, later, people, split_of

from grundstein.core.case import Money
from grundstein.tasks.predict import TASK, trees
from grundstein.tasks.predict.answers import Finish, finish
from grundstein.tasks.predict.plan import Problem, plan_of
from grundstein.tasks.predict.workshop import Memory, chosen, workshop
from grundstein.tools.keeping import restored
from grundstein.tools.money import Policy

if TYPE_CHECKING:
    from grundstein.core.case import Case

YES = {"positive": "yes"}
CASES = {
    "two": case_of(money=CHURN, acted="nobody", options=YES),
    "many": case_of("plan", money=Money("classes", {"right": 1.0, "wrong": -2.0})),
    "number": case_of("months", metric="absolute_error"),
    "time": case_of(time="_row", metric="log_loss", options=YES),
}
NOTES = ["zahlt spät", "ruft oft an wegen der rechnung", "zufrieden", "möchte kündigen weil zu teuer"]


def table_of(case: Case) -> pa.Table:
    del case
    rng = np.random.default_rng(3)
    table = people(300)
    plan = table["plan"].to_pylist()
    told = {"basic": 4.0, "plus": 8.0, "pro": 15.0}
    fee = [None if n % 17 == 0 else told[p] + rng.normal(0, 2) for n, p in enumerate(plan)]
    return people(300, fee=fee, note=[f"{NOTES[n % 4]} {n}" for n in range(300)])


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_kind_of_question_is_fitted_saved_and_answered_alike(name: str) -> None:
    case = CASES[name]
    split = split_of(case, table_of(case), later(200) if name == "time" else drawn())
    for solution in candidates(case).values():
        fitted = solution.fit(split.development, 5)
        whole = fitted.answer(split.questions, {})
        files = files_of(fitted)
        again = loaded(TASK, "Learned", files)
        assert files_of(again) == files
        assert again.answer(split.questions, {}).equals(whole)
        one_by_one = [fitted.answer(split.questions.slice(row, 1), {}) for row in range(12)]
        assert pa.concat_tables(one_by_one).combine_chunks().equals(whole.slice(0, 12).combine_chunks())
        assert all(np.isfinite(v) for v in TASK.metrics(case, split, whole).values())
        assert np.isfinite(TASK.value(case, split, whole).value).all()


@pytest.mark.parametrize("name", ["many", "number"])
def test_a_candidate_finds_what_a_column_tells(name: str) -> None:
    case = CASES[name]
    table = people(600, fee=np.random.default_rng(2).normal(0, 1, 600))
    plan = np.array(table["plan"].to_pylist())
    fee = np.where(plan == "basic", 4.0, np.where(plan == "plus", 8.0, 15.0)) + table["months"].to_numpy() / 30
    split = split_of(case, people(600, fee=fee))
    for solution in candidates(case).values():
        metrics = TASK.metrics(case, split, answered(solution, split))
        assert metrics["accuracy" if name == "many" else "r2"] > 0.5


def test_the_mean_fits_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["two"]
    split = split_of(case, people())
    listed = candidates(case)
    for name in ("linear", "trees"):
        listed[name].fit(split.development, 5)
    before = files_of(listed["mean"].fit(split.development, 5))

    def refuse(*_: object) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(trees, "boosted", refuse)
    assert files_of(listed["mean"].fit(split.development, 5)) == before
    with pytest.raises(AssertionError, match="again"):
        listed["mean"].fit(split.development, 6)


def test_a_mean_alone_is_the_mean_after_its_members() -> None:
    case = CASES["two"]
    split = split_of(case, people())
    alone = files_of(candidates(case)["mean"].fit(split.development, 5))
    listed = candidates(case)
    assert [files_of(s.fit(split.development, 5)) for s in listed.values()][-1] == alone


def test_a_memory_forgets_the_oldest() -> None:
    memory = Memory()
    for n in range(60):
        memory.once((str(n),), lambda n=n: n)
    assert len(memory.known) == 40
    assert memory.once(("0",), lambda: "made again") == "made again"


@pytest.mark.parametrize("positives", [1, 3])
def test_three_positives_are_no_crash(positives: int) -> None:
    case = CASES["two"]
    split = split_of(case, people(left=["yes"] * positives + ["no"] * (400 - positives)), drawn(share=0.0))
    for fold in TASK.folds(split.development, case, 2):
        for solution in (TASK.baseline(case), *TASK.candidates(case, 3)):
            answers = answered(solution, fold)
            assert np.isfinite(TASK.value(case, fold, answers).value).all()
            assert TASK.metrics(case, fold, answers)


def test_empty_columns_infinities_and_constants_are_no_crash() -> None:
    rng = np.random.default_rng(1)
    wild = rng.normal(size=400)
    wild[::7], wild[1::7], wild[2::7] = np.inf, -np.inf, np.nan
    table = people(
        empty=pa.nulls(400), blank=pa.nulls(400, pa.float64()), wild=wild, same=["x"] * 400, lists=[[1]] * 400
    )
    split = split_of(CASES["two"], table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for solution in candidates(CASES["two"]).values():
            assert np.isfinite(answered(solution, split)["probability"].to_numpy()).all()


def test_two_thousand_columns_are_no_crash() -> None:
    rng = np.random.default_rng(1)
    wide = {f"n{i}": rng.normal(size=300) for i in range(1_500)} | {
        f"c{i}": rng.choice(["a", "b", "c"], 300).tolist() for i in range(500)
    }
    split = split_of(CASES["two"], people(300, **wide))
    answers = answered(candidates(CASES["two"])["mean"], split)
    assert TASK.metrics(CASES["two"], split, answers)["roc_auc"] > 0.5


def test_a_class_that_a_fold_has_never_seen_has_no_probability_and_no_crash() -> None:
    rare = ["rare" if n in (3, 90) else p for n, p in enumerate(people()["plan"].to_pylist())]
    case = case_of("plan")
    split = split_of(case, people(plan=rare), drawn(share=0.0))
    for fold in TASK.folds(split.development, case, 2):
        for solution in candidates(case).values():
            answers = answered(solution, fold)
            assert np.isfinite(TASK.value(case, fold, answers).value).all()
            shares = [answers[name].to_numpy() for name in answers.column_names if name.startswith("probability: ")]
            assert np.sum(shares, axis=0) == pytest.approx(1.0)


def test_a_column_that_changed_its_type_is_refused_or_read() -> None:
    split = split_of(CASES["two"], people())
    fitted = candidates(CASES["two"])["linear"].fit(split.development, 1)
    asked = split.questions
    as_text = asked.set_column(1, "months", asked["months"].cast(pa.string()))
    assert fitted.answer(as_text, {}).equals(fitted.answer(asked, {}))


def test_a_level_that_was_never_seen_is_answered() -> None:
    split = split_of(CASES["two"], people())
    for solution in candidates(CASES["two"]).values():
        fitted = solution.fit(split.development, 1)
        new = split.questions.set_column(2, "plan", pa.array(["brand new"] * split.questions.num_rows))
        assert np.isfinite(fitted.answer(new, {})["probability"].to_numpy()).all()


def test_calibration_is_kept_only_where_it_helps() -> None:
    rng = np.random.default_rng(5)
    told = rng.uniform(0.02, 0.98, 4_000)
    plan, problem, ones = plan_of(CASES["two"]), Problem("two", ("no", "yes")), np.ones(4_000)
    honest = (rng.random(4_000) < told).astype(float)
    assert finish(plan, problem, told, honest, ones).calibration is None
    sure = told**3 / (told**3 + (1 - told) ** 3)
    mended = finish(plan, problem, sure, honest, ones)
    assert mended.calibration is not None
    assert mended.calibration == pytest.approx((1 / 3, 0.0), abs=0.08)
    assert mended.finished(sure) == pytest.approx(told, abs=0.05)
    kept = json.loads(json.dumps(asdict(mended)))
    assert restored(Finish, kept, policy=Policy) == mended


def test_a_setting_is_left_as_it_is_where_the_rows_cannot_tell() -> None:
    shop = workshop(plan_of(CASES["two"]), people(), 1)
    yes = shop.truth
    near, far = np.where(yes > 0, 0.61, 0.4), np.where(yes > 0, 0.9, 0.1)
    usual = np.where(yes > 0, 0.6, 0.4)
    wobbly = usual + np.random.default_rng(0).normal(0, 0.05, len(yes))
    assert chosen(shop, {1: usual, 2: wobbly}, 1) == 1
    assert chosen(shop, {1: usual, 2: near}, 1) == 2
    assert chosen(shop, {1: usual, 2: far}, 1) == 2


def test_in_time_numbers_bend_and_rows_count_as_they_do_elsewhere() -> None:
    split = split_of(CASES["time"], people(), later(299))
    shop = workshop(plan_of(CASES["time"]), split.development["rows"], 1)
    elsewhere = workshop(plan_of(CASES["two"]), people().slice(0, 300), 1)
    assert shop.encoder.matrix(shop.rows).tolist() == elsewhere.encoder.matrix(elsewhere.rows).tolist()
    assert shop.weights.tolist() == elsewhere.weights.tolist() == [1.0] * 300
