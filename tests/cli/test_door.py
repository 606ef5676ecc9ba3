"""The door: three-line errors, one JSON document, quiet in a pipe, an example in every help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doors import customers

from grundstein.cli.main import COMMANDS

if TYPE_CHECKING:
    from doors import Door

PROGRAM = str(Path(sys.executable).with_name("grundstein"))
KEYS = {
    "case",
    "task",
    "snapshot",
    "unit",
    "units",
    "split",
    "measure",
    "margin",
    "verdict",
    "winner",
    "figures",
    "baseline",
}
KEYS |= {"candidates", "detectable", "units_needed", "openings", "findings"}
WORTH = ["--saved", "600", "--success", "0.3", "--cost", "60", "--acted", "nobody", "--assumed", "success"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_opens_with_a_runnable_example(door: Door, command: str) -> None:
    said = door(command, "--help")
    assert said.code == 0
    assert f"Example: grundstein {command}" in said.out.replace("\n", " ").replace("  ", " ")


def test_an_unknown_command_names_the_nearest_one(door: Door) -> None:
    said = door("evalute")
    assert said.code == 2
    assert '"evaluate"' in said.err


@pytest.mark.parametrize(
    "words", [["evaluate"], ["ingest", "a.csv"], ["decide", "--nothing"], ["worth", "c", "--cost", "x"]]
)
def test_a_command_that_is_not_written_right_ends_with_2_and_three_lines(door: Door, words: list[str]) -> None:
    said = door(*words)
    assert said.code == 2
    assert [line.split()[0] for line in said.err.strip().splitlines()] == ["Error", "Expected", "Next"]


def test_outside_a_project_the_next_step_is_init(door: Door) -> None:
    said = door("tables")
    assert said.code == 1
    assert "grundstein init" in said.err


def test_from_a_file_to_a_verdict(door: Door) -> None:
    """One project, walked through as a person would: evaluate, worth, decide, report, audit, tried, rundown."""
    first = door("evaluate", door.write("Customers.csv", customers()), "--target", "leaves")
    assert first.code == 0, first.err
    for label in ("Read", "Guessed", "Careful", "Baseline", "Tried", "PREVIEW", "Wrote", "Next"):
        assert f"\n{label} " in "\n" + first.out
    assert "900 rows, 5 columns" in first.out
    assert 'yes/no question; "Yes"' in first.out
    assert "GST-S04" in first.out
    assert "grundstein worth leaves" in first.out

    refused = door("decide", "leaves")
    assert refused.code == 1
    assert "grundstein worth leaves" in refused.err

    told = door("worth", "leaves", "--rule", "tenure < 12", *WORTH, "--worthwhile", "1", "--volume", "900", "--json")
    assert told.code == 0, told.err
    assert set(told.document) >= KEYS
    assert (told.document["verdict"], told.document["figures"]) == (None, "development")
    assert told.document["measure"] == {"name": "money", "money": True}

    again = door("evaluate", "leaves", "--json")
    assert again.document == told.document

    decided = door("decide", "leaves", "--json")
    assert decided.code == 0, decided.err
    assert set(decided.document) >= KEYS
    assert decided.document["openings"] == 1
    assert decided.document["verdict"] in ("qualifies", "does_not_qualify", "not_enough_data")
    assert door("decide", "leaves", "--json").document == decided.document

    for language in ("en", "de"):
        page = door.read(f"reports/leaves.{language}.html")
        assert "<script" not in page
        assert f'lang="{language}"' in page
    audit = door("audit", "--json")
    assert (audit.code, audit.document["broken"]) == (0, [])
    kinds = [row["kind"] for row in audit.document["rows"]]
    assert (kinds[0], kinds.count("Opening"), kinds.count("Verdict")) == ("Foundation", 1, 1)
    assert door("tried", "who leaves", "--json").document[0]["state"] == decided.document["verdict"]
    assert door("tried", "submarines").out.startswith("Nothing")
    assert "leaves" in door("rundown").out
    assert door("report", "leaves").code == 0
    assert door("check").code == 0
    assert door("show", "customers").code == 0
    shown = door("show", "leaves")
    assert "VERDICT" in shown.out
    assert "grundstein sign leaves" in shown.out
    assert door("show", "leaves", "--json").document["verdict"]


def test_an_idea_is_remembered_long_before_there_are_data(door: Door) -> None:
    door("init", ".")
    assert door("new", "invoices", "--idea", "--question", "Could invoices be booked by themselves?").code == 0
    found = door("tried", "booking invoices", "--json").document
    assert [(row["case"], row["state"]) for row in found] == [("invoices", "idea")]
    assert door("evaluate", "invoices").code == 1
    assert "ideas" in door("rundown", "--json").document


def test_a_case_is_not_written_over(door: Door) -> None:
    door("init", ".")
    words = ["new", "c", "--task", "predict", "--data", "t", "--target", "y", "--question", "Q?"]
    assert (door(*words).code, door(*words).code) == (0, 1)


def test_schemas_are_printed_as_json(door: Door) -> None:
    for what in ("case", "project", "contract"):
        assert door("schema", what).document
    assert door("schema", "cas").code == 2


def test_a_pipe_sees_no_colour_and_no_progress(door: Door) -> None:
    door("init", ".")
    door.write("a.csv", customers(300))
    done = subprocess.run(
        [PROGRAM, "ingest", "a.csv", "--table", "t"], cwd=door.folder, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr == b""


def test_sql_writes_a_spreadsheet(door: Door) -> None:
    door("init", ".")
    door("ingest", door.write("a.csv", customers(300)), "--table", "t")
    for name in ("out.xlsx", "out.csv", "out.parquet"):
        assert door("sql", "select plan, count(*) n from t group by 1", "--to", name).code == 0
        assert (door.folder / name).stat().st_size > 0
    assert door("sql", "select 1 from t", "--to", "out.docx").code == 1


def test_audit_finds_a_table_whose_file_was_changed_after_its_commit(door: Door) -> None:
    door("init", ".")
    door("ingest", door.write("a.csv", customers(300)), "--table", "t")
    assert door("audit").code == 0
    file = next(door.folder.rglob("*.parquet"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    said = door("audit", "--json")
    assert said.code == 1
    assert "is not what was committed" in said.document["broken"][0]
