"""Room tasks. In: a logs case -> Out: Plan, what a solution must know of it; its fields read and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as defaulted
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused, nearest
from grundstein.tools.columns import YES
from grundstein.tools.fields import options_of, refuse_metric, refuse_unless_whole, room_of
from grundstein.tools.logmasks import Masks
from grundstein.tools.money import Stakes, stakes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.case import Case, Money

METRICS = ("log_loss", "accuracy")
EVEN = Stakes(1.0, -1.0, 0.0, 0.0)
BAD = ("fail", "failed", "failure", "error", "anomaly", "abnormal", "bad", "fehler", "fehlgeschlagen", *YES)


@dataclass(frozen=True)
class Options:
    """The fields of a case file that belong to this task.

    `text` and `level` are columns of `lines`. `session`: a column, `file`, `gap:MINUTES` or a regular expression with a
    group. `outcome`: the column that says how a session ended, in `outcomes` or in `lines`; `positive` the outcome that
    counts as yes. `early`: the answer is given after so many lines; 0: after the last. `rules`: the words that today
    speak for yes. `masks`: what varies in this log besides what varies in all ("user *").
    """

    session: str = ""
    outcome: str = ""
    positive: str | None = None
    early: int = 0
    text: str = "text"
    level: str = "level"
    rules: list[str] = defaulted(default_factory=list)
    masks: list[str] = defaulted(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """The part of a case that a solution must know; `room` is capacity / volume."""

    session: str
    outcome: str
    positive: str | None
    early: int
    text: str
    level: str
    rules: tuple[str, ...]
    masks: tuple[str, ...]
    entity: str
    time: str
    horizon_days: float
    money: Money | None
    metric: str
    acted: str
    room: float | None

    @property
    def stakes(self) -> Stakes:
        """What acting is worth; without money a right yes counts as much as a wrong one costs."""
        return stakes(self.money) if self.money else EVEN

    @property
    def measure(self) -> str:
        """The name of the value; without money or metric the one that a preview uses."""
        return "money" if self.money else self.metric or METRICS[0]

    @property
    def clock(self) -> str:
        """The column of `lines` that says when."""
        return self.time if self.time not in ("", "_row") else "time"


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is unknown or contradicts another."""
    options = _options(case)
    _check(case)
    Masks(options.masks)
    return Plan(
        options.session,
        options.outcome,
        options.positive,
        options.early,
        options.text,
        options.level,
        tuple(options.rules),
        tuple(options.masks),
        case.entity,
        case.time,
        case.horizon_days,
        case.money,
        case.metric,
        case.acted,
        room_of(case),
    )


def settled(case: Case, labels: Sequence[str]) -> Case:
    """The case with the outcome that counts as yes: as it says, else a word for failure, else the rarer of two.

    `labels` are the outcomes of all sessions. Refused where there is one only, or several and none is named.
    """
    plan = plan_of(case)
    if not plan.outcome:
        return case
    distinct = sorted(set(labels))
    if len(distinct) < 2:
        raise Refused(
            f'"{plan.outcome}" is {distinct[0] if distinct else "empty"} for every session',
            "sessions of both outcomes",
            "bring them, or leave `outcome` out: then what is new is shown",
        )
    return replace(case, options={**case.options, "positive": _positive(plan, distinct, labels)})


def _positive(plan: Plan, distinct: Sequence[str], labels: Sequence[str]) -> str:
    if plan.positive is not None:
        if plan.positive not in distinct:
            raise Refused(
                f'`positive: "{plan.positive}"` is no outcome', nearest(plan.positive, distinct), "correct `positive`"
            )
        return plan.positive
    words = [label for label in distinct if label.strip().casefold() in BAD]
    if len(words) == 1:
        return words[0]
    if len(distinct) > 2:
        raise Refused(
            f'"{plan.outcome}" has {len(distinct)} values and none of them is named',
            f"one of: {', '.join(distinct[:12])}",
            "name the one that counts as yes: `positive`",
        )
    counts = [sum(label == one for label in labels) for one in distinct]
    return distinct[0] if counts[0] < counts[1] else distinct[1]


def _options(case: Case) -> Options:
    options = options_of(case, Options)
    refuse_unless_whole("early", options.early, 0)
    positive = options.positive
    if isinstance(positive, bool):
        positive = "true" if positive else "false"
    return replace(options, positive=None if positive is None else str(positive))


def _check(case: Case) -> None:
    if case.baseline:
        raise Refused(
            "a logs case has no rule in SQL as its `baseline:`",
            "`rules:`, the words that speak for a failure today",
            "move the words to `rules`",
        )
    if case.money and case.money.form not in ("cells", "action"):
        raise Refused("this money is not for a yes/no question", "`saved, success, cost` or cells", "correct `money`")
    refuse_metric(case, METRICS)
    if case.acted not in ("", "nobody"):
        raise Refused(
            "sessions that were acted on cannot be told apart here", "`acted: nobody`", "leave those sessions out"
        )
