"""Bench. In: a server that is killed now and then, questions -> Out: every answer that it acknowledged, and errors.

Plain sockets on 127.0.0.1; each connection asks one at a time at its share of a rate, and comes back after an error.
"""

from __future__ import annotations

import asyncio
import json
import time
from array import array
from dataclasses import dataclass, field
from typing import Any

from serving_load import request
from soak_checks import FEEDBACK_EACH

BACK_OFF = 0.05
PATIENCE = 15.0


@dataclass
class Heard:
    """What was acknowledged: of each answer its id, the place of its question, and what it said; ids of truths told.

    `errors`: when something else than an answer came, and what, on the clock of `time.monotonic`.
    """

    ids: list[str] = field(default_factory=list)
    places: array[int] = field(default_factory=lambda: array("l"))
    said: list[tuple[str, str, float, float, bool]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    seconds: array[float] = field(default_factory=lambda: array("f"))
    errors: list[tuple[float, str]] = field(default_factory=list)
    releases: dict[str, str] = field(default_factory=dict)

    def hear(self, place: int, answer: dict[str, Any]) -> None:
        """Keep an answer."""
        release = self.releases.setdefault(answer["release"], answer["release"])
        self.ids.append(answer["answer_id"])
        self.places.append(place)
        self.said.append((release, answer["answer"], answer["probability"], answer["act"], answer["held_back"]))


@dataclass(frozen=True)
class Questions:
    """A server's port, and the requests to it: one a question, and how a truth is told."""

    port: int
    asked: list[bytes]
    token: str

    def truth(self, answer_id: str) -> bytes:
        """The bytes that tell a truth about an answer."""
        body = json.dumps({"answer_id": answer_id, "truth": "Yes" if answer_id < "8" else "No"}).encode()
        return request(self.port, "/cases/leaving/feedback", body, self.token)


async def ask(questions: Questions, heard: Heard, connections: int, rate: float, until: float) -> None:
    """Ask until a moment (`time.monotonic`), `rate` requests a second in all; 0: as fast as it goes."""
    begin = time.monotonic()
    ones = (_one(questions, heard, (place, connections), rate, begin, until) for place in range(connections))
    await asyncio.gather(*ones)


async def _one(
    questions: Questions, heard: Heard, mine: tuple[int, int], rate: float, begin: float, until: float
) -> None:
    number, open_ = mine[0], None
    while time.monotonic() < until:
        if rate:
            now = time.monotonic()
            turn = max(number, mine[0] + mine[1] * int((now - begin) * rate / mine[1]))
            await asyncio.sleep(max(0.0, begin + turn / rate - now))
            number = turn
        try:
            open_ = open_ or await asyncio.open_connection("127.0.0.1", questions.port)
            async with asyncio.timeout(PATIENCE):
                await _request(questions, heard, number, open_)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            heard.errors.append((time.monotonic(), f"{type(error).__name__}: {error}"[:200]))
            if open_:
                open_[1].close()
            open_ = None
            await asyncio.sleep(BACK_OFF)
        number += mine[1]
    if open_:
        open_[1].close()


async def _request(
    questions: Questions, heard: Heard, number: int, at: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    """Ask one question, or every so often tell a truth; ValueError where the status is not that of success."""
    place = number % len(questions.asked)
    about = heard.ids[-1] if heard.ids and number % FEEDBACK_EACH == 0 else ""
    start = time.perf_counter()
    at[1].write(questions.truth(about) if about else questions.asked[place])
    head = await at[0].readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await at[0].readexactly(length)
    heard.seconds.append(time.perf_counter() - start)
    if not head.startswith(b"HTTP/1.1 20"):
        raise ValueError(head.split(b"\r\n")[0].decode() + " " + body[:120].decode())
    if about:
        heard.told.append(about)
    else:
        heard.hear(place, json.loads(body))
