"""Predict's trees: wider shapes take a share only where they clearly lose less; squares ask for the mean."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from example_seals import files_of, loaded
from predicting import answered, candidates, case_of, drawn, people, split_of

from grundstein.tasks.predict import TASK, trees
from grundstein.tasks.predict.plan import plan_of
from grundstein.tasks.predict.workshop import INNER_FOLDS, MANY_ROWS, workshop

SQUARES = case_of("amount", metric="squared_error")


def amounts(rows: int, noise: float) -> pa.Table:
    """Amounts that multiply: no sum of small trees says as much in as few of them."""
    rng = np.random.default_rng(5)
    left, right, angle = rng.uniform(0, 3, (3, rows))
    amount = np.exp(left * np.cos(2 * angle) + right) * rng.lognormal(0, noise, rows)
    return people(rows, left_side=left, right_side=right, angle=angle, amount=amount)


def test_amounts_that_multiply_are_added_up_on_a_logarithmic_scale_and_saved_alike() -> None:
    split = split_of(SQUARES, amounts(1_500, 0.1))
    fitted = candidates(SQUARES)["trees"].fit(split.development, 5)
    texts = fitted.fitted.models[0].texts
    assert any("objective=poisson" in text for text in texts)
    files = files_of(fitted)
    again = loaded(TASK, "Learned", files)
    assert files_of(again) == files
    assert again.answer(split.questions, {}).equals(fitted.answer(split.questions, {}))


def test_noise_keeps_the_usual_shares() -> None:
    table = people(600, amount=np.random.default_rng(1).normal(0, 1, 600))
    rows = split_of(SQUARES, table).development["rows"]
    learnt, _ = trees.learn(workshop(plan_of(SQUARES), rows, 5))
    assert learnt.shares == (0.5, 0.5)


def test_many_amounts_are_added_up_as_logarithms_and_as_roots_and_explained_alike() -> None:
    split = split_of(SQUARES, amounts(MANY_ROWS + 400, 0.1), drawn(share=0.01))
    fitted = candidates(SQUARES)["trees"].fit(split.development, 5)
    texts = fitted.fitted.models[0].texts
    assert any("objective=poisson" in text for text in texts)
    assert any("objective=regression sqrt" in text for text in texts)
    [question] = split.questions.slice(0, 1).to_pylist()
    assert fitted.row(question)["answer"] == fitted.answer(split.questions.slice(0, 1), {})["answer"][0].as_py()
    assert [reason for reason in fitted.reasons(question, 3) if np.isfinite(reason.effect)]


def test_a_line_that_left_what_was_seen_is_kept_within_reach_of_the_trees() -> None:
    rng = np.random.default_rng(4)
    size = rng.uniform(0, 1, 500)
    split = split_of(SQUARES, people(500, size=size, amount=100 * size + rng.normal(0, 30, 500)))
    fitted = {name: solution.fit(split.development, 5) for name, solution in candidates(SQUARES).items()}
    known = fitted["mean"].fitted
    assert 0 < known.reach < 60
    beyond = split.questions.slice(0, 1).set_column(
        split.questions.column_names.index("size"), "size", pa.array([1_000.0])
    )
    [(_, values)] = known.encoder.blocks(beyond)
    linear, grown, mean = (fitted[name].fitted.raw(values) for name in ("linear", "trees", "mean"))
    assert linear > grown + known.reach
    assert mean <= grown + known.reach
    assert loaded(TASK, "Learned", files_of(fitted["mean"])).fitted.reach == known.reach


@pytest.mark.parametrize(("metric", "wanted"), [("squared_error", np.mean), ("absolute_error", np.median)])
def test_a_number_moves_to_the_mean_for_squares_and_to_the_middle_otherwise(metric: str, wanted: object) -> None:
    rng = np.random.default_rng(2)
    case = case_of("amount", metric=metric)
    split = split_of(case, people(1_200, amount=rng.lognormal(0, 1.5, 1_200)))
    told = answered(candidates(case)["linear"].fit(split.development, 5), split)["answer"].to_numpy()
    other = {np.mean: np.median, np.median: np.mean}[wanted]
    truth = split.development["rows"]["amount"].to_numpy()
    assert abs(told.mean() - wanted(truth)) < abs(told.mean() - other(truth))


def test_a_square_is_worth_its_negative() -> None:
    split = split_of(SQUARES, amounts(300, 0.1))
    asked = pa.table({"answer": split.truth["rows"]["amount"].to_numpy() + 3.0})
    assert TASK.value(SQUARES, split, asked).value == pytest.approx(-9.0)
    assert TASK.measure(TASK.settle(SQUARES, {"rows": amounts(300, 0.1)})) == "squared_error"


def test_many_rows_are_tuned_on_one_inner_fold() -> None:
    case = case_of(metric="log_loss", options={"positive": "yes"})
    few = split_of(case, people(400), drawn(share=0.0)).development["rows"]
    many = split_of(case, people(MANY_ROWS), drawn(share=0.0)).development["rows"]
    assert [len(workshop(plan_of(case), rows, 5).folds) for rows in (few, many)] == [INNER_FOLDS, 1]
