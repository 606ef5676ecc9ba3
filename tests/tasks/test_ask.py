"""What the task `ask` promises beyond what every task does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from example_seals import live_of, seal_for

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.ask import TASK
from grundstein.tasks.ask.judging import is_right
from grundstein.tools.retrieval.shelf import Still

if TYPE_CHECKING:
    from grundstein.core.task import Solution, Split

DAYS = """# Dauer
Jeder hat dreißig Tage Urlaub im Jahr. Der Antrag geht an die Personalabteilung.

# Übertrag
Resturlaub verfällt Ende März. Ausnahmen gibt es bei Krankheit."""
HANDBOOK = (
    ("Urlaub", DAYS),
    ("Reisen", "Die Bahncard bezahlt die Firma. Hotels kosten höchstens 120 Euro pro Nacht. Belege sind Pflicht."),
    ("Technik", "Das Passwort wird alle 90 Tage geändert. Bei Störungen hilft die Hotline unter der Nummer 4711."),
    ("leer", None),
)
QUESTIONS = (
    ("q1", "Wie viele Tage Urlaub habe ich im Jahr?", "Urlaub", "dreißig Tage"),
    ("q2", "Wann verfällt der Resturlaub?", "Urlaub", "Ende März"),
    ("q3", "Wer bezahlt die Bahncard?", "Reisen", "die Firma"),
    ("q4", "Wie viel darf ein Hotel pro Nacht kosten?", "Reisen", "120 Euro"),
    ("q5", "Wie oft wird das Passwort geändert?", "Technik", "90 Tage"),
    ("q6", "Wer gewann die Weltmeisterschaft im Eiskunstlauf?", None, None),
)
ASKED = Case(
    "handbook", "?", "ask", {"questions": "questions", "corpus": "corpus"},
    {
        "id": "page", "text": "text", "question_id": "name", "asked": "asked", "context": "before",
        "relevant": "page", "said": "words",
    },
)  # fmt: skip
PASSAGES = replace(
    ASKED,
    data={**ASKED.data, "passages": "passages"},
    options={name: value for name, value in ASKED.options.items() if name != "relevant"},
)


def corpus() -> pa.Table:
    return pa.table({"page": [name for name, _ in HANDBOOK], "text": [text for _, text in HANDBOOK]})


def questions() -> pa.Table:
    columns = zip(("name", "asked", "page", "words"), zip(*QUESTIONS, strict=True), strict=True)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns})
    return table.append_column("before", pa.nulls(len(QUESTIONS), pa.string()))


@cache
def fitted(number: int = 1) -> Solution:
    return list(TASK.candidates(ASKED, 9))[number].fit({"questions": questions(), "corpus": corpus()}, 1)


def answered(text: str | None, before: str | None = None, table: pa.Table | None = None) -> dict[str, Any]:
    asked = pa.table({"name": ["x"], "asked": pa.array([text], pa.string()), "before": pa.array([before], pa.string())})
    [told] = fitted().answer(asked, {"corpus": Still(corpus() if table is None else table)}).to_pylist()
    return dict(told)


@pytest.mark.parametrize(("text", "words"), [(one[1], one[3]) for one in QUESTIONS if one[3]])
def test_one_sentence_is_cited_with_its_document_section_and_place(text: str, words: str) -> None:
    told = answered(text)
    whole = dict(HANDBOOK)[told["document"]]
    assert whole is not None
    assert told["act"] == 1.0
    assert words in told["answer"]
    assert whole[told["start"] : told["end"]] == told["answer"]
    assert told["answer"] in told["passage"]
    assert "Maschine" in told["by"]
    assert 0.0 <= told["probability"] <= 1.0


def test_the_section_is_the_heading_above() -> None:
    assert answered("Wann verfällt der Resturlaub?")["section"] == "Übertrag"


@pytest.mark.parametrize("text", ["Welche Farbe hat das Raumschiff?", "", None, "?!", "xyz " * 50_000])
def test_what_the_corpus_does_not_say_is_said_so(text: str | None) -> None:
    told = answered(text)
    assert told["act"] == 0.0
    assert told["document"] is None
    assert told["start"] is None
    assert "Bestand" in told["answer"]


def test_what_was_said_before_counts() -> None:
    told = answered("Und wie oft?", "Wird das Passwort geändert?")
    assert "Technik" in (told["document"], *told["cited"])
    alone = answered("Und wie oft?")
    assert "Technik" not in (alone["document"], *alone["cited"])


def test_the_corpus_counts_as_it_is_when_it_is_asked() -> None:
    text = "Wo steht der Defibrillator?"
    assert answered(text)["act"] == 0.0
    more = pa.table({"page": ["Notfall"], "text": ["Der Defibrillator steht neben dem Empfang."]})
    told = answered(text, table=pa.concat_tables([corpus(), more]))
    assert (told["document"], told["act"]) == ("Notfall", 1.0)
    assert answered(text)["act"] == 0.0


def test_the_opponent_shows_the_first_passage_whatever_is_asked() -> None:
    first = TASK.baseline(ASKED).fit({"questions": questions(), "corpus": corpus()}, 1)
    asked = pa.table({"name": ["x"], "asked": ["Wie ist das Wetter bei Krankheit?"]})
    [told] = first.answer(asked, {"corpus": Still(corpus())}).to_pylist()
    assert (told["document"], told["act"]) == ("Urlaub", 1.0)


@cache
def example() -> tuple[Case, Split]:
    case, data = TASK.example(3, True)
    return case, TASK.seal(data, case, seal_for(case, data, TASK))


def test_silence_is_learnt_and_counts_as_asking_a_person() -> None:
    case, split = example()
    best = list(TASK.candidates(case, 9))[1].fit(split.development, 1)
    told = best.answer(split.questions, live_of(TASK, split.development))
    metrics = TASK.metrics(case, split, told)
    assert metrics["answered"] > 0.9
    assert metrics["false_answers"] < 0.05
    values = TASK.value(case, split, told)
    silent = [row for row, act in enumerate(told["act"].to_pylist()) if not act]
    assert set(values.value[silent].tolist()) == {-1.0}
    assert values.worst == 10.0


def test_accuracy_counts_the_right_silence() -> None:
    case, split = example()
    plain = replace(case, money=None)
    person = next(iter(TASK.trivial(plain)))
    told = person.answer(split.questions, {})
    unanswered = [not one for one in split.truth["questions"]["wanted"].to_pylist()]
    assert TASK.value(plain, split, told).value.tolist() == [float(one) for one in unanswered]
    assert TASK.value(plain, split, TASK.perfect(plain, split)).value.tolist() == [1.0] * len(unanswered)


@pytest.mark.parametrize(
    ("told", "judged", "right"),
    [
        ({"document": "a", "passage": "It is so. Ten days.", "answer": "It is so."}, "passage", True),
        ({"document": "a", "passage": "It is so. Ten days.", "answer": "It is so."}, "sentence", False),
        ({"document": "b", "passage": "Ten days.", "answer": "Ten days."}, "passage", False),
        ({"document": None, "passage": None, "answer": "That is ten  DAYS, I think."}, "passage", True),
        ({"document": None, "passage": None, "answer": ""}, "sentence", False),
        ({"document": None, "passage": None, "answer": "days"}, "sentence", True),
    ],
)
def test_an_answer_is_right_by_document_and_words(told: dict[str, str | None], judged: str, right: bool) -> None:
    assert is_right(judged, [{"document": "a", "said": "ten days"}], told) is right
    assert not is_right(judged, [], told)


def test_a_truth_without_words_needs_the_document() -> None:
    told = {"document": "a", "passage": "x", "answer": "x"}
    assert is_right("passage", [{"document": "a", "said": None}], told)
    assert not is_right("passage", [{"document": "a", "said": None}], {**told, "document": None})


def test_truth_may_stand_in_a_table_of_its_own() -> None:
    table = questions()
    told = table.filter(pa.compute.is_valid(table["page"])).select(["name", "page", "words"])
    data = {"questions": table.drop_columns(["page", "words"]), "passages": told, "corpus": corpus()}
    numbered = {**data, "questions": data["questions"].append_column("_row", pa.array(range(len(QUESTIONS))))}
    case = replace(PASSAGES, entity="name")
    split = TASK.seal(numbered, case, seal_for(case, numbered, TASK))
    known = set(split.development["passages"]["name"].to_pylist())
    assert not known & set(split.questions["name"].to_pylist())
    assert split.questions.column_names == ["name", "asked", "before"]


def test_what_cannot_be_learnt_or_cited_is_told() -> None:
    lost = pa.table({"name": ["z"], "asked": ["Wo?"], "page": ["weg"], "words": ["dort"], "before": [None]})
    other = pa.table({"name": ["y"], "asked": ["Was?"], "page": ["Reisen"], "words": ["nie gesagt"], "before": [None]})
    table = pa.concat_tables([questions(), lost, other], promote_options="permissive")
    facts = {one.code: dict(one.facts) for one in TASK.findings(ASKED, {"questions": table, "corpus": corpus()}, [])}
    assert facts["GST-U01"] == {"silent": 1, "questions": 8}
    assert {"GST-U02", "GST-U03"} <= set(facts)
    assert facts["GST-U04"]["lost"] == 1
    assert facts["GST-U05"]["unsaid"] == 1
    assert facts["GST-U06"]["empty"] == 1
    assert facts["GST-U07"]["languages"] == "de"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": ""}, "id"),
        ({"asked": ""}, "asked"),
        ({"relevant": ""}, "nowhere"),
        ({"judged": "mood"}, "mood"),
        ({"false_answers": 2}, "false_answers"),
        ({"qestion": "x"}, "qestion"),
    ],
)
def test_a_wrong_field_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(Refused, match=word):
        TASK.contract(replace(ASKED, options={**ASKED.options, **change}))


def test_a_rule_strange_money_and_a_truth_in_two_places_are_refused() -> None:
    with pytest.raises(Refused, match="rule"):
        TASK.contract(replace(ASKED, baseline="1 = 1"))
    with pytest.raises(Refused, match="hit"):
        TASK.contract(replace(ASKED, money=Money("ranking", {"hit": 1.0})))
    with pytest.raises(Refused, match="twice"):
        TASK.contract(replace(ASKED, data={**ASKED.data, "passages": "p"}))


def test_somebody_elses_answers_are_read() -> None:
    given = pa.table({"name": ["q1", "q2"], "answer": ["dreißig Tage", " "]})
    told = TASK.adopt(ASKED, {"questions": questions(), "corpus": corpus()}, given)
    assert told["act"].to_pylist() == [1.0, 0.0]
    assert told.column_names == list(TASK.answers(ASKED).names)
    with pytest.raises(Refused, match="answer"):
        TASK.adopt(ASKED, {}, given.drop_columns(["answer"]))
