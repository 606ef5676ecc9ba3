"""Room production. In: a contract -> Out: Questions, which reads one JSON object into typed values or all its errors.

The same values are refused as when a file is ingested, and none is changed to make it fit: blank texts and those that
the source uses for nothing become null, instants without a zone are read in the project's.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from grundstein.core.errors import nearest
from grundstein.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from grundstein.core.contract import Column, Contract

    Reader = Callable[[Any], Any]

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
DIGITS, SHOWN, LISTED = 18, 60, 8
EXACT = 2.0**53
MISSING: Any = object()


class Unfit(ValueError):
    """A value that breaks its column's rule: the code and the facts besides the field."""

    def __init__(self, code: str, **facts: str | int | float) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Questions:
    """The compiled rules of one contract: of each field its reader, whether it is required, whether it may not lack."""

    readers: Mapping[str, tuple[Reader, bool, bool]]

    def read(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        """Return the typed values by column, and every rule that is broken; values count where there is no error."""
        values: dict[str, Any] = {}
        wrong: list[Finding] = []
        there = 0
        for name, (reader, required, must) in self.readers.items():
            value = given.get(name, MISSING)
            if value is MISSING:
                if must:
                    wrong.append(Finding("GST-Q02", "issue", {"field": name}))
                value = None
            else:
                there += 1
                try:
                    value = None if value is None else reader(value)
                except Unfit as error:
                    value = None
                    wrong.append(Finding(error.code, "issue", {"field": name, **error.facts}))
                else:
                    if value is None and required:
                        wrong.append(Finding("GST-Q03", "issue", {"field": name}))
            values[name] = value
        if there < len(given):
            wrong += [self._unknown(name) for name in given if name not in self.readers]
        return values, wrong

    def _unknown(self, name: str) -> Finding:
        return Finding("GST-Q01", "issue", {"field": name[:SHOWN], "hint": nearest(name[:SHOWN], self.readers)})


def compiled(contract: Contract, timezone: str, optional: Collection[str] = ()) -> Questions:
    """Compile a contract; the fields in `optional` may be left out."""
    return Questions(
        {one.name: (reader_of(one, timezone), one.required, one.name not in optional) for one in contract.columns}
    )


def reader_of(column: Column, timezone: str) -> Reader:
    """Return what reads one value of a column that is not null; it raises Unfit."""
    made: Mapping[str, Callable[[], Reader]] = {
        "integer": lambda: _ranged(_integer, column),
        "number": lambda: _ranged(_number, column),
        "decimal": lambda: _ranged(_decimal(column.scale), column),
        "text": lambda: _text(column),
        "boolean": lambda: _boolean,
        "date": lambda: _date,
        "instant": lambda: _instant(timezone),
    }
    reader = made[column.type]()
    return _allowed(reader, column) if column.allowed else reader


def _integer(value: Any) -> int:
    if type(value) is float and value.is_integer() and abs(value) < EXACT:
        value = int(value)
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise Unfit("GST-Q04", expected="a whole number")
    return value


def _number(value: Any) -> float:
    if type(value) is int:
        value = float(value) if abs(value) < 2**1000 else math.inf
    if type(value) is not float or not math.isfinite(value):
        raise Unfit("GST-Q04", expected="a number")
    return value


def _decimal(scale: int) -> Reader:
    step, most = Decimal(1).scaleb(-scale), Decimal(10) ** (DIGITS - scale)

    def read(value: Any) -> Decimal:
        if type(value) not in (int, float, str) or (type(value) is str and not DECIMAL.fullmatch(value)):
            raise Unfit("GST-Q04", expected=f"an amount with up to {scale} decimals")
        try:
            exact = Decimal(value if type(value) is not float else repr(value))
            kept = exact.quantize(step)
        except InvalidOperation:
            exact, kept = Decimal(0), most
        if kept != exact or abs(kept) >= most:
            raise Unfit("GST-Q04", expected=f"an amount with up to {scale} decimals")
        return kept

    return read


def _text(column: Column) -> Reader:
    nothing = {"", *(mark.strip() for mark in column.source.get("missing", "").split("\n"))}

    def read(value: Any) -> str | None:
        if type(value) is not str or "\x00" in value:
            raise Unfit("GST-Q04", expected="a text")
        return None if value.strip() in nothing else value

    return read


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Unfit("GST-Q04", expected="true or false")
    return value


def _date(value: Any) -> date:
    if type(value) is str and DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Unfit("GST-Q04", expected="a date such as 2026-03-31")


def _instant(timezone: str) -> Reader:
    zone = ZoneInfo(timezone)

    def read(value: Any) -> datetime:
        if type(value) is str and INSTANT.fullmatch(value):
            try:
                said = datetime.fromisoformat(value.upper())
                instant = (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                raise Unfit("GST-Q04", expected="a point in time such as 2026-03-31T08:00:00Z") from None
            if said.tzinfo or instant.astimezone(zone).replace(tzinfo=None) == said:
                return instant
        raise Unfit("GST-Q04", expected="a point in time such as 2026-03-31T08:00:00Z")

    return read


def _ranged(reader: Reader, column: Column) -> Reader:
    low, high = column.minimum, column.maximum
    if low is None and high is None:
        return reader

    def read(value: Any) -> Any:
        typed = reader(value)
        if low is not None and typed < low:
            raise Unfit("GST-Q05", word="minimum", limit=f"{low:g}")
        if high is not None and typed > high:
            raise Unfit("GST-Q05", word="maximum", limit=f"{high:g}")
        return typed

    return read


def _allowed(reader: Reader, column: Column) -> Reader:
    """A value is allowed as the contract's texts are read: 1 and 1.0 are one number."""
    words = {"true": True, "false": False}
    known: set[Any] = set(column.allowed)
    if column.type in ("integer", "number", "decimal"):
        known = {Decimal(word) for word in column.allowed if DECIMAL.fullmatch(word)}
    elif column.type == "boolean":
        known = {words.get(word) for word in column.allowed}
    listed = ", ".join(column.allowed[:LISTED]) + (" ..." if len(column.allowed) > LISTED else "")

    def read(value: Any) -> Any:
        typed = reader(value)
        told = typed.isoformat() if isinstance(typed, date) else typed
        if isinstance(told, float):
            told = Decimal(repr(told))
        if told is not None and told not in known:
            raise Unfit("GST-Q06", allowed=listed)
        return typed

    return read
