"""The pages that tell what to type: every command on them is run, in their order, and must be done."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pytest

from grundstein import flow
from grundstein.cli.main import run
from grundstein.project.folder import create_project

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```(yaml|console)\n(.*?)```", re.DOTALL)
TOKEN = re.compile(r"^Token\s+(\S+)", re.MULTILINE)


def customers(n: int, seed: int, name: str) -> str:
    """Customers as CSV, named by `name`: who leaves depends on four columns, so that a rule on one is not enough."""
    rng = np.random.default_rng(seed)
    tenure, calls, age = rng.integers(0, 72, n), rng.integers(0, 10, n), rng.integers(18, 80, n)
    plan = rng.choice(["month", "year"], n)
    odds = 1.6 * ((plan == "month") - 0.5) - (tenure - 36) / 18 - (calls - 4.5) / 2 - (age - 49) / 25 - 0.8
    leaves = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    rows = zip(tenure, calls, age, plan, leaves, strict=True)
    lines = [f"{name}{i:05d},{t},{c},{a},{p},{v}" for i, (t, c, a, p, v) in enumerate(rows)]
    return "\n".join(["customer,tenure,calls,age,plan,leaves", *lines]) + "\n"


class Walk:
    """A page's blocks, done one after the other in the folder of a project."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.root, self._capture, self._patch, self._said = root, capture, patch, ""
        self.servers: list[subprocess.Popen[bytes]] = []

    def page(self, name: str) -> int:
        """Do a page; returns how many commands it had."""
        blocks = BLOCK.findall((DOCS / name).read_text(encoding="utf-8"))
        lines = [line[2:] for kind, text in blocks if kind == "console" for line in text.splitlines()]
        for text in (text for kind, text in blocks if kind == "yaml"):
            self._file(text)
        for line in lines:
            self._line(line)
        return len(lines)

    def _file(self, text: str) -> None:
        named = re.match(r"# (\S+\.yaml)\n", text)
        path = self.root / (named[1] if named else "grundstein.yaml")
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def _line(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if words[0] == "export":
            name = words[1].partition("=")[0]
            found = TOKEN.search(self._said)
            assert found, f"no token was shown before: {line}"
            self._patch.setenv(name, found[1])
        elif words[:2] == ["grundstein", "serve"]:
            self._serve(words)
        elif words[0] == "curl":
            self._ask(line)
        else:
            assert words[0] == "grundstein", line
            self._capture.readouterr()
            code = run(words[1:])
            self._said, err = self._capture.readouterr()
            assert code == 0, f"{line}\n{self._said}{err}"

    def _serve(self, words: list[str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        assert words[-2:] == ["--port", "8080"]
        command = [sys.executable, "-c", "from grundstein.cli.main import main; main()", *words[1:-1], str(self._port)]
        self.servers.append(subprocess.Popen(command, cwd=self.root, stderr=subprocess.DEVNULL))
        for _ in range(300):
            if socket.socket().connect_ex(("127.0.0.1", self._port)) == 0:
                return
            time.sleep(0.1)
        raise AssertionError("the server did not come up")

    def _ask(self, line: str) -> None:
        """What curl would send; curl itself need not be here."""
        words = shlex.split(os.path.expandvars(line.replace("8080", str(self._port))))
        name, value = words[words.index("-H") + 1].split(": ", 1)
        place = urlsplit(words[-1])
        asked = HTTPConnection("127.0.0.1", self._port, timeout=20)
        asked.request("POST", f"{place.path}?{place.query}", words[words.index("-d") + 1], {name: value})
        told = json.loads(asked.getresponse().read())
        assert told["mode"] == "live"
        assert len(told["reasons"]) == 2


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Walk]:
    """A project with a table of customers, and two files of those who came later."""
    root = tmp_path / "project"
    project = create_project(root, name="p", salt="tests")
    (root / "customers.csv").write_text(customers(2000, 3, "a"), encoding="utf-8")
    flow.ingest(project, str(root / "customers.csv"), "customers")
    later = customers(600, 5, "b").splitlines()
    (root / "later.csv").write_text("\n".join(later) + "\n", encoding="utf-8")
    (root / "new.csv").write_text("\n".join(line.rpartition(",")[0] for line in later) + "\n", encoding="utf-8")
    for name in ("GRUNDSTEIN_PROJECT", "GRUNDSTEIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)
    walking = Walk(root, capsys, monkeypatch)
    yield walking
    for server in walking.servers:
        server.terminate()
        server.wait(timeout=30)


def test_the_circle_of_production_is_walked_as_its_page_says(walk: Walk) -> None:
    for extra in ("uvicorn", "mlflow"):
        pytest.importorskip(extra)
    assert walk.page("production.md") >= 18
    assert (walk.root / "calls.xlsx").is_file()
    assert (walk.root / "tracking" / "mlflow.db").is_file()
    assert run(["assess", "--json"]) == 0
    told = json.loads(walk._capture.readouterr().out)
    assert [one["step"] for one in told["steps"] if not one["record"]] == []


def test_the_page_of_assess_holds_in_an_empty_folder(walk: Walk, tmp_path: Path) -> None:
    walk.root = tmp_path / "empty"
    walk.root.mkdir()
    os.chdir(walk.root)
    assert walk.page("assess.md") == 3
    assert run(["assess", "--json"]) == 0
    rows = json.loads(walk._capture.readouterr().out)["rows"]
    assert {row["state"] for row in rows if row["row"] == "C2"} == {"declared"}
    shutil.rmtree(walk.root / "pages")
