"""Room stores. In: Parquet files on their way in -> Out: their place in the order of arrival, their names.

A data file is named `FIRSTROW-SHA256.parquet`, so the order of arrival and the digest of a version follow from names.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from grundstein.core.errors import Refused, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


class Arrival(NamedTuple):
    """A file on its way in: where it is, its first `_row`, its rows, its sha256."""

    path: Path
    first: int
    rows: int
    sha256: str

    @property
    def name(self) -> str:
        """The name in the table's data folder."""
        return f"{self.first:012d}-{self.sha256}.parquet"


def arrival(path: Path, first: int) -> Arrival:
    """Look at a file whose first `_row` is known."""
    import pyarrow.parquet as pq

    return Arrival(path, first, pq.read_metadata(path).num_rows, sha256_of(path))


def arrivals(files: Sequence[Path], next_row: int) -> list[Arrival]:
    """Look at staged files; their `_row` must go on from `next_row` without a gap."""
    import pyarrow.parquet as pq

    found: list[Arrival] = []
    for path in files:
        one = arrival(path, next_row + sum(before.rows for before in found))
        rows = pq.read_table(path, columns=["_row"])["_row"].to_numpy()
        if len(rows) and (rows[0] != one.first or rows[-1] != one.first + len(rows) - 1):
            raise ValueError(f"_row of {path.name} must go on from {one.first}")
        found.append(one)
    return found


def check_columns(name: str, files: Sequence[str]) -> None:
    """Refused where a file's columns, their types or their order are not those of the first file."""
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(file) for file in files]
    for schema in schemas:
        _same_columns(name, schemas[0], schema)


def first_row(file: str) -> int:
    """The first `_row` that a data file's name tells."""
    return int(Path(file).name.split("-")[0])


def named_sha256(file: str) -> str:
    """The sha256 that a data file's name tells."""
    return Path(file).stem.split("-")[1]


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes as they are now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def intact(path: Path) -> bool:
    """Whether a data file is there with the bytes that its name was made from."""
    return path.is_file() and sha256_of(path) == named_sha256(str(path))


def digest_of(digests: Sequence[str]) -> str:
    """The digest of a version: sha256 over the sha256 of its files in order of arrival."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _same_columns(name: str, there: pa.Schema, arriving: pa.Schema) -> None:
    from grundstein.tools.parquet import field_ids

    if None in field_ids(arriving):
        raise ValueError(f"the files for {name} carry no field ids; write them with tools.parquet")
    if there.equals(arriving) and field_ids(there) == field_ids(arriving):
        return
    before, now = ({field.name: str(field.type) for field in schema} for schema in (there, arriving))
    strange = [n for n in now if n not in before]
    missing = [n for n in before if n not in now]
    other = [f"{n} ({now[n]}, was {before[n]})" for n in now if before.get(n, now[n]) != now[n]]
    parts = [("new", strange), ("missing", missing), ("of another type", other)]
    raise Refused(
        f'The rows do not fit the table "{name}": '
        + ("; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names) or "the columns' order changed")
        + ".",
        f"The columns of the table: {', '.join(n for n in before if not n.startswith('_'))}",
        nearest(strange[0], missing) if strange and missing else "Use another --table, or bring the columns back.",
    )
