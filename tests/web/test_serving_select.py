"""Over the real server: a case whose rows a SELECT makes is asked by the columns of its result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from serving_project import Running, running

from grundstein import flow
from grundstein.flow.answering import Fresh, answers_of
from grundstein.flow.collecting import collect
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator

from arriving_people import people

CASE = """\
question: Who leaves?
task: predict
data: select person, tenure / 12.0 as years, upper(plan) as plan, day, leaves, _row from people where tenure < 60
target: leaves
positive: "Yes"
baseline: years < 1
money: {saved: 600, success: 0.3, cost: 60, assumed: [success]}
worthwhile: 1
volume: 900
acted: nobody
signed_by: [service]
holdback: 0.2
"""
WORDS = """\
question: Who leaves, by what was said?
task: categorize
data:
  rows: select person, day, concat('plan ', plan) as said, leaves, _row from people
target: leaves
text: said
keys: [said]
money: {right: 1, wrong: -1, ask: 0}
signed_by: [service]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two cases on SELECTs over one table, released, and a server on them."""
    root = tmp_path_factory.mktemp("selecting") / "project"
    project = create_project(root, name="p", salt="tests", roles={"service": ["somebody"]})
    (root / "people.csv").write_text(people(900, 3, 2.5), encoding="utf-8")
    flow.ingest(project, str(root / "people.csv"), "people")
    token = flow.add_person(project, "somebody")
    for name, case, solution in (("leaving", CASE, "rule"), ("words", WORDS, "memory")):
        (root / "cases" / f"{name}.yaml").write_text(case, encoding="utf-8")
        flow.advance(flow.decide(project, name), project)
        flow.sign(project, name, token, "approve", "we want to see it work", solution=solution)
        flow.release(project, name, solution)
    given = flow.add_access(project, "shop", ["answer", "feedback"])
    (root / "tokens.json").write_text(json.dumps({"answer": given}), encoding="utf-8")
    with running(project) as one:
        yield one


def asked(**changed: object) -> dict[str, object]:
    return {"person": "p1", "years": 0.5, "plan": "MONTH", "day": "2026-01-31", **changed}


def codes(server: Running, question: object) -> list[tuple[str, str]]:
    reply = server.ask(question)
    assert reply.status_code == 422, reply.text
    return [(one["code"], one["field"]) for one in reply.json()["errors"]]


def test_a_question_brings_the_columns_of_the_result_and_is_answered_by_them(server: Running) -> None:
    told = [server.ask(asked(years=years)).json() for years in (0.5, 3)]
    assert [one["answer"] for one in told] == ["Yes", "No"]
    assert [one["column"] for one in told[0]["reasons"]] == ["years"]


def test_a_question_is_checked_by_the_names_and_types_of_the_result(server: Running) -> None:
    assert codes(server, asked(years="half")) == [("GST-Q04", "years")]
    assert codes(server, asked(tenure=6)) == [("GST-Q01", "tenure")]
    assert codes(server, asked(leaves="Yes")) == [("GST-Q01", "leaves")]
    assert codes(server, {"years": 1}) == [("GST-Q02", "plan"), ("GST-Q02", "day")]


def test_the_document_describes_the_columns_of_the_result(server: Running) -> None:
    body = server.client.get("/openapi.json").json()["paths"]["/cases/leaving/answer"]["post"]["requestBody"]
    one = body["content"]["application/json"]["schema"]["oneOf"][0]
    assert set(one["properties"]) == {"person", "years", "plan", "day"}
    assert one["required"] == ["years", "plan", "day"]
    assert "number" in one["properties"]["years"]["type"]


def test_past_choices_are_those_of_the_select_and_what_people_say_counts_next(server: Running) -> None:
    question = {"person": "p1", "day": "2026-01-31", "said": "plan year"}
    before = server.ask(question, case="words").json()
    assert before["reasons"][0]["column"] == "said"
    assert before["reasons"][0]["value"].startswith("plan year: ")
    said = {"Yes": "No", "No": "Yes"}[before["answer"]]
    told = server.client.post("/cases/words/feedback", json={"answer_id": before["answer_id"], "truth": said})
    assert told.status_code == 202
    assert server.ask(question, case="words").json()["answer"] == said


def test_a_live_table_that_a_select_makes_is_that_of_the_tables_as_they_are(server: Running) -> None:
    project = open_project(server.project.root)
    live = Fresh(project, "select person, tenure / 12.0 as years from people where tenure < 12")
    assert live.version == project.tables.info("people").version
    assert live.table().column_names == ["person", "years"]
    assert live.since(live.version).num_rows == live.table().num_rows > 0


def test_what_was_asked_stands_in_the_table_of_the_result_beside_the_rows_of_files(server: Running) -> None:
    project: Folder = open_project(server.project.root)
    head, *lines = people(40, 9, 2.5).splitlines()
    rows = [line.rpartition(",")[0] for line in lines]
    (project.root / "new.csv").write_text("\n".join([head.rpartition(",")[0], *rows]) + "\n", encoding="utf-8")
    done = flow.answer(project, "leaving", str(project.root / "new.csv"))
    by_file = {one["person"]: one for one in answers_of(project, done).to_pylist()}
    table = project.tables.read("leaving__selected")
    for row in table.drop_columns(["leaves", "_row", "_batch"]).slice(0, 5).to_pylist():
        told = server.ask({**row, "day": row["day"].isoformat()}).json()
        assert [told[name] for name in ("answer", "act")] == [
            by_file[row["person"]][name] for name in ("answer", "act")
        ]
    server.client.post("/cases/leaving/feedback", json={"key": {"person": "p1"}, "truth": "Yes"})
    server.stop()
    before = table.num_rows
    found = collect(project, "leaving")
    assert (found.answers, found.feedback, found.aside) == (7, 1, 0)
    assert project.tables.info("leaving__selected").rows == before + found.answers
    assert (
        "leaving__questions" not in project.tables.names()
        or "years" not in project.tables.schema("leaving__questions").names
    )
    assert collect(project, "words").aside == 0
