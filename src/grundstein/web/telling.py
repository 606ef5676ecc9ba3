"""Room web. In: events of a server -> Out: one JSON line each on standard error, written by a thread of its own.

The loop never waits for whoever reads the log: where the reader is slow, lines are left out and counted.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
from typing import Any

import structlog

from grundstein.web.reading import dumped

MOST = 10_000


class Teller:
    """A log that holds no row and no token: events and facts are the house's own words."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue(MOST)
        self._lost = 0
        self._log = structlog.wrap_logger(
            None,
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                self._put,
            ],
            wrapper_class=structlog.BoundLogger,
        )
        self._writer = threading.Thread(target=self._write, daemon=True, name="log")
        self._writer.start()

    def say(self, event: str, **facts: Any) -> None:
        """Tell an event."""
        self._log.info(event, **facts)

    def warn(self, event: str, **facts: Any) -> None:
        """Tell an event that somebody should look at."""
        self._log.warning(event, **facts)

    def close(self) -> None:
        """Write what waits, for a second at most."""
        try:
            self._lines.put(None, timeout=1.0)
        except queue.Full:
            return
        self._writer.join(timeout=1.0)

    def _put(self, logger: Any, name: str, event: Any) -> Any:
        del logger, name
        if self._lost:
            event["lines_lost"] = self._lost
        try:
            self._lines.put_nowait(dumped(dict(event)) + b"\n")
            self._lost = 0
        except queue.Full:
            self._lost += 1
        raise structlog.DropEvent

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stderr.buffer.write(line)
                sys.stderr.buffer.flush()
            except (OSError, ValueError):
                return


class Passing(logging.Handler):
    """Passes on what the server's library says: the words of its own code, never an error's text."""

    def __init__(self, teller: Teller) -> None:
        super().__init__(logging.WARNING)
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self._teller.warn("uvicorn", said=str(record.msg).strip(), **({"kind": kind} if kind else {}))
