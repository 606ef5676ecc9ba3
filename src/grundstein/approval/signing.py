"""Room approval. In: the ledger's rows of a case -> Out: Bond, who must sign it, who has, and what stands in the way.

Rules: every role that the case names signs, each by another person; who evaluated may not sign; one refusal ends it; a
candidate that did not qualify takes one signature more and a reason with each; a signature ends on its day.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from grundstein.approval.genuine import flaws
from grundstein.core.errors import Refused, nearest, offered
from grundstein.core.records import Bond, Experiment, Person, Question, Report, SignOff, Snapshot, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Entry

HIGH = ("staff", "applicants")


@dataclass(frozen=True)
class Subject:
    """What there is to sign: the newest verdict of a case, the experiment it rests on, and the report that tells it."""

    verdict: Entry
    experiment: Entry
    report: Entry

    @property
    def said(self) -> Verdict:
        """The verdict's record."""
        return cast("Verdict", self.verdict.record)


@dataclass(frozen=True)
class Standing:
    """Where the signatures of a bond stand. `missing`: roles, and "one more" where an override needs it."""

    bond: Bond
    signed: tuple[Entry, ...]
    refused: SignOff | None
    missing: tuple[str, ...]
    until: str
    voids: tuple[str, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether it may be released."""
        return bool(self.signed) and not self.missing and self.refused is None and not self.voids


def subject(rows: Sequence[Entry], name: str) -> Subject:
    """Find the newest verdict of a case and its report; Refused where one of them is not there yet.

    A verdict on somebody else's answers is none of the case's own: nothing of them could be released.
    """
    own = [(row, row.record) for row in rows if isinstance(row.record, Verdict)]
    verdicts = [row for row, said in own if said.case == name and not said.deposit]
    if not verdicts:
        raise Refused(
            f"The case {name} has no verdict to sign.", "A case that was decided.", f"grundstein decide {name}"
        )
    newest = verdicts[-1]
    told = [row for row in rows if isinstance(row.record, Report) and row.record.subject == newest.id]
    if not told:
        raise Refused(
            f"The newest verdict of {name} has no report yet.", "A report to read first.", f"grundstein report {name}"
        )
    wanted = cast("Verdict", newest.record).experiment
    experiment = next(row for row in reversed(rows) if row.id == wanted)
    return Subject(newest, experiment, told[-1])


def bond_of(found: Subject, solution: str, question: str, standard: str = "") -> Bond:
    """Return what a signature of this solution rests on: the winner where it qualifies, else what stays as it is.

    That is the released model where one is in use, else today's rule. `question` is the id of the case as it stands:
    its wording may have changed since it was judged; `standard` that of what the company asks of it now.

    Refused for any other solution: none was judged to be released.
    """
    experiment = cast("Experiment", found.experiment.record)
    baseline = next(one.name for one in experiment.outcomes if one.standing == "baseline")
    in_use = next((one.name for one in experiment.outcomes if one.standing == "released"), "")
    chosen = solution or (found.said.winner if found.said.verdict == "qualifies" else in_use or baseline)
    allowed = [name for name in (found.said.winner, in_use, baseline) if name]
    if chosen not in allowed:
        raise Refused(f'"{chosen}" cannot be signed.', offered(chosen, allowed), f"--solution {allowed[0]}")
    return Bond(
        question=question,
        snapshot=experiment.snapshot,
        experiment=found.experiment.id,
        verdict=found.verdict.id,
        report=found.report.id,
        lock=experiment.lock,
        solution=chosen,
        model=next(one.model for one in experiment.outcomes if one.name == chosen),
        standard=standard,
    )


def overrides(found: Subject, bond: Bond) -> bool:
    """Tell whether this releases a candidate that did not qualify."""
    return bond.solution == found.said.winner and found.said.verdict != "qualifies"


def is_high(case: Case) -> bool:
    """Tell whether a case is of high risk: it says so, or it affects staff or applicants."""
    return case.risk == "high" or case.affects.lower() in HIGH


def needed(case: Case, high_risk: Sequence[str]) -> tuple[str, ...]:
    """The roles that must sign; Refused where the case names none, or is of high risk and nobody is named for that."""
    high = is_high(case)
    if not case.signed_by:
        raise Refused(
            f"The case {case.name} names nobody who signs.",
            "`signed_by: [role]`, a role of grundstein.yaml.",
            f"Add it to cases/{case.name}.yaml",
        )
    if high and not high_risk:
        raise Refused(
            f"The case {case.name} is of high risk (it affects {case.affects or 'people'}); no role is named for that.",
            "`high_risk: [role]` in grundstein.yaml.",
            "Agree on who answers for cases about staff and applicants, and name the role",
        )
    return tuple(dict.fromkeys((*case.signed_by, *(high_risk if high else ()))))


def standing(rows: Sequence[Entry], bond: Bond, roles: Sequence[str], override: bool, now: datetime) -> Standing:
    """Count the signatures of one bond as of `now`; those whose day is over, and those nobody gave, do not count."""
    wrong = flaws(rows)
    mine = [row for row in rows if isinstance(row.record, SignOff) and row.record.bond == bond]
    found = [row for row in mine if row.sequence not in wrong]
    refused = next((said for row in found if (said := cast("SignOff", row.record)).decision == "refuse"), None)
    valid = [row for row in found if cast("SignOff", row.record).until >= now.date().isoformat()]
    given = [row for row in valid if cast("SignOff", row.record).decision == "approve"]
    missing = [role for role in roles if role not in {cast("SignOff", row.record).role for row in given}]
    if override and len({cast("SignOff", row.record).person for row in given}) < len(roles) + 1:
        missing.append("one more")
    until = min((cast("SignOff", row.record).until for row in given), default="")
    return Standing(bond, tuple(given), refused, tuple(missing), until)


def role_of(person: str, asked: str, roles: Mapping[str, Sequence[str]], so_far: Standing) -> str:
    """Return the role in which a person signs; Refused where it has none that is missing."""
    own = [role for role, people in roles.items() if person in people]
    open_roles = [role for role in own if role in so_far.missing]
    if asked and asked not in own:
        raise Refused(f"{person} does not have the role {asked}.", nearest(asked, own), "Ask who keeps grundstein.yaml")
    if asked in open_roles or (not asked and open_roles):
        return asked or open_roles[0]
    if "one more" in so_far.missing and own:
        return asked or own[0]
    raise Refused(
        f"Nothing here waits for a signature of {person}.",
        f"One of the roles that are missing: {', '.join(so_far.missing) or 'none'}.",
        "grundstein people list",
    )


def allowed_to_sign(person: str, found: Subject, so_far: Standing, others: Sequence[Entry]) -> None:
    """Four eyes: Refused for who evaluated, decided or asked, and for who signed this already."""
    worked = {entry.person for entry in (found.experiment, found.verdict, *others)}
    if person in worked:
        raise Refused(
            f"{person} has evaluated or decided this case and may not sign it.",
            "Somebody else with the role: four eyes.",
            "Ask a colleague to sign",
        )
    if so_far.refused is not None:
        said = so_far.refused
        raise Refused(
            f"{said.role} has refused this: {said.reason}",
            "A verdict that nobody refused.",
            "Decide it anew on new rows",
        )
    if person in {cast("SignOff", row.record).person for row in so_far.signed}:
        raise Refused(f"{person} has signed this already.", "Another person for each role.", "Ask a colleague to sign")


def working_rows(rows: Iterable[Entry], bond: Bond) -> list[Entry]:
    """The rows that led to a bond besides experiment and verdict: its question and its snapshot."""
    kinds = (Question, Snapshot)
    return [row for row in rows if isinstance(row.record, kinds) and row.id in (bond.question, bond.snapshot)]


def token_hash(token: str) -> str:
    """The sha256 of a token: what is kept of it. Tokens are random, so a fast hash keeps them."""
    return hashlib.sha256(token.encode()).hexdigest()


def known_person(rows: Iterable[Entry], token: str) -> str:
    """Return whose token this is; Refused where it is nobody's."""
    hashed = token_hash(token)
    for name, person in people(rows).items():
        if person.token and hmac.compare_digest(person.token, hashed):
            return name
    raise Refused(
        "This token is nobody's.", "The token that `grundstein people add` gave to a person.", "grundstein people list"
    )


def people(rows: Iterable[Entry]) -> dict[str, Person]:
    """The newest row of each person."""
    return {row.record.name: row.record for row in rows if isinstance(row.record, Person)}


def until_date(now: datetime, days: int) -> str:
    """The day on which a signature given now ends."""
    return (now + timedelta(days=days)).date().isoformat()
