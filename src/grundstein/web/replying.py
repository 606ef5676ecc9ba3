"""Room web. In: what is to be told -> Out: an ASGI reply; a refusal carries codes that stay, and a sentence each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grundstein.core.findings import Finding
from grundstein.web.reading import dumped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

JSON = (b"content-type", b"application/json")
CLOSE = (b"connection", b"close")
SAFE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


@dataclass(frozen=True)
class Reply:
    """A status, a body and what stands in its head."""

    status: int
    body: bytes
    kind: tuple[bytes, bytes] = JSON
    more: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it whole."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = [self.kind, length, *SAFE, *self.more]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass
class Turned(Exception):
    """A request that is turned away: its status and why, each reason a finding."""

    status: int
    findings: Sequence[Finding]
    more: tuple[tuple[bytes, bytes], ...] = ()
    places: Sequence[int] = field(default=())

    def reply(self) -> Reply:
        """Return what the client is told; `question` counts from 0 where there were several."""
        errors: list[dict[str, Any]] = []
        for place, one in enumerate(self.findings):
            told: dict[str, Any] = {"code": one.code, "text": one.text()}
            if "field" in one.facts:
                told["field"] = one.facts["field"]
            if self.places:
                told["question"] = self.places[place]
            errors.append(told)
        return Reply(self.status, dumped({"errors": errors}), more=self.more)


def turned(status: int, code: str, more: tuple[tuple[bytes, bytes], ...] = (), **facts: str | float) -> Turned:
    """A request that is turned away for one reason."""
    return Turned(status, [Finding(code, "issue", facts)], more)


def too_many(seconds: float) -> Turned:
    """Somebody asks too often."""
    wait = max(1, math.ceil(seconds))
    return turned(429, "GST-Q23", ((b"retry-after", str(wait).encode()),), seconds=wait)
