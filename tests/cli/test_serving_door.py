"""At the command line: tokens are given, listed and taken back; a server says what it lacks and where it listens."""

from __future__ import annotations

import json

import pytest

from grundstein import flow
from grundstein.cli.main import run
from grundstein.core.records import Access
from grundstein.project.folder import create_project, open_project


@pytest.fixture
def folder(tmp_path, monkeypatch):
    create_project(tmp_path / "project", name="p", salt="tests")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_a_program_is_given_a_token_once_listed_and_loses_it_again(folder, capsys):
    assert run(["access", "add", "shop", "--scope", "answer", "--scope", "metrics", "--json"]) == 0
    token = json.loads(capsys.readouterr().out)["token"]
    assert len(token) > 40
    assert run(["access", "list"]) == 0
    listed = capsys.readouterr().out
    assert "shop\tanswer, metrics\tall\tyes" in listed
    assert token not in listed
    assert run(["access", "remove", "shop"]) == 0
    assert run(["access", "remove", "shop"]) == 1
    kept = [row.record for row in open_project(folder).ledger.entries(Access)]
    assert [bool(one.token) for one in kept] == [True, False]


def test_a_second_token_ends_the_first(folder):
    project = open_project(folder)
    first, second = (flow.add_access(project, "shop", ["answer"]) for _ in range(2))
    from grundstein.flow.access import doors

    assert first != second
    assert len(doors(project)) == 1


@pytest.mark.parametrize(
    "words", [["add", "shop"], ["add", "shop", "--scope", "anser"], ["add", "", "--scope", "answer"]]
)
def test_a_token_without_a_scope_that_exists_or_a_name_is_refused(folder, capsys, words):
    assert run(["access", *words]) == 1
    assert "Next" in capsys.readouterr().err


def test_a_server_says_in_three_lines_what_is_not_installed(folder, capsys, monkeypatch):
    monkeypatch.setattr("grundstein.cli.serving.find_spec", lambda name: None if name == "uvicorn" else name)
    assert run(["serve"]) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 3
    assert "uvicorn" in told
    assert "pip install 'grundstein[serve]'" in told


def test_a_server_refuses_a_case_that_is_not_there_and_a_port_that_is_taken(folder, capsys):
    import socket

    assert run(["serve", "nothing", "--port", "0"]) == 1
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["serve", "--port", str(taken.getsockname()[1])]) == 1
    assert "cannot be listened at" in capsys.readouterr().err
