"""Room lake. In: columns and how many different values they have -> Out: the key, entity and time of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.lake.contracts.words import is_birth, is_entity, is_id, is_row_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.contract import Column

FRONT = 2
CERTAIN = 20


@dataclass(frozen=True)
class Filled:
    """A column with the number of its different values and of the records without one."""

    column: Column
    distinct: int
    missing: int
    rows: int

    @property
    def unique(self) -> bool:
        """Whether no two records share a value and none lacks one."""
        return self.missing == 0 and self.distinct == self.rows > 0


def find_key(filled: Sequence[Filled]) -> str:
    """Return the column that names each record: unique, never missing, text or whole number; "" where none does.

    Best is an entity's id, then any id, then a column at the front of a table that is unique over many records.
    """
    able = [one for one in filled if one.unique and one.column.type in ("text", "integer")]
    named = [one for one in able if is_id(one.column.name) and not is_row_number(one.column.name)]
    entities = [one for one in named if is_entity(one.column.name)]
    counted = [one for one in filled[:FRONT] if one in able and is_row_number(one.column.name)]
    front = [one for one in filled[:FRONT] if one in able and one.rows >= CERTAIN and one not in counted]
    found = [*entities, *named, *front, *counted]
    return found[0].column.name if found else ""


def find_entity(filled: Sequence[Filled], key: str) -> str:
    """Return the column that names who or what comes back: the key if it does, else a customer's id or the like."""
    if key and is_entity(key):
        return key
    able = [one for one in filled if one.column.type in ("text", "integer") and one.missing == 0 and one.distinct > 1]
    return next((one.column.name for one in able if is_entity(one.column.name)), "")


def find_time(filled: Sequence[Filled]) -> str:
    """Return the one date or instant that every record has, birth dates apart; "" where there are none or several."""
    dated = [one for one in filled if one.column.type in ("date", "instant") and not is_birth(one.column.name)]
    full = [one for one in dated if one.missing == 0]
    return full[0].column.name if len(dated) == len(full) == 1 else ""
