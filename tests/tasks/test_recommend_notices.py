"""What a recommend case says of its own data and of its lists, in both languages, in aggregates only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from example_seals import live_of, seal_for

from grundstein.tasks.recommend import TASK, leaking, reach
from grundstein.tasks.recommend.options import reading

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.case import Case
    from grundstein.core.findings import Finding
    from grundstein.core.task import Data

DAY = 86_400_000_000


def told(case: Case, data: Data) -> dict[str, Finding]:
    found = {one.code: one for one in TASK.findings(case, data, list(TASK.folds(data, case, 1)))}
    for one in found.values():
        assert one.text("en") != one.text("de")
    return found


def drifting() -> tuple[Case, Data]:
    """Readers who all follow what is new: who read it at the same time says what else is read then."""
    rng = np.random.default_rng(1)
    day = np.sort(rng.integers(0, 300, 6000))
    data = {
        "reader": [f"u{n:03d}" for n in rng.integers(0, 120, 6000)],
        "article": [f"a{n:03d}" for n in day // 6 * 2 + rng.integers(0, 6, 6000)],
        "at": pa.array(day * DAY, pa.int64()).cast(pa.timestamp("us", "UTC")),
    }
    case, _ = TASK.example(1, True)
    return replace(case, data={"events": "reading"}), {"events": pa.table(data)}


def test_the_figure_shrinks_as_less_of_the_future_leaks_into_the_test() -> None:
    case, data = drifting()
    rows = {row.way: row.likeness for row in leaking.leaks(data["events"], reading(case))}
    assert rows["random"] > rows["time"] + 0.1
    assert told(case, data)["GST-V02"].section == "tip"
    [picture] = [leaking.picture(leaking.leaks(data["events"], reading(case)), reading(case))]
    assert picture.columns["test"] == ("random", "random", "last", "last", "time", "time")
    assert set(picture.labels["random"]) == {"en", "de"}


def test_on_real_films_each_step_away_from_the_future_costs(shared_data: Path) -> None:
    lines = np.loadtxt(shared_data / "recommender" / "ml-100k" / "u.data", dtype=np.int64)
    at = pa.array(lines[:, 3] * 1_000_000, pa.int64()).cast(pa.timestamp("us", "UTC"))
    table = pa.table({"reader": lines[:, 0], "article": lines[:, 1], "at": at})
    random, last, time = leaking.leaks(table, reading(drifting()[0]))
    assert random.likeness > 1.5 * last.likeness
    assert last.likeness > time.likeness


def test_a_drawn_test_part_is_an_issue_and_nothing_else_is_said_of_leaks() -> None:
    case, data = drifting()
    found = told(replace(case, split="random"), data)
    assert found["GST-V01"].section == "issue"
    assert "GST-V02" not in found


def test_who_could_be_judged_is_counted() -> None:
    case, data = TASK.example(1, True)
    facts = told(case, data)["GST-V03"].facts
    folds = list(TASK.folds(data, case, 1))
    assert facts["asked"] == sum(fold.questions.num_rows for fold in folds)
    assert facts["strangers"] <= facts["asked"]
    assert "GST-V04" in told(replace(case, options={**case.options, "asked": "item"}), data)


def test_items_that_the_catalogue_lacks_or_the_rules_hide_are_counted() -> None:
    case, data = TASK.example(1, True)
    kept = data["items"].slice(0, 100).append_column("kind", pa.array(["x", None] * 50))
    fewer = {**data, "items": kept}
    asked = replace(case, options={**case.options, "never": "article < 'A-010'", "properties": "kind"})
    found = told(asked, fewer)
    assert found["GST-V05"].facts == {"lacking": 20, "items": 120}
    assert found["GST-V06"].facts == {"shown": 90, "items": 100}
    assert found["GST-V07"].facts == {"bare": 45, "items": 90}
    nothing = told(replace(case, options={**case.options, "only": "article = 'none'"}), fewer)
    assert nothing["GST-V06"].section == "issue"


def test_right_answers_that_nobody_had_chosen_before_ask_for_texts() -> None:
    case, data = drifting()
    assert told(case, data)["GST-V08"].section == "tip"
    case, data = TASK.example(1, True)
    assert "GST-V08" not in told(case, data)


def test_the_reach_of_lists_is_what_it_says() -> None:
    case, data = TASK.example(2, True)
    split = TASK.seal(data, case, seal_for(case, data, TASK))
    live = live_of(TASK, split.development)
    popular = TASK.baseline(case).fit(split.development, 1).answer(split.questions, live)
    found = reach.reached(reading(case), split, popular)
    liked = next(iter(TASK.candidates(case, 1))).fit(split.development, 1).answer(split.questions, live)
    other = reach.reached(reading(case), split, liked)
    assert 0 < found["coverage"] < other["coverage"] <= 1
    assert other["novelty"] > found["novelty"] > 0
    assert found["popular_shown"] > other["popular_shown"]
    assert found["popular_chosen"] == pytest.approx(other["popular_chosen"])
    nothing = next(iter(TASK.trivial(case))).answer(split.questions, live)
    assert set(reach.reached(reading(case), split, nothing).values()) == {0.0}


def test_every_figure_speaks_both_languages() -> None:
    case, data = TASK.example(2, True)
    split = TASK.seal(data, case, seal_for(case, data, TASK))
    figures = TASK.figures(case, split, TASK.perfect(case, split))
    assert [figure.name for figure in figures] == ["places", "history", "reach", "leaks"]
    for figure in figures:
        for words in (figure.title, *figure.labels.values()):
            assert set(words) == {"en", "de"}
