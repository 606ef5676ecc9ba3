"""`judge` at the door: put down, previewed, what is missing; then the verdict, one JSON document, three-line errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doors import customers

if TYPE_CHECKING:
    from doors import Door

CASE = """\
question: Who leaves?
task: predict
data: customers
target: leaves
positive: "Yes"
baseline: tenure < 12
money: {act_on_yes: 120, act_on_no: -60}
worthwhile: 1
"""


def test_put_down_first_and_judged_once_the_outcomes_have_come(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grundstein.flow.pinning.BUDGET", 1)
    header, *rows = customers(900).splitlines()
    door.write("known.csv", "\n".join([header, *rows[:600]]) + "\n")
    door.write("later.csv", "\n".join([header, *rows[600:]]) + "\n")
    said = [f"{row.split(',')[0]},{row.split(',')[-1]}" for row in rows[600:]]
    answers = door.write("vendor.csv", "\n".join(["customer,answer", *said]) + "\n")
    assert door("init").code == 0
    assert door("ingest", "known.csv", "--table", "customers").code == 0
    door.write("cases/leaving.yaml", CASE)

    first = door("judge", answers, "--case", "leaving")
    assert first.code == 0, first.err
    for label in ("Answers", "Deposit", "PREVIEW", "Noticed", "Next"):
        assert f"\n{label} " in "\n" + first.out
    assert "300 units, by customer; 300 of them to units that are not there yet" in first.out
    assert "as soon as 30 more outcomes have come" in first.out
    assert "none: it answers no development row" in first.out

    told = door("judge", answers, "--case", "leaving", "--json").document
    assert (told["verdict"], told["missing"], told["deposit"]["new"]) == (None, 30, False)

    assert door("ingest", "later.csv", "--table", "customers").code == 0
    told = door("judge", answers, "--case", "leaving", "--json").document
    assert (told["verdict"], told["units"], told["openings"]) == ("qualifies", 300, 1)
    assert set(told["gains"]) == set(told["margins"])
    shown = door("judge", answers, "--case", "leaving")
    assert "VERDICT" in shown.out
    assert "reports/leaving.vendor.en.html" in shown.out
    assert door("audit").code == 0


@pytest.mark.parametrize("words", [["judge", "a.csv"], ["judge", "--case", "c"]])
def test_a_judge_that_is_not_written_right_ends_with_2(door: Door, words: list[str]) -> None:
    assert door(*words).code == 2


def test_outside_a_project_judge_says_how_to_begin(door: Door) -> None:
    said = door("judge", "a.csv", "--case", "c")
    assert said.code == 1
    assert "grundstein init" in said.err
