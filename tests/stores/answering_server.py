"""A small HTTP server on this machine that answers questions, or fails in every way that servers do."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Service:
    """What the server was asked, and where it stands. `faults` are used up one a call before it answers."""

    answer: Callable[[dict[str, Any]], Any]
    faults: list[str] = field(default_factory=list)
    always: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    address: str = ""
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self) -> str:
        """The fault of this call."""
        with self.lock:
            self.calls += 1
            return self.faults.pop(0) if self.faults else self.always


@contextmanager
def served(
    answer: Callable[[dict[str, Any]], Any], faults: list[str] | None = None, always: str = ""
) -> Iterator[Service]:
    """Serve on a free port of 127.0.0.1 while inside."""
    service = Service(answer, list(faults or []), always)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            question = json.loads(body)["question"]
            fault = service.fault()
            with service.lock:
                service.asked.append(question)
                service.headers.append(dict(self.headers))
                service.paths.append(self.path)
            _faulty(self, fault) if fault else _said(self, json.dumps(service.answer(question)).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    service.address = f"http://127.0.0.1:{server.server_port}/scores"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def _said(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def _faulty(handler: BaseHTTPRequestHandler, fault: str) -> None:
    if fault.isdigit():
        _said(handler, b"{}", int(fault))
    elif fault == "slow":
        time.sleep(1.0)
        handler.close_connection = True
    elif fault == "drip":
        _drip(handler)
    elif fault == "short":
        _said(handler, b'{"answer": "Y', length=400)
        handler.close_connection = True
    elif fault == "redirect":
        handler.send_response(307)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    elif fault == "huge":
        _said(handler, b'{"answer": "' + b"x" * 2_000_000 + b'"}')
    elif fault == "gone":
        handler.close_connection = True
    else:
        _said(handler, fault.encode())


def _drip(handler: BaseHTTPRequestHandler) -> None:
    """Never silent for long, never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for _ in range(40):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass
    handler.close_connection = True
