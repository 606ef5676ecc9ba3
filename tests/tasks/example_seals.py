"""What the tests of tasks share: a seal for an example, a frozen live table, and a solution's files as bytes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.core.records import Seal
from grundstein.tools.sealing import instants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grundstein.core.case import Case
    from grundstein.core.task import Data, Solution, Task

LATEST = 0.75
SHARE = 0.4


@dataclass(frozen=True)
class Frozen:
    """A live table that stands still."""

    rows: pa.Table
    version: str = "1"

    def table(self) -> pa.Table:
        return self.rows

    def since(self, version: str) -> pa.Table:
        return self.rows.slice(0, 0) if version == self.version else self.rows


def seal_for(case: Case, data: Data, task: Task, salt: str = "salt") -> Seal:
    """Return the seal of the task's first table: its latest quarter where the case has a time, else a drawn share."""
    role = task.roles[0].name
    name = case.data[role]
    if case.time:
        times = np.sort(instants(data[role][case.time]))
        cut = int(times[int(LATEST * len(times)) - 1])
        integers = pa.types.is_integer(data[role][case.time].type)
        written = str(cut) if integers else f"{np.datetime64(cut, 'us')}Z"
        return Seal(name, "time", (), case.entity, case.time, 0.0, written, salt)
    key = (case.entity,) if case.entity else ()
    return Seal(name, "entity" if key else "random", key, case.entity, "", SHARE, "", salt)


def given_for(case: Case, data: Data, task: Task, salt: str = "salt") -> Seal:
    """Return the seal of a given test table: the last quarter of the rows, as if it stood behind the others."""
    role = task.roles[0].name
    cut = int(LATEST * data[role].num_rows) - 1
    key = (case.entity,) if case.entity else ()
    return Seal(case.data[role], "given", key, case.entity, "", 0.0, str(cut), salt)


def live_of(task: Task, development: Data) -> dict[str, Frozen]:
    """Return the live roles as they stand while judging."""
    return {role.name: Frozen(development[role.name]) for role in task.roles if role.live and role.name in development}


def with_rows(data: Data, task: Task) -> dict[str, pa.Table]:
    """Number the rows of the task's first table, as ingest does."""
    role = task.roles[0].name
    table = data[role]
    if "_row" in table.column_names:
        return dict(data)
    return {**data, role: table.append_column("_row", pa.array(np.arange(table.num_rows), pa.int64()))}


def files_of(solution: Solution) -> dict[str, bytes]:
    """Save a solution and return its files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        solution.save(folder)
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }


def loaded(task: Task, kind: str, files: Mapping[str, bytes]) -> Solution:
    """Write a solution's files to a fresh folder and load it from there."""
    with tempfile.TemporaryDirectory() as name:
        for path, content in files.items():
            target = Path(name) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return task.load(kind, Path(name))
