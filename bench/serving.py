"""Bench. In: a released model -> Out: CPU of a request here, at MLflow's server and at BentoML's, on loopback.

The peers' environment is made under the folder for temporary files. Servers are asked in turn, in several rounds, over
16 connections; the figures are the middle of the rounds.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from grundstein import flow
from grundstein.flow.signing import current
from grundstein.project.folder import create_project, open_project
from grundstein.tasks.predict import Predict
from grundstein.tasks.predict.learned import Learned
from grundstein.tasks.predict.plan import plan_of
from serving_load import Load, load, request
from verdicts import DATA, PROGRAM, RULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grundstein.core.records import Release
    from grundstein.project.folder import Folder

HERE = Path(__file__).parent
PEERS = Path(tempfile.gettempdir()) / "grundstein-serving-peers"
NEEDED = ("mlflow==3.17.2", "bentoml==1.4.39", "lightgbm", "scikit-learn", "threadpoolctl", "pyarrow", "duckdb")
QUIET = {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "True"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
CONNECTIONS, ROUNDS, OURS, THEIRS = 16, 5, 2_000, 400
CASE = f"""\
question: Which customers will leave next month?
task: predict
data: customers
target: Churn
positive: true
baseline: "{RULE}"
money: {{saved: 600, success: 0.3, cost: 60, assumed: [success]}}
worthwhile: 0.5
volume: 7043
acted: nobody
signed_by: [service]
holdback: 0.05
"""


HOW = """\
Telco churn, one row, {columns} columns, {connections} connections that ask one at a time, as fast as they can; the
middle of {rounds} rounds in turn. Everything on: token, contract, limits, the journal line before the answer, capacity
and holdback, metrics, three reasons. The peers check no token and no contract, keep nothing and give no
reasons. `?reasons=0` leaves out the reasons alone. The peers' servers run one worker with their own defaults; CPU is of
the whole tree of processes, with what supervises them. "Ours" is our saved solution, called by the peer one row at a
time; "scikit-learn" is a logistic regression behind a column transformer, as the peers' users serve it.
{same}"""


@dataclass
class Asked:
    """One server and what it is asked; `loads` are its rounds."""

    name: str
    model: str
    port: int
    process: int
    bytes: bytes
    many: int
    loads: list[Load] = field(default_factory=list)

    def of(self, figure: Callable[[Load], float]) -> float:
        """The middle of the rounds."""
        return median(figure(one) for one in self.loads)

    @property
    def cpu(self) -> float:
        """CPU milliseconds of a request."""
        return self.of(lambda one: one.cpu_ms)


def projects(root: Path, quick: bool) -> dict[str, Path]:
    """Telco churn; in a project each a line, trees and today's rule are judged, signed by two people and live."""
    made = create_project(root, name="bench", salt="bench", roles={"service": ["one", "two"]}, serve=SERVE)
    lines = (DATA / "churn" / "Telco-Customer-Churn.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (root / "customers.csv").write_text("".join(lines[: 1_500 if quick else None]), encoding="utf-8")
    flow.ingest(made, str(root / "customers.csv"), "customers")
    types = {one.name: one.type for one in _contract(made).columns}
    case = CASE if types["Churn"] == "boolean" else CASE.replace("positive: true", 'positive: "Yes"')
    (root / "cases" / "churn.yaml").write_text(case, encoding="utf-8")
    made.tables.close()
    roots = {solution: root.with_name(solution) for solution in (*MODELS, "rule")}
    for solution, copy in roots.items():
        shutil.copytree(root, copy)
        _released(open_project(copy), solution)
    return roots


MODELS = ("linear", "trees")
SERVE = {"per_second": 1_000_000, "refresh_seconds": 2.0}


def _released(made: Folder, solution: str) -> None:
    """Judge it as the only candidate (the rule beside lines), sign it and put it to work."""
    only = solution if solution in MODELS else MODELS[0]
    with patch.object(Predict, "candidates", lambda _, case, __: [Learned(plan_of(case), (only,))]):
        flow.advance(flow.decide(made, "churn"), made)
        for token in [flow.add_person(made, name) for name in ("one", "two")]:
            if flow.standing(made, "churn", solution).missing:
                flow.sign(made, "churn", token, "approve", "this is a measurement", solution=solution)
        flow.release(made, "churn", solution)


def _contract(made: Folder) -> Any:
    contract = made.contract("customers")
    assert contract is not None  # noqa: S101  (it was written by the ingest above)
    return contract


def question(made: Folder) -> dict[str, Any]:
    """One row of the table as a client would send it."""
    [row] = made.tables.read("customers").drop_columns(["_row", "_batch", "Churn"]).slice(17, 1).to_pylist()
    return {name: float(value) if type(value).__name__ == "Decimal" else value for name, value in row.items()}


def handed(made: Folder, folder: Path) -> None:
    """Put down what the peers serve: the model's files and the rows."""
    said = cast("Release", cast("Any", current(made, "churn")).record)
    kind, _, kept = said.bond.model.partition(":")
    table = made.tables.read("customers").drop_columns(["_row", "_batch", "customerID"])
    for place, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type):
            table = table.set_column(place, column.name, table[column.name].cast(pa.float64()))
    pq.write_table(table, folder / "rows.parquet")
    told = {"kind": kind, "model": str(made.files.folder(kept)), "rows": str(folder / "rows.parquet")}
    (folder / "asked.json").write_text(json.dumps(told | {"target": "Churn"}), encoding="utf-8")


@contextmanager
def ours(root: Path) -> Iterator[tuple[int, int]]:
    """Our server; yields port and process."""
    words = [*PROGRAM, "--project", str(root), "serve", "--port", "0", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | ONE_THREAD)
    try:
        text = b""
        while process.stdout is not None and not text.endswith(b"}\n"):
            text += process.stdout.readline()
        yield int(json.loads(text)["address"].rsplit(":", 1)[1]), process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def theirs(words: list[str], folder: Path, port: int) -> Iterator[tuple[int, int]]:
    """A peer's server; yields port and process once it answers."""
    process = subprocess.Popen(
        words, cwd=HERE, env=_env(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        for _ in range(240):
            time.sleep(0.5)
            if process.poll() is not None:
                raise RuntimeError(f"{words[0]} ended with {process.returncode}")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            except OSError:
                continue
        time.sleep(3)
        yield port, process.pid
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _env(folder: Path) -> dict[str, str]:
    paths = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
    more = {
        "PYTHONPATH": paths,
        "GRUNDSTEIN_PEERS": str(folder),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
    }
    home = {"BENTOML_HOME": str(folder / "bentoml"), "PATH": f"{PEERS / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return {**os.environ, **QUIET, **ONE_THREAD, **more, **home}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def installed(quick: bool) -> str:
    """Make the peers' environment; returns why there is none, empty where there is."""
    if (PEERS / "bin" / "mlflow").exists() and (PEERS / "bin" / "bentoml").exists():
        return ""
    if quick:
        return "the quick form does not install them"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), "venv", "--python", sys.executable, "--seed", str(PEERS)], check=True)
    done = subprocess.run([str(PEERS / "bin" / "pip"), "install", "-q", *NEEDED], check=False)
    return "" if done.returncode == 0 else "they could not be installed"


def _posted(port: int, path: str, content: Any) -> Any:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(content).encode())
    asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked, timeout=60) as told:  # noqa: S310  (the address is written above)
        return json.loads(told.read())


def peers(stack: ExitStack, folder: Path, row: dict[str, Any], quick: bool) -> tuple[list[Asked], list[float]]:
    """Start the peers; returns them and the probabilities that they give with our solution."""
    python = str(PEERS / "bin" / "python")
    subprocess.run(
        [python, "serving_peers.py", str(folder)], cwd=HERE, env=_env(folder), check=True, capture_output=True
    )
    found, probabilities = [], []
    nameless = {name: value for name, value in row.items() if name != "customerID"}
    for model, called in (("same", "ours, by pyfunc"), ("plain", "scikit-learn")):
        port = free_port()
        words = [str(PEERS / "bin" / "mlflow"), "models", "serve", "-m", str(folder / model), "--env-manager", "local"]
        words += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        _, process = stack.enter_context(theirs(words, folder, port))
        content = {"dataframe_records": [row if model == "same" else nameless]}
        told = _posted(port, "/invocations", content)
        asked = request(port, "/invocations", json.dumps(content).encode())
        found.append(Asked("MLflow", called, port, process, asked, 50 if quick else THEIRS))
        if model == "same":
            probabilities.append(told["predictions"][0]["probability"])
    for model, called in (("Same", "ours, by a service"), ("Plain", "scikit-learn")):
        port = free_port()
        words = [str(PEERS / "bin" / "bentoml"), "serve", f"serving_bento:{model}", "--port", str(port)]
        _, process = stack.enter_context(theirs([*words, "--host", "127.0.0.1"], folder, port))
        content = {"question": row if model == "Same" else nameless}
        told = _posted(port, "/answer", content)
        asked = request(port, "/answer", json.dumps(content).encode())
        found.append(Asked("BentoML", called, port, process, asked, 50 if quick else THEIRS))
        if model == "Same":
            probabilities.append(told["probability"])
    return found, probabilities


def house(stack: ExitStack, roots: dict[str, Path], model: str, row: dict[str, Any], quick: bool) -> list[Asked]:
    """Start our two servers, of a model and of today's rule; returns what is asked of them."""
    found = []
    body = json.dumps(row).encode()
    for root, answers in ((roots[model], model), (roots["rule"], "today's rule")):
        token = flow.add_access(open_project(root), "bench", ["answer"])
        port, process = stack.enter_context(ours(root))
        for called, query in (("Grundstein, everything on", ""), ("Grundstein, `?reasons=0`", "?reasons=0")):
            asked = request(port, f"/cases/churn/answer{query}", body, token)
            found.append(Asked(called, answers, port, process, asked, 200 if quick else OURS))
    return found


def measured(servers: list[Asked], rounds: int) -> None:
    """Ask all in turn, some rounds."""
    for one in servers:
        load(one.port, one.bytes, max(one.many // 8, 32), CONNECTIONS, one.process)
    for _ in range(rounds):
        for one in servers:
            one.loads.append(load(one.port, one.bytes, one.many, CONNECTIONS, one.process))


def table(servers: list[Asked]) -> str:
    """The figures of each server."""
    lines = [
        "| server | what answers | CPU ms a request | requests/s | p50 ms | p99 ms | not 2xx |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in servers:
        quick, slow = (one.of(lambda load_, at=share: load_.quantile_ms(at)) for share in (0.5, 0.99))
        failed, speed = sum(load_.failed for load_ in one.loads), one.of(lambda load_: load_.per_second)
        lines.append(
            f"| {one.name} | {one.model} | {one.cpu:.2f} | {speed:,.0f} | {quick:.1f} | {slow:.1f} | {failed} |"
        )
    return "\n".join(lines)


def goals(servers: list[Asked]) -> str:
    """Each goal beside what was measured."""
    full, lean, rule = servers[0], servers[1], servers[2]
    lines = ["| goal | measured | met |", "|---|---|---|"]
    for peer, wanted, mine in (("MLflow", 5, full), ("BentoML", 3, full), ("MLflow", 12, lean)):
        for one in (one for one in servers if one.name == peer):
            share = one.cpu / mine.cpu
            what = f"{mine.name.split(', ')[1]}: at most 1/{wanted} of {peer}'s CPU ({one.model})"
            lines.append(f"| {what} | 1/{share:.1f} | {'yes' if share >= wanted else 'no'} |")
    lines.append(
        f"| today's rule, everything on: at most 3 CPU ms | {rule.cpu:.2f} | {'yes' if rule.cpu <= 3 else 'no'} |"
    )
    slow = full.of(lambda one: one.quantile_ms(0.99))
    lines.append(f"| p99 at {CONNECTIONS} connections: at most 20 ms | {slow:.1f} | {'yes' if slow <= 20 else 'no'} |")
    return "\n".join(lines)


def run(quick: bool = False) -> str:
    """Return the section's text."""
    if not DATA.is_dir():
        return "## Serving\nNot measured: the real data sets are not beside this checkout."
    with tempfile.TemporaryDirectory() as name:
        roots = projects(Path(name) / "decided", quick)
        parts = [_beside(roots, model, quick) for model in MODELS]
    return "\n\n".join(["## Serving", *parts])


def _beside(roots: dict[str, Path], model: str, quick: bool) -> str:
    """One solution of ours on our server and on the peers', in one run."""
    with ExitStack() as stack:
        made = open_project(roots[model])
        folder = roots[model].with_name(f"{model}-handed")
        folder.mkdir()
        row = question(made)
        handed(made, folder)
        servers = house(stack, roots, model, row, quick)
        why = installed(quick)
        probabilities: list[float] = []
        if not why:
            more, probabilities = peers(stack, folder, row, quick)
            servers += more
        mine = _answered(servers[0])
        busy = [os.getloadavg()[0]]
        measured(servers, 1 if quick else ROUNDS)
        busy.append(os.getloadavg()[0])
    same = f"All three give the same probability, {mine:.6f}, with the same solution." if probabilities else ""
    if any(abs(one - mine) > 1e-12 for one in probabilities):
        same = f"The peers' probabilities differ: {mine}, {probabilities}."
    rounds = 1 if quick else ROUNDS
    told = [
        f"### `{model}`",
        HOW.format(columns=len(row), connections=CONNECTIONS, rounds=rounds, same=same) if model == MODELS[0] else same,
        table(servers),
        goals(servers),
        f"Peers not measured: {why}." if why else "",
        f"Load of the machine: {busy[0]:.1f} before, {busy[1]:.1f} after, on {os.cpu_count()} cores.",
    ]
    return "\n\n".join(part for part in told if part)


def _answered(one: Asked) -> float:
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as line:
        line.sendall(one.bytes)
        text = b""
        while b"}" not in text.partition(b"\r\n\r\n")[2]:
            text += line.recv(65_536)
    return float(json.JSONDecoder().raw_decode(text.partition(b"\r\n\r\n")[2].decode())[0]["probability"])


if __name__ == "__main__":
    print(run("--quick" in sys.argv))
