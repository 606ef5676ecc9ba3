"""Room core. In: `assess.toml` -> Out: what `assess` asks: rows with their proofs, the steps of the road, advice."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from grundstein.core.findings import codes

GROUPS = ("principles", "components", "data", "model", "infrastructure", "monitoring")
SCORED = GROUPS[2:]
POINTS: Mapping[str, float] = {"manual": 0.5, "automated": 1.0}
Text = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One principle, component or test. `proof`: (level, check), best first; `lacks`: why no record shows it."""

    name: str
    of: str
    title: Text
    source: str
    proof: tuple[tuple[str, str], ...]
    lacks: Text
    command: str


@dataclass(frozen=True)
class Step:
    """One step of the road: `can` is what people can do once it is proven."""

    name: str
    title: Text
    can: Text
    proof: tuple[tuple[str, str], ...]
    command: str


@dataclass(frozen=True)
class Advice:
    """Something to automate, the steps that must be proven before, and the rows that say that it is there."""

    name: str
    title: Text
    needs: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """A row that a person vouches for in `assess.yaml`; nothing proves it. `date` is an ISO day."""

    row: str
    statement: str
    person: str
    date: str


@dataclass(frozen=True)
class Standard:
    """All that is asked, in order, and why a record proves a row, by check and language."""

    rows: tuple[Row, ...]
    steps: tuple[Step, ...]
    advice: tuple[Advice, ...]
    reasons: Mapping[str, Text] = field(default_factory=dict)


@cache
def standard() -> Standard:
    """Read the file."""
    content = tomllib.loads(files("grundstein.core").joinpath("assess.toml").read_text(encoding="utf-8"))
    rows = tuple(
        Row(name, one["of"], _text(one), one["source"], _proof(one), one.get("lacks", {}), one.get("command", ""))
        for name, one in content["row"].items()
    )
    steps = tuple(
        Step(name, _text(one), one["can"], _proof(one), one["command"]) for name, one in content["step"].items()
    )
    advice = tuple(
        Advice(name, _text(one), tuple(one["needs"]), tuple(one["rows"])) for name, one in content["advice"].items()
    )
    return Standard(rows, steps, advice, content["proof"])


def reason(check: str, language: str, facts: Mapping[str, object]) -> str:
    """Why a record proves a row; numbers in German with points, a finding's code as its title."""
    text = standard().reasons[check][language]
    if "finding" in facts:
        facts = {**facts, "finding": codes()[str(facts["finding"])].title[language]}
    if language != "de":
        return text.format(**facts)
    return _German().vformat(text, (), facts)


class _German(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        text = super().format_field(value, format_spec)
        return text.replace(",", ".") if isinstance(value, int) else text


def _text(one: Mapping[str, Any]) -> Text:
    return {"en": one["en"], "de": one["de"]}


def _proof(one: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((level, check) for level, _, check in (said.partition(":") for said in one.get("proof", ())))
