"""Predict: what is asked is read from the column, splits keep their shape, wrong cases say what is wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from predicting import CHURN, answered, case_of, drawn, later, people, split_of

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.predict import TASK
from grundstein.tasks.predict.plan import plan_of, problem_of


def kind_of(values: list[object], **options: object) -> str:
    case = case_of("target", options=options)
    return problem_of(plan_of(case), pa.table({"target": values})).kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["yes", "no"] * 9, "two"),
        ([True, False, None] * 9, "two"),
        ([0, 1] * 9, "two"),
        ([0.0, 1.0, float("nan")] * 9, "two"),
        (["a", "b", "c"] * 9, "many"),
        ([0, 1, 2] * 9, "number"),
        ([1.5, 2.5, 7.0] * 9, "number"),
    ],
)
def test_the_kind_of_question_is_read_from_the_column(values: list[object], kind: str) -> None:
    assert kind_of(values) == kind


def test_article_groups_written_as_numbers_are_classes_where_the_case_says_so() -> None:
    assert kind_of([10, 20, 30] * 9, kind="many") == "many"


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (["ja", "nein", "nein"], "ja"),
        ([True, False, False], "true"),
        ([0, 1, 0], "1"),
        (["kept", "kept", "lost"], "lost"),
    ],
)
def test_yes_is_a_word_for_yes_else_the_rarer_value(values: list[object], positive: str) -> None:
    assert problem_of(plan_of(case_of("t")), pa.table({"t": values})).positive == positive


def test_a_yes_that_ingest_has_read_as_true_is_still_understood() -> None:
    table = pa.table({"t": [True, False]})
    assert problem_of(plan_of(case_of("t", options={"positive": "Yes"})), table).positive == "true"
    assert problem_of(plan_of(case_of("t", options={"positive": True})), table).positive == "true"


def whole_way(case: Case, table: pa.Table) -> None:
    split = split_of(case, table)
    TASK.value(case, split, answered(TASK.baseline(case), split))


def refused(case: Case, table: pa.Table | None = None) -> Refused:
    with pytest.raises(Refused) as found:
        whole_way(case, people() if table is None else table)
    return found.value


def test_a_missing_target_offers_the_nearest_column() -> None:
    assert 'did you mean "left"' in str(refused(case_of("lefft")))


def test_a_case_without_a_target_is_refused() -> None:
    assert "which column is `target`" in str(refused(case_of("")))


def test_a_positive_value_that_does_not_occur_lists_those_that_do() -> None:
    assert "values: no, yes" in str(refused(case_of(options={"positive": "YES!"})))


def test_a_target_with_one_class_is_refused() -> None:
    assert "nothing to tell apart" in str(refused(case_of(), people(left=["no"] * 400)))


def test_an_empty_target_is_refused() -> None:
    assert "empty everywhere" in str(refused(case_of(), people(left=pa.nulls(400, pa.string()))))


def test_free_text_is_no_class() -> None:
    assert "free text" in str(refused(case_of("person")))


def test_a_date_cannot_be_predicted() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(400)]
    assert "date32" in str(refused(case_of("day"), people(day=days)))


def test_money_of_another_shape_than_the_question_is_refused() -> None:
    assert "for a number" in str(refused(case_of(options={"positive": "yes"}, money=Money("number", {"over": 1.0}))))
    assert "for a yes/no question" in str(refused(case_of("plan", money=CHURN)))
    assert "not for many classes" in str(refused(case_of("plan", metric="absolute_error")))
    assert "ranking" in str(refused(case_of(money=Money("ranking", {"hit": 1.0}))))


def test_money_needs_a_yes_that_somebody_named() -> None:
    table = people(left=["kept", "kept", "kept", "lost"] * 100)
    assert "counts as yes" in str(refused(case_of(money=CHURN, acted="nobody"), table))


def test_a_capacity_needs_a_volume() -> None:
    assert "`volume`" in str(refused(case_of(capacity=50.0)))


def test_an_unknown_metric_offers_the_nearest() -> None:
    assert "accuracy" in str(refused(case_of(metric="acuracy")))


@pytest.mark.parametrize("hidden", [{"ignore": ("months",)}, {"acted": "months"}])
def test_a_rule_may_not_look_at_what_nobody_knows_in_time(hidden: dict[str, object]) -> None:
    with pytest.raises(Refused, match='"months"'):
        TASK.contract(case_of(baseline="months < 12", **hidden))


def test_a_rule_may_not_look_at_the_target() -> None:
    with pytest.raises(Refused, match='"left"'):
        TASK.contract(case_of(baseline="\"left\" = 'yes'"))


def test_a_solution_never_sees_target_acted_or_ignored_columns() -> None:
    case = case_of(ignore=("plan",), acted="called")
    split = split_of(case, people(called=[False] * 400))
    assert split.questions.column_names == ["person", "months"]


def test_rows_without_a_known_target_are_on_neither_side() -> None:
    left = people()["left"].to_pylist()
    table = people(left=[None if n % 4 == 0 else value for n, value in enumerate(left)])
    split = split_of(case_of(), table)
    assert split.questions.num_rows + split.development["rows"].num_rows == 300


def test_an_entity_is_never_on_both_sides_of_a_fold() -> None:
    case = case_of(entity="household")
    table = people(household=[f"H{n % 90}" for n in range(400)])
    split = split_of(case, table, drawn(key=("household",), entity="household", how="entity"))
    for fold in TASK.folds(split.development, case, 5):
        assert not set(fold.development["rows"]["_cluster"].to_pylist()) & set(
            fold.truth["rows"]["_cluster"].to_pylist()
        )


def test_every_development_unit_is_asked_once_and_each_class_is_spread_evenly() -> None:
    split = split_of(case_of(), people())
    folds = list(TASK.folds(split.development, case_of(), 5))
    asked = [row for fold in folds for row in fold.truth["rows"]["_row"].to_pylist()]
    assert sorted(asked) == sorted(split.development["rows"]["_row"].to_pylist())
    yes = [fold.truth["rows"]["left"].to_pylist().count("yes") for fold in folds]
    assert max(yes) - min(yes) <= 1


def test_folds_in_time_ask_only_what_came_after_what_was_learnt() -> None:
    case = case_of(time="_row")
    split = split_of(case, people(), later(299))
    folds = list(TASK.folds(split.development, case, 5))
    assert len(folds) == 5
    for fold in folds:
        assert max(fold.development["rows"]["_row"].to_pylist()) < min(fold.truth["rows"]["_row"].to_pylist())


def test_in_time_a_truth_must_be_known_before_it_teaches() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(400)]
    case = case_of(time="day", horizon_days=30)
    seal = replace(later(0), time="day", cut="2024-10-01T00:00:00Z")
    split = split_of(case, people(day=days), seal)
    assert max(split.development["rows"]["day"].to_pylist()) == dt.date(2024, 9, 1)
    assert min(split.questions["day"].to_pylist()) == dt.date(2024, 10, 2)
    for fold in TASK.folds(split.development, case, 5):
        assert max(fold.development["rows"]["day"].to_pylist()) <= min(
            fold.questions["day"].to_pylist()
        ) - dt.timedelta(30)


def test_another_seed_deals_other_folds() -> None:
    split = split_of(case_of(), people())
    first, other = (next(iter(TASK.folds(split.development, case_of(), seed))) for seed in (1, 2))
    assert first.truth["rows"]["_row"].to_pylist() != other.truth["rows"]["_row"].to_pylist()


def test_a_settled_case_says_what_its_column_says() -> None:
    settled = TASK.settle(case_of(), {"rows": people()})
    assert settled.options == {"target": "left", "kind": "two", "positive": "yes"}
    assert TASK.measure(settled) == "log_loss"
    number = TASK.settle(case_of("months"), {"rows": people()})
    assert TASK.measure(number) == "absolute_error"
    assert [solution.name for solution in TASK.trivial(number)] == ["average", "median"]


def test_trivial_answers_follow_the_question() -> None:
    names = {
        "money": [s.name for s in TASK.trivial(case_of(money=CHURN, options={"positive": "yes"}))],
        "metric": [s.name for s in TASK.trivial(case_of(metric="accuracy", options={"positive": "yes"}))],
        "open": [s.name for s in TASK.trivial(case_of())],
    }
    assert names == {"money": ["nobody", "everybody"], "metric": ["majority"], "open": ["constant"]}


def test_a_budget_allows_as_many_candidates_as_it_says() -> None:
    assert [[s.name for s in TASK.candidates(case_of(), n)] for n in (0, 1, 3)] == [
        [],
        ["linear"],
        ["linear", "trees", "mean"],
    ]


def test_units_hash_alike_whatever_is_asked_of_them() -> None:
    table = people()
    one = split_of(case_of(), table).truth["rows"]["_unit"]
    other = split_of(case_of("months", ignore=("plan",)), table).truth["rows"]["_unit"]
    assert one.to_pylist() == other.to_pylist()
    assert len(np.unique(one)) == len(one)
