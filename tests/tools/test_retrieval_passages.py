"""Where sentences and passages begin and end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from grundstein.tools.retrieval.passages import LETTERS, passages, sentences


def told(text: str) -> list[str]:
    return [text[one.start : one.end] for one in sentences(text)]


def test_a_sentence_ends_where_a_sentence_ends() -> None:
    assert told("It rains. It pours! Why? Nobody knows…") == ["It rains.", "It pours!", "Why?", "Nobody knows…"]
    assert told('He said: "Go." Then he went.') == ['He said: "Go."', "Then he went."]
    assert told("One line\nwithout a stop") == ["One line\nwithout a stop"]


def test_abbreviations_numbers_and_initials_end_none() -> None:
    for text in (
        "Nach § 3 Abs. 2 Nr. 1 BGB haftet er.",
        "Das gilt z. B. für Äpfel.",
        "Am 3. Oktober 1990 war es so weit.",
        "Dr. J. Müller kam.",
        "See Fig. 3 and Smith et al. for more.",
        "It costs 3.50 per piece, i.e. little.",
    ):
        assert told(text) == [text]


def test_passages_keep_to_paragraphs_and_carry_their_heading() -> None:
    text = "# Vertrag\n\nErster Satz. Zweiter Satz.\n\n## Kündigung\nDritter Satz.\n\nVierter Satz."
    found = [(one.section, text[one.start : one.end]) for one in passages(text)]
    assert found == [
        ("Vertrag", "Erster Satz. Zweiter Satz."),
        ("Kündigung", "Dritter Satz."),
        ("Kündigung", "Vierter Satz."),
    ]


def test_a_long_paragraph_becomes_several_passages() -> None:
    text = "This sentence has exactly seven words here. " * 100
    found = passages(text)
    assert len(found) > 3
    assert all(one.end - one.start <= LETTERS for one in found)


@given(st.text("aB .!?\n#§\u00e4", max_size=80))
def test_nothing_is_lost_and_nothing_stands_twice(text: str) -> None:
    found = sentences(text)
    assert "".join("".join(text[one.start : one.end].split()) for one in found) == "".join(text.split())
    for one, other in pairwise(found):
        assert one.end <= other.start
    for one in passages(text):
        assert text[one.start : one.end] == text[one.start : one.end].strip() != ""
