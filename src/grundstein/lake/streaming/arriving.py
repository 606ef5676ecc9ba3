"""Room lake. In: the files of a source and a contract or none -> Out: Arrived, Parquet files on their way into a table.

First all parts are read, cast and checked, and their rows spooled to the disk; then the keys are compared; then the
rows that stay are numbered and written. Memory is bounded by the size of a part, whatever the size of the source.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.errors import Refused, nearest
from grundstein.core.findings import Finding
from grundstein.lake import checks
from grundstein.lake.contracts import changed_columns, named_otherwise, other_words
from grundstein.lake.streaming.keys import NONE, repeated
from grundstein.lake.streaming.parts import MISFITS, OTHER, Piece, Place, Recoded, summed
from grundstein.lake.streaming.pouring import jar, parts, texts
from grundstein.lake.streaming.proposing import again, draft, settled
from grundstein.lake.streaming.sifting import Sieve, aside_of, without
from grundstein.lake.streaming.staging import LINE, Spool
from grundstein.tools.parquet import ParquetFiles
from grundstein.tools.sealing import HOUSE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.contract import Contract
    from grundstein.core.ports import Project
    from grundstein.lake.sources import SourceFile
    from grundstein.lake.streaming.pouring import Jar
    from grundstein.lake.streaming.sifting import Sifted

ASIDE = pa.schema([("source", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())])
PUT_ASIDE, UNREADABLE, UNFIT, KEPT, EMPTY = "GST-D02", "GST-D03", "GST-D04", "GST-D10", "GST-D15"
LATER = "GST-D17"
AHEAD, TRIES = 1, 2
ODD_ROWS = 500


@dataclass
class Counts:
    """What was found in all parts: rows and reasons, values missing by column, some records that did not fit."""

    rows: int = 0
    unfit: int = 0
    broken: int = 0
    breaks: Counter[tuple[str, str]] = field(default_factory=Counter)
    empty: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    odd: list[pa.Table] = field(default_factory=list)

    def add(self, piece: Piece, sifted: Sifted) -> None:
        """Add a part."""
        self.rows += len(piece.line)
        self.unfit += sifted.unfit
        self.broken += sifted.broken
        self.breaks.update(sifted.breaks)
        self.empty.update(sifted.empty)
        self.findings = list(summed([*self.findings, *piece.findings]))
        if len(sifted.misfits) and sum(map(len, self.odd)) < ODD_ROWS and piece.text:
            self.odd.append(piece.content.take(pa.array(sifted.misfits)))


@dataclass(frozen=True)
class Spooled:
    """The rows of all files on the disk; `owner` is the file of each part, `places` where its records stand in it."""

    spool: Spool
    counts: Counts
    jars: Sequence[Jar]
    owner: Sequence[int]
    places: Sequence[Place | None]


@dataclass(frozen=True)
class Arrived:
    """Files of the rows taken, and of those put aside (none where there are none)."""

    files: Sequence[Path]
    aside: Sequence[Path]
    rows: int
    rejected: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Late:
    """Positions of rows that are put aside since another row has their key, the finding's code, and the reason."""

    at: NDArray[np.int64]
    code: str
    reason: str


@dataclass(frozen=True)
class Home:
    """The batch, and the first `_row` of the rows and of those put aside."""

    batch: str
    first: int
    first_aside: int


def streamed(
    table: str,
    files: Sequence[SourceFile],
    settings: Mapping[str, str],
    before: Contract | None,
    key: Sequence[str],
    there: Sequence[str],
    project: Project,
    folders: tuple[Path, Path, Path],
    home: Home,
) -> tuple[Contract, Arrived]:
    """Bring files into Parquet files, part by part; returns the contract (proposed where there is none `before`).

    `key`: rows replace those of their key, so of one key the last row counts. `there` are the table's files, `folders`
    are for what is in between, the rows, and the rows put aside.
    """
    try:
        jars = [jar(file, settings, before) for file in files]
        contract, told, found = _held(table, jars, settings, before, key, project, folders[0])
    except Recoded:
        jars = [jar(file, settings, before, thorough=True) for file in files]
        contract, told, found = _held(table, jars, settings, before, key, project, folders[0])
    project.progress.step(f"comparing the keys of {found.spool.rows:,} rows")
    if key:
        late = Late(
            repeated(found.spool, key, (), folders[0], last=True), LATER, f"comes again as {', '.join(key)} later"
        )
    else:
        new = before is None or not contract.key
        at = NONE if new else repeated(found.spool, contract.key, there, folders[0])
        late = Late(at, checks.KEY, f"is there already as {', '.join(contract.key)}")
    project.progress.step(f"numbering {found.spool.rows:,} rows")
    arrived = written(found, contract, late, folders[1:], home)
    return contract, replace(arrived, findings=(*told, *arrived.findings))


def _held(
    table: str,
    jars: Sequence[Jar],
    settings: Mapping[str, str],
    before: Contract | None,
    key: Sequence[str],
    project: Project,
    folder: Path,
) -> tuple[Contract, tuple[Finding, ...], Spooled]:
    """Hold all rows against the contract; a new table's is proposed by a sample and settled by all rows."""
    zone = project.timezone
    if before is not None:
        return before, (), spooled(jars, before, zone, folder)
    made = draft(table, jars, settings, zone)
    _there(key, made.contract)
    found = spooled(jars, replace(made.loose, key=tuple(key)), zone, folder)
    for _ in range(TRIES):
        counts = found.counts
        odd = pa.concat_tables(counts.odd) if counts.odd else pa.table({})
        newer = again(made, odd, counts.unfit / max(1, counts.rows), settings, zone)
        if newer is None:
            break
        made = newer
        found = spooled(jars, replace(made.loose, key=tuple(key)), zone, folder)
    spool = found.spool
    made = settled(made, spool.rows, found.counts.empty, lambda names: not len(repeated(spool, names, (), folder)))
    named = tuple(name for name in made.contract.names if name in key)
    contract = replace(made.contract, key=named) if key else made.contract
    return contract, made.findings, found


def _there(key: Sequence[str], contract: Contract) -> None:
    strange = next((name for name in key if name not in contract.names), "")
    if strange:
        raise Refused(
            f"--key {strange} is no column of the source.",
            nearest(strange, contract.names),
            "Name columns of the source.",
        )


def spooled(jars: Sequence[Jar], contract: Contract, timezone: str, folder: Path) -> Spooled:
    """Read every part, hold it against the contract, and spool its rows; Refused where columns are not the contract's.

    Refused as well where more than half of the records cannot be read.
    """
    spool, counts, sieve, owner = Spool(folder, contract), Counts(), Sieve(contract, timezone), []
    places: list[Place | None] = []
    told: list[Finding] = []
    for number, one in enumerate(jars):
        other, first = "", 0
        broken, rows = counts.broken, counts.rows
        for piece in _ahead(parts(one)):
            part = _all_aside(piece, other) if other else piece
            other = other or _other(piece)
            part, words = _columns(part, contract, one.file.name)
            told += named_otherwise(words)
            sifted = sieve.sift(part)
            spool.write(sifted)
            counts.add(part, sifted)
            owner.append(number)
            places.append(part.place)
            first = first or (part.broken["line"][0].as_py() if part.broken.num_rows else 0)
        _readable(one, counts.broken - broken, counts.rows - rows, other)
        told += one.told
        if first and one.layout:
            read = counts.broken - broken + counts.rows - rows
            told.append(Finding(MISFITS, "issue", {"count": counts.broken - broken, "total": read, "line": first}))
    spool.close()
    counts.findings = list(summed([*_once(told), *counts.findings]))
    return Spooled(spool, counts, jars, owner, places)


def written(found: Spooled, contract: Contract, late: Late, folders: tuple[Path, Path], home: Home) -> Arrived:
    """Write the spooled rows, and those put aside with the `late` ones among them, each kind to its folder."""
    spool = found.spool
    rows = _Numbered(folders[0], spool.schema, home.first, home.batch)
    aside = _Numbered(folders[1], ASIDE, home.first_aside, home.batch)
    reads = _reads(found, late) if len(late.at) else iter(())
    for number, part, broken in spool.parts():
        read, gone = next(reads, None), spool.within(late.at, number)
        name = found.jars[found.owner[number]].file.name
        table = pa.Table.from_batches([broken])
        if len(gone) and read is not None:
            table = pa.concat_tables([table, _late(part, gone, contract, late.reason, read)]).sort_by("line")
        aside.write(table.add_column(0, "source", pa.array([name] * table.num_rows, pa.string())))
        whole = pa.table(part.columns[:-1], schema=spool.schema)
        rows.write(without(whole, gone))
    breaks = found.counts.breaks.copy()
    if len(late.at):
        breaks[late.code, ", ".join(contract.key)] = len(late.at)
    files = rows.close(), aside.close() if aside.count else []
    return Arrived(*files, rows.count, aside.count, (*found.counts.findings, *_told(found, breaks, aside.count)))


def _ahead(reads: Iterator[Callable[[], Piece]]) -> Iterator[Piece]:
    """Pieces in order; the next is read while one is worked on."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting = None
        for read in reads:
            before, waiting = waiting, pool.submit(read)
            if before is not None:
                yield before.result()
        if waiting is not None:
            yield waiting.result()


def _late(
    part: pa.RecordBatch,
    gone: NDArray[np.int64],
    contract: Contract,
    said: str,
    read: Callable[[NDArray[np.int64]], list[str]],
) -> pa.Table:
    lines = part[LINE].to_numpy()[gone]
    keys = [part[name].take(pa.array(gone)).to_pylist() for name in contract.key]
    reasons = [f'"{", ".join(map(str, key))}" {said}' for key in zip(*keys, strict=True)]
    return aside_of(lines, reasons, read(lines))


class _Numbered:
    """Writes rows with their `_row` and `_batch`."""

    def __init__(self, folder: Path, schema: pa.Schema, first: int, batch: str) -> None:
        self._files = ParquetFiles(
            folder, schema.append(pa.field("_row", pa.int64())).append(pa.field("_batch", pa.string()))
        )
        self._first, self._batch, self.count = first, batch, 0

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        if not table.num_rows:
            return
        first = self._first + self.count
        row = pa.array(np.arange(first, first + table.num_rows, dtype=np.int64))
        self._files.write(
            table.append_column("_row", row).append_column("_batch", pa.repeat(self._batch, table.num_rows))
        )
        self.count += table.num_rows

    def close(self) -> list[Path]:
        """Return the files."""
        return self._files.close()


def _reads(found: Spooled, late: Late) -> Iterator[Callable[[NDArray[np.int64]], list[str]]]:
    """For every part what gives the records that begin in some lines; files are read again only where it must be."""
    places = [place for place in found.places if place is not None]
    wanted = (n for n in range(len(found.places)) if len(found.spool.within(late.at, n)))
    if places and all(found.places[n] for n in wanted):
        yield from ((place or places[0]).texts for place in found.places)
        return
    for one in found.jars:
        yield from texts(one)


def _columns(piece: Piece, contract: Contract, name: str) -> tuple[Piece, Mapping[str, str]]:
    """The piece under the contract's names, and those it says in other words; Refused where columns changed."""
    house = [column for column in piece.content.column_names if column in HOUSE_COLUMNS]
    if house:
        raise Refused(
            f"{name} has the column {house[0]}, a name that the lake gives to its own columns.",
            f"Column names other than {' and '.join(HOUSE_COLUMNS)}.",
            f"Rename or remove {house[0]} in the source, then ingest it again.",
        )
    words = other_words(piece.content.column_names, contract)
    if not words:
        changed_columns(piece.content.column_names, contract)
        return piece, words
    names = [words.get(column, column) for column in piece.content.column_names]
    return replace(piece, content=piece.content.rename_columns(names)), words


def _other(piece: Piece) -> str:
    """Why the rest of a file is put aside, "" where it is not: it belongs to another table."""
    reasons = piece.broken["reason"].to_pylist() if piece.other else []
    return next((reason for reason in reasons if reason.startswith(OTHER)), "")


def _all_aside(piece: Piece, reason: str) -> Piece:
    lines = piece.line
    mine = aside_of(lines, [reason] * len(lines), piece.texts(lines))
    reasons = pa.array([reason] * piece.broken.num_rows, pa.string())
    theirs = piece.broken.set_column(1, "reason", reasons)
    return Piece(
        piece.content.slice(0, 0),
        piece.text,
        lines[:0],
        pa.concat_tables([mine, theirs]).sort_by("line"),
        (),
        piece.texts,
    )


def _readable(one: Jar, broken: int, rows: int, other: str) -> None:
    if broken * 2 > broken + rows and not other:
        raise Refused(
            f"{broken:,} of {broken + rows:,} records of {one.file.name} do not fit its columns.",
            "One table with the same columns in every record.",
            "Name what was not found right: --delimiter, --encoding, --header or --quote.",
        )


def _once(findings: Sequence[Finding]) -> list[Finding]:
    return [one for at, one in enumerate(findings) if one not in findings[:at]]


def _told(found: Spooled, breaks: Counter[tuple[str, str]], aside: int) -> list[Finding]:
    counts = found.counts
    read = counts.rows + counts.broken
    told = [Finding(UNFIT, "issue", {"rows": counts.unfit})] if counts.unfit else []
    told += [Finding(c, "issue", {"column": column, "rows": n}) for (c, column), n in sorted(breaks.items())]
    if read == 0:
        return [*told, Finding(EMPTY, "tip", {"files": len(found.jars)})]
    if aside == 0:
        return [*told, Finding(KEPT, "passed", {"rows": read})]
    told += [Finding(UNREADABLE, "issue", {"rows": counts.broken})] if counts.broken else []
    return [*told, Finding(PUT_ASIDE, "issue", {"rows": aside, "read": read})]
