"""Rules of the first screen: short, plain, and right about what it recommends."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest
import report_stories as stories
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from report_reading import Reader

from grundstein.approval.first_screen import MOST_WORDS, counted, first_screen, state_of
from grundstein.approval.report import page
from grundstein.approval.story import Attempt, Story
from grundstein.core.case import MONEY_FORMS, Money
from grundstein.core.findings import Finding
from grundstein.core.records import Flip, Gain, Outcome

LANGUAGES = ("en", "de")
OF_STATISTICS = """
auc roc confidence interval konfidenz significan signifikan p-value p-wert baseline margin regression boosted ndcg mrr
recall precision log_loss logloss ece calibrat kalibri variance varianz standard deviation standardabweichung quantil
percentile bootstrap hypothes overfit holdout hold-out cross-validation kreuzvalid fold classifier klassifik threshold
schwellenwert feature metric metrik probability wahrscheinlichkeit distribution verteilung outlier median f1 r2 mae rmse
gradient linear sample stichprobe estimator bias verzerr effect size trivial
"""
FORBIDDEN = OF_STATISTICS.split()


@cache
def read(name: str, language: str) -> Reader:
    return Reader(page(stories.ALL[name], language))


every = pytest.mark.parametrize("name", stories.ALL)
both = pytest.mark.parametrize("language", LANGUAGES)


@every
@both
def test_the_first_screen_has_at_most_170_words(name: str, language: str) -> None:
    assert len(read(name, language).words) <= MOST_WORDS == 170


@every
@both
def test_the_words_are_counted_as_a_reader_counts_them(name: str, language: str) -> None:
    assert counted(first_screen(stories.ALL[name], language)) == len(read(name, language).words)


@every
@both
def test_no_word_on_the_first_screen_needs_a_statistician(name: str, language: str) -> None:
    text = read(name, language).first_text.casefold()
    assert [word for word in FORBIDDEN if re.search(rf"\b{re.escape(word)}", text)] == []


@pytest.mark.parametrize(
    ("name", "english", "german"),
    [
        ("qualifies", "Use the new list.", "Die neue Liste einsetzen."),
        ("does_not_qualify", "Keep today's rule.", "Bei der heutigen Regel bleiben."),
        ("not_enough_data", "Not decidable yet: too few data.", "Noch nicht entscheidbar: zu wenig Daten."),
        ("not_applicable", "No model is needed", "Kein Modell nötig"),
        (
            "undeclared",
            "Nobody has said yet what an answer is worth.",
            "Noch hat niemand gesagt, was eine Antwort wert",
        ),
        ("preview", "The new list looks promising.", "Die neue Liste sieht vielversprechend aus."),
        ("recommend", "Use the new selection.", "Die neue Auswahl einsetzen."),
        ("number", "Use the new estimate.", "Die neue Schätzung einsetzen."),
    ],
)
def test_each_verdict_has_its_recommendation(name: str, english: str, german: str) -> None:
    assert english in read(name, "en").first_text
    assert german in read(name, "de").first_text


@every
@both
def test_the_question_is_the_headline(name: str, language: str) -> None:
    assert read(name, language).first_text.startswith(stories.ALL[name].question.question)


def test_the_gain_is_per_period_and_after_running_cost() -> None:
    text = read("qualifies", "en").first_text
    assert "+€28,300 a year" in text  # 5.16 x 7,043 - 8,000
    assert "after €8,000 running cost" in text
    assert "Range €10,000 to €46,700" in text
    assert "+28.300 € im Jahr" in read("qualifies", "de").first_text


def test_the_results_in_the_table_differ_by_the_gain() -> None:
    rows = {row.label: row.cells for row in first_screen(stories.QUALIFIES, "en").rows}
    assert rows == {
        "Act on nobody": ("0", "0", "€0"),
        "Today's rule": ("1,831", "810", "€35,900"),
        "New list": ("2,113", "1,106", "€64,300"),
        "Act on everybody": ("7,043", "1,866", "−€86,600"),
    }


def test_where_another_opponent_is_harder_to_beat_its_gain_is_told_too() -> None:
    lines = first_screen(stories.NOT_ENOUGH_DATA, "en").gain_lines
    assert "+€15,900 compared with a simple rule" in lines


def test_without_a_volume_amounts_are_per_thousand_and_cost_stands_apart() -> None:
    text = read("no_assumption", "en").first_text
    assert "per 1,000 customers" in text
    story = replace(stories.NO_ASSUMPTION, question=replace(stories.NO_ASSUMPTION.question, running_cost=900.0))
    assert "before €900 running cost" in " ".join(first_screen(story, "en").gain_lines)


@both
@pytest.mark.parametrize("name", ["does_not_qualify", "not_enough_data", "not_applicable", "preview", "undeclared"])
def test_a_page_that_does_not_qualify_says_that_its_figures_are_of_development_rows(name: str, language: str) -> None:
    text = read(name, language).first_text
    assert {"en": "Development rows", "de": "Entwicklungszeilen"}[language] in text or "development rows" in text
    assert {"en": "Sealed test: 1,761 customers", "de": "Versiegelte Prüfung: 1.761 Kunden"}[language] not in text


def test_after_a_test_that_did_not_confirm_it_nobody_reads_the_development_figures_as_its_result() -> None:
    assert "The sealed test found too little gain." in read("does_not_qualify", "en").first_text
    assert "in trials, compared with today's rule" in read("does_not_qualify", "en").first_text
    assert "expected, compared with today's rule" in read("qualifies", "en").first_text


def test_a_page_that_qualifies_says_that_its_figures_are_of_the_sealed_test() -> None:
    assert "Sealed test: 1,761 customers" in read("qualifies", "en").first_text


def test_too_few_data_says_how_many_are_missing() -> None:
    assert "Sealed test: needs about 6,480 customers, had 1,761." in read("not_enough_data", "en").first_text
    story = replace(stories.NOT_ENOUGH_DATA, verdict=stories.judged("not_enough_data", units_needed=None))
    assert "Sealed test: 1,761 customers were too few." in " ".join(first_screen(story, "en").gain_lines)


def test_the_assumption_and_where_it_flips_are_named() -> None:
    assert "Acting succeeds in 30%: only assumed. Below 21.3% the advice flips." in read("qualifies", "en").first_text
    assert "Unter 21,3 % kippt die Empfehlung." in read("qualifies", "de").first_text
    assert "states every amount as measured" in read("no_assumption", "en").first_text
    never = replace(stories.VERDICT, flips=(Flip("success", 0.3, None),))
    assert "No amount tried flips the advice." in note(replace(stories.QUALIFIES, verdict=never), "rests")


def test_of_several_assumptions_the_one_that_flips_first_is_told() -> None:
    money = Money("action", {"saved": 600.0, "success": 0.3, "cost": 60.0}, ("saved", "success"))
    flips = (Flip("saved", 600.0, 580.4), Flip("success", 0.3, 0.2134))
    story = replace(
        stories.DOES_NOT_QUALIFY,
        question=replace(stories.CHURN, money=money),
        verdict=replace(stories.DOES_NOT_QUALIFY.verdict, flips=flips),
    )
    told = note(story, "rests")
    assert "A success is worth €600: only assumed. Below €580 the advice flips." in told
    assert "1 more assumed" in told


def test_the_decision_is_asked_for_four_weeks_after_the_newest_record_by_the_roles_of_the_case() -> None:
    assert note(stories.QUALIFIES, "ask") == "By 9 April 2027: sign or refuse (customer-success)."
    assert note(replace(stories.QUALIFIES, trail=()), "ask") == "Sign or refuse (customer-success)."
    assert note(replace(stories.QUALIFIES, trail=()), "ask", "de") == "Unterschreiben oder ablehnen (customer-success)."


def test_who_may_be_treated_worse_is_named_from_the_findings() -> None:
    assert note(stories.DOES_NOT_QUALIFY, "worse").startswith("Worse off than today – InternetService: Fiber optic.")
    assert note(stories.QUALIFIES, "worse").startswith("Gains least – Contract: Two year.")
    assert note(stories.RECOMMEND, "worse").startswith("Groups were not compared.")
    staff = replace(stories.RECOMMEND, question=replace(stories.RECOMMEND.question, affects="staff"))
    assert note(staff, "worse").endswith("It touches staff. High risk.")


def test_edits_and_warnings_are_told_before_anybody_signs() -> None:
    told = note(stories.QUALIFIES, "risk")
    assert "48 of 100 listed wrongly." in told
    assert "2 warnings below." in told
    assert "Edited after the first evaluation." in told


def test_earlier_attempts_are_told() -> None:
    assert "Earlier: churn-by-region (did not pay, November 2026)." in note(stories.QUALIFIES, "tried")
    assert "No earlier attempt." in note(stories.DOES_NOT_QUALIFY, "tried")


@pytest.mark.parametrize(("low", "high", "state"), [(2.0, 7.0, "promising"), (1.0, 7.0, "open"), (-2.0, 1.0, "weak")])
def test_a_preview_says_what_development_rows_make_likely(low: float, high: float, state: str) -> None:
    gains = {"linear": Gain((low + high) / 2, low, high)}
    assert state_of(replace(stories.PREVIEW, experiment=replace(stories.EXPERIMENT, gains=gains))) == state


def test_perfect_answers_that_gain_too_little_are_told_in_money() -> None:
    assert "Even perfect answers would bring only €7,750 a year more." in read("not_applicable", "en").first_text


def note(story: Story, key: str, language: str = "en") -> str:
    return next(n.text for n in first_screen(story, language).notes if n.key == key)


WORDS = st.text(max_size=300)
NUMBERS = st.one_of(st.floats(), st.floats(-1e7, 1e7))
METRICS = st.dictionaries(st.sampled_from(["acted", "right", "mae", "roc_auc", "f1_macro", "ndcg@10"]), NUMBERS)


@st.composite
def odd_stories(draw: st.DrawFn) -> Story:
    """Any story at all: odd texts and numbers in every field that reaches the first screen."""
    base = draw(st.sampled_from(list(stories.ALL.values())))
    form = draw(st.sampled_from(sorted(MONEY_FORMS)))
    amounts = {name: draw(NUMBERS) for name in MONEY_FORMS[form]}
    assumed = tuple(draw(st.lists(st.sampled_from(sorted(amounts)), unique=True)))
    case = replace(
        base.question,
        question=draw(WORDS),
        name=draw(WORDS),
        baseline=draw(st.sampled_from(["", "a > 1"])),
        money=draw(st.sampled_from([None, Money(form, amounts, assumed)])),
        running_cost=draw(NUMBERS),
        volume=draw(st.one_of(st.none(), NUMBERS)),
        period=draw(st.one_of(st.just("year"), WORDS)),
        affects=draw(st.one_of(st.just("staff"), WORDS)),
        signed_by=tuple(draw(st.lists(WORDS, max_size=4))),
    )
    names = draw(st.lists(WORDS, min_size=1, max_size=6, unique=True))
    standings = [
        "baseline",
        "candidate",
        *draw(st.lists(st.sampled_from(["trivial", "default", "candidate"]), max_size=4)),
    ]
    outcomes = tuple(
        Outcome(name, standing, draw(NUMBERS), draw(METRICS)) for name, standing in zip(names, standings, strict=False)
    )
    gains = {name: Gain(draw(NUMBERS), draw(NUMBERS), draw(NUMBERS)) for name in names}
    code = draw(st.sampled_from(["GST-M01", "GST-M02", "GST-T30", "GST-T32", "GST-T40"]))
    slices = Finding(code, "issue", {"column": draw(WORDS), "value": draw(WORDS)})
    flips = tuple(Flip(name, amounts[name], draw(st.one_of(st.none(), NUMBERS))) for name in assumed)
    run = replace(
        base.experiment,
        money=case.money is not None,
        measure="money"
        if case.money
        else draw(st.sampled_from(["accuracy", "log_loss", "recall@20", "absolute_error"])),
        unit=draw(st.one_of(st.just("row"), WORDS)),
        outcomes=outcomes,
        gains=gains,
        margins=dict.fromkeys(names, 0.5),
        winner=names[-1],
        flips=flips,
        findings=(slices,),
    )
    verdict = base.verdict and replace(
        base.verdict,
        outcomes=outcomes,
        gains=gains,
        margins=run.margins,
        winner=names[-1],
        hardest=names[0],
        flips=flips,
    )
    tried = tuple(draw(st.lists(st.builds(Attempt, WORDS, WORDS, WORDS, WORDS), max_size=3)))
    return replace(base, question=case, experiment=run, verdict=verdict, tried=tried, edits=("x",))


@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(odd_stories(), st.sampled_from(LANGUAGES))
def test_whatever_a_case_says_the_first_screen_keeps_to_170_words(story: Story, language: str) -> None:
    assert counted(first_screen(story, language)) <= MOST_WORDS


@both
def test_a_screen_with_everything_to_tell_still_keeps_to_170_words(language: str) -> None:
    case = replace(
        stories.NOT_ENOUGH_DATA.question,
        question="Which of our readers of the printed and the digital edition will not renew after their first year?",
        money=Money("action", {"saved": 600.0, "success": 0.3, "cost": 60.0}, ("saved", "success", "cost")),
        affects="staff",
        signed_by=("customer success", "works council", "board"),
    )
    story = replace(stories.NOT_ENOUGH_DATA, question=case, tried=stories.QUALIFIES.tried * 3)
    for verdict in (story.verdict, replace(stories.VERDICT, hardest="everybody")):
        first = first_screen(replace(story, verdict=verdict), language)
        assert 140 < counted(first) <= MOST_WORDS
        assert case.question.startswith(first.question.removesuffix(" …"))
        assert len(first.question.split()) >= 14


def test_of_answers_the_table_says_how_many_are_left_to_a_person() -> None:
    first = first_screen(stories.SORTING, "en")
    assert first.advice == "Use the new answer service."
    assert first.heads[:3] == ("Answered alone", "Of these right", "Left to a person")
    rows = {row.label: row.cells[:3] for row in first.rows}
    assert rows["New answer service"] == ("700", "700", "300")
    assert rows["A person answers everything"] == ("0", "0", "1,000")


def test_a_simple_rule_that_is_harder_to_beat_than_todays_has_a_line_and_an_equal_one_none() -> None:
    harder = replace(stories.VERDICT, hardest="default")
    labels = [row.label for row in first_screen(replace(stories.QUALIFIES, verdict=harder), "en").rows]
    assert "Simple rule" in labels
    outcomes = tuple(replace(o, value=5.1) if o.name == "default" else o for o in harder.outcomes)
    gains = {**harder.gains, "default": harder.gains["rule"]}
    equal = replace(stories.QUALIFIES, verdict=replace(harder, outcomes=outcomes, gains=gains))
    assert "Simple rule" not in [row.label for row in first_screen(equal, "en").rows]
    assert not [line for line in first_screen(equal, "en").gain_lines if "simple rule" in line]


def test_where_any_gain_is_enough_no_nought_stands_under_the_mark() -> None:
    free = replace(stories.ALL["recommend"], question=replace(stories.ALL["recommend"].question, worthwhile=0.0))
    verdict = replace(free.verdict, margins=dict.fromkeys(free.verdict.margins, 0.0))
    picture = first_screen(replace(free, verdict=verdict), "en").range
    assert picture is not None
    assert picture.needed_label == "needed: more than 0"


def test_rows_are_called_after_whom_they_touch_only_where_each_is_one_of_them() -> None:
    mails = replace(stories.SEAL, key=("mail",), entity="")
    parcels = replace(stories.SEAL, key=("parcel",), entity="customerID")
    assert "1,761 customers" in first_screen(stories.QUALIFIES, "en").caption
    for seal in (mails, parcels, replace(stories.SEAL, how="entity")):
        assert "1,761 cases" in first_screen(replace(stories.QUALIFIES, seal=seal), "en").caption
