"""The whole circle on real days of a power market: decided, signed, released, answered, watched, again, rolled back.

Then one changed byte in the ledger, a model, a report and a snapshot is each found and named.
"""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from grundstein import flow
from grundstein.core.contract import Contract
from grundstein.core.records import Experiment, Observation, Opening, Release, Round, Verdict
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from pathlib import Path

CASE = """\
question: Will the price of power rise in the next half hour?
task: predict
data: power
target: class
positive: "1"
time: _row
baseline: before = 1
metric: accuracy
ignore: [slot]
signed_by: [trading]
again: {rows: 1000}
"""
DAY = 48
LEARNED, ANSWERED, MORE = 125 * DAY, 7 * DAY, 40 * DAY


def days(csv: Path) -> duckdb.DuckDBPyConnection:
    """The market in time order, each half hour with the class of the one before, as a person would select it."""
    lake = duckdb.connect()
    lake.execute(f"CREATE TABLE raw AS SELECT row_number() OVER () AS slot, * FROM read_csv('{csv}')")
    lake.execute("CREATE TABLE power AS SELECT *, lag(class, 1, 0) OVER (ORDER BY slot) AS before FROM raw")
    return lake


def came(project: Folder, lake: duckdb.DuckDBPyConnection, table: str, select: str) -> None:
    path = project.root / f"{table}-{len(list(project.root.glob('*.csv')))}.csv"
    lake.execute(f"COPY ({select} ORDER BY slot) TO '{path}' (HEADER)")
    flow.ingest(project, str(path), table)


def signed(project: Folder, token: str) -> None:
    flow.sign(project, "rises", token, "approve", "")
    flow.release(project, "rises")


def walk(root: Path, csv: Path) -> None:
    """One turn of the circle."""
    lake, end = days(csv), LEARNED + ANSWERED
    project = create_project(root, name="market", salt="circle")
    came(project, lake, "power", f"SELECT * FROM power WHERE slot <= {LEARNED}")
    project.write_contract(replace(project.contract("power") or Contract("power", ()), key=("slot",)))
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {trading: [trader]}\n")
    (root / "cases" / "rises.yaml").write_text(CASE, encoding="utf-8")
    project = open_project(root)
    flow.advance(flow.decide(project, "rises"), project)
    token = flow.add_person(project, "trader")
    signed(project, token)
    asked = root / "asked.parquet"
    lake.execute(f"COPY (SELECT * EXCLUDE (class) FROM power WHERE slot > {LEARNED} AND slot <= {end}) TO '{asked}'")
    flow.answer(project, "rises", str(asked))
    flow.tick(project)
    came(project, lake, "rises__feedback", f"SELECT slot, class FROM power WHERE slot > {LEARNED} AND slot <= {end}")
    flow.tick(project)
    came(project, lake, "power", f"SELECT * FROM power WHERE slot > {LEARNED} AND slot <= {end + MORE}")
    flow.tick(project)
    flow.advance(flow.decide(project, "rises"), project)
    signed(project, token)
    flow.roll_back(project, "rises")


@pytest.fixture(scope="session")
def circle(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    csv = shared_data / "drift-streams" / "elec2.csv"
    if not csv.is_file():
        pytest.skip("the power market's data are not there")
    root = tmp_path_factory.mktemp("circle") / "market"
    walk(root, csv)
    return open_project(root)


@pytest.fixture
def touched(circle: Folder, tmp_path: Path) -> Folder:
    """A copy that somebody changes a byte of."""
    shutil.copytree(circle.root, tmp_path / "touched")
    return open_project(tmp_path / "touched")


def records(project: Folder, kind: Any) -> list[Any]:
    return [row.record for row in project.ledger.entries(kind)]


def turn(path: Path, place: int | None = None) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1
    path.write_bytes(bytes(content))


def test_persistence_is_the_baseline_and_only_what_beats_it_on_later_days_is_released(circle):
    said, tested, put = (records(circle, kind)[0] for kind in (Verdict, Experiment, Release))
    baseline = next(one for one in said.outcomes if one.standing == "baseline")
    assert baseline.name == "rule"
    assert 0.80 < baseline.value < 0.90
    assert tested.split == "time"
    assert put.bond.solution == (said.winner if said.verdict == "qualifies" else "rule")
    assert said.verdict != "qualifies" or said.gains["rule"].low > 0


def test_every_half_hour_was_answered_and_its_truth_found_its_answer(circle):
    first, newest = records(circle, Observation)[0], records(circle, Observation)[-1]
    assert (first.answers, first.truths) == (ANSWERED, 0)
    assert (newest.answers, newest.truths) == (ANSWERED, ANSWERED)
    assert newest.measured is not None


def test_new_days_made_the_case_due_and_it_was_judged_against_what_was_in_use(circle):
    (begun,) = records(circle, Round)
    assert begun.why.startswith(f"{ANSWERED + MORE} rows came")
    put = records(circle, Release)[0]
    tested = records(circle, Experiment)[-1]
    standing = {one.standing: one.model for one in tested.outcomes}
    assert put.bond.solution == "rule" or standing["released"] == put.bond.model
    assert len(records(circle, Experiment)) == 2
    assert len(records(circle, Opening)) == 2


def test_what_was_released_first_answers_again_after_the_roll_back(circle):
    first, *_, last = records(circle, Release)
    assert last == replace(first, back=True)
    assert len(records(circle, Release)) == 3


def test_after_all_this_the_audit_has_nothing_to_tell(circle):
    assert flow.audit(circle) == []


def test_one_changed_byte_of_the_ledger_is_found_in_its_row(touched):
    row = next(iter(touched.ledger.entries(Round)))
    path, why = touched.root / "ledger.sqlite", row.record.why.encode()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    turn(path, path.read_bytes().index(why))
    assert any(f"row {row.sequence}" in sentence for sentence in flow.audit(open_project(touched.root)))


def test_one_changed_byte_of_the_model_in_use_is_found_and_it_is_named(touched):
    put = records(touched, Release)[0]
    folder = touched.files.folder(put.bond.model.partition(":")[2])
    turn(sorted(path for path in folder.rglob("*") if path.is_file())[0])
    assert any(sentence.startswith(f"rises, {put.bond.solution}:") for sentence in flow.audit(touched))


def test_one_changed_byte_of_the_report_is_found_and_it_is_named(touched):
    turn(touched.root / "reports" / "rises.de.html")
    assert flow.audit(touched) == ["reports/rises.de.html is not what was written"]


def test_one_changed_byte_of_a_pinned_table_is_found_and_it_is_named(touched):
    file = sorted(touched.root.glob("lake/data/power/data/*.parquet"))[0]
    turn(file)
    assert flow.audit(touched) == [f"power: {file.name} is not what was committed"]
