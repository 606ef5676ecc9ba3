"""Room production. In: a released solution and questions, part by part or one by one -> Out: answers, with release."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, offered
from grundstein.core.task import Choosy, Living
from grundstein.production.capacity import limited
from grundstein.tools.sealing import HOUSE_COLUMNS, NOTHING, texts_hash, unit_hash
from grundstein.tools.typed import one_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.contract import Contract
    from grundstein.core.task import LiveTable, Reason, Solution, Task
    from grundstein.production.capacity import Capacity

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

QUESTIONS, ANSWERS, FEEDBACK = "__questions", "__answers", "__feedback"
LIVE, SHADOW = "live", "shadow"
PART = 65_536
INSTANT = pa.timestamp("us", "UTC")
LABEL = "holdback"


@dataclass(frozen=True)
class Call:
    """One call that asks many questions: what its answers are named by, when they were given, live or in shadow.

    `capacity` counts what may still be acted on; None: all that are asked about.
    """

    batch: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    mode: str = LIVE
    capacity: Capacity | None = None


@dataclass(frozen=True)
class Answerer:
    """A solution at work: `keys` name a question in the answer, `holdback` of them are never acted on.

    `schema` holds the names and types of a question's columns; without it one question must bring them all, as typed.
    """

    solution: Solution
    live: Mapping[str, LiveTable]
    release: str
    keys: tuple[str, ...]
    holdback: float
    salt: str
    schema: pa.Schema | None = None

    def answer(self, questions: pa.Table, call: Call) -> pa.Table:
        """Answer one part; one row a question in the same order.

        Columns: the keys, `question` (the `_row` of the question), `answer_id`, `answered_at`, those of the task's
        answers, where they can act also `held_back` and `beyond_capacity`, `release`, `mode`. A row that is held back
        has act 0: the same row always is; so has one that the capacity has no room for. The same call gives the same
        answer the same name.
        """
        plain = questions.drop_columns([name for name in questions.column_names if name in HOUSE_COLUMNS])
        answers = self.solution.answer(plain, self.live)
        if self.holdback and "act" in answers.column_names:
            answers = self._held_back(questions, answers)
        answers = limited(answers, call.capacity, call.at)
        rows = questions.num_rows
        columns = {name: questions[name] for name in self.keys} | {"question": questions["_row"]}
        columns["answer_id"] = answer_ids(call.batch, questions["_row"])
        columns["answered_at"] = pa.repeat(pa.scalar(call.at, INSTANT), rows)
        columns |= {name: answers[name] for name in answers.column_names}
        columns |= {"release": pa.repeat(self.release, rows), "mode": pa.repeat(call.mode, rows)}
        return pa.table(columns)

    def row(self, question: Mapping[str, Any], answer_id: str, *, whole: bool = False) -> dict[str, Any]:
        """Answer one question of typed values: what `answer` says of it, with `answer_id`, `held_back` and `release`.

        A column that the question leaves out is empty. Refused where a value is not of its type. `whole`: all columns
        are there, and of their types.
        """
        asked = question if whole else self.complete(question)
        answer = self._rows.row(asked)
        if self.holdback and "act" in answer:
            answer["held_back"] = self._is_left_alone(self._naming(asked))
            answer["act"] = 0.0 if answer["held_back"] else answer["act"]
        return {"answer_id": answer_id, **answer, "release": self.release}

    def reasons(self, question: Mapping[str, Any], most: int = 3, *, whole: bool = False) -> Sequence[Reason]:
        """Return what moved the answer to this question most, the strongest first; `whole` as in `row`."""
        return self._rows.reasons(question if whole else self.complete(question), most)

    def complete(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the question with every column that a question has, each value of its column's type.

        Refused where a value is of another type.
        """
        if self.schema is None:
            return question
        asked = {name: question.get(name) for name in self.schema.names}
        for name, kind, scale in self._types:
            value = asked[name]
            plain = type(value) is kind and not (isinstance(value, Decimal) and value.as_tuple().exponent != -scale)
            if value is not None and not plain:
                asked[name] = one_row({name: value}, self.schema)[name][0].as_py()
        return asked

    @cached_property
    def _types(self) -> list[tuple[str, type, int]]:
        """The Python type of each column's values, and how many digits a decimal has behind its point."""
        kinds: list[tuple[Callable[[pa.DataType], bool], type]] = [
            (pa.types.is_string, str),
            (pa.types.is_integer, int),
            (pa.types.is_floating, float),
            (pa.types.is_boolean, bool),
            (pa.types.is_decimal, Decimal),
            (pa.types.is_date, date),
            (pa.types.is_timestamp, datetime),
        ]
        found = [(one, [kind for test, kind in kinds if test(one.type)]) for one in self.schema or ()]
        return [(one.name, (*each, object)[0], getattr(one.type, "scale", 0)) for one, each in found]

    @cached_property
    def _rows(self) -> Any:
        if isinstance(self.solution, Living):
            return self.solution.beside(self.live)
        return self.solution if hasattr(self.solution, "row") else ByTable(self.solution, self.live, self.schema)

    def _naming(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a question that decides whether it is held back."""
        named = {name: question.get(name) for name in self.keys}
        return named if any(value is not None for value in named.values()) else dict(question)

    def _is_left_alone(self, named: Mapping[str, Any]) -> bool:
        """As `_left_alone` of a table of this row; without the table where the texts of all its values are plain."""
        keys = [name for name in self.keys if name in named]
        texts = [self._text(name, named[name]) for name in keys or sorted(named)]
        if None in texts or len(texts) != len(named):
            return bool(self._left_alone(one_row(named, self.schema))[0])
        return texts_hash([str(text) for text in texts], self.salt, LABEL) < int(self.holdback * 2.0**63)

    def _text(self, name: str, value: Any) -> str | None:
        """What Arrow writes of a text, a whole number or a date; None: whatever it writes."""
        if value is None:
            return NOTHING
        return str(value) if type(value) is self._plain.get(name) else None

    @cached_property
    def _plain(self) -> Mapping[str, type]:
        kinds: Mapping[pa.DataType, type] = {pa.string(): str, pa.int64(): int, pa.date32(): date}
        return {one.name: kinds[one.type] for one in self.schema or () if one.type in kinds}

    def _held_back(self, questions: pa.Table, answers: pa.Table) -> pa.Table:
        left = self._left_alone(questions)
        act = np.where(left, 0.0, np.asarray(answers["act"], dtype=float))
        place = answers.column_names.index("act")
        return answers.set_column(place, "act", pa.array(act)).append_column("held_back", pa.array(left))

    def _left_alone(self, questions: pa.Table) -> Flags:
        """Mark by the hash of the key who is never acted on; a question without one by its whole content."""
        keys = [name for name in self.keys if name in questions.column_names]
        hashed = unit_hash(questions, keys, self.salt, LABEL)
        nameless = np.ones(len(hashed), dtype=np.bool_)
        for name in keys:
            nameless &= np.asarray(pc.is_null(questions[name]))
        if keys and nameless.any():
            hashed[nameless] = unit_hash(questions.filter(pa.array(nameless)), (), self.salt, LABEL)
        return hashed < int(self.holdback * 2.0**63)


@dataclass(frozen=True)
class ByTable:
    """One question at a time for a solution that knows tables alone: slow, and with no reasons."""

    solution: Solution
    live: Mapping[str, LiveTable]
    schema: pa.Schema | None = None

    def row(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a table of one row."""
        [answer] = self.solution.answer(one_row(question, self.schema), self.live).to_pylist()
        return dict(answer)

    def reasons(self, question: Mapping[str, Any], most: int) -> Sequence[Reason]:
        """Nothing is known of what moved it."""
        del question, most
        return ()


def answer_ids(batch: str, rows: pa.ChunkedArray) -> pa.ChunkedArray:
    """Name answers by the call's batch and the question's row."""
    return pc.binary_join_element_wise(batch[:16], pc.cast(rows, pa.string()), "-")


def parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Join small batches and cut large ones, so that a part holds some 65,000 rows."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        for start in range(0, batch.num_rows, PART):
            held.append(batch.slice(start, PART))
            if sum(one.num_rows for one in held) >= PART:
                yield pa.Table.from_batches(held)
                held = []
    if held:
        yield pa.Table.from_batches(held)


def unknown_columns(case: Case, main: Contract) -> set[str]:
    """Return the columns that nobody knows when the answer is needed."""
    told = {str(case.options.get(name, "")) for name in ("target", "relevant", "said")}
    unknown = {*told, case.acted, *case.ignore}
    return unknown | {column.name for column in main.columns if column.known_at == "after"}


def own_contract(name: str, own: Contract, main: Contract) -> Contract:
    """Return the contract of questions that are no rows of the main table, in the types of its columns."""
    from dataclasses import replace

    columns = tuple(
        replace(main.column(one.name), required=True, description=one.description) if one.name in main.names else one
        for one in own.columns
    )
    return replace(main, table=name + QUESTIONS, columns=columns, key=(), entity="", time="")


def spare_columns(case: Case, main: Contract, task: Task) -> set[str]:
    """Return the columns that a question may leave out: what names it, its time, what the task does not read."""
    return {*main.key, case.time, case.entity} | unread_columns(case, main, task)


def unread_columns(case: Case, main: Contract, task: Task) -> set[str]:
    """Return the columns that are known when the answer is needed, and that the task does not read."""
    if not isinstance(task, Choosy):
        return set()
    return set(main.names) - set(task.reads(case)) - unknown_columns(case, main)


def questions_contract(name: str, case: Case, main: Contract, there: Sequence[str], task: Task) -> Contract:
    """Return the contract of a case's questions: the table's own, less its target, as far as the source has it.

    No key: the same customer may be asked again. Refused where a column lacks that the answer may rest on.
    """
    from dataclasses import replace

    spare = spare_columns(case, main, task)
    lacking = [n for n in main.names if n not in there and n not in (*unknown_columns(case, main), *spare)]
    if lacking:
        raise Refused(
            f'The rows lack the column "{lacking[0]}", which the answers of {name} rest on.',
            offered(lacking[0], there),
            "Export the rows as the table's were exported",
        )
    columns = tuple(column for column in main.columns if column.name in there)
    return replace(main, table=name + QUESTIONS, columns=columns, key=(), entity="", time="")
