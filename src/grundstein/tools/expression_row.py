"""Room tools. In: a rule (one scalar SQL expression) and one question of typed values -> Out: its answer.

The rules that people write most (comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, CASE with text) are turned into
functions once; where their answer could differ from DuckDB's by type (text beside numbers, a decimal beside a float, a
whole number that a float cannot hold), and for everything else, DuckDB answers a table of one row.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from grundstein.tools import expression
from grundstein.tools.typed import one_row

if TYPE_CHECKING:
    from grundstein.tools.syntax import Node

Row = Mapping[str, Any]
Step = Callable[[Row], Any]
Answer = bool | float | str | None

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "COMPARE_EQUAL": operator.eq,
    "COMPARE_NOTEQUAL": operator.ne,
    "COMPARE_LESSTHAN": operator.lt,
    "COMPARE_LESSTHANOREQUALTO": operator.le,
    "COMPARE_GREATERTHAN": operator.gt,
    "COMPARE_GREATERTHANOREQUALTO": operator.ge,
}
EXACT = 2**53
DIGITS = 15


class _Other(Exception):
    """DuckDB must answer."""


def evaluate_row(text: str, question: Row) -> Answer:
    """Return what `expression.evaluate` answers for a table of this one row."""
    known = _compiled(text, tuple(question))
    if known is not None:
        try:
            return known(question)
        except _Other:
            pass
    needed = expression.columns_of(text, tuple(question))
    table = one_row({name: question[name] for name in needed if name in question})
    answer = expression.run(text, table if needed else one_row({"row": 0}))
    # Where every column that it reads is empty, DuckDB may not know the type of what is missing then.
    return None if answer.null_count else cast("Answer", expression.settled(answer, text)[0].as_py())


@lru_cache(maxsize=256)
def _compiled(text: str, columns: tuple[str, ...]) -> Step | None:
    """Return the rule as a function of a question with these columns; None where it holds more than is read here."""
    expression.check(text, columns)
    spelled = {name.casefold(): name for name in columns}
    try:
        step = _step(expression.tree(text), spelled)
    except _Other:
        return None
    return lambda row: _plain(step(row))


def _plain(answer: Any) -> Answer:
    """Yes, no or text as they are; what a number becomes depends on its type in SQL."""
    if answer is None or isinstance(answer, (bool, str)):
        return answer
    raise _Other


def _step(node: Node, spelled: Mapping[str, str]) -> Step:
    shapes = {
        "CONSTANT": _constant,
        "COLUMN_REF": _column,
        "COMPARISON": _comparison,
        "CONJUNCTION": _conjunction,
        "OPERATOR": _operation,
        "BETWEEN": _between,
        "CASE": _case,
    }
    if node["class"] not in shapes:
        raise _Other
    return shapes[node["class"]](node, spelled)


def _constant(node: Node, spelled: Mapping[str, str]) -> Step:
    del spelled
    literal = node["literal"]
    text = literal.get("text", "")
    if literal["kind"] == "NUMERIC" and not set(text) <= set("-0123456789."):
        raise _Other
    if sum(letter.isdigit() for letter in text) > DIGITS and literal["kind"] in {"INTEGER", "NUMERIC"}:
        raise _Other
    read: dict[str, Callable[[str], Any]] = {
        "INTEGER": int,
        "NUMERIC": Decimal,
        "STRING": str,
        "BOOLEAN": lambda said: said == "true",
        "NULL_LITERAL": lambda _: None,
    }
    if literal["kind"] not in read:
        raise _Other
    value = read[literal["kind"]](text)
    return lambda _: value


def _column(node: Node, spelled: Mapping[str, str]) -> Step:
    name = spelled[str(node["column_names"][0]).casefold()]
    return lambda row: row[name]


def _comparison(node: Node, spelled: Mapping[str, str]) -> Step:
    if node["type"] not in COMPARE:
        raise _Other
    left, right, compare = _step(node["left"], spelled), _step(node["right"], spelled), COMPARE[node["type"]]
    return lambda row: _compared(compare, left(row), right(row))


def _conjunction(node: Node, spelled: Mapping[str, str]) -> Step:
    """AND ends at the first no, OR at the first yes; what is unknown stays unknown otherwise."""
    steps = [_step(child, spelled) for child in node["children"]]
    end = node["type"] == "CONJUNCTION_OR"

    def joined(row: Row) -> bool | None:
        said = [_flag(step(row)) for step in steps]
        return end if end in said else None if None in said else not end

    return joined


def _operation(node: Node, spelled: Mapping[str, str]) -> Step:
    steps = [_step(child, spelled) for child in node["children"]]
    first = steps[0]
    if node["type"] == "OPERATOR_NOT":
        return lambda row: None if (flag := _flag(first(row))) is None else not flag
    if node["type"] == "OPERATOR_IS_NULL":
        return lambda row: first(row) is None
    if node["type"] == "OPERATOR_IS_NOT_NULL":
        return lambda row: first(row) is not None
    if node["type"] not in {"COMPARE_IN", "COMPARE_NOT_IN"}:
        raise _Other
    wanted = node["type"] == "COMPARE_IN"

    def among(row: Row) -> bool | None:
        values = _alike([step(row) for step in steps])
        found = None if None in values[1:] or values[0] is None else False
        found = True if values[0] is not None and values[0] in values[1:] else found
        return found if wanted or found is None else not found

    return among


def _between(node: Node, spelled: Mapping[str, str]) -> Step:
    if node["type"] != "COMPARE_BETWEEN":
        raise _Other
    steps = [_step(node[part], spelled) for part in ("lower", "input", "upper")]

    def inside(row: Row) -> bool | None:
        low, value, high = _alike([step(row) for step in steps])
        ends = [None if None in pair else pair[0] <= pair[1] for pair in ((low, value), (value, high))]
        return False if False in ends else None if None in ends else True

    return inside


def _case(node: Node, spelled: Mapping[str, str]) -> Step:
    """Only where every branch is a text or nothing."""
    branches = [one["then_expr"] for one in node["case_checks"]] + [node["else_expr"]]
    if any(
        one["class"] != "CONSTANT" or one["literal"]["kind"] not in {"STRING", "NULL_LITERAL"} for one in branches
    ) or all(one["literal"]["kind"] == "NULL_LITERAL" for one in branches):
        raise _Other
    checks = [_step(one["when_expr"], spelled) for one in node["case_checks"]]
    says = [_step(one, spelled)({}) for one in branches]

    def chosen(row: Row) -> Any:
        flags = [_flag(check(row)) for check in checks]
        return next((said for flag, said in zip(flags, says, strict=False) if flag), says[-1])

    return chosen


def _compared(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool | None:
    left, right = _alike([left, right])
    return None if left is None or right is None else compare(left, right)


def _alike(values: list[Any]) -> list[Any]:
    """Return values that Python compares as DuckDB does: all texts, all yes or no, or all numbers of one kind."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) == 1 and kinds <= {str, bool, int, Decimal}:
        return values
    if float not in kinds:
        if kinds - {int, Decimal}:
            raise _Other
        if any(abs(value) >= 10**DIGITS for value in values if value is not None):
            raise _Other
        return values
    if kinds - {int, Decimal, float}:
        raise _Other
    return [None if value is None else _float(value) for value in values]


def _float(value: Any) -> float:
    if not math.isfinite(value) or (not isinstance(value, float) and abs(value) >= EXACT):
        raise _Other
    return float(value)


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise _Other
