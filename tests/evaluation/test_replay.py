"""A replay decides at past dates with what was known then, and touches neither the ledger nor the sealed part."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from grundstein import flow
from grundstein.core.errors import Refused
from grundstein.core.records import Experiment, Opening, Promise
from grundstein.evaluation.replay import dates, widened
from grundstein.project.folder import Folder, create_project
from grundstein.tools.inference import Range
from grundstein.tools.sealing import cut_value, instants

if TYPE_CHECKING:
    from pathlib import Path

CASE = 'question: Does it rain?\ntask: predict\ndata: days\ntarget: rain\npositive: "yes"\nmetric: accuracy\n'


def project_of(root: Path) -> Folder:
    """Days on which pressure and humidity say something of rain."""
    random = np.random.default_rng(7)
    project = create_project(root, salt="replay")
    with (root / "days.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pressure", "humidity", "rain"])
        for _ in range(600):
            pressure, humidity = random.normal(size=2)
            rains = random.random() < 1 / (1 + np.exp(2.5 * pressure - humidity))
            writer.writerow([f"{pressure:.3f}", f"{humidity:.3f}", "yes" if rains else "no"])
    flow.ingest(project, str(root / "days.csv"), "days")
    (root / "cases" / "rain.yaml").write_text(CASE + "time: _row\n", encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Folder:
    return project_of(tmp_path_factory.mktemp("replay") / "project")


def test_a_replay_leaves_no_experiment_and_no_opening_in_the_ledger(project):
    told = flow.replay(project, "rain", 2)
    assert len(told) == 2
    assert not [*project.ledger.entries(Experiment), *project.ledger.entries(Opening)]
    assert [row.record for row in project.aside("replay").entries(Promise)] == told


def test_a_date_that_was_replayed_is_not_replayed_again(project):
    assert flow.replay(project, "rain", 2) == flow.replay(project, "rain", 2)
    assert len(list(project.aside("replay").entries(Promise))) == 2


def test_nothing_that_came_later_is_known_at_a_date_and_the_sealed_part_is_never_reached(project):
    pinned = flow.pinned_of(flow.pin(flow.asked(project, "rain"), project), project)
    for date in dates(pinned, 3):
        at, until = cut_value(date.at), cut_value(date.until)
        assert instants(date.then.data["rows"]["_row"]).max() <= at
        assert instants(date.known.development["rows"]["_row"]).max() < instants(date.known.truth["rows"]["_row"]).min()
        later = instants(date.later.truth["rows"]["_row"])
        assert at < later.min()
        assert later.max() <= until <= cut_value(pinned.seal.cut)


def test_the_report_tells_how_past_promises_were_kept(project):
    flow.replay(project, "rain", 2)
    flow.evaluate(project, "rain")
    flow.report(project, "rain")
    assert "Promises kept" in project.page("rain", "en")
    assert "Gehaltene Versprechen" in project.page("rain", "de")


def test_a_case_without_time_cannot_be_replayed(project):
    (project.root / "cases" / "timeless.yaml").write_text(CASE.replace("days", "people"), encoding="utf-8")
    flow.ingest(project, str(project.root / "days.csv"), "people")
    with pytest.raises(Refused, match="no past"):
        flow.replay(project, "timeless", 3)


def test_a_range_for_a_later_mean_is_wider_by_the_root_of_one_plus_the_ratio_of_the_units():
    found = widened(Range(1.0, 0.5, 2.0), units=300, later=100)
    assert (found.mean, found.low, found.high) == (1.0, 0.0, 3.0)
