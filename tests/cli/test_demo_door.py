"""The demo walks the whole way, as a company would: decided, signed by two others, released, answered."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, cast

from grundstein.core.records import Person, Release, SignOff
from grundstein.project.folder import open_project

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from doors import Door

SCREEN = 30


def test_the_demo_ends_with_answers_that_two_people_signed_and_what_it_tells_to_try_can_be_done(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[str] = []
    make = secrets.token_urlsafe

    def heard(size: int) -> str:
        tokens.append(make(size))
        return tokens[-1]

    monkeypatch.setattr(secrets, "token_urlsafe", heard)
    said = door("demo", "demo")
    assert said.code == 0, said.err
    assert len(said.out.splitlines()) <= SCREEN
    assert len(tokens) == 2
    signed_by_two(door.folder / "demo")
    nowhere(tokens, door.folder / "demo", said.out + said.err)
    assert (door.folder / "demo" / "answers.xlsx").is_file()
    assert door("--project", "demo", "check").out.startswith("Checked")
    tried = re.findall(r"--project demo (audit|show \S+)", said.out)
    assert [door("--project", "demo", *line.split()).code for line in tried] == [0, 0]


def signed_by_two(folder: Path) -> None:
    """Each decision by the head of its department; the one that qualifies is released on its signature."""
    ledger = open_project(folder).ledger
    signed = [row for row in ledger.entries() if isinstance(row.record, SignOff)]
    told = {cast("SignOff", row.record).case: cast("SignOff", row.record) for row in signed}
    assert {case: one.role for case, one in told.items()} == {"kuendigung": "customer-success", "retouren": "logistics"}
    assert not any(one.override for one in told.values())
    assert {one.record.name for one in ledger.entries(Person) if isinstance(one.record, Person)} == {
        one.person for one in told.values()
    }
    released = [row.record for row in ledger.entries() if isinstance(row.record, Release)]
    assert [one.signatures for one in released] == [(signed[0].id,)]


def nowhere(tokens: list[str], folder: Path, said: str) -> None:
    """No token is printed or kept in any file."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for token in tokens:
        assert token not in said
        assert not any(token.encode() in content for content in files)
