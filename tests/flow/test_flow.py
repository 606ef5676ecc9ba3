"""The flow: the same work is not done twice, the sealed part is opened once and counted, nothing sealed leaks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pytest
from arriving_people import people

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Opening, Report, Verdict
from grundstein.evaluation.evaluate import evaluate
from grundstein.tools.sealing import sealed_rows

if TYPE_CHECKING:
    from grundstein.project.folder import Folder

PROGRAM = str(Path(sys.executable).with_name("grundstein"))


def edit(project: Folder, old: str, new: str) -> None:
    path = project.root / "cases" / "leaving.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def kinds(project: Folder, kind: type) -> list[Any]:
    return [entry.record for entry in project.ledger.entries(kind)]


def test_from_a_case_to_a_report_and_no_further_without_a_person(evaluated: Folder) -> None:
    last = flow.advance(flow.asked(evaluated, "leaving"), evaluated)
    assert isinstance(last.record, Report)
    assert set(last.record.pages) == {"en", "de"}
    assert evaluated.ledger.verify() == []


def test_the_same_evaluation_is_found_in_the_ledger_and_not_done_twice(evaluated: Folder) -> None:
    first = kinds(evaluated, Experiment)
    flow.evaluate(evaluated, "leaving")
    assert kinds(evaluated, Experiment) == first


def test_run_again_from_nothing_an_experiment_gives_the_same_record(project: Folder, evaluated: Folder) -> None:
    again = flow.evaluate(project, "leaving")
    assert again.record == kinds(evaluated, Experiment)[0]


def test_the_same_decision_is_one_opening_and_one_verdict(evaluated: Folder) -> None:
    first = flow.decide(evaluated, "leaving")
    second = flow.decide(evaluated, "leaving")
    assert first.id == second.id
    assert len(kinds(evaluated, Opening)) == len(kinds(evaluated, Verdict)) == 1


def test_rewording_the_question_opens_nothing(evaluated: Folder) -> None:
    first = flow.decide(evaluated, "leaving")
    edit(evaluated, "Who leaves?", "Who is about to leave us?")
    second = flow.decide(evaluated, "leaving")
    assert len(kinds(evaluated, Opening)) == 1
    assert cast("Verdict", second.record).verdict == cast("Verdict", first.record).verdict


def test_a_case_under_another_name_is_counted_on_the_same_units(evaluated: Folder) -> None:
    flow.decide(evaluated, "leaving")
    text = (evaluated.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    (evaluated.root / "cases" / "other.yaml").write_text(text.replace("cost: 60", "cost: 50"), encoding="utf-8")
    flow.decide(evaluated, "other")
    openings = kinds(evaluated, Opening)
    assert [opening.count for opening in openings] == [1, 2]
    assert openings[1].level < openings[0].level


def test_edited_money_is_told_to_the_signer(evaluated: Folder) -> None:
    edit(evaluated, "cost: 60", "cost: 40")
    verdict = cast("Verdict", flow.decide(evaluated, "leaving").record)
    told = [finding for finding in verdict.findings if finding.code == "GST-E02"]
    assert [finding.section for finding in told] == ["issue"]
    assert "money" in told[0].text()


def test_decide_refuses_until_the_case_says_what_an_answer_is_worth(project: Folder) -> None:
    edit(project, "money: {saved: 600, success: 0.3, cost: 60, assumed: [success]}\n", "")
    with pytest.raises(Refused, match="grundstein worth leaving"):
        flow.decide(project, "leaving")
    assert kinds(project, Opening) == []


def test_a_verdict_that_does_not_qualify_shows_development_figures_only(project: Folder) -> None:
    edit(project, "worthwhile: 1", "worthwhile: 40")
    verdict = cast("Verdict", flow.decide(project, "leaving").record)
    experiment = kinds(project, Experiment)[-1]
    assert verdict.verdict != "qualifies"
    assert verdict.figures == "development"
    assert verdict.outcomes == experiment.outcomes
    assert verdict.pictures == ()


def test_where_perfect_answers_would_gain_less_than_the_margin_nothing_is_opened(project: Folder) -> None:
    edit(project, "worthwhile: 1", "worthwhile: 5000")
    verdict = cast("Verdict", flow.decide(project, "leaving").record)
    assert verdict.verdict == "not_applicable"
    assert kinds(project, Opening) == []


def test_without_acted_money_of_an_action_never_qualifies(project: Folder) -> None:
    edit(project, "acted: nobody\n", "")
    assert cast("Verdict", flow.decide(project, "leaving").record).verdict != "qualifies"


def test_a_random_split_on_a_table_with_time_never_qualifies(project: Folder) -> None:
    edit(project, "acted: nobody\n", "acted: nobody\ntime: day\nsplit: random\n")
    verdict = cast("Verdict", flow.decide(project, "leaving").record)
    assert verdict.verdict != "qualifies"
    assert "random split" in " ".join(finding.text() for finding in verdict.findings if finding.code == "GST-J02")


def test_units_learned_from_under_another_name_cannot_carry_a_verdict(project: Folder) -> None:
    """A part of a large table is small, so more of it would be sealed: among it what was learned from."""
    text = people(3_500, 5, 2.5)
    (project.root / "large.csv").write_text(text, encoding="utf-8")
    (project.root / "part.csv").write_text("\n".join(text.splitlines()[:901]), encoding="utf-8")
    case = (project.root / "cases" / "leaving.yaml").read_text(encoding="utf-8")
    for table in ("large", "part"):
        flow.ingest(project, str(project.root / f"{table}.csv"), table)
        contract = project.contract(table)
        assert contract is not None
        project.write_contract(replace(contract, time=""))
        (project.root / "cases" / f"{table}.yaml").write_text(case.replace("people", table), encoding="utf-8")
    flow.evaluate(project, "large")
    verdict = cast("Verdict", flow.decide(project, "part").record)
    assert verdict.verdict != "qualifies"
    assert {"GST-J02", "GST-J09"} <= {finding.code for finding in verdict.findings}


def test_time_named_by_a_case_is_written_into_a_silent_contract_and_holds_for_every_case(project: Folder) -> None:
    edit(project, "acted: nobody\n", "acted: nobody\ntime: day\n")
    entry = flow.evaluate(project, "leaving")
    assert cast("Experiment", entry.record).split == "time"
    contract = project.contract("people")
    assert contract is not None
    assert contract.time == "day"
    edit(project, "time: day", "time: tenure")
    with pytest.raises(Refused, match="contract of people"):
        flow.evaluate(project, "leaving")


def test_evaluate_never_reads_sealed_truth(project: Folder) -> None:
    """Turn every sealed answer round: nothing that an experiment says may change."""
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    rows = pinned.data["rows"]
    turned = np.where(
        sealed_rows(rows, pinned.seal), np.where(np.asarray(rows["leaves"]) == "Yes", "No", "Yes"), rows["leaves"]
    )
    poisoned = rows.set_column(rows.column_names.index("leaves"), "leaves", pa.array(turned, pa.string()))
    assert poisoned != rows
    both = [
        evaluate(replace(pinned, data={"rows": table}), project.files, lambda _: None)[0] for table in (rows, poisoned)
    ]
    assert both[0] == both[1]


def test_a_given_test_table_is_named_before_the_first_evaluation(evaluated: Folder, project: Folder) -> None:
    lines = (project.root / "people.csv").read_text(encoding="utf-8").splitlines()
    path = project.root / "test.csv"
    path.write_text("\n".join([lines[0], *(line.replace("p0", "q0", 1) for line in lines[1:400])]), encoding="utf-8")
    for one in (evaluated, project):
        flow.ingest(one, str(path), "later")
    with pytest.raises(Refused, match="before"):
        flow.decide(evaluated, "leaving", {"rows": "later"})
    verdict = flow.decide(project, "leaving", {"rows": "later"})
    experiment = kinds(project, Experiment)[0]
    assert (experiment.split, experiment.units_test) == ("given", 399)
    assert any(finding.code == "GST-E04" for finding in experiment.findings)
    assert isinstance(verdict.record, Verdict)


def test_a_given_test_table_may_be_a_select(project: Folder) -> None:
    lines = (project.root / "people.csv").read_text(encoding="utf-8").splitlines()
    path = project.root / "test.csv"
    path.write_text("\n".join([lines[0], *(line.replace("p0", "q0", 1) for line in lines[1:400])]), encoding="utf-8")
    flow.ingest(project, str(path), "later")
    verdict = flow.decide(project, "leaving", {"rows": "select * from later where tenure >= 0"})
    assert isinstance(verdict.record, Verdict)
    assert kinds(project, Experiment)[0].split == "given"


def test_a_test_table_cannot_be_picked_among_several(project: Folder) -> None:
    """The first one that is named is the one; nor may rows that were learned from beside it be sealed afterwards."""
    lines = (project.root / "people.csv").read_text(encoding="utf-8").splitlines()
    for name in ("first", "second"):
        path = project.root / f"{name}.csv"
        path.write_text("\n".join([lines[0], *(line.replace("p", name, 1) for line in lines[1:300])]), encoding="utf-8")
        flow.ingest(project, str(path), name)
    flow.evaluate(project, "leaving", {"rows": "first"})
    flow.evaluate(project, "leaving", {"rows": "first"})
    with pytest.raises(Refused, match="before this test table was named"):
        flow.decide(project, "leaving", {"rows": "second"})
    with pytest.raises(Refused, match="0 units"):
        flow.decide(project, "leaving")
    assert flow.decide(project, "leaving", {"rows": "first"}).record


def test_a_given_test_table_that_shares_people_with_development_is_refused(project: Folder) -> None:
    flow.ingest(project, str(project.root / "people.csv"), "copy")
    with pytest.raises(Refused, match="900 units"):
        flow.decide(project, "leaving", {"rows": "copy"})


def test_an_unknown_verb_names_what_the_task_has(project: Folder) -> None:
    with pytest.raises(Refused, match="verb"):
        flow.do(project, "leaving", "dance", [])


def test_two_processes_deciding_at_once_end_with_one_opening_and_one_verdict(evaluated: Folder) -> None:
    words = [PROGRAM, "--project", str(evaluated.root), "decide", "leaving"]
    running = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    assert [one.wait(300) for one in running] == [0, 0]
    assert len(kinds(evaluated, Opening)) == len(kinds(evaluated, Verdict)) == 1
    assert evaluated.ledger.verify() == []


def test_a_select_is_sealed_as_its_table_is(project: Folder) -> None:
    """A slice by WHERE and fewer columns: the same people stay sealed, so nobody learns from them."""
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    edit(project, "data: people", "data: select person, tenure, leaves from people where tenure > 5")
    sliced = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    both = [
        set(p.data["rows"].filter(sealed_rows(p.data["rows"], p.seal))["person"].to_pylist()) for p in (pinned, sliced)
    ]
    assert both[1] < both[0]
    assert sliced.seal == pinned.seal


def test_a_select_that_drops_what_its_table_is_sealed_by_is_refused(project: Folder) -> None:
    edit(project, "data: people", "data: select tenure, leaves from people")
    with pytest.raises(Refused, match="drops `person`"):
        flow.evaluate(project, "leaving")


def test_a_select_over_a_table_without_a_key_knows_its_rows_by_their_content(project: Folder) -> None:
    contract = project.contract("people")
    assert contract is not None
    project.write_contract(replace(contract, key=(), entity=""))
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    edit(project, "data: people", "data: select _row, tenure, leaves from people")
    sliced = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    masks = [sealed_rows(p.data["rows"], p.seal).tolist() for p in (pinned, sliced)]
    assert masks[0] == masks[1]
    edit(project, "select _row, tenure", "select tenure")
    with pytest.raises(Refused, match="drops `_row`"):
        flow.evaluate(project, "leaving")


def test_a_key_that_is_no_column_of_the_table_is_refused_with_the_nearest(project: Folder) -> None:
    edit(project, "data: people", "data: people\nkey: [persons]")
    with pytest.raises(Refused, match="`persons`, which is no column"):
        flow.evaluate(project, "leaving")


def test_a_select_that_groups_rows_names_what_a_row_is(project: Folder) -> None:
    grouped = "data: select plan, tenure, max(leaves) as leaves from people group by plan, tenure"
    edit(project, "data: people", grouped + "\nkey: [plan, tenure]")
    experiment = cast("Experiment", flow.evaluate(project, "leaving").record)
    assert experiment.units + experiment.units_test <= 144


def test_rows_that_were_learned_from_cannot_be_grouped_out_of_sight(evaluated: Folder) -> None:
    grouped = "data: select plan, tenure, max(leaves) as leaves from people group by plan, tenure"
    edit(evaluated, "data: people", grouped + "\nkey: [plan, tenure]")
    with pytest.raises(Refused, match="evaluated by `person` before"):
        flow.evaluate(evaluated, "leaving")
