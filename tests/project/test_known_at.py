"""When a value is known stands in the contract: a word, or a column of time; everything else is refused by its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grundstein.core.errors import Refused
from grundstein.project import yaml_files
from grundstein.project.odcs import contract_content, read_contract

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


LINES = ("known_at: {said}", "customProperties: [{{property: known_at, value: {said}}}]")


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("said", ["before", "after", "EndedAt"])
def test_the_line_that_a_question_asks_for_is_read_and_kept(tmp_path: Path, said: str, line: str):
    contract = read(tmp_path, line.format(said=said))
    assert contract.column("duration").known_at == said
    for before in (None, yaml_files.read(tmp_path / "calls.yaml")):
        path = tmp_path / "again.yaml"
        yaml_files.write(path, contract_content(contract, before))
        assert path.read_text(encoding="utf-8").count("known_at") == 1
        assert read_contract(yaml_files.read(path), path).column("duration").known_at == said


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(("said", "near"), [("afterwards", "after"), ("befor", "before"), ("endet_at", "EndedAt")])
def test_another_word_is_refused_with_file_line_and_the_nearest_word(tmp_path: Path, said: str, near: str, line: str):
    with pytest.raises(Refused) as refused:
        read(tmp_path, line.format(said=said))
    assert "calls.yaml, line 15" in refused.value.what
    assert f'"{near}"' in refused.value.expected


@pytest.mark.parametrize("said", ["id", "duration"])
def test_a_column_that_is_no_time_is_refused(tmp_path: Path, said: str):
    with pytest.raises(Refused, match="no column of time") as refused:
        read(tmp_path, f"known_at: {said}")
    assert "EndedAt" in refused.value.expected


@pytest.mark.parametrize("line", ["knownAt: after", "customProperties: [{property: known-at, value: after}]"])
def test_another_spelling_is_refused(tmp_path: Path, line: str):
    with pytest.raises(Refused, match="line 15") as refused:
        read(tmp_path, line)
    assert '"known_at"' in refused.value.expected


def test_what_is_said_twice_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match="twice"):
        read(tmp_path, "known_at: after\n        customProperties: [{property: known_at, value: before}]")


def test_nothing_said_is_nothing(tmp_path: Path):
    assert read(tmp_path, "customProperties: [{property: known_at, value: }]").column("duration").known_at == ""
