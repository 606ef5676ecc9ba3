"""Room tasks. In: a letters case -> Out: Plan, what a solution must know of it; its fields read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.tools.fields import options_of, refuse_metric

if TYPE_CHECKING:
    from grundstein.core.case import Case, Money

METRICS = ("absolute_error",)
LOCALES = ("de", "at", "ch")


@dataclass(frozen=True)
class Options:
    """The fields of a case file that belong to this task.

    `text` is the column of sentences, `target` the column of their grades, 1 (best) to 6. `section` is the column that
    says what a sentence speaks of. `locale`: the law and usage of de, at or ch.
    """

    target: str
    text: str = "text"
    section: str = ""
    locale: str = "de"


@dataclass(frozen=True)
class Plan:
    """The part of a case that a solution must know."""

    target: str
    text: str
    section: str
    locale: str
    ignore: tuple[str, ...]
    entity: str
    time: str
    horizon_days: float
    money: Money | None
    metric: str

    @property
    def measure(self) -> str:
        """The name of the value; without money or metric the one that a preview uses."""
        return "money" if self.money else self.metric or "absolute_error"

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that a solution may look at."""
        return (self.text, self.section) if self.section else (self.text,)


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = _options(case)
    _check_case(case)
    _check_columns(case, options)
    return Plan(
        options.target,
        options.text,
        options.section,
        options.locale,
        tuple(case.ignore),
        case.entity,
        case.time,
        case.horizon_days,
        case.money,
        case.metric,
    )


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    if options.locale not in LOCALES:
        raise Refused(
            f'"{options.locale}" is no country whose letters are read',
            nearest(options.locale, LOCALES),
            "mend `locale`",
        )
    return options


def _check_columns(case: Case, options: Options) -> None:
    if options.target in {options.text, options.section}:
        raise Refused(f'"{options.target}" is what is asked for', "another column in `text`", "correct the case")
    hidden = [name for name in (options.text, options.section) if name and name in case.ignore]
    if hidden:
        raise Refused(f'"{hidden[0]}" is used and under `ignore`', "one of the two", "correct the case")


def _check_case(case: Case) -> None:
    if case.risk != "high":
        raise Refused(
            "letters speak of people who apply: such a case has a high risk",
            "`affects: applicants` (or `risk: high`)",
            "add it to the case",
        )
    if case.money and case.money.form != "number":
        raise Refused("this money is not for grades", "`money: {over, under}` per grade of error", "correct `money`")
    refuse_metric(case, METRICS)
    if case.baseline:
        raise Refused("a letters case has no SQL rule", "the grammar of letters is today's rule", "take `baseline` out")
    if case.acted not in {"", "nobody"}:
        raise Refused("a grade is not acted on", "no field `acted`", "take it out of the case")
    if case.capacity is not None:
        raise Refused("a grade is given to every sentence", "no field `capacity`", "take it out of the case")
