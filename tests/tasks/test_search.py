"""What the task `search` promises beyond what every task does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from example_seals import live_of, seal_for

from grundstein.core.case import Case, Money
from grundstein.core.errors import Refused
from grundstein.tasks.search import TASK
from grundstein.tasks.search.judging import found_at, worth
from grundstein.tasks.search.options import plan_of
from grundstein.tools.retrieval.shelf import Still

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.task import Data, Split

FIELDS = {"id": "id", "title": "title", "text": "text", "query_id": "query_id", "query": "query"}
JUDGED = Case(
    "find", "?", "search", {"queries": "queries", "judgements": "judgements", "corpus": "corpus"},
    {**FIELDS, "relevance": "grade"},
)  # fmt: skip
KNOWN = Case(
    "again", "?", "search", {"queries": "corpus", "corpus": "corpus"}, {"id": "id", "title": "title", "text": "text"}
)
UNANSWERED = 15
THINGS = ("invoice", "parcel", "password", "contract", "printer", "ticket", "salary", "holiday")


def corpus(count: int = 40) -> pa.Table:
    rng = np.random.default_rng(3)
    words = [" ".join(rng.choice(THINGS, 3)) for _ in range(count)]
    return pa.table(
        {
            "id": [f"d{number}" for number in range(count)],
            "title": [f"{THINGS[number % 8]} number {number}" for number in range(count)],
            "text": [
                f"{THINGS[number % 8]} number {number} tells of {words[number]}, file {number}"
                for number in range(count)
            ],
            "kind": ["letter" if number % 2 else "memo" for number in range(count)],
        }
    )


def judged(count: int = 60) -> dict[str, pa.Table]:
    names = [f"q{number}" for number in range(count)]
    queries = pa.table(
        {"query_id": names, "query": [THINGS[number % 8] for number in range(count)], "_row": list(range(count))}
    )
    answered = range(count - UNANSWERED)
    alike = [(number, other) for number in answered for other in range(40) if other % 8 == number % 8]
    pairs = [(names[number], f"d{other}", 2 if other < 8 else 1) for number, other in alike]
    pairs.append(("q0", "d1", 0))
    columns = zip(("query_id", "id", "grade"), zip(*pairs, strict=True), strict=True)
    return {
        "queries": queries,
        "judgements": pa.table({name: list(values) for name, values in columns}),
        "corpus": corpus(),
    }


@cache
def sealed(which: str = "judged") -> Split:
    case = JUDGED if which == "judged" else KNOWN
    data: Data = judged() if which == "judged" else {"queries": numbered(corpus()), "corpus": corpus()}
    return TASK.seal(
        data, case, replace(seal_for(case, data, TASK), key=("query_id",) if which == "judged" else ("id",))
    )


def numbered(table: pa.Table) -> pa.Table:
    return table.append_column("_row", pa.array(range(table.num_rows)))


def found(case: Case, text: str | None, table: pa.Table, **more: Any) -> list[str]:
    data = {"queries": pa.table({"query_id": ["x"], "query": ["invoice"]}), "corpus": table}
    solution = TASK.baseline(case).fit(data, 1)
    asked = pa.table({"query_id": ["a"], "query": pa.array([text], pa.string()), **{n: [v] for n, v in more.items()}})
    [ids] = solution.answer(asked, {"corpus": Still(table)})["ids"].to_pylist()
    return list(ids)


def test_judgements_go_with_their_queries() -> None:
    split = sealed()
    known = set(split.development["judgements"]["query_id"].to_pylist())
    asked = set(split.questions["query_id"].to_pylist())
    assert known
    assert not known & asked
    assert split.development["corpus"].num_rows == 40
    assert set(split.questions.column_names) == {"query_id", "query"}


def test_queries_that_nothing_answers_stay_and_are_worth_nothing() -> None:
    split = sealed()
    wanted = split.truth["queries"]["wanted"].to_pylist()
    none = [row for row, told in enumerate(wanted) if not told]
    assert none
    values = TASK.value(JUDGED, split, TASK.perfect(JUDGED, split)).value
    assert values[none].tolist() == [0.0] * len(none)
    codes = {one.code: one.facts for one in TASK.findings(JUDGED, split.development, [])}
    assert codes.get("GST-R02", {}).get("none", 0) + len(none) == UNANSWERED


def test_a_grade_of_nothing_is_no_answer_and_a_better_grade_counts_more() -> None:
    plan = plan_of(JUDGED)
    wanted = [{"a": 2.0, "b": 1.0}]
    best, other = (worth(found_at([order], wanted, 100), "ndcg@10", plan)[0] for order in (["a", "b"], ["b", "a"]))
    assert best == pytest.approx(1.0)
    assert other == pytest.approx((1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3)))
    split = sealed()
    assert all(one["grade"] > 0 for row in split.truth["queries"]["wanted"].to_pylist() for one in row)


def test_a_document_named_twice_counts_once() -> None:
    placed = found_at([["a", "a", "b"]], [{"a": 1.0}], 100)
    assert placed.at[0].sum() == 1.0


def test_money_is_paid_for_each_right_document_shown() -> None:
    split = sealed()
    case = replace(JUDGED, money=Money("ranking", {"hit": 2.0}), options={**JUDGED.options, "k": 3})
    values = TASK.value(case, split, TASK.perfect(case, split))
    wanted = [min(len(row), 3) for row in split.truth["queries"]["wanted"].to_pylist()]
    assert values.value.tolist() == [2.0 * count for count in wanted]
    assert values.worst == 6.0


def test_known_items_ask_by_title_and_hide_it() -> None:
    split = sealed("known")
    told = split.development["corpus"]
    assert told["title"].null_count == told.num_rows
    assert not any(text.startswith(("invoice number 0", "parcel number 1")) for text in told["text"].to_pylist())
    assert split.questions.column_names == ["id", "title"]
    assert not set(split.questions["id"].to_pylist()) & set(corpus()["id"].to_pylist())
    [issue] = [one for one in TASK.findings(KNOWN, split.development, []) if one.code == "GST-R01"]
    assert issue.section == "issue"
    fitted = TASK.baseline(KNOWN).fit(split.development, 1)
    metrics = TASK.metrics(KNOWN, split, fitted.answer(split.questions, live_of(TASK, split.development)))
    assert metrics["recall@100"] == 1.0


def test_the_corpus_counts_as_it_is_when_it_is_asked() -> None:
    split = sealed()
    fitted = TASK.baseline(JUDGED).fit(split.development, 1)
    question = pa.table({"query_id": ["q"], "query": ["zeppelin"]})

    def now(table: pa.Table) -> list[str]:
        return fitted.answer(question, {"corpus": Still(table)})["ids"].to_pylist()[0]

    more = pa.table({"id": ["new"], "title": ["Zeppelin"], "text": ["A zeppelin flies."], "kind": ["memo"]})
    assert now(corpus()) == []
    assert now(pa.concat_tables([corpus(), more])) == ["new"]
    assert now(corpus()) == []


@pytest.mark.parametrize("text", [None, "", '"', "title:", "?", "the", "invoice " * 100_000], ids=range(7))
def test_any_query_is_answered(text: str | None) -> None:
    assert bool(found(JUDGED, text, corpus())) == bool(text and "invoice" in text)


def test_a_query_may_fix_a_value() -> None:
    case = replace(JUDGED, options={**JUDGED.options, "narrow": ["kind"]})
    all_of_them = found(case, "invoice parcel", corpus())
    letters = found(case, "invoice parcel", corpus(), kind="letter")
    assert 0 < len(letters) < len(all_of_them)
    assert all(int(name[1:]) % 2 for name in letters)


def test_documents_without_text_or_twice_or_with_one_name_are_told() -> None:
    odd = pa.table(
        {
            "id": ["e", "f", "f", "g", None],
            "title": pa.array([None, None, None, "", "x"], pa.string()),
            "text": ["", "same", "same", None, "y"],
            "kind": [""] * 5,
        }
    )
    table = pa.concat_tables([corpus(), odd])
    told = TASK.findings(JUDGED, {**judged(), "corpus": table}, [])
    facts = {one.code: dict(one.facts) for one in told}
    assert facts["GST-R05"]["empty"] == 2
    assert facts["GST-R06"]["copies"] == 1
    assert facts["GST-R07"]["doubled"] == 1
    assert all(one.text("de") and one.text("en") for one in told)


def test_long_queries_and_missing_documents_are_told() -> None:
    data = judged()
    long = " ".join(f"word{number}" for number in range(100))
    queries = data["queries"].set_column(1, "query", pa.array([long] * 60))
    told = TASK.findings(JUDGED, {**data, "queries": queries, "corpus": corpus(8)}, [])
    facts = {one.code: dict(one.facts) for one in told}
    assert facts["GST-R03"]["cut"] == 60
    assert facts["GST-R08"] == {"missing": 32, "judged": 40}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": ""}, "which column is `id`"),
        ({"title": "", "text": ""}, "search in"),
        ({"query": ""}, "asked"),
        ({"query_id": ""}, "judged"),
        ({"relevant": "id"}, "twice"),
        ({"k": 0}, "k is"),
        ({"language": "elvish"}, "elvish"),
        ({"tilte": "x"}, "tilte"),
    ],
)
def test_a_wrong_field_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(Refused, match=word):
        TASK.contract(replace(JUDGED, options={**JUDGED.options, **change}))


def test_a_rule_and_a_strange_metric_are_refused() -> None:
    with pytest.raises(Refused, match="rule"):
        TASK.contract(replace(JUDGED, baseline="1 = 1"))
    with pytest.raises(Refused, match="ndcg"):
        TASK.contract(replace(JUDGED, metric="ndgc@10"))
    with pytest.raises(Refused, match="saved"):
        TASK.contract(replace(JUDGED, money=Money("action", {"saved": 1.0})))


def lists(given: Sequence[Any]) -> pa.Table:
    return pa.table({"query_id": [str(number) for number in range(len(given))], "answer": given})


def test_somebody_elses_lists_are_read() -> None:
    development = sealed().development
    for given in (["d1|d2| d1", ""], ['["d1", "d2"]', "[]"], [["d1", "d2", None], None]):
        assert TASK.adopt(JUDGED, development, lists(given))["ids"].to_pylist() == [["d1", "d2"], []]
    items = lists([["d3"], ["d4"]]).rename_columns(["query_id", "items"])
    assert TASK.adopt(JUDGED, development, items)["ids"].to_pylist() == [["d3"], ["d4"]]
    with pytest.raises(Refused, match="cannot be read"):
        TASK.adopt(JUDGED, development, lists(["[1, "]))


def linked(helps: bool) -> dict[str, pa.Table]:
    """Pages of which half name their thing and half are only referred to by those, or by others."""
    data = judged()
    texts = [f"about the {THINGS[number % 8]}" if number < 16 else "something else" for number in range(40)]
    told = data["corpus"].set_column(2, "text", pa.array(texts)).set_column(1, "title", pa.nulls(40, pa.string()))
    near = [(f"d{one}", f"d{other}") for one in range(16) for other in range(16, 40) if (one - other) % 8 == 0]
    far = [(one, f"d{16 + (int(other[1:]) + 3) % 24}") for one, other in near]
    columns = zip(("id", "to"), zip(*(near if helps else far), strict=True), strict=True)
    return {**data, "corpus": told, "references": pa.table({name: list(values) for name, values in columns})}


@pytest.mark.parametrize("helps", [True, False])
def test_links_between_documents_count_where_they_help(helps: bool) -> None:
    case = replace(
        JUDGED,
        data={**JUDGED.data, "references": "references"},
        options={**JUDGED.options, "cites": "to"},
    )
    data = linked(helps)
    assert "references" in TASK.contract(case)
    solution = {one.name: one for one in TASK.candidates(case, 99)}["keywords + references"].fit(data, 1)
    assert bool(solution.recipe.weights) == helps
    live = {role: Still(data[role]) for role in ("corpus", "references")}
    [ids] = solution.answer(pa.table({"query_id": ["x"], "query": ["parcel"]}), live)["ids"].to_pylist()
    assert ids[:2] == ["d1", "d9"]
    assert ("d17" in ids) == helps
    without = {**live, "references": Still(data["references"].slice(0, 0))}
    [ids] = solution.answer(pa.table({"query_id": ["x"], "query": ["parcel"]}), without)["ids"].to_pylist()
    assert ids == ["d1", "d9"]
