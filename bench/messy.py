"""Bench. In: public collections of polluted and messy files -> Out: how many are read right, beside DuckDB."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import tarfile
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused
from grundstein.lake.reading import read_raw
from grundstein.lake.reading.raw import Empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SHARED = Path(os.environ.get("GRUNDSTEIN_DATA", Path(__file__).parents[2] / "shared" / "data"))
POLLOCK = SHARED / "messy-files" / "pollock"
TOLERANT = {"strict_mode": False, "ignore_errors": True, "null_padding": True, "parallel": False}
Rows = list[list[str]]


ORDER = ("Date", "Service", "Expenses", "Transaction", "Amount", "Supplier")
INTRO = """Pollock (2,290 files, each with one kind of damage): its own score of 0 to 10 a file, which adds success,
and precision, recall and F1 of names, records and cells; *simple* is the mean over the files, *weighted* by how often a
damage was met in use. `read_raw` gets no parameter; beside it DuckDB in the same run, strict mode off, errors ignored,
padding on, not parallel: by its own detection (all text), and told delimiter, quotes, names and lines to skip of every
file. Where a reader finds no names in a file, none are written. *Other rows*: rows of the result, all files together,
that the clean file does not have.
"""


@dataclass(frozen=True)
class Polluted:
    """One file of Pollock: the polluted text, the same content clean, the parameters that describe it, its weight."""

    path: Path
    clean: Rows
    parameters: Mapping[str, Any]
    weight: float

    @property
    def group(self) -> str:
        """The kind of pollution: its name without the number of row and column; pollution of names apart."""
        name = self.path.stem
        if not name.startswith("row_"):
            return name
        kind = re.sub(r"_?(?:row|col)?\d+(?:_0x20)?", "", name).removeprefix("row_")
        return kind + (" in the names" if re.search(r"(?:row|quote|delimiter_)0(?:_|$)", name) else " in a record")


def normal(cell: str) -> str:
    """A cell as Pollock compares it; dates and prices are compared as written, which never scores more."""
    if cell in ("True", "true", "False", "false"):
        return str(int(cell.lower() == "true"))
    for read in (int, float):
        try:
            return str(read(cell))
        except ValueError:
            pass
    return cell.lower()


def overlap(wanted: Sequence[str], loaded: Sequence[str]) -> float:
    """Pollock's precision, recall and F1 of one bag of texts against another, added."""
    if not wanted:
        return 3.0
    shared = (Counter(wanted) & Counter(loaded)).total()
    if not shared:
        return 0.0
    first, second = shared / len(wanted), shared / len(loaded)
    return first + second + 2 * first * second / (first + second)


def score(wanted: Rows, loaded: Rows | None) -> float:
    """Pollock's score of one file, 0 to 10: read at all, then names, records and cells; None was not read."""
    if loaded is None:
        return 0.0
    if not wanted:
        return 10.0
    source, found = ([[normal(cell) for cell in row] for row in rows] for rows in (wanted, loaded))
    return (
        1.0
        + overlap(source[0], found[0] if found else ())
        + overlap(["".join(row) for row in source[1:]], ["".join(row) for row in found[1:]])
        + overlap([cell for row in wanted for cell in row], [cell for row in loaded for cell in row])
    )


def ours(file: Polluted) -> Rows | None:
    """What the lake reads without any parameter. A refusal counts as not read, unless no record is there."""
    try:
        raw = read_raw(file.path, {}, None)
    except Empty as empty:
        return [list(empty.columns)] if empty.columns else []
    except Refused:
        return None
    unnamed = any(finding.code == "GST-D34" for finding in raw.findings)
    rows = [[cell or "" for cell in row.values()] for row in raw.content.to_pylist()]
    return rows if unnamed else [list(raw.columns), *rows]


def duckdb_alone(file: Polluted) -> Rows | None:
    """DuckDB's own detection, with its most tolerant options."""
    return _duckdb(file, {"all_varchar": True, **TOLERANT})


def duckdb_told(file: Polluted) -> Rows | None:
    """DuckDB with the benchmark's own description of the file."""
    told = file.parameters
    names = [name.strip() for name in told["column_names"]] or [f"column{at}" for at in range(told["n_columns"] or 1)]
    options = {
        "delimiter": told["delimiter"] or ",",
        "quotechar": told["quotechar"] or '"',
        "escapechar": told["escapechar"] or '"',
        "skiprows": told["preamble_lines"] + told["header_lines"],
        "header": False,
        "columns": dict.fromkeys(names, "VARCHAR"),
        "auto_detect": False,
    }
    return _duckdb(file, {**options, **TOLERANT})


@cache
def _engine() -> Any:
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _duckdb(file: Polluted, options: Mapping[str, Any]) -> Rows | None:
    import duckdb

    try:
        found = _engine().read_csv(str(file.path), **options)
        rows = [["" if cell is None else str(cell) for cell in row] for row in found.fetchall()]
    except duckdb.Error:
        return None
    unnamed = all(re.fullmatch(r"column\d+", name) for name in found.columns)
    return rows if unnamed else [list(found.columns), *rows]


def polluted(folder: Path) -> list[Polluted]:
    """Every file of Pollock, unpacked into a folder."""
    with tarfile.open(POLLOCK / "polluted_files.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    weights = json.loads((POLLOCK / "pollock_weights.json").read_text(encoding="utf-8"))
    base = folder / "polluted_files"
    return [_file(path, base, weights[path.name]) for path in sorted((base / "csv").iterdir())]


def _file(path: Path, base: Path, weight: float) -> Polluted:
    with (base / "clean" / path.name).open(encoding="utf-8-sig", newline="") as text:
        clean = list(csv.reader(text))
    told = json.loads((base / "parameters" / f"{path.name}_parameters.json").read_text(encoding="utf-8"))
    return Polluted(path, clean, told, weight)


@dataclass(frozen=True)
class Result:
    """The scores of one reader by file, its rows that no clean file has, and CPU seconds."""

    scores: Mapping[str, float]
    other: Mapping[str, int]
    seconds: float

    def mean(self, files: Sequence[Polluted], weighted: bool = False) -> float:
        """The mean score of some files."""
        weights = [file.weight if weighted else 1.0 for file in files]
        total = sum(self.scores[file.path.name] * weight for file, weight in zip(files, weights, strict=True))
        return total / sum(weights)

    def beyond(self, files: Sequence[Polluted]) -> int:
        """Rows of these files that the clean ones do not have."""
        return sum(self.other[file.path.name] for file in files)


def measure(files: Sequence[Polluted], read: Callable[[Polluted], Rows | None]) -> Result:
    """Read every file and score it."""
    scores, other, start = {}, {}, time.process_time()
    for file in files:
        rows = read(file)
        scores[file.path.name] = score(file.clean, rows)
        other[file.path.name] = (Counter(map(tuple, rows or ())) - Counter(map(tuple, file.clean))).total()
    return Result(scores, other, time.process_time() - start)


READERS = {"read_raw": ours, "DuckDB alone": duckdb_alone, "DuckDB told": duckdb_told}


def run(quick: bool) -> str:
    """Return the section's text."""
    if not POLLOCK.is_dir():
        return "## Messy files\n\nNot measured: the collections are not on this machine."
    with tempfile.TemporaryDirectory() as folder:
        files = polluted(Path(folder))
        files = [file for at, file in enumerate(files) if at % 25 == 0 or "file_" in file.path.name] if quick else files
        found = {name: measure(files, read) for name, read in READERS.items()}
    lines = ["## Messy files", "", INTRO, *_scores(files, found), "", *_groups(files, found)]
    return "\n".join([*lines, "", _refusals(files, found["read_raw"]), "", _spectrum(), "", _months(quick)])


def _refusals(files: Sequence[Polluted], found: Result) -> str:
    """What the score of read_raw would be if saying that a file has no record counted as not reading it."""
    empty = {file.path.name for file in files if len(file.clean) < 2}
    strict = Result({name: 0.0 if name in empty else one for name, one in found.scores.items()}, found.other, 0.0)
    return (
        f"`read_raw` refuses the {len(empty)} files without a record by saying so, with the names they have; counted "
        f"as not read, that would be {strict.mean(files):.3f} simple, {strict.mean(files, weighted=True):.3f} "
        "weighted. Rows that the clean files do not have: `file_multitable_same` (the same names come again below: "
        "read on as one table), `less_sep in the names` (one name is lost, the others are given from the left, and an "
        "issue says so), and names that stand twice (read once)."
    )


def _unlike_none(rows: Sequence[Mapping[str, str]]) -> Rows:
    """The values but those of one column, in which the collection's own two files of a case disagree."""
    return [[value for name, value in row.items() if name != "Contact Phone Number"] for row in rows]


def _spectrum() -> str:
    folder = SHARED / "messy-files" / "csv-spectrum"
    right = total = 0
    for path in sorted((folder / "csvs").iterdir()):
        said = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8").replace("\\r\\n", "\\n"))
        rows = read_raw(path, {}, None).content.to_pylist()
        total += 1
        right += _unlike_none(rows) == _unlike_none(said if isinstance(said, list) else [said])
    return f"csv-spectrum: {right} of {total} files as its authors say."


def month_of(row: Sequence[str]) -> tuple[object, ...]:
    """One payment of Manchester's months, trimmed, its amount a number."""
    month, day, area, kind, number, amount, supplier = (cell.strip() for cell in row)
    return month, day, area, kind, number, round(float(re.sub("[^0-9.-]", "", amount) or 0), 2), supplier


def _months(quick: bool) -> str:
    """Manchester's 109 raw months beside their merged table."""
    folder = SHARED / "bookkeeping" / "manchester_spend"
    with gzip.open(folder / "manchester_2010-12_to_2019-12.csv.gz", "rt", encoding="utf-8", newline="") as merged:
        rows = (row for at, row in enumerate(csv.reader(merged)) if at)
        wanted = Counter(month_of(row) for row in rows if not quick or row[0] < "2012")
    found: Counter[tuple[object, ...]] = Counter()
    aside = months = 0
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(folder / "raw_monthly_2010-12_to_2019-12.tar.gz") as archive:
            archive.extractall(place, filter="data")
        for path in sorted(Path(place).rglob("*.csv")):
            if not quick or path.stem < "2012":
                raw = read_raw(path, {}, None)
                order = [next(at for at, name in enumerate(raw.columns) if word in name) for word in ORDER]
                columns = [raw.content.column(at).to_pylist() for at in order]
                found.update(month_of((path.stem, *row)) for row in zip(*columns, strict=True))
                aside += raw.broken.num_rows
                months += 1
    return (
        f"Manchester's payments: {months} raw months, {found.total():,} rows read without an option, {aside} blank or "
        f"total rows put aside, {(wanted - found).total()} missing and {(found - wanted).total()} others beside the "
        "merged table, trimmed."
    )


def _scores(files: Sequence[Polluted], found: Mapping[str, Result]) -> list[str]:
    lines = ["| | must reach | " + " | ".join(found) + " |", "|---|---:|" + "---:|" * len(found)]
    for title, weighted, least in (("simple", False, 9.97), ("weighted", True, 9.90)):
        means = [f"{one.mean(files, weighted):.3f}" for one in found.values()]
        lines.append(f"| {title} | {least:.2f} | {' | '.join(means)} |")
    lines.append(f"| other rows | | {' | '.join(str(one.beyond(files)) for one in found.values())} |")
    lines.append(f"| CPU s | | {' | '.join(f'{one.seconds:.0f}' for one in found.values())} |")
    return lines


def _groups(files: Sequence[Polluted], found: Mapping[str, Result]) -> list[str]:
    """One line a kind of damage: files, share of the weight, mean scores, rows that the clean files do not have."""
    total = sum(file.weight for file in files)
    by = {group: [file for file in files if file.group == group] for group in sorted({file.group for file in files})}
    head = " | ".join(f"{name} | other rows" for name in found)
    lines = [f"| damage | files | weight | {head} |", "|---|---:|---:|" + "---:|" * 2 * len(found)]
    for group, some in by.items():
        share = sum(file.weight for file in some) / total
        cells = [f"{one.mean(some):.3f} | {one.beyond(some)}" for one in found.values()]
        lines.append(f"| {group} | {len(some)} | {share:.2%} | {' | '.join(cells)} |")
    return lines
