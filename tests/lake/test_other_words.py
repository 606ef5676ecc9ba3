"""A column may be said in fewer or more words in its place; a name of other words is never guessed."""

from __future__ import annotations

import pytest

from grundstein.core.contract import Column, Contract
from grundstein.lake.contracts import other_words

CONTRACT = Contract("spend", tuple(Column(name, "text") for name in ("Body", "Area", "Date", "Net Amount", "Supplier")))


def names(here: str) -> list[str]:
    return ["Body", "Area", "Date", here, "Supplier"]


@pytest.mark.parametrize("here", ["Amount", "net amount", "NET_AMOUNT", "Net Amount (GBP)"])
def test_fewer_or_more_words_in_the_same_place_are_the_same_column(here):
    assert other_words(names(here), CONTRACT) == {here: "Net Amount"}


@pytest.mark.parametrize("here", ["Gross Amount", "VAT", "Net", "", "Amount paid"])
def test_a_name_of_other_words_is_never_taken_for_it(here):
    assert other_words(names(here), CONTRACT) == ({} if here != "Net" else {"Net": "Net Amount"})


def test_a_column_in_another_place_or_beside_one_more_is_never_renamed():
    assert other_words(["Body", "Area", "Amount", "Date", "Supplier"], CONTRACT) == {}
    assert other_words([*names("Amount"), "More"], CONTRACT) == {}


def test_more_than_a_third_of_the_names_in_other_words_is_another_table():
    assert other_words(["The Body", "The Area", "Date", "Amount", "Supplier"], CONTRACT) == {}
