"""Tidying a project's tables keeps what the ledger pins, what it must still be told, and what was taken already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from arriving import project, rows, write

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Batch, Snapshot
from grundstein.lake import tidying
from grundstein.lake.ingest import ingest
from grundstein.stores.compacting import RECENT

if TYPE_CHECKING:
    from grundstein.project.folder import Folder


def gathered(made: Folder, folder: Path, count: int, start: int = 0) -> list[Batch]:
    sources = [write(folder / f"{n}.csv", f"{n},30,Bonn", f"{1000 + n},-1,Bonn") for n in range(start, start + count)]
    return [ingest(made, source, "people") for source in sources]


def pin(made: Folder, version: str) -> None:
    made.ledger.once(Snapshot("q", "c", {"people": version}, {"people": 1}, "d"))


def test_a_version_in_the_ledger_stays_byte_for_byte_and_the_others_go(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    batches = gathered(made, tmp_path, RECENT + 5)
    pin(made, batches[2].version)
    before = {file: Path(file).read_bytes() for file in made.tables.files("people", batches[2].version)}
    aside, there = rows(made, "people__rejected"), rows(made)
    for _ in range(2):
        tidying.tidy(made, "people", age=0)
    assert {file: Path(file).read_bytes() for file in made.tables.files("people", batches[2].version)} == before
    assert (rows(made), rows(made, "people__rejected")) == (there, aside)
    with pytest.raises(Refused, match="has no version"):
        made.tables.files("people", batches[3].version)


def test_the_ledger_gets_its_missing_rows_before_a_version_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(tmp_path / "p")
    with monkeypatch.context() as patch:
        patch.setattr(type(made.ledger), "once", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            gathered(made, tmp_path, 1)
    gathered(made, tmp_path, RECENT + 5, start=1)
    tidying.tidy(made, "people", age=0)
    written = [entry.record for entry in made.ledger.entries(Batch)]
    assert len(written) == RECENT + 6
    assert {batch.version for batch in written if isinstance(batch, Batch)} == {
        commit.version for commit in made.tables.commits("people")
    }


def test_what_was_taken_before_a_version_expired_is_not_taken_again(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    gathered(made, tmp_path, RECENT + 5)
    tidying.tidy(made, "people", age=0)
    before = (rows(made), rows(made, "people__rejected"), len(list(made.ledger.entries())))
    assert ingest(made, str(tmp_path / "0.csv"), "people").rows == 0
    assert (rows(made), rows(made, "people__rejected"), len(list(made.ledger.entries()))) == before


def test_an_ingest_tidies_a_table_that_has_gathered_many_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MANY", 5)
    made = project(tmp_path / "p")
    for n in range(12):
        flow.ingest(made, write(tmp_path / f"{n}.csv", f"{n},30,Bonn"), "people")
    assert len(made.tables.files("people")) == 3
    assert len(rows(made)) == 12


def test_all_tables_are_tidied_where_none_is_named_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    made = project(tmp_path / "p")
    gathered(made, tmp_path, 2)
    assert {name: done.joined for name, done in flow.tidy(made).items()} == {"people": 4}
    with pytest.raises(Refused, match='There is no table "peple"'):
        flow.tidy(made, "peple")
