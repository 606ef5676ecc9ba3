"""One question by itself: the very answer that its row in a table gets, and what moved it."""

from __future__ import annotations

import datetime as dt
import math
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from example_seals import Frozen, files_of, loaded
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.categorize import TASK
from grundstein.tasks.categorize.alone import scored
from grundstein.tasks.categorize.looking import held, pattern_of

SAID = {
    "money": ("Die Rechnung ist falsch, bitte prüfen", "Mahnung erhalten!", "Rechnungskopie für März"),
    "parcels": ("Paket kam nicht an", "Wo bleibt mein Päckchen? ÄRGERLICH", "Das Paket ist beschädigt"),
    "leaving": ("Ich möchte kündigen", "Kündigung zum Jahresende", "please cancel my subscription"),
}
MONEY = Money("classes", {"right": 2.0, "wrong": -3.0, "ask": 0.0})
RULES = {
    "money": ["rechnung", "zu viel bezahlt", "/mahn(ung|t)\\b/"],
    "parcels": ["päckchen", "paket"],
    "leaving": ["кот", "kündig"],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "text": {"text": "mail"},
    "keys": {"keys": ["sender + area", "sender", "channel"], "top": 2},
    "all": {
        "text": ["subject", "mail"],
        "also_use": ["channel", "amount", "since"],
        "keys": ["sender + area", "sender"],
        "clean": "mail",
    },
    "rules": {"text": "mail", "rules": RULES, "keys": ["sender"]},
}
SCHEMA = pa.schema(
    {
        "subject": pa.string(),
        "mail": pa.string(),
        "sender": pa.string(),
        "area": pa.int64(),
        "channel": pa.bool_(),
        "amount": pa.float64(),
        "since": pa.date32(),
        "team": pa.string(),
    }
)
MAIL = "AW: Frage\n\nGuten Tag,\n{}\n\nMit freundlichen Grüßen\nAnna Muster\n\n> Ihre Rechnung\n> vom März"
ODD = (
    "",
    " ",
    "\n\t ",
    "😀 Paket 😀",
    "İstanbul ﬁnance",
    "nie gesehene Wörter",
    "x",
    "PAKET\x00",
    "\u200bpaket",
    "ſkündig",
)
TEXT = st.one_of(
    st.none(),
    st.sampled_from([*ODD, *(text for texts in SAID.values() for text in texts)]),
    st.text(max_size=60),
    st.lists(st.sampled_from(["Rechnung", "paket", "Mahnt", "für", "KÜNDIGUNG", "€", "„so“"]), max_size=9).map(
        " ".join
    ),
)
QUESTION = st.fixed_dictionaries(
    {
        "subject": TEXT,
        "mail": TEXT | TEXT.map(MAIL.format),
        "sender": st.none() | st.sampled_from(["s1", "s2", "s3", "nobody", ""]),
        "area": st.none() | st.integers(0, 5),
        "channel": st.none() | st.booleans(),
        "amount": st.none() | st.floats(allow_nan=True),
        "since": st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 9)),
    }
)


def table(rows: int = 240, seed: int = 3) -> pa.Table:
    """Mails of few senders to three teams; half of the rows say nothing but who sent them."""
    rng = np.random.default_rng(seed)
    teams = [list(SAID)[int(place)] for place in rng.integers(0, 3, rows)]
    said = [str(rng.choice(SAID[team])) if rng.random() < 0.6 else "Guten Tag" for team in teams]
    columns: dict[str, Any] = {
        "subject": ["Re: Frage" if n % 3 else None for n in range(rows)],
        "mail": [MAIL.format(text) if n % 2 else text for n, text in enumerate(said)],
        "sender": [f"s{n % 7}" if n % 5 else None for n in range(rows)],
        "area": rng.integers(0, 4, rows),
        "channel": [team == "money" for team in teams],
        "amount": [None if n % 9 == 0 else float(n) for n in range(rows)],
        "since": [dt.date(2020, 1, 1) + dt.timedelta(days=int(day)) for day in rng.integers(0, 9, rows)],
        "team": teams,
    }
    return pa.table(columns, SCHEMA)


ROWS = table()
CHOICES = pa.table(
    {"sender": ["s1", "s1", None], "area": [1, 2, 3], "mail": ["x", "y", ""], "team": ["new", "new", "money"]}
)
LIVE = {"rows": Frozen(ROWS), "choices": Frozen(CHOICES)}


@cache
def solutions(kind: str) -> dict[str, Any]:
    case = Case(
        "mails", "Which team?", "categorize", {"rows": "mails"}, {"target": "team", **OPTIONS[kind]}, money=MONEY
    )
    every = [*TASK.trivial(case), TASK.baseline(case), *TASK.candidates(case, 9)]
    fitted = {}
    for solution in every:
        try:
            fitted[solution.name] = solution.fit({"rows": ROWS}, 3)
        except ValueError:
            continue  # no text: nothing to be learnt by
    return fitted


def alone(solution: Any, live: dict[str, Frozen] | None = None) -> Any:
    return solution.beside(LIVE if live is None else live) if hasattr(solution, "beside") else solution


def alike(solution: Any, questions: list[dict[str, Any]], live: dict[str, Frozen]) -> None:
    asked = pa.Table.from_pylist(questions, schema=pa.schema([SCHEMA.field(name) for name in questions[0]]))
    told = solution.answer(asked, live).to_pylist()
    one = alone(solution, live)
    assert [one.row(question) for question in questions] == told, solution.name
    assert [list(one.row(question)) for question in questions[:1]] == [list(told[0])]


@pytest.mark.parametrize("kind", sorted(OPTIONS))
def test_every_row_of_a_table_is_answered_alone_as_it_is_among_others(kind: str) -> None:
    questions = table(150, 8).drop_columns(["team"]).to_pylist()
    for solution in solutions(kind).values():
        for live in (
            LIVE,
            {"rows": Frozen(ROWS)},
            {"rows": Frozen(ROWS.slice(0, 30), "2"), "choices": Frozen(CHOICES)},
        ):
            alike(solution, questions, live)


@pytest.mark.parametrize("kind", sorted(OPTIONS))
@settings(max_examples=40, deadline=None)
@given(question=QUESTION)
def test_odd_questions_are_answered_alone_as_they_are_among_others(kind: str, question: dict[str, Any]) -> None:
    for solution in solutions(kind).values():
        alike(solution, [question, *ROWS.drop_columns(["team"]).slice(0, 3).to_pylist()], LIVE)


@pytest.mark.parametrize("kind", ["text", "all", "rules"])
def test_a_text_of_a_hundred_thousand_letters_is_answered_alike(kind: str) -> None:
    rng = np.random.default_rng(1)
    words = ["Rechnung", "paket", "sehr", "😀", "Zeile\n", *(f"w{n}" for n in range(500))]
    long = " ".join(rng.choice(words, 25_000))[:100_000]
    question = ROWS.drop_columns(["team"]).slice(1, 1).to_pylist()[0]
    for solution in solutions(kind).values():
        alike(solution, [question | {"mail": text} for text in (long, "x" * 100_000, "\n" * 100_000)], LIVE)


def test_what_was_saved_answers_a_question_as_what_was_fitted() -> None:
    question = ROWS.drop_columns(["team"]).slice(4, 1).to_pylist()[0]
    for kind in OPTIONS:
        for solution in solutions(kind).values():
            again = loaded(TASK, type(solution).__name__, files_of(solution))
            assert alone(again).row(question) == alone(solution).row(question)


@pytest.mark.parametrize("kind", ["text", "all", "rules"])
def test_a_question_without_its_text_is_refused_by_the_column_s_name(kind: str) -> None:
    for name, solution in solutions(kind).items():
        if name not in ("majority", "memory"):
            with pytest.raises(Refused, match="mail"):
                alone(solution).row({"subject": "x", "sender": "s1", "channel": True, "amount": 1.0, "since": None})


def test_the_rows_are_looked_at_once_a_second_and_what_people_say_at_every_question() -> None:
    looks = list[str]()

    class Counted:
        since, table = Frozen(ROWS).since, Frozen(ROWS).table

        @property
        def version(self) -> str:
            looks.append("1")
            return looks[-1]

    question = ROWS.drop_columns(["team"]).slice(0, 1).to_pylist()[0]
    one = solutions("all")["both"].beside({"rows": Counted(), "choices": Frozen(CHOICES)})
    for _ in range(50):
        one.row(question)
    assert len(looks) < 10


def allowed() -> list[str]:
    ranges = ((0, 0x100), (0x2000, 0x2070), (0x20A0, 0x20C0), (0xFE0F, 0xFE10), (0x1F300, 0x1FB00))
    return [chr(code) for start, end in ranges for code in range(start, end)]


def by_re2(word: str, texts: list[str]) -> list[bool]:
    told: list[bool] = pc.match_substring_regex(pa.array(texts), pattern_of(word), ignore_case=True).to_pylist()
    return told


def test_a_word_begins_after_the_same_letters_as_re2_says() -> None:
    texts = [letter + "paket da" for letter in allowed()] + [f"zu{letter}viel" for letter in allowed()]
    for word in ("paket", "zu viel"):
        assert [bool(held([word], text)) for text in texts] == by_re2(word, texts)


def test_a_letter_is_another_s_upper_case_where_re2_says_so() -> None:
    letters = allowed()
    for word in map(chr, range(0x21, 0x100)):
        if not word.isspace():
            assert [bool(held([word], text)) for text in letters] == by_re2(word, letters), repr(word)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"aAßẞſKk \n\u00a0\u2028äÄµμ_1²é", "paket", "rechnung", "zu", "viel", "Ǆ", "ﬁ", "\u0345"])
    )
)
def test_a_text_of_any_letters_holds_the_words_that_re2_finds(parts: list[str]) -> None:
    text = "".join(parts)
    for word in ("k", "ß", "µ", "paket", "zu viel", "ä"):
        assert [bool(held([word], text))] == by_re2(word, [text])


def first_of(solution: Any, question: dict[str, Any], label: str) -> float:
    """The probability of a category without any word, value or key."""
    score = scored(solution.reader, solution.machine, question)
    shares = np.exp(score.base - score.base.max())
    return float((shares / shares.sum())[solution.labels.index(label)])


@pytest.mark.parametrize("kind", ["text", "all", "keys", "rules"])
@settings(max_examples=15, deadline=None)
@given(question=QUESTION)
def test_weights_of_all_words_and_the_intercept_are_the_score(kind: str, question: dict[str, Any]) -> None:
    solution = solutions(kind)["text"]
    score = scored(solution.reader, solution.machine, question)
    whole = solution.machine.slope * solution.machine.margins(solution.reader.row(question))[0]
    assert np.allclose(score.base + score.parts.sum(axis=1), whole, rtol=1e-5, atol=1e-5)
    assert len(score.words) + len(solution.reader.signs.row(question)) == score.parts.shape[1]


@pytest.mark.parametrize(("kind", "name"), [("text", "text"), ("all", "both"), ("keys", "both"), ("keys", "text")])
def test_all_effects_add_up_to_the_probability_less_that_of_nothing(kind: str, name: str) -> None:
    solution = solutions(kind)[name]
    for live in (LIVE, {"rows": Frozen(ROWS)}):
        for question in table(30, 11).drop_columns(["team"]).to_pylist():
            one = alone(solution, live)
            answer, moved = one.row(question), sum(reason.effect for reason in one.reasons(question, 10_000))
            base = first_of(solution, question, answer["answer"]) if answer["answer"] in solution.labels else 0.0
            assert answer["probability"] == pytest.approx(base + moved, abs=1e-4)


def test_the_strongest_reasons_are_the_words_that_decide_in_the_order_of_their_effect() -> None:
    one = alone(solutions("text")["text"])
    found = one.reasons({"mail": "Guten Tag, wann kommt mein Paket?"}, 3)
    assert (found[0].column, found[0].value) == ("mail", "paket")
    assert found[0].effect > 0.1
    assert [abs(reason.effect) for reason in found] == sorted((abs(reason.effect) for reason in found), reverse=True)
    assert found == one.reasons({"mail": "Guten Tag, wann kommt mein Paket?"}, 3)


def test_a_key_s_reason_is_the_key_with_its_past_choices_and_what_people_said_of_it() -> None:
    question = {"subject": None, "mail": "", "sender": "s1", "area": 1, "channel": True, "amount": None, "since": None}
    reasons = {reason.column: reason for reason in alone(solutions("all")["both"]).reasons(question, 50)}
    assert reasons["choices: sender + area"].value == "s1 + 1: new 1"
    assert reasons["choices: sender + area"].effect > 0.5
    memory = alone(solutions("keys")["memory"], {"rows": Frozen(ROWS)})
    past = {reason.column: reason.value for reason in memory.reasons(question, 50)}
    assert set(past) == {"sender + area", "sender", "channel"}
    assert past["sender"].startswith("s1: ")


def test_a_word_of_several_texts_is_told_with_the_column_that_holds_it() -> None:
    question = ROWS.drop_columns(["team"]).slice(0, 1).to_pylist()[0] | {"subject": "Mahnung", "mail": "Paket"}
    found = alone(solutions("all")["text"]).reasons(question, 50)
    assert {("subject", "mahnung"), ("mail", "paket")} <= {(reason.column, reason.value) for reason in found}


def test_a_rule_s_reason_is_the_word_that_matched_without_an_effect() -> None:
    case = Case("mails", "?", "categorize", {"rows": "mails"}, {"target": "team", **OPTIONS["rules"]})
    rules: Any = TASK.baseline(case).fit({"rows": ROWS}, 1)
    [reason] = rules.reasons({"mail": "Er mahnt; das PAKET"}, 3)
    assert (reason.column, reason.value, math.isnan(reason.effect)) == ("mail", "/mahn(ung|t)\\b/", True)
    assert rules.reasons({"mail": "Guten Tag"}, 3) == ()
