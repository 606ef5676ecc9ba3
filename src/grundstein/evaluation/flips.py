"""Room evaluation. In: a case with assumed amounts -> Out: the value of each at which the verdict changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grundstein.core.records import Flip

if TYPE_CHECKING:
    from collections.abc import Callable

    from grundstein.core.case import Case, Money

STEPS = 24
HALVINGS = 12


def flips(case: Case, holds: Callable[[Case], bool]) -> tuple[Flip, ...]:
    """Vary each assumed amount from 0 to three times what was stated (a share to 1) until `holds` changes.

    The answers stay as they are; only what they are worth changes. The change nearest to the stated amount is told.
    """
    if case.money is None or not case.money.assumed:
        return ()
    return tuple(_flip(case, case.money, amount, holds) for amount in case.money.assumed)


def _flip(case: Case, money: Money, amount: str, holds: Callable[[Case], bool]) -> Flip:
    stated = money[amount]

    def at(value: float) -> bool:
        return holds(replace(case, money=money.changed(amount, value)))

    now = at(stated)
    far = min(1.0, 3 * stated) if amount == "success" else 3 * stated
    found = [crossing for end in (0.0, far) if (crossing := _crossing(stated, end, now, at)) is not None]
    return Flip(amount, stated, min(found, key=lambda value: abs(value - stated), default=None))


def _crossing(start: float, end: float, now: bool, at: Callable[[float], bool]) -> float | None:
    before = start
    for step in range(1, STEPS + 1):
        value = start + (end - start) * step / STEPS
        if at(value) != now:
            return _halved(before, value, now, at)
        before = value
    return None


def _halved(same: float, other: float, now: bool, at: Callable[[float], bool]) -> float:
    for _ in range(HALVINGS):
        middle = (same + other) / 2
        same, other = (middle, other) if at(middle) == now else (same, middle)
    return other
