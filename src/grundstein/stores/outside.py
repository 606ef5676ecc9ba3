"""Room stores. In: questions and an HTTP endpoint -> Out: its answers, each asked once, kept in a file and counted.

One question a call: POST {"question": {COLUMN: VALUE, ...}}, a JSON object comes back: {"answer": ...}, maybe with
"probability" and "act" (0 to 1), or {"items": [...]}. An answer is kept under the digest of its question, so that the
same question is never paid twice. Redirects are not followed: secrets go to the address of the case and nowhere else.
"""

from __future__ import annotations

import http.client
import json
import math
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa

from grundstein.core.canonical import canonical, digest
from grundstein.core.errors import Refused
from grundstein.stores.kept_answers import KeptAnswers
from grundstein.tools.matching import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from grundstein.core.case import Also
    from grundstein.core.ports import Asked

AT_ONCE = 4
IN_A_ROW = 5
MOST_BYTES = 1_000_000
LONGEST_TEXT = 10_000
LONGEST_PAUSE = 30.0
CHUNK = 65_536
BUSY = (408, 425, 429, 500, 502, 503, 504)
NOT_THIS_ROW = (400, 413, 422)


class FailedError(Exception):
    """A call without an answer. `again`: worth another try, after `wait` seconds; `final`: no call will do better."""

    def __init__(self, reason: str, again: bool = False, final: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.again, self.final, self.wait = reason, again, final, wait


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as an outside candidate; `reveal` puts secrets in, `pause` is the first wait before a new try."""

    also: Also
    folder: Path
    reveal: Callable[[str], str]
    pause: float = 0.5
    version: str = ""

    def written(self) -> None:
        """It must be asked."""

    def answers(self, asked: Asked) -> pa.Table:
        """Ask what was not asked before; null where no usable answer came. Refused where it does not answer at all."""
        columns = shown(asked, self.also.columns, private=True)
        questions = [_plain(row) for row in asked.questions.select(columns).to_pylist()]
        names = [digest(canonical([self.also.name, self.also.endpoint, question])) for question in questions]
        kept = KeptAnswers(self.folder / f"{digest(canonical([self.also.name, self.also.endpoint]))[:16]}.jsonl")
        known = kept.read()
        open_ones = {name: question for name, question in zip(names, questions, strict=True) if name not in known}
        if open_ones:
            known |= self._ask(open_ones, kept)
        return _table([known.get(name, {}) for name in names])

    def _ask(self, questions: Mapping[str, Any], kept: KeptAnswers) -> Mapping[str, Mapping[str, Any]]:
        calls = _Calls(self, self.reveal(self.also.endpoint), kept)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(questions, pool.map(calls.one, questions, questions.values()), strict=True))
        if calls.stopped:
            raise Refused(
                f"The endpoint of {self.also.name} does not answer: {calls.stopped}.",
                "An address that takes questions as docs/judge.md says; answers that came are kept.",
                "Mend it or its entry under `also:`, then run again",
            )
        return {name: answer for name, answer in found.items() if answer}


@dataclass
class _Calls:
    """The calls of one run. After five failures in a row nobody is asked any more: `stopped` says why."""

    endpoint: Endpoint
    address: str
    kept: KeptAnswers
    failed: int = 0
    stopped: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def one(self, name: str, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer one question; nothing where none came."""
        if self.stopped:
            return {}
        try:
            answer = self._tried(question)
        except FailedError as error:
            with self.lock:
                self.failed += 1
                if error.final or self.failed >= IN_A_ROW:
                    self.stopped = self.stopped or error.reason
            return {}
        with self.lock:
            self.failed = 0
            self.kept.add(name, answer)
        return answer

    def _tried(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        also = self.endpoint.also
        headers = {name: self.endpoint.reveal(text) for name, text in also.headers.items()}
        for attempt in range(also.retries + 1):
            try:
                return usable(call(self.address, {"question": question}, headers, also.timeout))
            except FailedError as error:
                if not error.again or attempt == also.retries or self.stopped:
                    raise
                time.sleep(min(max(error.wait, self.endpoint.pause * 2**attempt), LONGEST_PAUSE))
        raise AssertionError


def call(address: str, body: object, headers: Mapping[str, str], seconds: float) -> bytes:
    """POST JSON and return the body of a 200; FailedError otherwise, also where it is too long or takes too long."""
    parts = urlsplit(address)
    content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    made = _connection(parts.scheme, parts.netloc, seconds)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        made.request("POST", path, content, sent)
        return _received(made.getresponse(), time.monotonic() + seconds)
    except ssl.SSLCertVerificationError:
        raise FailedError("its certificate is not to be trusted", final=True) from None
    except TimeoutError:
        raise FailedError(f"no answer within {seconds:g} seconds", again=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise FailedError(f"the connection broke ({type(error).__name__})", again=True) from None
    except ValueError:
        raise FailedError("its address or a header cannot be sent", final=True) from None
    finally:
        made.close()


def usable(content: bytes) -> Mapping[str, Any]:
    """Read an answer; FailedError where it is none. Fields that nobody asked for are left out."""
    try:
        found = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise FailedError("what came back is no JSON") from None
    if not isinstance(found, dict):
        raise FailedError("what came back is no JSON object")
    kept = {name: found[name] for name in CHECKS if found.get(name) is not None}
    wrong = [name for name, value in kept.items() if not CHECKS[name](value)]
    if wrong or not kept.keys() & {"answer", "probability", "items"}:
        raise FailedError(f"`{wrong[0]}` in what came back cannot be used" if wrong else "no `answer` came back")
    return kept


def _connection(scheme: str, host: str, seconds: float) -> http.client.HTTPConnection:
    kinds = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}
    try:
        return kinds[scheme](host, timeout=seconds)
    except (KeyError, http.client.InvalidURL):
        raise FailedError("its address cannot be read", final=True) from None


def _received(response: http.client.HTTPResponse, until: float) -> bytes:
    if response.status in BUSY:
        wait = response.headers.get("Retry-After", "")
        again = float(wait) if wait.isdigit() else 0.0
        raise FailedError(f"it says {response.status}", again=True, wait=again)
    if response.status != http.client.OK:
        raise FailedError(f"it says {response.status}", final=response.status not in NOT_THIS_ROW)
    content = b""
    while chunk := response.read1(CHUNK):
        content += chunk
        if len(content) > MOST_BYTES:
            raise FailedError("an answer of more than a megabyte")
        if time.monotonic() > until:
            raise TimeoutError
    if response.length:
        raise http.client.IncompleteRead(content, response.length)
    return content


def _no_number(text: str) -> float:
    raise ValueError(text)


def _share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _scalar(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_TEXT
    return isinstance(value, bool) or (isinstance(value, (int, float)) and math.isfinite(value))


def _list(value: object) -> bool:
    return isinstance(value, list) and len(value) <= LONGEST_TEXT and all(map(_scalar, value))


CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "answer": _scalar,
    "probability": _share,
    "act": _share,
    "items": _list,
}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON holds it: dates in ISO form, decimals as numbers, bytes and other things as text."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_json(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One row a question; answers are numbers where all of them are, else texts."""
    said = [row.get("answer") for row in rows]
    told = [value for value in said if value is not None]
    numbers = bool(told) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in told)
    texts = [None if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in said]
    columns = {}
    if told or not any(rows):
        columns["answer"] = pa.array(said, pa.float64()) if numbers else pa.array(texts, pa.string())
    for name in ("probability", "act"):
        if any(name in row for row in rows):
            columns[name] = pa.array([row.get(name) for row in rows], pa.float64())
    if any("items" in row for row in rows):
        lists = [None if "items" not in row else [str(item) for item in row["items"]] for row in rows]
        columns["items"] = pa.array(lists, pa.list_(pa.string()))
    return pa.table(columns)
