"""Room tools. In: a person's SELECT and the governed tables' files -> Out: its rows, read in a guarded child process.

Three walls, each enough by itself for what it stops: the syntax tree is checked against a list of what may be used;
DuckDB is locked to the named tables' files; the child has hard limits, an empty environment, and is killed on time.
Parsing happens in the child too: a text of a hundred characters can keep a parser busy for years.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from grundstein.core.errors import Refused, nearest
from grundstein.tools.statement import Reading, reading
from grundstein.tools.syntax import bounded, reason, shortened, statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROW = "_row"
PASSED_ON = ("PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Limits:
    """What one SELECT may use. Reaching a limit is an error, never a shorter answer.

    `memory_mb` is what DuckDB may hold before it goes to disk; the process as a whole gets 1 GB more, and 256 MB a
    thread. `disk_mb` bounds its temporary files and the answer's file. One thread gives the same bytes each time.
    """

    rows: int = 1_000_000
    seconds: float = 60.0
    memory_mb: int = 1_024
    disk_mb: int = 8_192
    threads: int = 1


def tables_of(sql: str) -> tuple[str, ...]:
    """Return the tables that one SELECT reads, as it spells them, in order of appearance; names of CTEs left out.

    Refused: several statements, anything but a SELECT, a table function that reads, a path, a function not on the list.
    """
    with _Child(sql, Limits()) as child:
        return child.reading().tables


def pinned_tables(sql: str) -> tuple[str, ...]:
    """Return the tables as `tables_of` does; Refused also where the answer depends on the clock or on chance."""
    with _Child(sql, Limits()) as child:
        return child.reading(steady=True).tables


def select(
    sql: str, files: Mapping[str, Sequence[str]], limits: Limits | None = None, key: Sequence[str] = ()
) -> pa.Table:
    """Run one SELECT over governed tables and return its rows.

    `files` holds the Parquet files of each table that may be named. Without an ORDER BY of its own the answer is
    ordered by `_row` where it keeps that column, else by `key` where it keeps all of that. HUGEINT (sums of whole
    numbers) becomes int64, a float that is not finite becomes null, UUID, INTERVAL and JSON become text; a name that
    comes twice is numbered.
    Refused where a limit is reached.
    """
    limits = limits or Limits()
    with _Child(sql, limits) as child:
        read = child.reading()
        out = Path(child.folder, "answer.parquet")
        child.ask(views={name: _files(name, files) for name in read.tables}, out=str(out))
        answer = pq.read_table(out, use_threads=False, memory_map=False)
    if answer.num_rows > limits.rows:
        raise Refused(
            f"The answer has more than {limits.rows:,} rows.",
            "An answer that a person can look at.",
            "Count or average it (GROUP BY), filter it (WHERE), or take the first rows (LIMIT 100).",
        )
    plain = pa.schema([pa.field(column.name, column.type) for column in answer.schema])
    return _ordered(pa.Table.from_arrays(answer.columns, schema=plain), read.ordered, key)


def _files(name: str, files: Mapping[str, Sequence[str]]) -> list[str]:
    """SQL does not mind upper and lower case; neither does the name of a table."""
    known = {table.casefold(): table for table in files}
    if name.casefold() not in known:
        raise Refused(
            f'There is no table "{name}".',
            f"A governed table: {nearest(name, files)}",
            "Look at them with `grundstein tables`.",
        )
    paths = [path.removeprefix("file://") for path in files[known[name.casefold()]]]
    if not paths:
        raise Refused(
            f'The table "{name}" has no rows yet.', "A table with rows.", "Bring some in with `grundstein ingest`."
        )
    return paths


def _ordered(answer: pa.Table, ordered: bool, key: Sequence[str]) -> pa.Table:
    by = next((names for names in ([ROW], list(key)) if names and {*names} <= {*answer.column_names}), [])
    if ordered or not by or answer.num_rows < 2 or (len(by) == 1 and _rising(answer[by[0]])):
        return answer
    return answer.sort_by([(name, "ascending") for name in by])


def _rising(column: pa.ChunkedArray) -> bool:
    values = column.combine_chunks()
    return not values.null_count and bool(pc.all(pc.less_equal(values[:-1], values[1:])).as_py())


class _Child:
    """The guarded process of one SELECT: asked for the tree, then for the rows; killed on time and at the end."""

    def __init__(self, sql: str, limits: Limits) -> None:
        bounded(sql)
        self.sql, self.limits, self.late = sql, limits, False
        self.folder = ""

    def __enter__(self) -> Self:
        self._temporary = tempfile.TemporaryDirectory(prefix="grundstein-")
        self.folder = self._temporary.name
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "grundstein.tools.select_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        self._clock = threading.Timer(self.limits.seconds, self._stop)
        self._clock.daemon = True
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        self._process.kill()
        self._process.communicate()
        self._temporary.cleanup()

    def _stop(self) -> None:
        self.late = True
        self._process.kill()

    def reading(self, steady: bool = False) -> Reading:
        """Let the child parse, check the tree here."""
        tree = self.ask(sql=self.sql, folder=self.folder, **asdict(self.limits))
        return reading(statements(tree, self.sql), steady)

    def ask(self, **request: Any) -> str:
        """Send a line and return the answer's message; an error or a death becomes an error for a person."""
        talk, listen = self._process.stdin, self._process.stdout
        if talk is None or listen is None:
            raise RuntimeError("the child process has no pipes")
        with suppress(BrokenPipeError):
            talk.write(json.dumps(request).encode() + b"\n")
            talk.flush()
        line = listen.readline()
        if not line.endswith(b"\n"):
            raise self._died()
        said = json.loads(line)
        if said["kind"] in ("Tree", "Done"):
            return str(said["message"])
        raise _failed(said["kind"], said["message"], self.sql, self.limits)

    def _died(self) -> Exception:
        _, last_words = self._process.communicate()
        code = self._process.returncode
        if self.late or code == -getattr(signal, "SIGXCPU", 24):
            return _too_long(self.limits)
        if code > 0:
            return RuntimeError(f"the process of a SELECT failed: {last_words.decode(errors='replace')[-2000:]}")
        return _too_large(self.limits)


def _failed(kind: str, message: str, sql: str, limits: Limits) -> Refused:
    if kind in ("MemoryError", "OutOfMemoryException") or "File too large" in message:
        return _too_large(limits)
    return Refused(f"The SELECT does not work: {reason(message)}.", _expected(kind), _next(message, sql))


def _too_large(limits: Limits) -> Refused:
    return Refused(
        "The SELECT needs more memory or disk than it may use.",
        f"At most {limits.memory_mb:,} MB of memory and {limits.disk_mb:,} MB of disk.",
        "Filter early (WHERE), read fewer columns, aggregate before joining.",
    )


def _too_long(limits: Limits) -> Refused:
    return Refused(
        f"The SELECT ran longer than {limits.seconds:g} seconds and was stopped.",
        "A shorter question.",
        "Filter early (WHERE), aggregate before joining, look for a join without its condition.",
    )


def _expected(kind: str) -> str:
    return {
        "BinderException": "Columns and types of the tables it names.",
        "CatalogException": "Functions that exist, with arguments that fit.",
        "ConversionException": "Values that fit their types, in every row.",
    }.get(kind, "A SELECT that DuckDB can run.")


def _next(message: str, sql: str) -> str:
    """Offer DuckDB's nearest name, which it writes as `Candidate bindings: "a", "b"` or `Did you mean "a"?`."""
    for sign in ("Did you mean ", "Candidate bindings: ", "Candidate Entries: "):
        if sign in message:
            names = message.split(sign, 1)[1].splitlines()[0].rstrip("?")
            return f"Did you mean {names.split(',')[0].strip()}?"
    if "Conversion Error" in message:
        return "Write try_cast(column as double): it is empty where there is no number."
    return f"Look at: {shortened(sql)}"
