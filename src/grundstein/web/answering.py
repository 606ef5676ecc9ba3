"""Room web. In: HTTP requests -> Out: answers of the live releases; the lean application that only answers.

Plain ASGI: a question goes from bytes to its answer on the loop, for a thread costs more than a model's row.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
import traceback
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.web.limits import Buckets, Refusals
from grundstein.web.metering import Meters
from grundstein.web.openapi import described
from grundstein.web.reading import Unreadable, dumped, parsed
from grundstein.web.replying import CLOSE, Reply, Turned, too_many, turned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.records import Access
    from grundstein.flow.serving import Desk, Loaded
    from grundstein.web.limits import Limits
    from grundstein.web.replying import Receive, Send
    from grundstein.web.telling import Teller

TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
ROUTES = {"answer": "answer", "feedback": "feedback"}
SINGLE = {"/metrics": "metrics", "/openapi.json": "openapi", "/healthz": "healthz", "/readyz": "readyz"}
DRAINED = 262_144
BREATHER = 8
RECOUNT = 30.0
HINT = "GET /openapi.json lists what there is"


class Answering:
    """One server's application: who may ask, how much, and what is told."""

    def __init__(self, desk: Desk, limits: Limits, teller: Teller) -> None:
        self.desk, self.limits, self.teller, self.meters = desk, limits, teller, Meters()
        self.refusals = Refusals()
        self._tokens = Buckets(2.0 * limits.per_second, limits.per_second)
        self._strangers = Buckets(limits.wrong_tokens, limits.wrong_tokens / 60)
        self._running = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, it is counted and answered in JSON."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        start = time.perf_counter()
        case, route = _routed(scope["path"])
        reply, late = await self._handled(scope, receive, case, route)
        known = case if case in self.desk.live or case in self.desk.refused else ""
        if CLOSE in reply.more:
            await _unread(reply, receive, send)
        else:
            await reply.send(send)
        self.meters.request(known, route, reply.status, start)
        if late is not None:
            self._compared(case, late)
        return None

    async def _handled(
        self, scope: Mapping[str, Any], receive: Receive, case: str, route: str
    ) -> tuple[Reply, list[tuple[dict[str, Any], str]] | None]:
        try:
            return await self._routed(scope, receive, case, route)
        except Turned as away:
            return away.reply(), None
        except Refused as error:
            return turned(503, "GST-Q27", why=error.what, next=f"{error.next_step}.").reply(), None
        except Exception as error:
            return self._faulty(error, case), None

    async def _routed(
        self, scope: Mapping[str, Any], receive: Receive, case: str, route: str
    ) -> tuple[Reply, list[tuple[dict[str, Any], str]] | None]:
        wanted = "POST" if route in ROUTES else "GET"
        if not route:
            raise turned(404, "GST-Q26", hint=HINT)
        if scope["method"] != wanted:
            raise turned(405, "GST-Q26", ((b"allow", wanted.encode()),), hint=f"ask by {wanted}")
        if route == "healthz":
            return Reply(200, b'{"live":true}'), None
        if route == "readyz":
            return self._ready(), None
        program = self._admitted(scope, case, route)
        if route == "metrics":
            return Reply(200, self.meters.text(self.desk), TEXT), None
        if route == "openapi":
            return Reply(200, dumped(described(self.desk, program, self.limits))), None
        one = self._served(case)
        body = await self._limited_body(scope, receive)
        if route == "feedback":
            _named(scope["query_string"], ())
            return self._feedback(case, one, body), None
        return await self._answer(scope, case, program, one, body)

    def _admitted(self, scope: Mapping[str, Any], case: str, route: str) -> Access:
        """Return the program that asks; turned away: no token that counts, a scope or case it lacks, too often."""
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        hashed = hashlib.sha256(token[7:]).hexdigest() if token[:7].lower() == b"bearer " else ""
        program = self.desk.programs.get(hashed)
        known = case if case in self.desk.live or case in self.desk.refused else ""
        if program is None:
            self.refusals.add(known, route, "no token that counts")
            wait = self._strangers.taken((scope.get("client") or ("",))[0])
            if wait is not None:
                raise too_many(wait)
            raise turned(401, "GST-Q21", ((b"www-authenticate", b"Bearer"),))
        if route in (*ROUTES, "metrics") and route not in program.scopes:
            self.refusals.add(known, route, f"the token of {program.name} lacks the scope {route}")
            raise turned(403, "GST-Q22", what=f"scope {route}")
        if case and program.cases and case not in program.cases:
            self.refusals.add(known, route, f"the token of {program.name} lacks the case")
            raise turned(403, "GST-Q22", what="case")
        return self._paced(program)

    def _paced(self, program: Access, many: int = 1) -> Access:
        wait = self._tokens.taken(program.token, many)
        if wait is not None:
            raise too_many(wait)
        return program

    def _served(self, case: str) -> Loaded:
        """Return what answers a case; turned away: none of that name, or nothing that may answer now."""
        if case in self.desk.refused:
            error = self.desk.refused[case]
            raise turned(503, "GST-Q27", why=error.what, next=f"{error.next_step}.")
        if case not in self.desk.live:
            raise turned(404, "GST-Q26", hint=nearest(case[:60], self.desk.live))
        return self.desk.live[case]

    async def _limited_body(self, scope: Mapping[str, Any], receive: Receive) -> bytes:
        """Read the body, so much and so many at once; the connection sees to it that it does not take too long."""
        if self._running >= self.limits.at_once:
            raise too_many(1)
        most = self.limits.body_bytes
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if len(length) > 15 or int(length) > most:
            raise turned(413, "GST-Q24", (CLOSE,), most=most)
        self._running += 1
        try:
            return await _read(receive, most)
        finally:
            self._running -= 1

    async def _answer(
        self, scope: Mapping[str, Any], case: str, program: Access, one: Loaded, body: bytes
    ) -> tuple[Reply, list[tuple[dict[str, Any], str]] | None]:
        content = _content(body)
        asked = content["questions"] if len(content) == 1 and type(content.get("questions")) is list else None
        if asked is not None and not 0 < len(asked) <= self.limits.questions:
            raise turned(422, "GST-Q08", given=len(asked), most=self.limits.questions)
        values = _values(one, [content] if asked is None else asked, single=asked is None)
        query = scope["query_string"]
        most = _most_reasons(query, self.limits.reasons) if query else self.limits.reasons
        if len(values) > 1:
            self._paced(program, len(values) - 1)
        told = await self._told(one, values, most)
        self.meters.answered(case, "live", len(told))
        late = None
        if case in self.desk.shadow:
            late = [(question, row["answer_id"]) for question, row in zip(values, told, strict=True)]
        return Reply(200, dumped(told[0] if asked is None else {"answers": told})), late

    async def _told(self, one: Loaded, values: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
        """Answer and keep: all, or none. Others are let in between."""
        told: list[dict[str, Any]] = []
        ends = time.monotonic() + self.limits.answer_seconds
        try:
            for place, question in enumerate(values, start=1):
                told.append(self.desk.answer(one, question, most))
                if place % BREATHER == 0:
                    await asyncio.sleep(0)
                    self._in_time(ends)
            self.desk.keep(one, values, told)
        except BaseException:
            self.desk.forget(one, told)
            raise
        return told

    def _in_time(self, ends: float) -> None:
        if time.monotonic() > ends:
            raise turned(503, "GST-Q25", what="answered", seconds=self.limits.answer_seconds)

    def _feedback(self, case: str, one: Loaded, body: bytes) -> Reply:
        content = _content(body)
        if one.feedback is None:
            raise turned(422, "GST-Q12", case=case)
        many = content["feedback"] if len(content) == 1 and type(content.get("feedback")) is list else [content]
        if not 0 < len(many) <= self.limits.questions:
            raise turned(422, "GST-Q08", given=len(many), most=self.limits.questions)
        told = [one.feedback.read(entry) for entry in many]
        wrong = [(place, finding) for place, entry in enumerate(told) for finding in entry.wrong]
        if wrong:
            raise Turned(422, [finding for _, finding in wrong], places=[place for place, _ in wrong])
        for entry in told:
            self.desk.tell(case, entry)
        return Reply(202, dumped({"taken": len(told)}))

    def _ready(self) -> Reply:
        """Ready where each case that is served can be answered."""
        waits = {name: error.what for name, error in self.desk.refused.items()}
        ready = bool(self.desk.live) and not waits
        return Reply(200 if ready else 503, dumped({"ready": ready, "waits": waits}))

    def _compared(self, case: str, late: list[tuple[dict[str, Any], str]]) -> None:
        """Ask the shadow release once the client has its answer; what it does is never felt outside."""
        try:
            for question, answer_id in late:
                self.desk.compare(case, question, answer_id)
            self.meters.answered(case, "shadow", len(late))
        except Exception as error:
            self._faulty(error, case)

    def _faulty(self, error: Exception, case: str) -> Reply:
        """Tell the log where it happened, without the error's text: that could quote a row."""
        fault = secrets.token_hex(4)
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{one.filename.rsplit('/', 1)[-1]}:{one.lineno} {one.name}" for one in frames]
        self.meters.fault(case if case in self.desk.live else "")
        self.teller.warn("fault", fault=fault, kind=type(error).__name__, where=where)
        return turned(500, "GST-Q28", fault=fault).reply()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Begin and end with the server."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._tasks = [asyncio.create_task(self._upkeep())]
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for task in self._tasks:
                    task.cancel()
                await self._written(end=True)
                self.desk.close()
                self.teller.say("stopped")
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _upkeep(self) -> None:
        """Take up what the ledger says, write refusals down, close old segments; a fault is told and tried again."""
        counted = time.monotonic()
        while True:
            await asyncio.sleep(self.limits.refresh_seconds)
            try:
                if time.monotonic() - counted > RECOUNT:
                    counted = time.monotonic()
                    await asyncio.to_thread(self.desk.recount)
                for event in await asyncio.to_thread(self.desk.refresh):
                    self.teller.say(event.what, **event.facts)
                await self._written()
                self.desk.settle()
            except Exception as error:
                self._faulty(error, "")

    async def _written(self, *, end: bool = False) -> None:
        taken = self.refusals.due(end=end)
        if taken:
            await asyncio.to_thread(self.desk.deny, taken)
            self.teller.warn("refused", times=sum(taken.values()), reasons=sorted({why for _, _, why in taken}))


def _routed(path: str) -> tuple[str, str]:
    """The case and the route of a path; no route where there is none."""
    if path in SINGLE:
        return "", SINGLE[path]
    parts = path.split("/")
    if len(parts) == 4 and parts[0] == "" and parts[1] == "cases" and parts[3] in ROUTES:
        return parts[2], parts[3]
    return "", ""


@lru_cache(maxsize=64)
def _most_reasons(query: bytes, usual: int) -> int:
    """How many reasons a query asks for; turned away where it says anything else."""
    said = _named(query, ("reasons",)).get("reasons", [])
    if said and not (len(said) == 1 and said[0].isascii() and said[0].isdigit() and len(said[0]) < 3):
        raise turned(422, "GST-Q04", field="reasons", expected="a whole number from 0 to 99")
    return int(said[0]) if said else usual


def _named(query: bytes, known: tuple[str, ...]) -> dict[str, list[str]]:
    """The parameters of a query; turned away where one is unknown."""
    said = parse_qs(query.decode("latin-1"), keep_blank_values=True) if query else {}
    unknown = next((name for name in said if name not in known), None)
    if unknown is not None:
        hint = nearest(unknown[:60], known) if known else "there are no parameters here"
        raise turned(422, "GST-Q01", field=unknown[:60], hint=hint)
    return said


def _content(body: bytes) -> dict[str, Any]:
    try:
        return parsed(body)
    except Unreadable as error:
        raise turned(422, "GST-Q07", why=str(error)) from None


def _values(one: Loaded, asked: list[Any], *, single: bool) -> list[dict[str, Any]]:
    """Read every question; turned away with all errors of all of them."""
    values, wrong, places = [], [], []
    for place, question in enumerate(asked):
        if type(question) is dict:
            typed, found = one.questions.read(question)
        else:
            typed, found = {}, [Finding("GST-Q07", "issue", {"why": "a question is no object"})]
        values.append(typed)
        wrong += found
        places += [place] * len(found)
    if wrong:
        raise Turned(422, wrong, places=() if single else places)
    return values


async def _read(receive: Receive, most: int) -> bytes:
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        body: bytes = message["body"]
        if len(body) > most:
            raise turned(413, "GST-Q24", (CLOSE,), most=most)
        return body
    parts, size = [], 0
    while message["type"] == "http.request":
        parts.append(message["body"])
        size += len(parts[-1])
        if size > most:
            raise turned(413, "GST-Q24", (CLOSE,), most=most)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise turned(400, "GST-Q07", (CLOSE,), why="it ended early")


async def _unread(reply: Reply, receive: Receive, send: Send) -> None:
    """Send a reply to a client that may still be sending: a little of it is read away so that the reply arrives."""
    length = (b"content-length", str(len(reply.body)).encode())
    headers = [reply.kind, length, *reply.more]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": True})
    try:
        async with asyncio.timeout(1.0):
            left = DRAINED
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b"")) + 1
                if message["type"] != "http.request" or not message.get("more_body"):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})
