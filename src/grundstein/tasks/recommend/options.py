"""Room tasks. In: a recommend case -> Out: its fields read and checked, the contracts of its roles and its answers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from grundstein.core.contract import Column, Contract
from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case

MEASURES = ("ndcg@10", "mrr@10", "recall@20")
DEEPEST = 20


@dataclass(frozen=True)
class Options:
    """The task's own fields of the case file: columns of the role `events`, and how many items are shown.

    `weight` says how much an event counts (none: every event counts 1); an event that weighs 0 or less was seen but
    not wanted: the item is not shown again and is no right answer.
    """

    user: str = ""
    item: str = ""
    weight: str = ""
    k: int = 10


@dataclass(frozen=True)
class Reading:
    """How the events of a case are read, and what a shown list is worth; saved with each solution."""

    user: str
    item: str
    weight: str
    time: str
    k: int
    measure: str
    hit: float

    @property
    def depth(self) -> int:
        """Length of a ranking: the items shown, and at least the 20 that recall@20 needs."""
        return max(self.k, DEEPEST)


def reading(case: Case) -> Reading:
    """Read the fields of a case; Refused with the nearest word where one is wrong."""
    options = _options(case.options)
    return Reading(
        options.user,
        options.item,
        options.weight,
        case.time,
        options.k,
        measure(case),
        case.money["hit"] if case.money else 0.0,
    )


def measure(case: Case) -> str:
    """Return "money", or the additive metric that decides (`ndcg@10` where the case names none)."""
    if case.money is not None:
        if case.money.form == "ranking":
            return "money"
        given = ", ".join(case.money.amounts)
        raise Refused(
            f"money of this form cannot value a ranking: {given}",
            "expected `hit`: what a relevant item on the list is worth",
            f"write `money: {{hit: AMOUNT}}` in cases/{case.name}.yaml",
        )
    if case.metric and case.metric not in MEASURES:
        raise Refused(
            f'metric "{case.metric}" does not decide a recommend case',
            f"expected one of {', '.join(MEASURES)}; {nearest(case.metric, MEASURES)}",
            f"change `metric:` in cases/{case.name}.yaml",
        )
    return case.metric or MEASURES[0]


def contracts(case: Case) -> Mapping[str, Contract]:
    """Return what `events` must hold, and `items` where the case names such a table."""
    read = reading(case)
    _no_rule(case)
    columns = [Column(read.user, "text", required=True), Column(read.item, "text", required=True)]
    columns += [Column(read.weight, "number")] if read.weight else []
    columns += [Column(read.time, "instant", required=True)] if read.time not in {"", "_row"} else []
    found = {"events": Contract(case.data.get("events", "events"), tuple(columns), entity=read.user, time=read.time)}
    if "items" in case.data:
        found["items"] = Contract(case.data["items"], (Column(read.item, "text", required=True),), key=(read.item,))
    return found


def answers(case: Case) -> Contract:
    """Return the columns of an answer: one row a user, the items as a list of texts, best first, and their scores."""
    read = reading(case)
    return Contract(
        f"{case.name}_answers",
        (
            Column("user", "text", required=True, description="the user asked for"),
            Column("items", "text", required=True, description=f"list, best first; the first {read.k} are shown"),
            Column("scores", "number", required=True, description="list, one score an item, falling"),
        ),
        key=("user",),
    )


def _options(given: Mapping[str, object]) -> Options:
    allowed = [field.name for field in fields(Options)]
    for name in given:
        if name not in allowed:
            raise Refused(
                f'a recommend case has no field "{name}"',
                f"expected user, item, weight, k; {nearest(name, allowed)}",
                "correct the field in the case file",
            )
    for name in ("user", "item"):
        if not given.get(name):
            raise Refused(
                f"the case does not say which column of `events` holds the {name}",
                f"expected `{name}:` with a column's name",
                f"add `{name}: COLUMN` to the case file",
            )
    options = Options(**given)  # type: ignore[arg-type]  # the project's reader has checked the types; k is checked below
    if isinstance(options.k, bool) or not isinstance(options.k, int) or options.k < 1:
        raise Refused(
            f"k is {options.k!r}", "expected a whole number of items shown, 1 or more", "write for example `k: 10`"
        )
    return options


def _no_rule(case: Case) -> None:
    if case.baseline:
        raise Refused(
            "a recommend case cannot carry a rule as its `baseline:`",
            "expected none: the opponent is popularity with its half-life tuned",
            f"take `baseline:` out of cases/{case.name}.yaml",
        )
