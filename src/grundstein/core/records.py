"""Room core. In: what a step found -> Out: the records of the ledger; an id is the sha256 of content as canonical JSON.

Time, person, host and durations stand in the ledger row around a record, so the same work gives the same id.
Records hold aggregates and digests, never a row or a key: erasing never rewrites the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from grundstein.core.figures import Figure
from grundstein.core.findings import Finding
from grundstein.core.signed import Access, Bond, Demand, Denial, Person, Release, SignOff

Word = Literal["qualifies", "does_not_qualify", "not_enough_data", "not_applicable"]
Standing = Literal["baseline", "default", "trivial", "candidate", "outside", "released"]


@dataclass(frozen=True)
class Foundation:
    """The ledger's first row: the salt of every seal; it cannot be changed."""

    name: str
    salt: str


@dataclass(frozen=True)
class Batch:
    """One arrival at a table: what was read, taken and put aside.

    `contents` are the digests of its files. Where rows came by key: of `rows`, `updated` replaced a row of the table
    and `unchanged` stood there already; the others were added.
    """

    table: str
    source: str
    content: str
    rows: int
    rejected: int
    version: str
    findings: tuple[Finding, ...] = ()
    contents: tuple[str, ...] = ()
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Question:
    """A case as it stood when it was evaluated: its fields as canonical JSON."""

    case: str
    fields: str


@dataclass(frozen=True)
class Snapshot:
    """The pinned versions of all tables that a case reads. `digest` is over the files' sha256 at commit.

    `also`: what pins each outside candidate by its name, a table's version or the digest of code; `digest` lacks it.
    `known_at`: what the contracts say of when a column of the first role is known (see `core.contract.Column`).
    `released`: the id of the Release whose model stood in use on older rows, one more opponent; empty where none did.
    """

    question: str
    case: str
    versions: Mapping[str, str]
    rows: Mapping[str, int]
    digest: str
    test: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    known_at: Mapping[str, str] = field(default_factory=dict)
    released: str = ""


@dataclass(frozen=True)
class Earlier:
    """A seal that was in force while rows up to `last_row` were used in development."""

    how: str
    key: tuple[str, ...]
    time: str
    share: float
    cut: str
    last_row: int


@dataclass(frozen=True)
class Seal:
    """The sealed part of a table, the same for every case on it.

    With `time`: rows later than `cut` (ISO instant, or a number for `_row`). Without: hash(salt, key) under `share`.
    "given": the test table stands behind the rows, from `_row` above `cut`. A unit used in development under one of
    `earlier` is never sealed.
    """

    table: str
    how: Literal["time", "entity", "random", "given"]
    key: tuple[str, ...]
    entity: str
    time: str
    share: float
    cut: str
    salt: str
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True)
class Gain:
    """The mean difference per unit and its range."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """How one solution did on one part: value per unit, metrics, and the counts of the first screen."""

    name: str
    standing: Standing
    value: float
    metrics: Mapping[str, float]
    model: str = ""


@dataclass(frozen=True)
class Flip:
    """An assumed amount, and the value at which the verdict changes; None: nowhere in the range tried."""

    amount: str
    stated: float
    flips_at: float | None


@dataclass(frozen=True)
class Experiment:
    """Solutions compared on development rows. `learned` is a sketch of them: their 1,024 smallest unit hashes.

    `bought`: the winner's gain over each outside candidate, the price of its calls taken off, running costs not.
    """

    question: str
    snapshot: str
    seal: str
    case: str
    task: str
    unit: str
    split: str
    measure: str
    money: bool
    declared: bool
    units: int
    units_test: int
    margins: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    gains: Mapping[str, Gain]
    winner: str
    perfect: float
    detectable: float | None
    units_needed: int | None
    differences: str
    learned: tuple[int, ...]
    flips: tuple[Flip, ...]
    findings: tuple[Finding, ...]
    figures: tuple[Figure, ...]
    seed: int
    budget: int
    lock: str
    bought: Mapping[str, Gain] = field(default_factory=dict)


@dataclass(frozen=True)
class Deposit:
    """Somebody else's answers, put down before they are judged.

    Digests of files: `answers` holds keys and answers, `state` which units the lake knew at that moment: those whose
    truth some table held can never be judged by them. `units` were answered, `open` of them had no known truth; `rows`
    is how many the case's `table` had. `source` pins where they came from: a version, the digest of a file or of code.
    """

    case: str
    name: str
    kind: Literal["file", "table", "endpoint", "python"]
    question: str
    snapshot: str
    table: str
    key: tuple[str, ...]
    target: str
    answers: str
    state: str
    units: int
    open: int
    rows: int
    source: str = ""


@dataclass(frozen=True)
class Opening:
    """One use of the sealed test part, appended before a sealed row is read."""

    experiment: str
    case: str
    identity: str
    count: int
    level: float
    units: int
    sketch: tuple[int, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the judge said. `gains` is against each opponent; `figures` says which rows they are of.

    `deposit`: where it is about somebody else's answers; these are judged, never released.
    """

    opening: str
    experiment: str
    case: str
    verdict: Word
    winner: str
    figures: Literal["sealed", "development"]
    level: float
    openings: int
    gains: Mapping[str, Gain]
    margins: Mapping[str, float]
    hardest: str
    outcomes: tuple[Outcome, ...]
    detectable: float | None
    units_needed: int | None
    flips: tuple[Flip, ...]
    findings: tuple[Finding, ...]
    pictures: tuple[Figure, ...]
    deposit: str = ""


@dataclass(frozen=True)
class Report:
    """The pages made of a verdict or an experiment: sha256 by language, and the ledger's head they carry."""

    subject: str
    case: str
    pages: Mapping[str, str]
    head: str


@dataclass(frozen=True)
class Promise:
    """One decision of a replay: the gain over today's rule that it promised, and the one that came later.

    `at` is the past date; `widened` is the promised range for a later mean of `units_later` units. `findings` are the
    warnings that could be given at that date.
    """

    case: str
    snapshot: str
    at: str
    until: str
    verdict: Word
    winner: str
    baseline: str
    promised: Gain
    widened: Gain
    later: float
    units: int
    units_later: int
    budget: int
    lock: str
    findings: tuple[Finding, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the widened range holds what came later."""
        return self.widened.low <= self.later <= self.widened.high


@dataclass(frozen=True)
class Round:
    """A released case is evaluated again, on a snapshot and for a reason; it ends with the snapshot's verdict."""

    case: str
    snapshot: str
    why: str


@dataclass(frozen=True)
class Observation:
    """What watching found of a live release. Drift was looked for `looks` times, up to row `until` of `CASE__answers`.

    Per unit against the baseline: `signed` is the gain that was signed, `measured` the one since on `truths` units
    that our own action left alone (None: too little truth yet). Going on as now is expected to cost `lost` per period
    (per 1,000 units without a volume) against what was signed, and `behind` against the baseline; None: unknown.
    """

    case: str
    release: str
    until: int
    answers: int
    truths: int
    baseline: str
    signed: Gain
    measured: Gain | None
    lost: float | None
    findings: tuple[Finding, ...] = ()
    looks: int = 0
    behind: float | None = None
    pictures: tuple[Figure, ...] = ()


Record = (
    Foundation
    | Batch
    | Question
    | Snapshot
    | Seal
    | Experiment
    | Deposit
    | Opening
    | Verdict
    | Report
    | Promise
    | Person
    | Demand
    | SignOff
    | Denial
    | Release
    | Round
    | Access
    | Observation
)
KINDS: Mapping[str, type[Record]] = {kind.__name__: kind for kind in get_args(Record)}
__all__ = [
    "KINDS",
    "Access",
    "Batch",
    "Bond",
    "Demand",
    "Denial",
    "Deposit",
    "Earlier",
    "Experiment",
    "Flip",
    "Foundation",
    "Gain",
    "Observation",
    "Opening",
    "Outcome",
    "Person",
    "Promise",
    "Question",
    "Record",
    "Release",
    "Report",
    "Round",
    "Seal",
    "SignOff",
    "Snapshot",
    "Standing",
    "Verdict",
    "Word",
]
