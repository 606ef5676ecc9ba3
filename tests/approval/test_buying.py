"""What building brought over buying: one paragraph and a row a candidate, in money, after prices and running costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_stories import CHURN, CHURN_OUTCOMES, QUALIFIES

from grundstein.approval.buying import advantage, buying
from grundstein.approval.report import page
from grundstein.core.case import Also
from grundstein.core.records import Gain, Outcome

VENDOR = Outcome("vendor", "outside", 7.0, {"roc_auc": 0.8, "acted": 0.3, "right": 0.15, "answered": 0.98})
ALSO = Also("vendor", endpoint="https://scores.example", price=0.02, running_cost=1_000.0)


def story(gain: Gain | None):
    told = QUALIFIES
    bought = {"vendor": gain} if gain else {}
    return replace(
        told,
        question=replace(CHURN, also=(ALSO,)),
        experiment=replace(told.experiment, outcomes=(*CHURN_OUTCOMES, VENDOR), bought=bought),
    )


def test_running_costs_of_both_are_taken_off() -> None:
    found = advantage(story(Gain(3.0, 2.0, 4.0)), "vendor")
    assert found is not None
    assert found.mean == pytest.approx(3.0 * 7043 - (8_000 - 1_000))


@pytest.mark.parametrize(
    ("gain", "said", "gesagt"),
    [
        (Gain(3.0, 2.0, 4.0), "Building is worth", "Das Selbstgebaute ist"),
        (Gain(-3.0, -4.0, -2.0), "building does not pay", "Der Eigenbau lohnt sich nicht"),
        (Gain(1.0, -1.0, 3.0), "cannot be told apart", "lassen sich nicht unterscheiden"),
        (None, "Nothing was built", "Es wurde nichts gebaut"),
    ],
)
def test_the_paragraph_says_who_is_worth_more_in_both_languages(gain: Gain | None, said: str, gesagt: str) -> None:
    for language, words in (("en", said), ("de", gesagt)):
        section = buying(story(gain), language)
        assert section is not None
        assert words in " ".join(section.lead)
        assert section.grids[0].rows[0][0] == "vendor"
        assert words in page(story(gain), language)


def test_where_nothing_is_brought_from_outside_the_page_is_silent_about_it() -> None:
    assert buying(QUALIFIES, "en") is None
    assert "Built or bought" not in page(QUALIFIES, "en")
