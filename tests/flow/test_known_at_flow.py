"""What the contract or two versions of a table say of when values are known reaches every solution of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from arriving_people import people

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Snapshot
from grundstein.flow.guarding import refuse_leaks
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
question: Who leaves?
task: predict
data: people
target: leaves
positive: "Yes"
ignore: [day]
metric: log_loss
worthwhile: 0.01
"""


def with_reason(content: str, open_rows: int = 0, forms: bool = True) -> str:
    """The people with a form that is filled in when the answer comes, the first `open_rows` answers still open."""
    rng = np.random.default_rng(0)
    head, *lines = content.splitlines()
    found = [head.replace("leaves", "form,leaves")]
    for place, line in enumerate(lines):
        kept, _, answer = line.rpartition(",")
        known, form = place >= open_rows, rng.integers(100, 999) * (9 if answer == "Yes" else 1)
        found.append(f"{kept},{form if known and forms else ''},{answer if known else ''}")
    return "\n".join(found) + "\n"


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    made = create_project(tmp_path / "p", name="p", salt="tests")
    (made.root / "cases" / "leaving.yaml").write_text(CASE, encoding="utf-8")
    return made


def brought(project: Folder, content: str, name: str = "people.csv", key: tuple[str, ...] = ()) -> None:
    (project.root / name).write_text(content, encoding="utf-8")
    flow.ingest(project, str(project.root / name), "people", key=key)


def say(project: Folder, column: str, line: str) -> None:
    """Write a line under a column of the contract."""
    path = project.root / "contracts" / "people.yaml"
    text = path.read_text(encoding="utf-8")
    place = text.index(f"- name: {column}\n")
    indent = " " * (place - text.rindex("\n", 0, place) - 1 + 2)
    at = text.index("\n", place) + 1
    path.write_text(f"{text[:at]}{indent}{line}\n{text[at:]}", encoding="utf-8")


def timeless(project: Folder) -> None:
    path = project.root / "contracts" / "people.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")


def pinned(project: Folder):
    return flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)


def test_the_answer_to_the_question_is_remembered_and_the_case_evaluated_anew(project):
    brought(project, with_reason(people(300, 3, 2.5)))
    timeless(project)
    first = flow.evaluate(project, "leaving")
    (question,) = (f for f in first.record.findings if f.facts.get("column") == "form" and f.section == "issue")
    line = "known_at: after"
    assert line in question.text()
    say(project, "form", line)
    again = flow.evaluate(open_project(project.root), "leaving")
    assert again.id != first.id
    told = {f.code: f for f in again.record.findings}
    assert told["GST-K12"].facts["columns"] == "form"
    assert not [f for f in again.record.findings if f.section == "issue" and f.facts.get("column") == "form"]
    assert flow.evaluate(open_project(project.root), "leaving").id == again.id


def test_a_rule_cannot_look_at_what_is_known_only_afterwards(project):
    brought(project, with_reason(people(300, 3, 2.5)))
    say(project, "form", "known_at: after")
    rule = CASE + "baseline: form > 900\n"
    (project.root / "cases" / "leaving.yaml").write_text(rule, encoding="utf-8")
    with pytest.raises(Refused, match='looks at "form"'):
        pinned(open_project(project.root))


def test_the_same_rows_in_two_versions_answer_the_question_unasked(project):
    content = people(300, 3, 2.5)
    brought(project, with_reason(content, open_rows=200))
    pinned(project)
    brought(project, with_reason(content, open_rows=60), "later.csv", key=("person",))
    now = pinned(project)
    assert len({row.record.versions["people"] for row in project.ledger.entries(Snapshot)}) == 2
    assert "form" in now.case.ignore
    (told,) = (f for f in now.told if f.code == "GST-K15")
    assert (told.facts["column"], told.facts["rows"], told.facts["became"]) == ("form", 140, 140)


def test_an_earlier_version_alone_shows_nothing(project):
    brought(project, with_reason(people(300, 3, 2.5), open_rows=60))
    pinned(project)
    more = people(100, 9, 2.5).replace("p0", "q0").replace("leaves", "form,leaves", 1)
    brought(project, more.replace(",Yes", ",1,Yes").replace(",No", ",1,No"), "more.csv")
    now = pinned(project)
    assert "form" not in now.case.ignore
    assert not now.told


def scored(n: int = 300) -> str:
    """The people with a score, for a third of them written a month after their day."""
    head, *lines = people(n, 3, 2.5).splitlines()
    found = [head.replace("leaves", "score,scored,leaves")]
    for place, line in enumerate(lines):
        kept, _, answer = line.rpartition(",")
        day = np.datetime64(kept.rpartition(",")[2])
        written = day + (30 if place % 3 == 0 else -3)
        found.append(f"{kept},{place * 7 % 101},{written},{answer}")
    return "\n".join(found) + "\n"


@pytest.mark.parametrize("data", ["people", "SELECT *, tenure * 2 AS twice FROM people"])
def test_values_written_later_than_their_row_are_hidden_on_both_sides_of_the_seal(project, data):
    brought(project, scored())
    say(project, "score", "known_at: scored")
    case = CASE.replace("data: people", f'data: "{data}"').replace("ignore: [day]", "time: day")
    (project.root / "cases" / "leaving.yaml").write_text(case, encoding="utf-8")
    opened = open_project(project.root)
    snapshot = flow.pin(flow.asked(opened, "leaving"), opened)
    now = flow.pinned_of(snapshot, opened)
    refuse_leaks(snapshot, opened, now)
    (told,) = (f for f in now.told if f.code == "GST-K13")
    assert (told.facts["rows"], told.facts["filled"]) == (100, 300)
    split = now.split
    for rows in (split.development["rows"], split.questions):
        assert rows.num_rows / 3.5 < rows["score"].null_count < rows.num_rows / 2.5
        assert rows["score"].null_count == rows["scored"].null_count


def test_what_the_contract_says_stands_in_the_snapshot(project):
    brought(project, scored())
    assert flow.pin(flow.asked(project, "leaving"), project).record.known_at == {}
    say(project, "score", "known_at: scored")
    said = flow.pin(flow.asked(project, "leaving"), open_project(project.root)).record.known_at
    assert said == {"score": "scored"}
