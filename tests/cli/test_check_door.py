"""`check` and `init --ci` at the command line: one line a fault, one JSON document, names for a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doors import Door

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: draft
schema:
  - name: people
    logicalType: object
    properties:
      - {name: tenure, logicalType: integer, physicalType: integer}
      - {name: leaves, logicalType: string, physicalType: text}
"""
CASE = "question: Who leaves?\ntask: predict\ndata: people\ntarget: leaves\nbaseline: tenure < 12\n"


def begun(door: Door, **cases: str) -> None:
    door("init", ".")
    door.write("contracts/people.yaml", CONTRACT)
    for name, text in cases.items():
        door.write(f"cases/{name}.yaml", text)


def test_faults_are_one_line_each_with_file_line_and_code_and_end_with_1(door: Door) -> None:
    begun(door, good=CASE, bad=CASE.replace("tenure", "tenur"), worse=CASE + "volum: 3\n")
    said = door("check")
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].startswith("cases/bad.yaml:5: `baseline` names the column tenur")
    assert lines[0].endswith("GST-N03")
    assert lines[1].startswith("cases/worse.yaml:6: `volum` is no field here.")
    assert lines[2] == "Found     2 faults in 2 files; 3 cases checked"


def test_named_cases_are_checked_alone(door: Door) -> None:
    begun(door, good=CASE, bad=CASE.replace("tenure", "tenur"))
    assert door("check", "good").code == 0
    assert door("check", "bad").code == 1
    said = door("check", "godd")
    assert said.code == 1
    assert '"good"' in said.err


def test_json_holds_every_fault(door: Door) -> None:
    begun(door, bad=CASE.replace("tenure", "tenur"))
    said = door("check", "--json")
    (fault,) = said.document["faults"]
    assert (fault["file"], fault["line"], fault["code"]) == ("cases/bad.yaml", 5, "GST-N03")
    assert said.document["contracts"] == ["people"]


def test_names_are_printed_for_a_pipeline_and_nothing_else(door: Door) -> None:
    begun(door, good=CASE, thought="question: Could we?\nidea: true\n")
    assert door("check", "--names").out == "good\n"
    door.write("cases/bad.yaml", CASE.replace("tenure", "tenur"))
    said = door("check", "--names")
    assert (said.code, said.out) == (1, "")
    assert "cases/bad.yaml:5" in said.err


def test_a_pipeline_is_added_to_a_project_that_is_there_and_never_written_over(door: Door) -> None:
    door("init", ".")
    assert door("init", ".").code == 1
    said = door("init", ".", "--ci", "both")
    assert said.code == 0
    assert "grundstein check" in door.read(".github/workflows/grundstein.yml")
    door.write(".gitlab-ci.yml", "mine\n")
    assert "Kept" in door("init", ".", "--ci", "gitlab").out
    assert door.read(".gitlab-ci.yml") == "mine\n"


def test_a_project_is_begun_with_its_pipeline(door: Door) -> None:
    assert door("init", "new", "--ci", "github").code == 0
    assert "lake/" in door.read("new/.gitignore")
    assert (door.folder / "new" / "grundstein.yaml").is_file()


def test_the_schema_of_the_standard_is_printed(door: Door) -> None:
    assert "approvers" in door("schema", "standard").document["properties"]
