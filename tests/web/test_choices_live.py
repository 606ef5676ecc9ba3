"""Over the real server: what people say of an answer counts for the next one, and the signed model stays as signed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from serving_project import Running, running

from grundstein import flow
from grundstein.core.records import Release
from grundstein.flow.answering import answers_of
from grundstein.flow.collecting import collect
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CASE = """\
question: Which account does this receipt go to?
task: categorize
data: receipts
target: account
text: purpose
keys: [supplier]
money: {right: 2, wrong: -6, ask: 0}
worthwhile: 0.01
volume: 700
signed_by: [service]
"""
WORDS = {"Porto": ("Briefmarken", "Paket"), "Telefon": ("Mobilfunk", "Anschluss"), "Büro": ("Papier", "Toner")}


def receipts(rows: int) -> str:
    """Receipts of 30 suppliers, each with a usual account; half of the purposes say nothing."""
    rng = np.random.default_rng(5)
    names = list(WORDS)
    usual = rng.integers(0, len(names), 30)
    lines = ["receipt,supplier,purpose,clerk,account"]
    for number in range(rows):
        supplier = int(rng.integers(0, 30))
        account = names[int(usual[supplier]) if rng.random() < 0.95 else int(rng.integers(0, len(names)))]
        said = str(rng.choice(WORDS[account])) if rng.random() < 0.5 else "Rechnung"
        lines.append(f"R{number:05d},Lieferant {supplier:02d},{said} {number},C{number % 7},{account}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose best solution is released."""
    root = tmp_path_factory.mktemp("booking") / "project"
    project = create_project(root, name="p", salt="tests", roles={"service": ["somebody"]})
    (root / "receipts.csv").write_text(receipts(700), encoding="utf-8")
    flow.ingest(project, str(root / "receipts.csv"), "receipts")
    contract = root / "contracts" / "receipts.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: supplier", 'value: ""'), encoding="utf-8")
    (root / "cases" / "booking.yaml").write_text(CASE, encoding="utf-8")
    entry = flow.decide(project, "booking")
    flow.advance(entry, project)
    flow.sign(project, "booking", flow.add_person(project, "somebody"), "approve", "we want to see it work")
    flow.release(project, "booking")
    token = flow.add_access(project, "shop", ["answer", "feedback"], ["booking"])
    (root / "tokens.json").write_text(json.dumps({"answer": token}), encoding="utf-8")
    return root


@pytest.fixture
def project(released: Path, tmp_path: Path) -> Folder:
    """A copy of it."""
    shutil.copytree(released, tmp_path / "served")
    return open_project(tmp_path / "served")


@pytest.fixture(scope="module")
def server(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server; its tests ask about different suppliers."""
    root = tmp_path_factory.mktemp("running") / "served"
    shutil.copytree(released, root)
    with running(open_project(root)) as one:
        yield one


def ask(server: Running, supplier: str = "Lieferant 03", **more: Any) -> dict[str, Any]:
    """The answer to a receipt that says nothing but who sent it."""
    reply = server.ask({"supplier": supplier, "purpose": "Rechnung 1"} | more, case="booking")
    assert reply.status_code == 200, reply.text
    return cast("dict[str, Any]", reply.json())


def tell(server: Running, truth: str, **about: Any) -> httpx.Response:
    """Say what was right."""
    return server.client.post("/cases/booking/feedback", json={"truth": truth, **about})


def another(answer: dict[str, Any]) -> str:
    """An account that was not answered."""
    return next(name for name in WORDS if name != answer["answer"])


def test_an_answer_offers_the_best_with_probability_and_says_whether_to_ask(server: Running) -> None:
    answer = ask(server)
    shares = [answer["probability"], answer["probability: 2"], answer["probability: 3"]]
    assert sorted(shares, reverse=True) == shares
    assert {answer["answer"], answer["answer: 2"], answer["answer: 3"]} == set(WORDS)
    assert answer["ask_a_person"] is (answer["act"] == 0.0)
    unknown = ask(server, "nobody knows them", purpose="x")
    assert unknown["ask_a_person"]


def test_an_answer_says_which_word_and_which_key_moved_it(server: Running) -> None:
    reply = server.ask({"supplier": "Lieferant 10", "purpose": "Toner 1"}, query="?reasons=20", case="booking").json()
    told = {one["column"]: one for one in reply["reasons"]}
    assert told.keys() <= {"supplier", "purpose"}
    assert [abs(one["effect"]) for one in reply["reasons"]] == sorted(
        (abs(one["effect"]) for one in reply["reasons"]), reverse=True
    )
    assert told["supplier"]["value"].startswith("Lieferant 10: ")
    said = another(reply)
    assert tell(server, said, answer_id=reply["answer_id"]).status_code == 202
    after = ask(server, "Lieferant 10", purpose="Toner 1")
    assert after["reasons"][0]["column"] == "choices: supplier"
    assert after["reasons"][0]["value"] == f"Lieferant 10: {said} 1"


def test_a_question_may_leave_out_what_the_case_does_not_read_and_no_more(server: Running) -> None:
    assert ask(server, clerk="C1")["answer"] == ask(server)["answer"]
    reply = server.ask({"supplier": "Lieferant 03"}, case="booking")
    assert reply.status_code == 422
    assert "purpose" in reply.text
    assert "clerk" not in reply.text


def test_a_correction_changes_the_next_answer_for_that_supplier_and_for_no_other(server: Running) -> None:
    before, other = ask(server), ask(server, "Lieferant 04")
    said = another(before)
    assert tell(server, said, answer_id=before["answer_id"]).status_code == 202
    after = ask(server)
    assert (after["answer"], after["release"]) == (said, before["release"])
    assert ask(server, "Lieferant 04")["answer"] == other["answer"]
    assert tell(server, before["answer"], answer_id=after["answer_id"]).status_code == 202
    assert ask(server)["answer"] == before["answer"]


def test_a_category_that_nobody_used_before_can_be_told_and_is_answered(server: Running) -> None:
    assert tell(server, "Miete", answer_id=ask(server, "Lieferant 05")["answer_id"]).status_code == 202
    assert ask(server, "Lieferant 05")["answer"] == "Miete"


def test_a_correction_by_the_key_of_a_row_counts_as_well(server: Running) -> None:
    rows = server.project.tables.read("receipts").select(["receipt", "supplier"]).to_pylist()
    mine = next(row for row in rows if row["supplier"] == "Lieferant 06")
    said = another(ask(server, "Lieferant 06"))
    assert tell(server, said, key={"receipt": mine["receipt"]}).status_code == 202
    assert ask(server, "Lieferant 06")["answer"] == said


def test_corrections_outlive_the_server_and_their_collection_and_the_model_stays(project: Folder) -> None:
    [release] = [cast("Release", row.record) for row in project.ledger.entries(Release)]
    files = project.files.folder(release.bond.model.partition(":")[2])
    content = {path.name: path.read_bytes() for path in sorted(files.iterdir())}
    with running(project) as server:
        before = ask(server)
        said = another(before)
        tell(server, said, answer_id=before["answer_id"])
        assert ask(server)["answer"] == said
    with running(project) as server:
        assert ask(server)["answer"] == said
    assert collect(project, "booking").feedback == 1
    with running(project) as server:
        assert ask(server)["answer"] == said
    (project.root / "new.csv").write_text("receipt,supplier,purpose\nX1,Lieferant 03,Rechnung 1\n", encoding="utf-8")
    done = flow.answer(project, "booking", str(project.root / "new.csv"))
    [row] = answers_of(project, done).to_pylist()
    assert (row["answer"], row["release"]) == (said, before["release"])
    assert {path.name: path.read_bytes() for path in sorted(files.iterdir())} == content


def test_a_file_and_the_server_answer_alike_and_both_stand_in_one_table(project: Folder) -> None:
    with running(project) as server:
        served = [ask(server, f"Lieferant {number:02d}") for number in range(8)]
    rows = "".join(f"X{number},Lieferant {number:02d},Rechnung 1\n" for number in range(8))
    (project.root / "new.csv").write_text("receipt,supplier,purpose\n" + rows, encoding="utf-8")
    told = answers_of(project, flow.answer(project, "booking", str(project.root / "new.csv"))).to_pylist()
    names = ["answer", "probability", "act", "answer: 2", "probability: 2", "answer: 3", "probability: 3"]
    assert [[row[name] for name in names] for row in told] == [[row[name] for name in names] for row in served]
    assert collect(project, "booking").answers == 8
    assert project.tables.info("booking__answers").rows == 16
