"""Room production. In: a journal's lines and contracts -> Out: rows of questions, answers and truths, and bad lines.

A line is JSON: {"kind": "answer", "id", "at", "release", "mode", "took_ms"?, "question": {...}, "answer": {...}}, or
{"kind": "feedback", "at", "id"?, "key"?: {...}, "truth"}; "id" names an answer, "at" is an instant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grundstein.core.contract import Column, Contract
from grundstein.production.answering import FEEDBACK, LIVE
from grundstein.production.journal import lines
from grundstein.production.questions import compiled
from grundstein.tools.typed import schema_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from grundstein.core.case import Case
    from grundstein.production.questions import Questions

INSTANT = pa.timestamp("us", "UTC")
FLAGS = ("held_back", "beyond_capacity")
NAMED = ("answer_id", "release")


@dataclass(frozen=True)
class Rules:
    """What lines are read by: the contracts of questions and truths, the columns that name a unit, the target."""

    asked: Contract
    told: Contract
    keys: tuple[str, ...]
    target: str
    timezone: str

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns that name a unit, as the questions have them."""
        return tuple(replace(self.asked.column(key), required=False) for key in self.keys)


@dataclass(frozen=True)
class Bad:
    """A line that has no place in a table: where it stands (counted from 1), and why."""

    segment: str
    line: int
    reason: str
    text: str


@dataclass
class Entries:
    """What some segments hold: rows of `questions` (typed), of `answers` (their question's place in it) and `truths`.

    A question that was answered by two releases under one id stands there once; so does an answer that comes twice.
    """

    questions: list[Mapping[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    truths: list[Mapping[str, Any]] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)
    _given: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, line: bytes, questions: Questions, truths: Questions, rules: Rules) -> None:
        """Add one line, or one that was put aside and is brought back; ValueError says why it has no place."""
        entry = json.loads(line)
        if isinstance(entry, dict) and "reason" in entry:
            entry = json.loads(entry["text"])
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if kind == "answer":
            self._answer(entry, questions, rules.keys)
        elif kind == "feedback":
            self._truth(entry, truths, rules.target)
        else:
            raise ValueError("neither an answer nor feedback")

    def _answer(self, entry: Mapping[str, Any], questions: Questions, keys: Sequence[str]) -> None:
        name, release, mode = (_text(entry, part) for part in ("id", "release", "mode"))
        if (name, release, mode) in self._given:
            return
        asked, answer, at = _read(questions, entry["question"]), dict(entry["answer"]), _instant(entry["at"])
        place = self._asked.get(name)
        if place is None or self.questions[place] != asked:
            place = self._asked[name] = len(self.questions)
            self.questions.append(asked)
        named = {key: asked[key] for key in keys} | {"question": place, "answer_id": name, "answered_at": at}
        said = {column: value for column, value in answer.items() if column not in (*NAMED, *FLAGS)}
        flags = {flag: bool(answer.get(flag)) for flag in FLAGS} if "act" in answer else {}
        took = {"took_ms": float(entry["took_ms"])} if "took_ms" in entry else {}
        self.answers.append(named | said | flags | {"release": release, "mode": mode or LIVE} | took)
        self._given.add((name, release, mode))

    def _truth(self, entry: Mapping[str, Any], truths: Questions, target: str) -> None:
        given = {**(entry.get("key") or {}), "answer_id": entry.get("id")}
        if all(value is None for value in given.values()):
            raise ValueError("names neither an answer nor a key")
        self.truths.append(
            _read(truths, {**given, target: entry["truth"], "told_at": _instant(entry["at"]).isoformat()})
        )


def read(paths: Sequence[Path], rules: Rules, skip: Mapping[str, Collection[int]]) -> Entries:
    """Read segments in order; a line in `skip` (by segment, counted from 1) is passed over."""
    found, asked, told = Entries(), rules.asked, rules.told
    questions = compiled(asked, rules.timezone, asked.names)
    truths = compiled(told, rules.timezone, {*told.names} - {rules.target})
    for path in paths:
        left = skip.get(path.name, ())
        for number, line in enumerate(lines(path), start=1):
            if number in left:
                continue
            try:
                found.add(line, questions, truths, rules)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                found.bad.append(Bad(path.name, number, _why(error), line.decode("utf-8", "backslashreplace")))
    return found


def spelled(value: object) -> str:
    """Spell what JSON has no form for, so that a line keeps it exactly: amounts without an exponent."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def feedback_contract(name: str, case: Case, main: Contract) -> Contract:
    """Return the contract of a case's truths: an answer's id or the key's columns, the target, and when it was told."""
    target = str(case.options.get("target", ""))
    keys = tuple(replace(main.column(key), required=False) for key in main.key if key != target)
    told = replace(main.column(target), required=True)
    columns = (Column("answer_id", "text"), *keys, told, Column("told_at", "instant"))
    return replace(main, table=name + FEEDBACK, columns=columns, key=(), entity="", time="", freshness_days=None)


def rows_of(rows: Sequence[Mapping[str, Any]], contract: Contract) -> pa.Table:
    """Return typed rows as a table of the contract's columns."""
    schema = schema_of(contract)
    return pa.table([pa.array([row[one.name] for row in rows], one.type) for one in schema], schema=schema)


def answers_of(answers: Sequence[Mapping[str, Any]], keys: pa.Schema, first: int, there: pa.Schema | None) -> pa.Table:
    """Return answers as a table in the order of `CASE__answers`; `first` is the `_row` of the first question.

    First the columns of `there` where that table exists (one that an answer lacks is null), with their types.
    """
    names = _ordered(dict.fromkeys(name for answer in answers for name in answer), keys.names)
    types = {"question": pa.int64(), "answered_at": INSTANT} | {one.name: one.type for one in keys}
    types |= {one.name: one.type for one in there or ()}
    columns = {}
    for name in dict.fromkeys([*(there.names if there else ()), *names]):
        values = [answer.get(name) for answer in answers]
        if name == "question":
            values = [first + int(value) for value in values if value is not None]
        columns[name] = pa.array(values, types.get(name) or _kind(values))
    return pa.table(columns)


def _ordered(names: Collection[str], keys: Sequence[str]) -> list[str]:
    """Keys, question, id and instant, the task's own, the flags, release and mode."""
    begin, end = (*keys, "question", "answer_id", "answered_at"), (*FLAGS, "release", "mode", "took_ms")
    own = [name for name in names if name not in begin and name not in end]
    return [*begin, *own, *(name for name in end if name in names)]


def _kind(values: Sequence[Any]) -> pa.DataType | None:
    """Numbers are float64, as a solution's are, whatever JSON made of 1.0; None: what Arrow finds."""
    seen = {type(value) for value in values if value is not None}
    if seen and seen <= {int, float}:
        return pa.float64()
    return None if seen else pa.string()


def _read(questions: Questions, given: Mapping[str, Any]) -> dict[str, Any]:
    """Type the values; what was left out when it was asked stands in the line as null, and may be left out here too."""
    values, wrong = questions.read({name: value for name, value in given.items() if value is not None})
    if wrong:
        raise ValueError("; ".join(finding.text() for finding in wrong))
    return values


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "" if name == "mode" else None)
    if not isinstance(value, str):
        raise TypeError(f"no {name}")
    return value


def _instant(text: str) -> datetime:
    said = datetime.fromisoformat(text)
    if said.tzinfo is None:
        raise ValueError(f'"{text}" names no zone')
    return said.astimezone(UTC)


def _why(error: Exception) -> str:
    return f"no {error.args[0]}" if isinstance(error, KeyError) else str(error) or type(error).__name__
