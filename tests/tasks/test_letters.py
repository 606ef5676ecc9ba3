"""The task letters: the ladder that a court has fixed, the grammar around it, and the case."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.letters import TASK
from grundstein.tasks.letters.grading import SILENT, read
from grundstein.tasks.letters.learning import Ridge
from grundstein.tasks.letters.rules import grammar
from grundstein.tasks.letters.sentences import sentences
from grundstein.tasks.letters.worth import quadratic_kappa

if TYPE_CHECKING:
    from pathlib import Path

ALWAYS = ("stets", "jederzeit", "immer", "zu jeder Zeit", "ausnahmslos", "durchgängig")
WHOSE = ("zu unserer", "zu meiner", "zu ihrer", "zur")
FORMS = {
    "stets vollsten": 1, "stets vollen": 2, "vollen": 3, "vollsten": 2, "": 4, "stets": 3,
}  # fmt: skip
COURT = {"stets vollsten": 1, "stets vollen": 2, "vollen": 3}
SPELLINGS = (
    str,
    str.upper,
    lambda text: text.replace("ü", "ue").replace("ä", "ae").replace("ö", "oe").replace("ß", "ss"),
    lambda text: text.replace("Zufriedenheit", "Zufrieden-\nheit"),
    lambda text: text.replace("Zufriedenheit", "Zufridenheit"),
    lambda text: text.replace("stets", "stehts"),
    lambda text: text.replace(" ", "\u00a0"),
)


def ladder(form: str) -> list[str]:
    """Sentences of one rung in every wording."""
    often = ALWAYS if form.startswith("stets") else ("",)
    degree = form.removeprefix("stets").strip()
    said = [f"{how} {whose} {degree} Zufriedenheit" for how, whose in product(often, WHOSE)]
    return [f"{who} hat {what} {one} {done}." for one in said for who, what, done in SAID]


SAID = (
    ("Frau Kern", "ihre Aufgaben", "erledigt"),
    ("Er", "die ihm übertragenen Arbeiten", "ausgeführt"),
    ("Herr Dr. Noll", "alle Aufträge", "erfüllt"),
)


@pytest.mark.parametrize(("form", "grade"), FORMS.items())
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_ladder_is_read_in_every_wording_and_spelling(form: str, grade: int, spelling: Any) -> None:
    for sentence in ladder(form):
        found = read(spelling(sentence))
        assert (found.grade, found.low <= grade <= found.high) == (grade, True), sentence


@pytest.mark.parametrize(("form", "grade"), COURT.items())
def test_what_the_court_has_fixed_is_no_range_and_is_cited(form: str, grade: int) -> None:
    for sentence in ladder(form):
        found = read(sentence)
        assert (found.low, found.high, found.fixed) == (grade, grade, True), sentence
        assert "9 AZR 584/13" in found.cite


@pytest.mark.parametrize(
    ("sentence", "grade"),
    [
        ("Er erledigte seine Aufgaben im Großen und Ganzen zu unserer Zufriedenheit.", 5),
        ("Sie hat ihre Aufgaben insgesamt zu unserer Zufriedenheit erfüllt.", 5),
        ("Er bemühte sich, die Aufgaben zu unserer Zufriedenheit zu erledigen.", 6),
        ("Sie war stets bemüht, unseren Anforderungen gerecht zu werden.", 6),
        ("Er hat seine Aufgaben nicht zu unserer Zufriedenheit erledigt.", 6),
        ("Wir waren mit seinen Leistungen stets sehr zufrieden.", 1),
        ("Mit ihren Leistungen waren wir stets voll und ganz zufrieden.", 2),
        ("Mit ihren Leistungen waren wir voll zufrieden.", 3),
        ("Mit ihren Leistungen waren wir zufrieden.", 4),
        ("Unseren Erwartungen hat sie stets in bester Weise entsprochen.", 1),
        ("Er hat unseren Erwartungen in jeder Hinsicht und in bester Weise entsprochen.", 2),
        ("Er hat unseren Erwartungen in jeder Hinsicht entsprochen.", 3),
        ("Er hat unseren Erwartungen entsprochen.", 4),
        ("Die Erwartungen, die wir in sie gesetzt hatten, hat sie stets in allerbester Weise erfüllt.", 1),
        ("Ihre Leistungen haben in jeder Hinsicht unsere volle Anerkennung gefunden.", 2),
        ("Seine Leistungen waren stets sehr gut.", 1),
        ("Seine Leistungen waren stets gut.", 2),
    ],
)
def test_other_overall_judgements_stand_on_the_same_ladder(sentence: str, grade: int) -> None:
    assert read(sentence).grade == grade


def test_two_judgements_in_one_sentence_are_read_each_by_its_own_words() -> None:
    both = "Sie hat ihre Aufgaben zu unserer vollen Zufriedenheit erledigt und unseren Erwartungen {}entsprochen."
    assert read(both.format("in jeder Hinsicht ")).grade == 3.0
    assert read(both.format("stets in bester Weise ")).grade < 3.0


PAIRS = (
    ("Sie arbeitete stets äußerst sorgfältig.", "Sie arbeitete stets sorgfältig."),
    ("Sie arbeitete stets sorgfältig.", "Sie arbeitete sorgfältig."),
    ("Sie arbeitete sorgfältig.", "Sie arbeitete meist sorgfältig."),
    ("Sie arbeitete sorgfältig.", "Sie arbeitete im Wesentlichen sorgfältig."),
    ("Sie arbeitete im Allgemeinen gut.", "Sie war bemüht, gut zu arbeiten."),
    ("Sein Verhalten war stets vorbildlich.", "Sein Verhalten war stets einwandfrei."),
    ("Sein Verhalten war einwandfrei.", "Sein Verhalten gab keinen Anlass zu Beanstandungen."),
    ("Er hat ein hervorragendes Fachwissen.", "Er hat ein gutes Fachwissen."),
    ("Er hat ein gutes Fachwissen.", "Er hat ausreichende Fachkenntnisse."),
    ("Er war auch höchstem Zeitdruck stets gewachsen.", "Er war üblichem Zeitdruck gewachsen."),
    ("Sie war immer zuverlässig.", "Sie war nicht immer zuverlässig."),
)


@pytest.mark.parametrize(("better", "worse"), PAIRS)
def test_one_word_changes_the_grade_in_the_right_direction(better: str, worse: str) -> None:
    assert read(better).grade < read(worse).grade


def test_praise_of_conditions_is_no_praise_and_no_wish_is_a_judgement() -> None:
    assert read("Unser Lager liegt am Hafen.") == SILENT
    assert read("Wir wünschen ihr für den Ruhestand Gesundheit und Zufriedenheit.").rule == "farewell"


def test_a_farewell_with_everything_is_better_than_a_bare_wish() -> None:
    whole = (
        "Wir danken ihr für die stets hervorragende Arbeit, bedauern ihr Ausscheiden sehr und wünschen ihr beruflich "
        "viel Erfolg und persönlich alles Gute."
    )
    assert read(whole).grade < 1.5
    assert read("Wir wünschen ihr alles Gute.").grade > 3.5


def test_a_reading_gives_its_words_as_the_letter_writes_them() -> None:
    assert read("Er war JEDERZEIT äußerst zuverlässig.").words == ("JEDERZEIT", "äußerst zuverlässig")


def test_in_switzerland_no_reading_is_fixed() -> None:
    german, swiss = (read("Sie arbeitete zu unserer vollen Zufriedenheit.", locale) for locale in ("de", "ch"))
    assert (german.low, german.high, german.fixed) == (3, 3, True)
    assert (swiss.low, swiss.high, swiss.fixed) == (2, 4, False)


def test_every_reading_rests_on_a_source_that_is_named() -> None:
    known = grammar()
    assert set(known.ladder.sources.values()) <= set(known.sources)
    assert {one.kind for one in known.sources.values()} == {"court", "law", "usage"}
    assert all(one.cite and one.says["en"] and one.says["de"] for one in known.sources.values())


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_grade_within_its_range(text: str) -> None:
    found = read(text)
    assert 1 <= found.low <= found.high <= 6
    assert 1.0 <= found.grade <= 6.0
    assert found.low - 0.5 <= found.grade <= found.high + 0.5


def test_abbreviations_dates_and_ordinals_end_no_sentence() -> None:
    text = (
        "Herr Dr. Noll, geb. am 3. Mai 1980, war vom 01.02.2010 bis zum 31. 12. 2015 z. B. im 2. Werk tätig. Er war "
        "gut (u. a. in Bonn).\n- Einkauf\n- Verkauf\n\nAlles Gute!"
    )
    assert [part[:8] for part in sentences(text)] == ["Herr Dr.", "Er war g", "- Einkau", "- Verkau", "Alles Gu"]


def test_the_source_that_the_grammar_was_mended_on_stays_read(shared_data: Path) -> None:
    names = {"Sehr Gut": 1, "Gut": 2, "Befriedigend": 3, "Ausreichend": 4, "Mangelhaft": 5, "Ungenügend": 6}
    path = shared_data / "arbeitszeugnis" / "brockhaus_phrases.csv"
    if not path.is_file():
        pytest.skip("the phrases are not there")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["criterion"] != "Austrittsgrund"]
    known = np.array([names[row["grade"]] for row in rows], dtype=float)
    told = np.floor([read(row["text"]).grade + 0.5 for row in rows])
    assert np.abs(told - known).max() <= 1
    assert quadratic_kappa(known, told) >= 0.9


def case(**changes: Any) -> Case:
    plain = Case("l", "?", "letters", {"rows": "l"}, {"target": "grade"}, affects="applicants", risk="high")
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"risk": ""}, "a high risk"),
        ({"options": {}}, "which column is `target`"),
        ({"options": {"target": "grade", "locale": "fr"}}, "whose letters are read"),
        ({"options": {"target": "text"}}, "is what is asked for"),
        ({"money": Money("classes", {"right": 1.0})}, "not for grades"),
        ({"metric": "qwk"}, "cannot decide"),
        ({"baseline": "1"}, "no SQL rule"),
        ({"capacity": 3.0, "volume": 9.0}, "given to every sentence"),
    ],
)
def test_a_case_that_cannot_be_asked_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        TASK.contract(case(**changes))


def test_a_number_that_is_no_grade_is_refused() -> None:
    rows = pa.table({"text": ["gut", "gut"], "grade": [1, 7]})
    with pytest.raises(Refused, match='7 in "grade" is no grade'):
        TASK.baseline(case()).fit({"rows": rows}, 1)


def test_what_the_grammar_does_not_read_gets_the_middle_grade_and_says_so() -> None:
    rows = pa.table({"text": ["Er fuhr nach Ulm."] * 3 + ["Er war stets sehr gut."], "grade": [4, 4, 5, 1]})
    told = TASK.baseline(case()).fit({"rows": rows}, 1).answer(rows.select(["text"]), {})
    assert told["answer"].to_pylist()[:3] == [4.0, 4.0, 4.0]
    assert told["reason"][0].as_py() == "nothing speaks of a grade"
    assert (told["low"][0].as_py(), told["high"][0].as_py()) == (1.0, 6.0)


def test_the_same_sentence_with_different_grades_sets_a_ceiling() -> None:
    rows = pa.table({"text": ["Er war gut."] * 4, "grade": [1, 3, 3, 5]})
    found = {one.code: one for one in TASK.findings(case(), {"rows": rows}, [])}
    assert found["GST-Z31"].facts == {"units": 4, "mae": 1.0}
    assert found["GST-Z30"].section == "passed"


def test_money_weighs_grades_that_are_too_good_and_too_bad() -> None:
    rows = pa.table({"text": [f"Satz {number}" for number in range(40)], "grade": [2, 5] * 20})
    dear = case(money=Money("number", {"over": 9.0, "under": 1.0}))
    [middle] = TASK.trivial(dear)
    assert middle.fit({"rows": rows}, 1).answer(rows.select(["text"]), {})["answer"][0].as_py() == 2.0


def test_quadratic_kappa_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(1)
    one = rng.integers(1, 7, 200).astype(float)
    other = np.clip(one + rng.integers(-2, 3, 200), 1, 6)
    assert quadratic_kappa(one, other) == pytest.approx(cohen_kappa_score(one, other, weights="quadratic"))
    assert quadratic_kappa(np.ones(3), np.ones(3)) == 0.0


@pytest.mark.parametrize(
    ("given_", "said"), [({"answer": [9.0]}, "no grade"), ({"grade": [1.0]}, "there is no answer")]
)
def test_answers_of_others_must_be_grades(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        TASK.adopt(case(), {}, pa.table(given_))


def test_many_rows_are_solved_as_few_are() -> None:
    from scipy import sparse

    rng = np.random.default_rng(3)
    rows = sparse.csr_matrix(rng.normal(size=(60, 25)))
    target = rng.normal(size=60)
    every = np.arange(60)
    few, many = Ridge.of(rows), Ridge(rows, None)
    for one, other in zip(few.fitted(every, target, 3.0), many.fitted(every, target, 3.0), strict=True):
        assert one == pytest.approx(other, abs=1e-5)
