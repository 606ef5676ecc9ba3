"""Room flow. In: a case and the company's standard -> Out: the Demand that a signature rests on, or why it is refused.

A Demand is written to the ledger before the sealed part is opened: who takes an approver out of the standard afterwards
takes nobody out of a verdict that is there. A signature is bound to the Demand of its day.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from grundstein.core.canonical import canonical, record_id
from grundstein.core.errors import Refused
from grundstein.core.records import Demand
from grundstein.core.standard import shortfalls

if TYPE_CHECKING:
    from grundstein.core.case import Case
    from grundstein.core.ports import Entry, Project
    from grundstein.core.records import Bond


def falls_short(project: Project, name: str) -> list[str]:
    """Say where a case falls short of the company's standard, a sentence each."""
    case = project.case(name)
    return [one.text() for _, one in shortfalls(case, project.papers.stated(name), project.standard)]


def refuse_short(project: Project, name: str) -> None:
    """Refuse a case that falls short of the company's standard, and one whose project weakens it."""
    if found := falls_short(project, name):
        raise Refused(
            f"The case {name} falls short of the company's standard: {'; '.join(found)}.",
            f"What {', '.join(project.standard.files)} asks of every case.",
            f"grundstein check {name}",
        )


def demand(project: Project, name: str) -> str:
    """Return the id of what the standard asks of a case now; empty where nothing was ever asked of it."""
    now = _now(project, name)
    return record_id(now) if now.asks != NOTHING or _rows(project, name) else ""


def keep(project: Project, name: str) -> str:
    """Write down what the standard asks of a case, unless the newest row says the same; returns as `demand`."""
    asked, rows = demand(project, name), _rows(project, name)
    if asked and (not rows or rows[-1].id != asked):
        project.ledger.append(_now(project, name))
    return asked


def approvers(project: Project, name: str, verdict: Entry) -> tuple[str, ...]:
    """The roles that the standard names for a case, now and when its verdict came: an edit takes none away."""
    before = [row for row in _rows(project, name) if row.sequence < verdict.sequence]
    then = _asks(before[-1]).get("approvers", ()) if before else ()
    return (*project.standard.approvers_of(project.case(name)), *then)


def was_high(project: Project, name: str, verdict: Entry) -> bool:
    """Tell whether the standard calls a case one of high risk, now or when its verdict came."""
    before = [row for row in _rows(project, name) if row.sequence < verdict.sequence]
    return project.standard.is_high(project.case(name)) or bool(before and _asks(before[-1]).get("high_risk_words"))


def changed(project: Project, bond: Bond, name: str) -> list[str]:
    """The fields in which the standard of today asks something else of a case than it did when a bond was signed."""
    now = demand(project, name)
    if now == bond.standard:
        return []
    then = _asks(project.ledger.get(bond.standard)) if bond.standard else {}
    today = json.loads(_now(project, name).asks)
    return sorted(field for field in then | today if then.get(field) != today.get(field))


def since(project: Project, bond: Bond, case: Case) -> list[str]:
    """What today's standard asks of a signed case that it did not ask when it was signed, field by field."""
    then = _asks(project.ledger.get(bond.standard)) if bond.standard else {}
    today = json.loads(canonical(project.standard.asks(case)))
    fields = sorted(field for field in then | today if then.get(field) != today.get(field))
    return [f"{field}: {_said(then.get(field))} → {_said(today.get(field))}" for field in fields]


def _said(asked: object) -> str:
    return ", ".join(map(str, asked)) if isinstance(asked, list) else "–" if asked is None else str(asked)


NOTHING = canonical({})


def _now(project: Project, name: str) -> Demand:
    return Demand(name, canonical(project.standard.asks(project.case(name))))


def _rows(project: Project, name: str) -> list[Entry]:
    return [row for row in project.ledger.entries(Demand) if cast("Demand", row.record).case == name]


def _asks(row: Entry) -> dict[str, Any]:
    return dict(json.loads(cast("Demand", row.record).asks))
