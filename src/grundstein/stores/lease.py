"""Room stores. In: a lock file -> Out: the one writer's lease of a table.

The lock is `flock`'s: the kernel gives it back when the process dies, by kill -9 too. A row with a deadline would
expire under load. Inside one process the lease may be entered again by the thread that holds it. Who waits holds a
second lock, the turn: a writer that comes back at once finds it taken and cannot pass those who wait.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

LONGEST_PAUSE = 0.2


class FileLease:
    """A context manager on one lock file; `begin` runs when it is taken, `end` before it is given back.

    `said` is what somebody reads who waited in vain, where it is no table's lease.
    """

    def __init__(
        self,
        path: Path,
        seconds: float,
        begin: Callable[[], None] | None = None,
        end: Callable[[], None] | None = None,
        said: Refused | None = None,
    ) -> None:
        self._path, self._seconds, self._begin, self._end, self._said = path, seconds, begin, end, said
        self._mutex = threading.RLock()
        self._depth = 0
        self._owner = 0
        self._descriptor = -1

    @property
    def held(self) -> bool:
        """Whether the calling thread is inside the lease."""
        return self._depth > 0 and self._owner == threading.get_ident()

    def __enter__(self) -> Self:
        if not self._mutex.acquire(timeout=self._seconds):
            raise self._taken()
        try:
            if self._depth == 0:
                self._descriptor = self._lock()
                if self._begin:
                    self._begin()
            self._depth, self._owner = self._depth + 1, threading.get_ident()
        except BaseException:
            if self._depth == 0:
                self._unlock()
            self._mutex.release()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            if self._depth == 1 and self._end:
                self._end()
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._unlock()
            self._mutex.release()

    def _lock(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self._seconds
        turn = self._waited(self._path.with_name(f"{self._path.name}.turn"), deadline)
        try:
            return self._waited(self._path, deadline)
        finally:
            os.close(turn)

    def _waited(self, path: Path, deadline: float) -> int:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._wait(descriptor, deadline)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _wait(self, descriptor: int, deadline: float) -> None:
        pause = 0.01
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise self._taken() from None
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    def _unlock(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _taken(self) -> Refused:
        return self._said or Refused(
            f"Somebody else has been writing {self._path.stem} for the last {self._seconds:g} seconds.",
            "One writer a table at a time.",
            "Wait until the other ingest has ended, then run the command again; nothing was changed.",
        )
