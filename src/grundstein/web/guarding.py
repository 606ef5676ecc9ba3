"""Room web. In: connections -> Out: those that come in time, with a head of bounded size, and not too many of them.

uvicorn waits for a request's head as long as a client likes; here one sweep a second ends what takes too long, so that
a request costs no timer of its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from grundstein.core.findings import Finding
from grundstein.web.reading import dumped

if TYPE_CHECKING:
    from uvicorn.server import ServerState

    from grundstein.web.limits import Limits

REPLY, GO_ON, END = b"HTTP/1.1 ", b"HTTP/1.1 100 ", b"\r\n\r\n"
PHRASES = {408: b"Request Timeout", 431: b"Request Header Fields Too Large", 503: b"Service Unavailable"}


class Joined:
    """A transport that writes a reply's head together with its body: one call of the kernel less."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._head = transport, b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, but for a head, which waits for what follows."""
        if not self._head and data.startswith(REPLY) and data.endswith(END) and not data.startswith(GO_ON):
            self._head = data
            return
        self._transport.write(self._head + data)
        self._head = b""

    def close(self) -> None:
        """Write what waits, and close."""
        if self._head:
            self.write(b"")
        self._transport.close()


class Guarded(HttpToolsProtocol):
    """One connection; `limits` are set on the class that `guarded` makes."""

    limits: Limits

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.began = 0.0
        self.whole = False
        self._in_head, self._head = True, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own is
        """Take a connection, unless there are too many."""
        super().connection_made(cast("asyncio.Transport", Joined(transport)))
        self.began = self.loop.time()
        if len(self.connections) > self.limits.connections:
            self.turn_away(503, Finding("GST-Q23", "issue", {"seconds": 1}))

    def data_received(self, data: bytes) -> None:
        """Read what came; a head may only be so large."""
        if self.transport.is_closing():
            return
        if not self.began:
            self.began = self.loop.time()
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > self.limits.header_bytes:
            self._too_large()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self.whole = True, False

    def on_headers_complete(self) -> None:
        """A request's head is there."""
        self._in_head = False
        if self._head > self.limits.header_bytes and self._size() > self.limits.header_bytes:
            self._too_large()
            return
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body came."""
        if self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self.whole = True
        if self.cycle is not None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer was given; the next request may come."""
        self.began = self.loop.time() if self.pipeline else 0.0
        super().on_response_complete()

    def late(self, now: float) -> None:
        """End the connection where its request, or its client's taking of the answer, lasts too long."""
        if not self.began or self.transport.is_closing():
            return
        waited = now - self.began
        if not self.whole and waited > self.limits.read_seconds:
            facts: dict[str, str | float] = {"what": "read", "seconds": self.limits.read_seconds}
            self.turn_away(408, Finding("GST-Q25", "issue", facts))
        elif waited > self.limits.read_seconds + 2 * self.limits.answer_seconds:
            self.transport.abort()

    def turn_away(self, status: int, why: Finding) -> None:
        """Answer without the application, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = dumped({"errors": [{"code": why.code, "text": why.text()}]})
            head = (
                b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head % (status, PHRASES[status], len(body)) + body)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _too_large(self) -> None:
        self.turn_away(431, Finding("GST-Q24", "issue", {"most": self.limits.header_bytes}))

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


def guarded(limits: Limits) -> type[Guarded]:
    """Return the protocol of a server with these limits."""
    return type("GuardedHere", (Guarded,), {"limits": limits})


async def sweep(state: ServerState) -> None:
    """End connections that take too long, once a second."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(1.0)
        for one in list(state.connections):
            if isinstance(one, Guarded):
                one.late(loop.time())
