"""An audit names each byte that was changed: in a table, a model, a report, the ledger; and knows a head of its own."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from grundstein import flow
from grundstein.project.folder import Folder, open_project
from grundstein.stores.datafiles import arrival
from grundstein.stores.history import NEXT_ROW
from grundstein.tools.parquet import write_parquet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def reported_root(evaluated_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reported") / "project"
    shutil.copytree(evaluated_root, root)
    flow.report(open_project(root), "leaving")
    return root


@pytest.fixture
def reported(reported_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(reported_root, tmp_path / "reported")
    return open_project(tmp_path / "reported")


def turn(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_project_that_nobody_touched_has_nothing_to_tell(reported):
    assert flow.audit(reported) == []


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("lake/data/people/data/*.parquet", "people"),
        ("reports/leaving.de.html", "leaving.de"),
        ("files/*/*", "leaving, "),
    ],
)
def test_one_changed_byte_is_found_and_named(reported, pattern, said):
    turn(sorted(path for path in reported.root.glob(pattern) if path.is_file() and path.name != "about.json")[0])
    found = flow.audit(reported)
    assert found
    assert said in found[0] or pattern.startswith("files")


def test_a_file_that_only_a_pinned_version_names_is_read_again(reported):
    pinned = sorted(reported.root.glob("lake/data/people/data/*.parquet"))
    with reported.tables.lease("people"):
        folder = reported.tables.staging("people")
        rows = reported.tables.read("people").slice(0, 1)
        last = write_parquet(rows.set_column(rows.schema.get_field_index("_row"), "_row", [[0]]), folder)
        there = reported.tables._warehouse.table("people")
        kept = reported.tables._warehouse.kept(there, there.current_snapshot())
        reported.tables._commit("people", there, kept, [arrival(last[0], 0)], {NEXT_ROW: "1"}, kept)
    assert flow.audit(reported) == []
    turn(pinned[0])
    assert flow.audit(reported) == [f"people: {pinned[0].name} is not what was committed"]


def test_a_data_file_that_is_gone_is_named(reported):
    gone = sorted(reported.root.glob("lake/data/people/data/*.parquet"))[0]
    gone.unlink()
    assert f"people: {gone.name} is not what was committed" in flow.audit(reported)


def test_every_changed_model_is_named_by_its_case_and_its_name(reported):
    for path in reported.root.glob("files/*/*"):
        turn(path)
    assert any(sentence.startswith("leaving, rule") for sentence in flow.audit(reported))


def test_a_row_changed_past_the_guards_of_the_ledger_breaks_the_chain_at_its_place(reported):
    path = reported.root / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute("UPDATE ledger SET content = replace(content, 'leaving', 'Leaving') WHERE sequence = 3")
    assert any("row 3" in sentence for sentence in flow.audit(open_project(reported.root)))


def test_a_head_of_an_earlier_report_is_known_in_its_own_ledger_only(reported):
    head = reported.ledger.head().hash
    flow.report(reported, "leaving")
    assert flow.holds(reported, head)
    assert not flow.holds(reported, "0" * 64)
