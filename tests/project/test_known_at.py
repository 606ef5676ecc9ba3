"""When a value is known stands in the contract: a word, or a column of time; everything else is refused by its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grundstein.core.errors import Refused
from grundstein.project import yaml_files
from grundstein.project.odcs import contract_content, known_at_line, read_contract

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
schema:
  - name: calls
    properties:
      - name: id
        logicalType: string
        physicalType: text
      - name: EndedAt
        logicalType: timestamp
        physicalType: instant
      - name: duration
        logicalType: number
        physicalType: integer
        {line}
"""


def read(folder: Path, line: str):
    path = folder / "calls.yaml"
    path.write_text(CONTRACT.format(line=line), encoding="utf-8")
    return read_contract(yaml_files.read(path), path)


@pytest.mark.parametrize("said", ["before", "after", "EndedAt"])
def test_the_line_that_a_question_asks_for_is_read_and_kept(tmp_path: Path, said: str):
    contract = read(tmp_path, known_at_line(said))
    assert contract.column("duration").known_at == said
    path = tmp_path / "again.yaml"
    yaml_files.write(path, contract_content(contract))
    assert read_contract(yaml_files.read(path), path).column("duration").known_at == said


@pytest.mark.parametrize(("said", "near"), [("afterwards", "after"), ("befor", "before"), ("endet_at", "EndedAt")])
def test_another_word_is_refused_with_file_line_and_the_nearest_word(tmp_path: Path, said: str, near: str):
    with pytest.raises(Refused) as refused:
        read(tmp_path, known_at_line(said))
    assert "calls.yaml, line 15" in refused.value.what
    assert f'"{near}"' in refused.value.expected


def test_a_column_that_is_no_time_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match="no column of time") as refused:
        read(tmp_path, known_at_line("id"))
    assert "EndedAt" in refused.value.expected


def test_a_line_in_the_wrong_place_is_refused_with_the_right_one(tmp_path: Path):
    with pytest.raises(Refused, match="line 15") as refused:
        read(tmp_path, "known_at: after")
    assert known_at_line("after") in refused.value.expected


def test_another_spelling_of_the_property_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match="knownAt"):
        read(tmp_path, "customProperties: [{property: knownAt, value: after}]")


def test_nothing_said_is_nothing(tmp_path: Path):
    assert read(tmp_path, "customProperties: [{property: known_at, value: }]").column("duration").known_at == ""
