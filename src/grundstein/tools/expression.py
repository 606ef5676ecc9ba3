"""Room tools. In: a rule (one scalar SQL expression) and an Arrow table -> Out: its answer a row, in the same order.

A rule reads the columns of one row and nothing else. Everything it may use stands in `sql_words`: whatever is not
listed is refused before anything runs. An answer that is not a finite number is missing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grundstein.core.errors import Refused, nearest
from grundstein.tools.sql_words import AGGREGATES, CHANCE, CLOCK, CLOCK_WORDS, ROW_FUNCTIONS, ROW_TYPES, WINDOWS
from grundstein.tools.syntax import Node, bounded, engine, nodes, offer, parse, reason, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["boolean", "number", "text"]

LONGEST = 4_000
BEFORE, AFTER = "SELECT (", "\n) AS answer FROM rows"
QUOTED = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
CLASSES = {
    "CONSTANT",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "OPERATOR",
    "BETWEEN",
    "CASE",
    "CAST",
    "TYPE",
    "FUNCTION",
}
OPERATIONS = {
    "OPERATOR_NOT",
    "OPERATOR_IS_NULL",
    "OPERATOR_IS_NOT_NULL",
    "OPERATOR_COALESCE",
    "OPERATOR_TRY",
    "COMPARE_IN",
    "COMPARE_NOT_IN",
}
SHAPES = {
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function",
    "STAR": "*",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a column by its position",
    "LAMBDA": "a lambda",
}
PREPARE = "Prepare it in the SELECT of `data:` and name that column here."
EXPECTED = "One expression over the columns of one row, such as: tenure < 12 and Contract = 'Month-to-month'"


def columns_of(text: str, columns: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns that a rule reads, in order of appearance.

    With `columns` they are spelled as the table spells them (SQL does not mind upper and lower case).
    """
    spelled = {name.casefold(): name for name in columns}
    names = [node["column_names"][0] for node in _checked(text) if node.get("class") == "COLUMN_REF"]
    return tuple(dict.fromkeys(spelled.get(name.casefold(), name) for name in names))


def check(text: str, columns: Sequence[str]) -> None:
    """Refuse a rule that is no scalar expression, uses what is not on the list, or names a column there is not."""
    known = {name.casefold() for name in columns}
    for name in columns_of(text):
        if name.casefold() not in known:
            raise _unknown_column(name, columns)


def evaluate(text: str, table: pa.Table) -> pa.ChunkedArray:
    """Return the rule's answer for each row, in the order of the table: bool, float64 or string.

    Missing where the rule says nothing (SQL's NULL) or gives no finite number (a division by zero).
    Refused where it does not fit the types or fails on a row.
    """
    return settled(run(text, table), text)


def settled(answer: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    """Return what a rule answered as bool, float64 or string; Refused where it is neither."""
    if pa.types.is_boolean(answer.type):
        return answer
    if _kind(answer.type, text) == "text":
        return pc.cast(answer, pa.string())
    numbers = pc.cast(answer, pa.float64())
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))


def tree(text: str) -> Node:
    """Return the syntax tree of a rule that is on the list, for reading."""
    node: Node = parse(text, LONGEST, BEFORE, AFTER)[0]["select_list"][0] if _checked(text) else {}
    return node


def kind(text: str, table: pa.Table) -> Kind:
    """Return what a rule answers with; its types decide, so the table may be empty."""
    return _kind(run(text, table.slice(0, 0)).type, text)


def run(text: str, table: pa.Table) -> pa.ChunkedArray:
    """Return the rule's answer for each row in DuckDB's own type; Refused as in `evaluate`."""
    check(text, table.column_names)
    read = columns_of(text, table.column_names)
    # A rule without a column still answers once a row: the row numbers carry it.
    rows = table.select(list(read)) if read else pa.table({"row": np.arange(table.num_rows)})
    with engine() as cursor:
        try:
            cursor.register("rows", rows)
            return cursor.sql(BEFORE + text + AFTER).to_arrow_table().column(0)
        except (duckdb.Error, pa.ArrowInvalid) as error:
            raise Refused(
                f"The rule does not work on these rows: {reason(str(error))}.",
                "A comparison of like with like, for every row.",
                "Compare text with text in single quotes; try_cast(column as double) is empty where it is no number.",
            ) from None


@lru_cache(maxsize=256)
def _checked(text: str) -> tuple[Node, ...]:
    """Return the nodes of a rule that is on the list. What is checked is the sentence that runs, not the text alone."""
    if not text.strip():
        raise Refused("The rule is empty.", EXPECTED, "Leave `baseline:` out where there is no rule.")
    _narrow(text)
    statements = parse(text, LONGEST, BEFORE, AFTER)
    if len(statements) != 1 or not _is_plain(statements[0]):
        raise _several()
    found = [node for node in nodes(statements[0]["select_list"]) if "class" in node]
    for node in found:
        _allowed(node)
    return tuple(found)


def _narrow(text: str) -> None:
    """Refuse queries before the parser sees them (nested WITH would keep it busy), and quotes that hide them."""
    bounded(text, LONGEST)
    bare = QUOTED.sub("\x01", text)
    if re.search(r"\b(select|with)\b", bare, re.IGNORECASE):
        raise Refused("The rule holds a query (SELECT or WITH).", EXPECTED, PREPARE)
    if re.search(r"\$|/\*|\be\x01", bare, re.IGNORECASE):
        raise Refused(
            "The rule holds $, /* or E'...'.", "Text in plain single quotes, columns by their names.", EXPECTED
        )


def _is_plain(query: Node) -> bool:
    table, items = query.get("from_table") or {}, query.get("select_list") or []
    extra = ("modifiers", "where_clause", "group_expressions", "group_sets", "having", "sample", "qualify")
    return (
        query["type"] == "SELECT_NODE"
        and len(items) == 1
        and items[0].get("alias") == "answer"
        and table.get("type") == "BASE_TABLE"
        and table.get("qualified_name") == {"path": ["rows"]}
        and not any(query.get(part) for part in extra)
        and not (query.get("cte_map") or {}).get("map")
        and not table.get("sample")
        and not table.get("at_clause")
    )


def _allowed(node: Node) -> None:
    shape = node["class"]
    if shape not in CLASSES or (shape == "OPERATOR" and node["type"] not in OPERATIONS):
        what = SHAPES.get(shape, "this form of SQL")
        raise Refused(f"The rule holds {what}.", EXPECTED, PREPARE)
    if shape == "FUNCTION":
        _allowed_function(node)
    if shape == "COLUMN_REF" and len(node["column_names"]) != 1:
        name = ".".join(node["column_names"])
        raise Refused(f'"{name}" has a dot in it.', "A column's name alone.", f'Write "{node["column_names"][-1]}".')
    if shape == "TYPE" and str(node["type_name"]).casefold() not in ROW_TYPES:
        step = offer(str(node["type_name"]), ROW_TYPES, "Cast to double, text, boolean, date or timestamp.")
        raise Refused(f'The rule casts to "{node["type_name"]}".', "A number, text, boolean, date or time.", step)


def _allowed_function(node: Node) -> None:
    name = str(node["function_name"]).casefold()
    bare = node.get("qualified_name") == {"path": [node["function_name"]]}
    asked = node.get("filter") or node.get("distinct") or (node.get("order_bys") or {}).get("orders")
    if name in ROW_FUNCTIONS and bare and not asked:
        return
    if name == "row":
        raise _several()
    expected = "Functions of one row: arithmetic, text, dates, conditions."
    words = [word for word in ROW_FUNCTIONS if word[0].isalpha()]
    step = offer(name, words, PREPARE)
    if not bare:
        step = f'Write "{name}(...)" without a dot.'
    elif name in AGGREGATES or name in WINDOWS or asked:
        expected, step = "Functions of one row; this one reads many rows.", PREPARE
    elif name in CLOCK or name in CHANCE:
        expected, step = "Functions that answer the same tomorrow, without clock or chance.", PREPARE
    raise Refused(f'The rule uses "{name}".', expected, step)


def _several() -> Refused:
    return Refused(
        "The rule is more than one expression.",
        EXPECTED,
        "Write only the condition or the score: no SELECT, FROM or semicolon, no list of expressions, no alias.",
    )


def _unknown_column(name: str, columns: Sequence[str]) -> Refused:
    step = nearest(name, columns)
    if name.casefold() in CLOCK_WORDS:
        step = "Name the day itself, date '2026-01-31', or take it from a column."
    elif not step.startswith("did you mean"):
        step = f"Text stands in single quotes: '{name}'. Columns: {', '.join(columns[:20])}"
    step = step[:1].upper() + step[1:]
    return Refused(
        f'The rule names the column "{name}", which the table does not have.', "A column of the table.", step
    )


def _kind(answer: pa.DataType, text: str) -> Kind:
    if pa.types.is_boolean(answer):
        return "boolean"
    if pa.types.is_integer(answer) or pa.types.is_floating(answer) or pa.types.is_decimal(answer):
        return "number"
    if pa.types.is_string(answer) or pa.types.is_large_string(answer) or pa.types.is_dictionary(answer):
        return "text"
    raise Refused(
        f"The rule answers with {answer}.",
        "Yes or no (a condition), a number or text.",
        f"Compare it with something: ({shortened(text, 40)}) < ...",
    )
