"""A language model behind an address of this machine, as it answers, fails and is kept from hearing secrets."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.project.folder import create_project
from grundstein.stores.writer import chat_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CASE = """\
question: What does the handbook say?
task: ask
data: {{questions: questions, corpus: pages}}
id: page
text: text
question_id: name
asked: asked
relevant: found_on
writer: {{address: "{address}", model: small, key: "${{env:MODEL_KEY}}"}}
"""


class Stub(HTTPServer):
    """Answers each call with the next of `said` (the last one for ever) and keeps what it heard."""

    said: list[tuple[int, Any]]
    heard: list[tuple[str, str, dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, self.headers.get("Authorization", ""), body))
        status, content = self.server.said.pop(0) if len(self.server.said) > 1 else self.server.said[0]
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[Stub]:
    one = Stub(("127.0.0.1", 0), Handler)
    one.said, one.heard = [(200, completion("yes"))], []
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.shutdown()
    thread.join()
    one.server_close()


def completion(text: object) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


def address(stub: Stub) -> str:
    return f"http://127.0.0.1:{stub.server_port}/v1"


def test_a_model_is_told_and_asked_and_its_key_is_put_in_when_it_is_used(stub: Stub) -> None:
    chat = chat_of(
        {"address": address(stub), "model": "small", "key": "${env:K}"}, lambda text: text.replace("${env:K}", "s")
    )
    assert chat.write("be brief", "why?") == "yes"
    [(path, key, body)] = stub.heard
    assert (path, key) == ("/v1/chat/completions", "Bearer s")
    assert [one["content"] for one in body["messages"]] == ["be brief", "why?"]
    assert (body["model"], body["temperature"]) == ("small", 0)


def test_a_busy_model_is_asked_again(stub: Stub) -> None:
    stub.said = [(503, {}), (200, completion(" later "))]
    chat = chat_of({"address": address(stub), "model": "m"}, str)
    assert type(chat)(chat.address, chat.model, chat.key, chat.reveal, pause=0.0).write("", "") == "later"


@pytest.mark.parametrize(
    "said", [(401, {}), (200, b"{"), (200, {}), (200, completion(None)), (200, completion("  ")), (302, {})]
)
def test_what_is_no_answer_is_refused(stub: Stub, said: tuple[int, Any]) -> None:
    stub.said = [said]
    with pytest.raises(Refused, match="does not answer"):
        chat_of({"address": address(stub), "model": "m"}, str).write("", "")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"address": "http://x.example/v1", "model": "m", "key": "${env:K}"}, "unencrypted"),
        ({"address": "https://x.example/v1", "model": "m", "key": "sk-123"}, "secret"),
        ({"address": "https://x.example/v1"}, "model"),
        ({"address": "https://x.example/v1", "model": "m", "temprature": 1}, "temprature"),
    ],
)
def test_a_strange_or_unsafe_entry_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        chat_of(given, str)
    assert "sk-123" not in str(refused.value)


def test_an_answer_is_shown_where_all_of_it_is_cited(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_KEY", "s")
    project = create_project(tmp_path / "p", name="p", salt="tests")
    pages = "page,text\ntravel,The railcard is paid by the company. A hotel may cost 120 euros a night.\n"
    asked = "name,asked,found_on\nq1,Who pays the railcard?,travel\nq2,How much may a hotel cost a night?,travel\n"
    for name, text in (("pages", pages), ("questions", asked)):
        (project.root / f"{name}.csv").write_text(text, encoding="utf-8")
        flow.ingest(project, str(project.root / f"{name}.csv"), name)
    (project.root / "cases" / "handbook.yaml").write_text(CASE.format(address=address(stub)), encoding="utf-8")
    stub.said = [
        (200, completion("A hotel may cost 120 euros a night [1].")),
        (200, completion("Any price is fine [4].")),
    ]
    told = flow.do(project, "handbook", "question", ["How much may a hotel cost a night?"])
    assert told.said["written"] == "A hotel may cost 120 euros a night. [1]"
    assert told.said["sources"] == ["travel"]
    other = flow.do(project, "handbook", "question", ["How much may a hotel cost a night?"])
    assert "not given" in other.said["refused"]
    assert "written" not in other.said
    assert other.said["answer"] in other.text
    assert len(stub.heard) == 2
    flow.do(project, "handbook", "question", ["Where do submarines live?"])
    assert len(stub.heard) == 2
