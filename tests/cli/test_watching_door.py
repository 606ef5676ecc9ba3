"""Tick at the command line: exit codes and documents that a scheduler can rely on."""

from __future__ import annotations

import pytest


@pytest.fixture
def empty(door):
    assert door("init").code == 0
    return door


def test_without_a_release_there_is_nothing_to_do_and_that_is_no_fault(empty):
    said = empty("tick")
    assert said.code == 0
    assert "no case has a live release" in said.out
    assert empty("tick", "--json").document == []


def test_a_case_that_is_not_there_is_refused(empty):
    said = empty("tick", "churn")
    assert said.code == 1
    assert said.err.startswith("Error")


def test_a_pause_of_nothing_is_no_pause(empty):
    assert empty("watch", "--minutes", "0").code == 2


def test_a_timeout_that_is_no_number_of_seconds_is_refused_with_its_line(empty):
    text = empty.read("grundstein.yaml")
    empty.write("grundstein.yaml", text + "watch: {webhook: 'http://127.0.0.1:9', timeout: -1}\n")
    said = empty("tick")
    assert said.code == 1
    assert "timeout" in said.err
