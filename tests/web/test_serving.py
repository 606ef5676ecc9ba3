"""What a server says: the released answers, each kept before it is told, by the contract, whatever is released next."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from arriving_people import people
from serving_project import lines, put, question, running, until, winner

from grundstein import flow
from grundstein.core.records import Access
from grundstein.flow.answering import answers_of
from grundstein.flow.serving import Desk
from grundstein.flow.signing import current
from grundstein.production.capacity import capacity_of
from grundstein.project.folder import open_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving_project import Running


@pytest.fixture(scope="module")
def server(served_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("server") / "project"
    shutil.copytree(served_root, root)
    with running(open_project(root)) as one:
        yield one


def test_a_question_is_answered_as_its_row_in_a_file_is(served):
    rows = list(csv.DictReader(people(50, 9, 2.5).splitlines()))
    path = served.root / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name != "leaves"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    for solution in ("rule", winner(served)):
        put(served, solution)
        table = answers_of(served, flow.answer(served, "leaving", str(path))).to_pylist()
        with running(served) as one:
            asked = {"questions": [question(place) for place in range(50)]}
            told = one.ask(asked, query="?reasons=0").json()["answers"]
        for mine, row in zip(told, table, strict=True):
            same = ("answer", "probability", "act", "held_back", "release", "mode", "beyond_capacity")
            assert {name: mine[name] for name in same} == {name: row[name] for name in same}


def test_an_answer_names_itself_its_release_and_what_moved_it(server):
    told = server.ask(question())
    release = current(server.project, "leaving")
    assert told.status_code == 200
    assert told.json()["release"] == release.id
    assert told.json()["mode"] == "live"
    assert len(told.json()["answer_id"]) == 32
    assert isinstance(told.json()["reasons"], list)
    assert "reasons" not in server.ask(question(), query="?reasons=0").json()


def test_all_errors_are_told_at_once_by_codes_that_stay_and_unknown_fields_by_the_nearest(server):
    told = server.ask({"tenur": 1, "plan": 3, "day": "2023-02-30"})
    errors = {(one["field"], one["code"]) for one in told.json()["errors"]}
    assert told.status_code == 422
    wanted = {("tenur", "GST-Q01"), ("tenure", "GST-Q02"), ("plan", "GST-Q04"), ("day", "GST-Q04")}
    assert errors == wanted
    assert any('did you mean "tenure"?' in one["text"] for one in told.json()["errors"])


def test_of_several_questions_each_error_says_which_it_is_of_and_nothing_is_answered(server):
    before = len(lines(server.project))
    told = server.ask({"questions": [question(), question(1, tenure="x"), question(2, plan=1)]})
    assert [(one["question"], one["field"]) for one in told.json()["errors"]] == [(1, "tenure"), (2, "plan")]
    assert len(lines(server.project)) == before


def test_no_more_questions_than_the_limit_are_taken_at_once(server):
    assert server.ask({"questions": [question()] * 101}).json()["errors"][0]["code"] == "GST-Q08"
    assert server.ask({"questions": []}).status_code == 422
    assert len(server.ask({"questions": [question()] * 100}, query="?reasons=0").json()["answers"]) == 100


def test_what_was_told_stands_in_the_journal_word_for_word(server):
    told = server.ask(question(3)).json()
    kept = next(one for one in lines(server.project) if one.get("id") == told["answer_id"])
    assert (kept["kind"], kept["mode"], kept["release"]) == ("answer", "live", told["release"])
    assert kept["question"] == question(3)
    assert kept["answer"] == {name: told[name] for name in kept["answer"]}
    assert {"answer", "probability", "act", "held_back", "beyond_capacity"} == set(kept["answer"])


def test_a_truth_is_taken_by_the_answer_or_by_the_key_and_by_nothing_else(server):
    told = server.ask(question(4)).json()["answer_id"]
    assert server.tell({"answer_id": told, "truth": "Yes"}).status_code == 202
    assert server.tell({"key": {"person": "p00007"}, "truth": "No"}).status_code == 202
    assert server.tell({"feedback": [{"answer_id": told, "truth": "No"}]}).json() == {"taken": 1}
    kept = [one for one in lines(server.project) if one["kind"] == "feedback"]
    assert [(one.get("id"), one.get("key"), one["truth"]) for one in kept] == [
        (told, None, "Yes"),
        (None, {"person": "p00007"}, "No"),
        (told, None, "No"),
    ]
    for wrong in (
        {"truth": "Yes"},
        {"answer_id": told},
        {"answer_id": told, "truth": None},
        {"key": {}, "truth": "No"},
    ):
        assert server.tell(wrong).status_code == 422
    both = {"answer_id": told, "key": {"person": "p1"}, "truth": "Yes"}
    assert server.tell(both).json()["errors"][0]["code"] == "GST-Q11"


def test_metrics_count_by_case_route_and_status(server):
    before = server.client.get("/metrics").text
    server.ask(question())
    server.ask({})
    after = server.client.get("/metrics").text

    def counted(text: str, status: int) -> float:
        head = f'grundstein_requests_total{{case="leaving",route="answer",status="{status}"}} '
        return next((float(line.removeprefix(head)) for line in text.splitlines() if line.startswith(head)), 0.0)

    assert [counted(after, status) - counted(before, status) for status in (200, 422)] == [1.0, 1.0]
    assert 'grundstein_release_age_seconds{case="leaving"}' in after
    assert 'grundstein_seconds_bucket{case="leaving",le="0.01",route="answer"}' in after


def test_the_door_says_that_it_lives_and_whether_it_is_ready(server):
    assert server.client.get("/healthz").json() == {"live": True}
    assert server.client.get("/readyz").json() == {"ready": True, "waits": {}}


def test_every_answer_that_was_told_is_collected_into_its_table_once(served):
    from grundstein.flow.collecting import collect

    with running(served) as one:
        told = [one.ask(question(place)).json() for place in range(20)]
        one.tell({"answer_id": told[0]["answer_id"], "truth": "Yes"})
    collect(served, "leaving")
    collect(served, "leaving")
    rows = served.tables.read("leaving__answers").to_pylist()
    assert [row["answer_id"] for row in rows] == [one["answer_id"] for one in told]
    assert [row["probability"] for row in rows] == [one["probability"] for one in told]
    assert served.tables.read("leaving__feedback")["answer_id"].to_pylist() == [told[0]["answer_id"]]


def test_a_release_and_a_roll_back_are_taken_up_without_a_request_lost(served):
    first = current(served, "leaving").id
    with running(served) as one:
        assert one.ask(question()).json()["release"] == first
        second = put(served, winner(served))
        seen = until(lambda: one.ask(question()), lambda told: told.json().get("release") == second)
        back = flow.roll_back(served, "leaving").id
        seen += until(lambda: one.ask(question()), lambda told: told.json().get("release") == back)
    assert {told.status_code for told in seen} == {200}
    assert [event["release"] for event in one.log if event["event"] == "release taken up"] == [first, second, back]


def test_a_release_whose_signature_ended_answers_503_and_says_what_to_do(served):
    entry = current(served, "leaving")
    with running(served) as one:
        served.ledger.append(replace(entry.record, until="2020-01-01"))
        seen = until(lambda: one.ask(question()), lambda told: told.status_code == 503)
        assert "grundstein sign leaving" in seen[-1].json()["errors"][0]["text"]
        assert one.client.get("/readyz").status_code == 503


def test_a_shadow_answers_beside_and_only_the_journal_knows(served):
    shadow = put(served, winner(served), shadow=True)
    with running(served) as one:
        told = one.ask(question()).json()
        assert one.client.get("/healthz").status_code == 200
    mine = [line for line in lines(served) if line["id"] == told["answer_id"]]
    assert [(line["mode"], line["release"]) for line in mine] == [("live", told["release"]), ("shadow", shadow)]
    assert told["release"] != shadow


def test_what_is_released_later_is_answered_by_the_server_that_runs_already(decided_root, tmp_path):
    shutil.copytree(decided_root, tmp_path / "later")
    project = open_project(tmp_path / "later")
    with running(project, "leaving") as one:
        assert one.ask(question()).json()["errors"][0]["code"] == "GST-Q27"
        assert one.client.get("/readyz").status_code == 503
        put(project, "rule")
        until(lambda: one.ask(question()), lambda told: told.status_code == 200)


def test_nothing_is_told_that_cannot_be_kept(served):
    (served.root / "journal").mkdir()
    (served.root / "journal" / "leaving").write_text("in the way", encoding="utf-8")
    with running(served) as one:
        told = one.ask(question())
    assert told.status_code == 503
    assert "answer_id" not in told.text


def test_after_kill_9_every_answer_that_was_told_is_in_the_journal(served):
    with running(served) as one:
        told = [one.ask(question(place % 50)).json()["answer_id"] for place in range(60)]
        one.stop(9)
    assert {line["id"] for line in lines(served)} >= set(told)


def test_two_servers_on_one_project_answer_alike_and_keep_all(served):
    with running(served) as one, running(served) as other:
        told = [door.ask(question(place)).json() for place in range(20) for door in (one, other)]
    assert len({line["id"] for line in lines(served)} & {answer["answer_id"] for answer in told}) == 40
    assert all(mine["probability"] == its["probability"] for mine, its in zip(told[::2], told[1::2], strict=True))


def test_no_more_is_acted_on_than_the_case_has_capacity_for(served):
    desk = Desk(served)
    desk.refresh()
    one = desk.live["leaving"]
    room = capacity_of(replace(one.case, capacity=3.0), served.timezone, datetime.now(UTC))
    desk.live = {"leaving": replace(one, capacity=room)}
    asked = [one.questions.read(question(place))[0] for place in range(50)]
    told = [desk.answer(desk.live["leaving"], values, 0) for values in asked]
    assert sum(answer["act"] for answer in told) == 3
    assert any(answer["beyond_capacity"] for answer in told)
    desk.forget(desk.live["leaving"], told)
    assert desk.answer(desk.live["leaving"], asked[int(np.argmax([one["act"] for one in told]))], 0)["act"] == 1


def test_a_token_that_is_taken_back_stops_counting_while_the_server_runs(served):
    with running(served) as one:
        assert one.ask(question()).status_code == 200
        flow.remove_access(served, "shop")
        until(lambda: one.ask(question()), lambda told: told.status_code == 401)
    rows = {row["program"]: row for row in flow.access_of(served)}
    assert (rows["shop"]["token"], rows["ops"]["token"], rows["ops"]["cases"]) == ("no", "yes", "all")


def test_a_token_is_shown_once_and_only_its_hash_is_kept(served):
    token = flow.add_access(served, "new", ["metrics"], ["leaving"])
    kept = [row.record for row in served.ledger.entries(Access)][-1]
    assert kept.scopes == ("metrics",)
    assert token not in json.dumps([vars(row.record) for row in served.ledger.entries(Access)], default=str)


@pytest.mark.parametrize(("scopes", "cases"), [(["anser"], []), ([], []), (["answer"], ["leavin"])])
def test_a_token_needs_a_scope_that_exists_and_cases_that_exist(served, scopes, cases):
    from grundstein.core.errors import Refused

    with pytest.raises(Refused):
        flow.add_access(served, "new", scopes, cases)


def test_each_program_sees_the_description_of_what_it_may_ask(server):
    mine = server.client.get("/openapi.json").json()
    assert {"/cases/leaving/answer", "/cases/leaving/feedback"} < set(mine["paths"])
    asked = mine["paths"]["/cases/leaving/answer"]["post"]["requestBody"]["content"]["application/json"]
    assert asked["example"].keys() == question().keys()
    assert asked["schema"]["oneOf"][0]["additionalProperties"] is False
    assert server.ask(asked["example"]).status_code == 200
