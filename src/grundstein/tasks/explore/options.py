"""Room tasks. In: an explore case -> Out: Plan, which columns of an archive mean what; its fields read and checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from dataclasses import field as defaulted
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return asdict(self)

    @classmethod
    def restored(cls, plain: Mapping[str, Any]) -> Plan:
        """Build from parsed JSON."""
        tuples = {name: tuple(plain[name]) for name in ("title", "text", "names", "ignore")}
        return cls(**{**plain, **tuples})


def plan_of(case: Case) -> Plan:
    """Read the plan of a case; Refused where a field is missing, unknown or contradicts another."""
    options = _options(case)
    plan = Plan(
        options.id,
        _several(options.title),
        _several(options.text),
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
    if case.metric not in {"", MEASURE}:
        raise Refused(f"`metric: {case.metric}` cannot decide", f"`metric: {MEASURE}`", "correct `metric`")
    return plan


def _options(case: Case) -> Options:
    allowed = [one.name for one in fields(Options)]
    for name in case.options:
        if name not in allowed:
            raise Refused(f'the task explore has no field "{name}"', nearest(name, allowed), "correct the case")
    if not case.options.get("id"):
        raise Refused("the case does not say what names a document", "`id: COLUMN` of the corpus", "add it to the case")
    options = Options(**case.options)
    if isinstance(options.groups, bool) or not isinstance(options.groups, int) or options.groups < 2:
        raise Refused(f"`groups: {options.groups}` is no number of groups", "a whole number from 2 on", "correct it")
    return options


def _several(names: list[str] | str) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) and names else tuple(names)
