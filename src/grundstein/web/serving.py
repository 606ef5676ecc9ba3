"""Room web. In: a project, cases, an address -> Out: a server that answers until it is stopped."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from grundstein.core.errors import Refused
from grundstein.flow.serving import Desk
from grundstein.web.answering import Answering
from grundstein.web.guarding import guarded, sweep
from grundstein.web.telling import Passing, Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grundstein.core.ports import Project
    from grundstein.web.limits import Limits


BACKLOG = 1024


@dataclass(frozen=True)
class Door:
    """A server's socket, and where it listens."""

    listening: socket.socket
    host: str
    port: int


class Server(uvicorn.Server):
    """uvicorn with a sweep over its connections."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal comes."""
        sweeping = asyncio.create_task(sweep(self.server_state))
        try:
            await super().serve(sockets)
        finally:
            sweeping.cancel()


def opened(host: str, port: int) -> Door:
    """Listen at an address (port 0: any that is free); Refused where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise Refused(
            f"{host}:{port} cannot be listened at: {error}.",
            "An address of this machine and a port that is free.",
            "grundstein serve --port 8081",
        ) from None
    return Door(listening, host, listening.getsockname()[1])


def run(project: Project, names: Sequence[str], limits: Limits, door: Door, say: Callable[[Desk], None]) -> None:
    """Load and warm what is released, then answer until the process is told to stop.

    `say` is called once everything is loaded. What cannot be answered yet is answered as soon as it is released.
    """
    for name in names:
        project.case(name)
    teller = Teller()
    logging.getLogger("uvicorn").handlers = [Passing(teller)]
    logging.getLogger("uvicorn").propagate = False
    desk = Desk(project, tuple(names))
    for event in desk.refresh():
        teller.say(event.what, **event.facts)
    door.listening.listen(BACKLOG)
    say(desk)
    gc.collect()
    gc.freeze()
    try:
        Server(_config(Answering(desk, limits, teller), limits)).run(sockets=[door.listening])
    finally:
        teller.close()


def _config(app: Any, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=guarded(limits),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        backlog=BACKLOG,
    )
