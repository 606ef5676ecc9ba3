"""Room core. In: what a table promises -> Out: Contract and Column, the owners' words about a governed table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Type = Literal["integer", "number", "decimal", "text", "boolean", "date", "instant"]
TYPES: tuple[Type, ...] = ("integer", "number", "decimal", "text", "boolean", "date", "instant")


@dataclass(frozen=True)
class Column:
    """One column: its logical type, whether it may be empty, and how the source writes it.

    `source` holds the reading options that the first ingest found, so that later files are read alike:
    `decimal` ("," or "."), `thousands`, `dates` ("dmy", "mdy", "ymd"), `currency`, `missing` (texts that mean empty,
    separated by newlines), `true` and `false` (the texts of a boolean).
    `known_at`: "before" or "after" the answer is needed, or the column that says when; empty: nobody has said.
    """

    name: str
    type: Type
    required: bool = False
    scale: int = 2
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    description: str = ""
    known_at: str = ""
    personal: bool = False
    source: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contract:
    """What a table promises; proposed by the first ingest, owned by people (ODCS 3.1 on disk)."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    entity: str = ""
    time: str = ""
    owner: str = ""
    description: str = ""
    freshness_days: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column; KeyError where there is none."""
        return next((c for c in self.columns if c.name == name), None) or _missing(name)


def _missing(name: str) -> Column:
    raise KeyError(name)
