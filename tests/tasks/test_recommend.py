"""What recommend promises beyond what every task does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from example_seals import Frozen, live_of, seal_for

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK
from grundstein.tasks.recommend.options import reading
from grundstein.tasks.recommend.popularity import Popularity

DAY = 86_400_000_000
CASE = Case(
    name="articles",
    question="What to show?",
    task="recommend",
    data={"events": "reading"},
    options={"user": "reader", "item": "article"},
    time="at",
    metric="ndcg@10",
)
SEAL = Seal("reading", "time", (), "", "at", 0.0, str(10 * DAY), "salt")


def events(*rows: tuple[object, object, int]) -> pa.Table:
    """Make events of (reader, article, day)."""
    readers, articles, days = zip(*rows, strict=True) if rows else ((), (), ())
    at = pa.array([day * DAY for day in days], pa.int64()).cast(pa.timestamp("us", "UTC"))
    text = [pa.array(column, None if rows else pa.string()) for column in (readers, articles)]
    return pa.table({"reader": text[0], "article": text[1], "at": at})


def answered(solution: object, rows: pa.Table, readers: list[str], live: pa.Table | None = None) -> list[list[str]]:
    fitted = solution.fit({"events": rows}, 0)  # type: ignore[attr-defined]
    questions = pa.table({"reader": pa.array(readers, pa.string())})
    return fitted.answer(questions, {"events": Frozen(rows if live is None else live)})["items"].to_pylist()


def solutions(case: Case = CASE) -> list[object]:
    return [TASK.baseline(case), *TASK.candidates(case, 9)]


HISTORY = events(("a", "x", 1), ("a", "y", 2), ("b", "x", 3), ("b", "z", 4), ("c", "x", 5), ("c", "y", 6))


def test_sealed_items_that_a_user_had_met_before_are_no_right_answers() -> None:
    table = events(("a", "x", 1), ("a", "x", 11), ("a", "y", 12), ("b", "x", 2), ("b", "x", 13))
    split = TASK.seal({"events": table}, CASE, SEAL)
    assert split.truth["events"]["user"].to_pylist() == ["a", "b"]
    assert split.truth["events"]["items"].to_pylist() == [["y"], []]


def test_a_user_with_nothing_to_find_stays_at_0() -> None:
    split = TASK.seal({"events": events(("a", "x", 1), ("a", "x", 11), ("b", "x", 12))}, CASE, SEAL)
    values = TASK.value(CASE, split, TASK.perfect(CASE, split))
    assert values.value.tolist() == [0.0, 1.0]


def test_the_sealed_part_is_later_than_all_that_development_keeps() -> None:
    case, data = TASK.example(1, True)
    split = TASK.seal(data, case, seal_for(case, data, TASK))
    last = max(split.development["events"]["at"].cast(pa.int64()).to_pylist())
    assert last < min(split.truth["events"]["_time"].to_pylist())


def test_a_horizon_keeps_the_last_days_out_of_development() -> None:
    table = events(("a", "x", 1), ("a", "y", 9), ("a", "z", 12))
    split = TASK.seal({"events": table}, replace(CASE, horizon_days=3.0), SEAL)
    assert split.development["events"]["article"].to_pylist() == ["x"]


@pytest.mark.parametrize("solution", solutions())
def test_an_item_in_a_users_history_is_never_shown(solution: object) -> None:
    (shown,) = answered(solution, HISTORY, ["a"])
    assert shown == ["z"]


@pytest.mark.parametrize("solution", solutions())
def test_an_event_that_arrives_after_the_fit_counts_at_once(solution: object) -> None:
    later = pa.concat_tables([HISTORY, events(("a", "z", 7), ("new", "x", 7))])
    assert answered(solution, HISTORY, ["a", "new"], later)[0] == []
    assert "x" not in answered(solution, HISTORY, ["new"], later)[0]


def test_one_solution_follows_the_versions_of_its_live_table() -> None:
    fitted = Popularity(reading(CASE)).fit({"events": HISTORY}, 0)
    asked = pa.table({"reader": ["a"]})
    more = pa.concat_tables([HISTORY, events(("a", "z", 7))])
    assert fitted.answer(asked, {"events": Frozen(HISTORY, "1")})["items"].to_pylist() == [["z"]]
    assert fitted.answer(asked, {"events": Frozen(more, "2")})["items"].to_pylist() == [[]]
    assert fitted.answer(asked, {"events": Frozen(HISTORY, "3")})["items"].to_pylist() == [["z"]]


def test_a_user_without_history_gets_what_everybody_reads() -> None:
    popular = answered(TASK.baseline(CASE), HISTORY, ["nobody knows", "a"])[0]
    assert popular[0] == "x"
    for candidate in TASK.candidates(CASE, 9):
        assert answered(candidate, HISTORY, ["nobody knows"])[0] == popular


@pytest.mark.parametrize("solution", solutions())
def test_items_of_equal_score_stand_in_the_order_of_their_ids(solution: object) -> None:
    even = events(*[(f"u{n}", item, 1) for n, item in enumerate(["d", "b", "c", "a"])])
    assert answered(solution, even, ["new"]) == [["a", "b", "c", "d"]]


@pytest.mark.parametrize("solution", solutions())
def test_only_items_of_the_catalogue_are_shown(solution: object) -> None:
    data = {"events": HISTORY, "items": pa.table({"article": ["y", "z"]})}
    fitted = solution.fit(data, 0)  # type: ignore[attr-defined]
    live = {"events": Frozen(HISTORY), "items": Frozen(data["items"])}
    shown = fitted.answer(pa.table({"reader": ["new", "b"]}), live)["items"].to_pylist()
    assert shown[0] == ["y", "z"]
    assert shown[1] == ["y"]


@pytest.mark.parametrize("solution", solutions())
def test_numbers_as_ids_and_events_of_nobody_are_taken(solution: object) -> None:
    rows = events((1, 10, 1), (1, 11, 2), (2, 10, 3), (None, 12, 4), (2, None, 5))
    assert answered(solution, rows, ["1", "2"]) == [[], ["11"]]


def test_a_weight_of_0_or_less_means_seen_but_not_wanted() -> None:
    case = replace(CASE, options={**CASE.options, "weight": "stars"})
    table = events(("a", "x", 1), ("b", "y", 2), ("a", "z", 11), ("a", "w", 12))
    table = table.append_column("stars", pa.array([0.0, 5.0, -1.0, 2.0]))
    split = TASK.seal({"events": table}, case, SEAL)
    assert split.truth["events"]["items"].to_pylist() == [["w"]]
    assert answered(TASK.baseline(case), split.development["events"], ["new", "a", "b"]) == [["y"], ["y"], []]


def test_popularity_follows_what_is_read_lately_where_that_ranks_better() -> None:
    rng = np.random.default_rng(0)
    days = np.sort(rng.integers(0, 200, 6000))
    drifting = (days // 10 * 5 + rng.integers(0, 5, 6000)).tolist()
    steady = rng.choice(40, 6000, p=np.arange(40, 0, -1) / 820).tolist()
    readers = [f"u{n}" for n in rng.integers(0, 3000, 6000)]
    lately, always = (
        Popularity(reading(CASE)).fit({"events": events(*zip(readers, map(str, items), days.tolist(), strict=True))}, 0)
        for items in (drifting, steady)
    )
    assert 0 < lately.half_life <= 1 / 8
    assert always.half_life == 0 or always.half_life > lately.half_life


def test_money_pays_each_relevant_item_among_those_shown() -> None:
    case = replace(CASE, metric="", money=Money("ranking", {"hit": 2.5}), options={**CASE.options, "k": 2})
    table = events(("a", "x", 1), *[("a", item, 11) for item in "pqr"])
    split = TASK.seal({"events": table}, case, SEAL)
    answers = pa.table({"user": ["a"], "items": [["p", "n", "q", "r"]], "scores": [[4.0, 3.0, 2.0, 1.0]]})
    values = TASK.value(case, split, answers)
    assert TASK.measure(case) == "money"
    assert values.value.tolist() == [2.5]
    assert values.worst == 5.0
    assert TASK.value(case, split, TASK.perfect(case, split)).value.tolist() == [5.0]


def test_a_random_split_needs_to_be_asked_for() -> None:
    drawn = Seal("reading", "random", (), "", "", 0.4, "", "salt")
    case, data = TASK.example(1, True)
    with pytest.raises(Refused, match="sealed by time"):
        TASK.seal(data, case, drawn)
    asked = replace(case, split="random")
    assert TASK.seal(data, asked, drawn).how == "random"
    assert [fold.how for fold in TASK.folds(data, asked, 1)] == ["random"] * 3


def test_given_test_events_stand_behind_the_rows() -> None:
    table = events(("a", "x", 1), ("b", "y", 2), ("a", "y", 2)).append_column("_row", pa.array([0, 1, 2]))
    split = TASK.seal({"events": table}, CASE, Seal("reading", "given", (), "", "", 0.0, "1", "salt"))
    assert split.how == "given"
    assert split.truth["events"]["items"].to_pylist() == [["y"]]


def test_events_in_file_order_are_sealed_by_their_row() -> None:
    case = replace(CASE, time="_row")
    table = events(*[(f"u{n % 7}", f"i{n % 11}", 0) for n in range(200)]).append_column("_row", pa.array(range(200)))
    split = TASK.seal({"events": table}, case, Seal("reading", "time", (), "", "_row", 0.0, "149", "salt"))
    assert split.development["events"].num_rows == 150
    assert len(list(TASK.folds(split.development, case, 0))) == 3
    values = TASK.value(case, split, TASK.perfect(case, split))
    assert values.period is not None


@pytest.mark.parametrize("solution", solutions())
def test_a_table_without_events_is_answered_with_empty_lists(solution: object) -> None:
    assert answered(solution, events(), ["a"]) == [[]]


@pytest.mark.parametrize("solution", solutions())
def test_events_of_one_instant_can_be_learned_from(solution: object) -> None:
    assert answered(solution, events(("a", "x", 1), ("b", "y", 1)), ["a"]) == [["y"]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"options": {"user": "reader"}}, "item"),
        ({"options": {**CASE.options, "weigth": "stars"}}, 'did you mean "weight"'),
        ({"options": {**CASE.options, "k": 0}}, "1 or more"),
        ({"metric": "ndgc@10"}, 'did you mean "ndcg@10"'),
        ({"money": Money("cells", {"act_on_yes": 5.0})}, "hit"),
        ({"baseline": "price < 5"}, "needs a table of items"),
    ],
)
def test_a_wrong_field_is_refused_with_the_word_that_was_meant(change: dict[str, object], says: str) -> None:
    with pytest.raises(Refused, match=says):
        TASK.contract(replace(CASE, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (HISTORY.rename_columns(["leser", "article", "at"]), 'no column "reader"'),
        (HISTORY.rename_columns(["reader", "articel", "at"]), 'did you mean "articel"'),
        (HISTORY.drop_columns(["at"]), 'no column "at"'),
    ],
)
def test_a_missing_column_is_refused_with_the_nearest_name(table: pa.Table, says: str) -> None:
    with pytest.raises(Refused, match=says):
        TASK.seal({"events": table}, CASE, SEAL)


def test_events_without_a_time_are_refused_with_the_way_out() -> None:
    with pytest.raises(Refused, match="_row"):
        TASK.baseline(replace(CASE, time="")).fit({"events": HISTORY.drop_columns(["at"])}, 0)


def test_a_case_without_events_is_refused() -> None:
    with pytest.raises(Refused, match="events"):
        TASK.seal({"rows": HISTORY}, CASE, SEAL)


def test_answers_in_another_order_than_the_questions_are_refused() -> None:
    case, data = TASK.example(1, True)
    split = TASK.seal(data, case, seal_for(case, data, TASK))
    answers = TASK.baseline(case).fit(split.development, 0).answer(split.questions, live_of(TASK, split.development))
    with pytest.raises(Refused, match="order"):
        TASK.value(case, split, answers.take(list(range(answers.num_rows))[::-1]))


def test_figures_speak_of_no_group_smaller_than_five() -> None:
    case, data = TASK.example(3, True)
    split = TASK.seal(data, case, seal_for(case, data, TASK))
    figures = {figure.name: figure for figure in TASK.figures(case, split, TASK.perfect(case, split))}
    assert min(figures["history"].columns["users"]) >= 5
    assert len(figures["places"].columns["place"]) == 10
