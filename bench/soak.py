"""Bench. In: a server under load, releases that change, kill -9 -> Out: what of all that it acknowledged was not so."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import faults_nursery as nursery
from serving_load import request
from soak_checks import CASE, CONNECTIONS, SHARE, checked
from soak_client import Heard, Questions, ask

KEPT = "access.txt"
PEOPLE, ASKED, LONGEST = 3_000, 400, 0.3
TEXT = """\
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
LEARNED = "linear"


class Form(NamedTuple):
    """How long, and how often something happens in that time."""

    seconds: float
    warm: float
    swaps: int
    kills: int
    collections: int


FULL, QUICK = Form(600.0, 10.0, 20, 5, 18), Form(20.0, 2.0, 4, 1, 4)


@dataclass
class Life:
    """One server from its start to its end: when it was ready, and its memory over time (seconds, bytes)."""

    process: subprocess.Popen[bytes]
    ready: float
    memory: list[tuple[float, int]] = field(default_factory=list)


@dataclass
class Run:
    """All that happened: lives, the times in which no server was there, what was heard, what the circle did."""

    lives: list[Life] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    rate: float = 0.0
    circle: list[dict[str, Any]] = field(default_factory=list)


def people(n: int, seed: int, prefix: str) -> list[str]:
    """Lines of a table of people who leave or stay, by tenure and plan."""
    rng = np.random.default_rng(seed)
    tenure, plan = rng.integers(0, 72, n), rng.choice(["month", "year"], n)
    odds = 2.5 * ((plan == "month") - 0.5) - 2.5 * (tenure - 36) / 36 - 0.8
    leaves = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    day = (np.datetime64("2023-01-01") + np.arange(n) * 700 // n).astype(str)
    rows = zip(range(n), tenure, plan, day, leaves, strict=True)
    return ["person,tenure,plan,day,leaves", *(f"{prefix}{i:05d},{t},{p},{d},{v}" for i, t, p, d, v in rows)]


def prepared(root: Path) -> None:
    """A project with two signed releases of one case, the learned one live, and a program that may ask."""
    from grundstein import flow
    from grundstein.project.folder import create_project

    names = ["somebody", "another"]
    limits = {"per_second": 1_000_000}
    project = create_project(root, name="soak", salt="soak", roles={"service": names}, serve=limits)
    (root / "people.csv").write_text("\n".join(people(PEOPLE, 3, "p")), encoding="utf-8")
    flow.ingest(project, str(root / "people.csv"), "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    (root / "cases" / f"{CASE}.yaml").write_text(TEXT, encoding="utf-8")
    flow.advance(flow.decide(project, CASE), project)
    tokens = [flow.add_person(project, name) for name in names]
    for solution in ("rule", LEARNED):
        for token in tokens:
            if flow.standing(project, CASE, solution).missing:
                flow.sign(project, CASE, token, "approve", "it shall be measured here", solution=solution)
        flow.release(project, CASE, solution)
    token = flow.add_access(project, "soak", ["answer", "feedback"], [CASE])
    (root / KEPT).write_text(token, encoding="utf-8")


def questions_of(root: Path, port: int) -> Questions:
    """Requests of people that the table does not hold."""
    token = (root / KEPT).read_text(encoding="utf-8")
    header, *rows = people(ASKED, 77, "n")
    bodies = []
    for row in rows:
        one = dict(zip(header.split(","), row.split(","), strict=True))
        question = {"person": one["person"], "tenure": int(one["tenure"]), "plan": one["plan"], "day": one["day"]}
        bodies.append(request(port, f"/cases/{CASE}/answer", json.dumps(question).encode(), token))
    return Questions(port, bodies, token)


def begun(root: Path, port: int, log: Path) -> Life:
    """Start a server and wait until it answers."""
    program = str(Path(sys.executable).with_name("grundstein"))
    words = [program, "--project", str(root), "serve", CASE, "--port", str(port), "--json"]
    with log.open("ab") as file:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=file)
    assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
    line = b""
    while not line.endswith(b"}\n"):
        more = process.stdout.readline()
        if not more:
            raise RuntimeError(log.read_text(encoding="utf-8")[-2_000:])
        line += more
    return Life(process, time.monotonic())


async def soaked(root: Path, form: Form, port: int, log: Path) -> Run:
    """Measure what the server can take, then ask at a share of it while the circle goes on and servers are killed."""
    run = Run()
    questions = questions_of(root, port)
    run.lives.append(await asyncio.to_thread(begun, root, port, log))
    for seconds in (form.warm / 2, form.warm):
        before, start = len(run.heard.seconds), time.monotonic()
        await ask(questions, run.heard, CONNECTIONS, 0.0, start + seconds)
        run.rate = SHARE * (len(run.heard.seconds) - before) / (time.monotonic() - start)
    run.heard.seconds = type(run.heard.seconds)("f")
    until = time.monotonic() + form.seconds
    words = [sys.executable, __file__, "circle", str(root), json.dumps([*form])]
    circle = subprocess.Popen(words, stdout=subprocess.PIPE)
    killing = asyncio.create_task(_killed(root, form, port, log, run))
    watching = asyncio.create_task(_watched(run))
    await ask(questions, run.heard, CONNECTIONS, run.rate, until)
    await killing
    watching.cancel()
    said, _ = await asyncio.to_thread(circle.communicate)
    run.circle = [json.loads(line) for line in said.splitlines()]
    return run


async def _killed(root: Path, form: Form, port: int, log: Path, run: Run) -> None:
    """Kill the server every so often in the first three fifths of the time, and start it again at once."""
    pause = 0.6 * form.seconds / (form.kills + 0.5)
    for _ in range(form.kills):
        await asyncio.sleep(pause)
        gone = time.monotonic()
        run.lives[-1].process.send_signal(signal.SIGKILL)
        run.lives.append(await asyncio.to_thread(begun, root, port, log))
        run.gaps.append((gone, run.lives[-1].ready))


async def _watched(run: Run) -> None:
    while True:
        life = run.lives[-1]
        try:
            text = Path(f"/proc/{life.process.pid}/statm").read_text(encoding="utf-8")
        except OSError:
            text = "0 0"
        if (pages := int(text.split()[1])) > 0:
            life.memory.append((time.monotonic(), pages * os.sysconf("SC_PAGE_SIZE")))
        await asyncio.sleep(0.5)


def circle(root: Path, form: Form) -> None:
    """Swap releases and collect the journal at set moments; every other collection is killed, if it still runs."""
    nursery.load()
    moments = random.Random(5)  # noqa: S311  (moments, no secret)
    swaps = [("swap", place, (place + 0.5) / form.swaps) for place in range(form.swaps)]
    collections = [("collect", place, (place + 0.9) / form.collections) for place in range(form.collections)]
    begin, home = time.monotonic(), root.parent / "circle"
    home.mkdir()
    for what, place, share in sorted(swaps + collections, key=lambda one: one[2]):
        time.sleep(max(0.0, begin + share * form.seconds - time.monotonic()))
        folder = home / f"{what}{place}"
        folder.mkdir()
        work = _swap if what == "swap" else _collect
        process = nursery.born(work, folder, root, place)
        killed = what == "collect" and place % 2 == 1 and nursery.kill_after(process, moments.random() * LONGEST)
        process.join()
        wrong = "" if killed or not process.exitcode else folder.with_suffix(".err").read_text(encoding="utf-8")[-500:]
        print(json.dumps({"what": what, "killed": killed, "wrong": wrong}), flush=True)


def _swap(root: Path, place: int) -> None:
    from grundstein import flow
    from grundstein.project.folder import open_project

    project = open_project(root)
    if place % 2:
        flow.release(project, CASE, LEARNED)
    else:
        flow.roll_back(project, CASE)


def _collect(root: Path, _: int) -> None:
    from grundstein.flow.collecting import collect
    from grundstein.project.folder import open_project

    collect(open_project(root), CASE)


def measured(form: Form) -> str:
    """Return the section's text."""
    with tempfile.TemporaryDirectory() as name:
        root, log = Path(name) / "p", Path(name) / "server.log"
        prepared(root)
        run = asyncio.run(soaked(root, form, _free_port(), log))
        run.lives[-1].process.terminate()
        run.lives[-1].process.wait(30)
        return checked(root, run, form)


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def run(quick: bool = False) -> str:
    """Return the section's text."""
    return measured(QUICK if quick else FULL)


if __name__ == "__main__":
    if sys.argv[1] == "circle":
        circle(Path(sys.argv[2]), Form(*json.loads(sys.argv[3])))
    else:
        print(run("--quick" in sys.argv))
