"""Off the shelf first: outside candidates stand beside what is built, never win, and say what building brought."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from answering import CASE, HEADER, KNOWN, LATER, answers, came, counted, judged, truths, verdict
from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Deposit, Experiment, Opening, Verdict
from grundstein.project.folder import Folder, create_project, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OBJECT = "from sklearn.linear_model import LogisticRegression\n\nplain = LogisticRegression()\n"


class Service(http.server.BaseHTTPRequestHandler):
    """Leaves are told by tenure."""

    calls = 0

    def do_POST(self) -> None:
        type(self).calls += 1
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["question"]
        assert set(question) == {"tenure", "plan", "day"}
        risk = 0.9 if question["tenure"] < 20 and question["plan"] == "month" else 0.1
        body = json.dumps({"probability": risk}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("begun") / "project"
    project = create_project(root, name="p", salt="tests")
    came(project, KNOWN, "people")
    contract = root / "contracts" / "people.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("value: day", 'value: ""'), encoding="utf-8")
    (root / "cases" / "leaving.yaml").write_text(CASE, encoding="utf-8")
    (root / "models.py").write_text(OBJECT, encoding="utf-8")
    flow.ingest(project, answers(project, truths(KNOWN[:500], 0.8)), "bought")
    return root


@pytest.fixture
def project(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr("grundstein.flow.pinning.BUDGET", 1)
    shutil.copytree(begun, tmp_path / "project")
    return open_project(tmp_path / "project")


def also(project: Folder, *lines: str) -> None:
    entries = "\n".join(f"  - {{{line}}}" for line in lines)
    (project.root / "cases" / "leaving.yaml").write_text(f"{CASE}also:\n{entries}\n", encoding="utf-8")


def evaluated(project: Folder) -> Experiment:
    return cast("Experiment", flow.evaluate(project, "leaving").record)


def test_a_table_an_endpoint_and_an_object_stand_beside_what_is_built(project: Folder, address: str) -> None:
    also(
        project,
        "name: shelf, table: bought",
        f'name: vendor, endpoint: "{address}", price: 0.5',
        "name: plain, python: models.py:plain",
    )
    found = evaluated(project)
    outside = {one.name: one for one in found.outcomes if one.standing == "outside"}
    assert list(outside) == ["shelf", "vendor", "plain"]
    assert found.winner == "linear"
    assert set(found.bought) == set(outside) <= set(found.gains)
    assert outside["vendor"].metrics["answered"] == outside["plain"].metrics["answered"] == 1.0
    assert 0.7 < outside["shelf"].metrics["answered"] < 1.0
    assert {f.code for f in found.findings} >= {"GST-O02", "GST-O03"}
    deposits = [cast("Deposit", row.record) for row in project.ledger.entries(Deposit)]
    assert {(one.name, one.kind) for one in deposits} == {
        ("shelf", "table"),
        ("vendor", "endpoint"),
        ("plain", "python"),
    }
    assert [one.open for one in deposits] == [0, 0, 0]
    before = Service.calls
    (project.root / "cases" / "leaving.yaml").write_text(
        (project.root / "cases" / "leaving.yaml").read_text("utf-8").replace("worthwhile: 1", "worthwhile: 2"), "utf-8"
    )
    again = evaluated(project)
    assert Service.calls == before
    assert [o.value for o in again.outcomes] == [o.value for o in found.outcomes]


def test_a_price_a_call_counts_once_in_the_value_of_what_was_answered(project: Folder) -> None:
    also(project, "name: free, table: bought", "name: dear, table: bought, price: 7")
    found = {one.name: one for one in evaluated(project).outcomes}
    share = found["dear"].metrics["answered"]
    assert found["free"].value - found["dear"].value == pytest.approx(7 * share)


def test_units_without_an_answer_are_worth_what_today_s_rule_gets(project: Folder) -> None:
    flow.ingest(project, answers(project, truths(KNOWN[:1], 1.0), "one"), "nearly_nothing")
    also(project, "name: silent, table: nearly_nothing")
    found = evaluated(project)
    rule, silent = (next(o for o in found.outcomes if o.name == name) for name in ("rule", "silent"))
    assert silent.value == pytest.approx(rule.value, abs=120 / 300)


def test_what_was_bought_changes_neither_the_verdict_nor_its_opening(project: Folder) -> None:
    first = cast("Verdict", flow.decide(project, "leaving").record)
    also(project, "name: shelf, table: bought")
    second = cast("Verdict", flow.decide(project, "leaving").record)
    assert len(list(project.ledger.entries(Opening))) == 1
    assert (first.verdict, first.winner, first.gains) == (second.verdict, second.winner, second.gains)


def test_one_that_fails_is_left_out_by_name_and_the_rest_is_compared(project: Folder) -> None:
    (project.root / "models.py").write_text("plain = 3\n", encoding="utf-8")
    also(project, "name: plain, python: models.py:plain", "name: shelf, table: bought")
    found = evaluated(project)
    told = [f.text() for f in found.findings if f.code == "GST-O01"]
    assert len(told) == 1
    assert "plain" in told[0]
    assert [one.name for one in found.outcomes if one.standing == "outside"] == ["shelf"]


def test_changed_code_and_a_changed_table_are_compared_anew(project: Folder) -> None:
    also(project, "name: plain, python: models.py:plain")
    first = evaluated(project)
    assert evaluated(project) == first
    (project.root / "models.py").write_text(OBJECT.replace("()", "(C=0.001)"), encoding="utf-8")
    assert evaluated(project).snapshot != first.snapshot


def test_a_name_of_the_house_is_refused(project: Folder) -> None:
    also(project, "name: rule, table: bought")
    with pytest.raises(Refused, match="solution of the house"):
        evaluated(project)


def test_the_report_says_what_building_brought_over_buying(project: Folder) -> None:
    also(project, "name: shelf, table: bought, price: 100, running_cost: 5000")
    evaluated(project)
    pages = {path.name: path.read_text(encoding="utf-8") for path in flow.report(project, "leaving")}
    assert "Built or bought" in pages["leaving.en.html"]
    assert "Building is worth" in pages["leaving.en.html"]
    assert "Selbst gebaut oder gekauft" in pages["leaving.de.html"]
    assert "Das Selbstgebaute ist" in pages["leaving.de.html"]


def test_an_endpoint_is_asked_about_what_is_open_and_judged_on_what_it_said_then(project: Folder, address: str) -> None:
    also(project, f'name: vendor, endpoint: "{address}"')
    path = project.root / "open.csv"
    path.write_text("\n".join([HEADER, *(row.rpartition(",")[0] + "," for row in LATER[:150])]) + "\n", "utf-8")
    contract = project.contract("people")
    assert contract is not None
    columns = tuple(replace(c, required=c.required and c.name != "leaves") for c in contract.columns)
    project.write_contract(replace(contract, columns=columns))
    flow.ingest(project, str(path), "people")
    told = flow.judge(project, "vendor", "leaving")
    record = cast("Deposit", told.deposit.record)
    assert (record.open, told.missing) == (150, 30)
    before = Service.calls
    (project.root / "filled.csv").write_text("\n".join([HEADER, *LATER[:150]]) + "\n", encoding="utf-8")
    flow.ingest(project, str(project.root / "filled.csv"), "people", {}, ("person",))
    told = flow.judge(project, "vendor", "leaving")
    assert verdict(told).winner == "vendor"
    assert told.prospect is not None
    assert told.prospect.clusters == 150
    assert Service.calls == before


@pytest.mark.parametrize(
    ("head", "rows", "said"),
    [
        ("persn,answer", [("p00001", "Yes")], 'Did you mean "persn"'),
        ("person,anser", [("p00001", "Yes")], 'Did you mean "anser"'),
        ("person,answer", [("p00001", "Yes"), ("p00001", "No")], "more than once"),
        ("person,answer", [("p00001", "perhaps"), ("p00002", "Yes")], '"perhaps"'),
        ("person,probability", [("p00001", "0.2"), ("p00002", "1.5")], "from 0 to 1"),
    ],
)
def test_answers_that_cannot_be_used_are_refused_with_what_was_meant(
    project: Folder, head: str, rows: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        flow.judge(project, answers(project, rows, "odd", head), "leaving")
    assert counted(project) == (0, 0, 0)


def test_answers_under_the_target_s_own_name_are_understood(project: Folder) -> None:
    told = flow.judge(project, answers(project, truths(KNOWN), "own", "person,leaves"), "leaving")
    assert told.offer.outcome.metrics["accuracy"] == 1.0


def test_nothing_by_that_name_offers_what_there_is(project: Folder) -> None:
    with pytest.raises(Refused, match='Did you mean "bought"'):
        flow.judge(project, "boght", "leaving")


def test_what_is_dated_before_the_deposit_does_not_count_where_the_table_has_a_time(project: Folder) -> None:
    contract = project.contract("people")
    assert contract is not None
    project.write_contract(replace(contract, time="day"))
    judged(project, truths(LATER[:120]))
    future = [
        ",".join([*row.split(",")[:3], f"2199-01-{1 + n % 28:02d}", row[-3:].strip(",")]) for n, row in enumerate(LATER)
    ]
    came(project, [*LATER[:60], *(row.replace(",No", ",No") for row in future[60:100])], "later")
    told = judged(project, truths(LATER[:120]))
    assert told.prospect is not None
    assert (told.prospect.clusters, told.prospect.late) == (40, 60)


def test_of_a_select_only_units_that_no_table_held_are_judged(project: Folder) -> None:
    """A SELECT could hide a truth behind a switch, and show it afterwards."""
    text = (project.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    hidden = "data: select * from people where tenure >= 0 and tenure < 72"
    (project.root / "cases" / "leaving.yaml").write_text(text.replace("data: people", hidden), encoding="utf-8")
    path = project.root / "names.csv"
    path.write_text("\n".join(["person,size", *(f"{row.split(',')[0]},1" for row in LATER[:50])]) + "\n", "utf-8")
    flow.ingest(project, str(path), "names")
    judged(project, truths(LATER[:100]))
    came(project, LATER[:100], "later")
    told = judged(project, truths(LATER[:100]))
    assert told.prospect is not None
    assert told.prospect.clusters == 50


def test_a_case_that_asks_for_something_else_by_now_is_not_judged_by_old_answers(project: Folder) -> None:
    judged(project, truths(LATER[:100]))
    text = (project.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    changed = text.replace("target: leaves", "target: plan").replace('positive: "Yes"', "positive: month")
    (project.root / "cases" / "leaving.yaml").write_text(changed, encoding="utf-8")
    came(project, LATER[:100], "later")
    told = flow.judge(project, answers(project, [(p, "month") for p, _ in truths(LATER[:100])], "plans"), "leaving")
    assert told.new
    assert told.verdict is None


def test_a_running_cost_is_part_of_the_margin_and_a_price_is_not(project: Folder) -> None:
    also(project, "name: shelf, table: soon, price: 2, running_cost: 1800")
    flow.ingest(project, answers(project, truths(LATER[:200], 0.97), "soon"), "soon")
    flow.judge(project, "shelf", "leaving")
    came(project, LATER[:200], "later")
    said = verdict(flow.judge(project, "shelf", "leaving"))
    assert set(np.round(list(said.margins.values()), 9)) == {3.0}
    assert said.verdict == "qualifies"


def test_a_verdict_on_outside_answers_is_not_the_case_s_own(project: Folder) -> None:
    judged(project, truths(LATER[:200], 0.97))
    came(project, LATER[:200], "later")
    told = judged(project, truths(LATER[:200], 0.97))
    assert told.verdict is not None
    pages = {path.name: path.read_text("utf-8") for path in (project.root / "reports").glob("*.html")}
    assert set(pages) == {"leaving.vendor.en.html", "leaving.vendor.de.html"}
    assert "made elsewhere" in pages["leaving.vendor.en.html"]
    assert "anderswo entstanden" in pages["leaving.vendor.de.html"]
    states = [row["state"] for row in flow.tried(project, "leaves")]
    assert states == ["evaluated"]
    own: list[Any] = [row.record for row in project.ledger.entries(Verdict)]
    assert [one.deposit for one in own] == [told.deposit.id]
