"""What the rows can show is said before any model; what the checks of trust found stands in the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grundstein import flow
from grundstein.core.records import Experiment, Verdict

if TYPE_CHECKING:
    from grundstein.project.folder import Folder


def test_what_the_rows_can_show_is_said_before_anything_is_evaluated(project: Folder):
    told = flow.showable(project, "leaving")
    assert told is not None
    assert told.code == "GST-T70"
    assert not list(project.ledger.entries(Experiment))


def test_evaluate_says_the_same_and_first_of_its_tips(evaluated: Folder):
    experiment = cast("Experiment", next(iter(evaluated.ledger.entries(Experiment))).record)
    assert next(f for f in experiment.findings if f.section == "tip") == flow.showable(evaluated, "leaving")


def test_each_picture_stands_once(evaluated: Folder):
    experiment = cast("Experiment", next(iter(evaluated.ledger.entries(Experiment))).record)
    names = [figure.name for figure in experiment.figures]
    assert len(names) == len(set(names))
    assert {"calibration", "answered_alone", "learning_curve"} <= set(names)


def test_development_is_compared_with_the_sealed_questions_when_they_are_opened(evaluated: Folder):
    experiment = cast("Experiment", next(iter(evaluated.ledger.entries(Experiment))).record)
    verdict = cast("Verdict", flow.decide(evaluated, "leaving").record)
    about = {"GST-T01", "GST-T06", "GST-T08"}
    assert {f.code for f in verdict.findings} & about == {"GST-T06"}
    assert not {f.code for f in experiment.findings} & about
