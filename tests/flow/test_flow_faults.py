"""Killed or stopped at any moment, evaluate and decide open nothing twice, and complete when run again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grundstein.core.records import Experiment, Opening, Verdict

if TYPE_CHECKING:
    from grundstein.project.folder import Folder

PROGRAM = str(Path(sys.executable).with_name("grundstein"))
PLANT = """
import os, sys
from grundstein.stores import ledger
from grundstein.cli.main import run
real, wanted, before = ledger.SqliteLedger._insert, sys.argv[1], sys.argv[2] == "before"
def insert(self, connection, record, seconds):
    if type(record).__name__ == wanted and before:
        os.kill(os.getpid(), 9)
    entry = real(self, connection, record, seconds)
    if type(record).__name__ == wanted:
        connection.commit() if sys.argv[2] == "after" else None
        os.kill(os.getpid(), 9)
    return entry
ledger.SqliteLedger._insert = insert
sys.exit(run(sys.argv[3:]))
"""


def counts(project: Folder) -> tuple[int, ...]:
    return tuple(len(list(project.ledger.entries(kind))) for kind in (Experiment, Opening, Verdict))


@pytest.mark.parametrize(
    ("kind", "moment"),
    [("Opening", "before"), ("Opening", "after"), ("Verdict", "within"), ("Verdict", "after"), ("Report", "before")],
)
def test_killed_around_a_record_of_decide_a_rerun_completes_with_one_opening(
    evaluated: Folder, kind: str, moment: str
) -> None:
    words = ["--project", str(evaluated.root), "decide", "leaving"]
    killed = subprocess.run([sys.executable, "-c", PLANT, kind, moment, *words], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert counts(evaluated) == (1, 1, 1)
    assert evaluated.ledger.verify() == []
    assert (evaluated.root / "reports" / "leaving.en.html").is_file()


@pytest.mark.parametrize("kind", ["Seal", "Experiment"])
def test_killed_around_a_record_of_evaluate_a_rerun_completes(project: Folder, kind: str) -> None:
    words = ["--project", str(project.root), "evaluate", "leaving"]
    killed = subprocess.run([sys.executable, "-c", PLANT, kind, "within", *words], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert subprocess.run([PROGRAM, *words], capture_output=True, check=False).returncode == 0
    assert counts(project) == (1, 0, 0)
    assert project.ledger.verify() == []


@pytest.mark.parametrize("after", [2.0])
def test_stopped_by_ctrl_c_it_says_so_in_three_lines_and_a_rerun_completes(project: Folder, after: float) -> None:
    words = [PROGRAM, "--project", str(project.root), "decide", "leaving"]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(after)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode in (0, 130, -signal.SIGINT)
    assert "Traceback" not in err
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert counts(project) == (1, 1, 1)
    assert project.ledger.verify() == []
