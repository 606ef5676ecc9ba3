"""Room flow. In: a released model outside its project, and rows as others hold them -> Out: the answers of `answer`.

The same Answerer and the same reading of values as inside: what is exported answers alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.exporting import Field, Kind
from grundstein.flow.answering import answerer
from grundstein.production.answering import Answerer, Call, questions_contract, spare_columns, unknown_columns
from grundstein.production.questions import Questions, compiled
from grundstein.tools.typed import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.contract import Column, Contract
    from grundstein.core.ports import Entry, Project
    from grundstein.core.task import Solution

OURS = ("question", "answer_id", "answered_at", "mode")
KINDS: Mapping[str, Kind] = {"integer": "whole", "number": "number", "decimal": "number", "boolean": "flag"}


@dataclass(frozen=True)
class Predictor:
    """A release at work outside: `predict` has the form that MLflow asks for."""

    answers: Answerer
    questions: Questions
    schema: pa.Schema

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Answer a data frame with one, a list of dicts with one; Refused at the first row that is wrong."""
        del params
        framed = hasattr(data, "to_dict")
        told = self.answer(data.to_dict("records") if framed else list(data))
        return type(data)(told.to_pydict()) if framed else told.to_pylist()

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        """Answer rows: keys, the task's columns, `held_back` where there is one, `release`."""
        typed = [self._read(number, row) for number, row in enumerate(rows, 1)]
        table = pa.Table.from_pylist(typed, self.schema)
        asked = table.append_column("_row", pa.array(np.arange(table.num_rows, dtype=np.int64)))
        told = self.answers.answer(asked, Call(""))
        return told.drop_columns([name for name in OURS if name in told.column_names])

    def _read(self, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        values, wrong = self.questions.read({name: plain(value) for name, value in row.items()})
        if wrong:
            raise Refused(f"Row {number}: {wrong[0].text()}", "A row that keeps the contract.", "Correct the row")
        return values


def plain(value: Any) -> Any:
    """A value as JSON would bring it: data frames hold NaN, time stamps and numbers of their own."""
    if value is None or value != value or type(value).__name__ == "NAType":  # noqa: PLR0124  (NaN and NaT are not equal to themselves)
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Decimal) else value


def asked_contract(project: Project, case: Case) -> tuple[Contract, frozenset[str], tuple[str, ...]]:
    """The contract of a case's questions, the columns that may lack, and those that name a row."""
    task = project.task(case.task)
    main = project.contract(case.data[task.roles[0].name])
    if main is None:
        raise Refused("its rows come from a SELECT, which has no contract.", "A governed table.", "Name a table")
    unknown = unknown_columns(case, main)
    contract = questions_contract(case.name, case, main, [one for one in main.names if one not in unknown], task)
    return contract, frozenset(spare_columns(case, main, task) & set(contract.names)), main.key


def sides(
    project: Project, entry: Entry, case: Case
) -> tuple[Contract, tuple[Field, ...], tuple[Field, ...], tuple[str, ...]]:
    """The contract of questions, the columns of a question and, as a row without values is answered, of an answer."""
    contract, optional, keys = asked_contract(project, case)
    schema = schema_of(contract)
    told = _blank(answerer(project, entry, schema), schema)
    gives = tuple(_given(one) for one in told.schema if one.name not in OURS)
    return contract, tuple(_field(one, optional) for one in contract.columns), gives, keys


def _blank(ready: Answerer, schema: pa.Schema) -> pa.Table:
    """The answer to a row without values: its columns are those of any answer. Refused where there is none."""
    table = pa.Table.from_pylist([dict.fromkeys(schema.names)], schema)
    try:
        return ready.answer(table.append_column("_row", pa.array([0])), Call(""))
    except (pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise Refused(
            f"a row without values cannot be answered ({type(error).__name__}).", "An answer.", "grundstein serve"
        ) from error


def load(
    solution: Solution, case: Case, contract: Contract, keys: Sequence[str], release: str, timezone: str
) -> Predictor:
    """A release that needs nothing of its project."""
    schema = schema_of(contract)
    named = tuple(name for name in keys if name in schema.names)
    optional = frozenset({*keys, case.time, case.entity} & set(schema.names))
    ready = Answerer(solution, {}, release, named, 0.0, "", schema)
    return Predictor(ready, compiled(contract, timezone, optional), schema)


def load_beside(project: Project, entry: Entry, case: Case, contract: Contract, keys: Sequence[str]) -> Predictor:
    """A release that needs its project: for who is never acted on, or for tables that it reads fresh."""
    schema = schema_of(contract)
    optional = frozenset({*keys, case.time, case.entity} & set(schema.names))
    return Predictor(answerer(project, entry, schema), compiled(contract, project.timezone, optional), schema)


def refuse_over(until: str, name: str) -> None:
    """Refuse a release whose signature ended."""
    if until < datetime.now(UTC).date().isoformat():
        raise Refused(
            f"The signature of {name} ended on {until}.", "A signature that counts.", f"grundstein sign {name}"
        )


def _field(column: Column, optional: frozenset[str]) -> Field:
    """A whole number that may be empty is a number: data frames know no empty integers."""
    kind = KINDS.get(column.type, "instant" if column.type == "instant" else "text")
    if kind == "whole" and not column.required:
        kind = "number"
    return Field(column.name, kind, column.name not in optional)


def _given(one: pa.Field) -> Field:
    many = pa.types.is_list(one.type) or pa.types.is_large_list(one.type)
    return Field(one.name, _kind_of(one.type.value_type if many else one.type), many=many)


def _kind_of(kind: pa.DataType) -> Kind:
    if pa.types.is_boolean(kind):
        return "flag"
    if pa.types.is_integer(kind):
        return "whole"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "instant" if pa.types.is_timestamp(kind) else "text"
