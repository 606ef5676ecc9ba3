"""Room approval. In: the ledger's rows -> Out: which signatures and releases cannot be genuine, and why.

A signature carries a proof: the HMAC-SHA256 of its own content under the person's token (RFC 2104). Only who has the
token can make one, and only they can test one; but a proof that is missing, or that belongs to another row, shows to
everybody. The other rules are those by which a signature is taken, read again from the rows themselves.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from grundstein.core.canonical import canonical
from grundstein.core.records import Experiment, Person, Release, Report, SignOff, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grundstein.core.ports import Entry
    from grundstein.core.records import Bond

PROOF = 64


@dataclass
class _Seen:
    """What stands in the rows so far."""

    held: dict[str, Person] = field(default_factory=dict)
    rows: dict[str, Entry] = field(default_factory=dict)
    workers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    proofs: dict[str, int] = field(default_factory=dict)
    approved: dict[tuple[Bond, str], int] = field(default_factory=dict)
    wrong: dict[int, str] = field(default_factory=dict)


def proof(said: SignOff, token: str) -> str:
    """The proof of a signature: what only the holder of the token can write."""
    content = canonical(replace(said, proof=""))
    return hmac.new(token.encode(), content.encode(), "sha256").hexdigest()


def flaws(rows: Iterable[Entry]) -> dict[int, str]:
    """Walk the rows once; for each signature and release that cannot be genuine, by its sequence, why."""
    seen = _Seen()
    for row in rows:
        record = row.record
        if isinstance(record, Person):
            seen.held[record.name] = record
        if isinstance(record, SignOff) and (why := next(_signature(record, seen), "")):
            seen.wrong[row.sequence] = why
        if isinstance(record, Release) and (why := next(_release(record, seen), "")):
            seen.wrong[row.sequence] = why
        if isinstance(record, SignOff):
            seen.proofs.setdefault(record.proof, row.sequence)
            if record.decision == "approve" and row.sequence not in seen.wrong:
                seen.approved[record.bond, record.person] = row.sequence
        seen.rows[row.id] = row
        seen.workers[row.id].add(row.person)
    return seen.wrong


def not_mine(rows: Sequence[Entry], person: str, token: str) -> list[Entry]:
    """The signatures in a person's name, since their token was given, that this token did not make."""
    given = max(
        (row.sequence for row in rows if isinstance(row.record, Person) and row.record.name == person), default=0
    )
    mine = [row for row in rows if isinstance(row.record, SignOff) and row.record.person == person]
    since = [(row, cast("SignOff", row.record)) for row in mine if row.sequence > given]
    return [row for row, said in since if not hmac.compare_digest(said.proof, proof(said, token))]


def _signature(said: SignOff, seen: _Seen) -> Iterator[str]:
    if len(said.proof) != PROOF:
        yield f"nobody's token made the signature of {said.person}"
    if said.proof in seen.proofs:
        yield f"the signature of {said.person} is a copy of the one in row {seen.proofs[said.proof]}"
    holder = seen.held.get(said.person)
    if holder is None or not holder.token:
        yield f"{said.person} held no token when this was signed"
    yield from _bond(said.bond, said.case, seen)
    bond = said.bond
    if said.person in set().union(*(seen.workers[one] for one in (bond.experiment, bond.verdict, bond.snapshot))):
        yield f"{said.person} had evaluated or decided what is signed here"
    if said.decision == "approve" and (said.bond, said.person) in seen.approved:
        yield f"{said.person} had signed this in row {seen.approved[said.bond, said.person]}"


def _bond(bond: Bond, case: str, seen: _Seen) -> Iterator[str]:
    """What a signature rests on must stand in earlier rows and fit together."""
    verdict, experiment, report = (
        seen.rows[one].record if one in seen.rows else None for one in (bond.verdict, bond.experiment, bond.report)
    )
    if not isinstance(verdict, Verdict) or verdict.case != case or verdict.experiment != bond.experiment:
        yield f"the verdict that is signed is none of {case}"
        return
    if not isinstance(experiment, Experiment) or experiment.snapshot != bond.snapshot:
        yield "the experiment that is signed was not made on the snapshot that is signed"
        return
    if not isinstance(report, Report) or report.subject != bond.verdict:
        yield "the report that is signed is not of the verdict that is signed"
    if (bond.solution, bond.model) not in {(one.name, one.model) for one in experiment.outcomes}:
        yield f"{bond.solution} is not the model that was judged"


def _release(put: Release, seen: _Seen) -> Iterator[str]:
    if not put.signatures:
        yield f"the release of {put.case} names no signature"
    for name in put.signatures:
        row = seen.rows.get(name)
        said = row.record if row else None
        if row is None or not isinstance(said, SignOff):
            yield f"the release of {put.case} names a signature that is not there"
        elif row.sequence in seen.wrong:
            yield f"the release of {put.case} rests on row {row.sequence}: {seen.wrong[row.sequence]}"
        elif said.bond != put.bond or said.case != put.case or said.decision != "approve":
            yield f"the release of {put.case} is not what row {row.sequence} signed"
        elif said.until < put.until:
            yield f"the release of {put.case} claims to hold longer than row {row.sequence} allows"
