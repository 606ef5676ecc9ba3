"""What `categorize` promises beyond what every task does: rules, memory by key, corrections, words and their pieces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from example_seals import Frozen, seal_for
from hypothesis import given
from hypothesis import strategies as st

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.core.task import Split
from grundstein.tasks.categorize import TASK
from grundstein.tools.terms import Terms, pieces_of

MAILS = pa.table(
    {
        "mail": ["Die Rechnung ist falsch", "Mahnung erhalten", "Paket kam nicht an", "Rechnungskopie bitte"] * 12,
        "sender": ["a", "a", "b", "c"] * 12,
        "area": ["north", "south", "south", "north"] * 12,
        "team": ["money", "money", "parcels", "money"] * 12,
        "_row": range(48),
    }
)


def case(**options: Any) -> Case:
    return Case("mails", "Which team?", "categorize", {"rows": "mails"}, {"target": "team", "text": "mail", **options})


def answers(solution: Any, questions: dict[str, list[str | None]], **live: pa.Table) -> list[str]:
    told = solution.answer(
        pa.table(questions), {"rows": Frozen(MAILS), **{k: Frozen(v, f"{v.num_rows}") for k, v in live.items()}}
    )
    return told["answer"].to_pylist()


def test_the_first_rule_that_matches_wins_and_a_word_matches_where_a_word_begins() -> None:
    rules = {"parcels": ["paket"], "money": ["rechnung", "/mahn(ung|t)/"]}
    solution = TASK.baseline(case(rules=rules)).fit({"rows": MAILS}, 1)
    mails = ["RECHNUNGSBETRAG im Paket", "Abrechnung", "er mahnte nicht, ermahnt", "öffne: Paket"]
    assert answers(solution, {"mail": mails}) == ["parcels", "money", "money", "parcels"]
    nothing = solution.answer(pa.table({"mail": ["Abrechnung"]}), {})
    assert (
        nothing["probability"][0].as_py()
        < solution.answer(pa.table({"mail": ["Rechnung"]}), {})["probability"][0].as_py()
    )


def test_where_no_rule_matches_a_person_is_asked_if_asking_has_a_price() -> None:
    money = Money("classes", {"right": 1.0, "wrong": -2.0})
    solution = TASK.baseline(replace(case(rules={"money": ["rechnung"]}), money=money)).fit({"rows": MAILS}, 1)
    assert solution.answer(pa.table({"mail": ["Rechnung", "Grüße"]}), {})["act"].to_pylist() == [1.0, 0.0]


def test_a_rule_that_cannot_be_read_is_refused_with_its_words() -> None:
    with pytest.raises(Refused, match=r'"/\(/" of the category "money" cannot be read'):
        TASK.contract(case(rules={"money": ["/(/"]}))


def test_the_most_specific_key_that_was_seen_comes_first() -> None:
    rows = pa.table(
        {"sender": ["a", "a", "a", "b"] * 9, "area": ["n", "n", "s", "s"] * 9, "team": ["1", "1", "2", "2"] * 9}
    )
    asked = Case("c", "?", "categorize", {"rows": "r"}, {"target": "team", "keys": ["sender + area", "sender"]})
    solution = TASK.baseline(asked).fit({"rows": rows}, 1)
    told = solution.answer(
        pa.table({"sender": ["a", "a", "b", "x"], "area": ["n", "s", None, "n"]}), {"rows": Frozen(rows)}
    )
    assert told["answer"].to_pylist() == ["1", "2", "2", "1"]


@pytest.mark.parametrize("name", ["memory", "text", "both"])
def test_a_correction_changes_the_next_answer_and_no_file_of_the_model(name: str) -> None:
    asked = case(keys=["sender"])
    solution = next(s for s in [TASK.baseline(asked), *TASK.candidates(asked, 9)] if s.name == name)
    solution = solution.fit({"rows": MAILS}, 1)
    question = {"mail": ["Guten Tag"], "sender": ["a"]}
    assert answers(solution, question) == ["money"]
    corrected = pa.table({"sender": ["a"], "team": ["complaints"]})
    assert answers(solution, question, choices=corrected) == ["complaints"]
    twice = pa.table({"sender": ["a", "a"], "team": ["complaints", "parcels"]})
    assert answers(solution, question, choices=twice) == ["parcels"]
    assert answers(solution, question) == ["money"]


def test_what_people_chose_is_not_looked_at_while_judging() -> None:
    data = {"rows": MAILS, "choices": MAILS}
    named = replace(case(), data={"rows": "mails", "choices": "chosen"})
    assert TASK.seal(data, named, seal_for(named, data, TASK)).development["choices"].num_rows == 0


def test_the_text_answers_what_no_key_knows() -> None:
    asked = case(keys=["sender"])
    both = next(s for s in TASK.candidates(asked, 9) if s.name == "both").fit({"rows": MAILS}, 1)
    assert answers(both, {"mail": ["Wo bleibt mein Paket?"], "sender": ["nobody"]}) == ["parcels"]


def test_answers_offer_the_next_best_with_falling_probability() -> None:
    told = next(iter(TASK.candidates(case(top=2), 1))).fit({"rows": MAILS}, 1).answer(MAILS.select(["mail"]), {})
    assert told.column_names == ["answer", "probability", "act", "answer: 2", "probability: 2"]
    assert np.all(np.asarray(told["probability"]) >= np.asarray(told["probability: 2"]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"options": {"target": "team"}}, "nothing is named to tell categories by"),
        ({"options": {"target": "team", "text": "team"}}, '"team" is what is asked for'),
        ({"money": Money("action", {"saved": 1.0})}, "not for categories"),
        ({"baseline": "mail = ''"}, "no SQL rule"),
        ({"metric": "roc_auc"}, "cannot decide"),
        ({"options": {"target": "team", "text": "mail", "top": 0}}, "1 to 20"),
    ],
)
def test_a_case_that_cannot_be_asked_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        TASK.contract(replace(case(), **changes))


def test_one_category_alone_is_refused() -> None:
    with pytest.raises(Refused, match='"money" in every row'):
        TASK.baseline(case()).fit({"rows": MAILS.set_column(3, "team", pa.array(["money"] * 48))}, 1)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_a_text_is_weighed_alike_alone_and_among_others(texts: list[str]) -> None:
    terms, learnt = Terms.fit(["Rechnung für März", "rechnung", "für für", *texts])
    together = terms.matrix(texts)
    assert (learnt[3:] != together).nnz == 0
    for row, text in enumerate(texts):
        assert (terms.matrix([text]) != together[row]).nnz == 0


def test_pieces_stay_within_a_word_and_its_borders() -> None:
    assert pieces_of("ab") == [" a", "ab", "b ", " ab", "ab ", " ab "]
    assert pieces_of("") == ["  "]


def test_texts_without_end_and_without_words_are_answered() -> None:
    solution = next(iter(TASK.candidates(case(), 1))).fit({"rows": MAILS}, 1)
    told = solution.answer(pa.table({"mail": ["x" * 5_000_000, "", None, "\x00\x01", "😀" * 1000]}), {})
    assert told.num_rows == 5
    assert not told["answer"].null_count


def test_a_thousand_categories_of_one_example_are_learnt_or_refused_never_half() -> None:
    rows = pa.table({"mail": [f"word{n} here" for n in range(1000)], "team": [f"t{n}" for n in range(1000)]})
    solution = next(iter(TASK.candidates(case(), 1))).fit({"rows": rows}, 1)
    assert solution.answer(rows.select(["mail"]).slice(0, 5), {}).num_rows == 5


def test_the_share_that_goes_to_a_person_and_what_is_saved_are_told_in_both_languages() -> None:
    asked = replace(case(), money=Money("classes", {"right": 2.0, "wrong": -6.0, "ask": -1.0}))
    split = Split(
        {"rows": MAILS}, MAILS, {"rows": MAILS.append_column("_unit", pa.array(range(MAILS.num_rows)))}, "random"
    )
    count = MAILS.num_rows
    act = [1.0] * (count - 4) + [0.0] * 4
    told = pa.table({"answer": MAILS["team"], "probability": [0.9] * count, "act": act})
    found = TASK.metrics(asked, split, told)
    assert found["to_a_person"] == pytest.approx(4 / count)
    assert found["saved"] == pytest.approx(3.0 * (count - 4) / count)
    figures = {one.name: one for one in TASK.figures(asked, split, told)}
    assert figures["who_answers"].columns["share"] == pytest.approx(((count - 4) / count, 0.0, 4 / count))
    assert figures["saved_by_share"].columns["saved"][-1] == pytest.approx(3.0)
    assert all(one.title["de"] != one.title["en"] for one in figures.values())
