"""Attacks on signatures: each is refused and written down, or found by audit and named by its row."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from signers import by_hand, denials, named

from grundstein import flow
from grundstein.core.errors import GrundsteinError, Refused
from grundstein.core.records import Release, SignOff
from grundstein.flow import forging, pinning
from grundstein.flow.serving import Desk
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from grundstein.core.ports import Entry

ROWS = "person,tenure,plan,day\np1,3,month,2024-05-01\n"


class Payload:
    """What a pickle does when somebody reads it: it makes a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        return os.mkdir, (str(self.place),)


def model_of(project: Folder, solution: str = "") -> Path:
    return project.files.folder(flow.standing(project, "leaving", solution).bond.model.partition(":")[2])


def overwrite(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def question(project: Folder) -> str:
    path = project.root / "asked.csv"
    path.write_text(ROWS, encoding="utf-8")
    return str(path)


def released(project: Folder, tokens: Mapping[str, str]) -> Entry:
    flow.sign(project, "leaving", tokens["first"], "approve", "")
    return flow.release(project, "leaving")


# The model's files.


@pytest.mark.parametrize("solution", ["", "rule"])
def test_a_pickle_in_place_of_a_model_file_is_refused_unread_before_and_after_the_release(decided, tokens, solution):
    flow.sign(decided, "leaving", tokens["first"], "approve", "", solution=solution)
    folder, taken = model_of(decided, solution), decided.root / "taken"
    file = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    before = file.read_bytes()
    overwrite(file, pickle.dumps(Payload(taken)))
    with pytest.raises(Refused, match="model"):
        flow.release(decided, "leaving", solution)
    overwrite(file, before)
    flow.release(decided, "leaving", solution)
    overwrite(file, pickle.dumps(Payload(taken)))
    with pytest.raises(Refused, match="no longer those that were kept"):
        flow.answer(decided, "leaving", question(decided))
    assert not taken.exists()
    assert any("leaving" in sentence and "kept" in sentence for sentence in flow.audit(decided))


def test_a_pickle_whose_digest_was_made_to_fit_is_still_never_unpickled(decided, tokens):
    """Somebody who can write folder and ledger brings their own model: its files are still read as plain data."""
    bond = flow.standing(decided, "leaving").bond
    kind, _, kept = bond.model.partition(":")
    taken = decided.root / "taken"
    task = decided.task("predict")
    for path in [one for one in sorted(decided.files.folder(kept).rglob("*")) if one.is_file()]:
        evil = decided.root / "evil"
        shutil.rmtree(evil, ignore_errors=True)
        shutil.copytree(decided.files.folder(kept), evil)
        overwrite(evil / path.relative_to(decided.files.folder(kept)), pickle.dumps(Payload(taken)))
        with pytest.raises((GrundsteinError, ValueError, OSError, KeyError)):
            task.load(kind, decided.files.folder(decided.files.keep(evil)))
    assert not taken.exists()


def test_a_model_that_was_swapped_for_another_of_the_same_name_is_refused(decided, tokens):
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    mine, other = model_of(decided), model_of(decided, "rule")
    shutil.rmtree(mine)
    shutil.copytree(other, mine)
    with pytest.raises(Refused, match="model"):
        flow.release(decided, "leaving")
    assert denials(decided)[-1].startswith("Something changed")


def test_a_release_that_was_pointed_at_another_model_answers_nothing(decided, tokens):
    put = released(decided, tokens)
    bond = cast("Release", put.record).bond
    other = flow.standing(decided, "leaving", "rule").bond.model
    (row,) = by_hand(decided, replace(cast("Release", put.record), bond=replace(bond, model=other)))
    with pytest.raises(Refused, match="cannot be genuine"):
        flow.answer(decided, "leaving", question(decided))
    assert named(decided, row, "is not what row")


@pytest.mark.parametrize("kind", ["Pickle", "os.system", "__import__", "Learned; import os"])
def test_a_kind_of_model_that_is_not_on_the_list_is_not_loaded(decided, kind):
    with pytest.raises(Refused, match="no solution"):
        decided.task("predict").load(kind, model_of(decided))


# The list of who may sign.


def test_who_writes_themselves_into_a_role_still_needs_a_token_and_may_not_have_evaluated(decided, tokens):
    path = decided.root / "grundstein.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[first,", "[mallory, first,"), encoding="utf-8")
    project = open_project(decided.root)
    with pytest.raises(Refused, match="nobody"):
        flow.sign(project, "leaving", "mallory", "approve", "")
    said = SignOff("leaving", flow.standing(project, "leaving").bond, "approve", "", "mallory", "service", "2999-01-01")
    (row,) = by_hand(project, said)
    with pytest.raises(Refused, match="lacks a signature: service"):
        flow.release(project, "leaving")
    assert named(project, row, "nobody's token")


def test_who_takes_a_role_out_of_the_file_is_not_rid_of_it(decided, tokens):
    path = decided.root / "grundstein.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("service:", "servants:"), encoding="utf-8")
    project = open_project(decided.root)
    with pytest.raises(Refused, match="Nothing here waits"):
        flow.sign(project, "leaving", tokens["first"], "approve", "")
    with pytest.raises(Refused, match="service"):
        flow.release(project, "leaving")


# Signatures that nobody gave.


def said_by(project: Folder, person: str, **words: Any) -> SignOff:
    bond = flow.standing(project, "leaving").bond
    return SignOff("leaving", bond, "approve", "", person, "service", "2999-01-01", **words)


def test_a_signature_written_into_the_file_by_hand_counts_nowhere(decided, tokens):
    (row,) = by_hand(decided, said_by(decided, "first"), person="first")
    with pytest.raises(Refused, match="lacks a signature: service"):
        flow.release(decided, "leaving")
    assert named(decided, row, "nobody's token made the signature of first")
    assert denials(decided)


def test_a_refusal_written_by_hand_stops_nobody(decided, tokens):
    by_hand(decided, replace(said_by(decided, "second"), decision="refuse", reason="I do not like it"))
    assert released(decided, tokens)


def test_a_made_up_proof_is_found_by_the_person_whose_name_it_bears(decided, tokens):
    (row,) = by_hand(decided, said_by(decided, "first", proof="ab" * 32))
    with pytest.raises(Refused, match=f"Row {row} holds a signature in the name of first"):
        flow.sign(decided, "leaving", tokens["first"], "refuse", "this was not me")
    assert denials(decided)[-1].startswith(f"Row {row}")
    assert [(one["row"], one["mine"]) for one in forging.signatures(decided, tokens["first"])] == [(row, "no")]


def test_a_signature_that_was_copied_from_another_case_counts_nowhere(decided, tokens, monkeypatch):
    monkeypatch.setattr(pinning, "BUDGET", 1)
    given = cast("SignOff", flow.sign(decided, "leaving", tokens["first"], "approve", "").record)
    twin = decided.root / "cases" / "twin.yaml"
    twin.write_text((decided.root / "cases" / "leaving.yaml").read_text(encoding="utf-8") + "tolerance: 3\n")
    flow.advance(flow.decide(decided, "twin"), decided)
    bond = flow.standing(decided, "twin").bond
    copies = by_hand(decided, replace(given, case="twin"), replace(given, case="twin", bond=bond))
    with pytest.raises(Refused, match="lacks a signature: service"):
        flow.release(decided, "twin")
    assert all(named(decided, row, "is a copy of the one in row") for row in copies)


def test_a_signature_of_somebody_who_held_no_token_then_counts_nowhere(decided):
    bond = flow.standing(decided, "leaving").bond
    (row,) = by_hand(decided, SignOff("leaving", bond, "approve", "", "first", "service", "2999-01-01", proof="0" * 64))
    flow.add_person(decided, "first")
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")
    assert named(decided, row, "held no token")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"verdict": "0" * 64}, "verdict that is signed is none"),
        ({"snapshot": "0" * 64}, "snapshot"),
        ({"report": "0" * 64}, "report"),
        ({"model": "Rule:" + "0" * 64}, "not the model that was judged"),
        ({"solution": "nobody"}, "not the model that was judged"),
    ],
)
def test_a_signature_whose_parts_do_not_belong_together_is_named(decided, tokens, change, why):
    bond = replace(flow.standing(decided, "leaving").bond, **change)
    said = replace(said_by(decided, "first", proof="1" * 64), bond=bond)
    assert named(decided, *by_hand(decided, said), why)


@pytest.mark.parametrize("signatures", [(), ("0" * 64,)])
def test_a_release_that_nobody_signed_answers_nothing(decided, tokens, signatures):
    bond = flow.standing(decided, "leaving").bond
    (row,) = by_hand(decided, Release("leaving", bond, signatures, "live", "", "2999-01-01"))
    with pytest.raises(Refused, match="cannot be genuine"):
        flow.answer(decided, "leaving", question(decided))
    assert named(decided, row, "signature")


def test_a_server_stays_with_what_was_signed_when_a_forged_release_appears(decided, tokens):
    put = released(decided, tokens)
    desk = Desk(decided)
    desk.refresh()
    other = flow.standing(decided, "leaving", "rule").bond
    by_hand(decided, Release("leaving", other, (), "live", put.id, "2999-01-01"))
    assert [one.what for one in desk.refresh()] == ["release refused"]
    assert desk.live["leaving"].entry.id == put.id
    assert "cannot be genuine" in denials(decided)[-1]
    desk.close()


def test_a_release_that_claims_to_hold_longer_than_it_was_signed_for_answers_nothing(decided, tokens):
    put = cast("Release", released(decided, tokens).record)
    (row,) = by_hand(decided, replace(put, until="2999-01-01"))
    with pytest.raises(Refused, match="longer"):
        flow.answer(decided, "leaving", question(decided))
    assert named(decided, row, "longer")


def test_who_evaluated_cannot_sign_by_hand_either(decided):
    own = next(row.person for row in decided.ledger.entries() if type(row.record).__name__ == "Verdict")
    flow.add_person(decided, own)
    (row,) = by_hand(decided, said_by(decided, own, proof="2" * 64))
    with pytest.raises(Refused, match="service"):
        flow.release(decided, "leaving")
    assert named(decided, row, "had evaluated or decided")


def test_an_unbroken_project_has_no_signature_that_is_called_forged(decided, tokens):
    released(decided, tokens)
    assert not list(forging.forged(decided))
    assert [one["mine"] for one in forging.signatures(decided, tokens["first"])] == ["yes"]
    renewed = flow.add_person(decided, "first")
    assert [one["mine"] for one in forging.signatures(decided, renewed)] == ["an earlier token"]


# The ledger's rows.

SWAP = "UPDATE ledger SET sequence = 4 WHERE sequence = 5; UPDATE ledger SET sequence = 5 WHERE sequence = -1;"


def edited(project: Folder, statement: str) -> None:
    with sqlite3.connect(project.root / "ledger.sqlite") as file:
        file.execute("DROP TRIGGER no_update")
        file.execute("DROP TRIGGER no_delete")
        file.executescript(statement)


@pytest.mark.parametrize(
    "statement",
    [
        ("UPDATE ledger SET sequence = -1 WHERE sequence = 4;" + SWAP),
        ("UPDATE ledger SET content = replace(content, '\"first\"', '\"mallory\"') WHERE kind = 'SignOff';"),
        ("DELETE FROM ledger WHERE kind = 'Denial';"),
    ],
)
def test_rows_that_were_moved_changed_or_taken_out_stop_signature_and_release_and_are_named(decided, tokens, statement):
    with pytest.raises(Refused):
        flow.sign(decided, "leaving", "nobody's", "approve", "")
    flow.sign(decided, "leaving", tokens["first"], "approve", "")
    edited(decided, statement)
    with pytest.raises(Refused, match=r"row \d+|service"):
        flow.release(decided, "leaving")
    with pytest.raises(Refused, match=r"the ledger: row \d+"):
        flow.sign(decided, "leaving", tokens["second"], "approve", "")
    assert any(sentence.startswith("row ") for sentence in flow.audit(decided))
