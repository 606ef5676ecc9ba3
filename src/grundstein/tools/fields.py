"""Room tools. In: the fields of a case -> Out: what several tasks read of them alike, else Refused."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar

from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from grundstein.core.case import Case

Options = TypeVar("Options")


def options_of(case: Case, options: type[Options]) -> Options:
    """Return the task's own fields; Refused where one is unknown, or where one without a default names no column."""
    kind: type[Any] = options
    allowed = [one.name for one in fields(kind)]
    for name in case.options:
        if name not in allowed:
            raise Refused(f'the task {case.task} has no field "{name}"', nearest(name, allowed), "correct the case")
    for one in fields(kind):
        if one.default is MISSING and one.default_factory is MISSING and not case.options.get(one.name):
            raise Refused(
                f"the case does not say which column is `{one.name}`",
                f"`{one.name}:` with a column's name",
                f"add it to cases/{case.name}.yaml",
            )
    made: Options = kind(**case.options)
    return made


def refuse_unless_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Refuse what is no whole number from `least` on, up to `most` where there is an end."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= (value if most is None else most):
        reach = f"{least} or more" if most is None else f"{least} to {most:,}"
        raise Refused(f"{name} is {value!r}", f"a whole number, {reach}", f"correct `{name}`")


def refuse_metric(case: Case, metrics: Collection[str]) -> None:
    """Refuse a metric that cannot decide a case of this task, with the nearest one that can."""
    if case.metric and case.metric not in metrics:
        raise Refused(f"`metric: {case.metric}` cannot decide", nearest(case.metric, metrics), "correct `metric`")


def ranking_measure(case: Case, metrics: tuple[str, ...]) -> str:
    """Return "money", or the metric that decides a ranking; the first of `metrics` where the case names none."""
    if case.money is not None:
        if case.money.form == "ranking":
            return "money"
        given = ", ".join(case.money.amounts)
        raise Refused(
            f"money of this form cannot value a ranking: {given}", "`money: {hit: AMOUNT}`", "correct `money`"
        )
    refuse_metric(case, metrics)
    return case.metric or metrics[0]


def room_of(case: Case) -> float | None:
    """The share of units that can be acted on: capacity / volume; None where all can."""
    if case.capacity is None:
        return None
    if not case.volume or case.capacity < 0:
        raise Refused("`capacity` alone does not say how large a share it is", "`volume` above 0", "add `volume`")
    return min(1.0, case.capacity / case.volume)


def several(given: list[str] | str) -> tuple[str, ...]:
    """The columns of a field that names one or several."""
    return tuple(name for name in ([given] if isinstance(given, str) else given) if name)


def named(*names: str) -> list[str]:
    """The columns among some names: what is named at all, without the order of the file."""
    return [name for name in names if name and name != "_row"]
