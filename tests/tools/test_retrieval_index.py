"""What an index of documents promises while they change."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.tools.retrieval import asking, languages
from grundstein.tools.retrieval.compounds import parts_of
from grundstein.tools.retrieval.index import Document, Index, Shape
from grundstein.tools.retrieval.snippets import snippet

GERMAN = Shape(("de",))
PAGES = (
    Document("a", "Kündigung", "Die Kündigung des Arbeitsverhältnisses muss schriftlich erfolgen.", {"law": "BGB"}),
    Document(
        "b", "Urlaub", "Jeder Arbeitnehmer hat in jedem Kalenderjahr Anspruch auf bezahlten Urlaub.", {"law": "U"}
    ),
    Document("c", "Häuser", "Wer Häuser vermietet, haftet für die Straße davor.", {"law": "BGB"}),
)


def index_of(*documents: Document, shape: Shape = GERMAN) -> Index:
    one = Index(shape)
    one.become(documents)
    return one


def found(index: Index, text: str, depth: int = 10) -> list[str]:
    query = asking.words(index, asking.question_of(index, text))
    return index.keys_of(index.find(query, depth).slots)


def test_words_are_found_in_other_forms_and_umlauts_however_they_are_spelled() -> None:
    index = index_of(*PAGES)
    for text in ("Kündigungen", "KÜNDIGUNG", "kundigung", "Kuendigung"):
        assert found(index, text) == ["a"], text
    assert found(index, "Haus") == found(index, "haeuser") == found(index, "strasse") == ["c"]


def test_a_document_that_was_dropped_is_never_found_again() -> None:
    index = index_of(*PAGES)
    index.drop(["a", "never there"])
    assert found(index, "Kündigung") == []
    assert len(index) == 2
    assert index.slot("a") is None
    index.put([PAGES[0]])
    assert found(index, "Kündigung") == ["a"]


def test_a_document_that_comes_again_replaces_itself() -> None:
    index = index_of(*PAGES)
    index.put([Document("a", "Probezeit", "Während der Probezeit gilt eine kürzere Frist.")])
    assert found(index, "Kündigung") == []
    assert found(index, "Probezeit") == ["a"]
    assert len(index) == 3


texts = st.text("abcde ", max_size=12)
states = st.lists(st.dictionaries(st.sampled_from("uvwxyz"), texts, max_size=6), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None)
@given(states)
def test_an_index_that_followed_every_change_finds_what_a_fresh_one_finds(history: list[dict[str, str]]) -> None:
    plain = Shape(("xx",))
    index = Index(plain)
    for state in history:
        index.become(Document(key, "", text) for key, text in state.items())
    fresh = index_of(*(Document(key, "", text) for key, text in history[-1].items()), shape=plain)
    words = {word for state in history for text in state.values() for word in text.split()}
    for word in words:
        assert sorted(found(index, word)) == sorted(found(fresh, word))
    assert len(index) == len(fresh) == len(history[-1])


def test_a_thousand_equal_documents_come_in_the_order_of_their_arrival() -> None:
    index = index_of(*(Document(f"d{number}", "", "das gleiche Haus") for number in range(1_000)))
    assert found(index, "Haus", 1_000) == [f"d{number}" for number in range(1_000)]
    assert found(index, "Haus", 7) == [f"d{number}" for number in range(7)]
    index.drop(["d0", "d3"])
    assert found(index, "Haus", 3) == ["d1", "d2", "d4"]


def test_documents_without_text_are_there_and_not_found() -> None:
    index = index_of(*PAGES, Document("empty", "", ""), Document("signs", "", "... --- !"))
    assert len(index) == 5
    assert sorted(found(index, "Kündigung Urlaub Häuser")) == ["a", "b", "c"]


def test_an_empty_index_finds_nothing() -> None:
    index = Index(GERMAN)
    assert found(index, "Haus") == []
    index.become(PAGES)
    index.become([])
    assert found(index, "Haus") == []
    assert len(index) == 0


def test_a_search_is_narrowed_by_a_value() -> None:
    index = index_of(*PAGES, shape=Shape(("de",), values=("law",)))
    query = asking.words(index, asking.question_of(index, "Kündigung Urlaub Häuser"))
    assert sorted(index.keys_of(index.find(query, 9, {"law": "BGB"}).slots)) == ["a", "c"]
    assert index.keys_of(index.find(query, 9, {"law": ["U"]}).slots) == ["b"]
    assert index.keys_of(index.find(query, 9, {"law": "none"}).slots) == []
    with pytest.raises(Refused, match="year"):
        index.find(query, 9, {"year": "2020"})


def test_compounds_are_found_by_their_parts() -> None:
    text = [
        "Der Schutz des Mieters",
        "Schutz der Kündigung",
        "Kündigung und Schutz",
        "Die Kündigung",
        "Schutz, Kündigung",
    ]
    parts = parts_of([*text, "Kündigungsschutz"], "de")
    assert {"kündigung", "kündigungs", "schutz"} <= set(parts)
    assert parts_of(text, "en") == ()
    index = index_of(Document("k", "", "Kündigungsschutzes"), *PAGES, shape=Shape(("de",), parts))
    question = asking.question_of(index, "Schutz")
    assert found(index, "Schutz") == []
    assert index.keys_of(index.find(asking.parts(index, "Schutz", question), 5).slots) == ["k"]


def test_a_word_that_is_itself_joined_is_no_part() -> None:
    texts = ["Arbeit Recht Arbeitsrecht"] * 3
    assert "arbeitsrecht" not in parts_of(texts, "de")


def test_three_languages_stand_side_by_side() -> None:
    pages = (
        Document("de", "", "Die Kündigung des Vertrages ist nur mit einer Frist von drei Monaten zulässig."),
        Document("en", "", "The termination of the contract is only possible with a notice of three months."),
        Document("fr", "", "La résiliation du contrat n'est possible que dans un délai de trois mois."),
    )
    told = languages.languages_of([page.whole for page in pages])
    assert sorted(told) == ["de", "en", "fr"]
    index = index_of(*pages, shape=Shape(told))
    assert found(index, "Kündigungen")[0] == "de"
    assert found(index, "terminations of contracts")[0] == "en"
    assert found(index, "résiliations des contrats")[0] == "fr"


def test_a_corpus_without_words_has_no_language() -> None:
    assert languages.languages_of(["4711", "", "0815 0816 0817"]) == ("xx",)
    assert languages.languages_of([]) == ("xx",)


def test_an_unknown_language_is_refused_with_the_nearest() -> None:
    assert languages.checked("German") == "de"
    with pytest.raises(Refused, match="klingon"):
        languages.checked("klingon")


def test_a_missing_library_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(languages, "import_module", missing)
    with pytest.raises(Refused) as refused:
        Index(GERMAN)
    assert "grundstein[search]" in refused.value.next_step


def test_a_snippet_marks_what_was_looked_for() -> None:
    index = index_of(*PAGES)
    query = asking.words(index, asking.question_of(index, "Straßen"))
    piece = snippet(index, query, PAGES[2])
    assert [piece.text[start:end] for start, end in piece.marked] == ["Straße"]
    assert "[Straße]" in piece.shown()
    assert snippet(index, None, PAGES[2]).marked == ()
