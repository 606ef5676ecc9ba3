"""A project whose rule and whose learned model are released, made once; a real server on it, stopped at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))

from arriving_people import people

from grundstein import flow
from grundstein.core.records import Verdict
from grundstein.project.folder import Folder, create_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = str(Path(sys.executable).with_name("grundstein"))
CASE = """\
question: Who leaves?
task: predict
data: people
target: leaves
positive: "Yes"
baseline: tenure < 12
money: {saved: 600, success: 0.3, cost: 60, assumed: [success]}
worthwhile: 1
volume: 900
acted: nobody
signed_by: [service]
holdback: 0.2
"""


def decided(root: Path, case: str = CASE) -> Folder:
    """A project with a case that was decided, and a person who may sign."""
    project = create_project(root, name="p", salt="tests", roles={"service": ["somebody", "another"]})
    (root / "people.csv").write_text(people(900, 3, 2.5), encoding="utf-8")
    flow.ingest(project, str(root / "people.csv"), "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    (root / "cases" / "leaving.yaml").write_text(case, encoding="utf-8")
    flow.advance(flow.decide(project, "leaving"), project)
    people_ = {name: flow.add_person(project, name) for name in ("somebody", "another")}
    (root / "people.json").write_text(json.dumps(people_), encoding="utf-8")
    return project


def put(project: Folder, solution: str, *, shadow: bool = False) -> str:
    """Have two people sign a solution of the case, and release it; returns the release's id."""
    for token in json.loads((project.root / "people.json").read_text(encoding="utf-8")).values():
        if flow.standing(project, "leaving", solution).missing:
            flow.sign(project, "leaving", token, "approve", "we want to see it work", solution=solution)
    return flow.release(project, "leaving", solution, shadow=shadow).id


def with_programs(project: Folder) -> None:
    """Give three programs their tokens, kept beside the project for the tests."""
    given = {
        "answer": flow.add_access(project, "shop", ["answer", "feedback", "metrics"], ["leaving"]),
        "feedback": flow.add_access(project, "crm", ["feedback"], ["leaving"]),
        "all": flow.add_access(project, "ops", ["answer", "feedback", "metrics"]),
    }
    (project.root / "tokens.json").write_text(json.dumps(given), encoding="utf-8")


def tokens(project: Folder) -> dict[str, str]:
    found: dict[str, str] = json.loads((project.root / "tokens.json").read_text(encoding="utf-8"))
    return found


@dataclass
class Running:
    """A server that answers at `address`; `log` holds what it wrote once it is stopped."""

    project: Folder
    process: subprocess.Popen[bytes]
    address: str
    client: httpx.Client
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def ask(self, question: Any, *, query: str = "", case: str = "leaving", **named: Any) -> httpx.Response:
        return self.client.post(f"/cases/{case}/answer{query}", json=question, **named)

    def tell(self, truth: Any, **named: Any) -> httpx.Response:
        return self.client.post("/cases/leaving/feedback", json=truth, **named)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        self.client.close()
        assert self.process.stderr is not None
        for line in self.process.stderr.read().splitlines():
            self.log.append(json.loads(line))
        return code


@contextmanager
def running(project: Folder, *words: str, program: str = "answer") -> Iterator[Running]:
    """Start a server on a free port and stop it, whatever happens."""
    words = ("--project", str(project.root), "serve", *words, "--port", "0", "--json")
    process = subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    text = b""
    while not text.endswith(b"}\n"):
        line = process.stdout.readline()
        if not line:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read().decode())
        text += line
    address = json.loads(text)["address"]
    head = {"Authorization": f"Bearer {tokens(project)[program]}"} if program else {}
    one = Running(project, process, address, httpx.Client(base_url=address, headers=head, timeout=20))
    try:
        yield one
    finally:
        one.stop()


def question(place: int = 0, **changed: Any) -> dict[str, Any]:
    """One question as a client would send it."""
    head, *rows = people(50, 9, 2.5).splitlines()
    texts = dict(zip(head.split(","), rows[place].split(","), strict=True))
    del texts["leaves"]
    return {name: _value(text) for name, text in texts.items()} | changed


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def winner(project: Folder) -> str:
    """The solution that did best; not the rule."""
    return cast("Verdict", list(project.ledger.entries(Verdict))[-1].record).winner


def lines(project: Folder) -> list[dict[str, Any]]:
    """What the journal of the case holds."""
    folder = project.root / "journal" / "leaving"
    return [json.loads(line) for path in sorted(folder.glob("*")) for line in path.read_bytes().splitlines()]


def until(ask: Callable[[], httpx.Response], wanted: Callable[[httpx.Response], bool]) -> list[httpx.Response]:
    """Ask until something is so, ten seconds at most; returns all that was told."""
    seen = [ask()]
    while not wanted(seen[-1]):
        assert len(seen) < 200, seen[-1].text
        time.sleep(0.05)
        seen.append(ask())
    return seen
