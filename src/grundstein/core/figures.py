"""Room core. In: aggregates -> Out: Figure, the data of a picture; approval draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Shape = Literal["bar", "line", "dots", "interval", "diagonal", "table"]


@dataclass(frozen=True)
class Figure:
    """Columns of equal length and how to look at them; aggregates only, never a row of a table.

    `x`, `y`, `series` name columns (`low` and `high` may stand beside y for intervals); titles are in each language.
    """

    name: str
    shape: Shape
    title: Mapping[str, str]
    columns: Mapping[str, tuple[str | float | int | None, ...]]
    x: str = ""
    y: str = ""
    series: str = ""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
