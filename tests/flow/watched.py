"""Rows to ask about, truths to tell, and a server that takes findings, for tests of watching."""

from __future__ import annotations

import csv
import io
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, cast

from arriving_people import people

from grundstein import flow
from grundstein.core.records import Observation
from grundstein.flow.answering import answers_of
from grundstein.flow.watching import newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grundstein.project.folder import Folder

NAME = "leaving"
COLUMNS = ("person", "tenure", "plan", "day")
Row = dict[str, str]


def rows(n: int, seed: int, signal: float = 2.5) -> list[Row]:
    """New people and whether they leave."""
    found = list(csv.DictReader(io.StringIO(people(n, seed, signal))))
    return [{**row, "person": f"s{seed}{row['person']}"} for row in found]


def written(project: Folder, name: str, some: list[Row], columns: tuple[str, ...]) -> str:
    """Write rows to a file of the project; returns its path."""
    path = project.root / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(some)
    return str(path)


def asked(project: Folder, some: list[Row], change: Callable[[Row], Row] = dict) -> list[Row]:
    """Have a file of rows answered; returns the answers, each with whether it was held back."""
    seed = some[0]["person"]
    done = flow.answer(project, NAME, written(project, f"{seed}.csv", [change(row) for row in some], COLUMNS))
    return cast("list[Row]", answers_of(project, done).to_pylist())


def told(project: Folder, some: list[Row], name: str = "") -> None:
    """Tell the truth about people by their key, now."""
    now = datetime.now(UTC).isoformat()
    lines = [{**row, "told_at": now} for row in some]
    path = written(project, f"truth{name or some[0]['person']}.csv", lines, ("person", "leaves", "told_at"))
    flow.ingest(project, path, f"{NAME}__feedback")


def seen(project: Folder) -> Observation:
    """The newest Observation."""
    entry = newest(project, NAME)
    assert entry is not None
    return cast("Observation", entry.record)


def observed(project: Folder) -> int:
    """How many Observations the ledger holds."""
    return len(list(project.ledger.entries(Observation)))


def codes(project: Folder, *sections: str) -> set[str]:
    """The codes of the newest Observation's findings, of some sections or all."""
    return {one.code for one in seen(project).findings if not sections or one.section in sections}


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]], dict[str, int]]]:
    """A server on 127.0.0.1 that takes findings, or refuses them; yields address, what came, and its status."""
    came: list[dict[str, Any]] = []
    answer = {"status": status}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer["status"])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came, answer
    finally:
        server.shutdown()
        server.server_close()
