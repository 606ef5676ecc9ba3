"""Rules of the whole page: one file, nothing fetched, nothing planted, every number from a record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from html import escape
from importlib.resources import files
from string import Formatter
from typing import Any

import pytest
import report_stories as stories
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from report_figures import CALIBRATION
from report_reading import Reader

from grundstein.approval import evidence
from grundstein.approval.report import page
from grundstein.approval.words import sentences
from grundstein.core.canonical import record_id
from grundstein.core.errors import Refused
from grundstein.core.figures import Figure
from grundstein.core.findings import Finding
from grundstein.tools import wording
from grundstein.tools.charts import spoken

LANGUAGES = ("en", "de")
every = pytest.mark.parametrize("name", stories.ALL)
both = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures as their spoken text: as telling as the drawing, and quick."""
    monkeypatch.setattr(
        evidence, "svg", lambda figure, language: f"<svg><desc>{escape(spoken(figure, language))}</desc></svg>"
    )


@both
def test_the_same_story_gives_the_same_bytes(language: str) -> None:
    assert page(stories.QUALIFIES, language) == page(stories.QUALIFIES, language)


@every
@both
def test_a_page_is_one_file_that_asks_nobody_for_anything(name: str, language: str) -> None:
    written = page(stories.ALL[name], language)
    read = Reader(written)
    assert read.of("html")[0]["lang"] == language
    assert not {tag for tag, _ in read.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    }
    for _, attributes in read.elements:
        assert not [key for key in attributes if key.startswith("on") or key in ("src", "srcset", "action", "data")]
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import|javascript:", written)
    policy = next(a["content"] for a in read.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


@every
@both
def test_ids_are_unique_and_every_link_has_its_place(name: str, language: str) -> None:
    read = Reader(page(stories.ALL[name], language))
    ids = [attributes["id"] for _, attributes in read.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert read.open == []
    links = [attributes["href"] for attributes in read.of("a")]
    assert {str(link)[1:] for link in links} <= set(ids)
    assert {"evidence", "failures", "findings", "data", "method", "card", "trail"} <= set(ids)


def test_every_picture_of_the_records_is_drawn_once_with_words_for_those_who_do_not_see_it() -> None:
    read = Reader(page(stories.QUALIFIES, "de"))
    told = " ".join(read.spoken)
    for figure in (*stories.VERDICT.pictures, *stories.EXPERIMENT.figures):
        assert told.count(figure.title["de"]) == 1
        assert spoken(figure, "de") in told


def test_a_picture_of_the_sealed_test_replaces_the_same_picture_of_development_rows(undrawn: None) -> None:
    earlier = replace(CALIBRATION, columns={"foretold": (0.5,), "happened": (0.123,)})
    assert "0.123" not in " ".join(Reader(page(told(figures=(earlier,)), "en")).spoken)


def test_a_figure_of_the_shape_table_becomes_a_table(undrawn: None) -> None:
    columns = {"truth": ("mail", "fax"), "answered fax": (12.5, None)}
    table = Figure("confusion", "table", {"en": "What is taken for what"}, columns)
    text = Reader(page(told(figures=(table,)), "en")).text
    assert "What is taken for what" in text
    assert "mail 12.5" in text
    assert "fax –" in text


def test_findings_stand_by_section_with_code_text_and_anchor(undrawn: None) -> None:
    read = Reader(page(stories.QUALIFIES, "en"))
    assert {"GST-E02", "GST-M02"} <= {attributes.get("id") for _, attributes in read.elements}
    assert stories.VERDICT.findings[0].text("en") in read.text
    assert read.text.index("Warnings") < read.text.index("Hints") < read.text.index("Passed")


def test_a_finding_that_comes_twice_has_two_anchors(undrawn: None) -> None:
    twice = tuple(Finding("GST-E01", "tip", {"solution": name, "reason": "x"}) for name in ("a", "b"))
    ids = [attributes.get("id") for _, attributes in Reader(page(told(findings=twice), "en")).elements]
    assert "GST-E01" in ids
    assert "GST-E01-2" in ids


def test_a_record_older_than_its_sentence_is_still_shown(undrawn: None) -> None:
    old = (Finding("GST-OLD9", "issue", {"fax": 7}), Finding("GST-E01", "tip", {"only": "this"}))
    text = Reader(page(told(findings=old), "en")).text
    assert "fax: 7" in text
    assert "only: this" in text


def test_numbers_in_german_findings_are_written_as_germans_do() -> None:
    weak = next(f for f in stories.EXPERIMENT.findings if f.code == "GST-M02")
    assert "5,16" in weak.text("de")
    assert "−0,40" in weak.text("de")
    assert "-0.40" in weak.text("en")


def test_data_method_card_and_trail_say_what_the_reader_can_check(undrawn: None) -> None:
    text = Reader(page(stories.QUALIFIES, "en")).text
    for expected in (
        "Telco-Customer-Churn.csv customers 7,043 3",
        "5401287312",
        stories.SNAPSHOT.digest,
        "1.25% (2.5% / (k(k+1))",
        "1.6359",
        "success",
        "worthwhile (0.2 -> 0.5)",
        "churn-by-region did not pay 20 November 2026",
        "Contract = 'Month-to-month' and tenure < 12",
        "customer-success",
        "Ledger begun 2 November 2026",
        f"{stories.HEAD.hash} (row 41)",
        *(step.id for step in stories.TRAIL),
    ):
        assert expected in text


@both
def test_without_an_opening_no_level_is_claimed(language: str, undrawn: None) -> None:
    text = Reader(page(stories.PREVIEW, language)).text
    assert sentences()["method.level"][language] not in text
    assert sentences()["evidence.preview"][language] in text


def test_a_language_the_house_does_not_speak_is_refused() -> None:
    with pytest.raises(Refused):
        page(stories.QUALIFIES, "fr")


# Every number comes from the records.

INSTEAD = {  # of these the page shows another record's figure, or only what is made of them
    "experiment.margins": "the verdict's margins",
    "experiment.detectable": "the verdict's",
    "experiment.units_needed": "the verdict's",
    "experiment.flips": "the verdict's",
    "experiment.units_test": "the opening's units",
    "verdict.flips.0.stated": "the amount as the case states it",
    "experiment.findings": "sentences round their facts",
    "verdict.findings": "sentences round their facts",
    "batches": "findings' facts; rows are tested by name above",
    "opening.count": "the verdict's openings",
    "opening.level": "the verdict's level",
    "opening.sketch": "no figure",
    "question.options": "no figure",
}


def leaves(content: Any, path: str = "") -> Iterator[str]:
    """Paths of all numbers in a story."""
    if any(path.startswith(skipped) for skipped in INSTEAD):
        return
    if is_dataclass(content):
        for field in fields(content):
            yield from leaves(getattr(content, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(content, tuple):
        for place, value in enumerate(content):
            yield from leaves(value, f"{path}.{place}")
    elif isinstance(content, (int, float)) and not isinstance(content, bool):
        yield path


def changed(content: Any, path: list[str]) -> Any:
    """The same content with one number replaced by another one."""
    if not path:
        return content * 3 + 1 if isinstance(content, int) else content * 1.7 + 0.31
    head, *rest = path
    if is_dataclass(content) and not isinstance(content, type):
        return replace(content, **{head: changed(getattr(content, head), rest)})
    if isinstance(content, Mapping):
        key = next(k for k in content if ".".join(path).startswith(k))
        return {**content, key: changed(content[key], ".".join(path)[len(key) + 1 :].split(".") if rest else [])}
    place = int(head)
    return (*content[:place], changed(content[place], rest), *content[place + 1 :])


def test_a_changed_number_in_any_record_changes_the_page(undrawn: None) -> None:
    case = replace(stories.CHURN, tolerance=0.2, worst=40.0, capacity=900.0, baseline_cost=120.0, holdback=0.05)
    story = replace(stories.QUALIFIES, question=replace(case, horizon_days=30.0))
    before = page(story, "en")
    paths = list(leaves(story))
    assert len(paths) > 120
    assert [path for path in paths if page(changed(story, path.split(".")), "en") == before] == []


@every
@both
def test_no_number_stands_on_the_page_that_was_not_written_from_a_record(
    name: str, language: str, undrawn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    for function in ("number", "count", "exact", "percent", "money", "price", "day", "month"):
        monkeypatch.setattr(wording, function, spy(getattr(wording, function), written))
    story = stories.ALL[name]
    text = Reader(page(story, language)).text
    told = [*written, *texts_of(story), *(entry[language] for entry in sentences().values())]
    told += [evidence.finding_text(finding, language) for finding in story.findings]
    known = {digits for one in told for digits in re.findall(r"\d[\d.,]*", one)}
    known |= {digits.rstrip(".,") for digits in known}
    assert [found for found in re.findall(r"\d[\d.,]*", text) if found.rstrip(".,") not in known] == []


def spy(function: Any, written: list[str]) -> Any:
    def told(*args: Any, **kwargs: Any) -> str:
        text = function(*args, **kwargs)
        written.append(text)
        return text

    return told


def texts_of(content: Any) -> Iterator[str]:
    """All texts and whole numbers that stand in a story as they are."""
    if is_dataclass(content):
        for field in fields(content):
            yield from texts_of(getattr(content, field.name))
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from (str(key), *texts_of(value))
    elif isinstance(content, tuple):
        for value in content:
            yield from texts_of(value)
    elif isinstance(content, (str, int)):
        yield str(content)


# Nothing that a case or a table says can become part of the page's markup.

PLANTED = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}</style></svg>"


@every
def test_markup_in_a_case_a_column_or_a_name_stays_text(name: str) -> None:
    story = planted(stories.ALL[name], PLANTED)
    written = page(story, "en")
    read = Reader(written)
    assert "<script" not in written
    assert not {tag for tag, _ in read.elements} & {"script", "img"}
    assert "49" not in read.first_text.split()
    assert "{{ 7 * 7 }}" in read.text


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.text(min_size=1, max_size=60), st.sampled_from(LANGUAGES))
def test_odd_texts_never_break_the_page(text: str, language: str) -> None:
    read = Reader(page(planted(stories.QUALIFIES, text), language))
    assert read.open == []
    assert [attributes["id"] for attributes in read.of("section")][-1] == "trail"


def planted(story: stories.Story, text: str) -> stories.Story:
    """A story that says the text wherever a person or a table can say something."""
    case = replace(
        story.question,
        name=text,
        question=text,
        decision=text,
        baseline=text,
        affects=text,
        period=text,
        risk=text,
        signed_by=(text, text),
        ignore=(text,),
        data={text: text},
    )
    said = Figure(text, "bar", {"en": text, "de": text}, {text: (text, "b"), "y": (1.0, 2.0)}, text, "y")
    weak = Finding("GST-M01", "issue", dict.fromkeys(("column", "value", "winner", "baseline"), text))
    run = replace(story.experiment, figures=(said,), findings=(weak, Finding(text, "tip", {text: text})))
    return replace(
        story,
        question=case,
        experiment=run,
        project=text,
        currency=text,
        edits=(text,),
        tried=(stories.Attempt(text, text, text, text),),
        trail=(stories.Step(text, text, text),),
        snapshot=replace(story.snapshot, versions={text: text}, rows={text: 1}),
        batches=(replace(stories.BATCH, table=text, source=text),),
    )


def told(**parts: Any) -> stories.Story:
    return replace(stories.QUALIFIES, experiment=replace(stories.EXPERIMENT, **parts))


# The words and the colours.


def test_every_sentence_speaks_both_languages_with_the_same_facts() -> None:
    for key, entry in sentences().items():
        assert set(entry) == {"en", "de"}, key
        english, german = ({name for _, name, _, _ in Formatter().parse(entry[each]) if name} for each in LANGUAGES)
        assert english == german, key


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("ink", "paper"),
        ("soft", "paper"),
        ("accent", "paper"),
        ("ink", "wash"),
        ("soft", "wash"),
        ("accent", "wash"),
        ("mark", "wash"),
        ("on-accent", "accent"),
    ],
)
def test_all_text_has_the_contrast_that_wcag_asks_for(front: str, back: str) -> None:
    style = files("grundstein.approval").joinpath("templates", "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))
    light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_records_made_by_hand_are_records() -> None:
    assert len({record_id(record) for record in (stories.EXPERIMENT, stories.VERDICT, stories.SNAPSHOT)}) == 3
