"""Whatever a person types is words; what is added to the words has a weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.errors import Refused
from grundstein.tools.retrieval import asking, blending, spaces
from grundstein.tools.retrieval.index import Document, Index, Shape

ANIMALS = ("cat kitten whiskers purr", "dog puppy bark leash", "ship harbour anchor sail", "bread oven flour yeast")
PAGES = [
    Document(
        f"{subject}-{number}", f"Note {number}", " ".join(np.random.default_rng(number).permutation(words.split())[:3])
    )
    for subject, words in enumerate(ANIMALS)
    for number in range(12)
]


def made(shape: Shape | None = None) -> Index:
    index = Index(shape or Shape(("en",)))
    index.become(PAGES)
    return index


INDEX = made()


def asked(text: str | None) -> list[str]:
    return INDEX.keys_of(INDEX.find(asking.words(INDEX, asking.question_of(INDEX, text)), 20).slots)


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=60))
def test_nothing_that_is_typed_can_fail(text: str) -> None:
    asked(text)
    asking.pairs(INDEX, asking.question_of(INDEX, text))


@pytest.mark.parametrize(
    "text", ['"cat', "cat:", "title:cat", "cat AND", "+cat -", "(cat", "cat~ [a TO b]", "cat^", "\\cat"]
)
def test_signs_of_query_languages_are_no_signs_here(text: str) -> None:
    assert all(name.startswith("0-") for name in asked(text))
    assert asked(text)


@pytest.mark.parametrize("text", [None, "", "   ", "the of and", "?!"])
def test_a_question_without_words_finds_nothing(text: str | None) -> None:
    assert asking.question_of(INDEX, text).empty
    assert asked(text) == []


def test_a_question_of_a_hundred_thousand_words_is_cut_to_what_tells_most() -> None:
    text = "puppy " + " ".join(f"filler{number}" for number in range(100_000)) + " leash"
    question = asking.question_of(INDEX, text)
    assert question.cut
    assert len(question.terms["en"]) <= 2 * asking.MOST_TERMS
    common = " ".join(f"word{number} cat dog" for number in range(100_000))
    assert {name[0] for name in asked(common)} == {"0", "1"}


def test_a_query_language_is_there_for_those_who_ask_for_it() -> None:
    def parsed(text: str) -> list[str]:
        return INDEX.keys_of(INDEX.find(asking.parsed(INDEX, text), 50).slots)

    assert parsed("title:3") == [f"{subject}-3" for subject in range(4)]
    assert all(name.startswith("0") for name in parsed("cat -kitten"))
    assert not {"cat", "kitten"} <= set(" ".join(d.text for d in PAGES if d.key in parsed("cat -kitten")).split())
    phrase = PAGES[0].text
    assert "0-0" in parsed(f'"{phrase}"')
    assert parsed("-cat") == []
    with pytest.raises(Refused, match="author"):
        parsed("author:me")


def test_meaning_finds_what_shares_no_word() -> None:
    space = spaces.learn_meaning(spaces.sampled(INDEX), 1)
    assert space is not None
    cloud = spaces.Cloud(space)
    said = blending.spoken(INDEX, "kitten", ("meaning",), {"meaning": cloud})
    ranked = INDEX.keys_of(blending.ranked(said, blending.Recipe({"meaning": 1.0}), 12).slots)
    assert {name[0] for name in ranked} == {"0"}
    without = {d.key for d in PAGES if d.key.startswith("0") and "kitten" not in d.text}
    assert without & set(ranked)


def test_a_space_is_kept_as_it_is_used(tmp_path) -> None:  # type: ignore[no-untyped-def]
    space = spaces.learn_words(spaces.sampled(INDEX), 1)
    assert space is not None
    space.save(tmp_path / "space.npz")
    again = spaces.Space.load(tmp_path / "space.npz")
    texts = [["en:cat", "en:kitten"], [], ["en:unknown"]]
    assert np.array_equal(space.points(texts), again.points(texts))
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "space.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_too_small_a_corpus_spans_no_space() -> None:
    assert spaces.learn_meaning([["a"], ["b"]], 1) is None
    assert spaces.learn_words([], 1) is None


def test_a_cloud_follows_the_index() -> None:
    index = made()
    space = spaces.learn_meaning(spaces.sampled(index), 1)
    assert space is not None
    cloud = spaces.Cloud(space)
    before = cloud.read(index).copy()
    index.put([Document("new", "", "cat kitten")])
    assert len(cloud.read(index)) == len(before) + 1
    index.become(PAGES[:5])
    assert len(cloud.read(index)) == len(index.documents)
    said = blending.spoken(index, "cat", ("meaning",), {"meaning": cloud})
    assert "new" not in index.keys_of(said.slots)
