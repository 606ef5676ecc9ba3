"""Room cli. In: an address and cases -> Out: a server that answers over HTTP until it is stopped."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from grundstein.cli.terminal import Json, project, say, say_json
from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from grundstein.flow.serving import Desk

NEEDED = ("orjson", "prometheus_client", "structlog", "uvicorn", "httptools")


def serve(
    context: typer.Context,
    cases: Annotated[list[str] | None, typer.Argument(help="The cases; else all that have a live release.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes any that is free.", min=0, max=65_535)] = 8080,
    as_json: Json = False,
) -> None:
    """Answer single questions over HTTP with what was signed and released.

    Example: grundstein serve churn --port 8080
    """
    _installed()
    from grundstein.web.limits import Limits
    from grundstein.web.serving import opened, run

    here = project(context)
    door = opened(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{door.port}"
    shown = _json_of if as_json else _rows_of
    run(here, tuple(cases or ()), Limits(**here.settings.serve.model_dump()), door, lambda desk: shown(desk, address))


def _json_of(desk: Desk, address: str) -> None:
    waits = {name: error.what for name, error in desk.refused.items()}
    say_json({"address": address, "cases": sorted(desk.live), "waits": waits, "programs": len(desk.programs)})


def _rows_of(desk: Desk, address: str) -> None:
    say([("Answers", f"{name} at {address}/cases/{name}/answer", "") for name in sorted(desk.live)])
    say([("Waits", f"{error.what} Next: {error.next_step}", "") for error in desk.refused.values()])
    if not desk.live:
        say([("Listens", address, "")])
    if not desk.programs:
        say([("Next", "nobody may ask yet: grundstein access add NAME --scope answer", "")])


def _installed() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise Refused(
            f"Serving needs what is not installed: {', '.join(missing)}.",
            "The extra `serve`: uvicorn, orjson, prometheus-client, structlog.",
            "pip install 'grundstein[serve]'",
        )


COMMANDS = (serve,)
