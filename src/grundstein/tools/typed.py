"""Room tools. In: the logical types of a contract, one question as Python values -> Out: Arrow types, a table of a row.

Values of a question are str, int, float, bool, Decimal, date, datetime (UTC) or None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grundstein.core.contract import Column, Type
from grundstein.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grundstein.core.contract import Contract


def arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type of a column."""
    return {
        "integer": pa.int64(),
        "number": pa.float64(),
        "decimal": pa.decimal128(18, column.scale),
        "text": pa.string(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "instant": pa.timestamp("us", "UTC"),
    }[column.type]


def logical_type(kind: pa.DataType) -> Type:
    """Return the logical type that stands for an Arrow type; text for what has none."""
    tests: dict[Type, Callable[[pa.DataType], bool]] = {
        "integer": pa.types.is_integer,
        "number": pa.types.is_floating,
        "decimal": pa.types.is_decimal,
        "boolean": pa.types.is_boolean,
        "date": pa.types.is_date,
        "instant": pa.types.is_timestamp,
    }
    return next((name for name, test in tests.items() if test(kind)), "text")


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """Return the columns of a contract as a schema has them."""
    return tuple(Column(one.name, logical_type(one.type), scale=getattr(one.type, "scale", 2)) for one in schema)


def schema_of(contract: Contract) -> pa.Schema:
    """Return the Arrow schema of a contract."""
    return pa.schema([(column.name, arrow_type(column)) for column in contract.columns])


def one_row(question: Mapping[str, Any], schema: pa.Schema | None = None) -> pa.Table:
    """Return a table of this one row, of the schema's types where there is one; Refused where a value does not fit."""
    types = {} if schema is None else {field.name: field.type for field in schema}
    columns = {}
    for name, value in question.items():
        try:
            columns[name] = pa.array([value], types.get(name))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise Refused(
                f'"{name}" is not of the type that was learnt: {str(error).splitlines()[0]}.',
                f"A value of type {types[name]}." if name in types else "Text, a number, a date or yes and no.",
                "Correct the question.",
            ) from None
    return pa.table(columns)
