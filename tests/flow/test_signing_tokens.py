"""Attacks on tokens, on the clock and by haste: each is refused and written down, or found by audit."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from signers import by_hand, denials, named

from grundstein import flow
from grundstein.approval.genuine import proof
from grundstein.core.errors import Refused
from grundstein.core.records import Person, SignOff
from grundstein.flow import forging, signing
from grundstein.stores import ledger as ledgers

if TYPE_CHECKING:
    from grundstein.project.folder import Folder


# Tokens.


def test_a_token_is_read_only_from_a_file_of_one_s_own_that_nobody_else_can_read(decided, tokens, tmp_path):
    path = tmp_path / "token"
    path.write_text(tokens["first"] + "\n", encoding="utf-8")
    for mode in (0o644, 0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(Refused, match="Others can read"):
            forging.read_token(decided, "leaving", path)
    path.chmod(0o600)
    assert forging.read_token(decided, "leaving", path) == tokens["first"]
    assert denials(decided) == ["Others can read the token's file."] * 4


def test_a_token_in_a_file_of_somebody_else_is_not_taken(decided, tokens, tmp_path, monkeypatch):
    path = tmp_path / "token"
    path.write_text(tokens["first"], encoding="utf-8")
    path.chmod(0o600)
    link = tmp_path / "mine"
    link.symlink_to(path)
    owner = path.stat().st_uid
    monkeypatch.setattr(forging.os, "geteuid", lambda: owner + 1)
    for one in (path, link):
        with pytest.raises(Refused, match="belongs to somebody else"):
            forging.read_token(decided, "leaving", one)
    assert denials(decided) == ["The token's file belongs to somebody else."] * 2


def test_a_token_that_is_not_there_is_told_without_a_word_of_what_was_read(decided, tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        forging.read_token(decided, "leaving", tmp_path / "nowhere")
    assert not any(isinstance(row.record, SignOff) for row in decided.ledger.entries())


# The clock.


def test_a_clock_that_goes_back_after_a_signature_ended_revives_nothing(decided, tokens, monkeypatch):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    late = datetime.now(UTC) + timedelta(days=400)

    class Late(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return late.astimezone(tz)

    with monkeypatch.context() as patch:
        patch.setattr(ledgers, "datetime", Late)
        decided.ledger.append(Person("witness", "", 99))
    assert signing.now(decided) >= late
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")


# At once.

SIGN = "import sys; from pathlib import Path; from grundstein import flow\n"
SIGN += "from grundstein.project.folder import open_project\n"
SIGN += "p = open_project(Path(sys.argv[1])); sys.stdin.readline()\n"
SIGN += "flow.sign(p, 'leaving', sys.argv[2], 'approve', '', sys.argv[3])\n"


def at_once(project: Folder, *words: tuple[str, str]) -> None:
    """Sign in processes of their own that start at one sign."""
    command = [sys.executable, "-c", SIGN, str(project.root)]
    running = [subprocess.Popen([*command, *one], stdin=subprocess.PIPE, stderr=subprocess.PIPE) for one in words]
    for one in running:
        cast("Any", one.stdin).write(b"\n")
        cast("Any", one.stdin).flush()
    for one in running:
        one.communicate(timeout=120)


def test_two_people_who_sign_at_once_in_two_processes_are_both_heard(decided, tokens):
    with (decided.root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("affects: staff\n")
    at_once(decided, (tokens["first"], "service"), (tokens["third"], "finance"))
    assert flow.release(decided, "leaving")
    assert not flow.audit(decided)


def test_one_person_who_signs_twice_at_once_counts_once(decided, tokens):
    with (decided.root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("affects: staff\n")
    bond = flow.standing(decided, "leaving").bond
    flow.sign(decided, "leaving", tokens["both"], "approve", "", "service")
    mine = cast("SignOff", next(iter(decided.ledger.entries(SignOff))).record)
    late = replace(mine, role="finance", proof="")
    (row,) = by_hand(decided, replace(late, proof=proof(late, tokens["both"])))
    assert mine.bond.verdict == bond.verdict
    with pytest.raises(Refused, match="lacks a signature: finance"):
        flow.release(decided, "leaving")
    assert named(decided, row, "had signed this in row")


def test_no_denial_and_no_audit_ever_holds_a_token(decided, tokens):
    with pytest.raises(Refused):
        flow.sign(decided, "leaving", tokens["third"], "approve", "")
    text = json.dumps([*denials(decided), *flow.audit(decided)])
    assert not any(token in text for token in tokens.values())
