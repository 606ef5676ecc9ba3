"""Room core. In: who signed, who may ask -> Out: the records of people, signatures and releases (see `records`).

A token is never kept, only its sha256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Person:
    """Somebody who may sign, and the sha256 of their token. A newer row replaces it; an empty token ends it."""

    name: str
    token: str
    number: int


@dataclass(frozen=True)
class Demand:
    """What the company's standard asked of a case when it was decided or signed: as canonical JSON."""

    case: str
    asks: str


@dataclass(frozen=True)
class Bond:
    """All that a signature rests on, by id or digest; `model` is the solution's kind and the digest of its files.

    `standard` is the Demand that held then; empty: the company asked nothing of the case.
    """

    question: str
    snapshot: str
    experiment: str
    verdict: str
    report: str
    lock: str
    solution: str
    model: str
    standard: str = ""


@dataclass(frozen=True)
class SignOff:
    """One person's yes or no to one bond, in one role. `until`: the ISO date after which it no longer counts.

    `proof` can be made and tested with the person's token alone.
    """

    case: str
    bond: Bond
    decision: Literal["approve", "refuse"]
    reason: str
    person: str
    role: str
    until: str
    override: bool = False
    proof: str = ""


@dataclass(frozen=True)
class Denial:
    """Somebody tried what is not allowed; `why` is the reason as it was said, which never holds a token."""

    case: str
    act: str
    why: str


@dataclass(frozen=True)
class Release:
    """A signed solution put to work: `live` answers, `shadow` answers beside it and is only compared."""

    case: str
    bond: Bond
    signatures: tuple[str, ...]
    mode: Literal["live", "shadow"]
    previous: str
    until: str
    back: bool = False
    override: bool = False


@dataclass(frozen=True)
class Access:
    """A program that may ask a server: the sha256 of its token. A newer row replaces it; an empty token ends it.

    `cases` are those it may ask about; none named: all.
    """

    name: str
    token: str
    scopes: tuple[Literal["answer", "feedback", "metrics"], ...]
    cases: tuple[str, ...]
    number: int
