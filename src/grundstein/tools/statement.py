"""Room tools. In: a person's SELECT -> Out: the tables it reads, and whether it orders its rows; nothing is run.

The walk knows every kind of node by name. A kind, a function or a type that is not on a list is refused, so a statement
that writes cannot hide in a WITH, and what a new DuckDB brings stays closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grundstein.core.errors import Refused
from grundstein.tools.sql_words import (
    CHANCE,
    CLOCK,
    CLOCK_WORDS,
    SELECT_FUNCTIONS,
    SELECT_TYPES,
    TABLE_FUNCTIONS,
)
from grundstein.tools.syntax import Node, children, offer

QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
TABLES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "PIVOT", "TABLE_FUNCTION", "SHOW_REF"}
PARTS = {
    "ORDER_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "DISTINCT_MODIFIER",
    "ORDER_DEFAULT",
    "ASCENDING",
    "DESCENDING",
}
CLASSES = {
    "BETWEEN",
    "CASE",
    "CAST",
    "COLLATE",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "FUNCTION",
    "LAMBDA",
    "LAMBDA_REF",
    "OPERATOR",
    "POSITIONAL_REFERENCE",
    "STAR",
    "SUBQUERY",
    "TYPE",
    "WINDOW",
}
EXPECTED = "One SELECT over governed tables."


@dataclass(frozen=True)
class Reading:
    """What one SELECT reads, and whether its outermost query says ORDER BY."""

    tables: tuple[str, ...]
    ordered: bool


@dataclass
class _Walk:
    """Where the walk stands: tables found so far (by folded name), and whether clock and chance are refused."""

    steady: bool
    tables: dict[str, str] = field(default_factory=dict)


def reading(statements: list[Node], steady: bool = False) -> Reading:
    """Check the tree of one SELECT against the lists; with `steady` it may not ask clock or chance."""
    if len(statements) != 1:
        what = f"There are {len(statements)} statements." if statements else "There is no statement."
        step = "Run them one after the other." if statements else "SELECT * FROM table"
        raise Refused(what, "Exactly one SELECT.", step)
    walk = _Walk(steady)
    waiting: list[tuple[Any, frozenset[str]]] = [(statements[0], frozenset())]
    while waiting:
        item, names = waiting.pop()
        below = _visit(item, names, walk) if isinstance(item, dict) else [(child, names) for child in children(item)]
        waiting.extend(reversed(below))
    modifiers = statements[0].get("modifiers") or []
    ordered = any(modifier.get("type") == "ORDER_MODIFIER" for modifier in modifiers)
    return Reading(tuple(walk.tables.values()), ordered)


def _visit(node: Node, names: frozenset[str], walk: _Walk) -> list[tuple[Any, frozenset[str]]]:
    """Check one node; return what hangs below it with the CTE names that are visible there."""
    shape, kind = node.get("class"), node.get("type")
    if isinstance(shape, str):
        _expression(node, shape, walk)
    elif isinstance(kind, str):
        _part(node, kind, names, walk)
    if "cte_map" in node:
        return _scopes(node, names)
    return [(child, names) for child in node.values()]


def _scopes(query: Node, names: frozenset[str]) -> list[tuple[Any, frozenset[str]]]:
    """A CTE sees those before it, itself only where it is recursive; the query sees them all."""
    below: list[tuple[Any, frozenset[str]]] = []
    for entry in (query["cte_map"] or {}).get("map") or []:
        name, body = str(entry["key"]).casefold(), entry["value"]
        own = (body.get("query_node") or {}).get("type") == "RECURSIVE_CTE_NODE"
        below.append((body, names | {name} if own else names))
        names = names | {name}
    return below + [(child, names) for key, child in query.items() if key != "cte_map"]


def _part(node: Node, kind: str, names: frozenset[str], walk: _Walk) -> None:
    if kind not in QUERIES | TABLES | PARTS:
        raise Refused(
            "This form of SQL changes something or is not known here.",
            EXPECTED,
            "Read only: no INSERT, UPDATE, DELETE, not inside WITH either.",
        )
    if kind == "BASE_TABLE":
        _table(node, names, walk)
    if kind == "SHOW_REF" and not node.get("query"):
        raise Refused(
            "SHOW reads the catalogue.",
            EXPECTED,
            "Look at all tables with `grundstein tables`, at one with SUMMARIZE table.",
        )
    if kind == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).casefold()
        if name not in TABLE_FUNCTIONS:
            raise Refused(
                f'"{name}" is not a table.', EXPECTED, "Bring files in with `grundstein ingest`, then name the table."
            )
    sample = node.get("sample") or {}
    if walk.steady and sample and sample.get("seed", -1) in (-1, None):
        raise _unsteady("A sample without a seed")


def _table(node: Node, names: frozenset[str], walk: _Walk) -> None:
    path = (node.get("qualified_name") or {}).get("path") or []
    if path != [node.get("table_name")] or node.get("at_clause"):
        raise Refused(
            f'"{".".join(map(str, path))}" is not a plain name of a table.',
            "A governed table by its name alone.",
            f'Write "{path[-1]}"; a list inside a row is unnest({".".join(map(str, path))})'
            if path
            else "SELECT * FROM table",
        )
    name = str(node["table_name"])
    if name.casefold() not in names:
        walk.tables.setdefault(name.casefold(), name)


def _expression(node: Node, shape: str, walk: _Walk) -> None:
    if shape not in CLASSES:
        raise Refused(f"A SELECT may not hold {shape.lower().replace('_', ' ')}.", EXPECTED, "Write the value itself.")
    if shape in ("FUNCTION", "WINDOW"):
        _function(str(node["function_name"]).casefold(), walk)
    if shape == "TYPE" and str(node["type_name"]).casefold() not in SELECT_TYPES:
        step = offer(
            str(node["type_name"]), SELECT_TYPES, "Cast to double, text, boolean, date, timestamp or decimal(18,2)."
        )
        raise Refused(f'"{node["type_name"]}" is not a type to cast to.', "A type of values.", step)
    clock = shape == "COLUMN_REF" and str(node["column_names"][-1]).casefold() in CLOCK_WORDS
    if walk.steady and clock and len(node["column_names"]) == 1:
        raise _unsteady(str(node["column_names"][0]))


def _function(name: str, walk: _Walk) -> None:
    if name not in SELECT_FUNCTIONS:
        words = [word for word in SELECT_FUNCTIONS if word[0].isalpha()]
        raise Refused(
            f'The function "{name}" may not be used.',
            "Functions of values: numbers, text, dates, lists, aggregates, windows.",
            offer(name, words, "Files come in with `grundstein ingest`; settings and catalogue stay closed."),
        )
    if walk.steady and name in CLOCK | CHANCE:
        raise _unsteady(f"{name}()")


def _unsteady(what: str) -> Refused:
    return Refused(
        f"{what} depends on the clock or on chance.",
        "A SELECT that gives the same rows again.",
        "Name the day itself, date '2026-01-31', or take it from a column.",
    )
