"""Room tasks. In: an explore case -> Out: Plan, which columns of an archive mean what; its fields read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as defaulted
from typing import TYPE_CHECKING

from grundstein.core.errors import Refused
from grundstein.tools.fields import options_of, refuse_metric, refuse_unless_whole, several

if TYPE_CHECKING:
    from grundstein.core.case import Case

MEASURE = "similarity"
MOST_GROUPS = 32


@dataclass(frozen=True)
class Options:
    """The fields of a case file that belong to this task.

    `id`, `title`, `text`, `keywords` are columns of `corpus`, `title` and `text` one or several; `keywords` holds words
    with ; or | between them where somebody wrote them already. The year of a document comes from `time`: a date, an
    instant or a year. `names`: people, products, places that count as named wherever they stand. `source` and `target`
    are the columns of `references` that hold the two ids; ids of letters and digits count as references in texts too.
    `groups`: at most so many.
    """

    id: str
    title: list[str] | str = ""
    text: list[str] | str = ""
    keywords: str = ""
    names: list[str] = defaulted(default_factory=list)
    source: str = "source"
    target: str = "target"
    groups: int = MOST_GROUPS


@dataclass(frozen=True)
class Plan:
    """The part of a case that the task must know."""

    id: str
    title: tuple[str, ...]
    text: tuple[str, ...]
    keywords: str
    names: tuple[str, ...]
    source: str
    target: str
    groups: int
    ignore: tuple[str, ...]
    entity: str
    time: str
    horizon_days: float

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that hold words."""
        return tuple(dict.fromkeys([*self.title, *self.text]))


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = options_of(case, Options)
    refuse_unless_whole("groups", options.groups, 2)
    plan = Plan(
        options.id,
        several(options.title),
        several(options.text),
        options.keywords,
        tuple(options.names),
        options.source,
        options.target,
        options.groups,
        tuple(case.ignore),
        case.entity,
        case.time,
        case.horizon_days,
    )
    if not plan.read:
        raise Refused("nothing is named to read", "`title:` or `text:` with columns of the corpus", "add them")
    if plan.id in plan.read:
        raise Refused(f'"{plan.id}" names a document and is read as its text', "two columns", "correct the case")
    if case.money or case.baseline or case.acted not in {"", "nobody"}:
        raise Refused("an archive is looked at, nothing is decided by it", "no `money`, `baseline`, `acted`", "remove")
    refuse_metric(case, (MEASURE,))
    return plan
