"""Readers of this also read: questions are items; and what is asked of very little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from example_seals import Frozen

from grundstein.core.case import Case
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK
from grundstein.tasks.recommend.options import reading

DAY = 86_400_000_000
FIELDS = {"user": "reader", "item": "article", "asked": "item"}
CASE = Case("also", "?", "recommend", {"events": "reading"}, options=FIELDS, time="at", metric="ndcg@10")
SEAL = Seal("reading", "time", (), "", "at", 0.0, str(10 * DAY), "salt")
LINKED = replace(
    CASE,
    data={"events": "reading", "items": "articles", "judgements": "links"},
    options={**FIELDS, "related": "other", "properties": "kind"},
)


def events(*rows: tuple[str, str, int]) -> pa.Table:
    """Make events of (reader, article, day)."""
    readers, articles, days = zip(*rows, strict=True) if rows else ((), (), ())
    at = pa.array([day * DAY for day in days], pa.int64()).cast(pa.timestamp("us", "UTC"))
    text = [pa.array(column, pa.string()) for column in (readers, articles)]
    return pa.table({"reader": text[0], "article": text[1], "at": at})


def test_an_item_is_judged_by_what_each_of_its_readers_chose_afterwards_for_the_first_time() -> None:
    table = events(
        *[("a", "old", 1), ("a", "x", 11), ("a", "y", 12), ("a", "old", 13)],
        *[("b", "y", 11), ("b", "x", 12), ("b", "z", 12)],
    )
    truth = TASK.seal({"events": table}, CASE, SEAL).truth["events"]
    assert truth["item"].to_pylist() == ["old", "x", "y", "z"]
    assert truth["items"].to_pylist() == [[[]], [["y"], []], [["x", "z"], []], [[]]]


def test_a_list_is_worth_the_mean_over_those_who_see_it() -> None:
    table = events(("a", "x", 11), ("a", "y", 12), ("b", "x", 11), ("c", "x", 11), ("c", "z", 12), ("c", "w", 13))
    split = TASK.seal({"events": table}, CASE, SEAL)
    lists = [["y"] if item == "x" else [] for item in split.truth["events"]["item"].to_pylist()]
    answers = pa.table({"item": split.truth["events"]["item"], "items": pa.array(lists, pa.list_(pa.string()))})
    worth = dict(zip(split.truth["events"]["item"].to_pylist(), TASK.value(CASE, split, answers).value, strict=True))
    assert worth["x"] == pytest.approx(1 / 3)
    best = TASK.value(CASE, split, TASK.perfect(CASE, split)).value
    assert (best >= TASK.value(CASE, split, answers).value).all()


def test_no_order_is_worth_more_than_the_perfect_one() -> None:
    rng = np.random.default_rng(1)
    rows = [(f"u{rng.integers(9)}", f"a{rng.integers(12):02d}", int(day)) for day in rng.integers(8, 20, 90)]
    for metric in ("ndcg@10", "recall@20"):
        case = replace(CASE, metric=metric)
        split = TASK.seal({"events": events(*rows)}, case, SEAL)
        best = TASK.value(case, split, TASK.perfect(case, split)).value
        for _ in range(20):
            lists = [rng.permutation([f"a{n:02d}" for n in range(12)]).tolist() for _ in best]
            answers = pa.table({"item": split.truth["events"]["item"], "items": lists})
            assert (TASK.value(case, split, answers).value <= best + 1e-9).all()


def linked() -> dict[str, pa.Table]:
    """Articles of four kinds: readers keep to a kind, and links do too; half of the articles nobody has read."""
    rng = np.random.default_rng(4)
    names = [f"a{n:03d}" for n in range(80)]
    rows = [
        (f"u{u:02d}", names[int(rng.integers(10)) * 4 + u % 4], int(rng.integers(60)))
        for u in range(40)
        for _ in range(5)
    ]
    links = [(one, names[int(rng.integers(20)) * 4 + n % 4]) for n, one in enumerate(names) for _ in range(3)]
    return {
        "events": events(*rows),
        "items": pa.table({"article": names, "kind": [f"kind {n % 4}" for n in range(80)]}),
        "judgements": pa.table({"article": [one for one, _ in links], "other": [other for _, other in links]}),
    }


def test_judgements_of_a_part_of_the_items_are_sealed_and_the_others_may_be_learned_from() -> None:
    data = linked()
    split = TASK.seal(data, LINKED, Seal("reading", "time", (), "", "at", 0.0, str(50 * DAY), "salt"))
    asked = set(split.questions["article"].to_pylist())
    learned = set(split.development["judgements"]["article"].to_pylist())
    assert asked
    assert not asked & learned
    assert asked | learned == set(data["judgements"]["article"].to_pylist())
    folds = list(TASK.folds(split.development, LINKED, 3))
    assert set().union(*(fold.questions["article"].to_pylist() for fold in folds)) == learned
    for fold in folds:
        assert not set(fold.questions["article"].to_pylist()) & set(
            fold.development["judgements"]["article"].to_pylist()
        )


def test_items_that_nobody_has_chosen_are_found_by_what_they_are() -> None:
    data = linked()
    split = TASK.seal(data, LINKED, Seal("reading", "time", (), "", "at", 0.0, str(60 * DAY), "salt"))
    live = {name: Frozen(split.development[name]) for name in ("events", "items")}
    worth = {}
    for solution in [TASK.baseline(LINKED), *TASK.candidates(LINKED, 2)]:
        answers = solution.fit(split.development, 1).answer(split.questions, live)
        worth[solution.name] = TASK.metrics(LINKED, split, answers)["ndcg@10"]
        for item, items, basis in zip(*(answers[name].to_pylist() for name in ("item", "items", "basis")), strict=True):
            if solution.name == "content":
                assert {int(other[1:]) % 4 for other in items[:19]} == {int(item[1:]) % 4}
                assert basis in {"history", "content"}
    assert max(worth["content"], worth["hybrid"]) > worth["popularity"]


SMALL = {
    "nothing": events(),
    "one event": events(("u", "x", 1)),
    "one user": events(("u", "x", 1), ("u", "y", 2), ("u", "z", 3)),
    "one item": events(("a", "x", 1), ("b", "x", 2), ("c", "x", 3)),
    "all alike": events(*[(f"u{n}", item, day) for n in range(9) for day, item in enumerate("wxyz")]),
    "one instant": events(*[(f"u{n}", f"i{(n * m) % 7}", 1) for n in range(9) for m in range(4)]),
}


@pytest.mark.parametrize("asked", ["user", "item"])
@pytest.mark.parametrize("name", sorted(SMALL))
def test_very_little_is_answered_with_what_there_is(name: str, asked: str) -> None:
    case = replace(CASE, options={**FIELDS, "asked": asked})
    known = {"user": ["u", "u1"], "item": ["x", "i1"]}[asked]
    table = SMALL[name]
    for solution in [TASK.baseline(case), *TASK.trivial(case), *TASK.candidates(case, 2)]:
        fitted = solution.fit({"events": table}, 0)
        found = fitted.answer(pa.table({reading(case).key: [*known, "stranger"]}), {"events": Frozen(table)})
        lists, bases = found["items"].to_pylist(), found["basis"].to_pylist()
        every = set(table["article"].to_pylist())
        assert all(set(items) <= every for items in lists), solution.name
        if solution.name != "nobody" and asked == "user":
            assert set(lists[-1]) == every, solution.name
            assert bases[-1] == ("popularity" if every else "nothing"), solution.name


def test_users_who_come_back_to_what_they_know_are_shown_it_where_the_case_says_so() -> None:
    rows = [(f"u{n}", f"i{(n + m) % 5}", day) for n in range(8) for m in range(2) for day in (1, 3, 12)]
    case = replace(CASE, options={"user": "reader", "item": "article", "repeat": True})
    split = TASK.seal({"events": events(*rows)}, case, SEAL)
    assert split.truth["events"]["items"].to_pylist()[0] == ["i0", "i1"]
    live = {"events": Frozen(split.development["events"])}
    for solution in TASK.candidates(case, 1):
        if solution.name == "item-kNN":
            [shown] = solution.fit(split.development, 0).answer(pa.table({"reader": ["u0"]}), live)["items"].to_pylist()
            assert set(shown[:2]) == {"i0", "i1"}


def test_items_without_a_word_leave_popularity_in_place() -> None:
    table = events(("a", "x", 1), ("b", "x", 2), ("b", "y", 3))
    bare = pa.table({"article": ["x", "y", "z"], "kind": pa.array([None, None, ""], pa.string())})
    case = replace(CASE, data={"events": "e", "items": "i"}, options={**FIELDS, "asked": "user", "properties": "kind"})
    live = {"events": Frozen(table), "items": Frozen(bare)}
    for solution in TASK.candidates(case, 1):
        found = solution.fit({"events": table, "items": bare}, 0).answer(pa.table({"reader": ["new"]}), live)
        assert found["items"].to_pylist() == [["x", "y"]], solution.name


def content_world() -> tuple[Case, dict[str, pa.Table]]:
    data = linked()
    fields = {"user": "reader", "item": "article", "properties": "kind"}
    return replace(LINKED, data={"events": "e", "items": "i"}, options=fields), {**data, "judgements": data["items"]}


def test_an_item_that_came_after_the_fit_is_shown_to_those_it_suits_before_anybody_chose_it() -> None:
    case, data = content_world()
    learned = {name: data[name] for name in ("events", "items")}
    more = pa.concat_tables([data["items"], pa.table({"article": ["fresh"], "kind": ["kind 1"]})])
    live = {"events": Frozen(data["events"]), "items": Frozen(more)}
    [content] = [one for one in TASK.candidates(case, 1) if one.name == "content"]
    fitted = content.fit(learned, 0)
    asked = pa.table({"reader": ["u01", "u02"]})
    suited, other = fitted.answer(asked, live)["items"].to_pylist()
    assert "fresh" in suited
    assert "fresh" not in other
    chosen = pa.concat_tables([data["events"], events(("u01", "fresh", 70))])
    again, _ = fitted.answer(asked, {**live, "events": Frozen(chosen, "2")})["items"].to_pylist()
    assert "fresh" not in again


def test_a_mixture_goes_on_without_a_source_that_cannot_be_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grundstein.tasks.recommend.ease.LARGEST", 1)
    case, data = content_world()
    learned = {name: data[name] for name in ("events", "items")}
    named = {one.name: one for one in TASK.candidates(case, 6)}
    assert named["hybrid"].fit(learned, 0).parts == ("item-kNN", "content")
    with pytest.raises(ValueError, match="at most 1 users or items"):
        named["EASE"].fit(learned, 0)


def test_settings_are_chosen_on_some_users_where_there_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grundstein.tasks.recommend.inner.MOST_EVENTS", 40)
    case, data = content_world()
    for solution in TASK.candidates(case, 2):
        fitted = solution.fit({name: data[name] for name in ("events", "items")}, 3)
        assert len(fitted.items) == 80
        live = {name: Frozen(data[name]) for name in ("events", "items")}
        assert len(fitted.answer(pa.table({"reader": ["u01"]}), live)["items"].to_pylist()[0]) == 20
