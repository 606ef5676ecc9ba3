"""Each finding is told once until it changes, whatever breaks off."""

from __future__ import annotations

import json

import pytest

from grundstein.core.findings import Finding
from grundstein.production.telling import Told

ABOUT = {"at": "2026-01-01T00:00:00+00:00", "case": "churn", "release": "r1", "observation": "o1"}
TIP = Finding("GST-W03", "tip", {"column": "a", "before": 0, "after": 0.2})
OTHER = Finding("GST-W03", "tip", {"column": "b", "before": 0, "after": 0.2})
GRAVE = Finding("GST-W03", "issue", {"column": "a", "before": 0, "after": 0.6})
QUIET = Finding("GST-W08", "passed", {"columns": 3, "looks": 2})


@pytest.fixture
def told(tmp_path):
    return Told(tmp_path / "watch" / "churn.jsonl")


def said(lines):
    return [(line["code"], line["subject"], line["section"]) for line in lines]


def test_a_finding_is_told_once_while_its_figures_move(told):
    assert said(told.tell([TIP, QUIET], ABOUT)) == [("GST-W03", "a", "tip")]
    moved = Finding("GST-W03", "tip", {"column": "a", "before": 0, "after": 0.22})
    assert told.tell([moved], ABOUT | {"observation": "o2"}) == []


def test_what_became_graver_or_is_found_of_another_column_is_told_again(told):
    told.tell([TIP], ABOUT)
    assert said(told.tell([GRAVE, OTHER], ABOUT)) == [("GST-W03", "a", "issue"), ("GST-W03", "b", "tip")]


def test_what_is_over_is_told_once_and_told_again_when_it_comes_back(told):
    told.tell([TIP], ABOUT)
    assert said(told.tell([], ABOUT)) == [("GST-W03", "a", "over")]
    assert told.tell([], ABOUT) == []
    assert said(told.tell([TIP], ABOUT)) == [("GST-W03", "a", "tip")]


def test_another_release_begins_anew(told):
    told.tell([TIP], ABOUT)
    assert said(told.tell([TIP], ABOUT | {"release": "r2"})) == [("GST-W03", "a", "tip")]


def test_a_line_that_a_crash_tore_is_told_again_and_spoils_nothing_after_it(told):
    told.tell([TIP, OTHER], ABOUT)
    whole = told.path.read_bytes()
    told.path.write_bytes(whole[: len(whole) - 20])
    assert said(told.tell([TIP, OTHER], ABOUT)) == [("GST-W03", "b", "tip")]
    assert said(told.lines()) == [("GST-W03", "a", "tip"), ("GST-W03", "b", "tip")]


def test_what_the_webhook_has_not_taken_waits_for_it(told):
    told.tell([TIP], ABOUT)
    told.tell([OTHER, TIP], ABOUT)
    assert said(told.waiting()) == [("GST-W03", "a", "tip"), ("GST-W03", "b", "tip")]
    told.took()
    assert told.waiting() == []
    told.tell([GRAVE, OTHER], ABOUT)
    assert said(told.waiting()) == [("GST-W03", "a", "issue")]


def test_every_line_is_a_document_that_names_case_release_and_sentence(told):
    told.tell([TIP], ABOUT)
    [line] = [json.loads(text) for text in told.path.read_text(encoding="utf-8").splitlines()]
    assert line["text"] == TIP.text()
    assert {name: line[name] for name in ABOUT} == ABOUT
