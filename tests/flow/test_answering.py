"""What is signed answers, and nothing else: rows of a file or a table, each with its release, the same row alike."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arriving_people import people

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.flow.answering import answerer, answers_of, live_release
from grundstein.flow.signing import current
from grundstein.production.answering import Answerer
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def released_root(evaluated_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("released") / "project"
    shutil.copytree(evaluated_root, root)
    with (root / "grundstein.yaml").open("a", encoding="utf-8") as file:
        file.write("roles: {service: [somebody]}\n")
    with (root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write("signed_by: [service]\nholdback: 0.2\n")
    project = open_project(root)
    flow.advance(flow.decide(project, "leaving"), project)
    token = flow.add_person(project, "somebody")
    flow.sign(project, "leaving", token, "approve", "", solution="rule")
    flow.release(project, "leaving")
    return root


@pytest.fixture
def released(released_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(released_root, tmp_path / "released")
    return open_project(tmp_path / "released")


def rows(folder: Path, n: int = 300, without: tuple[str, ...] = ("leaves",)) -> Path:
    lines = list(csv.DictReader(people(n, 9, 2.5).splitlines()))
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [name for name in lines[0] if name not in without], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
    return path


def test_every_row_of_a_file_is_answered_once_in_its_order_with_the_release_that_answered(released):
    done = flow.answer(released, "leaving", str(rows(released.root)))
    told = answers_of(released, done)
    assert (done.rows, told.num_rows) == (300, 300)
    assert set(told["release"].to_pylist()) == {done.release}
    assert told["person"].to_pylist() == [f"p{i:05d}" for i in range(300)]


def test_the_answers_are_those_of_the_rule_that_was_signed_but_for_rows_that_are_held_back(released):
    told = answers_of(released, flow.answer(released, "leaving", str(rows(released.root))))
    asked = released.tables.read("leaving__questions")
    held = np.asarray(told["held_back"])
    acted = np.asarray(told["act"]) > 0
    assert np.array_equal(acted, (np.asarray(asked["tenure"]) < 12) & ~held)
    assert 0.1 < held.mean() < 0.3


def test_the_same_rows_are_answered_alike_in_a_file_of_one_and_in_a_file_of_many(released):
    many = answers_of(released, flow.answer(released, "leaving", str(rows(released.root))))
    one = answers_of(released, flow.answer(released, "leaving", str(rows(released.root, 1))))
    for name in ("person", "answer", "probability", "act", "held_back"):
        assert one[name].to_pylist() == many[name].to_pylist()[:1]


def test_the_same_file_again_adds_nothing(released):
    path = str(rows(released.root))
    first, again = (flow.answer(released, "leaving", path) for _ in range(2))
    assert first == again
    assert released.tables.info("leaving__answers").rows == 300


def test_a_governed_table_is_answered_too_and_a_file_that_brings_the_truth_along(released):
    assert flow.answer(released, "leaving", "people").rows == 900
    assert flow.answer(released, "leaving", str(rows(released.root, 50, without=()))).rows == 50


def test_rows_that_break_the_contract_are_put_aside_and_counted(released):
    path = rows(released.root, 40)
    with path.open("a", encoding="utf-8") as file:
        file.write("p99999,many,month,2023-05-05\n")
    done = flow.answer(released, "leaving", str(path))
    assert (done.rows, done.aside) == (40, 1)


def test_a_column_that_lacks_is_named(released):
    with pytest.raises(Refused, match="tenure"):
        flow.answer(released, "leaving", str(rows(released.root, 40, without=("leaves", "tenure"))))


def test_nothing_answers_before_a_release(evaluated):
    with pytest.raises(Refused, match="Nothing of leaving is released"):
        flow.answer(evaluated, "leaving", "people")


def test_a_changed_model_answers_nothing(released):
    bond = flow.standing(released, "leaving", "rule").bond
    for path in released.files.folder(bond.model.partition(":")[2]).iterdir():
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Refused, match="no longer"):
        flow.answer(released, "leaving", "people")


def test_answers_are_written_to_a_file_for_those_who_work_in_one(released):
    done = flow.answer(released, "leaving", str(rows(released.root)))
    for ending in ("xlsx", "csv", "parquet"):
        flow.write_answers(released, done, released.root / f"out.{ending}")
    assert pq.read_table(released.root / "out.parquet").num_rows == 300


def test_each_answer_has_a_name_of_its_own_the_moment_of_the_call_and_its_mode(released):
    told = answers_of(released, flow.answer(released, "leaving", str(rows(released.root))))
    assert len(set(told["answer_id"].to_pylist())) == 300
    assert set(told["mode"].to_pylist()) == {"live"}
    [moment] = set(told["answered_at"].to_pylist())
    assert moment.tzinfo is not None


def test_one_question_is_answered_as_its_row_in_a_file_is(released):
    told = answers_of(released, flow.answer(released, "leaving", str(rows(released.root)))).to_pylist()
    asked = released.tables.read("leaving__questions")
    ready = answerer(released, live_release(released, "leaving"), asked.schema)
    for question, answer in zip(asked.to_pylist(), told, strict=True):
        alone = ready.row(question, "x1")
        assert alone.pop("answer_id") == "x1"
        assert alone == {name: answer[name] for name in alone}
        assert set(alone) == {"answer", "probability", "act", "held_back", "release"}


def test_a_question_without_its_key_is_held_back_by_its_content_not_with_all_others(released):
    ready = answerer(released, current(released, "leaving"), released.tables.schema("people"))
    held = [ready.row({"tenure": tenure, "plan": "year"}, "")["held_back"] for tenure in range(200)]
    assert 10 < sum(held) < 70
    assert held == [ready.row({"tenure": tenure, "plan": "year"}, "")["held_back"] for tenure in range(200)]


def test_a_number_that_comes_as_a_whole_one_is_a_number_and_a_decimal_has_its_columns_digits(released):
    ready = answerer(released, current(released, "leaving"), pa.schema({"x": pa.float64(), "d": pa.decimal128(18, 2)}))
    asked = ready.complete({"x": 3, "d": Decimal("1.5")})
    assert (type(asked["x"]), str(asked["d"])) == (float, "1.50")


def test_answers_of_an_earlier_call_are_neither_counted_nor_written_with_those_of_a_later_one(released):
    flow.answer(released, "leaving", "people")
    done = flow.answer(released, "leaving", str(rows(released.root, 40)))
    assert (done.rows, answers_of(released, done).num_rows) == (40, 40)
    assert flow.answer(released, "leaving", "people").rows == 900
    flow.write_answers(released, done, released.root / "out.csv")
    assert len((released.root / "out.csv").read_text(encoding="utf-8-sig").splitlines()) == 41


def test_a_value_of_another_type_is_refused_by_the_name_of_its_column(released):
    ready = answerer(released, current(released, "leaving"), released.tables.schema("people"))
    with pytest.raises(Refused, match="tenure"):
        ready.row({"person": "p1", "tenure": "many", "plan": "year"}, "")


def test_a_solution_that_knows_tables_alone_answers_one_question_too_and_gives_no_reasons():
    class Tables:
        name = "tables"

        def answer(self, questions: pa.Table, live: object) -> pa.Table:
            del live
            return pa.table({"answer": pa.compute.multiply(questions["x"], 2.0)})

    ready = Answerer(Tables(), {}, "release", (), 0.0, "salt", pa.schema({"x": pa.float64(), "y": pa.string()}))
    assert ready.row({"x": 3}, "a1") == {"answer_id": "a1", "answer": 6.0, "release": "release"}
    assert ready.reasons({"x": 3}) == ()
