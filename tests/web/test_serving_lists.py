"""Lists over HTTP: a question is a user or an item, and what happens counts at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from serving_project import running, until

from grundstein import flow
from grundstein.core.records import Experiment, Opening, Verdict
from grundstein.flow.answering import answers_of
from grundstein.project.folder import Folder, create_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from serving_project import Running

    from grundstein.core.ports import Entry

USERS, KINDS, BOOKS = 60, 3, 8
HEAD, BOOK_HEAD = "reader,book,at", "book,title,author,sold_out"
CASE = """\
question: What to show?
task: recommend
data: {events: reads, items: books}
user: reader
item: book
k: 5
text: title
never: "sold_out = 'yes'"
at_most: {author: 3}
time: at
metric: ndcg@10
signed_by: [service]
"""


def read_lines(count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    users = rng.integers(0, USERS, count)
    kind = np.where(rng.random(count) < 0.85, users % KINDS, rng.integers(0, KINDS, count))
    books = kind * BOOKS + rng.integers(0, BOOKS, count)
    at = np.sort(np.datetime64("2026-01-01", "h") + rng.integers(0, 200 * 24, count).astype("timedelta64[h]"))
    return [f"u{u:02d},b{b:02d},{str(t).replace('T', ' ')}:00:00" for u, b, t in zip(users, books, at, strict=True)]


def book_lines(sold_out: tuple[str, ...] = ()) -> list[str]:
    subjects = ("gardens and roses", "ships and harbours", "stars and planets")
    books = [(f"b{n:02d}", n // BOOKS, n % 2) for n in range(KINDS * BOOKS)] + [("new", 1, 0)]
    return [f"{b},volume about {subjects[s]},writer{a},{'yes' if b in sold_out else 'no'}" for b, s, a in books]


def ingest(project: Folder, name: str, head: str, lines: list[str], table: str, key: tuple[str, ...] = ()) -> None:
    path = project.root / f"{name}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    flow.ingest(project, str(path), table, key=key)


def decided(root: Path) -> Folder:
    """Two cases on the same tables: what to show a reader, and what readers of a book also read."""
    project = create_project(root, name="p", salt="tests", roles={"service": ["somebody", "another"]})
    ingest(project, "reads", HEAD, read_lines(900, 1), "reads")
    ingest(project, "books", BOOK_HEAD, book_lines(("b00",)), "books")
    people = [flow.add_person(project, name) for name in ("somebody", "another")]
    for name, case, solution in (("leaving", CASE, "popularity"), ("also", CASE + "asked: item\n", "")):
        (root / "cases" / f"{name}.yaml").write_text(case, encoding="utf-8")
        verdict = flow.advance(flow.decide(project, name), project, until=Verdict)
        chosen = solution or cast("Verdict", verdict.record).winner
        flow.advance(verdict, project)
        for token in people:
            if flow.standing(project, name, chosen).missing:
                flow.sign(project, name, token, "approve", "we want to see it work", solution=chosen)
        flow.release(project, name, chosen)
    given = {"answer": flow.add_access(project, "shop", ["answer"])}
    (root / "tokens.json").write_text(json.dumps(given), encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("grundstein.flow.pinning.BUDGET", 1)
        project = decided(tmp_path_factory.mktemp("lists") / "p")
    with running(project) as one:
        yield one


def shown(told: httpx.Response) -> list[str]:
    assert told.status_code == 200, told.text
    items: list[str] = told.json()["items"]
    return items


def test_a_user_is_asked_about_by_name_and_gets_a_list_that_says_what_it_rests_on(server: Running) -> None:
    told = server.ask({"reader": "u01"}).json()
    assert told["user"] == "u01"
    assert told["basis"] == "popularity"
    assert len(told["items"]) == len(told["scores"]) > 5
    assert told["scores"] == sorted(told["scores"], reverse=True)
    assert told["release"]


def test_an_unknown_user_gets_what_is_popular_and_is_told_so(server: Running) -> None:
    told = server.ask({"reader": "nobody knows"})
    assert shown(told)
    assert told.json()["basis"] == "popularity"


def test_a_question_is_the_user_and_nothing_else(server: Running) -> None:
    assert server.ask({}).json()["errors"][0]["code"] == "GST-Q02"
    assert server.ask({"reader": None}).json()["errors"][0]["code"] == "GST-Q03"
    assert server.ask({"reader": "u01", "book": "b01"}).json()["errors"][0]["code"] == "GST-Q01"
    described = server.client.get("/openapi.json").json()["paths"]["/cases/leaving/answer"]["post"]
    [one, _] = described["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert list(one["properties"]) == one["required"] == ["reader"]


def test_several_users_are_answered_at_once_as_each_alone(server: Running) -> None:
    names = ["u03", "u04", "stranger"]
    together = server.ask({"questions": [{"reader": name} for name in names]}).json()["answers"]
    assert [one["items"] for one in together] == [shown(server.ask({"reader": name})) for name in names]


def test_a_new_event_and_a_changed_item_count_at_once(server: Running) -> None:
    first, second, *_ = shown(server.ask({"reader": "newcomer"}))
    ingest(server.project, "today", HEAD, [f"newcomer,{first},2026-08-01 08:00:00"], "reads")
    told = until(lambda: server.ask({"reader": "newcomer"}), lambda one: first not in shown(one))
    assert len(told) == 1
    assert shown(told[-1])[0] == second
    ingest(server.project, "gone", BOOK_HEAD, book_lines(("b00", second)), "books", ("book",))
    assert second not in shown(server.ask({"reader": "newcomer"}))


def test_rules_hold_over_http(server: Running) -> None:
    authors = {line.split(",")[0]: line.split(",")[2] for line in book_lines()}
    for name in ("u05", "u17", "stranger"):
        items = shown(server.ask({"reader": name}))
        assert "b00" not in items
        assert max(sum(authors[item] == author for item in items) for author in ("writer0", "writer1")) <= 3


def test_a_file_of_users_is_answered_as_over_http(server: Running) -> None:
    path = server.project.root / "asked.csv"
    path.write_text("reader\nu07\nstranger\n", encoding="utf-8")
    done = flow.answer(server.project, "leaving", str(path))
    rows = answers_of(server.project, done).to_pylist()
    assert [row["items"] for row in rows] == [shown(server.ask({"reader": row["user"]})) for row in rows]


def test_a_case_that_asks_about_items_counts_items(server: Running) -> None:
    told = {said.case: said.unit for row in server.project.ledger.entries(Experiment) for said in [_said(row)]}
    assert told == {"leaving": "user", "also": "item"}
    opened = {said.experiment: said.units for row in server.project.ledger.entries(Opening) for said in [_opened(row)]}
    for row in server.project.ledger.entries(Experiment):
        assert opened.get(row.id, 0) <= _said(row).units_test


def _said(row: Entry) -> Experiment:
    return cast("Experiment", row.record)


def _opened(row: Entry) -> Opening:
    return cast("Opening", row.record)


def test_readers_of_a_book_also_read_and_a_book_that_nobody_read_is_known_by_its_text(server: Running) -> None:
    known = server.ask({"book": "b03"}, case="also").json()
    assert known["item"] == "b03"
    assert known["basis"] == "history"
    assert "b03" not in known["items"]
    same_kind = [item for item in known["items"][:5] if item.startswith("b") and int(item[1:]) < BOOKS]
    assert len(same_kind) >= 3
    fresh = server.ask({"book": "new"}, case="also").json()
    assert fresh["basis"] == "content"
    assert server.ask({"book": "never heard of"}, case="also").json()["basis"] == "popularity"
