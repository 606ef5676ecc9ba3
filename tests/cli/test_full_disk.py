"""A disk that is full stops an ingest and loses nothing: with room again, the same command completes."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doors import customers

if TYPE_CHECKING:
    from doors import Door

PROGRAM = str(Path(sys.executable).with_name("grundstein"))


def smaller(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@pytest.mark.parametrize("most", [4_000, 24_000, 36_000])
def test_an_ingest_that_cannot_write_ends_in_three_lines_and_can_be_run_again(door: Door, most: int) -> None:
    """No file may grow over `most` bytes, which is what a full disk looks like to a program."""
    door("init", ".")
    door.write("a.csv", customers(6_000))
    words = [PROGRAM, "ingest", "a.csv", "--table", "t"]
    full = subprocess.run(
        words, cwd=door.folder, capture_output=True, text=True, check=False, preexec_fn=lambda: smaller(most)
    )
    assert full.returncode == 1
    assert [line.split()[0] for line in full.stderr.splitlines()] == ["Error", "Expected", "Next"], full.stderr
    again = subprocess.run(words, cwd=door.folder, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert door("sql", "select count(*) n from t", "--json").document == [{"n": 6_000}]
    assert door("audit").code == 0


def test_an_error_of_many_lines_is_said_in_three(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("(driver) database or disk is full\n(Background on this error at: ...)")

    door("init", ".")
    monkeypatch.setattr("grundstein.flow.ingest", full)
    said = door("ingest", door.write("a.csv", "a\n1\n"), "--table", "t")
    assert said.code == 1
    assert [line.split()[0] for line in said.err.splitlines()] == ["Error", "Expected", "Next"]
    assert "The disk is full." in said.err
