"""What was acknowledged comes into the tables once, wherever a collection was interrupted."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path

import pytest
from journals import RELEASE, asked, journaled, told

from grundstein.flow.collecting import Collected, collect
from grundstein.production.journal import Journal, segments
from grundstein.project.folder import Folder, open_project

NAME = "leaving"


def table(project: Folder, suffix: str) -> list[dict[str, object]]:
    rows = project.tables.read(f"{NAME}__{suffix}").to_pylist()
    return [{name: value for name, value in row.items() if name != "_batch"} for row in rows]


def test_answers_questions_and_truths_come_into_their_tables_with_their_types(project):
    journaled(project, [asked(1), asked(2), told("No", id="a1"), told("Yes", key={"person": "p00002"})])
    assert collect(project, NAME) == Collected(2, 2, 0)
    assert table(project, "questions")[1] == {
        "person": "p00002", "tenure": 2, "plan": "month", "day": date(2026, 1, 5), "_row": 1
    }  # fmt: skip
    assert table(project, "answers")[1] == {
        "person": "p00002", "question": 1, "answer_id": "a2", "answered_at": datetime(2026, 1, 5, 8, tzinfo=UTC),
        "answer": "Yes", "probability": 0.002, "act": 1.0, "held_back": False, "beyond_capacity": False,
        "release": RELEASE, "mode": "live", "_row": 1,
    }  # fmt: skip
    at = datetime(2026, 2, 5, 8, tzinfo=UTC)
    assert [{name: row[name] for name in row if name != "_row"} for row in table(project, "feedback")] == [
        {"answer_id": "a1", "person": None, "leaves": "No", "told_at": at},
        {"answer_id": None, "person": "p00002", "leaves": "Yes", "told_at": at},
    ]


def test_collecting_again_adds_nothing_and_more_lines_go_on_behind(project):
    journaled(project, [asked(1)])
    collect(project, NAME)
    assert collect(project, NAME) == Collected()
    journaled(project, [asked(2), asked(3)])
    assert collect(project, NAME).answers == 2
    assert [(row["question"], row["answer_id"]) for row in table(project, "answers")] == [
        (0, "a1"),
        (1, "a2"),
        (2, "a3"),
    ]
    assert not segments(project.root / "journal" / NAME)


def test_a_case_that_nobody_asked_has_nothing_to_collect(project):
    assert collect(project, NAME) == Collected()


def test_the_shadow_answers_the_same_question_and_a_line_that_comes_twice_counts_once(project):
    shadow = asked(1, mode="shadow", release="s" * 64)
    journaled(project, [asked(1), shadow, asked(1), asked(2)])
    assert collect(project, NAME).answers == 3
    assert len(table(project, "questions")) == 2
    assert [(row["question"], row["mode"]) for row in table(project, "answers")] == [
        (0, "live"),
        (0, "shadow"),
        (1, "live"),
    ]


def test_what_was_left_out_of_a_question_is_empty_in_its_row(project):
    line = asked(1)
    line["question"]["person"] = None
    del line["question"]["day"]
    journaled(project, [line])
    assert collect(project, NAME).aside == 0
    row = table(project, "questions")[0]
    assert (row["person"], row["day"]) == (None, None)


def test_a_line_that_no_table_can_take_is_kept_aside_with_its_reason_and_never_dropped(project):
    bad = [
        b"\xff\xfe no text",
        b"[1]",
        b'{"kind": "answer"}',
        asked(7, question={"person": "p00007", "tenure": "long"}),
        told("No"),
        told(None, id="a1"),
        told("Yes", at="yesterday", id="a1"),
    ]
    journaled(project, [asked(1), *bad, told("No", id="a1")])
    done = collect(project, NAME)
    assert (done.answers, done.feedback, done.aside) == (1, 1, 7)
    assert [finding.code for finding in done.findings] == ["GST-F01"]
    assert "7" in done.findings[0].text("de")
    (file,) = (project.root / "journal" / NAME / "aside").iterdir()
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [one["line"] for one in kept] == [2, 3, 4, 5, 6, 7, 8]
    assert all(one["reason"] and one["text"] for one in kept)
    assert "tenure" in kept[3]["reason"]


def test_lines_that_were_put_aside_come_back_once_their_contract_takes_them(project):
    journaled(project, [asked(1, question={"person": "p00001", "tenure": 1.5}), asked(2)])
    assert collect(project, NAME).aside == 1
    (kept,) = (project.root / "journal" / NAME / "aside").iterdir()
    kept.write_text(kept.read_text(encoding="utf-8").replace("1.5", "1"), encoding="utf-8")
    kept.rename(kept.parents[1] / kept.name)
    assert collect(project, NAME) == Collected(1, 0, 0)
    assert [row["answer_id"] for row in table(project, "answers")] == ["a2", "a1"]


def test_what_is_personal_in_the_cases_table_is_personal_in_its_questions_answers_and_truths(project):
    contract = project.contract("people")
    columns = tuple(replace(one, personal=one.name == "person") for one in contract.columns)
    project.write_contract(replace(contract, columns=columns))
    journaled(project, [asked(1), told("No", id="a1")])
    collect(project, NAME)
    for suffix in ("questions", "answers", "feedback"):
        governed = project.contract(f"{NAME}__{suffix}")
        assert [one.name for one in governed.columns if one.personal] == ["person"]


def test_the_segment_that_a_server_still_writes_is_left_alone(project):
    journaled(project, [asked(1)])
    journal = Journal(project.root / "journal" / NAME)
    journal.append(json.dumps(asked(2)).encode())
    assert collect(project, NAME).answers == 1
    journal.close()
    assert collect(project, NAME).answers == 1


def test_many_segments_are_collected_in_parts_that_fit_in_memory(project, monkeypatch):
    monkeypatch.setattr("grundstein.flow.collecting.MOST_BYTES", 3_000)
    journaled(project, [asked(number) for number in range(60)], most_bytes=900)
    assert collect(project, NAME).answers == 60
    assert [row["question"] for row in table(project, "answers")] == list(range(60))
    assert len(project.tables.commits("leaving__answers")) > 3


def test_questions_of_a_case_whose_rows_are_a_select_stand_in_the_table_of_its_result(project):
    case = project.root / "cases" / f"{NAME}.yaml"
    case.write_text(
        case.read_text(encoding="utf-8").replace("data: people", "data: select * from people"), encoding="utf-8"
    )
    journaled(project, [asked(1), told("No", id="a1")])
    assert collect(project, NAME) == Collected(1, 1, 0)
    assert [(row["person"], row["day"]) for row in table(project, "selected")] == [("p00001", date(2026, 1, 5))]
    assert [commit.note for commit in project.tables.commits(f"{NAME}__answers")] == [f"{NAME}__selected"]
    assert f"{NAME}__questions" not in project.tables.names()


def test_a_part_of_an_answer_that_the_table_has_no_column_for_gives_it_one(project):
    journaled(project, [asked(1)])
    collect(project, NAME)
    journaled(
        project, [asked(2, answer={"answer": "Perhaps", "probability": 0.5, "act": 0.0, "probability: Perhaps": 0.5})]
    )
    done = collect(project, NAME)
    assert (done.answers, done.aside, done.findings) == (1, 0, ())
    assert [row["answer"] for row in table(project, "answers")] == ["Yes", "Perhaps"]
    assert [row["probability: Perhaps"] for row in table(project, "answers")] == [None, 0.5]
    assert "probability: Perhaps" in project.contract(f"{NAME}__answers").names
    journaled(project, [asked(3)])
    collect(project, NAME)
    assert [row["probability: Perhaps"] for row in table(project, "answers")] == [None, 0.5, None]


class Struck(BaseException):
    """What a power cut is to a program: nothing runs after it."""


def test_interrupted_at_any_step_a_collection_completes_when_it_is_run_again(project, tmp_path, monkeypatch):
    """Each write of the collection is struck once before and once after it was made."""
    from grundstein.flow import collecting

    lines = [asked(1), b"bad", asked(2), told("No", id="a1"), told("Yes", key={"person": "p00002"})]
    journaled(project, [asked(0)])
    collect(project, NAME)
    journaled(project, lines, most_bytes=600)
    moment = [0, 0]

    def struck(original):
        def run(*args, **kwargs):
            moment[0] += 1
            if moment[0] == moment[1]:
                raise Struck
            done = original(*args, **kwargs)
            moment[0] += 1
            if moment[0] == moment[1]:
                raise Struck
            return done

        return run

    plain = {"_written": collecting._written, "_append": collecting._append}
    number, finished = 0, False
    while not finished:
        number += 1
        moment[:] = [0, number]
        root = tmp_path / f"struck{number}"
        shutil.copytree(project.root, root)
        with monkeypatch.context() as planted:
            for name, original in plain.items():
                planted.setattr(collecting, name, struck(original))
            planted.setattr(Path, "unlink", struck(Path.unlink))
            try:
                collect(open_project(root), NAME)
                finished = True
            except Struck:
                pass
        again = open_project(root)
        collect(again, NAME)
        assert [(row["question"], row["answer_id"]) for row in table(again, "answers")] == [
            (0, "a0"),
            (1, "a1"),
            (2, "a2"),
        ]
        assert [row["person"] for row in table(again, "questions")] == ["p00000", "p00001", "p00002"]
        assert [row["leaves"] for row in table(again, "feedback")] == ["No", "Yes"]
        assert sum(len(f.read_text().splitlines()) for f in (root / "journal" / NAME / "aside").iterdir()) == 1
        assert not segments(root / "journal" / NAME)
        assert not (root / "journal" / NAME / "collecting.json").exists()
    assert number > 12


def _collected(root: str) -> None:
    collect(open_project(Path(root)), NAME)


def _collected_on_little(root: str, most: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    _collected(root)


@pytest.mark.parametrize("most", [200, 2_000, 8_000])
def test_a_disk_that_is_full_stops_a_collection_and_loses_nothing(project, most):
    """No file may grow over `most` bytes, which is what a full disk looks like to a program."""
    journaled(project, [*(asked(number) for number in range(100)), b"bad", told("No", id="a1")])
    one = get_context("fork").Process(target=_collected_on_little, args=(str(project.root), most))
    one.start()
    one.join()
    assert one.exitcode
    collect(open_project(project.root), NAME)
    again = open_project(project.root)
    assert [row["answer_id"] for row in table(again, "answers")] == [f"a{n}" for n in range(100)]
    assert len(table(again, "feedback")) == 1
    assert len(list((project.root / "journal" / NAME / "aside").iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_collections_that_are_killed_and_run_side_by_side_lose_and_double_nothing(project):
    journaled(project, [asked(number) for number in range(400)], most_bytes=9_000)
    fork = get_context("fork")
    for wait in (0.02, 0.1, 0.2):
        ones = [fork.Process(target=_collected, args=(str(project.root),)) for _ in range(2)]
        for one in ones:
            one.start()
        time.sleep(wait)
        for one in ones:
            os.kill(one.pid, signal.SIGKILL)
            one.join()
    collect(open_project(project.root), NAME)
    assert [row["answer_id"] for row in table(open_project(project.root), "answers")] == [f"a{n}" for n in range(400)]
