"""What really happened is told by files too: by the unit or by the answer, with the dialect of the case's own table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from journals import asked, journaled, told

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.flow.collecting import collect

TABLE = "leaving__feedback"


def truths(project, text, name="truth.csv"):
    path = project.root / name
    path.write_text(text, encoding="utf-8")
    return flow.ingest(project, str(path), TABLE)


def rows(project, *names):
    return [tuple(row[name] for name in names) for row in project.tables.read(TABLE).to_pylist()]


def test_a_file_of_keys_and_truths_becomes_rows_that_were_told_now(project):
    before = datetime.now(UTC)
    batch = truths(project, "person,leaves\np00001,Yes\np00002,No\n")
    assert (batch.rows, batch.rejected) == (2, 0)
    assert rows(project, "answer_id", "person", "leaves") == [(None, "p00001", "Yes"), (None, "p00002", "No")]
    assert all(before - timedelta(seconds=1) <= at <= datetime.now(UTC) for (at,) in rows(project, "told_at"))
    assert project.contract(TABLE).names == ("answer_id", "person", "leaves", "told_at")


def test_a_file_may_name_answers_and_say_when_their_truth_was_told(project):
    truths(project, "answer_id;leaves;told_at\na1;Yes;2026-02-03 10:00\na2;No;\n")
    (first, second) = rows(project, "answer_id", "leaves", "told_at")
    assert first == ("a1", "Yes", datetime(2026, 2, 3, 9, tzinfo=UTC))
    assert second[2] > first[2]


def test_rows_that_name_nobody_or_tell_nothing_are_put_aside(project):
    batch = truths(project, "person,leaves\np00001,Yes\n,No\np00003,\n")
    assert (batch.rows, batch.rejected) == (1, 2)
    assert project.tables.read(TABLE + "__rejected").num_rows == 2


def test_the_same_file_tells_nothing_twice_and_servers_and_files_share_one_table(project):
    journaled(project, [asked(1), told("No", id="a1")])
    collect(project, "leaving")
    text = "person,leaves\np00001,Yes\n"
    assert [truths(project, text).rows for _ in range(2)] == [1, 0]
    journaled(project, [told("Yes", key={"person": "p00002"})])
    collect(project, "leaving")
    assert rows(project, "answer_id", "person", "leaves", "_row") == [
        ("a1", None, "No", 0), (None, "p00001", "Yes", 1), (None, "p00002", "Yes", 2)
    ]  # fmt: skip
    assert flow.tidy(project, TABLE) is not None
    assert flow.audit(project) == []


def test_a_file_that_names_neither_a_unit_nor_an_answer_is_refused_with_what_is_missing(project):
    with pytest.raises(Refused, match="whom its truths are about") as refused:
        truths(project, "tenure,leaves\n3,Yes\n")
    assert "person" in refused.value.expected


def test_tables_that_belong_to_no_case_are_ingested_as_they_are(project):
    path = project.root / "other.csv"
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    assert flow.ingest(project, str(path), "stars__feedback").rows == 2
