"""Room stores. In: staged files -> Out: the table's data folder, read-only, with a journal until their commit is there.

What a writer that died has left is told by the journal, and by names whose first row lies behind the table's end.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from grundstein.core.ports import REJECTED
from grundstein.stores.datafiles import first_row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from grundstein.stores.datafiles import Arrival

READ_ONLY = 0o444


class Folders:
    """The folders of one lake."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake

    def data(self, name: str) -> Path:
        """Where a table's data files lie."""
        return self._lake / "data" / name / "data"

    def metadata(self, name: str) -> Path:
        """Where Iceberg's own files of a table lie."""
        return self._lake / "data" / name / "metadata"

    def staging(self, name: str) -> Path:
        """Where files on their way into a table or its companion lie while its lease is held."""
        return self._lake / "staging" / name.removesuffix(REJECTED)

    def lock(self, name: str) -> Path:
        """The lock of a table."""
        return self._lake / "locks" / f"{name}.lock"

    def house_lock(self, name: str) -> Path:
        """A lock of the lake as a whole; no table can have its name."""
        return self._lake / "locks" / f".{name}.lock"

    def place(self, name: str, arrivals: Sequence[Arrival]) -> None:
        """Move files in; one that is there already, under the name of its content, stays as it is."""
        data = self.data(name)
        data.mkdir(parents=True, exist_ok=True)
        coming = [one for one in arrivals if not (data / one.name).exists()]
        self._journal(name).parent.mkdir(parents=True, exist_ok=True)
        with self._journal(name).open("a", encoding="utf-8") as journal:
            journal.writelines(f"{one.name}\n" for one in coming)
        for one in coming:
            one.path.chmod(READ_ONLY)
            shutil.move(one.path, data / one.name)

    def placed(self, name: str) -> None:
        """Say that the commit of what was moved in is there."""
        self._journal(name).unlink(missing_ok=True)

    def unfinished(self, name: str) -> bool:
        """Whether files were moved in whose commit may be missing."""
        return self._journal(name).exists()

    def drop_strays(self, name: str, end: int, named: Callable[[], Collection[str]]) -> None:
        """Delete what a writer without a commit has left: journaled files, and those from the row `end` on."""
        journal = self._journal(name)
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
        strays = {self.data(name) / line for line in lines}
        strays |= {file for file in self.data(name).glob("*.parquet") if first_row(file.name) >= end}
        kept = named() if strays else ()
        for file in strays:
            if str(file.absolute()) not in kept:
                file.unlink(missing_ok=True)

    def leave(self, name: str) -> None:
        """Empty the staging folder."""
        shutil.rmtree(self.staging(name), ignore_errors=True)

    def _journal(self, name: str) -> Path:
        return self.staging(name) / f"{name}.arriving"
