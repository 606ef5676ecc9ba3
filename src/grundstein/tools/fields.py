"""Room tools. In: the fields of a case -> Out: what several tasks read of them alike, else Refused."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from grundstein.core.case import Case


def refuse_unknown(case: Case, options: type) -> None:
    """Refuse a field that the task's options do not have, with the nearest one."""
    allowed = [one.name for one in fields(options)]
    for name in case.options:
        if name not in allowed:
            raise Refused(f'the task {case.task} has no field "{name}"', nearest(name, allowed), "correct the case")


def room_of(case: Case) -> float | None:
    """The share of units that can be acted on: capacity / volume; None where all can."""
    if case.capacity is None:
        return None
    if not case.volume or case.capacity < 0:
        raise Refused("`capacity` alone does not say how large a share it is", "`volume` above 0", "add `volume`")
    return min(1.0, case.capacity / case.volume)


def named(*names: str) -> list[str]:
    """The columns among some names: what is named at all, without the order of the file."""
    return [name for name in names if name and name != "_row"]
