"""Bench. In: an address, a request -> Out: how long each of a bounded number took, and the CPU the server spent.

A client of plain sockets, so that it costs little beside what it measures; each connection asks one at a time.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What requests came to: seconds of each, CPU seconds of the server's processes, how many were not answered 2xx."""

    seconds: list[float]
    cpu: float
    wall: float
    failed: int

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of a request."""
        return 1000 * self.cpu / max(len(self.seconds), 1)

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.wall

    def quantile_ms(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def request(port: int, path: str, body: bytes, token: str = "") -> bytes:
    """The bytes of a POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{head}{bearer}Content-Length: {len(body)}\r\n\r\n".encode() + body


def load(port: int, asked: bytes, many: int, connections: int, process: int, rate: float = 0.0) -> Load:
    """Ask `many` times over some connections; `rate` requests a second in all, 0: as fast as it goes."""
    before, start = spent(process), time.perf_counter()
    seconds, failed = asyncio.run(_all(port, asked, many, connections, rate))
    return Load(seconds, spent(process) - before, time.perf_counter() - start, failed)


async def _all(port: int, asked: bytes, many: int, connections: int, rate: float) -> tuple[list[float], int]:
    each = max(many // connections, 1)
    pause = connections / rate if rate else 0.0
    found = await asyncio.gather(*(_one(port, asked, each, pause, place / connections) for place in range(connections)))
    return [second for seconds, _ in found for second in seconds], sum(failed for _, failed in found)


async def _one(port: int, asked: bytes, many: int, pause: float, offset: float) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds, failed = [], 0
    begin = time.perf_counter() + pause * offset
    for place in range(many):
        if pause:
            await asyncio.sleep(max(begin + place * pause - time.perf_counter(), 0))
        start = time.perf_counter()
        writer.write(asked)
        status, closing = await _answer(reader)
        seconds.append(time.perf_counter() - start)
        failed += not 200 <= status < 300
        if closing:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return seconds, failed


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if b"content-length:" in head:
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    else:
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status, b"connection: close" in head


def spent(process: int) -> float:
    """CPU seconds of a process and all that it began, as far as they live."""
    return sum(_own(one) for one in tree(process))


def tree(process: int) -> list[int]:
    """A process and those that it began."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [process]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def _own(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK
