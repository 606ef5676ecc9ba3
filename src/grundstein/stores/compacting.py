"""Room stores. In: a version's data files -> Out: which neighbours become one file, and which versions may go.

A file grows to at most `TARGET` bytes; one of half that size is left alone, so large files are not written again and
again. The newest `RECENT` versions always stay: whoever has just looked one up can still read it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from grundstein.stores.history import living

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from grundstein.stores.warehouse import Kept

TARGET = 128 * 2**20
RECENT = 20


def neighbours(files: Sequence[Kept], target: int = TARGET) -> list[list[Kept]]:
    """Runs of at least two small files that stand side by side, each of at most `target` bytes together."""
    runs: list[list[Kept]] = [[]]
    for file in files:
        if file.bytes * 2 > target:
            runs.append([])
        elif sum(one.bytes for one in runs[-1]) + file.bytes > target:
            runs.append([file])
        else:
            runs[-1].append(file)
    return [run for run in runs if len(run) > 1]


def dispensable(table: Table, keep: Collection[str]) -> list[Snapshot]:
    """The versions that are neither among the newest nor in `keep`."""
    old = living(table, table.current_snapshot())[:-RECENT]
    return [snapshot for snapshot in old if str(snapshot.snapshot_id) not in keep]


def touch(files: Iterable[str]) -> None:
    """Set the time of files that no version will name any more: from now on they age."""
    for file in files:
        if Path(file).exists():
            os.utime(file)


def sweep(folders: Iterable[Path], named: Collection[str], age: float) -> Iterator[int]:
    """Delete files that no version names for at least `age` seconds; yields the bytes of each."""
    before = time.time() - age
    for file in sorted(file for folder in folders if folder.is_dir() for file in folder.iterdir()):
        found = file.stat()
        if str(file.absolute()) not in named and found.st_mtime <= before:
            file.unlink()
            yield found.st_size
