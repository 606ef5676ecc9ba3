"""The ledger: append-only, hash-chained, safe for two writers."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grundstein.core.canonical import canonical, record_id, restore
from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.core.records import Batch, Foundation, Opening
from grundstein.stores.ledger import SqliteLedger

if TYPE_CHECKING:
    from pathlib import Path

BIRTH = Foundation("demo", "salt")
WRITER = """
import sys
from pathlib import Path
from grundstein.core.records import Batch, Foundation
from grundstein.stores.ledger import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]), Foundation("demo", "salt"))
for number in range(40):
    ledger.append(Batch("t", sys.argv[2], str(number), number, 0, "1"))
"""


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "ledger.sqlite", BIRTH)


def batch(number: int = 1) -> Batch:
    return Batch("t", "a.csv", "c", number, 0, "1", (Finding("GST-S04", "issue", {"units": "customers"}),))


def test_the_first_row_is_the_salt_and_cannot_be_replaced(tmp_path: Path) -> None:
    SqliteLedger(tmp_path / "l.sqlite", BIRTH)
    again = SqliteLedger(tmp_path / "l.sqlite", Foundation("demo", "another salt"))
    assert [entry.record for entry in again.entries()] == [BIRTH]


def test_a_record_comes_back_as_it_was_written(ledger: SqliteLedger) -> None:
    entry = ledger.append(batch(), {"read": 0.5})
    assert ledger.get(entry.id).record == batch()
    assert ledger.get(entry.id).seconds == {"read": 0.5}


def test_the_same_work_gives_the_same_id_and_stands_once(ledger: SqliteLedger) -> None:
    assert ledger.once(batch(), {"s": 1.0}).id == ledger.once(batch(), {"s": 2.0}).id
    assert len(list(ledger.entries(Batch))) == 1


def test_rows_of_one_kind_are_listed_in_order(ledger: SqliteLedger) -> None:
    for number in range(5):
        ledger.append(batch(number))
    assert [entry.record.rows for entry in ledger.entries(Batch)] == list(range(5))


def test_an_unknown_id_is_refused(ledger: SqliteLedger) -> None:
    with pytest.raises(Refused, match="no record"):
        ledger.get("f" * 64)


@pytest.mark.parametrize("sql", ["UPDATE ledger SET content='{}'", "DELETE FROM ledger"])
def test_the_file_itself_refuses_changes(ledger: SqliteLedger, tmp_path: Path, sql: str) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger SET content=replace(content, '\"rows\":1', '\"rows\":9') WHERE sequence=3",
        "UPDATE ledger SET around=replace(around, 'person', 'nobody') WHERE sequence=3",
        "DELETE FROM ledger WHERE sequence=3",
        "DELETE FROM ledger WHERE sequence=1",
    ],
)
def test_whoever_lifts_the_guard_and_edits_breaks_the_chain(ledger: SqliteLedger, tmp_path: Path, sql: str) -> None:
    for number in range(4):
        ledger.append(batch(number))
    assert ledger.verify() == []
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute("DROP TRIGGER no_delete")
        connection.execute(sql)
    assert ledger.verify() != []


def test_two_processes_writing_at_once_lose_nothing_and_keep_the_chain(ledger: SqliteLedger, tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(list(ledger.entries(Batch))) == 80
    assert ledger.verify() == []


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2**62), st.text())
def test_an_id_depends_on_content_alone(level: float, unit: int, text: str) -> None:
    opening = Opening("e", text, "i", 1, level, 3, (unit,), {"rows": text})
    same = restore(Opening, json.loads(canonical(opening)))
    assert same == opening
    assert record_id(same) == record_id(opening)
