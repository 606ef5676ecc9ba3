"""Rules of the business hold for every solution of a recommend case, somebody else's lists and today's included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from example_seals import Frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from grundstein.core.case import Case
from grundstein.core.errors import Refused
from grundstein.core.records import Seal
from grundstein.tasks.recommend import TASK
from grundstein.tasks.recommend.options import reading
from grundstein.tasks.recommend.shelf import shelf_of

if TYPE_CHECKING:
    from grundstein.core.task import Data, Solution

DAY = 86_400_000_000
KINDS = ("red", "blue", "green", None)
FIELDS = {"user": "reader", "item": "article", "text": "title", "properties": "kind", "k": 5}
CASE = Case(
    name="shop",
    question="What to show?",
    task="recommend",
    data={"events": "reading", "items": "articles"},
    options=FIELDS,
    time="at",
    metric="ndcg@10",
)


def world(seed: int, users: int = 12, items: int = 15, events: int = 60) -> Data:
    """Random readers, of whom some items are in no catalogue and some of the catalogue nobody read."""
    rng = np.random.default_rng(seed)
    read = pa.table(
        {
            "reader": [f"u{n}" for n in rng.integers(0, users, events)],
            "article": [f"a{n:02d}" for n in rng.integers(0, items, events)],
            "at": pa.array(np.sort(rng.integers(0, 100 * DAY, events)), pa.int64()).cast(pa.timestamp("us", "UTC")),
        }
    )
    listed = rng.permutation(np.arange(2, items + 4))
    articles = pa.table(
        {
            "article": [f"a{n:02d}" for n in listed],
            "title": [f"word{n % 3} word{n % 5}" for n in listed],
            "kind": [KINDS[n % 4] for n in listed],
            "price": pa.array([None if n % 7 == 0 else float(n) for n in listed]),
        }
    )
    return {"events": read, "items": articles}


@st.composite
def ruled(draw: st.DrawFn) -> Case:
    rules: dict[str, object] = {}
    if draw(st.booleans()):
        rules["never"] = draw(st.sampled_from(["kind = 'red'", "price > 9", "price is null", "article = 'a05'"]))
    if draw(st.booleans()):
        rules["only"] = draw(st.sampled_from(["price > 4", "kind in ('red', 'blue')", "kind = 'nothing'"]))
    if draw(st.booleans()):
        rules["at_most"] = draw(st.sampled_from([{"kind": 1}, {"kind": 2}, {"kind": 1, "title": 1}]))
    own = draw(st.sampled_from(["", "price", "-price"]))
    return replace(CASE, options={**FIELDS, **rules, "asked": draw(st.sampled_from(["user", "item"]))}, baseline=own)


def permitted(case: Case, articles: pa.Table) -> dict[str, dict[str, object]]:
    """What may be shown, worked out once more in plain Python."""
    rules = {
        "kind = 'red'": lambda row: row["kind"] == "red",
        "price > 9": lambda row: row["price"] is not None and row["price"] > 9,
        "price is null": lambda row: row["price"] is None,
        "article = 'a05'": lambda row: row["article"] == "a05",
        "price > 4": lambda row: row["price"] is not None and row["price"] > 4,
        "kind in ('red', 'blue')": lambda row: row["kind"] in ("red", "blue"),
        "kind = 'nothing'": lambda row: row is None,
    }
    never, only = rules.get(case.options.get("never", "")), rules.get(case.options.get("only", ""))
    rows = {str(row["article"]): row for row in articles.to_pylist()}
    return {name: row for name, row in rows.items() if not (never and never(row)) and (only is None or only(row))}


def assert_kept(case: Case, articles: pa.Table, lists: list[list[str]], who: str) -> None:
    allowed = permitted(case, articles)
    for items in lists:
        assert len(set(items)) == len(items), who
        assert set(items) <= set(allowed), who
        for column, most in case.options.get("at_most", {}).items():
            groups = [allowed[item][column] for item in items if allowed[item][column] is not None]
            assert all(groups.count(group) <= most for group in groups), who


def every(case: Case) -> list[Solution]:
    more = [] if not case.baseline else [TASK.baseline(replace(case, baseline=""))]
    return [TASK.baseline(case), *more, *TASK.trivial(case), *TASK.candidates(case, 1)]


@settings(max_examples=25, deadline=None)
@given(ruled(), st.integers(0, 10_000))
def test_no_solution_shows_what_the_rules_forbid(case: Case, seed: int) -> None:
    data = world(seed)
    live = {name: Frozen(table) for name, table in data.items()}
    asked = ["a01", "a05", "a17", "stranger"] if case.options["asked"] == "item" else ["u0", "u1", "u2", "stranger"]
    questions = pa.table({reading(case).key: asked})
    for solution in every(case):
        found = solution.fit(data, 3).answer(questions, live)
        assert_kept(case, data["items"], found["items"].to_pylist(), solution.name)


@settings(max_examples=25, deadline=None)
@given(ruled(), st.integers(0, 10_000), st.lists(st.lists(st.sampled_from([f"a{n:02d}" for n in range(20)]))))
def test_somebody_elses_lists_and_perfect_ones_keep_to_the_rules(case: Case, seed: int, lists: list[list[str]]) -> None:
    data = world(seed)
    key = reading(case).key
    given_ = pa.table({key: [f"q{n}" for n in range(len(lists))], "items": pa.array(lists, pa.list_(pa.string()))})
    found = TASK.adopt(case, data, given_)
    assert_kept(case, data["items"], found["items"].to_pylist(), "given")
    seal = Seal("reading", "time", (), "", "at", 0.0, str(70 * DAY), "salt")
    split = TASK.seal(data, case, seal)
    assert_kept(case, data["items"], TASK.perfect(case, split)["items"].to_pylist(), "perfect")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 3]))
def test_a_cap_leaves_a_list_as_long_as_it_can_be(seed: int, most: int) -> None:
    data = world(seed)
    own = replace(CASE, baseline="-price")
    case = replace(own, options={**FIELDS, "at_most": {"kind": most}})
    live = {name: Frozen(table) for name, table in data.items()}
    asked = pa.table({"reader": ["new"]})
    [free], [capped] = (TASK.baseline(c).fit(data, 1).answer(asked, live)["items"].to_pylist() for c in (own, case))
    assert capped == shelf_of(data["items"], reading(case), ()).named(free, 20)
    assert len(capped) >= min(len(free), 3 * most)


def test_a_rule_follows_the_items_as_they_are_now() -> None:
    data = world(3)
    case = replace(CASE, options={**FIELDS, "never": "kind = 'red'"})
    fitted = TASK.baseline(case).fit(data, 1)
    asked = pa.table({"reader": ["new"]})
    live = {"events": Frozen(data["events"]), "items": Frozen(data["items"], "1")}
    first = fitted.answer(asked, live)["items"].to_pylist()[0]
    place = data["items"].column_names.index("kind")
    kinds = ["red" if row["article"] == first[0] else row["kind"] for row in data["items"].to_pylist()]
    changed = data["items"].set_column(place, "kind", pa.array(kinds))
    later = fitted.answer(asked, {**live, "items": Frozen(changed, "2")})["items"].to_pylist()[0]
    assert later == first[1:]


def test_the_houses_own_list_is_the_baseline_and_popularity_stays_an_opponent() -> None:
    data = world(3)
    case = replace(CASE, baseline="-price")
    assert TASK.baseline(case).name == "own list"
    live = {name: Frozen(table) for name, table in data.items()}
    [shown] = TASK.baseline(case).fit(data, 1).answer(pa.table({"reader": ["new"]}), live)["items"].to_pylist()
    prices = {row["article"]: row["price"] for row in data["items"].to_pylist()}
    assert [prices[item] for item in shown] == sorted(p for p in prices.values() if p is not None)
    assert TASK.baseline(replace(case, baseline="")).name == "popularity"


@pytest.mark.parametrize(
    ("options", "data", "says"),
    [
        ({"never": "kind = 'red'"}, {"events": "reading"}, "needs a table of items"),
        ({"at_most": {"kind": 0}}, CASE.data, "1 or more"),
        ({"asked": "readers"}, CASE.data, "user or item"),
        ({"related": "other", "asked": "item"}, CASE.data, "judgements"),
        ({}, {**CASE.data, "judgements": "links"}, "asked: item"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(options: dict[str, object], data: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        TASK.contract(replace(CASE, options={**FIELDS, **options}, data=data))


def test_a_rule_that_is_no_condition_is_refused() -> None:
    with pytest.raises(Refused, match="no condition"):
        shelf_of(world(1)["items"], replace(reading(CASE), only="price"), ())
    with pytest.raises(Refused, match="kind"):
        shelf_of(world(1)["items"], replace(reading(CASE), never="knid = 'red'"), ())
