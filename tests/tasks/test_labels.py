"""People label what helps most; who said what is kept, their agreement is told, and what they say is learnt from."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from example_seals import seal_for
from sklearn.metrics import cohen_kappa_score

from grundstein import flow
from grundstein.core.case import Case
from grundstein.core.errors import Misused, Refused
from grundstein.project.folder import Folder, create_project
from grundstein.tasks.categorize import TASK, people
from grundstein.tasks.categorize.agreement import agreement, completed, outside, said_of
from grundstein.tasks.categorize.options import plan_of
from grundstein.tasks.categorize.queue import AGAIN, DISPUTED, NEW, UNSURE, Example, examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORDS = {"Porto": ("Briefmarken", "Paket"), "Telefon": ("Mobilfunk", "Anschluss"), "Büro": ("Papier", "Toner")}
AT = datetime(2026, 1, 31, tzinfo=UTC)
CASE = "question: Which account?\ntask: categorize\ndata: receipts\ntarget: account\ntext: purpose\nmetric: accuracy\n"


def receipts(rows: int, told: int, seed: int = 0) -> pa.Table:
    """Receipts of which the first `told` have an account."""
    rng = np.random.default_rng(seed)
    names = list(WORDS)
    truth = [names[int(place)] for place in rng.integers(0, 3, rows)]
    return pa.table(
        {
            "receipt": [f"R{number:03d}" for number in range(rows)],
            "purpose": [f"{rng.choice(WORDS[one])} Rechnung {number}" for number, one in enumerate(truth)],
            "account": pa.array([one if n < told else None for n, one in enumerate(truth)], pa.string()),
        }
    )


def labels(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    """What people said: receipt, account, person."""
    names, told, persons = zip(*rows, strict=True)
    at = pa.array([AT] * len(rows), pa.timestamp("us", "UTC"))
    return pa.table({"receipt": names, "account": told, "suggested": told, "told_by": persons, "told_at": at})


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A project with receipts, half of them without an account."""
    made = create_project(tmp_path / "p", salt="tests")
    rows = receipts(60, 30)
    sink = io.StringIO()
    writer = csv.DictWriter(sink, rows.column_names)
    writer.writeheader()
    writer.writerows({name: value or "" for name, value in row.items()} for row in rows.to_pylist())
    (tmp_path / "receipts.csv").write_text(sink.getvalue(), encoding="utf-8")
    flow.ingest(made, str(tmp_path / "receipts.csv"), "receipts")
    contract = made.contract("receipts")
    assert contract is not None
    made.write_contract(replace(contract, key=("receipt",), entity=""))
    (made.root / "cases" / "booking.yaml").write_text(CASE, encoding="utf-8")
    return made


def plan(**options: Any) -> Any:
    """A plan."""
    fields = {"target": "account", "text": "purpose"} | options
    return plan_of(Case("booking", "?", "categorize", {"rows": "receipts"}, fields, metric="accuracy"))


def queue(said: dict[Any, dict[str, str]], count: int = 8, told: int = 30) -> list[Example]:
    """The examples for one person."""
    rows = receipts(60, told)
    known, pool = rows.slice(0, told), rows.slice(told)
    return examples(plan(), pool, known, ["receipt"], said, "anna", count)


def test_what_is_asked_is_unsure_and_not_alike() -> None:
    found = queue({})
    assert [one.why for one in found] == [UNSURE] * 8
    assert len({one.item for one in found}) == 8
    assert len({one.text.split()[0] for one in found[:4]}) > 1
    assert all(len(one.offered) == 3 for one in found)
    assert found == queue({})


def test_what_people_dispute_comes_first_and_second_opinions_in_between() -> None:
    said: dict[Any, dict[str, str]] = {("R040",): {"bert": "Porto", "carla": "Büro"}, ("R041",): {"bert": "Porto"}}
    found = queue(said)
    assert (found[0].item, found[0].why) == (("R040",), DISPUTED)
    assert [one.item for one in found if one.why == AGAIN] == [("R041",)]
    said[("R040",)]["anna"] = said[("R041",)]["anna"] = "Porto"
    assert not {("R040",), ("R041",)} & {one.item for one in queue(said)}


def test_where_nothing_is_known_yet_the_examples_are_those_least_alike() -> None:
    found = queue({}, told=0)
    assert {one.why for one in found} == {NEW}
    assert {one.offered for one in found} == {()}


def test_examples_go_out_and_labels_come_back_as_csv(project: Folder, tmp_path: Path) -> None:
    done = flow.do(project, "booking", "label", ["--to", str(tmp_path / "next.csv"), "--count", "6", "--by", "anna"])
    assert done.said == {"examples": 6}
    text = (tmp_path / "next.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["receipt", "text", "why", "suggested: 1", "suggested: 2", "suggested: 3", "account"]
    rows[0]["account"], rows[1]["account"] = "Porto", "Büro"
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "back.csv").write_text(sink.getvalue(), encoding="cp1252")
    for person in ("anna", "bert"):
        flow.do(project, "booking", "label", ["--rows", str(tmp_path / "back.csv"), "--by", person])
    kept = project.tables.read("booking__labels")
    assert kept["receipt"].to_pylist() == [rows[0]["receipt"], rows[1]["receipt"]] * 2
    assert kept["told_by"].to_pylist() == ["anna", "anna", "bert", "bert"]
    contract = project.contract("booking__labels")
    assert contract is not None
    assert contract.key == ()
    left = flow.do(project, "booking", "label", ["--count", "60", "--by", "anna"]).said["examples"]
    assert len(left) == 28
    assert not {one["receipt"] for one in left} & {rows[0]["receipt"], rows[1]["receipt"]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--rows", "missing.csv", "--by", "anna"], "no file"),
        (["--rows", "labels.csv"], "whose"),
        (["--who", "anna"], "--who"),
        (["--count", "many"], "--count"),
        (["--rows", "labels.csv", "--by", "anna"], "No item"),
        (["--rows", "columns.csv", "--by", "anna"], "no column"),
    ],
)
def test_what_is_not_understood_is_refused(
    project: Folder, tmp_path: Path, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.csv").write_text("receipt,account\nnobody,Porto\n", encoding="utf-8")
    (tmp_path / "columns.csv").write_text("beleg,account\nR001,Porto\n", encoding="utf-8")
    with pytest.raises((Refused, Misused), match=told):
        flow.do(project, "booking", "label", words)


def test_a_person_accepts_by_number_types_another_skips_goes_back_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Example((f"R{n}",), "text", UNSURE, ("Porto", "Büro", "Telefon")) for n in range(6)]
    words = iter(["2", "", "por", "Miete", "Miete", "z", "3", "Mite", "nein", "q"])
    monkeypatch.setattr("builtins.input", lambda _: next(words))
    said = people.asked(found, ["Porto", "Büro", "Telefon"], 6)
    assert said == [(("R0",), "Büro", "Porto"), (("R2",), "Porto", "Porto"), (("R3",), "Telefon", "Porto")]


def test_the_end_of_the_input_keeps_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert people.asked([Example(("R0",), "text", UNSURE, ("Porto",))], ["Porto"], 1) == []


def test_kappa_of_two_people_is_the_fields_up_to_who_stands_first() -> None:
    rng = np.random.default_rng(1)
    one = rng.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])
    other = np.where(rng.random(200) < 0.7, one, rng.choice(["a", "b", "c"], 200))
    said = {(n,): {"anna": str(a), "bert": str(b)} for n, (a, b) in enumerate(zip(one, other, strict=True))}
    found = agreement(said)
    assert found is not None
    assert (found.items, found.people) == (200, 2)
    assert found.share == pytest.approx(np.mean(one == other))
    assert found.kappa == pytest.approx(cohen_kappa_score(one, other), abs=0.01)
    assert agreement({("x",): {"anna": "a"}}) is None


def test_of_one_person_the_newest_word_counts_and_of_several_that_of_most() -> None:
    told = [("R1", "Porto", "anna"), ("R1", "Büro", "anna"), ("R2", "Porto", "anna"), ("R2", "Büro", "bert")]
    assert said_of(labels(told), "account")["R1",] == {"anna": "Büro"}
    rows = pa.table({"receipt": ["R1", "R2", "R3", "R4"], "account": [None, None, None, "Miete"]})
    found = completed(rows, labels([*told, ("R4", "Porto", "anna")]), "account")
    assert found["account"].to_pylist() == ["Büro", "Büro", None, "Miete"]


def test_labels_are_learnt_from_and_those_of_sealed_rows_stay_hidden() -> None:
    rows = receipts(200, 60).append_column("_row", pa.array(range(200)))
    said = labels([(f"R{n:03d}", "Porto", person) for n in range(60, 200) for person in ("anna", "bert")])
    case = Case("c", "?", "categorize", {"rows": "r", "choices": "l"}, {"target": "account", "text": "purpose"})
    case = replace(case, metric="accuracy", entity="receipt")
    data = {"rows": rows, "choices": said}
    split = TASK.seal(data, case, seal_for(case, data, TASK))
    assert split.development["rows"].num_rows + split.questions.num_rows == 200
    assert split.development["choices"].num_rows == 0
    sealed = set(split.questions["receipt"].to_pylist())
    assert not sealed & set(split.development["labels"]["receipt"].to_pylist())
    assert outside(said, split.questions, "account").equals(split.development["labels"])
    codes = {one.code: one for one in TASK.findings(case, split.development, ())}
    assert codes["GST-Y01"].facts["share"] == 1.0
    assert "100%" in codes["GST-Y01"].text()


def test_labels_count_for_the_next_answer(project: Folder, tmp_path: Path) -> None:
    from grundstein.flow.choosing import choices_of

    (tmp_path / "back.csv").write_text("receipt,account\nR050,Miete\n", encoding="utf-8")
    flow.do(project, "booking", "label", ["--rows", str(tmp_path / "back.csv"), "--by", "anna"])
    choices = choices_of(project, project.case("booking"), "choices", project.contract("receipts"))
    assert choices is not None
    [row] = choices.table().to_pylist()
    purpose = project.tables.read("receipts")["purpose"][50].as_py()
    assert (row["purpose"], row["account"]) == (purpose, "Miete")


def test_a_key_that_the_test_keeps_apart_is_told() -> None:
    rows = receipts(90, 90)
    case = Case("c", "?", "categorize", {"rows": "r"}, {"target": "account", "keys": ["receipt"]}, entity="receipt")
    assert "GST-Y03" in {one.code for one in TASK.findings(replace(case, metric="accuracy"), {"rows": rows}, ())}


def test_what_is_odd_about_the_rows_is_told() -> None:
    rows = pa.table(
        {
            "receipt": [f"R{n}" for n in range(60)],
            "purpose": [None if n < 3 else "Rechnung" for n in range(60)],
            "kind": ["auto_reply" if n < 6 else "message" for n in range(60)],
            "account": [f"A{n % 50}" for n in range(60)],
        }
    )
    case = Case("c", "?", "categorize", {"rows": "r"}, {"target": "account", "text": "purpose"}, metric="accuracy")
    folds = list(TASK.folds({"rows": rows}, case, 0))
    listed = pa.table({"account": ["A0", "unused"]})
    found = {one.code: one for one in TASK.findings(case, {"rows": rows, "categories": listed}, folds)}
    assert set(found) == {"GST-Y04", "GST-Y05", "GST-Y06", "GST-Y07", "GST-Y09"}
    assert (found["GST-Y06"].facts["rows"], found["GST-Y07"].facts["rows"]) == (3, 6)
    assert all(one.text(language) for one in found.values() for language in ("en", "de"))
    kept = {one.code for one in TASK.findings(case, {"rows": rows, "categories": rows.select(["account"])}, ())}
    assert "GST-Y08" in kept
