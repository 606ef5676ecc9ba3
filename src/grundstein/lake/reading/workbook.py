"""Room lake. In: the bytes of a workbook -> Out: Sheet, the cells of one sheet as texts, read in a guarded process."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grundstein.core.errors import Refused, nearest
from grundstein.lake.reading.raw import Empty

if TYPE_CHECKING:
    from collections.abc import Mapping

CHILD = str(Path(__file__).with_name("workbook_child.py"))
MB = 1024 * 1024
BASE_MB, PER_MB = 1024, 100
BASE_SECONDS, SECONDS_PER_MB = 60, 20
BOF, FILEPASS = 0x0809, 0x002F
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells as texts, None where there is none, and the number of its first row."""

    name: str
    rows: list[list[str | None]]
    first: int


def read_sheet(data: bytes, source: str, asked: str) -> Sheet:
    """Return the sheet asked for, or the only one with a value; Refused where there are more, none, or damage.

    The file is read by a process with limits: 1 GB of memory and 100 bytes for each of the file's, and a minute.
    """
    if ENCRYPTED in data or _locked(data):
        raise Refused(f"{source} is locked by a password", "a file that opens", "save a copy without it")
    found, rows = _child(data, source, asked)
    if found.get("error"):
        raise _damaged(found["error"], source)
    if asked and not found["sheet"]:
        raise Refused(f'{source} has no sheet "{asked}"', nearest(asked, found["names"]), "--sheet NAME")
    if not found["sheet"]:
        raise _several(found["full"], source)
    return Sheet(found["sheet"], rows, found["first"])


def _child(data: bytes, source: str, asked: str) -> tuple[Mapping[str, Any], list[list[str | None]]]:
    size = len(data) // MB
    megabytes, seconds = BASE_MB + PER_MB * size, BASE_SECONDS + SECONDS_PER_MB * size
    command = [sys.executable, "-P", CHILD, str(megabytes), str(seconds), asked]
    try:
        done = subprocess.run(  # noqa: S603  (a script of our own, no shell; the sheet's name is one argument)
            command, input=data, capture_output=True, timeout=2 * seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise _damaged("time", source) from None
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    if not lines:
        raise _damaged("memory", source)
    return json.loads(lines[0]), [json.loads(line) for line in lines[1:]]


def _damaged(kind: str, source: str) -> Refused:
    if kind == "PasswordError":
        return Refused(f"{source} is locked by a password", "a file that opens", "save a copy without it")
    if kind in ("memory", "time"):
        more = "memory" if kind == "memory" else "time"
        return Refused(
            f"{source} takes more {more} than a workbook of its size should: it is probably damaged",
            "a whole .xlsx, .xls or .ods file",
            "open it and save it again, or export the sheet as CSV",
        )
    return Refused(f"{source} is no whole workbook", "an .xlsx, .xls or .ods file", "save it again")


def _several(full: list[str], source: str) -> Refused:
    if not full:
        return Empty(f"{source} has no sheet with a value", "a sheet with names and records", "export it again")
    return Refused(f"{source} has {len(full)} sheets with data", f"one of: {', '.join(full)}", f'--sheet "{full[0]}"')


def _locked(data: bytes) -> bool:
    """Whether an old .xls says near its beginning that it is encrypted (the record FILEPASS after BOF)."""
    for start in range(0, min(len(data), MB) - 4, 512):
        at, kind = start, struct.unpack_from("<H", data, start)[0]
        for _ in range(8 if kind == BOF else 0):
            if at + 4 > len(data):
                break
            kind, size = struct.unpack_from("<HH", data, at)
            if kind == FILEPASS:
                return True
            at += 4 + size
    return False
