"""Room flow. In: a verdict and a person's word -> Out: SignOff and Release; what was refused is written down."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, cast

from grundstein.core.canonical import digest, record_id
from grundstein.core.errors import Refused
from grundstein.core.records import Denial, Experiment, Person, Question, Release, Report, SignOff, Snapshot, Verdict
from grundstein.flow import standards
from grundstein.flow.forging import refuse_strange
from grundstein.flow.pinning import question_of
from grundstein.flow.released import newest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grundstein.approval.signing import Standing, Subject
    from grundstein.core.ports import Entry, Project
    from grundstein.core.records import Bond


Decision = Literal["approve", "refuse"]
Mode = Literal["live", "shadow"]


def add_person(project: Project, name: str) -> str:
    """Give a person a token and return it; only its sha256 is kept, an earlier token of that person ends."""
    from grundstein.approval.signing import people, token_hash

    if not name.strip() or name != name.strip():
        raise Refused("A person needs a name.", "The name by which grundstein.yaml lists its roles.", "people add NAME")
    token = secrets.token_urlsafe(32)
    number = sum(isinstance(row.record, Person) for row in project.ledger.entries(Person))
    if any(name.lower() == other.lower() and name != other for other in people(project.ledger.entries(Person))):
        raise Refused(f"Somebody is called {name} in other capitals.", "One name a person.", "grundstein people list")
    project.ledger.append(Person(name, token_hash(token), number + 1))
    return token


def remove_person(project: Project, name: str) -> None:
    """End a person's token; signatures that were given stand."""
    from grundstein.approval.signing import people

    known = people(project.ledger.entries(Person))
    if name not in known or not known[name].token:
        raise Refused(f"{name} has no token.", "A person with one.", "grundstein people list")
    project.ledger.append(Person(name, "", known[name].number + 1))


def people_of(project: Project) -> list[dict[str, str]]:
    """Each person with roles and whether they hold a token."""
    from grundstein.approval.signing import people

    known = people(project.ledger.entries(Person))
    names = sorted({*known, *(name for people_ in project.roles.values() for name in people_)})
    return [
        {
            "person": name,
            "roles": ", ".join(role for role, people_ in project.roles.items() if name in people_),
            "token": "yes" if name in known and known[name].token else "no",
        }
        for name in names
    ]


def standing(project: Project, name: str, solution: str = "", *, deep: bool = True) -> Standing:
    """Where the signatures of a case stand, and what changed since; `deep` reads models and snapshot again."""
    from grundstein.approval import signing

    rows = list(project.ledger.entries())
    found = signing.subject(rows, name)
    fresh = record_id(question_of(project.case(name)))
    bond = signing.bond_of(found, solution, fresh, standards.demand(project, name))
    return _standing(project, rows, found, bond, deep=deep)


def _standing(project: Project, rows: Sequence[Entry], found: Subject, bond: Bond, *, deep: bool) -> Standing:
    from grundstein.approval import signing

    roles = _roles(project, found)
    told = signing.standing(rows, bond, roles, signing.overrides(found, bond), now(project))
    judged = [*_not_as_judged(project, found), *standards.falls_short(project, found.said.case)]
    judged += [f"the ledger: {sentence}" for sentence in (project.ledger.verify() if deep else [])[:1]]
    return replace(told, voids=(*judged, *changes(project, bond, found.said.case, deep=deep)))


def _roles(project: Project, found: Subject) -> tuple[str, ...]:
    """The roles that case and standard name now and those they named when it was judged: an edit takes none away."""
    from grundstein.approval import signing
    from grundstein.approval.story import case_of

    said, judged = project.case(found.said.case), case_of(_judged_question(project, found))
    high = any(signing.is_high(case) for case in (said, judged))
    risk = "high" if high or standards.was_high(project, said.name, found.verdict) else ""
    more = (*project.standard.approvers_of(judged), *standards.approvers(project, said.name, found.verdict))
    roles = tuple(dict.fromkeys((*said.signed_by, *judged.signed_by, *more)))
    return signing.needed(replace(said, signed_by=roles, risk=risk), project.high_risk)


def _not_as_judged(project: Project, found: Subject) -> list[str]:
    """The fields that were edited since they were judged; wording and who signs may change."""
    from grundstein.evaluation.decide import FREE

    before, after = (
        json.loads(one.fields) for one in (_judged_question(project, found), question_of(project.case(found.said.case)))
    )
    names = [name for name in before | after if name not in FREE and before.get(name) != after.get(name)]
    return [f"the case was edited since it was judged: {', '.join(names)}"] if names else []


def _judged_question(project: Project, found: Subject) -> Question:
    return cast("Question", project.ledger.get(cast("Experiment", found.experiment.record).question).record)


def sign(
    project: Project, name: str, token: str, decision: str, reason: str, role: str = "", solution: str = ""
) -> Entry:
    """Approve or refuse the newest verdict of a case as the person whose token it is.

    Refused, and written to the ledger as a Denial: a token of nobody, a role the person lacks, one who evaluated, a
    second signature of one person, a bond that was refused, expired, or changed since, a ledger that was changed, or
    that holds a signature in the person's name that their token did not make.
    """
    from grundstein.approval import signing
    from grundstein.approval.genuine import proof

    with _denied(project, name, "sign"):
        rows = list(project.ledger.entries())
        person = signing.known_person((row for row in rows if isinstance(row.record, Person)), token)
        refuse_strange(rows, person, token)
        found = signing.subject(rows, name)
        question = project.ledger.once(question_of(project.case(name)))
        bond = signing.bond_of(found, solution, question.id, standards.keep(project, name))
        so_far = _standing(project, rows, found, bond, deep=True)
        _unchanged(so_far)
        signing.allowed_to_sign(person, found, so_far, signing.working_rows(rows, bond))
        override = signing.overrides(found, bond)
        if decision == "refuse" or override:
            _reasoned(reason, decision)
        as_role = signing.role_of(person, role, project.roles, so_far)
        until = signing.until_date(now(project), project.valid_days)
        word: Decision = "refuse" if decision == "refuse" else "approve"
        said = SignOff(name, bond, word, reason, person, as_role, until, override)
        return project.ledger.append(replace(said, proof=proof(said, token)))


def release(project: Project, name: str, solution: str = "", *, shadow: bool = False) -> Entry:
    """Put the signed solution to work; Refused while a signature is missing or something changed since it was given."""
    from grundstein.approval import signing

    with _denied(project, name, "release"):
        rows = list(project.ledger.entries())
        found = signing.subject(rows, name)
        bond = _signed_bond(project, rows, found, solution)
        so_far = _standing(project, rows, found, bond, deep=True)
        if (no := so_far.refused) is not None:
            raise Refused(f"{no.role} has refused {name}: {no.reason}", "An approval.", f"grundstein decide {name}")
        if so_far.missing or not so_far.signed:
            raise Refused(
                f"{name} lacks a signature: {', '.join(so_far.missing)}.",
                "Every role has signed.",
                f"grundstein sign {name}",
            )
        _unchanged(so_far)
        before = current(project, name)
        ids = tuple(row.id for row in so_far.signed)
        mode: Mode = "shadow" if shadow else "live"
        over = signing.overrides(found, bond)
        put = Release(name, bond, ids, mode, before.id if before else "", so_far.until, override=over)
        return project.ledger.append(put)


def roll_back(project: Project, name: str) -> Entry:
    """Make the release before the live one live again; Refused where there is none, or it does not stand any more."""
    with _denied(project, name, "roll back"):
        live = current(project, name)
        wanted = cast("Release", live.record).previous if live else ""
        if not live or not wanted:
            raise Refused(
                f"{name} has no earlier release.", "A release before the live one.", f"grundstein show {name}"
            )
        earlier = cast("Release", project.ledger.get(wanted).record)
        for reason in (*_broken_model(project, earlier.bond), *_over(project, earlier)):
            raise Refused(f"The earlier release of {name} cannot answer: {reason}.", "A release that stands.", "audit")
        return project.ledger.append(replace(earlier, back=True, mode="live"))


def current(project: Project, name: str, mode: str = "live") -> Entry | None:
    """The newest release of a case in a mode; None where there is none."""
    return newest(project, name, mode)


def refuse_ended(project: Project, said: Release) -> None:
    """Refuse a release whose signature ended."""
    if _over(project, said):
        raise Refused(
            f"The signature of {said.case} ended on {said.until}.",
            "A signature that counts.",
            f"grundstein sign {said.case}",
        )


def changes(project: Project, bond: Bond, name: str, *, deep: bool) -> list[str]:
    """What is no longer as it was signed, a sentence each: verdict, case, standard, libraries, report, model, data."""
    found = []
    verdicts = [(row.id, cast("Verdict", row.record)) for row in project.ledger.entries(Verdict)]
    newest = [id_ for id_, said in verdicts if said.case == name and not said.deposit]
    if newest and newest[-1] != bond.verdict:
        found.append("there is a newer verdict")
    if record_id(question_of(project.case(name))) != bond.question:
        found.append(f"the case was edited: {_edited(project, bond, name)}")
    if fields := standards.changed(project, bond, name):
        found.append(f"the company's standard was changed: {', '.join(fields)}")
    if project.lock != bond.lock:
        found.append("Python or a library has another version")
    told = cast("Report", project.ledger.get(bond.report).record)
    found += [
        f"the report ({at}) was changed" for at, sha in told.pages.items() if digest(project.page(name, at)) != sha
    ]
    return found + (_broken_model(project, bond) + _broken_snapshot(project, bond) if deep else [])


def now(project: Project) -> datetime:
    """The time; never before the ledger's last row, so that a clock that goes back revives nothing."""
    return max(datetime.now(UTC), datetime.fromisoformat(project.ledger.head().at))


def _signed_bond(project: Project, rows: Sequence[Entry], found: Subject, solution: str) -> Bond:
    """The bond that is released: of the solution that is named, else of the one that was signed last."""
    from grundstein.approval import signing

    said = [row.record for row in rows if isinstance(row.record, SignOff)]
    mine = [one.bond for one in said if one.bond.verdict == found.verdict.id and solution in ("", one.bond.solution)]
    fresh = record_id(question_of(project.case(found.said.case)))
    return mine[-1] if mine else signing.bond_of(found, solution, fresh, standards.demand(project, found.said.case))


def _edited(project: Project, bond: Bond, name: str) -> str:
    from grundstein.approval.memory import edits

    signed = cast("Question", project.ledger.get(bond.question).record)
    return ", ".join(edits([signed, question_of(project.case(name))])) or "its wording"


def _broken_model(project: Project, bond: Bond) -> list[str]:
    try:
        project.files.folder(bond.model.partition(":")[2])
    except Refused as error:
        return [f"the model: {error.what}"]
    return []


def _broken_snapshot(project: Project, bond: Bond) -> list[str]:
    snapshot = cast("Snapshot", project.ledger.get(bond.snapshot).record)
    changed = {table: project.tables.changed(table, version) for table, version in snapshot.versions.items()}
    return [f"{table}: {', '.join(files)} changed after it was committed" for table, files in changed.items() if files]


def _over(project: Project, said: Release) -> list[str]:
    return [f"its signature ended on {said.until}"] if said.until < now(project).date().isoformat() else []


def _unchanged(so_far: Standing) -> None:
    if so_far.voids:
        raise Refused(
            f"Something changed since this was judged: {'; '.join(so_far.voids)}.",
            "The same case, standard, data, model, libraries, verdict and report as were judged.",
            "Bring it back, or decide anew",
        )


def _reasoned(reason: str, decision: str) -> None:
    if len(reason.split()) < 3:
        raise Refused(
            "A refusal needs its reason."
            if decision == "refuse"
            else "A candidate that did not qualify needs a reason.",
            "A sentence that others can read later.",
            '--reason "..."',
        )


@contextmanager
def _denied(project: Project, name: str, act: str) -> Iterator[None]:
    """Write a refusal to the ledger before it is raised."""
    try:
        yield
    except Refused as error:
        project.ledger.append(Denial(name, act, error.what))
        raise
