"""What is tried against a server and refused: tokens, sizes, slowness, bodies, models; what the ledger is told."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from serving_project import lines, put, question, running, tokens, until, winner

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Denial, Release
from grundstein.flow.serving import Desk
from grundstein.flow.signing import current
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving_project import Running

SERVE = "serve: {read_seconds: 2, wrong_tokens: 20, header_bytes: 4096, connections: 40}\n"
NASTY = (
    "'; DROP TABLE people; --",
    "' OR 1=1 --",
    "{{7*7}}",
    "${7*7}",
    "{0.__class__}",
    "{field}",
    "%s%n%x",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "\u202eabc\u202c",
    "e\u0301",
    "\ufeffmonth",
    "\u0000month",
    "month\u001f",
    "\U0001f4a9",
    "ﬀ",
    "x" * 10_000,
)


@pytest.fixture(scope="module")
def server(served_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("attacked") / "project"
    shutil.copytree(served_root, root)
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write(SERVE)
    with running(open_project(root)) as one:
        yield one


def model(project: Folder) -> Path:
    said = current(project, "leaving").record
    assert isinstance(said, Release)
    return project.root / "files" / said.bond.model.partition(":")[2]


def denied(project: Folder) -> list[str]:
    return [row.record.why for row in project.ledger.entries(Denial) if isinstance(row.record, Denial)]


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.path),))


def test_a_pickle_in_place_of_a_model_file_is_neither_read_nor_answered_from(served):
    for path in model(served).iterdir():
        path.write_bytes(pickle.dumps(Bomb(served.root / "fired")))
    with running(served) as one:
        assert one.ask(question()).status_code == 503
    assert not (served.root / "fired").exists()
    assert any("no longer those that were kept" in why for why in denied(served))


def test_a_swapped_model_of_the_same_name_is_refused(served):
    mine = model(served)
    put(served, winner(served))
    other = model(served)
    shutil.rmtree(other)
    shutil.copytree(mine, other)
    desk = Desk(served)
    desk.refresh()
    assert "leaving" not in desk.live
    assert any("no longer those that were kept" in why for why in denied(served))


def test_a_release_that_names_a_kind_which_is_not_in_our_code_is_refused(served):
    from dataclasses import replace

    said = current(served, "leaving").record
    assert isinstance(said, Release)
    forged = replace(said, bond=replace(said.bond, model="os.system:" + said.bond.model.partition(":")[2]))
    served.ledger.append(forged)
    desk = Desk(served)
    desk.refresh()
    assert "leaving" not in desk.live
    assert any("cannot answer" in why for why in denied(served))


def test_a_server_goes_on_with_what_it_checked_where_the_next_release_is_spoilt(served):
    first = current(served, "leaving").id
    with running(served) as one:
        assert one.ask(question()).status_code == 200
        put(served, winner(served))
        for path in model(served).iterdir():
            path.write_bytes(b"spoilt")
        time.sleep(0.1)
        seen = [one.ask(question()) for _ in range(3)]
        until(lambda: one.client.get("/healthz"), lambda _: bool(denied(served)) or taken(one, first))
        seen.append(one.ask(question()))
    assert {told.status_code for told in seen} == {200}


def taken(one: Running, first: str) -> bool:
    return bool(one.ask(question()).json()["release"] != first)


@pytest.mark.parametrize("head", ["", "Bearer", "Bearer  x", "Basic abc", "Bearer null", "Bearer " + "x" * 3000])
def test_without_a_token_that_counts_nothing_is_answered(server, head):
    told = httpx.post(f"{server.address}/cases/leaving/answer", json=question(), headers={"Authorization": head})
    assert (told.status_code, told.json()["errors"][0]["code"]) in {(401, "GST-Q21"), (429, "GST-Q23")}


def test_a_token_counts_for_its_scopes_and_cases_only(server):
    mine = {"Authorization": f"Bearer {tokens(server.project)['feedback']}"}
    assert server.ask(question(), headers=mine).json()["errors"][0]["code"] == "GST-Q22"
    assert server.client.get("/metrics", headers=mine).status_code == 403
    assert server.tell({"key": {"person": "p1"}, "truth": "Yes"}, headers=mine).status_code == 202
    assert server.ask(question(), case="other").status_code == 403
    every = {"Authorization": f"Bearer {tokens(server.project)['all']}"}
    assert server.ask(question(), case="other", headers=every).status_code == 404
    person = json.loads((server.project.root / "people.json").read_text(encoding="utf-8"))["somebody"]
    assert server.ask(question(), headers={"Authorization": f"Bearer {person}"}).status_code in {401, 429}


def test_ten_thousand_wrong_tokens_are_a_few_rows_and_slow_nobody_down(served):
    with running(served) as one:
        statuses = wrong_tokens(one.port, 10_000)
        assert one.ask(question()).status_code == 200
    assert set(statuses) == {401, 429}
    assert statuses[401] < 200
    rows = denied(served)
    assert [why for why in rows if "10,000 times" in why] == ["no token that counts (10,000 times)"]
    assert len(rows) == 1


def wrong_tokens(port: int, many: int) -> dict[int, int]:
    found: dict[int, int] = {}
    with socket.create_connection(("127.0.0.1", port)) as line:
        for place in range(0, many, 100):
            for number in range(place, place + 100):
                head = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong{number}\r\n\r\n"
                line.sendall(head.encode())
            for _ in range(100):
                status = answered(line)
                found[status] = found.get(status, 0) + 1
    return found


def answered(line: socket.socket, held: dict[int, bytes] | None = None) -> int:
    """Read one reply with a body of a stated length."""
    kept = HELD if held is None else held
    text = kept.pop(line.fileno(), b"")
    while b"\r\n\r\n" not in text:
        part = line.recv(65_536)
        if not part:
            return 0
        text += part
    head, _, rest = text.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(rest) < length:
        rest += line.recv(65_536)
    kept[line.fileno()] = rest[length:]
    return int(head.split(b" ")[1])


HELD: dict[int, bytes] = {}


def raw(port: int, *parts: bytes, pause: float = 0.0, wait: float = 15.0) -> bytes:
    """Send parts and read until the server closes or says nothing for `wait` seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        text = b""
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(pause)
        except OSError:
            pass
        try:
            while part := line.recv(65_536):
                text += part
        except OSError:
            pass
        return text


def head(server: Running, length: int) -> bytes:
    token = tokens(server.project)["answer"]
    lines_ = f"POST /cases/leaving/answer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    return f"{lines_}Content-Length: {length}\r\n\r\n".encode()


def test_a_body_of_a_hundred_megabytes_is_refused_before_it_is_read(server):
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(head(server, 100_000_000))
        assert answered(line, {}) == 413
        try:
            for _ in range(1_600):
                sent += line.send(b"x" * 65_536)
        except OSError:
            pass
    assert sent < 20_000_000
    assert server.ask(question()).status_code == 200


def test_a_body_without_a_stated_length_is_refused_once_it_is_too_long(server):
    chunks = (b"%x\r\n%s\r\n" % (65_536, b" " * 65_536) for _ in range(200))
    start = head(server, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    assert b" 413 " in raw(server.port, start, *chunks).split(b"\r\n")[0]


def test_a_client_that_asks_first_is_told_to_go_on_or_that_it_is_too_much(server):
    body = json.dumps(question()).encode()
    small, big = (
        head(server, size).replace(b"Host: x", b"Host: x\r\nExpect: 100-continue") for size in (len(body), 10**8)
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(small)
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(body)
        assert answered(line, {}) == 200
    assert raw(server.port, big, wait=5).startswith(b"HTTP/1.1 413 ")


def test_another_address_cannot_be_claimed_to_try_more_wrong_tokens(server):
    claims = [{"X-Forwarded-For": f"10.0.0.{place}", "Authorization": "Bearer x"} for place in range(60)]
    statuses = [httpx.get(f"{server.address}/metrics", headers=one).status_code for one in claims]
    assert 429 in statuses


@pytest.mark.parametrize("length", ["9" * 30, "-1", "x"])
def test_a_length_that_is_none_is_refused(server, length):
    start = head(server, 0).replace(b"Content-Length: 0", f"Content-Length: {length}".encode())
    assert raw(server.port, start, b"{}", wait=5).split(b" ")[1] in {b"400", b"413"}


def test_a_slow_client_is_let_go_and_the_others_do_not_wait(server):
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(6)]
    for place, line in enumerate(slow):
        line.sendall(
            [b"", b"P", b"POST /cases", head(server, 50)[:-2], head(server, 50), head(server, 50) + b"{"][place]
        )
    assert server.ask(question()).status_code == 200
    for line in slow:
        text = line.recv(65_536)
        assert text == b"" or b" 408 " in text.split(b"\r\n")[0]
        line.close()


def test_a_dripping_head_is_let_go(server):
    drops = [b"GET /healthz HTTP/1.1\r\n", *(b"X-%d: y\r\n" % place for place in range(40))]
    text = raw(server.port, *drops, pause=0.12, wait=5)
    assert b" 408 " in text.split(b"\r\n")[0]


def test_a_head_that_is_too_large_is_refused(server):
    big = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"
    many = b"GET /healthz HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % place for place in range(5_000)) + b"\r\n"
    endless = [b"GET /healthz HTTP/1.1\r\nX: ", *([b"y" * 1_000] * 50)]
    for parts in ([big], [many], endless):
        text = raw(server.port, *parts, wait=5)
        assert text == b"" or text.split(b" ")[1] in {b"431", b"400"}
    assert server.client.get("/healthz").status_code == 200


def test_more_connections_than_the_limit_are_turned_away_and_the_rest_is_served(server):
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(60)]
    time.sleep(0.2)
    said = [line.recv(100) for line in held[45:]]
    assert all(text == b"" or b" 503 " in text for text in said)
    for line in held:
        line.close()
    until(lambda: server.ask(question()), lambda told: told.status_code == 200)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"plan": NaN}',
        b'{"tenure": Infinity}',
        b'{"tenure": 1e999}',
        b'{"tenure": 1, "tenure": 2}',
        b'{"tenure": 1, "\\u0074enure": 2, "plan": "month", "day": "2023-01-01"}',
        b'{"questions": [{"plan": "a", "plan": "b"}]}',
        b"\xff\xfe",
        b'{"plan": "\xed\xa0\x80"}',
        b'{"plan": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'{"plan": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"plan": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
        b'{"tenure": ' + b"9" * 100_000 + b"}",
        b'{"__proto__": {}, "constructor": 1}',
    ],
)
def test_a_body_that_is_no_question_is_refused_and_never_a_fault(server, body):
    told = server.client.post("/cases/leaving/answer", content=body)
    assert told.status_code == 422
    assert all(one["code"].startswith("GST-Q0") for one in told.json()["errors"])


@pytest.mark.parametrize(
    "value", [10**18, 10**19, -(2**63) - 1, 10**100, 1.5, 1e308, "12", True, [], {}, [1], "1e5", {"$ne": 1}]
)
def test_a_number_is_a_number_of_its_type_or_refused(server, value):
    told = server.ask(question(tenure=value))
    assert told.status_code == (200 if value == 10**18 else 422)


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_a_text_wherever_it_stands(server, text):
    for field in ("plan", "person", "day", "tenure", text):
        told = server.ask(question(**{field: text}))
        assert told.status_code in {200, 422}
        assert "49" not in [one.get("text") for one in told.json().get("errors", [])]
        if told.status_code == 200:
            mine = next(line for line in lines(server.project) if line.get("id") == told.json()["answer_id"])
            assert mine["question"][field] == (text if text.strip() else None)
    for truth in ({"answer_id": text, "truth": "Yes"}, {"key": {"person": text}, "truth": text}):
        assert server.tell(truth).status_code in {202, 422}
    assert server.ask(question(), case=quote(text[:200], safe="")).status_code in {400, 403, 404}
    assert server.ask(question(), query="?reasons=" + quote(text[:50])).status_code in {200, 400, 422}
    assert "people" in server.project.tables.names()


def test_no_log_holds_a_token_or_a_row(served):
    secret = "a-name-that-nobody-" + "else-has"
    with running(served) as one:
        one.ask(question(person=secret, plan=1))
        one.ask(question(person=secret))
        one.tell({"answer_id": secret, "truth": secret})
        httpx.get(f"{one.address}/metrics", headers={"Authorization": f"Bearer {secret}"})
    kept = json.dumps(one.log) + json.dumps(denied(served))
    assert secret not in kept
    assert not [name for name, token in tokens(served).items() if token in kept]


def test_a_replayed_release_of_a_removed_program_or_an_unknown_case_starts_no_server(served):
    with pytest.raises(Refused):
        flow.remove_access(served, "nobody")
    with pytest.raises(AssertionError, match="levaing"), running(served, "levaing"):
        pass


def test_the_program_allows_so_many_questions_a_second_and_no_more(served):
    with (served.root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("serve: {per_second: 5}\n")
    with running(served) as one:
        statuses = [one.ask(question()).status_code for _ in range(40)]
        told = one.ask({"questions": [question()] * 50})
    assert {200, 429} == set(statuses)
    assert statuses.count(200) < 30
    assert told.headers["retry-after"].isdigit()
