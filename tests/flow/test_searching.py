"""A search case from its tables to answers: documents that come, change and go count the moment they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pyarrow.csv as arrow_csv
import pytest

from grundstein import flow
from grundstein.core.records import Verdict
from grundstein.flow.answering import answers_of
from grundstein.project.folder import Folder, create_project
from grundstein.tasks.search import TASK

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
question: Which help pages answer this query?
task: search
data: {queries: queries, corpus: pages}
id: page
title: heading
text: text
query_id: query_id
query: words
relevant: page
metric: ndcg@10
signed_by: [service]
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    root = tmp_path_factory.mktemp("searching") / "project"
    project = create_project(root, name="p", salt="tests", roles={"service": ["somebody"]})
    _, data = TASK.example(7, True)
    came(project, data["queries"].drop_columns(["_row"]), "queries", "query_id")
    came(project, data["corpus"], "pages", "page")
    (root / "cases" / "help.yaml").write_text(CASE, encoding="utf-8")
    decided = flow.decide(project, "help")
    flow.advance(decided, project)
    flow.sign(project, "help", flow.add_person(project, "somebody"), "approve", "it finds what we look for")
    flow.release(project, "help")
    return project


def came(project: Folder, table: Any, name: str, key: str) -> None:
    arrow_csv.write_csv(table, project.root / f"{name}.csv")
    flow.ingest(project, str(project.root / f"{name}.csv"), name, {}, (key,))


def wrote(project: Folder, name: str, *lines: str) -> Path:
    path = project.root / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def found(project: Folder, name: str, words: str) -> list[str]:
    path = wrote(project, name, "query_id,words", f'{name},"{words}"')
    [row] = answers_of(project, flow.answer(project, "help", str(path))).to_pylist()
    assert row["query_id"] == name
    return list(row["ids"])


def test_what_finds_by_more_than_equal_words_qualifies_where_there_is_more(released: Folder) -> None:
    [verdict] = [cast("Verdict", row.record) for row in released.ledger.entries(Verdict)]
    assert verdict.verdict == "qualifies"
    assert verdict.gains["keywords"].low > 0


def test_pages_that_come_and_change_count_at_once(released: Folder) -> None:
    assert "P900" not in found(released, "a1", "zeppelin refund")
    path = wrote(released, "more", "page,heading,text", "P900,Airship,The zeppelin flies.")
    flow.ingest(released, str(path), "pages", {}, ("page",))
    assert found(released, "a2", "zeppelin")[0] == "P900"
    path = wrote(released, "other", "page,heading,text", "P900,Airship,It was taken down.")
    flow.ingest(released, str(path), "pages", {}, ("page",))
    assert found(released, "a3", "zeppelin") == []


def test_people_may_look_by_verbs(released: Folder) -> None:
    told = flow.do(released, "help", "find", ["refund"])
    assert told.said["found"][0]["id"].startswith("P")
    assert "[refund]" in told.text
    alike = flow.do(released, "help", "similar", ["P003"])
    assert "P003" not in [one["id"] for one in alike.said["found"]]
    query = flow.do(released, "help", "query", ["refund -invoice"])
    assert not any("invoice" in one["text"].split() for one in query.said["found"])
    assert flow.do(released, "help", "find", ["nowhere"]).text == "Nothing was found."
