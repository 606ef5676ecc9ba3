"""Room lake. In: the bytes of a log -> Out: Raw, one row an entry: file, line, time, level, source, process, text.

Lines are cut before they are understood, so that an endless one costs no memory; what cannot be text is put aside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Refused
from grundstein.core.findings import Finding
from grundstein.lake.reading.encoding import decode
from grundstein.lake.reading.raw import SURROGATE, Raw, broken_table, misfits, printable
from grundstein.lake.reading.records import uncollected
from grundstein.tools.loglines import SAMPLE, Entry, Reader
from grundstein.tools.logsessions import Sessions
from grundstein.tools.logstamps import YEARLESS, Clock, Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

LOG, TABLE = "log", "table"
SESSION = "session"
LONGEST, SHOWN = 1 << 20, 1_000
INSTALLERS = ("msi", "burn")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")

Line = tuple[int, bytes, bool]


@dataclass
class LogReader:
    """Reads the lines of one file, part after part."""

    file: str
    shape: Shape
    year: int
    session: str = ""
    reader: Reader = field(init=False)
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.shape, Clock(self.year))
        self.sessions = Sessions(self.session)

    def read(self, lines: Iterable[Line]) -> tuple[list[Entry], list[tuple[int, str, str]]]:
        """The entries of some lines, and the lines that are no text, each with its reason."""
        with uncollected():
            return self._read(lines)

    def _read(self, lines: Iterable[Line]) -> tuple[list[Entry], list[tuple[int, str, str]]]:
        good: list[tuple[int, str]] = []
        broken: list[tuple[int, str, str]] = []
        for number, data, long in lines:
            text = data.decode("utf-8", "surrogateescape").rstrip("\r")
            reason = _refused(text, long)
            if reason:
                broken.append((number, reason, printable(text[:SHOWN]).replace("\0", "\\0")))
            else:
                good.append((number, text))
        return self.reader.read(good), broken

    def table(self, entries: Sequence[Entry]) -> pa.Table:
        """Entries as rows of texts."""
        columns: dict[str, list[str | None]] = {
            "file": [self.file] * len(entries),
            "line": [str(one.line) for one in entries],
            "time": [one.time or None for one in entries],
            "level": [one.level or None for one in entries],
            "source": [one.source or None for one in entries],
            "process": [one.process or None for one in entries],
            "text": [one.text for one in entries],
        }
        if self.session:
            columns[SESSION] = [self._session(one) for one in entries]
        return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})

    def _session(self, one: Entry) -> str | None:
        at = None
        if one.time and self.sessions.gap:
            said = datetime.fromisoformat(one.time)
            at = said if said.tzinfo else said.replace(tzinfo=UTC)
        return self.sessions.of(self.file, at, one.text)


def is_log(path: Path, settings: Mapping[str, str], head: bytes = b"") -> bool:
    """Whether a file is read as a log: by the setting `format`, else by its name, or as an installer's log."""
    asked = settings.get("format", "")
    if asked not in ("", LOG, TABLE):
        raise Refused(f'there is no format "{asked}"', f"{LOG} or {TABLE}", "correct --format, or leave it out")
    name = path.name.lower().removesuffix(".gz")
    if asked or not name.endswith((".log", ".txt")):
        return asked == LOG
    return name.endswith(".log") or _of_installer(head)


def read_log(data: bytes, name: str, settings: Mapping[str, str]) -> Raw:
    """Return one row an entry; Refused where most lines are no text."""
    decoded = decode(data, settings.get("encoding", ""))
    wide = decoded.encoding.startswith(("utf-16", "utf-32"))
    lines = list(cut_lines([decoded.text.encode("utf-8", "surrogatepass" if wide else "surrogateescape")]))
    reader = reader_of(lines, name, settings)
    entries, broken = reader.read(lines)
    refuse_binary(name, len(entries), broken)
    told = (*told_of(reader, decoded.encoding, settings), *misfits(broken, len(entries)))
    at = pa.array([one.line for one in entries], pa.int64())
    texts = pa.array([one.text for one in entries], pa.string())
    how = {"format": LOG, "encoding": decoded.encoding}
    return Raw(reader.table(entries), at, texts, broken_table(broken), told, None, how)


def reader_of(lines: Iterable[Line], name: str, settings: Mapping[str, str]) -> LogReader:
    """How the lines of a file are read, by the first of them."""
    sample = [data[:SHOWN].decode("utf-8", "replace").rstrip("\r") for _, data, _ in islice(lines, SAMPLE)]
    return LogReader(name, shape_of(sample), _year(name, settings), settings.get(SESSION, ""))


def cut_lines(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Lines with their numbers; of one that is too long only its beginning, and the mark that it was longer."""
    number, rest, skipping = 1, b"", False
    for piece in pieces:
        *lines, last = piece.split(b"\n")
        for line in lines:
            if not skipping:
                whole = rest + line
                yield number, whole[:LONGEST], len(whole) > LONGEST
            number, rest, skipping = number + 1, b"", False
        if skipping:
            continue
        rest += last
        if len(rest) > LONGEST:
            yield number, rest[:LONGEST], True
            rest, skipping = b"", True
    if rest and not skipping:
        yield number, rest, False


def refuse_binary(name: str, entries: int, broken: Sequence[tuple[int, str, str]]) -> None:
    """Refuse a file of which most lines are no text."""
    if len(broken) > entries:
        line, reason, _ = broken[0]
        raise Refused(
            f"{len(broken)} of {len(broken) + entries} lines of {name} are no text (line {line}: {reason})",
            "a log of readable lines",
            "name its encoding with --encoding, or unpack it",
        )


def told_of(reader: LogReader, encoding: str, settings: Mapping[str, str]) -> tuple[Finding, ...]:
    """How the file was read, and whether the year of its times was said by nobody."""
    found = [Finding("GST-G01", "passed", {"encoding": encoding, "kind": reader.shape.kind})]
    yearless = reader.shape.kind == YEARLESS and not settings.get("year") and reader.year == Clock().year
    return (*found, *([Finding("GST-G02", "tip", {"year": str(reader.year)})] if yearless else ()))


def _of_installer(head: bytes) -> bool:
    if not head:
        return False
    text = decode(head[: len(head) - len(head) % 4]).text
    return shape_of(text.split("\n")[:200]).kind in INSTALLERS


def _refused(text: str, long: bool) -> str:
    if long:
        return f"is longer than {LONGEST:,} bytes"
    if "\0" in text:
        return "holds a NUL byte"
    wrong = not text.isascii() and SURROGATE.search(text)
    return "holds bytes that are not in the file's encoding" if wrong else ""


def _year(name: str, settings: Mapping[str, str]) -> int:
    said = settings.get("year", "")
    if said and not YEAR.fullmatch(said):
        raise Refused(f'"{said}" is no year', "four digits such as 2026", "correct --year")
    found = YEAR.search(name)
    return int(said or (found[0] if found else Clock().year))
