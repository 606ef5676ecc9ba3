"""Rows that come by key: one commit in which they replace, add, or leave as it is; killed at any moment, too."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from arriving import CONTRACT, child, die_at, project, rows, state, write

from grundstein.core.errors import Refused
from grundstein.core.records import Batch
from grundstein.lake.ingest import ingest, reconcile
from grundstein.lake.streaming import cutting, pouring, stream
from grundstein.project.folder import open_project

if TYPE_CHECKING:
    from pathlib import Path

FIRST = ("1,20,Bonn", "2,30,Köln", "3,40,Bonn")
SECOND = ("4,50,Bonn", "2,31,Köln", "1,20,Bonn", "2,32,Köln", ",5,Bonn", "3,old,Bonn")
AFTER = ((1, 20, "Bonn", 0), (2, 32, "Köln", 1), (3, 40, "Bonn", 2), (4, 50, "Bonn", 3))


def test_a_known_key_is_replaced_in_its_place_a_new_one_added_and_an_equal_row_left(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    first = ingest(made, write(tmp_path / "a.csv", *FIRST), "people")
    batch = ingest(made, write(tmp_path / "b.csv", *SECOND), "people", key=["id"])
    assert (batch.rows, batch.rejected, batch.updated, batch.unchanged) == (3, 3, 1, 1)
    assert rows(made) == AFTER
    assert made.tables.read("people")["_batch"].to_pylist() == [
        first.content,
        batch.content,
        first.content,
        batch.content,
    ]
    reasons = [row["reason"] for row in made.tables.read("people__rejected").to_pylist()]
    assert reasons[0] == '"2" comes again as id later'
    assert {"GST-D17", "GST-D18", "GST-D04", "GST-D05"} <= {finding.code for finding in batch.findings}
    assert ingest(made, str(tmp_path / "b.csv"), "people", key=["id"]).rows == 0


def test_the_key_must_be_the_contract_s_and_is_written_into_a_new_one(tmp_path: Path) -> None:
    made = project(tmp_path / "p", None)
    source = write(tmp_path / "a.csv", *FIRST)
    with pytest.raises(Refused, match="no column"):
        ingest(made, source, "people", key=["idd"])
    ingest(made, source, "people", key=["town", "age"])
    contract = made.contract("people")
    assert contract is not None
    assert contract.key == ("age", "town")
    assert ingest(made, write(tmp_path / "c.csv", "1,20,Bonn"), "people", key=["town", "age"]).unchanged == 1
    with pytest.raises(Refused, match="is not the key"):
        ingest(made, write(tmp_path / "b.csv", *SECOND), "people", key=["id"])
    assert len(rows(made)) == 3


def test_rows_that_change_nothing_are_a_batch_all_the_same(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    ingest(made, write(tmp_path / "a.csv", *FIRST), "people")
    batch = ingest(made, write(tmp_path / "b.csv", *reversed(FIRST)), "people", key=["id"])
    assert (batch.rows, batch.updated, batch.unchanged) == (3, 0, 3)
    assert rows(made) == ((1, 20, "Bonn", 0), (2, 30, "Köln", 1), (3, 40, "Bonn", 2))
    assert len(list(made.ledger.entries(Batch))) == 2


def test_a_ledger_that_lost_the_row_of_an_upsert_gets_the_same_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(tmp_path / "p")
    ingest(made, write(tmp_path / "a.csv", *FIRST), "people")
    with monkeypatch.context() as patch:
        patch.setattr(type(made.ledger), "once", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            ingest(made, write(tmp_path / "b.csv", *SECOND), "people", key=["id"])
    assert reconcile(made, "people") == 1
    last = list(made.ledger.entries(Batch))[-1].record
    assert isinstance(last, Batch)
    assert (last.rows, last.updated, last.unchanged) == (3, 1, 1)


def test_what_arrived_is_known_from_the_ledger_where_the_history_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(tmp_path / "p")
    source = write(tmp_path / "a.csv", *FIRST)
    ingest(made, source, "people")
    monkeypatch.setattr(type(made.tables), "commits", lambda *_: [])
    assert ingest(made, source, "people").rows == 0


def die_in_parts(root: Path, source: str, event: int, sign: int, log: Path) -> None:
    """As `die_at`, where every file is large and every part small."""
    pouring.LARGE, cutting.BLOCK, stream.CHUNK = 1, 600, 200
    die_at(root, source, event, sign, log)


@pytest.mark.parametrize("death", [0.1, 0.5, 0.7, 0.85, 0.95])
def test_kill_9_while_parts_are_read_leaves_the_table_as_before_or_after(tmp_path: Path, death: float) -> None:
    before = project(tmp_path / "before", CONTRACT).root
    ingest(open_project(before), write(tmp_path / "a.csv", *FIRST), "people")
    source = write(tmp_path / "b.csv", *(f"{n},{n % 130},Bonn" for n in range(3, 150)))
    for name, at in (("done", 0), ("copy", 1)):
        shutil.copytree(before, tmp_path / name)
        event = at and 1 + int(death * int((tmp_path / "log").read_text(encoding="utf-8")))
        process = child(die_in_parts, tmp_path / name, source, event, signal.SIGKILL, tmp_path / "log")
        process.join()
    assert process.exitcode == -signal.SIGKILL
    old, new, seen = (state(tmp_path / name) for name in ("before", "done", "copy"))
    assert len(new.aside) > 1
    assert (seen.rows, seen.aside) in ((old.rows, old.aside), (new.rows, new.aside))
    ingest(open_project(tmp_path / "copy"), source, "people")
    assert state(tmp_path / "copy") == new
