"""Room core. In: one question of the business -> Out: Case and Money, as the person wrote them, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MONEY_FORMS: Mapping[str, tuple[str, ...]] = {
    "cells": ("act_on_yes", "act_on_no", "skip_yes", "skip_no"),
    "action": ("saved", "success", "cost"),
    "classes": ("right", "wrong", "ask"),
    "number": ("over", "under"),
    "ranking": ("hit",),
}


@dataclass(frozen=True)
class Money:
    """What one unit's answer is worth, in the project's currency; names that a case leaves out are 0.

    `amounts` holds the names of exactly one form of `MONEY_FORMS`; `assumed` names those that nobody has measured.
    """

    form: str
    amounts: Mapping[str, float]
    assumed: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.amounts.get(name, 0.0)

    def cells(self) -> Mapping[str, float]:
        """Return the four cells of a yes/no question; `action` becomes cells by saved x success - cost."""
        if self.form == "action":
            gain = self["saved"] * self["success"] - self["cost"]
            return {"act_on_yes": gain, "act_on_no": -self["cost"], "skip_yes": 0.0, "skip_no": 0.0}
        return {name: self[name] for name in MONEY_FORMS["cells"]}

    def changed(self, name: str, amount: float) -> Money:
        """Return the same money with one amount replaced."""
        return Money(self.form, {**self.amounts, name: amount}, self.assumed)


@dataclass(frozen=True)
class Also:
    """Somebody else's answers to a case: exactly one of `table`, `endpoint` and `python` is given.

    `price` is money for each answered unit, `running_cost` money per period. `timeout` (seconds) and `retries` are of
    one call. `headers` stand as they were written: secrets in them, as in `endpoint`, are named and never values.
    `columns` are those that are shown; empty: all but the key and the entity, of an endpoint also but personal ones.
    `takes` is the form in which an object is given its rows.
    """

    name: str
    table: str = ""
    endpoint: str = ""
    python: str = ""
    price: float = 0.0
    running_cost: float = 0.0
    timeout: float = 30.0
    retries: int = 3
    headers: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    takes: Literal["matrix", "dicts", "arrow", "pandas"] = "matrix"

    @property
    def kind(self) -> Literal["table", "endpoint", "python"]:
        """Where the answers come from."""
        return "endpoint" if self.endpoint else "python" if self.python else "table"


@dataclass(frozen=True)
class Again:
    """When a released case is evaluated again by itself; what is None is no reason.

    `days` since the last evaluation, `rows` that came or were replaced since, `cost` of one evaluation: money that
    going on as now would lose in a period. Without new rows nothing is evaluated again.
    """

    days: float | None = None
    rows: int | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Case:
    """One question of the business, in `cases/NAME.yaml`.

    `data` maps a role of the task to a table or a SELECT; `options` are the task's own fields (its `options` type).
    `worthwhile` and `margin` are per unit, in the measure of the case; `running_cost` and `volume` per period.
    """

    name: str
    question: str
    task: str
    data: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    decision: str = ""
    entity: str = ""
    time: str = ""
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: str = ""
    money: Money | None = None
    metric: str = ""
    running_cost: float = 0.0
    baseline_cost: float = 0.0
    volume: float | None = None
    period: str = "year"
    capacity: float | None = None
    worthwhile: float = 0.0
    tolerance: float | None = None
    worst: float | None = None
    acted: str = ""
    holdback: float = 0.0
    horizon_days: float = 0.0
    split: str = ""
    affects: str = ""
    risk: str = ""
    signed_by: tuple[str, ...] = ()
    idea: bool = False
    also: tuple[Also, ...] = ()
    again: Again | None = None

    @property
    def declared(self) -> bool:
        """Whether the case says what an answer is worth, or that its metric decides."""
        return self.money is not None or bool(self.metric)

    @property
    def tolerated(self) -> float:
        """How much above the margin still counts as nothing: what is worthwhile, where the case does not say it."""
        return self.worthwhile if self.tolerance is None else self.tolerance

    def margin_against(self, standing: str) -> float:
        """The margin against an opponent by its standing; a rule's running cost counts where the case states a rule.

        Running the released model costs what running its successor will.
        """
        costs = {"baseline": self.baseline_cost if self.baseline else 0.0, "released": self.running_cost}
        return self.margin(costs.get(standing, 0.0))

    def margin(self, opponent_cost: float = 0.0) -> float:
        """What a candidate must gain per unit: worthwhile plus the running cost above the opponent's, per unit.

        Running costs are money, so they count only where the value is money.
        """
        extra = self.running_cost - opponent_cost
        return self.worthwhile + (extra / self.volume if self.volume and self.money else 0.0)
