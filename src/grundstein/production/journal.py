"""Room production. In: one line an event, as bytes -> Out: segments of whole lines that survive kill -9 of the writer.

A line is appended by one `write` to a file opened for appending: once it returned, the kernel holds the line, whatever
happens to the process (a power failure may take the last seconds). A segment has one writer, which holds `flock` on it
while it lives; a segment that can be locked is closed for good, for nobody opens it for writing again.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ENDING = ".jsonl"
MOST_BYTES = 16 << 20
MOST_SECONDS = 30.0


@dataclass(frozen=True)
class Segment:
    """One file of a journal; `live`: its writer is still there."""

    path: Path
    live: bool


class Journal:
    """The journal of one case as one process writes it; several threads and processes may write side by side.

    A segment ends after `most_bytes`, or once it is `most_seconds` old when the next line comes or `settle` is called.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS) -> None:
        self._folder, self._most_bytes, self._most_seconds = folder, most_bytes, most_seconds
        self._mutex = threading.Lock()
        self._descriptor, self._path, self._size, self._ends = -1, folder, 0, 0.0

    def append(self, line: bytes) -> None:
        """Append one line (without its newline) and return once it survives the process.

        Refused where it cannot be written: then nothing of it is in the journal, and nothing may be acknowledged.
        """
        if b"\n" in line:
            raise ValueError("a line of the journal holds no line break")
        with self._mutex:
            try:
                if self._descriptor >= 0 and (self._size >= self._most_bytes or time.monotonic() >= self._ends):
                    self._close()
                if self._descriptor < 0:
                    self._open()
                self._write(line + b"\n")
            except OSError as error:
                raise Refused(
                    f"The journal cannot be written: {error.strerror or error}.",
                    f"Room on the disk and the right to write in {self._folder}.",
                    "Make room, then ask again; nothing that was refused counts as answered.",
                ) from error

    def settle(self) -> None:
        """Close the segment once it is old, so that it can be collected though no further line comes."""
        with self._mutex:
            if self._descriptor >= 0 and time.monotonic() >= self._ends:
                self._close()

    def close(self) -> None:
        """Close the segment; a further line begins a new one."""
        with self._mutex:
            self._close()

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        while self._descriptor < 0:
            path = self._folder / f"{time.time_ns():020d}-{os.getpid()}{ENDING}"
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            except FileExistsError:
                continue
            if _locked(descriptor) and os.fstat(descriptor).st_nlink:
                self._descriptor, self._path, self._size = descriptor, path, 0
                self._ends = time.monotonic() + self._most_seconds
            else:
                os.close(descriptor)

    def _write(self, line: bytes) -> None:
        written = 0
        try:
            written = os.write(self._descriptor, line)
        finally:
            if written < len(line):
                self._undo()
        if written < len(line):
            raise OSError(0, "the disk took a part of the line only")
        self._size += written

    def _undo(self) -> None:
        """Take back a part of a line; the segment ends, so that a part that stays is its last line."""
        try:
            os.ftruncate(self._descriptor, self._size)
        finally:
            self._close()

    def _close(self) -> None:
        if self._descriptor < 0:
            return
        if not self._size:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1


def segments(folder: Path) -> list[Segment]:
    """The segments of a journal, oldest first."""
    found = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        descriptor = _claimed(path)
        found.append(Segment(path, live=descriptor < 0))
        _release([descriptor])
    return found


@contextmanager
def closed(folder: Path, most_bytes: int) -> Iterator[list[Path]]:
    """The closed segments, oldest first, up to some bytes (one at least); nobody else has them inside the context.

    Empty ones are deleted. What is still live stays out.
    """
    held: list[int] = []
    paths: list[Path] = []
    size = 0
    try:
        for path in sorted(folder.glob(f"*{ENDING}")):
            held.append(_claimed(path))
            if held[-1] < 0:
                continue
            bytes_there = os.fstat(held[-1]).st_size
            if not bytes_there:
                path.unlink(missing_ok=True)
                continue
            if paths and size + bytes_there > most_bytes:
                _release([held.pop()])
                break
            paths.append(path)
            size += bytes_there
        yield paths
    finally:
        _release(held)


def lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a segment; a torn last one, which nobody was told of, is left out."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def _claimed(path: Path) -> int:
    """An open descriptor that holds the segment's lock; -1 where its writer lives or the file is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return -1
    if _locked(descriptor):
        return descriptor
    os.close(descriptor)
    return -1


def _release(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Take the lock where nobody holds it; it goes with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
