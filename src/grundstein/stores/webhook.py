"""Room stores. In: what watching found -> Out: one POST of JSON to the address of the settings, or why it failed.

Redirects are not followed: secrets go to that address and nowhere else. What went wrong is said without the address.
"""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TAKEN = range(200, 300)


@dataclass(frozen=True)
class HttpWebhook:
    """An address that takes findings; `reveal` puts secrets in, `timeout` is in seconds."""

    address: str
    timeout: float
    reveal: Callable[[str], str]

    def post(self, document: Mapping[str, Any]) -> str:
        """Send one document; returns why it did not arrive, nothing where it did."""
        try:
            status = self._sent(json.dumps(document, ensure_ascii=False).encode())
        except Refused as error:
            return error.what
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _why(error)
        return "" if status in TAKEN else f"it answered {status}"

    def _sent(self, body: bytes) -> int:
        where = urlsplit(self.reveal(self.address))
        if where.scheme not in ("http", "https") or not where.hostname:
            raise Refused("its address is not one of http or https", "A whole address.", "Correct `watch: webhook`")
        connection = self._connection(where.scheme, where.hostname, where.port)
        try:
            path = (where.path or "/") + (f"?{where.query}" if where.query else "")
            connection.request("POST", path, body, {"Content-Type": "application/json; charset=utf-8"})
            return connection.getresponse().status
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=self.timeout)


def _why(error: Exception) -> str:
    known = {TimeoutError: "it did not answer in time", ConnectionRefusedError: "nobody listens there"}
    return next((said for kind, said in known.items() if isinstance(error, kind)), type(error).__name__)
