"""Somebody else's answers become the house's: what they left out is filled by the plainest rule, never by a choice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.predict import TASK
from grundstein.tasks.recommend import TASK as RECOMMEND

ROWS = pa.table(
    {
        "person": [f"p{i}" for i in range(40)],
        "leaves": ["Yes", "No", "No", "No"] * 10,
        "kind": ["a", "b", "c", "c"] * 10,
        "fee": np.arange(40.0),
    }
)
CELLS = Money("cells", {"act_on_yes": 90.0, "act_on_no": -10.0})
YES_NO = Case("c", "?", "predict", {"rows": "t"}, {"target": "leaves", "positive": "Yes"}, money=CELLS)
MANY = replace(YES_NO, options={"target": "kind"}, money=Money("classes", {"right": 1.0, "wrong": -4.0}))
NUMBER = replace(YES_NO, options={"target": "fee"}, money=None, metric="absolute_error")


def adopted(case: Case, **columns: Any) -> dict[str, list[Any]]:
    given = pa.table({"person": [f"p{i}" for i in range(len(next(iter(columns.values()))))], **columns})
    return TASK.adopt(case, {"rows": ROWS}, given).to_pydict()


def test_a_yes_is_acted_on_as_today_s_rule_is() -> None:
    assert adopted(YES_NO, answer=["Yes", "No"]) == {"answer": ["Yes", "No"], "probability": [1, 0], "act": [1, 0]}
    lend = replace(YES_NO, money=Money("cells", {"act_on_yes": -90.0, "act_on_no": 10.0}))
    assert adopted(lend, answer=["Yes", "No"])["act"] == [0, 1]


def test_a_probability_is_acted_on_where_acting_pays_at_it() -> None:
    told = adopted(YES_NO, probability=[0.05, 0.15, 0.6])
    assert told["act"] == [0, 1, 1]
    assert told["answer"] == ["No", "No", "Yes"]


def test_act_is_taken_as_it_stands() -> None:
    assert adopted(YES_NO, answer=["Yes", "No"], act=[0.25, 1.0])["act"] == [0.25, 1.0]


def test_capacity_is_shared_by_the_highest_probabilities_and_equally_by_bare_answers() -> None:
    small = replace(YES_NO, capacity=25.0, volume=100.0)
    assert adopted(small, probability=[0.9, 0.8, 0.7, 0.6])["act"] == [1, 0, 0, 0]
    assert sum(adopted(small, answer=["Yes", "Yes", "Yes", "No"])["act"]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("said", "meant"), [("yes", "Yes"), ("true", "Yes"), ("1", "Yes"), ("nein", "No"), ("0", "No")]
)
def test_another_word_for_yes_or_no_is_understood(said: str, meant: str) -> None:
    assert adopted(YES_NO, answer=[said])["answer"] == [meant]


def test_booleans_are_understood_and_other_words_are_not() -> None:
    assert adopted(YES_NO, answer=[True, False])["answer"] == ["Yes", "No"]
    with pytest.raises(Refused, match="maybe"):
        adopted(YES_NO, answer=["Yes", "maybe"])


@pytest.mark.parametrize("column", ["probability", "act"])
@pytest.mark.parametrize("value", [-0.1, 1.01, None])
def test_a_share_is_between_nothing_and_all(column: str, value: float | None) -> None:
    with pytest.raises(Refused, match=column):
        adopted(YES_NO, answer=["Yes", "No"], **{column: [0.5, value]})


def test_log_loss_needs_a_probability() -> None:
    by_loss = replace(YES_NO, money=None, metric="log_loss")
    with pytest.raises(Refused, match="log_loss"):
        adopted(by_loss, answer=["Yes", "No"])
    assert adopted(by_loss, answer=["Yes", "No"], probability=[0.7, 0.1])["probability"] == [0.7, 0.1]


def test_of_many_classes_an_unsure_answer_goes_to_a_person_where_a_wrong_one_is_dear() -> None:
    told = adopted(MANY, answer=["a", "b"], probability=[0.75, 0.85])
    assert told["act"] == [0, 1]
    assert adopted(MANY, answer=["a", "b"])["act"] == [1, 1]


def test_probabilities_by_label_are_kept() -> None:
    shares = {"probability: a": [0.9], "probability: b": [0.1], "probability: c": [0.0]}
    told = adopted(replace(MANY, money=None), answer=["a"], **shares)
    assert told["probability"] == [0.9]
    assert told["probability: b"] == [0.1]


def test_labels_that_nobody_has_heard_of_are_refused_only_where_all_are_strange() -> None:
    assert adopted(MANY, answer=["a", "z"])["answer"] == ["a", "z"]
    with pytest.raises(Refused, match="none of those"):
        adopted(MANY, answer=["x", "z"])


def test_a_number_is_a_number() -> None:
    assert adopted(NUMBER, answer=[1.5, 2.0]) == {"answer": [1.5, 2.0]}
    with pytest.raises(Refused, match="number"):
        adopted(NUMBER, answer=["many", "few"])


@pytest.mark.parametrize("items", [["i1|i2", "i3"], ['["i1", "i2"]', '["i3"]'], [["i1", "i2", "i1"], ["i3"]]])
def test_lists_are_read_however_they_are_written(items: Any) -> None:
    case = Case("c", "?", "recommend", {"events": "e"}, {"user": "reader", "item": "book"})
    told = RECOMMEND.adopt(case, {}, pa.table({"reader": ["r1", "r2"], "items": items})).to_pydict()
    assert told["user"] == ["r1", "r2"]
    assert told["items"] == [["i1", "i2"], ["i3"]]
    assert told["scores"] == [[1.0, 0.5], [1.0]]
