"""What `explore` promises: groups that are found again or none, repetitions, named things, and nothing invented."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.errors import Refused
from grundstein.tasks.explore import TASK
from grundstein.tasks.explore.building import archive_of
from grundstein.tasks.explore.options import plan_of
from grundstein.tasks.explore.quality import findings_of
from grundstein.tasks.explore.tables import tables_of
from grundstein.tools.archive import chart, entities
from grundstein.tools.archive.alike import alike_of
from grundstein.tools.archive.entities import Gazetteer, entities_of
from grundstein.tools.archive.telling import outcome_of, sentences_of, summary_of
from grundstein.tools.archive.trends import trend_of, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.tasks.explore.building import Archive


class Silent:
    def step(self, text: str) -> None:
        pass


def case(**options: Any) -> Case:
    fields = {"id": "id", "title": "title", "text": "text", **options}
    return Case("archive", "What was tried?", "explore", {"corpus": "reports"}, fields, time="year")


def archive(texts: Sequence[str], draw: bool = False, **columns: Any) -> Archive:
    count = len(texts)
    rows = {"id": [f"d{n}" for n in range(count)], "title": [""] * count, "text": list(texts)}
    rows["year"] = [2000 + n % 20 for n in range(count)]
    return archive_of(pa.table({**rows, **columns}), None, plan_of(case()), 1, Silent(), draw)


def codes(found: Archive) -> set[str]:
    return {one.code for one in findings_of(found)}


def test_subjects_are_found_as_groups_and_their_words_name_them() -> None:
    about, data = TASK.example(3, True)
    found = archive_of(data["corpus"], None, plan_of(about), 1, Silent(), draw=False)
    areas = data["corpus"]["area"].to_pylist()
    assert len(found.groups.names) == 4
    pairs = {(area, int(group)) for area, group in zip(areas, found.groups.of, strict=True)}
    assert len(pairs) == 4
    assert all(" · " in name for name in found.groups.names)
    assert "GST-B03" in codes(found)


@pytest.mark.parametrize("seed", [1, 2])
def test_words_dealt_at_random_make_no_groups(seed: int) -> None:
    about, data = TASK.example(seed, False)
    found = archive_of(data["corpus"], None, plan_of(about), seed, Silent(), draw=False)
    assert not found.groups.found
    assert "GST-B12" in codes(found)
    assert set(found.groups.of) == {-1}


def test_a_thousand_copies_are_one_document_repeated_and_make_no_group() -> None:
    found = archive(["The corrosion test of the coating failed after ninety days in salt water."] * 1_000)
    assert found.alike.copies.sum() == 999
    assert set(found.alike.first) == {0}
    assert not found.groups.found


@pytest.mark.parametrize(
    "texts", [["One report on coatings, nothing else."], ["", "", ""], ["?!", "1 2 3"], [" "] * 60]
)
def test_one_document_and_empty_ones_are_an_archive_too(texts: list[str]) -> None:
    found = archive(texts, draw=True)
    assert not found.groups.found
    assert found.chart is None
    assert "GST-B04" in codes(found)
    assert tables_of(found, "a", "b")["a_documents"].num_rows == len(texts)


def test_three_languages_are_said() -> None:
    spoken = [
        "Der Bericht zeigt, dass die Anlage nicht so läuft, wie es für das Werk nötig ist.",
        "The report shows that the plant does not run as it should for all of the works.",
        "Le rapport montre que cette installation ne fonctionne pas comme il le faudrait pour nous.",
    ]
    found = archive([f"{spoken[n % 3]} {n}" for n in range(60)])
    assert {"de", "en"} <= set(found.languages)
    assert "GST-B07" in codes(found)


def test_two_documents_of_one_name_are_refused() -> None:
    with pytest.raises(Refused, match="twice"):
        archive(["a b c", "d e f"], id=["same", "same"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": ""}, "which column is `id`"),
        ({"title": "", "text": ""}, "nothing is named"),
        ({"groups": 1}, "2 or more"),
    ],
)
def test_a_case_that_cannot_be_explored_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        plan_of(case(**wrong))


def test_an_archive_decides_nothing_and_takes_no_money() -> None:
    assert list(TASK.candidates(case(), 9)) == []
    with pytest.raises(Refused, match="nothing is decided"):
        plan_of(replace(case(), baseline="1 = 1"))


def test_references_join_documents_and_those_that_lead_out_are_counted() -> None:
    rows = pa.table({"id": ["a", "b"], "title": ["x y z", "u v w"], "text": ["", ""], "year": [2001, 2002]})
    edges = pa.table({"source": ["b", "b", "b", "b"], "target": ["a", "a", "b", "gone"]})
    found = archive_of(rows, edges, plan_of(case()), 1, Silent(), draw=False)
    assert found.references == [(1, 0)]
    assert found.unknown_references == 1
    assert "GST-B11" in codes(found)


def test_an_id_that_stands_in_another_text_is_a_reference_and_a_plain_number_is_none() -> None:
    ids = ["R-0001", "R-0002", "1999"]
    texts = ["As r-0002 said in 1999.", "See R-0002, not R-00021.", "Nothing."]
    assert archive(texts, id=ids).references == [(0, 1)]


def test_the_years_of_dates_texts_and_numbers_are_read_and_others_are_none() -> None:
    found = archive(["a b c d e f"] * 4, year=["1999-04-01", "2003", "soon", None])
    assert found.corpus.years.tolist() == [1999, 2003, -1, -1]


def test_nearly_equal_texts_are_found_and_different_ones_are_not() -> None:
    words = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)]
    one, other = " ".join(words[:120]), " ".join(words[200:320])
    changed = " ".join([*words[:119], "else"])
    found = alike_of([one, other, changed], 1)
    assert found.first.tolist() == [0, 1, 0]
    assert 0.9 < found.likeness[2] < 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(alphabet="abc \n.", max_size=40), min_size=1, max_size=8))
def test_a_repetition_names_an_earlier_document_that_repeats_none(texts: list[str]) -> None:
    found = alike_of(texts, 3)
    for row, first in enumerate(found.first.tolist()):
        assert first <= row
        assert found.first[first] == first


def test_a_summary_holds_sentences_of_the_text_only_and_in_their_order() -> None:
    text = (
        "The coating was applied in layers. Lunch was served at noon. The coating and its layers resist corrosion. "
        "Somebody opened a window. Corrosion of the coating starts between its layers."
    )
    sentences = sentences_of(text)
    rarity = dict.fromkeys(("coating", "layers", "corrosion", "lunch", "window"), 1.0)
    made = summary_of(sentences, rarity)
    kept = [sentence for sentence in sentences if sentence in made]
    assert made == " ".join(kept)
    assert len(kept) == 2
    assert not any("Lunch" in sentence for sentence in kept)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We tried it. The trial failed.", "failed"),
        ("Der Versuch wurde abgebrochen. Danach gab es Kaffee.", "failed"),
        ("The method outperforms the old one.", "worked"),
        ("Die Ausbeute wurde verbessert.", "worked"),
        ("Results are in table 2.", "told"),
        ("It is raining.", ""),
    ],
)
def test_what_came_of_it_is_a_sentence_of_the_document(text: str, kind: str) -> None:
    found = outcome_of(sentences_of(text))
    assert found.kind == kind
    assert found.sentence in text


def test_numbers_count_as_named_only_where_their_check_digit_holds() -> None:
    text = (
        "ISBN 978-3-16-148410-0 or 978-3-16-148410-1, § 87 Abs. 1 BetrVG, 10.1000/xyz.12, 1.200 EUR, 2019-03-04, a@b.de"
    )
    named = {(one.kind, one.value) for one in entities_of(text)}
    assert ("isbn", "9783161484100") in named
    assert not any(value == "9783161484101" for _, value in named)
    assert {kind for kind, _ in named} >= {"law", "doi", "amount", "date", "mail"}


def test_names_that_the_case_brings_are_found_whatever_their_case_as_whole_words() -> None:
    found = list(Gazetteer(["Anna Berg", "Berg", "Zink"]).found("ANNA BERG und der Berg; verzinkt, Zink."))
    assert found == ["Anna Berg", "Berg", "Zink"]


def test_without_the_extra_there_is_no_map_and_no_checked_number_and_both_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chart, "find_spec", lambda _: None)
    monkeypatch.setattr(entities, "_checks", dict)
    about, data = TASK.example(3, True)
    found = archive_of(data["corpus"], None, plan_of(about), 1, Silent())
    assert found.chart is None
    assert {"GST-B09", "GST-B10"} <= codes(found)


def test_a_rising_share_is_told_from_an_even_one_and_from_too_few() -> None:
    years = np.repeat(np.arange(2000, 2010), 40)
    rng = np.random.default_rng(1)
    rising = rng.random(len(years)) < (years - 1999) / 20
    even = rng.random(len(years)) < 0.3
    assert trend_of(years, rising).direction == "up"
    assert trend_of(years, ~rising).direction == "down"
    assert trend_of(years, even).direction == "even"
    assert trend_of(years[:20], even[:20]).direction == "unknown"


@given(st.integers(0, 500), st.integers(1, 500))
@example(0, 77)
def test_the_range_of_a_share_holds_the_share(own: int, more: int) -> None:
    low, high = wilson(own, own + more)
    assert 0 <= low <= own / (own + more) <= high <= 1
