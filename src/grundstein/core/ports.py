"""Room core. In: nothing -> Out: what the flow needs of a ledger, a table store, a file store and a project."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from pyarrow import RecordBatchReader, Schema, Table

    from grundstein.core.case import Also, Case
    from grundstein.core.contract import Contract
    from grundstein.core.records import Record
    from grundstein.core.standard import Standard
    from grundstein.core.task import Task


@dataclass(frozen=True)
class Entry:
    """One row of the ledger: a record and what stands around it. `seconds` are measured, `at` is UTC ISO."""

    sequence: int
    id: str
    record: Record
    at: str
    person: str
    host: str
    previous: str
    hash: str
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Head:
    """The end of the chain, when it was written, and the day the chain began; every report carries them."""

    sequence: int
    hash: str
    born: str
    at: str = ""


class Ledger(Protocol):
    """Append-only and hash-chained. Two processes may write at once."""

    def append(self, record: Record, seconds: Mapping[str, float] | None = None) -> Entry:
        """Append, whatever came before; returns the new row."""

    def once(self, record: Record, seconds: Mapping[str, float] | None = None) -> Entry:
        """Append unless a row with this id exists; returns the row."""

    def get(self, record_id: str) -> Entry:
        """Return the newest row of an id; Refused where there is none."""

    def entries(self, kind: type[Record] | None = None) -> Iterator[Entry]:
        """Rows in order, of one kind or all."""

    def head(self) -> Head:
        """The chain's last row."""

    def verify(self) -> list[str]:
        """Walk the chain; returns one sentence for each break, none where it holds."""


REJECTED = "__rejected"


@dataclass(frozen=True)
class TableInfo:
    """A table at a version; `batches` are the content hashes of its arrivals in order.

    `updated`, `added` and `unchanged` count the rows of the arrival that made this version.
    """

    name: str
    version: str
    rows: int
    changed_at: str
    digest: str
    batches: tuple[str, ...]
    updated: int = 0
    added: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Tidied:
    """What tidying a table did: files joined, versions forgotten, files deleted and their bytes."""

    joined: int = 0
    expired: int = 0
    deleted: int = 0
    freed: int = 0


@dataclass(frozen=True)
class Commit:
    """One arrival: the version it made, its batch's content hash, and the note that was committed with the data.

    The note is empty where the version has expired.
    """

    version: str
    batch: str
    note: str


class TableStore(Protocol):
    """Governed, versioned tables. A version that is pinned stays readable byte for byte.

    `NAME__rejected` is the companion of `NAME`: it shares its lease, and an append to it shows only where a commit of
    `NAME` has the same batch.
    """

    def names(self) -> Sequence[str]:
        """Tables in order of name, rejected ones included."""

    def info(self, name: str, version: str = "") -> TableInfo:
        """Facts of a version (the newest where empty); Refused where there is no such table, with the nearest name."""

    def schema(self, name: str, version: str = "") -> Schema:
        """The Arrow schema."""

    def files(self, name: str, version: str = "") -> Sequence[str]:
        """The Parquet files of a version, in order of arrival."""

    def changed(self, name: str, *versions: str) -> Sequence[str]:
        """The files of these versions (the newest where none is named) whose bytes are not those committed, or gone."""

    def read(self, name: str, version: str = "") -> Table:
        """The whole table ordered by `_row`."""

    def stream(self, name: str, version: str = "") -> RecordBatchReader:
        """The table as batches."""

    def append(self, name: str, files: Sequence[Path], batch: str, note: str = "") -> TableInfo:
        """Move Parquet files into the table (made if new) as one commit that carries the batch's content hash.

        Inside the lease only. A batch that is there already is not added again.
        """

    def upsert(self, name: str, files: Sequence[Path], key: Sequence[str], batch: str, note: str = "") -> TableInfo:
        """As `append`, but a row whose key is in the table replaces the row there and keeps its `_row`.

        Rows that are equal in all columns stay as they are; new keys are appended. Refused where a key is missing,
        arrives twice or stands twice in the table.
        """

    def widen(self, name: str, columns: Schema) -> int:
        """Add those of the columns that the table lacks, empty in its rows; returns how many. Inside the lease only."""

    def compact(self, name: str) -> int:
        """Join small files as a new version of the same rows; returns how many. Inside the lease only."""

    def tidy(self, name: str, keep: Collection[str], age: float) -> Tidied:
        """Forget versions that are neither in `keep` nor recent, delete files that nobody needs.

        A file is deleted once no version has named it for `age` seconds. Inside the lease only, and inside `pinning`
        from looking up what to keep.
        """

    def untidied(self, name: str) -> int:
        """The number of commits since the table was last tidied."""

    def commits(self, name: str) -> Sequence[Commit]:
        """The arrivals in order; none where there is no such table."""

    def next_row(self, name: str) -> int:
        """The `_row` of the next arrival."""

    def lease(self, name: str) -> Lease:
        """The one writer's lease of a table; the kernel gives it back when a process dies."""

    def pinning(self) -> Lease:
        """Inside it no version expires: hold it from looking a version up until its record is in the ledger."""

    def staging(self, name: str) -> Path:
        """A fresh folder for files on their way into the table; it is gone when the lease ends."""


class Lease(Protocol):
    """A context manager: inside it nobody else writes this table."""

    def __enter__(self) -> Lease: ...
    def __exit__(self, *exc: object) -> None: ...


class FileStore(Protocol):
    """Folders of plain files by the digest of their content."""

    def keep(self, folder: Path) -> str:
        """Copy a folder in; returns its digest (sha256 over names and contents)."""

    def folder(self, digest: str) -> Path:
        """Return a kept folder, its sha256 checked; Refused where it is missing or changed."""


@dataclass(frozen=True)
class Asked:
    """Questions to an outside candidate, and what it may learn from; tables are Arrow's.

    `questions` has one row a unit, `keys` the columns that name it, row by row. `development` holds the rows with a
    known `target` (empty where the task has none). `naming` are the columns that name a unit or whom it is about,
    `personal` those that the contract calls personal.
    """

    questions: Table
    keys: Table
    development: Table
    target: str
    naming: tuple[str, ...]
    personal: tuple[str, ...]
    seed: int


class Writer(Protocol):
    """A language model behind an address."""

    def write(self, told: str, asked: str) -> str:
        """Return what it writes to `asked`, being told how; Refused where it does not answer."""


class Outside(Protocol):
    """Somebody else's answers: a table, an endpoint, an object of the project's Python file."""

    @property
    def also(self) -> Also:
        """What the case says of it."""

    @property
    def version(self) -> str:
        """What pins it: a table's version, the digest of code; empty where only its answers can."""

    def written(self) -> Table | None:
        """All its answers with the columns that name a unit; None where it must be asked."""

    def answers(self, asked: Asked) -> Table:
        """One row a question in their order: `answer` (null: not answered), maybe `probability` and `act`."""


class Papers(Protocol):
    """The files of a project that people write, as they stand on disk."""

    def contracts(self) -> Sequence[str]:
        """The tables that have a contract."""

    def queries(self) -> Sequence[tuple[str, int, str]]:
        """The SELECTs of the dashboards: file, first line, text."""

    def stated(self, case: str) -> Collection[str]:
        """The fields that a case's file fills in."""

    def marked(self, table: str) -> Collection[str]:
        """The columns of which the contract says how personal they are, whatever it says."""

    def line(self, file: str, place: Sequence[str | int]) -> int:
        """The 1-based line of a field in a YAML file, or of the nearest one around it."""

    def changed(self, since: str) -> Collection[str]:
        """The files of the folder that differ from where a git commit or branch and the present one parted."""


class Progress(Protocol):
    """What a person at a terminal sees of long work; nothing in a pipe."""

    def step(self, text: str) -> None:
        """Say what is being done now."""


class Webhook(Protocol):
    """Where findings of live releases are sent."""

    def post(self, document: Mapping[str, Any]) -> str:
        """Send one JSON document; returns why it did not arrive, nothing where it did."""


class Project(Protocol):
    """A project folder as the flow sees it."""

    @property
    def name(self) -> str:
        """The project's name."""

    @property
    def root(self) -> Path:
        """The folder that holds `grundstein.yaml`."""

    @property
    def currency(self) -> str:
        """The one currency of all amounts."""

    @property
    def timezone(self) -> str:
        """IANA name; naive instants are read in it."""

    @property
    def languages(self) -> Sequence[str]:
        """Languages of the reports, the first one is shown."""

    @property
    def salt(self) -> str:
        """The salt of every seal: the ledger's first row."""

    @property
    def lock(self) -> str:
        """Digest of the versions of Python and the libraries that decide results."""

    @property
    def ledger(self) -> Ledger:
        """The ledger."""

    @property
    def begun(self) -> bool:
        """Whether the ledger is there."""

    @property
    def roles(self) -> Mapping[str, Sequence[str]]:
        """Who may sign: a role and its people."""

    @property
    def high_risk(self) -> Sequence[str]:
        """The roles that sign besides where a case is of high risk."""

    @property
    def valid_days(self) -> int:
        """How many days a signature counts."""

    @property
    def slow_ms(self) -> float:
        """Milliseconds that 99 of 100 answers may take; 0: nobody set a limit."""

    @property
    def standard(self) -> Standard:
        """What the company asks, and what the project adds; Refused where the project weakens it."""

    @property
    def papers(self) -> Papers:
        """The files that people write, as they stand on disk."""

    def page(self, name: str, language: str) -> str:
        """The text of a written report; empty where there is none."""

    def aside(self, name: str) -> Ledger:
        """A ledger of its own, with the same salt, for work that must not count in the project's: a replay."""

    def has_aside(self, name: str) -> bool:
        """Whether that ledger was begun."""

    @property
    def tables(self) -> TableStore:
        """The table store."""

    @property
    def files(self) -> FileStore:
        """The file store."""

    @property
    def progress(self) -> Progress:
        """Where long work says what it does."""

    def ticking(self) -> Lease:
        """Inside it nobody else ticks this project; the kernel gives it back when a process dies."""

    @property
    def webhook(self) -> Webhook | None:
        """Where findings are sent; None where the settings name nothing."""

    def case(self, name: str) -> Case:
        """Read `cases/NAME.yaml`; Refused with file, line and nearest word."""

    def case_names(self) -> Sequence[str]:
        """The cases of the folder."""

    def outside(self, case: Case) -> Sequence[Outside]:
        """The candidates under `also:`; Refused where one of them is not there."""

    def writer(self, case: Case) -> Writer | None:
        """The language model that a case names under `writer:`; None where it names none."""

    def contract(self, table: str) -> Contract | None:
        """Read `contracts/TABLE.yaml`; None where there is none."""

    def write_contract(self, contract: Contract) -> Path:
        """Write `contracts/TABLE.yaml`, keeping what a person added."""

    def task(self, name: str) -> Task:
        """Return the task of that name from the entry points; Refused with the names there are."""

    def write_report(self, name: str, language: str, page: str) -> Path:
        """Write `reports/NAME.LANGUAGE.html`."""
