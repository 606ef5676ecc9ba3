"""Room tools. In: what was learnt of one column -> Out: Feature, and the names of the columns that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from grundstein.tools.textcolumns import TextTerms

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["number", "category", "moment", "text"]


@dataclass(frozen=True)
class Feature:
    """How one column becomes numbers: plain state, found once from development rows.

    `centre`, `spread`, `low`, `high` are of the number (days since 1970 for a moment); `levels` are the texts that
    have a column of their own, `other` whether rarer ones were seen; `missing` whether empty values were seen.
    `bends` are values at which the number's effect may change its slope, each with the spread of what lies above it.
    `elapsed` is false for the clock of a split in time: a later row would always lie outside what was learnt.
    """

    name: str
    kind: Kind
    missing: bool = False
    centre: float = 0.0
    spread: float = 1.0
    low: float = 0.0
    high: float = 0.0
    bends: tuple[tuple[float, float], ...] = ()
    levels: tuple[str, ...] = ()
    other: bool = False
    elapsed: bool = True
    hours: bool = False
    terms: TextTerms | None = None

    @property
    def scaled(self) -> bool:
        """Whether the column is a number, or a moment with its days as one."""
        return self.kind in {"number", "moment"}

    @property
    def parts(self) -> list[tuple[str, int]]:
        """The parts of a moment that go round, each with its length."""
        found = [("month", 12), ("weekday", 7), ("hour", 24)] if self.kind == "moment" else []
        return found if self.hours else found[:2]

    @property
    def names(self) -> list[str]:
        """The columns that it becomes in the linear matrix, readable: `tenure`, `Contract = Two year`."""
        empty = [f"{self.name} is missing"] if self.missing else []
        if self.kind == "number":
            return [self.name, *(f"{self.name} above {place:.6g}" for place, _ in self.bends), *empty]
        if self.kind == "moment":
            circles = [f"{self.name} {part} {turn}" for part, _ in self.parts for turn in ("sin", "cos")]
            return [*([self.name] if self.elapsed else []), *empty, *circles]
        if self.terms:
            return [f'{self.name} has "{term}"' for term in self.terms.names]
        rest = [f"{self.name} = (other)"] if self.other else []
        return [*(f"{self.name} = {level}" for level in self.levels), *rest, *empty]

    @property
    def tree_names(self) -> list[str]:
        """The columns that it becomes in the matrix for trees."""
        if self.kind == "text":
            return self.names
        if self.kind == "moment":
            whole = [self.name] if self.elapsed else []
            return [*whole, *(f"{self.name} {part}" for part, _ in self.parts)]
        return [self.name]

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Feature:
        """Build from parsed JSON."""
        plain = dict(state)
        terms = plain.pop("terms")
        plain["levels"] = tuple(plain["levels"])
        plain["bends"] = tuple((place, spread) for place, spread in plain["bends"])
        return cls(**plain, terms=TextTerms.restored(terms) if terms else None)
