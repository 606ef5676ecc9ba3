"""A released case on newer rows: what is in use is one more opponent, openings are spared, a killed round goes on."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pytest
from turning import arrivals, came, counted, released

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Gain, Observation, Opening, Release, Report, Snapshot, Verdict
from grundstein.core.task import Split
from grundstein.evaluation.released import InUse, fresh_units
from grundstein.flow import steps
from grundstein.flow.again import again, due, hint
from grundstein.project.folder import Folder, open_project
from grundstein.tools.inference import opening_level

if TYPE_CHECKING:
    from pathlib import Path

    from grundstein.core.task import Solution

ROUNDS = sys.modules["grundstein.flow.again"]
OLD, NEW = 1200, 1200


@pytest.fixture(scope="session")
def in_use_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("in_use") / "project"
    released(root, arrivals(OLD, 3, "p"))
    return root


@pytest.fixture(scope="session")
def turned_root(in_use_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world turned round, and the case was evaluated again."""
    root = tmp_path_factory.mktemp("turned") / "project"
    shutil.copytree(in_use_root, root)
    project = open_project(root)
    came(project, arrivals(NEW, 6, "q", turned=1.0), "later")
    again(project, "leaving", "a new batch")
    return root


@pytest.fixture(scope="session")
def alike_root(in_use_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More rows of the same kind came, and the case was evaluated again."""
    root = tmp_path_factory.mktemp("alike") / "project"
    shutil.copytree(in_use_root, root)
    project = open_project(root)
    came(project, arrivals(NEW, 8, "q"), "alike")
    again(project, "leaving")
    return root


@pytest.fixture
def alike(alike_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(alike_root, tmp_path / "alike")
    return open_project(tmp_path / "alike")


@pytest.fixture
def in_use(in_use_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(in_use_root, tmp_path / "in_use")
    return open_project(tmp_path / "in_use")


@pytest.fixture
def turned(turned_root: Path, tmp_path: Path) -> Folder:
    shutil.copytree(turned_root, tmp_path / "turned")
    return open_project(tmp_path / "turned")


def says(project: Folder, line: str) -> Folder:
    with (project.root / "cases" / "leaving.yaml").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    return open_project(project.root)


def last(project: Folder, kind: Any) -> Any:
    return list(project.ledger.entries(kind))[-1].record


def page(project: Folder, language: str) -> str:
    return (project.root / "reports" / f"leaving.{language}.html").read_text(encoding="utf-8")


def test_the_released_model_itself_is_an_opponent_that_the_new_one_must_beat(turned):
    put, said, tested = last(turned, Release), last(turned, Verdict), last(turned, Experiment)
    mine = next(one for one in tested.outcomes if one.standing == "released")
    assert (mine.name, mine.model) == (f"released {put.bond.solution}", put.bond.model)
    assert said.margins[mine.name] == 1.0
    assert said.verdict == "qualifies"
    assert said.gains[mine.name].low > 1.0
    assert turned.ledger.get(last(turned, Snapshot).released).record == put


def test_on_development_rows_it_is_compared_only_where_it_has_not_learned(turned):
    tested = last(turned, Experiment)
    entry = turned.ledger.get(tested.snapshot)
    pinned = flow.pinned_of(entry, turned)
    assert pinned.in_use is not None
    rows = pinned.split.development["rows"]
    folds = list(pinned.task.folds(pinned.split.development, pinned.case, pinned.seed))
    marks = [fresh_units(fold, pinned.in_use, rows, "random") for fold in folds]
    for fold, fresh in zip(folds, marks, strict=True):
        assert np.array_equal(fresh, np.asarray(fold.truth["rows"]["_row"]) >= OLD)
    told = next(one for one in tested.findings if one.code == "GST-A01")
    assert told.facts["fresh"] == sum(map(np.sum, marks))


def test_a_unit_whose_older_row_was_learned_from_is_not_new_in_a_later_row():
    rows = pa.table({"_row": [0, 1, 2, 10, 11, 12], "_unit": [7, 8, 9, 7, 5, 6], "_cluster": [1, 2, 3, 4, 3, 6]})
    fold = Split({"rows": rows}, rows.slice(3), {"rows": rows.slice(3)}, "random")
    model = InUse("linear", cast("Solution", None), "", "2026-01-01", last_row=9)
    assert fresh_units(fold, model, rows, "random").tolist() == [False, True, True]
    assert fresh_units(fold, model, rows, "entity").tolist() == [False, False, True]
    assert not fresh_units(fold, replace(model, last_row=-1), rows, "random").any()


def test_what_was_learned_from_is_never_sealed_again(turned):
    old, new = (flow.pinned_of(row, turned) for row in turned.ledger.entries(Snapshot))
    learned = np.asarray(old.split.development["rows"]["_row"])
    assert not np.isin(np.asarray(new.split.truth["rows"]["_row"]), learned).any()


def test_the_report_opens_with_what_is_in_use_and_what_the_new_one_adds(turned):
    since = next(iter(turned.ledger.entries(Release))).at[:4]
    assert "In use today: linear (released" in page(turned, "en")
    assert "compared with what is in use today" in page(turned, "en")
    assert "Heute im Einsatz: linear (freigegeben" in page(turned, "de")
    assert since in page(turned, "en")


def test_the_same_rows_are_not_judged_twice(turned):
    before = counted(turned)
    assert again(turned, "leaving").record == last(turned, Verdict)
    assert again(turned, "leaving", "another reason").record == last(turned, Verdict)
    assert counted(turned) == before


def test_nothing_is_released_by_itself_and_a_signature_waits_where_it_qualifies(turned):
    assert len(list(turned.ledger.entries(Release))) == 1
    waits = flow.standing(turned, "leaving")
    assert waits.bond.solution == last(turned, Verdict).winner
    assert waits.missing == ("service",)


def test_once_the_new_one_is_released_its_own_rows_are_not_judged_again(turned):
    token = flow.add_person(turned, "somebody")
    flow.sign(turned, "leaving", token, "approve", "")
    flow.release(turned, "leaving")
    before = counted(turned)
    again(turned, "leaving")
    flow.decide(turned, "leaving")
    flow.roll_back(turned, "leaving")
    again(turned, "leaving")
    assert counted(turned) == before


def test_every_opening_since_the_release_makes_the_next_one_harder(turned):
    first, second = (cast("Opening", row.record) for row in turned.ledger.entries(Opening))
    assert (first.count, second.count) == (1, 2)
    came(turned, arrivals(400, 9, "r", turned=1.0), "third")
    again(turned, "leaving")
    third = last(turned, Opening)
    assert third.count == 3
    assert third.level <= opening_level(2, shown=False)
    assert {"GST-J07", "GST-A04"} <= {one.code for one in third.findings}


def test_an_opening_is_spared_where_development_gives_it_no_chance(alike):
    said = last(alike, Verdict)
    assert said.verdict in ("does_not_qualify", "not_enough_data")
    assert (said.opening, said.openings, said.figures) == ("", 0, "development")
    assert "GST-A05" in {one.code for one in said.findings}
    assert counted(alike) == {"Round": 1, "Experiment": 2, "Opening": 1, "Verdict": 2}
    assert "The sealed test was not opened" in page(alike, "en")


def test_where_nothing_new_qualifies_a_signature_keeps_what_is_in_use(alike):
    waits = flow.standing(alike, "leaving")
    assert waits.bond.model == last(alike, Release).bond.model
    flow.sign(alike, "leaving", flow.add_person(alike, "somebody"), "approve", "")
    flow.release(alike, "leaving")
    came(alike, arrivals(60, 10, "s"), "few")
    pinned = flow.pinned_of(flow.pin(flow.asked(alike, "leaving"), alike), alike)
    assert pinned.in_use is not None
    assert (pinned.in_use.name, pinned.in_use.last_row) == ("released linear", OLD)


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["before the experiment", "after the opening", "before the report"])
def test_a_killed_round_goes_on_where_it_stood(in_use, place):
    came(in_use, arrivals(NEW, 6, "q", turned=1.0), "later")
    project = says(in_use, "again: {days: 30}")
    with pytest.MonkeyPatch.context() as patch:
        if place == "after the opening":
            patch.setitem(cast("Any", steps.STEPS), Opening, killed)
        else:
            patch.setattr(ROUNDS, "evaluated" if place == "before the experiment" else "reported", killed)
        with pytest.raises(KeyboardInterrupt):
            again(project, "leaving")
    assert "not finished" in due(project, "leaving")
    came(project, arrivals(50, 7, "s"), "meanwhile")
    again(project, "leaving")
    assert counted(project) == {"Round": 1, "Experiment": 2, "Opening": 2, "Verdict": 2}
    assert last(project, Report).subject == list(project.ledger.entries(Verdict))[-1].id
    assert due(project, "leaving") == ""


def test_a_model_made_for_another_question_is_no_opponent_and_the_report_says_so(in_use):
    path = in_use.root / "cases" / "leaving.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('positive: "Yes"', 'positive: "No"'), encoding="utf-8")
    came(in_use, arrivals(200, 8, "q"), "alike")
    project = open_project(in_use.root)
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    assert pinned.in_use is None
    assert [one.code for one in pinned.told] == ["GST-A02"]


def test_todays_rule_in_use_is_the_baseline_and_has_no_second_copy(in_use):
    token = flow.add_person(in_use, "somebody")
    flow.sign(in_use, "leaving", token, "approve", "", solution="rule")
    flow.release(in_use, "leaving", "rule")
    came(in_use, arrivals(200, 8, "q"), "alike")
    snapshot = cast("Snapshot", flow.pin(flow.asked(in_use, "leaving"), in_use).record)
    assert snapshot.released == ""
    edited = in_use.root / "cases" / "leaving.yaml"
    edited.write_text(edited.read_text(encoding="utf-8").replace("tenure < 12", "tenure < 24"), encoding="utf-8")
    project = open_project(in_use.root)
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "leaving"), project), project)
    assert pinned.in_use is not None
    assert pinned.in_use.name == "released rule"


def test_nothing_is_evaluated_again_before_a_release(evaluated):
    with pytest.raises(Refused, match="Nothing of leaving is released"):
        again(evaluated, "leaving")
    assert due(evaluated, "leaving") == ""
    assert hint(evaluated, "leaving") is None


def test_without_a_word_in_the_case_new_rows_are_a_hint_and_nothing_more(in_use):
    assert hint(in_use, "leaving") is None
    came(in_use, arrivals(40, 8, "q"), "few")
    assert due(in_use, "leaving") == ""
    told = hint(in_use, "leaving")
    assert told is not None
    assert told.facts["rows"] == 40
    assert "40 rows came" in told.text()


def test_rows_make_a_case_due_and_without_new_rows_no_day_does(in_use):
    project = says(in_use, "again: {rows: 100, days: 0.0000001}")
    assert due(project, "leaving") == ""
    came(project, arrivals(40, 8, "q"), "few")
    assert "days since" in due(project, "leaving")
    path = project.root / "cases" / "leaving.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(", days: 0.0000001", ""), encoding="utf-8")
    project = open_project(project.root)
    assert due(project, "leaving") == ""
    came(project, arrivals(60, 9, "r"), "more")
    assert "100 rows came" in due(project, "leaving")


def test_an_observation_that_expects_a_larger_loss_than_an_evaluation_costs_makes_a_case_due(in_use):
    project = says(in_use, "again: {cost: 500}")
    came(project, arrivals(40, 8, "q"), "few")
    live = list(project.ledger.entries(Release))[-1].id
    for lost, expected in ((None, ""), (499.0, ""), (501.0, "lose 501 EUR a year")):
        seen = Observation("leaving", live, 0, 10, 10, "rule", Gain(1.0, 0.5, 2.0), None, lost)
        project.ledger.append(seen)
        assert expected in due(project, "leaving")
        assert bool(due(project, "leaving")) == bool(expected)
    project.ledger.append(Observation("leaving", "another", 0, 10, 10, "rule", Gain(1.0, 0.5, 2.0), None, 900.0))
    assert "501" in due(project, "leaving")


def test_when_a_case_is_evaluated_again_is_no_part_of_what_was_signed(in_use):
    project = says(in_use, "again: {days: 30, rows: 10000, cost: 500}")
    assert not [void for void in flow.standing(project, "leaving").voids if "since it was judged" in void]
    flow.decide(project, "leaving")
    assert counted(project)["Opening"] == 1
    assert counted(project)["Verdict"] == 1
