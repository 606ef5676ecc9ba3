"""Room tasks. In: a categorize case -> Out: Plan, what a solution must know of it; its fields read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as defaulted
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.tools.fields import options_of, refuse_metric, refuse_unless_whole, room_of, several
from grundstein.tools.money import Stakes, stakes

if TYPE_CHECKING:
    from grundstein.core.case import Case, Money

METRICS = ("accuracy", "log_loss")
CLEANINGS = ("mail",)
MOST_KEYS = 6
EVEN = Stakes(1.0, -1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Options:
    """The fields of a case file that belong to this task.

    `text` are the columns that are read as text, `also_use` others that help. `keys` are columns whose own past
    choices come first, the most specific first; `supplier + area` names two that count together. `rules` names words
    (or, between slashes, a regular expression) for a category: the first that matches wins. `top` is how many
    categories an answer offers. `clean: mail` cuts quoted threads, signatures and legal notices out of the text, alike
    when learning and when answering.
    """

    target: str
    text: list[str] | str = ""
    also_use: list[str] = defaulted(default_factory=list)
    keys: list[str] = defaulted(default_factory=list)
    rules: dict[str, list[str]] = defaulted(default_factory=dict)
    top: int = 3
    clean: str = ""


@dataclass(frozen=True)
class Plan:
    """The part of a case that a solution must know; `room` is capacity / volume."""

    target: str
    text: tuple[str, ...]
    also_use: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    rules: tuple[tuple[str, tuple[str, ...]], ...]
    top: int
    ignore: tuple[str, ...]
    entity: str
    time: str
    horizon_days: float
    money: Money | None
    metric: str
    room: float | None
    clean: str = ""

    @property
    def stakes(self) -> Stakes:
        """What answering alone is worth; without money a right one counts as much as a wrong one costs."""
        return stakes(self.money) if self.money else EVEN

    @property
    def measure(self) -> str:
        """The name of the value; without money or metric the one that a preview uses."""
        return "money" if self.money else self.metric or "accuracy"

    @property
    def read(self) -> tuple[str, ...]:
        """Every column that a solution may look at, each once."""
        return tuple(dict.fromkeys([*self.text, *self.also_use, *(name for key in self.keys for name in key)]))


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = _options(case)
    _check_measure(case)
    keys = tuple(tuple(name.strip() for name in key.split(" + ")) for key in options.keys)
    plan = Plan(
        options.target,
        several(options.text),
        tuple(options.also_use),
        keys,
        tuple((label, tuple(words)) for label, words in options.rules.items()),
        options.top,
        tuple(case.ignore),
        case.entity,
        case.time,
        case.horizon_days,
        case.money,
        case.metric,
        room_of(case),
        options.clean,
    )
    _check(plan)
    return plan


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    refuse_unless_whole("top", options.top, 1, 20)
    if options.clean and options.clean not in CLEANINGS:
        raise Refused(f"`clean: {options.clean}` is not known", nearest(str(options.clean), CLEANINGS), "correct it")
    return options


def _check(plan: Plan) -> None:
    if not plan.read:
        raise Refused("nothing is named to tell categories by", "`text`, `keys` or both", "add them to the case")
    if plan.target in plan.read:
        raise Refused(f'"{plan.target}" is what is asked for', "other columns in `text` and `keys`", "correct the case")
    hidden = [name for name in plan.read if name in plan.ignore]
    if hidden:
        raise Refused(f'"{hidden[0]}" is used and under `ignore`', "one of the two", "correct the case")
    if len(plan.keys) > MOST_KEYS:
        raise Refused(f"{len(plan.keys)} keys are too many", f"at most {MOST_KEYS}", "shorten `keys`")
    if plan.clean and not plan.text:
        raise Refused("`clean` is about a text", "`text: COLUMN`", "add it to the case")
    if plan.rules and not plan.text:
        raise Refused("rules look for words in a text", "`text: COLUMN`", "add it to the case")


def _check_measure(case: Case) -> None:
    if case.money and case.money.form != "classes":
        raise Refused("this money is not for categories", "`money: {right, wrong, ask}`", "correct `money`")
    refuse_metric(case, METRICS)
    if case.baseline:
        raise Refused("a categorize case has no SQL rule", "`rules:` words for each category", "write it under `rules`")
    if case.acted not in {"", "nobody"}:
        raise Refused("a category is not acted on", "no field `acted`", "take it out of the case")
