"""Text files say their encoding by their bytes; what they do not know is put aside, never guessed."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.lake.reading.encoding import decode

GERMAN = "Größe;Straße;Köln;Übung;Äpfel;Müller;schön"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
@settings(max_examples=100, deadline=None)
def test_utf8_with_or_without_a_mark_is_read_as_written(text):
    assert decode(("x" + text).encode()).text == "x" + text
    assert decode(codecs.BOM_UTF8 + text.encode()).text == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_wide_encodings_are_found_with_and_without_a_mark(encoding):
    found = decode(GERMAN.encode(encoding))
    assert found.text == GERMAN
    assert found.sure


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_old_western_encodings_are_told_apart_by_the_words_they_make(encoding):
    found = decode((GERMAN * 3).encode(encoding))
    assert (found.text, found.encoding, found.sure) == (GERMAN * 3, encoding, False)


def test_signs_between_words_do_not_speak_against_windows():
    text = "Beleg – Inhalt; “quoted” it’s 5 € – Inhalt " * 5
    assert decode(text.encode("cp1252")).text == text


def test_single_bad_bytes_in_utf8_stay_single():
    found = decode("Köln Ulm Größe ".encode() * 5 + b"M\xfcller")
    assert found.encoding == "utf-8"
    assert found.undecoded == 1


def test_half_a_character_at_the_end_of_a_wide_file_is_not_lost():
    found = decode(GERMAN.encode("utf-16") + b"\xff")
    assert found.text.startswith(GERMAN)
    assert found.undecoded == 1


def test_an_encoding_that_a_person_names_is_used_even_against_a_mark():
    assert decode("äö".encode("utf-16"), "utf-16").text == "äö"
    assert decode(codecs.BOM_UTF16_BE + "äö".encode("utf-16-be"), "utf-16").text == "äö"
    assert decode("ä".encode(), "cp1252").text == "Ã¤"


def test_bytes_that_a_named_encoding_cannot_hold_are_refused_or_marked():
    with pytest.raises(Refused, match="byte 2 of the file"):
        decode(b"a\x1b$Z", "iso2022_jp")
    assert decode(b"a\xff", "ascii").undecoded == 1
